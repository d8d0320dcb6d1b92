"""The adapter against a local server that speaks, and breaks, OpenAI's stream in every way we know of."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import Any

import pytest

from services.chat.endpoint import Endpoint, Timing
from services.kit.failures import BadInput, Failure, NotFound, Overloaded, TimedOut, Unavailable
from tests.unit.chat_rig import Talk, delta, frame, serving, usage

BODY = {"model": "m", "messages": []}


async def ask(endpoint: Endpoint, timing: Timing | None = None) -> list[list[bytes]]:
    timing = timing or Timing(time.monotonic())
    return [batch async for batch in endpoint.stream("chat/completions", BODY, timing)]


def said(batches: list[list[bytes]]) -> str:
    chunks = [json.loads(data) for batch in batches for data in batch]
    return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"])


async def test_an_answer_arrives_as_it_was_sent() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(role="assistant", content=""))
        await talk.say(delta(content="Hel"))
        await talk.say(delta(content="lo"))
        await talk.raw(frame(delta(finish="stop")) + frame(usage()) + b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        batches = await ask(server.endpoint())
        assert said(batches) == "Hello"
        assert b"".join(batches[-1]).endswith(b'"total_tokens":5}}')
        assert server.talks[0].path == "/v1/chat/completions"
        assert server.talks[0].headers["authorization"] == "Bearer k"


async def test_nothing_is_given_out_before_the_first_content() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(role="assistant", content=""))
        await asyncio.sleep(0.1)
        await talk.say(delta(content="x"))
        await talk.raw(frame(delta(finish="stop")) + b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        timing = Timing(time.monotonic())
        batches = await ask(server.endpoint(), timing)
        opening, first = (json.loads(data)["choices"][0]["delta"] for data in batches[0][:2])
        assert opening["role"] == "assistant" and first["content"] == "x"
        assert timing.first_token_ms >= 100


@pytest.mark.parametrize("noise", [b": keep-alive\n\n", frame(delta(content="")), frame(delta(role="assistant"))])
async def test_signs_of_life_do_not_put_off_the_first_token_limit(noise: bytes) -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        while True:
            await talk.raw(noise)
            await asyncio.sleep(0.02)

    async with serving(script) as server:
        began = time.monotonic()
        with pytest.raises(TimedOut, match="first token"):
            await ask(server.endpoint(first_token_s=0.3))
        assert time.monotonic() - began < 1.5
        await asyncio.wait_for(server.gone.wait(), 2)


async def test_a_server_that_never_answers_runs_into_the_same_limit() -> None:
    async def script(talk: Talk) -> None:
        await asyncio.sleep(30)

    async with serving(script) as server:
        with pytest.raises(TimedOut):
            await ask(server.endpoint(first_token_s=0.2))


async def test_reasoning_and_tool_calls_are_content() -> None:
    parts: list[dict[str, Any]] = [
        {"reasoning": "hm"},
        {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f"}}]},
    ]
    for part in parts:

        async def script(talk: Talk, part: dict[str, Any] = part) -> None:
            await talk.begin()
            await talk.say(delta(role="assistant", **part))
            await asyncio.sleep(0.4)
            await talk.raw(frame(delta(finish="stop")) + b"data: [DONE]\n\n")
            await talk.end()

        async with serving(script) as server:
            assert len(await ask(server.endpoint(first_token_s=0.3))) == 2


async def test_silence_inside_an_answer_ends_it_in_spite_of_keep_alives() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="x"))
        while True:
            await talk.raw(b": still here\n\n")
            await asyncio.sleep(0.02)

    async with serving(script) as server:
        with pytest.raises(TimedOut, match="silent"):
            await ask(server.endpoint(between_s=0.3))


async def test_frames_may_be_cut_anywhere_also_inside_a_character() -> None:
    whole = frame(delta(content="Grüße 🍎")) + b"\r\n" + frame(delta(finish="stop")) + b"data: [DONE]\n\n"

    async def script(talk: Talk) -> None:
        await talk.begin()
        for byte in whole:
            await talk.raw(bytes([byte]))
        await talk.end()

    async with serving(script) as server:
        assert said(await ask(server.endpoint())) == "Grüße 🍎"


async def test_frames_of_one_read_stay_together() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="a"))
        await asyncio.sleep(0.05)
        many = b"".join(frame(delta(content=c)) for c in "bcd")
        await talk.raw(many + frame(delta(finish="stop")) + b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        assert [len(batch) for batch in await ask(server.endpoint())] == [1, 4]


@pytest.mark.parametrize("politely", [True, False])
async def test_an_answer_that_breaks_off_is_a_retryable_failure(politely: bool) -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="half"))
        if politely:
            await talk.end()
        else:
            talk.writer.transport.abort()

    async with serving(script) as server:
        got: list[list[bytes]] = []
        with pytest.raises(Unavailable, match="broke off") as caught:
            async for batch in server.endpoint().stream("chat/completions", BODY, Timing(time.monotonic())):
                got.append(batch)
        assert said(got) == "half"
        assert caught.value.retryable and caught.value.retry_after_s


async def test_an_error_inside_the_stream_is_a_failure() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="half"))
        await talk.say({"error": {"message": "engine died", "type": "InternalServerError", "code": 500}})
        await talk.raw(b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        with pytest.raises(Unavailable, match="engine died"):
            await ask(server.endpoint())


async def test_a_model_that_speaks_of_errors_is_not_one() -> None:
    words = 'data: {"error": "finish_reason":"stop"}'

    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content=words))
        await talk.raw(frame(delta(finish="stop")) + b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        assert said(await ask(server.endpoint())) == words


async def test_a_closed_generator_closes_the_connection() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        while True:
            await talk.say(delta(content="on and on"))
            await asyncio.sleep(0.01)

    async with serving(script) as server:
        stream = server.endpoint().stream("chat/completions", BODY, Timing(time.monotonic()))
        async with contextlib.aclosing(stream):
            await anext(stream)
        await asyncio.wait_for(server.gone.wait(), 2)


async def test_connections_are_used_again() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.raw(frame(delta(content="x")) + frame(delta(finish="stop")) + b"data: [DONE]\n\n")
        await talk.end()

    async with serving(script) as server:
        endpoint = server.endpoint()
        for _ in range(3):
            await ask(endpoint)
        assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "body", "kind", "field"),
    [
        (400, {"error": {"message": "maximum context length is 2048", "param": "input_tokens"}}, BadInput, "messages"),
        (400, {"error": {"message": "max_tokens=9 is too big", "param": "max_tokens"}}, BadInput, "max_tokens"),
        (400, {"error": {"message": "min_p must be in [0, 1], got 7.0."}}, BadInput, "min_p"),
        (400, {"error": {"message": "n must be 1 when using greedy sampling, got 2."}}, BadInput, "n"),
        (422, {"error": {"message": "1 error: {'loc': 'body.tools.0', 'msg': 'Missing'}"}}, BadInput, "tools.0"),
        (400, {"error": {"message": "m is not a multimodal model"}}, BadInput, "messages"),
        (400, {"object": "error", "message": "bad tool choice", "code": 400}, BadInput, "tool_choice"),
        (404, {"error": {"message": "The model `x` does not exist", "code": "model_not_found"}}, NotFound, "model"),
        (429, {"error": {"message": "slow down"}}, Overloaded, ""),
        (503, {"error": {"message": "queue is full"}}, Overloaded, ""),
        (500, {"detail": "boom"}, Unavailable, ""),
        (401, {"error": {"message": "bad key"}}, Failure, ""),
        (402, {"error": {"message": "no credit"}}, Failure, ""),
    ],
)  # fmt: skip
async def test_a_refusal_names_the_field(status: int, body: dict[str, object], kind: type[Failure], field: str) -> None:
    async def script(talk: Talk) -> None:
        await talk.answer(status, body, "retry-after: 7\r\n")

    async with serving(script) as server:
        with pytest.raises(kind) as caught:
            await ask(server.endpoint())
        assert [fault.field for fault in caught.value.fields] == ([field] if field else [])
        assert caught.value.retry_after_s == (7 if status in (429, 500, 503) else None)


async def test_a_missing_key_is_told_from_a_wrong_one() -> None:
    async def script(talk: Talk) -> None:
        await talk.answer(401, {"error": {"message": "who are you?"}})

    async with serving(script) as server:
        with pytest.raises(Failure, match="test refused the API key: who are you"):
            await ask(server.endpoint())
        keyless = Endpoint("test", server.url)
        with pytest.raises(Failure, match="test wants an API key: who are you") as told:
            await ask(keyless)
        await keyless.close()
        assert told.value.code == "endpoint_refused" and told.value.hint.startswith("Add a key")


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    gone = Endpoint("gone", "http://127.0.0.1:9/v1")
    with pytest.raises(Unavailable, match="not there"):
        await ask(gone)
    await gone.close()


async def test_models_are_listed_with_their_context() -> None:
    async def script(talk: Talk) -> None:
        await talk.answer(200, {"object": "list", "data": [{"id": "a", "max_model_len": 2048}, {"id": "b"}]})

    async with serving(script) as server:
        models = await server.endpoint().models()
        assert [(m.id, m.context_length) for m in models] == [("a", 2048), ("b", 0)]


async def test_closing_an_endpoint_ends_the_answers_it_is_giving() -> None:
    async def script(talk: Talk) -> None:
        await talk.begin()
        await talk.say(delta(content="once "))
        await asyncio.sleep(30)

    async with serving(script) as server:
        endpoint = server.endpoint()
        stream = endpoint.stream("chat/completions", BODY, Timing(time.monotonic()))
        await anext(stream)
        reading = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.05)
        await endpoint.close()
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await reading
        with pytest.raises(Unavailable):
            await ask(endpoint)


async def test_closing_an_endpoint_ends_the_wait_for_an_answer() -> None:
    asked = asyncio.Event()

    async def script(talk: Talk) -> None:
        asked.set()
        await asyncio.sleep(30)

    async with serving(script) as server:
        endpoint = server.endpoint()
        asking = asyncio.create_task(ask(endpoint))
        await asked.wait()
        await endpoint.close()
        async with asyncio.timeout(5):
            with pytest.raises(Unavailable):
                await asking
