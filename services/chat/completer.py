"""Answers questions to language models: who is asked, one after the other, and what that took."""

import contextlib
import math
import time
from collections.abc import AsyncGenerator, Callable, Sequence

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionChunk, CompletionRequest
from services.chat import figures
from services.chat.admission import Admission
from services.chat.answer import Reply, streamed, whole
from services.chat.backend import Backend
from services.chat.directory import Directory
from services.chat.dispatch import Frames, dispatch
from services.chat.endpoint import Endpoint, Route, Timing
from services.chat.health import HealthKeeper
from services.chat.ledger import Ledger, record_of
from services.chat.request_body import completion_body
from services.chat.routing import EMBEDDED, EMBEDDED_NAME, Candidate, Known, Task, plan, tasks_of
from services.chat.settings import ChatSettings
from services.kit.failures import Failure, Unavailable

Question = ChatCompletionRequest | CompletionRequest


class Completer:
    """Asks the endpoints of owners, and the one that Atelier runs itself."""

    def __init__(
        self,
        settings: ChatSettings,
        backend: Backend,
        admission: Admission,
        directory: Directory,
        keeper: HealthKeeper,
        ledger: Ledger,
    ) -> None:
        """`backend` is Atelier's own, with `admission` before it."""
        self._settings = settings
        self._backend = backend
        self._admission = admission
        self._directory = directory
        self._keeper = keeper
        self._ledger = ledger

    def known(self, owner_id: str) -> list[Known]:
        """What an owner can ask: their own first."""
        return [*self._directory.known(owner_id), *self._embedded()]

    def way(self, owner_id: str, endpoint_id: str) -> Endpoint:
        """An endpoint that an owner can ask. Raises `Unavailable` while there is none."""
        if endpoint_id == EMBEDDED:
            return self._backend.endpoint()
        return self._directory.way(owner_id, endpoint_id)

    async def complete(
        self,
        request: Question,
        route: Route,
        owner_id: str,
        *,
        tasks: Sequence[Task] = (),
        worded: Callable[[Candidate], Question] | None = None,
    ) -> AsyncGenerator[CompletionChunk, None]:
        """The answer to a request; `tasks` says what it is about if the request itself does not, `worded` puts it as
        suits an endpoint. Raises `Failure`."""
        rules = self._directory.rules(owner_id)
        known = self.known(owner_id)
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

    async def sample(
        self, request: ChatCompletionRequest, asked: Candidate, owner_id: str, *, alive: Callable[[], None]
    ) -> Reply:
        """What asking just this one takes; it counts as used. `alive` is called as it goes on. Raises `Failure`."""
        reply = Reply(Timing(time.monotonic()))
        with self._accounted(request, reply, owner_id, task="benchmark"):
            frames = self._ask(request, "chat/completions", owner_id, asked, reply.timing, reply)
            async with contextlib.aclosing(streamed(frames, reply, include_usage=False)) as chunks:
                async for _ in chunks:
                    if not reply.endpoint:
                        reply.answered(asked, reply.timing)
                    alive()
        return reply

    def _embedded(self) -> list[Known]:
        """The language model that Atelier runs itself, or the server its operator named in its place."""
        offers = self._backend.offers()
        if not offers:
            return []
        models = tuple(offer.model for offer in offers)
        chosen = self._settings.chat_model_name if self._settings.chat_endpoint else ""
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
        limit = min(candidate.first_token_s, self._settings.chat_first_token_s if embedded else math.inf)
        with self._admission.place() if embedded else contextlib.nullcontext():
            way = self.way(owner_id, candidate.endpoint)
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
