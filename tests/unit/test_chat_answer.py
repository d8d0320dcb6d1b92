"""What the client gets: chunks with the `atelier` object, or one object that the chunks add up to."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from google.protobuf import json_format

from atelier.v1.chat_pb2 import ChatCompletionRequest, CompletionRequest
from gateway.openai.requests import message
from services.chat.accumulate import Accumulator
from services.chat.answer import Reply, streamed, whole
from services.chat.endpoint import Timing
from services.chat.request_body import completion_body
from services.chat.routing import Candidate
from services.kit.failures import BadInput
from tests.unit.chat_rig import delta, usage


async def feed(*batches: list[dict[str, Any]]) -> AsyncGenerator[list[bytes], None]:
    for batch in batches:
        yield [json.dumps(chunk, separators=(",", ":")).encode() for chunk in batch]


def reply() -> Reply:
    now = time.monotonic()
    found = Reply(Timing(now - 0.5), model="m")
    found.answered(
        Candidate("e1", "vllm", "m", 30, local=True, structured=False, why="active"), Timing(now - 0.5, now - 0.3)
    )
    return found


ANSWER = (
    [delta(role="assistant", content=""), delta(content="a")],
    [delta(content="b")],
    [delta(finish="stop"), usage()],
)


async def stream_of(include_usage: bool, to: Reply) -> list[list[dict[str, Any]]]:
    chunks = streamed(feed(*ANSWER), to, include_usage=include_usage)
    return [[json.loads(data) for data in chunk.json] async for chunk in chunks]


async def test_first_and_last_chunk_say_who_answered_and_how_long_it_took() -> None:
    chunks = [chunk for batch in await stream_of(False, reply()) for chunk in batch]
    first, *between, last = chunks
    assert first["atelier"]["model"] == "m" and first["atelier"]["endpoint"] == "vllm"
    assert first["atelier"]["latency_ms"] == 200
    assert last["atelier"]["latency_ms"] >= 500 and last["atelier"]["first_token_ms"] == 200
    assert last["atelier"]["attempts"] == [{"endpoint": "vllm", "outcome": "answered", "ms": 200}]
    assert not any("atelier" in chunk for chunk in between)


async def test_usage_is_passed_on_only_if_it_was_asked_for_but_always_known() -> None:
    without, with_usage = reply(), reply()
    chunks = [chunk for batch in await stream_of(False, without) for chunk in batch]
    assert not any(chunk.get("usage") for chunk in chunks)
    chunks = [chunk for batch in await stream_of(True, with_usage) for chunk in batch]
    assert chunks[-1]["usage"]["total_tokens"] == 5 and chunks[-1]["choices"] == [] and "atelier" in chunks[-1]
    assert without.usage == with_usage.usage and without.usage is not None and without.usage.completion_tokens == 2


async def test_a_whole_answer_has_usage_and_attempts() -> None:
    begun, ended = [chunk async for chunk in whole(feed(*ANSWER), reply(), chat=True)]
    assert not begun.json
    answer = json.loads(ended.json[0])
    assert answer["object"] == "chat.completion" and answer["id"] == "chatcmpl-1" and answer["created"] == 7
    message = {"role": "assistant", "content": "ab", "refusal": None}
    assert answer["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    assert answer["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert answer["atelier"]["attempts"][0]["outcome"] == "answered"


def added(*chunks: dict[str, Any], chat: bool = True) -> dict[str, Any]:
    accumulator = Accumulator(chat=chat)
    for chunk in chunks:
        accumulator.add(chunk)
    return accumulator.result()


def test_tool_call_fragments_are_joined_by_index() -> None:
    def call(index: int, **fragment: Any) -> dict[str, Any]:
        return delta(tool_calls=[{"index": index, **fragment}])

    answer = added(
        call(0, id="c0", type="function", function={"name": "weather", "arguments": ""}),
        call(0, function={"arguments": '{"city":'}),
        call(1, id="c1", type="function", function={"name": "time"}),
        call(0, function={"arguments": '"Rome"}'}),
        call(1, function={"arguments": "{}"}),
        delta(finish="tool_calls"),
    )
    message = answer["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "c0", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}},
        {"id": "c1", "type": "function", "function": {"name": "time", "arguments": "{}"}},
    ]
    assert answer["choices"][0]["finish_reason"] == "tool_calls"


def test_several_choices_interleave() -> None:
    answer = added(delta(1, content="B"), delta(0, content="A"), delta(0, "stop"), delta(1, "length", content="b"))
    assert [(c["message"]["content"], c["finish_reason"]) for c in answer["choices"]] == [
        ("A", "stop"),
        ("Bb", "length"),
    ]


def test_refusal_and_reasoning_are_kept_apart_from_content() -> None:
    message = added(delta(reasoning="think "), delta(reasoning="hard"), delta(content="4"))["choices"][0]["message"]
    assert (message["reasoning"], message["content"]) == ("think hard", "4")
    message = added(delta(refusal="I "), delta(refusal="won't"))["choices"][0]["message"]
    assert (message["refusal"], message["content"]) == ("I won't", None)


def test_log_probabilities_are_joined() -> None:
    first, second = delta(content="a"), delta(content="b")
    first["choices"][0]["logprobs"] = {"content": [{"token": "a", "logprob": -1.0}], "refusal": None}
    second["choices"][0]["logprobs"] = {"content": [{"token": "b", "logprob": -2.0}], "refusal": None}
    logprobs = added(first, second)["choices"][0]["logprobs"]
    assert [entry["token"] for entry in logprobs["content"]] == ["a", "b"]


def test_a_text_completion_is_a_text_completion() -> None:
    def piece(text: str, finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "text": text, "logprobs": None, "finish_reason": finish, "stop_reason": None}
        return {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}

    answer = added(piece("Once "), piece("upon", "length"), chat=False)
    assert answer["object"] == "text_completion"
    assert answer["choices"] == [
        {"index": 0, "text": "Once upon", "logprobs": None, "finish_reason": "length", "stop_reason": None}
    ]


def test_a_request_travels_unchanged_with_what_the_contract_does_not_name() -> None:
    asked = {
        "model": "",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c", "content": "42"},
        ],
        "temperature": 0,
        "seed": "5",
        "stop": ["a", "b"],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"minItems": 2, "minimum": 0.5}}}],
        "extra": {"top_k": 20, "min_p": 0.1, "temperature": 1, "logit_bias": {"5": -100}},
    }
    body = completion_body(json_format.ParseDict(asked, ChatCompletionRequest()), model="m")
    assert body.pop("stream") is True and body.pop("stream_options") == {"include_usage": True}
    expected = {**asked, **asked["extra"], "model": "m", "temperature": 0, "seed": 5}
    del expected["extra"]
    assert body == expected
    assert isinstance(body["top_k"], int) and isinstance(body["tools"][0]["function"]["parameters"]["minItems"], int)


def test_token_prompts_stay_whole_numbers() -> None:
    request = json_format.ParseDict({"prompt": [1, 2, 3], "max_tokens": 4}, CompletionRequest())
    body = completion_body(request, model="m")
    assert json.dumps(body["prompt"]) == "[1, 2, 3]" and body["max_tokens"] == 4


def test_the_order_a_client_wrote_is_kept() -> None:
    properties = {name: {"type": "string"} for name in ("zeta", "name", "alpha", "city", "age")}
    written = {"response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": properties}}}}
    extra = {"structured_outputs": {"json": {"properties": properties}}}
    request = message(ChatCompletionRequest, {"messages": [{"role": "user", "content": "hi"}], **written, **extra})
    body = completion_body(ChatCompletionRequest.FromString(request.SerializeToString()), model="m")
    assert json.dumps({name: body[name] for name in (*written, *extra)}) == json.dumps(written | extra)


def test_verbatim_cannot_add_to_a_request_and_must_be_an_object() -> None:
    request = json_format.ParseDict({"prompt": "a", "verbatim": '{"model": "x", "n": 99}'}, CompletionRequest())
    body = completion_body(request, model="m")
    assert body["model"] == "m" and "n" not in body
    for wrong in ("[1]", "{"):
        with pytest.raises(BadInput):
            completion_body(CompletionRequest(verbatim=wrong), model="m")
