"""The chat service: requests in, the right backend asked, answers passed on."""

import contextlib
import time
from collections.abc import AsyncGenerator
from typing import ClassVar

import structlog

from atelier.v1.chat_pb2 import (
    ChatCompletionRequest,
    ChatModel,
    CompletionChunk,
    CompletionRequest,
    EmbeddingRequest,
    EmbeddingResponse,
    ListModelsRequest,
    ListModelsResponse,
)
from services.chat import figures
from services.chat.admission import Admission
from services.chat.answer import Reply, streamed, whole
from services.chat.backend import Backend, ChildBackend, RemoteBackend
from services.chat.children import embedder_backend, vllm_backend
from services.chat.choice import Offer, Task, choose
from services.chat.endpoint import Endpoint, Limits, Route, Timing
from services.chat.request_body import completion_body, embedding_body
from services.chat.settings import ChatSettings
from services.kit.call import Call
from services.kit.host import Service, method
from services.kit.settings import ServiceSettings

log = structlog.get_logger(__name__)

_EMBEDDING_CAPACITY = 32
_EMBEDDING_WITHIN_S = 60.0
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
        self.chat_backend.start()

    async def stop(self) -> None:
        """End the children."""
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
        async with contextlib.aclosing(self._complete(request, "chat/completions")) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_completion(self, request: CompletionRequest, call: Call) -> AsyncGenerator[CompletionChunk, None]:
        """Continue a text."""
        async with contextlib.aclosing(self._complete(request, "completions")) as chunks:
            async for chunk in chunks:
                yield chunk

    @method
    async def create_embedding(self, request: EmbeddingRequest, call: Call) -> EmbeddingResponse:
        """Turn texts into vectors."""
        offer, endpoint = self._choose(request.model, "embedding")
        with self._embedding_admission.place():
            body = embedding_body(request, model=offer.model)
            return EmbeddingResponse(json=await endpoint.embeddings(body, within_s=_EMBEDDING_WITHIN_S))

    @method
    async def list_models(self, request: ListModelsRequest, call: Call) -> ListModelsResponse:
        """The models that answer, and those that are on their way."""
        return ListModelsResponse(
            models=[
                ChatModel(
                    id=offer.model,
                    endpoint=offer.endpoint,
                    task=offer.task,
                    status=offer.status,
                    context_length=offer.context_length,
                    created=offer.created,
                )
                for backend in self._backends()
                for offer in backend.offers()
            ]
        )

    def _choose(self, wanted: str, task: Task) -> tuple[Offer, Endpoint]:
        by_name = {backend.name: backend for backend in self._backends()}
        offers = [offer for backend in by_name.values() for offer in backend.offers()]
        active = self.chat_settings.chat_model_name if self.chat_settings.chat_endpoint else ""
        offer = choose(offers, wanted, task, active=active)
        return offer, by_name[offer.endpoint].endpoint()

    async def _complete(
        self, request: ChatCompletionRequest | CompletionRequest, route: Route
    ) -> AsyncGenerator[CompletionChunk, None]:
        timing = Timing(time.monotonic())
        offer, endpoint = self._choose(request.model, "chat")
        reply = Reply(offer.model, offer.endpoint, timing)
        with self._admission.place(), self._figures(reply):
            frames = endpoint.stream(route, completion_body(request, model=offer.model), timing)
            if request.stream:
                chunks = streamed(frames, reply, include_usage=request.stream_options.include_usage)
            else:
                chunks = whole(frames, reply, chat=route == "chat/completions")
            async with contextlib.aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    @contextlib.contextmanager
    def _figures(self, reply: Reply):
        inside = figures.REQUESTS_INSIDE.labels(reply.model)
        inside.inc()
        try:
            yield
        finally:
            inside.dec()
            if reply.timing.first_content is not None:
                figures.FIRST_TOKEN_SECONDS.labels(reply.model).observe(reply.timing.first_token_ms / 1000)
            figures.TOKENS.labels(reply.model, "read").inc(reply.usage.prompt_tokens)
            figures.TOKENS.labels(reply.model, "written").inc(reply.usage.completion_tokens)
