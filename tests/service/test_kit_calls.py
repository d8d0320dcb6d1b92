"""The call lane: one request, a stream of answers, nothing stored, and nobody works for a caller who has gone."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage, CompletionChunk
from atelier.v1.diffusion_pb2 import DiffusionOptions, DiffusionOptionsRequest
from services.kit import call as lane
from services.kit.bus import Bus
from services.kit.call import Call, CallClient, CallServer
from services.kit.contract import contract
from services.kit.failures import BadInput, Overloaded, TimedOut, Unavailable
from services.kit.settings import Settings
from tests.servers import BusServer
from tests.service.kit_rig import PATIENCE_S, Site, site_on

CHAT = "chat.create_chat_completion"
OPTIONS = "diffusion.options"
Handler = Callable[..., AsyncIterator[CompletionChunk] | Awaitable[DiffusionOptions]]


@asynccontextmanager
async def answering(site: Site, kind: str, handler: Handler) -> AsyncIterator[CallServer]:
    """A service of one call method."""
    method = contract.methods[kind]
    server = CallServer(site.bus, {kind: (method, handler)}, service=method.service)
    await server.start()
    try:
        yield server
    finally:
        await server.drain(0)


def asked(text: str = "hello") -> ChatCompletionRequest:
    message = ChatMessage(role="user")
    message.content.string_value = text
    return ChatCompletionRequest(model="any", messages=[message], stream=True)


def chunk(text: str) -> CompletionChunk:
    return CompletionChunk(json=[text.encode()])


class Endless:
    """Speaks until it is closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def __call__(self, request: ChatCompletionRequest, call: Call) -> AsyncIterator[CompletionChunk]:
        number = 0
        try:
            while True:
                number += 1
                yield chunk(str(number))
                await asyncio.sleep(0.005)
        finally:
            self.closed.set()


async def test_a_unary_call_is_answered_with_the_callers_owner_known(site: Site) -> None:
    async def options(request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        return DiffusionOptions(samplers=[call.owner, call.kind])

    async with answering(site, OPTIONS, options):
        answer = await CallClient(site.bus).unary(OPTIONS, DiffusionOptionsRequest(), owner="ann")
    assert list(answer.samplers) == ["ann", OPTIONS]


async def test_a_streamed_call_gives_its_parts_in_order(site: Site) -> None:
    async def speak(request: ChatCompletionRequest, call: Call) -> AsyncIterator[CompletionChunk]:
        for number in range(500):
            yield chunk(f"{request.messages[0].content.string_value} {number}")

    async with answering(site, CHAT, speak):
        parts = [part.json[0] async for part in CallClient(site.bus).stream(CHAT, asked("word"))]
    assert parts == [f"word {number}".encode() for number in range(500)]


async def test_a_caller_that_goes_ends_the_work(site: Site) -> None:
    endless = Endless()
    async with answering(site, CHAT, endless):
        async with contextlib.aclosing(CallClient(site.bus).stream(CHAT, asked())) as parts:
            async for part in parts:
                if part.json[0] == b"3":
                    break
        await asyncio.wait_for(endless.closed.wait(), PATIENCE_S)


async def test_a_caller_that_vanishes_without_a_word_ends_the_work_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "_ALIVE_S", 0.5)
    monkeypatch.setattr(lane, "_SILENCE_S", 3.0)
    endless = Endless()
    other = await Bus.connect(site.settings, "vanishing")
    async with answering(site, CHAT, endless):
        parts = CallClient(other).stream(CHAT, asked())
        await anext(parts)
        await other.close()
        await asyncio.wait_for(endless.closed.wait(), PATIENCE_S)
        with contextlib.suppress(Unavailable):
            await parts.aclose()


async def test_a_service_that_is_not_there_is_known_at_once(site: Site) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable, match="no chat service is up") as caught:
        await anext(CallClient(site.bus).stream(CHAT, asked()))
    assert caught.value.retry_after_s and time.monotonic() - began < lane._GRACE_S


async def test_a_failure_crosses_the_bus_whole(site: Site) -> None:
    async def refuse(request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        raise BadInput.of("model", "there is none of that name", hint="Ask for the list.")

    async with answering(site, OPTIONS, refuse):
        with pytest.raises(BadInput) as caught:
            await CallClient(site.bus).unary(OPTIONS, DiffusionOptionsRequest())
    failure = caught.value
    assert (failure.code, failure.hint, failure.retryable) == ("bad_input", "Ask for the list.", False)
    assert [(f.field, f.message) for f in failure.fields] == [("model", "there is none of that name")]


async def test_a_failure_amid_the_answer_comes_after_what_was_said(site: Site) -> None:
    async def stumble(request: ChatCompletionRequest, call: Call) -> AsyncIterator[CompletionChunk]:
        yield chunk("one")
        raise Overloaded("no memory left", retry_after_s=7)

    said: list[bytes] = []
    async with answering(site, CHAT, stumble):
        with pytest.raises(Overloaded) as caught:
            async for part in CallClient(site.bus).stream(CHAT, asked()):
                said.append(part.json[0])
    assert said == [b"one"] and caught.value.retry_after_s == 7


async def test_a_bad_request_names_its_field_and_never_reaches_the_handler(site: Site) -> None:
    endless = Endless()
    async with answering(site, CHAT, endless):
        with pytest.raises(BadInput) as caught:
            await anext(CallClient(site.bus).stream(CHAT, ChatCompletionRequest(model="any")))
    assert [fault.field for fault in caught.value.fields] == ["messages"]


async def test_an_answer_that_comes_too_late_is_not_waited_for(site: Site) -> None:
    cancelled = asyncio.Event()

    async def ponder(request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError("unreachable")

    async with answering(site, OPTIONS, ponder):
        with pytest.raises(TimedOut):
            await CallClient(site.bus).unary(OPTIONS, DiffusionOptionsRequest(), timeout=0.2)
        await asyncio.wait_for(cancelled.wait(), PATIENCE_S)


async def test_beyond_its_capacity_a_service_says_so(site: Site) -> None:
    limit = contract.methods[OPTIONS].policy.concurrency
    gate = asyncio.Event()

    async def hold(request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        await gate.wait()
        return DiffusionOptions()

    async with answering(site, OPTIONS, hold):
        calls = CallClient(site.bus)
        asked_for = [asyncio.create_task(calls.unary(OPTIONS, DiffusionOptionsRequest())) for _ in range(limit + 3)]
        done, _ = await asyncio.wait(asked_for, return_when=asyncio.FIRST_EXCEPTION)
        assert all(isinstance(task.exception(), Overloaded) for task in done)
        gate.set()
        answers = await asyncio.gather(*asked_for, return_exceptions=True)
    assert sum(isinstance(answer, DiffusionOptions) for answer in answers) == limit


async def test_a_service_that_ends_tells_its_callers(site: Site) -> None:
    endless = Endless()
    async with answering(site, CHAT, endless) as server:
        parts = CallClient(site.bus).stream(CHAT, asked())
        await anext(parts)
        await server.drain(0)
        with pytest.raises(Unavailable, match="is ending"):
            async for _ in parts:
                pass


async def test_an_answer_the_bus_went_away_under_is_not_passed_off_as_whole(own_bus_server: BusServer) -> None:
    settings = Settings.model_validate({"nats_url": own_bus_server.url})
    async with site_on(settings) as site, answering(site, CHAT, Endless()):
        parts = CallClient(site.bus).stream(CHAT, asked())
        await anext(parts)
        await asyncio.to_thread(own_bus_server.process.restart)
        with pytest.raises(Unavailable, match="the bus was away"):
            async for _ in parts:
                pass


async def test_the_trace_of_a_call_reaches_its_handler(site: Site) -> None:
    trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"

    async def options(request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        return DiffusionOptions(samplers=[call.traceparent])

    async with answering(site, OPTIONS, options):
        answer = await CallClient(site.bus).unary(OPTIONS, DiffusionOptionsRequest(), traceparent=trace)
    assert list(answer.samplers) == [trace]
