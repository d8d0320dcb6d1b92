"""The chat service: requests in, the right backend asked, answers passed on."""

import contextlib
import time
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import ClassVar

import structlog

from atelier.v1.chat_pb2 import (
    ChatCompletionRequest,
    ChatModel,
    CodeEvent,
    CodeOptionsRequest,
    CodeOptionsResponse,
    CompletionChunk,
    CompletionRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    GenerateCodeRequest,
    ListModelsRequest,
    ListModelsResponse,
)
from atelier.v1.endpoints_pb2 import (
    BenchmarkEndpointRequest,
    BenchmarkResult,
    DiscoverEndpointsRequest,
    DiscoverEndpointsResponse,
    TestEndpointRequest,
    TestEndpointResponse,
)
from services.chat import benchmark, figures
from services.chat.admission import Admission
from services.chat.answer import Reply, usage_of
from services.chat.backend import Backend, ChildBackend, RemoteBackend
from services.chat.children import embedder_backend, vllm_backend
from services.chat.code import generator, prompts
from services.chat.completer import Completer, Question
from services.chat.diagnosis import diagnose, discover
from services.chat.directory import Directory
from services.chat.endpoint import Endpoint, Limits, Timing
from services.chat.health import HealthKeeper
from services.chat.ledger import Ledger, record_of
from services.chat.request_body import embedding_body
from services.chat.routing import AUTO, EMBEDDED, EMBEDDED_NAME, Candidate, catalog, plan
from services.chat.settings import ChatSettings
from services.kit.call import Call
from services.kit.failures import BadInput, ModelNotFound
from services.kit.host import Service, method
from services.kit.job import Job
from services.kit.secrets import SecretBox
from services.kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

_EMBEDDING_CAPACITY = 32
_EMBEDDING_S = 60.0
# Sixteen at once on a slow machine wait for one another; how long is what is asked for.
_BENCHMARK_FIRST_TOKEN_S = 300.0
# After this many starts that came to nothing the service says "failed"; it goes on trying.
_HOPELESS_AFTER = 3


class Chat(Service):
    """Chat, text completion and embeddings in OpenAI's terms."""

    name: ClassVar[str] = "chat"
    settings_type: ClassVar[type[ServiceSettings]] = ChatSettings

    def __init__(self, settings: ChatSettings) -> None:
        """Nothing is started."""
        super().__init__(settings)
        self.chat_settings = settings
        self._admission = Admission("the language model", settings.chat_capacity)
        self._embedding_admission = Admission("the embedding model", _EMBEDDING_CAPACITY)
        self.chat_backend = self._make_chat_backend(settings)
        self.embedder = embedder_backend(settings, changed=self._tell) if settings.embedding_enabled else None
        self._embedder_started = False

    def _make_chat_backend(self, settings: ChatSettings) -> Backend:
        if not settings.chat_endpoint:
            return vllm_backend(settings, busy=lambda: self._admission.inside > 0, changed=self._tell)
        limits = Limits(settings.chat_first_token_s, settings.chat_between_tokens_s)
        key = settings.chat_endpoint_key.get_secret_value()
        endpoint = Endpoint("endpoint", settings.chat_endpoint, api_key=key, limits=limits)
        return RemoteBackend("endpoint", endpoint, changed=self._tell)

    async def start(self) -> None:
        """Start the engine in the background; the service itself is up at once and says what it waits for."""
        self.status("starting", f"loading {self.chat_settings.model_name}")
        secrets = SecretBox.of(self.chat_settings)
        self._directory = Directory(self.bus, secrets, between_s=self.chat_settings.chat_between_tokens_s)
        await self._directory.start()
        directory, every_s = self._directory, self.chat_settings.chat_health_every_s
        self._keeper = HealthKeeper(self.bus, directory.targets, directory.health, every_s=every_s)
        self._keeper.start()
        self._ledger = Ledger(self.bus)
        self._completer = Completer(
            self.chat_settings, self.chat_backend, self._admission, directory, self._keeper, self._ledger
        )
        self.chat_backend.start()

    async def stop(self) -> None:
        """End the children."""
        await self._keeper.stop()
        await self._ledger.stop()
        await self._directory.stop()
        await self.chat_backend.stop()
        if self.embedder is not None:
            await self.embedder.stop()

    def _backends(self) -> list[Backend]:
        return [self.chat_backend, *([self.embedder] if self.embedder is not None else [])]

    def _tell(self) -> None:
        """Put the states of the backends into the one of the service."""
        for backend in self._backends():
            if isinstance(backend, ChildBackend):
                figures.RESTARTS.labels(backend.name).set(backend.child.restarts)
        offers = self.chat_backend.offers()
        if any(offer.status == "ready" for offer in offers):
            # Only now, so that the two do not fight for the processor while people wait for the language model.
            if self.embedder is not None and not self._embedder_started:
                self._embedder_started = True
                self.embedder.start()
            unready = [o for o in (self.embedder.offers() if self.embedder else []) if o.status != "ready"]
            self.status("ready", ", ".join(f"{o.model} is {o.status}" for o in unready))
            return
        why = next((offer.detail for offer in offers if offer.detail), f"loading {self.chat_settings.model_name}")
        hopeless = isinstance(self.chat_backend, ChildBackend) and self.chat_backend.child.failures >= _HOPELESS_AFTER
        self.status("failed" if hopeless else "starting", why)

    @method
    async def create_chat_completion(
        self, request: ChatCompletionRequest, call: Call
    ) -> AsyncGenerator[CompletionChunk, None]:
        """Continue a conversation."""
        async with contextlib.aclosing(self._completer.complete(request, "chat/completions", call.owner)) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_completion(self, request: CompletionRequest, call: Call) -> AsyncGenerator[CompletionChunk, None]:
        """Continue a text."""
        async with contextlib.aclosing(self._completer.complete(request, "completions", call.owner)) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_embedding(self, request: EmbeddingRequest, call: Call) -> EmbeddingResponse:
        """Turn texts into vectors. There is no fallback: another model's vectors mean something else."""
        own = self.embedder is not None and request.model in AUTO | {offer.model for offer in self.embedder.offers()}
        chosen = self._own_embedder() if own else self._chosen_embedder(request, call.owner)
        reply = Reply(Timing(time.monotonic()), model=chosen.model)
        with self._embedding_admission.place() if own else contextlib.nullcontext():
            way = (
                self.embedder.endpoint() if own and self.embedder else self._completer.way(call.owner, chosen.endpoint)
            )
            data = await way.embeddings(embedding_body(request, model=chosen.model), within_s=_EMBEDDING_S)
        reply.answered(chosen, reply.timing)
        reply.usage = usage_of(data)
        self._ledger.note(record_of(reply, owner_id=call.owner, task="embedding", outcome="complete", request=request))
        return EmbeddingResponse(json=data)

    @method
    async def generate_code(self, request: GenerateCodeRequest, call: Call) -> AsyncGenerator[CodeEvent, None]:
        """Write the files of a project, or change them."""
        generator.check(request)

        def worded(candidate: Candidate) -> Question:
            return prompts.question(request, structured=candidate.structured)

        plain = prompts.question(request, structured=False)
        answer = self._completer.complete(plain, "chat/completions", call.owner, tasks=("code",), worded=worded)
        async with contextlib.aclosing(generator.events(request, answer)) as events:
            async for event in events:
                yield event

    @method
    async def code_options(self, request: CodeOptionsRequest, call: Call) -> CodeOptionsResponse:
        """What code can be asked for."""
        return generator.options()

    @method
    async def list_models(self, request: ListModelsRequest, call: Call) -> ListModelsResponse:
        """The models that answer, and those that are on their way."""
        own = [
            ChatModel(
                id=model,
                endpoint=one.name,
                endpoint_id=one.id,
                task="chat",
                status="down" if one.health == "offline" else "ready",
            )
            for model, one in catalog(self._directory.known(call.owner)).items()
        ]
        ours = [
            ChatModel(
                id=offer.model,
                endpoint=EMBEDDED_NAME,
                endpoint_id=EMBEDDED if offer.task == "chat" else "",
                task=offer.task,
                status=offer.status,
                context_length=offer.context_length,
                created=offer.created,
            )
            for backend in self._backends()
            for offer in backend.offers()
        ]
        return ListModelsResponse(models=[*ours, *own])

    @method
    async def test_endpoint(self, request: TestEndpointRequest, call: Call) -> TestEndpointResponse:
        """Ask whether an endpoint would work."""
        return await diagnose(request.endpoint, self._directory.connect)

    @method
    async def benchmark_endpoint(self, request: BenchmarkEndpointRequest, job: Job) -> BenchmarkResult:
        """Measure how quickly an endpoint answers. Its answers count as used: they may cost money."""
        known = {one.id: one for one in self._completer.known(job.owner)}
        if request.endpoint_id not in known:
            raise BadInput.of("endpoint_id", "there is no such endpoint, or it has no model yet")
        meant = known[request.endpoint_id]
        model = request.model or meant.own_model
        patience = max(self.chat_settings.chat_first_token_s, _BENCHMARK_FIRST_TOKEN_S)
        asked = Candidate(meant.id, meant.name, model, patience, meant.local, meant.structured, "asked")
        models = set[str]()

        async def ask(number: int) -> benchmark.Sample:
            question = benchmark.question(job.id, number, tokens=request.tokens)
            reply = await self._completer.sample(question, asked, job.owner, alive=job.alive)
            models.add(reply.model)
            written = reply.usage.completion_tokens if reply.usage is not None else reply.pieces
            return benchmark.Sample(
                reply.timing.first_token_ms, reply.timing.elapsed_ms, written, estimated=reply.usage is None
            )

        levels = await benchmark.measure(job, tuple(request.concurrency) or benchmark.LEVELS, ask)
        named = next(iter(models), model)
        return BenchmarkResult(endpoint_id=meant.id, endpoint=meant.name, model=named, levels=levels)

    @method
    async def discover_endpoints(self, request: DiscoverEndpointsRequest, call: Call) -> DiscoverEndpointsResponse:
        """Look for endpoints on this machine."""
        return await discover(self._directory.connect)

    def _own_embedder(self) -> Candidate:
        assert self.embedder is not None
        model = self.embedder.offers()[0].model
        return Candidate(EMBEDDED, EMBEDDED_NAME, model, _EMBEDDING_S, local=True, structured=False, why="asked")

    def _chosen_embedder(self, request: EmbeddingRequest, owner_id: str) -> Candidate:
        rules = replace(self._directory.rules(owner_id), fallback=())
        try:
            known = self._directory.known(owner_id)
            return plan(known, rules, model=request.model, tasks=(), now=time.time()).candidates[0]
        except ModelNotFound:
            ours = self.embedder.offers() if self.embedder is not None else []
            raise ModelNotFound.of(request.model, (offer.model for offer in ours), task="embedding") from None
