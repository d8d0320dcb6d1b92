"""Store messages in streams for certain: many in flight at once, each sent again under the same id until the server
has it."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import PubAck
from nats.js.errors import APIError

from services.kit.failures import Unavailable

# Messages under way of one process; more only queue up in the server (measured: no gain beyond).
_IN_FLIGHT = 256
# How long the server may take to answer before a message is sent again under the same id.
_ATTEMPT_S = 5.0
# Pauses before a message is sent again that the server refused for the moment; the last one repeats.
_RETRY_S = (0.05, 0.1, 0.2, 0.5, 1.0)
_LOOK_S = 0.05


@dataclass(slots=True, eq=False)
class _Letter:
    subject: str
    data: bytes
    headers: dict[str, str]
    reply: str
    stored: asyncio.Future[PubAck]
    deadline: float | None
    due: float = 0.0
    attempt: int = 0


class Outbox:
    """All stored publishes of one connection. They share one inbox for the answers and one look-out for what must be
    sent again, which costs a third of a request each (`js.publish`: a timer, a nuid and three JSON conversions a
    message)."""

    def __init__(self, client: Client) -> None:
        """For a connected client; `start` it first."""
        self._client = client
        self._inbox = client.new_inbox()
        self._serial = itertools.count()
        self._sent: dict[str, _Letter] = {}
        self._queued: deque[_Letter] = deque()
        self._busy = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen for the server's answers."""
        await self._client.subscribe(f"{self._inbox}.*", cb=self._on_answer)
        self._task = asyncio.create_task(self._look_out(), name="outbox")

    def close(self) -> None:
        """Give up what is not stored yet: whoever waits for it gets `Unavailable`."""
        if self._task is not None:
            self._task.cancel()
        for letter in (*self._sent.values(), *self._queued):
            _fail(letter, Unavailable("the connection to the bus was closed"))
        self._sent.clear()
        self._queued.clear()

    def hurry(self) -> None:
        """The server is back: send everything again now. What it has already it knows by its id."""
        for letter in self._sent.values():
            letter.due = 0.0

    async def post(
        self, subject: str, data: bytes, headers: Mapping[str, str], patience_s: float | None
    ) -> asyncio.Future[PubAck]:
        """Send a message; the future is done once it is stored, and fails with `Unavailable` after `patience_s` seconds
        (None = as long as it takes) or with the server's own refusal."""
        now = time.monotonic()
        letter = _Letter(
            subject,
            data,
            dict(headers),
            f"{self._inbox}.{next(self._serial)}",
            asyncio.get_running_loop().create_future(),
            None if patience_s is None else now + patience_s,
        )
        if len(self._sent) < _IN_FLIGHT:
            await self._send(letter)
        else:
            self._queued.append(letter)
        return letter.stored

    async def _send(self, letter: _Letter) -> None:
        if not self._sent:
            self._busy.set()
        self._sent[letter.reply] = letter
        letter.due = time.monotonic() + _ATTEMPT_S
        try:
            await self._client.publish(letter.subject, letter.data, letter.reply, letter.headers)
        except NatsError:
            # Disconnected, and the client's own buffer is full.
            _put_off(letter)

    async def _on_answer(self, message: Msg) -> None:
        letter = self._sent.get(message.subject)
        if letter is None:
            return
        # An empty answer says that no stream listens (503): the server is up but its streams are not yet.
        answer: dict[str, Any] = orjson.loads(message.data) if message.data else {"error": {"code": 503}}
        error = answer.get("error")
        if error is not None and error.get("code", 500) >= 500:
            _put_off(letter)
            return
        if error is not None:
            refusal = APIError(error["code"], error.get("description"), error.get("err_code"))
            _fail(letter, refusal)
        elif not letter.stored.done():
            letter.stored.set_result(PubAck(answer["stream"], answer["seq"], duplicate=answer.get("duplicate")))
        await self._settle(letter)

    async def _settle(self, letter: _Letter) -> None:
        """A letter is done with: the next one may go."""
        self._sent.pop(letter.reply, None)
        while self._queued and len(self._sent) < _IN_FLIGHT:
            following = self._queued.popleft()
            if not following.stored.done():
                await self._send(following)

    async def _look_out(self) -> None:
        while True:
            if not self._sent:
                self._busy.clear()
                await self._busy.wait()
            await asyncio.sleep(_LOOK_S)
            now = time.monotonic()
            for letter in [letter for letter in self._sent.values() if letter.due <= now or letter.stored.done()]:
                if letter.reply not in self._sent:
                    continue
                if letter.deadline is not None and now > letter.deadline:
                    _fail(letter, Unavailable("the bus did not store the message", retry_after_s=2))
                if letter.stored.done():
                    # Given up, or nobody waits for it any more.
                    await self._settle(letter)
                else:
                    await self._send(letter)
            for letter in list(self._queued):
                if letter.deadline is not None and now > letter.deadline:
                    _fail(letter, Unavailable("the bus did not take the message", retry_after_s=2))


def _put_off(letter: _Letter) -> None:
    letter.due = time.monotonic() + _RETRY_S[min(letter.attempt, len(_RETRY_S) - 1)]
    letter.attempt += 1


def _fail(letter: _Letter, error: Exception) -> None:
    if not letter.stored.done():
        letter.stored.set_exception(error)
        # Whoever awaits it hears of it; nobody may be left to.
        letter.stored.exception()
