"""The one way to a server, be it our own engine behind a Unix socket or anyone's URL.

What passes through are OpenAI's objects, untouched; a server of another API is translated at this one place.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiohttp import StreamReader

from atelier.v1.endpoints_pb2 import EndpointModel
from services.chat.dialects import OPENAI_COMPATIBLE, Dialect
from services.chat.refusals import as_failure, not_supported, read_error
from services.chat.sse import FrameSplitter
from services.chat.translation import DONE, Route, Translation
from services.chat.upstream import Broken, NotThere, Upstream, why_not_there
from services.kit.failures import Failure, TimedOut, Unavailable

_PROMPT_FIELD: dict[Route, str] = {"chat/completions": "messages", "completions": "prompt"}

_LIST_S = 5.0
_RETRY_S = 2.0
_TAIL_S = 0.5
_ERROR_BODY_LIMIT = 64 * 1024
# The quotes of a JSON string are escaped inside another, so these cannot match a model's words.
_FINISHED = re.compile(rb'"finish_reason"\s*:\s*"')
_ERROR = re.compile(rb'^\s*\{\s*"(?:error|object"\s*:\s*"error)"')


@dataclass(frozen=True)
class Limits:
    """How patient to be, in seconds: until the first content token, and between two pieces of an answer."""

    first_token_s: float = 30.0
    between_s: float = 60.0


@dataclass
class Timing:
    """When one request was sent and its first content came, on the monotonic clock."""

    started: float
    first_content: float | None = None

    @property
    def first_token_ms(self) -> int:
        """Milliseconds to the first content token; 0 if there was none yet."""
        return round((self.first_content - self.started) * 1000) if self.first_content is not None else 0

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the request was sent."""
        return round((time.monotonic() - self.started) * 1000)


class Endpoint:
    """A server; connections are kept and used again.

    `base_url` includes the version, e.g. `http://127.0.0.1:1234/v1`. With `socket` the host in it is not looked up.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        socket: Path | None = None,
        api_key: str = "",
        limits: Limits | None = None,
        dialect: Dialect = OPENAI_COMPATIBLE,
    ) -> None:
        """Nothing is connected yet."""
        self.name = name
        self._dialect = dialect
        self._keyed = api_key != ""
        self.limits = limits or Limits()
        self._upstream = Upstream(base_url, socket=socket, headers=dialect.headers(api_key))

    async def retire(self) -> None:
        """Close once the answers that come over it are complete."""
        try:
            await self._upstream.idle()
        finally:
            await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._upstream.aclose()

    async def models(self) -> list[EndpointModel]:
        """What it serves; also the health probe, since it costs no tokens. Raises a `Failure`."""
        with self._failures():
            try:
                response = await self._upstream.fetch(self._dialect.models_path, within_s=_LIST_S)
            except TimeoutError as error:
                raise TimedOut(f"{self.name} gave no list of models within {_LIST_S:g} s", retry_after_s=5) from error
        if response.status in (404, 405):
            raise self._no_list()
        if response.status != 200:
            raise self._refusal(response.status, response.headers, response.body, "")
        try:
            return self._dialect.read_models(orjson.loads(response.body))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise self._no_list() from error

    async def embeddings(self, body: dict[str, Any], *, within_s: float) -> bytes:
        """OpenAI's embedding response object, as it came. Raises a `Failure`."""
        if not self._dialect.embeds:
            hint = "Name the model of another endpoint."
            raise not_supported("model", f"{self._dialect.label} has no embeddings ({self.name})", hint=hint)
        with self._failures():
            try:
                response = await self._upstream.fetch("embeddings", body=orjson.dumps(body), within_s=within_s)
            except TimeoutError as error:
                raise TimedOut(f"{self.name} gave no embeddings within {within_s:.0f} s", retry_after_s=1) from error
        if response.status != 200:
            raise self._refusal(response.status, response.headers, response.body, "input")
        return response.body

    async def stream(
        self, route: Route, body: dict[str, Any], timing: Timing, *, first_token_s: float | None = None
    ) -> AsyncGenerator[list[bytes], None]:
        """The chunk objects of a streamed answer, those of one read together, as the bytes that came.

        The first list holds everything up to the first content (text, a tool call, reasoning), so as long as nothing
        was given out, nothing of the answer is lost by asking someone else. Closing the generator closes the
        connection, at which a server stops its work.

        Raises a `Failure`: when the server refuses, when no content came within `first_token_s` (default: that of
        its limits; whatever else it sends meanwhile), when it falls silent or breaks off.
        """
        patience = _Patience(first_token_s or self.limits.first_token_s, self.limits.between_s, timing)
        translate = self._dialect.translate
        asked = translate(route, body) if translate is not None else None
        path, sent = (route, body) if asked is None else (asked.path, asked.body)
        with self._failures():
            async with contextlib.AsyncExitStack() as stack:
                async with self._until(patience):
                    response = await stack.enter_async_context(self._upstream.request(path, orjson.dumps(sent)))
                    while response.status != 200:
                        field, head = _PROMPT_FIELD[route], await _head(response.content)
                        if asked is None or not asked.amend(read_error(response.status, head)):
                            raise self._refusal(response.status, response.headers, head, field, asked)
                        again = self._upstream.request(path, orjson.dumps(asked.body))
                        response = await stack.enter_async_context(again)
                async with contextlib.aclosing(self._frames(response.content, patience, asked)) as batches:
                    async for frames in batches:
                        yield frames

    async def _frames(
        self, content: StreamReader, patience: "_Patience", asked: Translation | None
    ) -> AsyncGenerator[list[bytes], None]:
        splitter, timing = FrameSplitter(), patience.timing
        held: list[bytes] = []
        finished = over = False
        while not over:
            waiting = timing.first_content is None
            async with self._until(patience):
                data = await content.readany()
            frames = splitter.feed(data) if data else splitter.flush()
            if asked is not None:
                frames = [chunk for frame in frames for chunk in asked.chunks(frame)]
            over = not data or DONE in frames
            frames = [frame for frame in frames if frame != DONE]
            for frame in frames:
                if _ERROR.match(frame):
                    raise as_failure(read_error(500, frame), endpoint=self.name, prompt="")
                self._check(frame)
                finished = finished or _FINISHED.search(frame) is not None
            if waiting:
                held += frames
                if not any(_has_content(frame) for frame in frames):
                    continue
                timing.first_content = time.monotonic()
                frames, held = held, []
            if frames:
                yield frames
                patience.renew()
        if held:
            timing.first_content = time.monotonic()
            yield held
        if not finished:
            raise Unavailable(
                f"{self.name} broke off in the middle of an answer", hint="Try again.", retry_after_s=_RETRY_S
            )
        # A connection can be used again only if its response was read to the end.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TAIL_S):
                while await content.readany():
                    pass

    def _check(self, frame: bytes) -> None:
        """Raises `Unavailable` for what is no JSON object, so that no client is left to choke on it."""
        try:
            good = isinstance(orjson.loads(frame), dict)
        except orjson.JSONDecodeError:
            good = False
        if not good:
            said = frame[:100].decode(errors="replace")
            raise Unavailable(f"{self.name} sent what is no chunk of an answer: {said}", retry_after_s=_RETRY_S)

    @contextlib.asynccontextmanager
    async def _until(self, patience: "_Patience") -> AsyncIterator[None]:
        left = patience.deadline - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                yield
        except NotThere:
            raise
        except TimeoutError as error:
            if patience.timing.first_content is None:
                limit = patience.first_token_s
                raise TimedOut(f"{self.name} gave no first token within {limit:g} s", retry_after_s=5) from error
            raise TimedOut(f"{self.name} fell silent for {self.limits.between_s:g} s", retry_after_s=5) from error

    @contextlib.contextmanager
    def _failures(self):
        try:
            yield
        except NotThere as error:
            raise Unavailable(
                f"{self.name} is not there: {why_not_there(error)}", code="unreachable", retry_after_s=_RETRY_S
            ) from error
        except Broken as error:
            what = str(error) or type(error).__name__
            raise Unavailable(
                f"{self.name} broke off: {what}", hint="It may be restarting; try again.", retry_after_s=_RETRY_S
            ) from error

    def _no_list(self) -> Failure:
        return Unavailable(
            f"{self.name} answers, but with no list of models",
            code="not_an_endpoint",
            hint=f"Check the address: it must be that of an {self._dialect.api} API, often ending in /v1.",
        )

    def _refusal(
        self, status: int, headers: Mapping[str, str], body: bytes, prompt: str, asked: Translation | None = None
    ) -> Failure:
        error = read_error(status, body)
        if asked is not None:
            error = asked.refusal(error)
        wait = headers.get("retry-after")
        return as_failure(error, endpoint=self.name, prompt=prompt, retry_after=wait, keyed=self._keyed)


class _Patience:
    """Until when the next piece of an answer must have come."""

    def __init__(self, first_token_s: float, between_s: float, timing: Timing) -> None:
        self.first_token_s = first_token_s
        self.timing = timing
        self.deadline = timing.started + first_token_s
        self._between_s = between_s

    def renew(self) -> None:
        """A piece has come."""
        self.deadline = time.monotonic() + self._between_s


async def _head(content: StreamReader) -> bytes:
    body = b""
    while (part := await content.readany()) and len(body) < _ERROR_BODY_LIMIT:
        body += part
    return body


def _has_content(frame: bytes) -> bool:
    """Whether a chunk object carries a part of an answer; one that only ends it counts too: nothing more will come."""
    try:
        choices = orjson.loads(frame).get("choices") or ()
    except (orjson.JSONDecodeError, AttributeError):
        return False
    for choice in choices:
        said = choice.get("delta") or {}
        if choice.get("text") or choice.get("finish_reason"):
            return True
        if any(value for name, value in said.items() if name != "role"):
            return True
    return False
