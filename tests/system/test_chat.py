"""Language models on the whole stack, with a real vLLM and the official SDK as the judge."""

from __future__ import annotations

import asyncio
import json
import math
import signal
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import openai
import psutil
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from tests.api import PATIENCE_S, until
from tests.stack import Stack

MODEL = "smollm2-135m-instruct"
EMBEDDER = "all-minilm-l6-v2"
# With the first load of a machine that does other things as well.
ENGINE_STARTS_S = 300.0


@pytest.fixture
async def sdk(stack: Stack) -> AsyncIterator[openai.AsyncOpenAI]:
    """The official SDK, once the language model is there."""
    await asyncio.to_thread(stack.wait_chat, ENGINE_STARTS_S)
    async with openai.AsyncOpenAI(
        base_url=f"{stack.url}/v1", api_key="none", max_retries=0, timeout=PATIENCE_S
    ) as client:
        yield client


def said(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


def engine(stack: Stack) -> psutil.Process:
    """vLLM's server process. Raises StopIteration when none runs."""
    below = stack.process("chat").children(recursive=True)
    return next(p for p in below if "--served-model-name" in p.cmdline() and "guard.py" not in " ".join(p.cmdline()))


async def in_engine(stack: Stack) -> int:
    """Requests vLLM works on or keeps waiting, by its own metrics."""
    words = engine(stack).cmdline()
    transport = httpx.AsyncHTTPTransport(uds=words[words.index("--uds") + 1])
    async with httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=PATIENCE_S) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    counted = ("vllm:num_requests_running{", "vllm:num_requests_waiting{")
    return sum(int(float(line.split()[-1])) for line in lines if line.startswith(counted))


async def test_a_question_is_answered(sdk: openai.AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(
        model=MODEL,
        messages=said("What is the capital of France? Answer in one sentence."),
        max_tokens=32,
        temperature=0,
    )
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    told = (answer.model_extra or {})["atelier"]
    assert (
        told["model"] == MODEL and told["endpoint"] == "Built in" and told["latency_ms"] >= told["first_token_ms"] > 0
    )
    assert [attempt["outcome"] for attempt in told["attempts"]] == ["answered"]


async def test_a_streamed_answer_is_the_whole_one_in_pieces(sdk: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {
        "model": MODEL,
        "messages": said("Write two sentences about the sea."),
        "max_tokens": 40,
        "temperature": 0,
    }
    whole = await sdk.chat.completions.create(**asked)
    stream = await sdk.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    chunks = [chunk async for chunk in stream]
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices]
    assert "".join(pieces) == whole.choices[0].message.content
    assert sum(bool(piece) for piece in pieces) > 5
    assert chunks[-1].usage == whole.usage


async def test_a_seed_repeats_an_answer_and_another_one_does_not(sdk: openai.AsyncOpenAI) -> None:
    async def poem(seed: int) -> str | None:
        asked = said("Write a short poem.")
        answer = await sdk.chat.completions.create(
            model=MODEL, messages=asked, max_tokens=24, seed=seed, temperature=1.0
        )
        return answer.choices[0].message.content

    assert await poem(1) == await poem(1) != await poem(2)


async def test_a_stop_word_ends_the_answer(sdk: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"model": MODEL, "prompt": "1, 2, 3, 4,", "max_tokens": 24, "temperature": 0}
    free = (await sdk.completions.create(**asked)).choices[0]
    stopped = (await sdk.completions.create(**asked, stop=["7"])).choices[0]
    assert free.text.startswith(stopped.text) and "7" in free.text and "7" not in stopped.text
    assert stopped.finish_reason == "stop"


async def test_a_text_is_continued_streamed_or_not(sdk: openai.AsyncOpenAI) -> None:
    asked: dict[str, Any] = {"model": MODEL, "prompt": "Once upon a time", "max_tokens": 16, "temperature": 0}
    whole = await sdk.completions.create(**asked)
    stream = await sdk.completions.create(**asked, stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream if chunk.choices]) == whole.choices[0].text


async def test_the_form_of_the_answer_can_be_given(sdk: openai.AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "maximum": 120}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = await sdk.chat.completions.create(
        model=MODEL,
        messages=said("Ann is 31 years old. Describe her as JSON."),
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": schema}},
        max_tokens=80,
        temperature=0,
    )
    person = json.loads(answer.choices[0].message.content or "")
    # In the schema's order, as OpenAI has it.
    assert list(person) == ["name", "age"] and isinstance(person["age"], int)


async def test_a_tool_is_called(sdk: openai.AsyncOpenAI) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 30}}, "required": ["city"]}
    tool: ChatCompletionToolParam = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city",
            "parameters": parameters,
            "strict": True,
        },
    }
    answer = await sdk.chat.completions.create(
        model=MODEL,
        messages=said("What is the weather in Paris?"),
        tools=[tool],
        tool_choice={"type": "function", "function": {"name": "get_weather"}},
        max_tokens=60,
        temperature=0,
    )
    calls = answer.choices[0].message.tool_calls
    assert calls and calls[0].type == "function" and calls[0].function.name == "get_weather"
    assert "Paris" in json.loads(calls[0].function.arguments)["city"]


async def test_the_models_are_listed(sdk: openai.AsyncOpenAI) -> None:
    models = {model.id: (model.model_extra or {})["atelier"] for model in (await sdk.models.list()).data}
    assert models[MODEL]["status"] == "ready" and models[MODEL]["context_length"] == 2048
    assert models[EMBEDDER]["task"] == "embedding"
    assert (await sdk.models.retrieve(MODEL)).id == MODEL


async def test_alike_sentences_have_near_vectors(sdk: openai.AsyncOpenAI) -> None:
    texts = ["a cat sits on the mat", "a kitten is sitting on a rug", "the stock market fell sharply"]

    async def look() -> openai.types.CreateEmbeddingResponse | None:
        try:
            return await sdk.embeddings.create(model=EMBEDDER, input=texts)
        except openai.InternalServerError:
            # Its server starts after the language model's.
            return None

    found = await until(look, ENGINE_STARTS_S)
    cat, kitten, market = (item.embedding for item in found.data)
    assert len(cat) == 384 and math.isclose(dot(cat, cat), 1, abs_tol=1e-5)
    assert dot(cat, kitten) > dot(cat, market) + 0.3


def dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"model": "nobody"}, 404, "model"),
        ({"messages": said("x" * 1_000_000)}, 400, "messages"),
        ({"messages": said("hello world " * 1500)}, 400, "messages"),
        ({"messages": said("hello world " * 1500), "stream": True}, 400, "messages"),
        ({"max_tokens": 5000}, 400, "max_tokens"),
        ({"temperature": 9}, 400, "temperature"),
        ({"messages": []}, 400, "messages"),
        ({"tools": [{"type": "function"}]}, 400, "tools.0.function"),
        ({"tool_choice": "required"}, 400, "tool_choice"),
        ({"stop": 3}, 400, "stop"),
        ({"extra_body": {"min_p": 7}}, 400, "min_p"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "no"}}}}, 400, ""),
    ],
    ids=lambda value: "-".join(value)[:30] if isinstance(value, dict) else str(value),
)
async def test_what_cannot_be_done_is_refused_by_field(
    sdk: openai.AsyncOpenAI, change: dict[str, Any], status: int, field: str
) -> None:
    asked: dict[str, Any] = {"model": MODEL, "messages": said("hi"), "max_tokens": 4, **change}
    with pytest.raises(openai.APIStatusError) as refused:
        await sdk.chat.completions.create(**asked)
    assert refused.value.status_code == status
    assert refused.value.param == (field or "response_format")
    assert isinstance(refused.value.body, dict) and refused.value.body["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_away_frees_the_engine(stack: Stack, sdk: openai.AsyncOpenAI, stream: bool) -> None:
    body = {"model": MODEL, "messages": said("Tell a long story."), "max_tokens": 1500, "stream": stream}

    async def works() -> bool:
        return await in_engine(stack) > 0

    async def rests() -> bool:
        return await in_engine(stack) == 0

    async with httpx.AsyncClient(base_url=stack.url, timeout=PATIENCE_S) as client:
        asking = asyncio.create_task(client.post("/v1/chat/completions", json={**body, "ignore_eos": True}))
        await until(works, PATIENCE_S)
        asking.cancel()
        await until(rests, 30)
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.slow
async def test_an_engine_that_is_killed_comes_back(stack: Stack, sdk: openai.AsyncOpenAI) -> None:
    """Who was being answered hears at once that it may try again; who comes meanwhile, when."""
    stream = await sdk.chat.completions.create(
        model=MODEL,
        messages=said("Tell a long story."),
        max_tokens=1500,
        stream=True,
        extra_body={"ignore_eos": True},
    )
    await anext(stream)
    old = engine(stack)
    old.send_signal(signal.SIGKILL)
    with pytest.raises(openai.APIError) as broken:
        async with asyncio.timeout(20):
            async for _ in stream:
                pass
    assert broken.value.code == "unavailable"
    with pytest.raises(openai.InternalServerError) as meanwhile:
        await sdk.chat.completions.create(model=MODEL, messages=said("hi"), max_tokens=2)
    assert meanwhile.value.status_code == 503 and int(meanwhile.value.response.headers["retry-after"]) > 0

    async def answers() -> bool:
        try:
            await sdk.chat.completions.create(model=MODEL, messages=said("hi"), max_tokens=2)
        except openai.InternalServerError:
            await asyncio.sleep(1)
            return False
        return True

    assert await until(answers, ENGINE_STARTS_S)
    assert engine(stack).pid != old.pid
