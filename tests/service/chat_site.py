"""A hosted chat service, and endpoints that answer as a test tells them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage, ListModelsRequest, ListModelsResponse
from services.chat.service import Chat
from services.chat.settings import ChatSettings
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.host import Host
from services.kit.settings import Settings
from tests.api import until
from tests.unit.chat_rig import Talk, delta, usage

KIND = "chat.create_chat_completion"
Answer = Callable[[Talk], Awaitable[None]]


def answering(answer: Answer) -> Answer:
    """An endpoint with the model "m" that answers completions by `answer`."""

    async def script(talk: Talk) -> None:
        if talk.path.endswith("/models"):
            await talk.answer(200, {"object": "list", "data": [{"id": "m", "max_model_len": 512, "created": 7}]})
        else:
            await answer(talk)

    return script


async def hello(talk: Talk) -> None:
    await talk.begin()
    await talk.say(delta(role="assistant", content=""))
    await talk.say(delta(content="hello "))
    await talk.say(delta(content="you"))
    await talk.say(delta(finish="stop"))
    await talk.say(usage(3, 2))
    await talk.raw(b"data: [DONE]\n\n")
    await talk.end()


async def forever(talk: Talk) -> None:
    """Begins an answer and goes on until the other side has left."""
    await talk.begin()
    while True:
        await talk.say(delta(content="and "))
        await asyncio.sleep(0.02)


@dataclass
class Site:
    """A hosted chat service and a client of it."""

    service: Chat
    calls: CallClient

    async def chunks(self, stream: bool = True, with_usage: bool = False, model: str = "m") -> list[dict[str, Any]]:
        """OpenAI's objects, in order."""
        return [json.loads(part) async for chunk in self.stream(stream, with_usage, model) for part in chunk.json]

    def stream(self, stream: bool = True, with_usage: bool = False, model: str = "m") -> Any:
        request = ChatCompletionRequest(model=model, messages=[ChatMessage(role="user")], stream=stream)
        request.messages[0].content.string_value = "hi"
        if with_usage:
            request.stream_options.include_usage = True
        return self.calls.stream(KIND, request)

    async def models(self) -> ListModelsResponse:
        return await self.calls.unary("chat.list_models", ListModelsRequest())


@asynccontextmanager
async def chatting(kit: Settings, endpoint: str, **settings: Any) -> AsyncIterator[Site]:
    """A chat service over the endpoint of that URL, until the block ends."""
    given = {**kit.model_dump(), "chat_endpoint": endpoint, "embedding_enabled": False, "drain_s": 1.0, **settings}
    service = Chat(ChatSettings.model_validate(given))
    stop = asyncio.Event()
    hosting = asyncio.create_task(Host(service).run(stop))
    bus = await Bus.connect(kit, "test-chat")
    try:
        site = Site(service, CallClient(bus))

        async def up() -> bool:
            if hosting.done():
                hosting.result()
            return service.state == "ready" or not endpoint

        await until(up)
        yield site
    finally:
        await bus.close()
        stop.set()
        await hosting
