"""An engine that dies or stands still, as a real process with vLLM's health, metrics and streams: who asks hears at
once that it may come again, and the engine is started anew."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.chat.backend import ChildBackend
from services.chat.child import Program
from services.chat.endpoint import Endpoint, Limits, Timing
from services.chat.vllm_server import VllmProbe
from services.kit.failures import Failure, TimedOut, Unavailable
from tests.api import until

# Writes a token every 20 ms and counts requests and tokens as vLLM does.
ENGINE = """
import asyncio, json, sys, uvicorn

counts = {"running": 0, "tokens": 0}

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    kind = b"text/event-stream" if scope["method"] == "POST" else b"application/json"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
    if scope["path"] == "/v1/models":
        body = json.dumps({"object": "list", "data": [{"id": "m", "max_model_len": 512}]})
    elif scope["path"] == "/metrics":
        body = "vllm:num_requests_running{} %(running)s\\nvllm:generation_tokens_total{} %(tokens)s\\n" % counts
    else:
        body = ""
    if scope["method"] == "POST":
        counts["running"] += 1
        try:
            for _ in range(300):
                chunk = {"choices": [{"index": 0, "delta": {"content": "a "}, "finish_reason": None}]}
                data = b"data: " + json.dumps(chunk).encode() + b"\\n\\n"
                await send({"type": "http.response.body", "body": data, "more_body": True})
                counts["tokens"] += 1
                await asyncio.sleep(0.02)
        finally:
            counts["running"] -= 1
        body = 'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\\n\\ndata: [DONE]\\n\\n'
    await send({"type": "http.response.body", "body": body.encode()})

uvicorn.run(app, uds=sys.argv[1], log_level="warning", lifespan="off")
"""
STALL_S = 1.0
PATIENCE_S = 90.0


@dataclass
class Site:
    """A kept engine and how many are waiting for it."""

    backend: ChildBackend
    inside: int = 0

    async def endpoint(self, other_than: Endpoint | None = None) -> Endpoint:
        """The way to it, once there is one."""

        async def look() -> Endpoint | None:
            try:
                found = self.backend.endpoint()
            except Unavailable:
                return None
            return found if found is not other_than else None

        return await until(look, PATIENCE_S)

    async def ask(self, endpoint: Endpoint, begun: asyncio.Event | None = None) -> int:
        """Tokens of a whole answer."""
        tokens = 0
        self.inside += 1
        try:
            body = {"model": "m", "messages": [], "stream": True}
            async for batch in endpoint.stream("chat/completions", body, Timing(time.monotonic())):
                tokens += sum('"a "' in json.dumps(json.loads(frame)) for frame in batch)
                if begun is not None:
                    begun.set()
        finally:
            self.inside -= 1
        return tokens


@asynccontextmanager
async def kept(folder: Path, first_token_s: float = PATIENCE_S) -> AsyncIterator[Site]:
    program = folder / "engine.py"
    program.write_text(ENGINE)

    async def prepare(scratch: Path) -> Program:
        socket = scratch / "engine.sock"
        return Program("the engine", (sys.executable, str(program), str(socket)), os.environ, socket)

    backend = ChildBackend(
        "engine",
        "m",
        "chat",
        prepare=prepare,
        probe=lambda socket: VllmProbe(socket, stall_s=STALL_S, busy=lambda: site.inside > 0),
        start_within_s=PATIENCE_S,
        limits=Limits(first_token_s, PATIENCE_S),
        changed=lambda: None,
        watch_every_s=0.1,
    )
    site = Site(backend)
    backend.start()
    try:
        yield site
    finally:
        await backend.stop()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_who_is_being_answered_hears_of_it_and_the_engine_comes_back(tmp_path: Path, blow: int) -> None:
    async with kept(tmp_path) as site:
        first = await site.endpoint()
        begun = asyncio.Event()
        asking = asyncio.create_task(site.ask(first, begun))
        await begun.wait()
        os.kill(site.backend.child.group, blow)
        with pytest.raises(Failure) as broken:
            async with asyncio.timeout(PATIENCE_S):
                await asking
        assert broken.value.retryable and broken.value.retry_after_s
        second = await site.endpoint(other_than=first)
        assert site.backend.child.restarts == 1
        assert await site.ask(second) == 300


async def test_between_two_engines_a_request_is_refused_with_when_to_come_again(tmp_path: Path) -> None:
    async with kept(tmp_path) as site:
        await site.endpoint()
        os.kill(site.backend.child.group, signal.SIGKILL)

        async def refused() -> Unavailable | None:
            try:
                site.backend.endpoint()
            except Unavailable as failure:
                return failure
            return None

        failure = await until(refused, PATIENCE_S)
        assert failure.retry_after_s and "m is" in failure.message


async def test_an_engine_that_stood_still_unseen_is_restarted_though_all_lost_patience(tmp_path: Path) -> None:
    async with kept(tmp_path, first_token_s=0.6) as site:
        endpoint = await site.endpoint()
        os.kill(site.backend.child.group, signal.SIGSTOP)
        with pytest.raises(TimedOut):
            await site.ask(endpoint)

        async def restarted() -> bool:
            return site.backend.child.restarts == 1

        await until(restarted, PATIENCE_S)


async def test_an_engine_without_work_is_left_alone(tmp_path: Path) -> None:
    async with kept(tmp_path) as site:
        endpoint = await site.endpoint()
        assert await site.ask(endpoint) == 300
        await asyncio.sleep(2 * STALL_S)
        assert site.backend.endpoint() is endpoint and site.backend.child.restarts == 0
