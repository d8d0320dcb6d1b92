"""Anthropic's messages API in OpenAI's terms, both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.chat.accumulate import Accumulator
from services.chat.anthropic import Exchange, headers, read_models
from services.chat.anthropic.schema import within_limits
from services.chat.refusals import ErrorAnswer, as_failure, read_error
from services.chat.translation import DONE
from services.kit.failures import BadInput, Failure, ModelNotFound, Overloaded, Unavailable

HI = {"role": "user", "content": "hi"}
WEATHER = {
    "type": "function",
    "function": {"name": "weather", "description": "The weather.", "parameters": {"properties": {"city": {}}}},
}


def body_of(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    asked = {"model": "claude", "messages": list(messages) or [HI], "stream": True, "stream_options": {}, **fields}
    return Exchange("chat/completions", asked).body


def text(words: str) -> dict[str, str]:
    return {"type": "text", "text": words}


# --- the request ------------------------------------------------------------------------------------------------------


def test_the_least_there_can_be() -> None:
    turns = [{"role": "user", "content": [text("hi")]}]
    assert body_of() == {"model": "claude", "max_tokens": 8192, "stream": True, "messages": turns}
    assert Exchange("chat/completions", {"model": "m", "messages": [HI]}).path == "messages"


def test_instructions_stand_apart_wherever_they_stood() -> None:
    body = body_of(
        {"role": "system", "content": "Be brief."}, HI, {"role": "developer", "content": [text("In verse.")]}
    )
    assert body["system"] == [text("Be brief."), text("In verse.")]
    assert [turn["role"] for turn in body["messages"]] == ["user"]


def test_instructions_alone_are_something_to_answer() -> None:
    body = body_of({"role": "system", "content": "Write a haiku."})
    assert "system" not in body and body["messages"] == [{"role": "user", "content": [text("Write a haiku.")]}]


def test_neighbours_of_one_role_become_one_turn() -> None:
    said = [("user", "a"), ("user", "b"), ("assistant", "c"), ("assistant", ""), ("assistant", "d"), ("user", "e")]
    body = body_of(*({"role": role, "content": words} for role, words in said))
    assert [(turn["role"], [block["text"] for block in turn["content"]]) for turn in body["messages"]] == [
        ("user", ["a", "b"]),
        ("assistant", ["c", "d"]),
        ("user", ["e"]),
    ]


def test_an_answer_to_be_continued_does_not_end_in_white_space() -> None:
    assert body_of(HI, {"role": "assistant", "content": "Well, \n"})["messages"][-1]["content"] == [text("Well,")]


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:image/png;base64,QUJD", {"type": "base64", "media_type": "image/png", "data": "QUJD"}),
        ("data:image/jpg;base64,QUJD", {"type": "base64", "media_type": "image/jpeg", "data": "QUJD"}),
        ("https://example.org/cat.webp", {"type": "url", "url": "https://example.org/cat.webp"}),
    ],
)
def test_images_are_sent_along(url: str, source: dict[str, str]) -> None:
    body = body_of({"role": "user", "content": [text("What is it?"), {"type": "image_url", "image_url": {"url": url}}]})
    assert body["messages"][0]["content"] == [text("What is it?"), {"type": "image", "source": source}]


def test_calls_and_their_results_are_blocks_of_the_turns() -> None:
    calls = [
        {"id": "call.1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}},
        {"id": "call_2", "type": "function", "function": {"name": "now", "arguments": ""}},
    ]
    body = body_of(
        HI,
        {"role": "assistant", "content": "Looking.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "call.1", "content": "rain"},
        {"role": "tool", "tool_call_id": "call_2", "content": [text("noon")]},
        {"role": "user", "content": "And now?"},
    )
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                text("Looking."),
                # Anthropic takes fewer characters in ids than others make them of.
                {"type": "tool_use", "id": "call_1", "name": "weather", "input": {"city": "Bern"}},
                {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": [text("rain")]},
                {"type": "tool_result", "tool_use_id": "call_2", "content": [text("noon")]},
                text("And now?"),
            ],
        },
    ]


def test_tools_are_described_with_their_schema() -> None:
    strict = {"type": "function", "function": {"name": "now", "strict": True}}
    assert body_of(tools=[WEATHER, strict])["tools"] == [
        {
            "name": "weather",
            "description": "The weather.",
            "input_schema": {"type": "object", "properties": {"city": {}}},
        },
        {"name": "now", "input_schema": {"type": "object"}, "strict": True},
    ]


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({"tools": [WEATHER]}, None),
        ({"tools": [WEATHER], "tool_choice": "auto"}, {"type": "auto"}),
        ({"tools": [WEATHER], "tool_choice": "none"}, {"type": "none"}),
        ({"tools": [WEATHER], "tool_choice": "required"}, {"type": "any"}),
        ({"tools": [WEATHER], "tool_choice": NAMED}, {"type": "tool", "name": "weather"}),
        ({"tools": [WEATHER], "parallel_tool_calls": True}, None),
        ({"tools": [WEATHER], "parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tools": [WEATHER], "parallel_tool_calls": False, "tool_choice": "required"},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
        ({"tools": [WEATHER], "parallel_tool_calls": False, "tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, None),
    ],
)
def test_which_tool_is_called(fields: dict[str, Any], choice: dict[str, Any] | None) -> None:
    assert body_of(**fields).get("tool_choice") == choice


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_tokens": 7}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"temperature": 0.3}, {"temperature": 0.3}),
        ({"temperature": 0.0, "top_p": 0.9}, {"temperature": 0.0}),
        ({"temperature": 1.7}, {}),
        ({"temperature": 1.0, "top_p": 0.9}, {"top_p": 0.9}),
        ({"top_p": 1.0}, {}),
        ({"user": "u-1"}, {"metadata": {"user_id": "u-1"}}),
        ({"reasoning_effort": "minimal"}, {"output_config": {"effort": "low"}}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"response_format": {"type": "text"}}, {}),
        # Anthropic's own fields are for those who know whom they ask.
        ({"top_k": 5, "thinking": {"type": "adaptive"}}, {"top_k": 5, "thinking": {"type": "adaptive"}}),
        # A wish, and what asks for nothing.
        ({"seed": 1, "n": 1, "logprobs": False, "presence_penalty": 0.0, "logit_bias": {}, "store": True}, {}),
    ],
)
def test_what_a_field_becomes(asked: dict[str, Any], sent: dict[str, Any]) -> None:
    assert body_of(**asked) == body_of() | sent


def test_a_schema_is_enforced_and_json_without_one_is_asked_for() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    form = {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}}
    expected = {"type": "json_schema", "schema": schema | {"additionalProperties": False}}
    assert body_of(response_format=form)["output_config"] == {"format": expected}
    body = body_of({"role": "system", "content": "Be brief."}, HI, response_format={"type": "json_object"})
    assert "output_config" not in body and body["system"][0] == text("Be brief.")
    assert "one JSON object" in body["system"][1]["text"]


def test_a_schema_keeps_what_can_be_enforced_and_tells_the_rest() -> None:
    found = within_limits(
        {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {
                "age": {"type": "integer", "minimum": 1, "description": "In years"},
                "mail": {"type": "string", "format": "email", "maxLength": 9},
                "pet": {"$ref": "#/$defs/Pet", "description": "May be none"},
                "tags": {"type": "array", "items": {"type": "string", "pattern": "a+"}, "minItems": 1, "maxItems": 3},
                "either": {"oneOf": [{"type": "null"}, {"type": "object"}]},
            },
            "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": "string", "default": "Rex"}}}},
            "additionalProperties": True,
        }
    )
    assert found == {
        "type": "object",
        "properties": {
            "age": {"type": "integer", "description": 'In years\n\n{"minimum":1}'},
            "mail": {"type": "string", "format": "email", "description": '{"maxLength":9}'},
            "pet": {"$ref": "#/$defs/Pet"},
            "tags": {
                "type": "array",
                "items": {"type": "string", "description": '{"pattern":"a+"}'},
                "minItems": 1,
                "description": '{"maxItems":3}',
            },
            "either": {"anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": False}]},
        },
        "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False}},
        "additionalProperties": False,
    }
    assert list(found["properties"]) == ["age", "mail", "pet", "tags", "either"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"logit_bias": {"1": 5}}, "logit_bias"),
        ({"min_p": 0.1}, "min_p"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"stop": ["\n"]}, "stop"),
        ({"response_format": {"type": "grammar"}}, "response_format"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools.0.type"),
        ({"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "messages.0.content.0.type"),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "image_url", "image_url": "data:image/bmp;base64,QQ"}]}
                ]
            },
            "messages.0.content.0.image_url",
        ),
    ],
)
def test_what_has_no_equal_is_named_before_anything_is_sent_and_another_may_do_it(
    fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as told:
        body_of(**fields)
    assert told.value.code == "not_supported" and told.value.fields[0].field == field


def call(**function: Any) -> dict[str, Any]:
    return {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", **function}}]}


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"role": "user", "content": " "}, "messages"),
        ({"role": "user", "content": 5}, "messages.0.content"),
        ({"role": "user", "content": ["hi"]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "text"}]}, "messages.0.content.0"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages.0.content.0.image_url"),
        ({"role": "user", "content": [{"type": "image_url", "image_url": "cat"}]}, "messages.0.content.0.image_url"),
        ({"role": "tool", "content": "x"}, "messages.0.tool_call_id"),
        (call(arguments="{"), "messages.0.tool_calls.0.function.arguments"),
        (call(arguments="[]"), "messages.0.tool_calls.0.function.arguments"),
        (call(name=""), "messages.0.tool_calls.0.function"),
    ],
)
def test_what_is_wrong_for_everyone_is_final(message: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as told:
        body_of(message)
    assert told.value.code == "bad_input" and told.value.fields[0].field == field


def test_bare_text_is_for_another_endpoint() -> None:
    with pytest.raises(BadInput, match="conversations only") as told:
        Exchange("completions", {"model": "m", "prompt": "Once"})
    assert told.value.code == "not_supported" and told.value.fields[0].field == "prompt"


# --- the answer -------------------------------------------------------------------------------------------------------


def start(**usage: int) -> dict[str, Any]:
    return {"type": "message_start", "message": {"id": "msg_1", "model": "claude-5", "content": [], "usage": usage}}


def block(index: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **more}}


def piece(index: int, kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def closed(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(reason: str, **usage: int) -> list[dict[str, Any]]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]


def read(*events: dict[str, Any]) -> list[Any]:
    """The chunk objects of an answer; `DONE` as it is."""
    exchange = Exchange("chat/completions", {"model": "claude", "messages": [HI]})
    chunks = [chunk for event in events for chunk in exchange.chunks(json.dumps(event).encode())]
    return [chunk if chunk == DONE else json.loads(chunk) for chunk in chunks]


def whole(*events: dict[str, Any]) -> dict[str, Any]:
    accumulator = Accumulator(chat=True)
    for chunk in read(*events):
        if chunk != DONE:
            accumulator.add(chunk)
    return accumulator.result()


def test_an_answer_becomes_chunks() -> None:
    opening, hel, lo, finish, usage, done = read(
        start(input_tokens=9, output_tokens=1),
        block(0, "text", text=""),
        {"type": "ping"},
        piece(0, "text_delta", text="Hel"),
        {"type": "something_new", "index": 0},
        piece(0, "text_delta", text="lo"),
        closed(0),
        *end("end_turn", output_tokens=2),
    )
    envelope = {"id": "msg_1", "object": "chat.completion.chunk", "model": "claude-5"}
    for chunk in (opening, hel, lo, finish, usage):
        assert {name: chunk[name] for name in envelope} == envelope and chunk["created"] > 0
    assert opening["choices"] == [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
    assert [chunk["choices"][0]["delta"] for chunk in (hel, lo, finish)] == [{"content": "Hel"}, {"content": "lo"}, {}]
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == [] and usage["usage"]["total_tokens"] == 11
    assert done == DONE


def test_the_cache_is_a_part_of_the_prompt_and_the_last_figures_count() -> None:
    read_before = start(input_tokens=5, cache_creation_input_tokens=3, cache_read_input_tokens=100, output_tokens=1)
    *_, told, _ = read(read_before, *end("end_turn", output_tokens=7, input_tokens=6))
    assert told["usage"] == {
        "prompt_tokens": 109,
        "completion_tokens": 7,
        "total_tokens": 116,
        "prompt_tokens_details": {"cached_tokens": 100},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_why_an_answer_ended(reason: str, finish: str) -> None:
    assert whole(start(), *end(reason))["choices"][0]["finish_reason"] == finish


def test_calls_come_in_pieces_and_are_counted_among_themselves() -> None:
    events = [
        start(),
        block(0, "text", text=""),
        piece(0, "text_delta", text="Looking."),
        closed(0),
        block(1, "tool_use", id="t1", name="weather", input={}),
        piece(1, "input_json_delta", partial_json=""),
        piece(1, "input_json_delta", partial_json='{"city": '),
        piece(1, "input_json_delta", partial_json='"Bern"}'),
        closed(1),
        block(2, "tool_use", id="t2", name="now", input={}),
        piece(2, "input_json_delta", partial_json=""),
        closed(2),
        *end("tool_use"),
    ]
    message = whole(*events)["choices"][0]["message"]
    assert message["content"] == "Looking."
    assert message["tool_calls"] == [
        {"id": "t1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Bern"}'}},
        # No arguments are an empty object, not an empty text, which no client could parse.
        {"id": "t2", "type": "function", "function": {"name": "now", "arguments": "{}"}},
    ]
    fragments = [call for chunk in read(*events)[2:-3] for call in chunk["choices"][0]["delta"]["tool_calls"]]
    assert [fragment["index"] for fragment in fragments] == [0, 0, 0, 1, 1]


def test_thinking_is_reasoning_and_its_signature_nothing() -> None:
    message = whole(
        start(),
        block(0, "thinking", thinking="", signature=""),
        piece(0, "thinking_delta", thinking="Hm, "),
        piece(0, "thinking_delta", thinking="yes."),
        piece(0, "signature_delta", signature="c2ln"),
        closed(0),
        block(1, "redacted_thinking", data="eHg="),
        closed(1),
        block(2, "text", text=""),
        piece(2, "text_delta", text="Yes."),
        *end("end_turn"),
    )["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "Yes.", "refusal": None, "reasoning_content": "Hm, yes."}


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        ("overloaded_error", Overloaded),
        ("rate_limit_error", Overloaded),
        ("api_error", Unavailable),
        ("new", Unavailable),
    ],
)
def test_an_error_inside_the_stream_is_openais_error_object(kind: str, failure: type[Failure]) -> None:
    (told,) = read({"type": "error", "error": {"type": kind, "message": "Oh no"}})
    found = as_failure(read_error(500, json.dumps(told).encode()), endpoint="Claude", prompt="")
    assert type(found) is failure and found.retryable and "Oh no" in found.message


@pytest.mark.parametrize("event", [b"<html>", b"[]", b"{}", b'{"type": "content_block_delta"}', b'"\xff"'])
def test_what_is_no_event_is_an_error_too(event: bytes) -> None:
    (told,) = Exchange("chat/completions", {"model": "m", "messages": [HI]}).chunks(event)
    assert "no event" in json.loads(told)["error"]["message"] and json.loads(told)["error"]["code"] == 500


# --- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "message", "kind", "code", "field"),
    [
        (400, "prompt is too long: 208656 tokens > 200000 maximum", BadInput, "context_length_exceeded", "messages"),
        (
            400,
            "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length",
            BadInput,
            "context_length_exceeded",
            "messages",
        ),
        (413, "Request exceeds the maximum size", BadInput, "context_length_exceeded", "messages"),
        (400, "max_tokens: 100000 > 64000, which is the maximum allowed", BadInput, "bad_input", "max_tokens"),
        (400, "messages.0.content: Input should be a valid string", BadInput, "bad_input", "messages"),
        (400, "stop_sequences: List should have at most 4 items", BadInput, "bad_input", "stop"),
        (400, "output_config.format.schema: not a schema", BadInput, "bad_input", "response_format"),
        (400, "tools.0.custom.name: String should match pattern", BadInput, "bad_input", "tools"),
        (400, "`temperature` is deprecated for this model.", BadInput, "not_supported", "temperature"),
        (400, "This model does not support assistant message prefill.", BadInput, "not_supported", "messages"),
        (400, "Your credit balance is too low to access the Anthropic API.", Failure, "endpoint_refused", ""),
        (402, "Your payment failed", Failure, "endpoint_refused", ""),
        (401, "invalid x-api-key", Failure, "endpoint_refused", ""),
        (403, "Your API key does not have permission", Failure, "endpoint_refused", ""),
        (404, "model: claude-0", ModelNotFound, "model_not_found", "model"),
        (429, "This would exceed your rate limit", Overloaded, "overloaded", ""),
        (529, "Overloaded", Overloaded, "overloaded", ""),
        (504, "The request timed out", Unavailable, "unavailable", ""),
    ],
)
def test_what_a_refusal_means(status: int, message: str, kind: type[Failure], code: str, field: str) -> None:
    told = json.dumps({"type": "error", "error": {"type": "x", "message": message}, "request_id": "req_1"}).encode()
    error = Exchange("chat/completions", {"model": "m", "messages": [HI]}).refusal(read_error(status, told))
    failure = as_failure(error, endpoint="Claude", prompt="messages", retry_after="7")
    assert type(failure) is kind and failure.code == code
    assert [fault.field for fault in failure.fields] == ([field] if field else [])
    assert failure.retry_after_s == (7 if isinstance(failure, Unavailable) else None)


def test_a_model_that_takes_no_sampling_is_asked_without_and_that_once() -> None:
    exchange = Exchange("chat/completions", {"model": "m", "messages": [HI], "temperature": 0.2, "top_k": 5})
    for words in ("temperature: must be a number", "This model does not support assistant message prefill."):
        assert not exchange.amend(ErrorAnswer(400, words))
    assert not exchange.amend(ErrorAnswer(500, "`temperature` is deprecated for this model."))
    assert exchange.body["temperature"] == 0.2
    assert exchange.amend(ErrorAnswer(400, "`temperature` is deprecated for this model."))
    assert exchange.body == body_of() | {"model": "m"}
    assert not exchange.amend(ErrorAnswer(400, "`temperature` is deprecated for this model."))


def test_a_missing_model_is_named_once() -> None:
    error = Exchange("chat/completions", {"model": "m", "messages": [HI]}).refusal(ErrorAnswer(404, "model: claude-0"))
    assert as_failure(error, endpoint="Claude", prompt="").message == "model: there is no 'claude-0'"


# --- its models -------------------------------------------------------------------------------------------------------


def test_models_are_listed_with_their_age_and_context() -> None:
    first = {"type": "model", "id": "claude-a", "display_name": "A", "created_at": "2026-02-04T00:00:00Z"}
    second = {"type": "model", "id": "claude-b", "max_input_tokens": 200000}
    models = read_models({"data": [first, second], "has_more": False})
    assert [(model.id, model.created, model.context_length) for model in models] == [
        ("claude-a", 1770163200, 0),
        ("claude-b", 0, 200000),
    ]


def test_the_key_travels_in_a_header_of_its_own() -> None:
    assert headers("sk") == {"x-api-key": "sk", "anthropic-version": "2023-06-01"}
    assert headers("") == {"anthropic-version": "2023-06-01"}
