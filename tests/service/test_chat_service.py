"""The chat service on a real bus, over endpoints that answer, stall, refuse and break as a test tells them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import pytest

from atelier.v1.chat_pb2 import CompletionChunk, EmbeddingRequest
from services.kit.failures import Failure, Overloaded, TimedOut, Unavailable
from services.kit.settings import Settings
from tests.api import until
from tests.service.chat_site import Answer, Site, answering, chatting, forever, hello
from tests.unit.chat_rig import Talk, delta, serving


async def refusal(site: Site) -> Failure:
    with pytest.raises(Failure) as refused:
        await site.chunks()
    return refused.value


async def test_a_stream_is_passed_on_and_says_who_answered(kit_settings: Settings) -> None:
    async with serving(answering(hello)) as server, chatting(kit_settings, server.url) as site:
        found = await site.chunks()
        assert "".join(c["choices"][0]["delta"].get("content") or "" for c in found) == "hello you"
        assert found[0]["atelier"]["endpoint"] == "Built in" and found[-1]["atelier"]["latency_ms"] >= 0
        assert [attempt["outcome"] for attempt in found[-1]["atelier"]["attempts"]] == ["answered"]
        # Asked for in any case, for the figures; told to those who asked only.
        assert not any("usage" in chunk for chunk in found)
        assert server.talks[-1].body["stream_options"] == {"include_usage": True}
        assert (await site.chunks(with_usage=True))[-1]["usage"]["total_tokens"] == 5


async def test_a_whole_answer_is_put_together_of_a_stream(kit_settings: Settings) -> None:
    async with serving(answering(hello)) as server, chatting(kit_settings, server.url) as site:
        (answer,) = await site.chunks(stream=False)
        assert answer["choices"][0]["message"]["content"] == "hello you"
        assert answer["usage"]["total_tokens"] == 5
        assert server.talks[-1].body["stream"] is True
        # It may take longer than an answer's beginning may; that it has begun is told.
        begun, _ = [chunk async for chunk in site.stream(stream=False)]
        assert not begun.json


async def test_models_are_listed_and_others_are_unknown(kit_settings: Settings) -> None:
    async with serving(answering(hello)) as server, chatting(kit_settings, server.url) as site:
        (model,) = (await site.models()).models
        assert (model.id, model.status, model.context_length) == ("m", "ready", 512)
        with pytest.raises(Failure, match="known: m") as unknown:
            await site.chunks(model="nobody")
        assert unknown.value.code == "model_not_found" and unknown.value.fields[0].field == "model"
        embedding = EmbeddingRequest(model="m")
        embedding.input.string_value = "hi"
        with pytest.raises(Failure) as unknown:
            await site.calls.unary("chat.create_embedding", embedding)
        assert unknown.value.code == "model_not_found"


async def test_a_caller_that_leaves_ends_the_work(kit_settings: Settings) -> None:
    async with serving(answering(forever)) as server, chatting(kit_settings, server.url) as site:
        async with aclosing(site.stream()) as chunks:
            assert isinstance(await anext(chunks), CompletionChunk)
        async with asyncio.timeout(5):
            await server.gone.wait()


async def test_a_caller_that_leaves_before_the_first_token_ends_the_work(kit_settings: Settings) -> None:
    async def silent(talk: Talk) -> None:
        await talk.begin()
        while True:
            await talk.raw(b": still thinking\n\n")
            await asyncio.sleep(0.02)

    async with serving(answering(silent)) as server, chatting(kit_settings, server.url) as site:
        asking = asyncio.create_task(site.chunks())

        async def asked() -> bool:
            return server.talks[-1].path.endswith("completions")

        await until(asked)
        asking.cancel()
        async with asyncio.timeout(5):
            await server.gone.wait()


async def test_over_capacity_is_told_at_once_with_when_to_come_again(kit_settings: Settings) -> None:
    async with serving(answering(forever)) as server, chatting(kit_settings, server.url, chat_capacity=2) as site:
        first, second = site.stream(), site.stream()
        await anext(first)
        await anext(second)
        refused = await refusal(site)
        assert isinstance(refused, Overloaded) and refused.retryable and (refused.retry_after_s or 0) > 0
        await first.aclose()

        async def room() -> bool:
            return site.service._admission.inside < 2  # pyright: ignore[reportPrivateUsage]

        await until(room)
        third = site.stream()
        await anext(third)
        for chunks in (second, third):
            await chunks.aclose()


async def test_signs_of_life_without_a_token_are_no_answer(kit_settings: Settings) -> None:
    async def silent(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(role="assistant", content=""))
        while True:
            await talk.raw(b": keep-alive\n\n")
            await asyncio.sleep(0.05)

    async with (
        serving(answering(silent)) as server,
        chatting(kit_settings, server.url, chat_first_token_s=0.4) as site,
    ):
        refused = await refusal(site)
        assert isinstance(refused, TimedOut) and refused.retryable and "no first token" in refused.message


async def test_a_stream_that_falls_silent_is_given_up(kit_settings: Settings) -> None:
    async def stalls(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="once "))
        await asyncio.sleep(30)

    async with (
        serving(answering(stalls)) as server,
        chatting(kit_settings, server.url, chat_between_tokens_s=0.4) as site,
    ):
        chunks = site.stream()
        await anext(chunks)
        with pytest.raises(TimedOut, match="fell silent"):
            await anext(chunks)


@dataclass(frozen=True)
class Wrong:
    """What an endpoint says, and what the caller hears."""

    name: str
    answer: Answer
    code: str
    words: str


async def _html(talk: Talk) -> None:
    await talk.begin(kind="text/html")
    await talk.raw(b"<html><body>Please log in</body></html>")
    await talk.end()


async def _nonsense(talk: Talk) -> None:
    await talk.begin()
    await talk.raw(b"data: {not json\n\ndata: [1, 2]\n\n")
    await talk.end()


async def _no_end(talk: Talk) -> None:
    await talk.begin()
    await talk.say(delta(content="once "))
    await talk.end()


async def _error_within(talk: Talk) -> None:
    await talk.begin()
    await talk.say(delta(content="once "))
    await talk.say({"error": {"message": "out of memory", "type": "InternalServerError", "code": 500}})
    await talk.end()


async def _cut_off(talk: Talk) -> None:
    await talk.begin()
    await talk.say(delta(content="once "))
    talk.writer.close()


def _refusing(status: int, message: str, more: str = "", **error: Any) -> Answer:
    async def answer(talk: Talk) -> None:
        await talk.answer(status, {"error": {"message": message, **error}}, more)

    return answer


WRONG = (
    Wrong("a web page", _html, "unavailable", "broke off"),
    Wrong("nonsense", _nonsense, "unavailable", "no chunk"),
    Wrong("no end", _no_end, "unavailable", "broke off"),
    Wrong("an error in the middle", _error_within, "unavailable", "out of memory"),
    Wrong("cut off", _cut_off, "unavailable", "broke off"),
    Wrong("a wrong key", _refusing(401, "bad key"), "endpoint_refused", "API key"),
    Wrong("too many requests", _refusing(429, "slow down", "retry-after: 7\r\n"), "overloaded", "slow down"),
    Wrong(
        "a context overflow", _refusing(400, "maximum context length is 512 tokens"), "context_length_exceeded", "512"
    ),
    Wrong("an internal error", _refusing(500, "CUDA error"), "unavailable", "CUDA error"),
)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.name)
@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_what_goes_wrong_at_an_endpoint_is_told(kit_settings: Settings, wrong: Wrong, stream: bool) -> None:
    async with serving(answering(wrong.answer)) as server, chatting(kit_settings, server.url) as site:
        with pytest.raises(Failure) as refused:
            await site.chunks(stream=stream)
        assert refused.value.code == wrong.code and wrong.words in refused.value.message
        assert refused.value.retryable == (wrong.code in ("unavailable", "overloaded"))
        if wrong.code == "overloaded":
            assert refused.value.retry_after_s == 7
        if wrong.code == "context_length_exceeded":
            assert refused.value.fields[0].field == "messages"


async def test_an_endpoint_that_goes_away_stays_in_the_list_and_comes_back(kit_settings: Settings) -> None:
    async with serving(answering(hello)) as server, chatting(kit_settings, server.url) as site:
        server.away = True
        refused = await refusal(site)
        assert isinstance(refused, Unavailable) and refused.retryable
        assert [model.id for model in (await site.models()).models] == ["m"]
        server.away = False
        assert await site.chunks()
