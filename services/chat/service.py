"""The chat service: requests in, the right backend asked, answers passed on."""

import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence
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
from services.chat.answer import Reply, streamed, usage_of, whole
from services.chat.backend import Backend, ChildBackend, RemoteBackend
from services.chat.children import embedder_backend, vllm_backend
from services.chat.code import generator, prompts
from services.chat.diagnosis import diagnose, discover
from services.chat.directory import Directory
from services.chat.dispatch import Frames, dispatch
from services.chat.endpoint import Endpoint, Limits, Route, Timing
from services.chat.health import HealthKeeper
from services.chat.ledger import Ledger, record_of
from services.chat.request_body import completion_body, embedding_body
from services.chat.routing import AUTO, EMBEDDED, EMBEDDED_NAME, Candidate, Known, Task, catalog, plan, tasks_of
from services.chat.settings import ChatSettings
from services.kit.call import Call
from services.kit.failures import BadInput, Failure, ModelNotFound, Unavailable
from services.kit.host import Service, method
from services.kit.job import Job
from services.kit.secrets import SecretBox
from services.kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

Question = ChatCompletionRequest | CompletionRequest

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
        async with contextlib.aclosing(self._complete(request, "chat/completions", call.owner)) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_completion(self, request: CompletionRequest, call: Call) -> AsyncGenerator[CompletionChunk, None]:
        """Continue a text."""
        async with contextlib.aclosing(self._complete(request, "completions", call.owner)) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_embedding(self, request: EmbeddingRequest, call: Call) -> EmbeddingResponse:
        """Turn texts into vectors. There is no fallback: another model's vectors mean something else."""
        own = self.embedder is not None and request.model in AUTO | {offer.model for offer in self.embedder.offers()}
        chosen = self._own_embedder() if own else self._chosen_embedder(request, call.owner)
        reply = Reply(Timing(time.monotonic()), model=chosen.model)
        with self._embedding_admission.place() if own else contextlib.nullcontext():
            way = self.embedder.endpoint() if own and self.embedder else self._way(call.owner, chosen.endpoint)
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
        answer = self._complete(plain, "chat/completions", call.owner, tasks=("code",), worded=worded)
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
        known = {one.id: one for one in (*self._embedded(), *self._directory.known(job.owner))}
        if request.endpoint_id not in known:
            raise BadInput.of("endpoint_id", "there is no such endpoint, or it has no model yet")
        meant = known[request.endpoint_id]
        model = request.model or meant.own_model
        patience = max(self.chat_settings.chat_first_token_s, _BENCHMARK_FIRST_TOKEN_S)
        asked = Candidate(meant.id, meant.name, model, patience, meant.local, meant.structured, "asked")
        models = set[str]()

        async def ask(number: int) -> benchmark.Sample:
            question = ChatCompletionRequest(stream=True, max_tokens=request.tokens, temperature=0.7)
            # No two begin alike, or the second would be answered out of the engine's prefix cache.
            question.messages.add(
                role="user"
            ).content.string_value = f"{number} {job.id}: tell me a long story about the number {number}."
            reply = Reply(Timing(time.monotonic()))
            with self._accounted(question, reply, job.owner, task="benchmark"):
                frames = self._ask(question, "chat/completions", job.owner, asked, reply.timing, reply)
                async with contextlib.aclosing(streamed(frames, reply, include_usage=False)) as chunks:
                    async for _ in chunks:
                        if not reply.endpoint:
                            reply.answered(asked, reply.timing)
                        job.alive()
            models.add(reply.model)
            written = reply.usage.completion_tokens if reply.usage is not None else reply.pieces
            timing = reply.timing
            return benchmark.Sample(timing.first_token_ms, timing.elapsed_ms, written, reply.usage is None)

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

    def _embedded(self) -> list[Known]:
        """The language model that Atelier runs itself, or the server its operator named in its place."""
        offers = self.chat_backend.offers()
        if not offers:
            return []
        models = tuple(offer.model for offer in offers)
        chosen = self.chat_settings.chat_model_name if self.chat_settings.chat_endpoint else ""
        return [
            Known(
                id=EMBEDDED,
                name=EMBEDDED_NAME,
                model=chosen if chosen in models else models[0],
                models=models,
                health="healthy" if offers[0].status == "ready" else "offline",
                detail=offers[0].detail,
            )
        ]

    def _way(self, owner_id: str, endpoint_id: str) -> Endpoint:
        if endpoint_id == EMBEDDED:
            return self.chat_backend.endpoint()
        return self._directory.way(owner_id, endpoint_id)

    async def _complete(
        self,
        request: Question,
        route: Route,
        owner_id: str,
        *,
        tasks: Sequence[Task] = (),
        worded: Callable[[Candidate], Question] | None = None,
    ) -> AsyncGenerator[CompletionChunk, None]:
        """The answer to a request; `tasks` says what it is about if the request itself does not, `worded` puts it as
        suits an endpoint."""
        rules = self._directory.rules(owner_id)
        known = [*self._directory.known(owner_id), *self._embedded()]
        tasks = (*tasks, *tasks_of(request, rules.long_context_tokens))
        found = plan(known, rules, model=request.model, tasks=tasks, now=time.time())
        reply = Reply(Timing(time.monotonic()))

        def ask(candidate: Candidate, timing: Timing) -> Frames:
            asked = worded(candidate) if worded is not None else request
            return self._ask(asked, route, owner_id, candidate, timing, reply)

        with self._figures(found.candidates[0].model, reply), self._accounted(request, reply, owner_id):
            frames = dispatch(found, rules, reply, ask, self._on_failure)
            if request.stream:
                chunks = streamed(frames, reply, include_usage=request.stream_options.include_usage)
            else:
                chunks = whole(frames, reply, chat=route == "chat/completions")
            async with contextlib.aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    async def _ask(
        self,
        request: Question,
        route: Route,
        owner_id: str,
        candidate: Candidate,
        timing: Timing,
        reply: Reply,
    ) -> Frames:
        embedded = candidate.endpoint == EMBEDDED
        limit = min(candidate.first_token_s, self.chat_settings.chat_first_token_s if embedded else math.inf)
        with self._admission.place() if embedded else contextlib.nullcontext():
            way = self._way(owner_id, candidate.endpoint)
            reply.model = candidate.model or await _first_model(way)
            body = completion_body(request, model=reply.model)
            frames = way.stream(route, body, timing, first_token_s=limit)
            async with contextlib.aclosing(frames):
                async for batch in frames:
                    yield batch

    def _on_failure(self, candidate: Candidate, failure: Failure, cool_s: float) -> None:
        # What is wrong with our own engine its supervisor knows better.
        if candidate.endpoint != EMBEDDED and cool_s:
            until = time.time() + cool_s
            self._directory.cool(candidate.endpoint, failure, until)
            self._keeper.cool(candidate.endpoint, failure, until)

    @contextlib.contextmanager
    def _figures(self, model: str, reply: Reply):
        inside = figures.REQUESTS_INSIDE.labels(model)
        inside.inc()
        try:
            yield
        finally:
            inside.dec()
            model = reply.model or model
            if reply.timing.first_content is not None:
                figures.FIRST_TOKEN_SECONDS.labels(model).observe(reply.timing.first_token_ms / 1000)
            if reply.usage is not None:
                figures.TOKENS.labels(model, "read").inc(reply.usage.prompt_tokens)
                figures.TOKENS.labels(model, "written").inc(reply.usage.completion_tokens)

    @contextlib.contextmanager
    def _accounted(self, request: Question, reply: Reply, owner_id: str, *, task: str = ""):
        failed = False
        try:
            yield
        except Failure:
            failed = True
            raise
        finally:
            if reply.endpoint:
                outcome = "failed" if failed else "complete" if reply.finished else "stopped"
                usual = "completion" if isinstance(request, CompletionRequest) else "chat"
                self._ledger.note(
                    record_of(reply, owner_id=owner_id, task=task or usual, outcome=outcome, request=request)
                )


async def _first_model(way: Endpoint) -> str:
    """For an endpoint nobody has looked at yet, registered without a model."""
    models = await way.models()
    if not models:
        raise Unavailable(f"{way.name} has no models", code="no_models", hint="Load one there.")
    return models[0].id
