"""Local servers that speak the documented protocols of LM Studio, Ollama and Gemini, with faults on command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from atelier.v1.endpoints_pb2 import Endpoint, EndpointKind
from tests.unit.chat_rig import Server, Talk, delta, usage

Fault = Literal["", "refuse", "hang", "hang_after_headers", "keep_alive_only", "500", "429", "garbage", "die", "slow"]

KINDS = {
    "lm_studio": EndpointKind.ENDPOINT_KIND_LM_STUDIO,
    "ollama": EndpointKind.ENDPOINT_KIND_OLLAMA,
    "gemini": EndpointKind.ENDPOINT_KIND_GEMINI,
}
_BASES = {"lm_studio": "/v1", "ollama": "", "gemini": "/v1beta/openai"}
KEY = "sk-right"


@dataclass
class StandIn:
    """One server; its answers are the words it is given."""

    kind: str
    models: list[str]
    words: str
    fault: Fault = ""
    tells_usage: bool = True
    list_fault: bool = False
    """The list of models is out of order too."""
    asked: list[str] = field(default_factory=list[str])
    port: int = 0
    _listener: asyncio.Server | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{_BASES[self.kind]}"

    def registered(self, endpoint_id: str, **fields: object) -> Endpoint:
        """As its owner would register it."""
        known = {"id": endpoint_id, "name": f"My {self.kind}", "kind": KINDS[self.kind], "base_url": self.base_url}
        return Endpoint(**{**known, "enabled": True, **fields})  # pyright: ignore[reportArgumentType]

    async def start(self) -> None:
        """Listen; after `stop` on the same port again."""
        self._listener = await asyncio.start_server(Server(self._script).handle, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Nobody listens any more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    @property
    def looks(self) -> int:
        """How often it was asked for its models."""
        return sum(not path.endswith("completions") for path in self.asked)

    async def _script(self, talk: Talk) -> None:
        self.asked.append(talk.path)
        if self._listener is None:
            # A connection from before.
            talk.writer.close()
            return
        if self.kind == "gemini" and talk.headers.get("authorization") != f"Bearer {KEY}":
            await talk.answer(
                401, {"error": {"code": 401, "message": "API key not valid", "status": "UNAUTHENTICATED"}}
            )
        elif talk.path.endswith("completions"):
            await self._complete(talk)
        elif self.list_fault:
            await talk.answer(500, {"error": {"message": "out of order"}})
        else:
            await self._list(talk)

    async def _list(self, talk: Talk) -> None:
        paths = {"lm_studio": "/v1/models", "ollama": "/api/tags", "gemini": "/v1beta/openai/models"}
        if talk.path != paths[self.kind]:
            await talk.answer(404, {"error": f"Unexpected endpoint or method. (GET {talk.path})"})
        elif self.kind == "ollama":
            entries = [{"name": name, "model": name, "size": 1, "details": {"family": "llama"}} for name in self.models]
            await talk.answer(200, {"models": entries})
        else:
            prefix = "models/" if self.kind == "gemini" else ""
            entries = [{"id": prefix + name, "object": "model", "owned_by": "someone"} for name in self.models]
            await talk.answer(200, {"object": "list", "data": entries})

    async def _complete(self, talk: Talk) -> None:
        match self.fault:
            case "hang":
                await asyncio.sleep(60)
            case "hang_after_headers":
                await talk.begin()
                await asyncio.sleep(60)
            case "keep_alive_only":
                await talk.begin()
                await talk.say(delta(role="assistant", content=""))
                while True:
                    await talk.raw(b": keep-alive\n\n")
                    await asyncio.sleep(0.05)
            case "500":
                await talk.answer(500, {"error": {"message": "CUDA error", "type": "server_error"}})
            case "429":
                refusal = {"error": {"message": "quota exceeded", "type": "rate_limit"}}
                await talk.answer(429, refusal, "retry-after: 2\r\n")
            case "garbage":
                await talk.begin(kind="text/html")
                await talk.raw(b"<html>It works!</html>")
                await talk.end()
            case "die":
                await talk.begin()
                await talk.say(delta(content="half a "))
                talk.writer.close()
            case _:
                await self._answer(talk, pause_s=0.1 if self.fault == "slow" else 0.0)

    async def _answer(self, talk: Talk, pause_s: float) -> None:
        await talk.begin()
        await talk.say(delta(role="assistant", content="") | {"model": talk.body["model"]})
        for word in self.words.split():
            await asyncio.sleep(pause_s)
            await talk.say(delta(content=f"{word} "))
        await talk.say(delta(finish="stop"))
        if self.tells_usage:
            await talk.say(usage(3, len(self.words.split())))
        await talk.raw(b"data: [DONE]\n\n")
        await talk.end()


@asynccontextmanager
async def standing_in(*stand_ins: StandIn) -> AsyncIterator[None]:
    """They listen until the block ends."""
    for one in stand_ins:
        await one.start()
    try:
        yield
    finally:
        for one in stand_ins:
            await one.stop()
