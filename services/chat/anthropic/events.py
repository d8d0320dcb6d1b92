"""The messages API's event stream as OpenAI's chunk objects.

https://platform.claude.com/docs/en/build-with-claude/streaming:
`message_start`, per block of content `content_block_start`, deltas and `content_block_stop`, then `message_delta` with
the reason of the end, and `message_stop`; `ping` and `error` may come anywhere between.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from services.chat.anthropic.errors import error_chunk
from services.chat.translation import DONE

Json = dict[str, Any]

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    # Only tools of Anthropic's own pause a turn, and those are never sent.
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_SAID_LIMIT = 100


@dataclass
class _Call:
    index: int
    """Among the tool calls of the answer; Anthropic counts all blocks."""
    has_arguments: bool = False


class Chunks:
    """Reads one answer's events, in order."""

    def __init__(self, model: str) -> None:
        """`model` is what was asked for, until the answer says what it is."""
        self._envelope: Json = {
            "id": "",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._calls: dict[int, _Call] = {}
        self._usage: Json = {}

    def of(self, event: bytes) -> list[bytes]:
        """The chunk objects of one event's data; see `Translation.chunks`."""
        try:
            told = orjson.loads(event)
            chunks = [orjson.dumps(chunk) for chunk in self._read(told)]
            return [*chunks, DONE] if told["type"] == "message_stop" else chunks
        except (AttributeError, KeyError, TypeError, ValueError):
            said = event[:_SAID_LIMIT].decode(errors="replace")
            return [orjson.dumps(error_chunk({"message": f"it sent what is no event of its API: {said}"}))]

    def _read(self, event: Json) -> Iterator[Json]:
        match event["type"]:
            case "message_start":
                yield self._start(event["message"])
            case "content_block_start":
                yield from self._block(event["index"], event["content_block"])
            case "content_block_delta":
                yield from self._delta(event["index"], event["delta"])
            case "content_block_stop":
                call = self._calls.get(event["index"])
                # A call without arguments has no pieces; clients parse what they put together, so it must be JSON.
                if call is not None and not call.has_arguments:
                    yield self._argue(call, "{}")
            case "message_delta":
                self._note(event.get("usage") or {})
                if reason := event["delta"].get("stop_reason"):
                    yield self._chunk({}, _FINISH.get(reason, "stop"))
            case "message_stop":
                yield self._envelope | {"choices": [], "usage": self._total()}
            case "error":
                yield error_chunk(event["error"])
            case _:
                # "ping", and whatever is added: its documentation asks to pass over what one does not know.
                return

    def _start(self, message: Json) -> Json:
        self._envelope |= {name: message[name] for name in ("id", "model") if message.get(name)}
        self._note(message.get("usage") or {})
        return self._chunk({"role": "assistant", "content": ""})

    def _block(self, index: int, block: Json) -> Iterator[Json]:
        if block["type"] == "tool_use":
            call = self._calls[index] = _Call(len(self._calls))
            function = {"name": block["name"], "arguments": ""}
            opening = {"index": call.index, "id": block["id"], "type": "function", "function": function}
            yield self._chunk({"tool_calls": [opening]})
            if block.get("input"):
                yield self._argue(call, orjson.dumps(block["input"]).decode())
        elif block["type"] == "text" and block.get("text"):
            yield self._chunk({"content": block["text"]})
        elif block["type"] == "thinking" and block.get("thinking"):
            yield self._chunk({"reasoning_content": block["thinking"]})

    def _delta(self, index: int, delta: Json) -> Iterator[Json]:
        match delta["type"]:
            case "text_delta" if delta["text"]:
                yield self._chunk({"content": delta["text"]})
            case "thinking_delta" if delta["thinking"]:
                yield self._chunk({"reasoning_content": delta["thinking"]})
            case "input_json_delta" if delta["partial_json"] and index in self._calls:
                yield self._argue(self._calls[index], delta["partial_json"])
            case _:
                # Signatures and citations have no place in OpenAI's terms; empty pieces say nothing.
                return

    def _argue(self, call: _Call, piece: str) -> Json:
        call.has_arguments = True
        return self._chunk({"tool_calls": [{"index": call.index, "function": {"arguments": piece}}]})

    def _chunk(self, delta: Json, finish: str | None = None) -> Json:
        return self._envelope | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    def _note(self, usage: Json) -> None:
        # Figures are cumulative; those of the end take the place of those of the start.
        self._usage |= {name: value for name, value in usage.items() if value is not None}

    def _total(self) -> Json:
        """OpenAI counts what is read from or written to the cache as a part of the prompt, Anthropic beside it."""
        cached = int(self._usage.get("cache_read_input_tokens", 0))
        fresh = int(self._usage.get("input_tokens", 0)) + int(self._usage.get("cache_creation_input_tokens", 0))
        written = int(self._usage.get("output_tokens", 0))
        thought = (self._usage.get("output_tokens_details") or {}).get("thinking_tokens", 0)
        return {
            "prompt_tokens": fresh + cached,
            "completion_tokens": written,
            "total_tokens": fresh + cached + written,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": thought},
        }
