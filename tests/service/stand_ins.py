"""Local servers that speak the documented protocols of the kinds of endpoints, with faults on command."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from atelier.v1.endpoints_pb2 import Endpoint, EndpointKind
from tests.unit.chat_rig import Server, Talk, delta, frame, usage

Fault = Literal[
    "", "refuse", "hang", "hang_after_headers", "keep_alive_only", "500", "429", "garbage", "die", "slow", "overloaded"
]

KINDS = {
    "lm_studio": EndpointKind.ENDPOINT_KIND_LM_STUDIO,
    "ollama": EndpointKind.ENDPOINT_KIND_OLLAMA,
    "gemini": EndpointKind.ENDPOINT_KIND_GEMINI,
    "anthropic": EndpointKind.ENDPOINT_KIND_ANTHROPIC,
}
_BASES = {"lm_studio": "/v1", "ollama": "", "gemini": "/v1beta/openai", "anthropic": "/v1"}
_LISTS = {
    "lm_studio": "/v1/models",
    "ollama": "/api/tags",
    "gemini": "/v1beta/openai/models",
    "anthropic": "/v1/models?limit=1000",
}
_ANSWERS = ("/completions", "/messages")
KEY = "sk-right"


@dataclass
class StandIn:
    """One server; its answers are the words it is given, one after the other, with the line breaks between them."""

    kind: str
    models: list[str]
    words: str
    fault: Fault = ""
    tells_usage: bool = True
    list_fault: bool = False
    """The list of models is out of order too."""
    asked: list[str] = field(default_factory=list[str])
    bodies: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """What it was asked for answers with."""
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
        return sum(not path.endswith(_ANSWERS) for path in self.asked)

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
        elif self.kind == "anthropic" and (wrong := _anthropic_refusal(talk)) is not None:
            await talk.answer(*wrong)
        elif talk.path.endswith(_ANSWERS):
            self.bodies.append(talk.body)
            await self._complete(talk)
        elif self.list_fault:
            await talk.answer(500, {"error": {"message": "out of order"}})
        else:
            await self._list(talk)

    async def _list(self, talk: Talk) -> None:
        if talk.path != _LISTS[self.kind]:
            await talk.answer(404, {"error": f"Unexpected endpoint or method. (GET {talk.path})"})
        elif self.kind == "ollama":
            entries = [{"name": name, "model": name, "size": 1, "details": {"family": "llama"}} for name in self.models]
            await talk.answer(200, {"models": entries})
        elif self.kind == "anthropic":
            entries = [
                {"type": "model", "id": name, "display_name": name.title(), "created_at": "2026-02-04T00:00:00Z"}
                for name in self.models
            ]
            page = {"data": entries, "has_more": False, "first_id": self.models[0], "last_id": self.models[-1]}
            await talk.answer(200, page)
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
                await self._begin(talk)
                keep_alive = _event({"type": "ping"}) if self.kind == "anthropic" else b": keep-alive\n\n"
                while True:
                    await talk.raw(keep_alive)
                    await asyncio.sleep(0.05)
            case "500":
                await talk.answer(500, self._error("CUDA error", "api_error"))
            case "429":
                await talk.answer(429, self._error("quota exceeded", "rate_limit_error"), "retry-after: 2\r\n")
            case "garbage":
                await talk.begin(kind="text/html")
                await talk.raw(b"<html>It works!</html>")
                await talk.end()
            case "die":
                await self._begin(talk)
                await self._say(talk, "half a ")
                talk.writer.close()
            case "overloaded":
                await self._begin(talk)
                await self._say(talk, "half a ")
                # What is read together with the first words is still before them.
                await asyncio.sleep(0.1)
                await talk.raw(_event(self._error("Overloaded", "overloaded_error")))
                await talk.end()
            case _:
                await self._answer(talk, pause_s=0.1 if self.fault == "slow" else 0.0)

    async def _answer(self, talk: Talk, pause_s: float) -> None:
        await self._begin(talk)
        if self.kind == "anthropic" and talk.body.get("tools"):
            await self._call(talk)
            return
        for word in re.findall(r"\S+\s*", self.words):
            await asyncio.sleep(pause_s)
            await self._say(talk, word if word[-1].isspace() else f"{word} ")
        await self._end(talk)

    def _error(self, message: str, kind: str) -> dict[str, Any]:
        error = {"message": message, "type": kind}
        return {"type": "error", "error": error} if self.kind == "anthropic" else {"error": error}

    async def _begin(self, talk: Talk) -> None:
        await talk.begin()
        if self.kind != "anthropic":
            await talk.say(delta(role="assistant", content="") | {"model": talk.body["model"]})
            return
        read = {"input_tokens": 1, "cache_creation_input_tokens": 1, "cache_read_input_tokens": 1, "output_tokens": 1}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "model": talk.body["model"], "content": []}
        end = {"stop_reason": None, "stop_sequence": None}
        await talk.raw(_event({"type": "message_start", "message": message | end | {"usage": read}}))
        await self._open(talk, 0, {"type": "text", "text": ""})
        await talk.raw(_event({"type": "ping"}))

    async def _say(self, talk: Talk, words: str) -> None:
        if self.kind == "anthropic":
            await self._piece(talk, 0, {"type": "text_delta", "text": words})
        else:
            await talk.say(delta(content=words))

    async def _end(self, talk: Talk) -> None:
        if self.kind == "anthropic":
            await self._close(talk, 0, "end_turn")
            return
        await talk.say(delta(finish="stop"))
        if self.tells_usage:
            await talk.say(usage(3, len(self.words.split())))
        await talk.raw(b"data: [DONE]\n\n")
        await talk.end()

    async def _call(self, talk: Talk) -> None:
        """Says a word, then calls the first tool with {"city": "Bern"}, in pieces."""
        await self._say(talk, "Looking. ")
        await talk.raw(_event({"type": "content_block_stop", "index": 0}))
        name = talk.body["tools"][0]["name"]
        await self._open(talk, 1, {"type": "tool_use", "id": "toolu_1", "name": name, "input": {}})
        for piece in ("", '{"ci', 'ty": "Be', 'rn"}'):
            await self._piece(talk, 1, {"type": "input_json_delta", "partial_json": piece})
        await self._close(talk, 1, "tool_use")

    async def _open(self, talk: Talk, index: int, block: dict[str, Any]) -> None:
        await talk.raw(_event({"type": "content_block_start", "index": index, "content_block": block}))

    async def _piece(self, talk: Talk, index: int, piece: dict[str, Any]) -> None:
        await talk.raw(_event({"type": "content_block_delta", "index": index, "delta": piece}))

    async def _close(self, talk: Talk, index: int, reason: str) -> None:
        """Ends the open block and the message."""
        end = {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}}
        await talk.raw(_event({"type": "content_block_stop", "index": index}))
        await talk.raw(_event(end | {"usage": {"output_tokens": len(self.words.split())}}))
        await talk.raw(_event({"type": "message_stop"}))
        await talk.end()


def _event(data: dict[str, Any]) -> bytes:
    """An event as Anthropic sends it, with its name."""
    return f"event: {data['type']}\n".encode() + frame(data)


def _anthropic_refusal(talk: Talk) -> tuple[int, dict[str, Any]] | None:
    """What Anthropic says to a request that it documents as wrong."""

    def error(status: int, kind: str, message: str) -> tuple[int, dict[str, Any]]:
        return status, {"type": "error", "error": {"type": kind, "message": message}}

    body = talk.body
    if talk.headers.get("anthropic-version") != "2023-06-01":
        return error(400, "invalid_request_error", "anthropic-version: header is required")
    if talk.headers.get("x-api-key") != KEY:
        return error(401, "authentication_error", "invalid x-api-key")
    if not talk.path.endswith("/messages"):
        return None
    if not body.get("max_tokens") or not body.get("stream"):
        return error(400, "invalid_request_error", "max_tokens: Field required")
    if {turn["role"] for turn in body["messages"]} - {"user", "assistant"}:
        return error(400, "invalid_request_error", "messages: Unexpected role")
    if "temperature" in body and body["model"].endswith("-new"):
        return error(400, "invalid_request_error", "`temperature` is deprecated for this model.")
    return None


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
