"""The gateway on real parts: its own bus and catalog, S3, uvicorn on a free port, services that really run on the bus.

The two services here are small and quick, so that a test says by its prompt what it wants to see happen.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from atelier.v1 import chat_pb2, diffusion_pb2, endpoints_pb2, models_pb2
from gateway.__main__ import Server
from gateway.app import create_app
from gateway.protocol import Protocol
from gateway.settings import GatewaySettings
from gateway.state import Parts
from services.chat.code import generator
from services.kit.call import Call
from services.kit.failures import BadInput, Failure, Overloaded, Unavailable
from services.kit.host import Host, Service, method
from services.kit.job import Job
from services.kit.settings import ServiceSettings
from tests.partial import PartialService
from tests.postgres import Postgres
from tests.servers import BusServer, S3Server, settings_for

TOKENS = {"token-of-ann": "ann", "token-of-bob": "bob"}


class Painter(PartialService):
    """Answers `diffusion`. Prompts: `slow <steps>` takes 0.05 s a step, `fail` is refused, `noisy <n>` logs n lines of
    20 kB."""

    name = "diffusion"

    def __init__(self, settings: ServiceSettings) -> None:
        super().__init__(settings)
        self.ran: list[str] = []

    @method
    async def text_to_image(
        self, request: diffusion_pb2.TextToImageRequest, job: Job
    ) -> diffusion_pb2.GenerationResult:
        """One plain picture of the colour the seed says."""
        self.ran.append(job.id)
        word, _, number = request.prompt.partition(" ")
        if word == "fail":
            raise BadInput("this prompt is refused", code="refused_prompt", hint="Ask for something else.")
        if word == "noisy":
            for line in range(int(number)):
                await job.log(f"line {line} " + "x" * 20_000)
        steps = int(number) if word == "slow" else 3
        for step in range(1, steps + 1):
            job.check()
            await job.progress(step / (steps + 1), stage="sampling", step=step, steps=steps)
            await asyncio.sleep(0.05 if word == "slow" else 0.001)
        picture = png(request.seed % 256, request.width or 64, request.height or 64)
        await job.preview(picture, content_type="image/png", step=steps)
        asset = await job.store(
            picture,
            index=0,
            content_type="image/png",
            kind="image",
            width=request.width or 64,
            height=request.height or 64,
            provenance={"prompt": request.prompt, "seed": request.seed},
        )
        return diffusion_pb2.GenerationResult(outputs=[asset], seed=request.seed, model="painter")

    @method
    async def import_model(self, request: models_pb2.ImportModelRequest, job: Job) -> models_pb2.ImportModelResult:
        """A model of the kind the source names, of a content of its own; `broken` is refused, `slow` waits."""
        if "broken" in request.source:
            raise Failure("it is a pickle", code="model_refused", hint="Convert it.")
        while "slow" in request.source:
            job.check()
            await job.progress(0.5, stage="downloading", message="Downloading: 1 of 2")
            await asyncio.sleep(0.02)
        kind = "LORA" if "lora" in request.source else "BASE"
        digest = hashlib.sha256(request.source.encode()).hexdigest()
        await job.objects.put(f"models/{digest}/model.safetensors", b"weights", "application/octet-stream")
        await job.objects.put(f"models/{digest}.json", b"{}", "application/json")
        return models_pb2.ImportModelResult(
            model_id=request.model_id,
            kind=f"MODEL_KIND_{kind}",
            family="sd1",
            sha256=digest,
            hash=digest,
            size=1234,
            files=1 if kind == "LORA" or "single" in request.source else 12,
            rank=8 if kind == "LORA" else 0,
            trigger_words=["ohwx"],
        )

    @method
    async def options(
        self, request: diffusion_pb2.DiffusionOptionsRequest, call: Call
    ) -> diffusion_pb2.DiffusionOptions:
        """One model."""
        model = diffusion_pb2.DiffusionModel(name="painter", status="loaded", native_size=64, hash="00", device="cpu")
        return diffusion_pb2.DiffusionOptions(models=[model], samplers=["euler", "dpmpp_2m"])


class Parrot(PartialService):
    """Answers `chat` with the words of the last message. `wait <s>` answers late, `break` fails after two words, `full`
    and `down` are refused at once, `long` never ends, `fallback` says that somebody else should have answered."""

    name = "chat"

    def __init__(self, settings: ServiceSettings) -> None:
        super().__init__(settings)
        self.asked: list[chat_pb2.ChatCompletionRequest] = []
        self.ended = asyncio.Event()
        self.tested: list[endpoints_pb2.Endpoint] = []

    @method
    async def create_chat_completion(
        self, request: chat_pb2.ChatCompletionRequest, call: Call
    ) -> AsyncIterator[chat_pb2.CompletionChunk]:
        """OpenAI's chunks, or its whole response."""
        self.asked.append(request)
        self.ended.clear()
        content = request.messages[-1].content
        parts = [part.struct_value.fields for part in content.list_value.values]
        text = content.string_value or "".join(part["text"].string_value for part in parts if "text" in part)
        try:
            words = await self._words(text)
            usage = {"prompt_tokens": 5, "completion_tokens": len(words), "total_tokens": 5 + len(words)}
            base = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": request.model or "parrot"}
            told = {"atelier": answered("unreachable" if text.startswith("fallback") else "")}
            if not request.stream:
                message = {"role": "assistant", "content": "".join(words)}
                choice = {"index": 0, "message": message, "finish_reason": "stop"}
                yield part({**base, "object": "chat.completion", "choices": [choice], "usage": usage, **told})
                return
            for number, word in enumerate(words):
                if word == " break" or (text == "break" and number == 1):
                    raise Unavailable("the engine went away", retry_after_s=1)
                choice = {"index": 0, "delta": {"role": "assistant", "content": word}, "finish_reason": None}
                yield part({**base, "object": "chat.completion.chunk", "choices": [choice]})
                await asyncio.sleep(0.05 if text.startswith("long") else 0)
            choice = {"index": 0, "delta": {}, "finish_reason": "stop"}
            yield part({**base, "object": "chat.completion.chunk", "choices": [choice], **told})
            if request.stream_options.include_usage:
                yield part({**base, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        finally:
            self.ended.set()

    async def _words(self, text: str) -> list[str]:
        match text.split():
            case ["wait", seconds]:
                await asyncio.sleep(float(seconds))
            case ["full"]:
                raise Overloaded("all slots are taken", retry_after_s=7)
            case ["down"]:
                raise Unavailable("the engine is starting", retry_after_s=3)
            case ["break"]:
                return ["one", " two"]
            case ["long"]:
                return [f" {number}" for number in range(10_000)]
            case _:
                pass
        first, *rest = text.split() or [""]
        return [first, *(f" {word}" for word in rest)]

    @method
    async def create_completion(
        self, request: chat_pb2.CompletionRequest, call: Call
    ) -> AsyncIterator[chat_pb2.CompletionChunk]:
        """The prompt again."""
        text = request.prompt.string_value
        base = {"id": "cmpl-1", "object": "text_completion", "created": 1_700_000_000, "model": "parrot"}
        for number, word in enumerate([text] if not request.stream else (text.split() or [""])):
            choice = {"index": 0, "text": word if not number else f" {word}", "finish_reason": "stop", "logprobs": None}
            yield part({**base, "choices": [choice]})

    @method
    async def create_embedding(self, request: chat_pb2.EmbeddingRequest, call: Call) -> chat_pb2.EmbeddingResponse:
        """Lengths as vectors."""
        given = [v.string_value for v in request.input.list_value.values] or [request.input.string_value]
        data = [{"object": "embedding", "index": i, "embedding": [float(len(t)), 1.0]} for i, t in enumerate(given)]
        usage = {"prompt_tokens": len(given), "total_tokens": len(given)}
        answer = {"object": "list", "data": data, "model": "parrot", "usage": usage}
        return chat_pb2.EmbeddingResponse(json=json.dumps(answer).encode())

    @method
    async def generate_code(
        self, request: chat_pb2.GenerateCodeRequest, call: Call
    ) -> AsyncIterator[chat_pb2.CodeEvent]:
        """The real reading of an answer whose words are the description, or the instruction if there is one."""
        generator.check(request)
        text = request.instruction or request.description
        if text == "down":
            raise Unavailable("the engine is starting", retry_after_s=3)

        async def chunks() -> AsyncGenerator[chat_pb2.CompletionChunk, None]:
            for line in text.splitlines(keepends=True):
                yield part({"choices": [{"delta": {"content": line}}]})
                if line == "wait\n":
                    await asyncio.sleep(60)
            yield part({"choices": [{"delta": {}, "finish_reason": "stop"}], "atelier": answered()})

        self.ended.clear()
        try:
            async for event in generator.events(request, chunks()):
                yield event
        finally:
            self.ended.set()

    @method
    async def code_options(self, request: chat_pb2.CodeOptionsRequest, call: Call) -> chat_pb2.CodeOptionsResponse:
        """The real ones."""
        return generator.options()

    @method
    async def list_models(self, request: chat_pb2.ListModelsRequest, call: Call) -> chat_pb2.ListModelsResponse:
        """The parrot."""
        model = chat_pb2.ChatModel(id="parrot", endpoint="test", task="chat", status="ready", created=1_700_000_000)
        return chat_pb2.ListModelsResponse(models=[model])

    @method
    async def test_endpoint(
        self, request: endpoints_pb2.TestEndpointRequest, call: Call
    ) -> endpoints_pb2.TestEndpointResponse:
        """Whatever is at a host called `broken` is broken; a key is told back, so that a test sees it arrived."""
        self.tested.append(request.endpoint)
        if "broken" in request.endpoint.base_url:
            offline = endpoints_pb2.EndpointStatus.ENDPOINT_STATUS_OFFLINE
            return endpoints_pb2.TestEndpointResponse(
                status=offline, code="unreachable", detail="Nothing answers.", hint="Start it."
            )
        healthy = endpoints_pb2.EndpointStatus.ENDPOINT_STATUS_HEALTHY
        model = endpoints_pb2.EndpointModel(id="gemma-2b")
        return endpoints_pb2.TestEndpointResponse(
            status=healthy, latency_ms=12, models=[model], base_url=request.endpoint.base_url
        )

    @method
    async def benchmark_endpoint(
        self, request: endpoints_pb2.BenchmarkEndpointRequest, job: Job
    ) -> endpoints_pb2.BenchmarkResult:
        """Made-up figures at once."""
        level = endpoints_pb2.BenchmarkLevel(concurrency=1, requests=3, tokens_per_s=12.5)
        return endpoints_pb2.BenchmarkResult(endpoint_id=request.endpoint_id, model="parrot", levels=[level])

    @method
    async def discover_endpoints(
        self, request: endpoints_pb2.DiscoverEndpointsRequest, call: Call
    ) -> endpoints_pb2.DiscoverEndpointsResponse:
        """One Ollama."""
        found = endpoints_pb2.DiscoveredEndpoint(
            kind=endpoints_pb2.EndpointKind.ENDPOINT_KIND_OLLAMA, base_url="http://127.0.0.1:11434/v1", latency_ms=3
        )
        return endpoints_pb2.DiscoverEndpointsResponse(endpoints=[found])


def answered(before: str = "") -> dict[str, Any]:
    """The `atelier` object; `before` is what came of another endpoint that was asked first."""
    attempts = [{"endpoint": "other", "outcome": before, "ms": 1}] if before else []
    attempts.append({"endpoint": "test", "outcome": "answered", "ms": 1})
    known = {"model": "parrot", "endpoint": "test", "endpoint_id": "embedded"}
    return {**known, "first_token_ms": 1, "latency_ms": 2, "attempts": attempts}


def part(data: dict[str, Any]) -> chat_pb2.CompletionChunk:
    return chat_pb2.CompletionChunk(json=[json.dumps(data).encode()])


def png(grey: int, width: int = 64, height: int = 64) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), (grey, grey, 255 - grey)).save(out, "PNG")
    return out.getvalue()


class QuietServer(Server):
    """The gateway's server, except that signals belong to the test run."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Running:
    """A gateway that runs in this process."""

    url: str
    server: QuietServer
    parts: Parts
    task: asyncio.Task[None]

    def client(self, token: str | None = None, **options: Any) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20, trust_env=False, **options)


@asynccontextmanager
async def running(settings: GatewaySettings) -> AsyncIterator[Running]:
    """Serve with these settings until the block ends."""
    import uvicorn

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = create_app(settings)
    config = uvicorn.Config(
        app, http=Protocol, log_config=None, access_log=False, timeout_graceful_shutdown=5, lifespan="on"
    )
    server = QuietServer(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if task.done():
            task.result()
            raise RuntimeError("the gateway did not start; its log says why")
        await asyncio.sleep(0.01)
    try:
        yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", server, app.state.parts, task)
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def hosted(service: Service) -> AsyncIterator[Service]:
    """Host a service until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(Host(service).run(stop))
    try:
        while service.state != "ready":
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
        yield service
    finally:
        stop.set()
        await task


@dataclass
class Rig:
    """A gateway with everything around it."""

    database_url: str
    settings: GatewaySettings
    bus_server: BusServer
    gateway: Running
    painter: Painter
    parrot: Parrot
    make: Callable[..., GatewaySettings]
    tokens: dict[str, str] = field(default_factory=lambda: dict(TOKENS))


@asynccontextmanager
async def rig_on(
    database_url: str, folder: Path, object_server: S3Server, bucket: str, **options: Any
) -> AsyncIterator[Rig]:
    """A whole rig on its own bus."""
    bus_server = BusServer.begin(folder)
    try:
        base = settings_for(bus_server, object_server, folder / "home", bucket)

        def make(**changes: Any) -> GatewaySettings:
            known = base.model_dump() | {"s3_secret_key": base.s3_secret_key.get_secret_value()}
            return GatewaySettings.model_validate(
                {
                    **known,
                    "database_url": database_url,
                    "tokens": TOKENS,
                    "port": 0,
                    "rate_limit_per_min": 0,
                    **options,
                    **changes,
                }
            )

        services = ServiceSettings.model_validate(
            {
                **base.model_dump(),
                "s3_secret_key": base.s3_secret_key.get_secret_value(),
                "drain_s": 1,
                "concurrency": 2,
            }
        )
        painter, parrot = Painter(services), Parrot(services)
        async with running(make()) as gateway, hosted(painter), hosted(parrot):
            yield Rig(database_url, make(), bus_server, gateway, painter, parrot, make)
    finally:
        bus_server.process.stop()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def rig(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, object_server: S3Server
) -> AsyncIterator[Rig]:
    """The gateway on each of the two databases."""
    folder = tmp_path_factory.mktemp(f"gateway-{request.param}")
    if request.param == "sqlite":
        url = f"sqlite:///{folder / 'catalog.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.database()
    async with rig_on(url, folder, object_server, f"gateway-{request.param}") as made:
        yield made


@pytest.fixture
async def ann(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the owner ann."""
    async with rig.gateway.client("token-of-ann") as client:
        yield client


@pytest.fixture
async def bob(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the owner bob."""
    async with rig.gateway.client("token-of-bob") as client:
        yield client
