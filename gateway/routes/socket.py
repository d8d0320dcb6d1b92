"""One WebSocket for everything live: subscribe to jobs and topics, get the same events as over SSE."""

import asyncio
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter
from nats.errors import Error as NatsError
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway import frames
from gateway.auth import principal
from gateway.catalog import jobs
from gateway.problems import from_validation
from gateway.state import Parts
from gateway.streams import Interest, Listener
from services.kit.failures import BadInput, Failure, NotFound

routes = APIRouter()

# One page shows some dozens of jobs at most.
_MAX_INTERESTS = 500
_TRY_AGAIN_LATER = 1013
_GOING_AWAY = 1001


class _Op(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    job_id: str | None = Field(None, max_length=26)
    topic: Literal["jobs"] | None = None

    def interest(self) -> Interest:
        """What is meant; raises `BadInput` unless it is either a job or a topic."""
        if (self.job_id is None) == (self.topic is None):
            raise BadInput.of("job_id", "give either `job_id` or `topic`")
        return Interest(job_id=self.job_id)


class Subscribe(_Op):
    """Hear of a job, from its start or after a sequence, or of all jobs from now on."""

    op: Literal["subscribe"]
    after: int | None = Field(None, ge=0, le=2**53 - 1)


class Unsubscribe(_Op):
    """Hear of it no more."""

    op: Literal["unsubscribe"]


class Ping(BaseModel):
    """Ask for a `pong`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    op: Literal["ping"]


_Message = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="op")]
_MESSAGES: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(_Message)


@routes.websocket("/api/ws")
async def live(socket: WebSocket) -> None:
    """`{"op":"subscribe","job_id":…,"after":…}`, `{"op":"subscribe","topic":"jobs"}`, `{"op":"unsubscribe",…}`,
    `{"op":"ping"}`; answers are `{"event":…}`, `{"op":"subscribed",…}`, `{"op":"unsubscribed",…}`, `{"op":"pong"}`
    and `{"op":"error",…}`."""
    parts: Parts = socket.app.state.parts
    owner_id = (await principal(socket)).owner_id
    await socket.accept(subprotocol=next(iter(socket.scope.get("subprotocols", [])), None))
    with parts.hub.listening(owner_id) as listener:
        session = _Session(parts, socket, listener)
        writing = asyncio.create_task(session.write())
        reading = asyncio.create_task(session.read())
        listener.on_lost = lambda: _cut(writing)
        try:
            await asyncio.wait({writing, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (writing, reading):
                task.cancel()
            await asyncio.gather(writing, reading, return_exceptions=True)
        if listener.over:
            await socket.close(_TRY_AGAIN_LATER if listener.lost else _GOING_AWAY)


class _Session:
    """One socket's two directions."""

    def __init__(self, parts: Parts, socket: WebSocket, listener: Listener) -> None:
        self._parts = parts
        self._socket = socket
        self._listener = listener
        # Replayed events and live ones must not mix; and what was replayed must not come again.
        self._sending = asyncio.Lock()
        self._seen: dict[str, int] = {}

    async def write(self) -> None:
        """Pass on what the listener hears."""
        while not self._listener.over:
            items = await self._listener.take(self._parts.settings.keep_alive_s)
            async with self._sending:
                for item in items:
                    if item.seq > self._seen.get(item.job_id, 0):
                        await self._text(item.message)

    async def read(self) -> None:
        """Do what the client asks."""
        while True:
            try:
                text = await self._socket.receive_text()
            except (WebSocketDisconnect, KeyError):
                # Binary messages arrive without text; nobody of ours sends them.
                return
            try:
                await self._do(_parse(text))
            except Failure as failure:
                await self._say({"op": "error", "code": failure.code, "message": failure.message})
            except (NatsError, TimeoutError):
                await self._say({"op": "error", "code": "unavailable", "message": "The bus is away."})

    async def _do(self, message: Subscribe | Unsubscribe | Ping) -> None:
        match message:
            case Ping():
                await self._say({"op": "pong"})
            case Unsubscribe():
                interest = message.interest()
                self._parts.hub.remove(self._listener, interest)
                self._seen.pop(interest.job_id or "", None)
                await self._say({"op": "unsubscribed", **_named(message)})
            case Subscribe():
                await self._subscribe(message, message.interest())

    async def _subscribe(self, message: Subscribe, interest: Interest) -> None:
        if len(self._listener.interests) >= _MAX_INTERESTS:
            raise Failure(f"More than {_MAX_INTERESTS} subscriptions on one socket are not taken.", code="too_large")
        if interest.job_id is not None:
            async with self._parts.database.read() as session:
                if await jobs.get(session, self._listener.owner_id, interest.job_id) is None:
                    raise NotFound(f"There is no job {interest.job_id}.")
        async with self._sending:
            self._parts.hub.add(self._listener, interest)
            await self._say_locked({"op": "subscribed", **_named(message)})
            if interest.job_id is not None or message.after is not None:
                await self._replay(interest, message.after)

    async def _replay(self, interest: Interest, after: int | None) -> None:
        hub = self._parts.hub
        start = after or 0
        if after is not None:
            first_seq, last_seq = await hub.bounds()
            if after > last_seq or after + 1 < first_seq:
                start = 0 if after > last_seq else after
                gap = frames.gap(after, first_seq, interest.job_id)
                await self._text(b'{"event":' + orjson.dumps(gap) + b"}")
        async for page in hub.past(self._listener.owner_id, interest, start):
            for item in page:
                await self._text(item.message)
                self._seen[item.job_id] = item.seq

    async def _say(self, data: dict[str, object]) -> None:
        async with self._sending:
            await self._say_locked(data)

    async def _say_locked(self, data: dict[str, object]) -> None:
        await self._text(orjson.dumps(data))

    async def _text(self, data: bytes) -> None:
        await self._socket.send({"type": "websocket.send", "text": data.decode()})


def _cut(task: asyncio.Task[None]) -> None:
    task.cancel()


def _parse(text: str) -> Subscribe | Unsubscribe | Ping:
    try:
        return _MESSAGES.validate_python(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise Failure(f"The message is not valid JSON: {error}.", code="malformed") from None
    except ValidationError as error:
        raise from_validation([{"loc": ("body", *e["loc"]), "msg": e["msg"]} for e in error.errors()]) from None


def _named(message: _Op) -> dict[str, object]:
    return {"job_id": message.job_id} if message.job_id is not None else {"topic": message.topic}
