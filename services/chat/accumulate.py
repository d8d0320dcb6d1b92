"""Puts the chunks of a streamed answer together into the one object that a non-streaming request is answered with."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Text that arrives in pieces; every other field of a delta is taken as it last came.
_PIECEWISE = ("content", "refusal", "reasoning", "reasoning_content")
_ENVELOPE = ("id", "created", "model", "system_fingerprint", "service_tier")


@dataclass
class _Choice:
    index: int
    texts: dict[str, list[str]] = field(default_factory=dict)
    other: Json = field(default_factory=dict)
    tool_calls: dict[int, Json] = field(default_factory=dict)
    function_call: Json | None = None
    logprobs: Json | None = None
    finish_reason: str | None = None
    stop_reason: Any = None
    has_stop_reason: bool = False

    def add(self, chunk: Json) -> None:
        if chunk.get("finish_reason") is not None:
            self.finish_reason = chunk["finish_reason"]
        if "stop_reason" in chunk:
            self.has_stop_reason = True
            self.stop_reason = chunk["stop_reason"]
        if chunk.get("logprobs"):
            self.logprobs = _joined(self.logprobs, chunk["logprobs"])

    def add_text(self, name: str, text: str) -> None:
        self.texts.setdefault(name, []).append(text)

    def add_delta(self, delta: Json) -> None:
        for name, value in delta.items():
            if value is None:
                continue
            if name in _PIECEWISE and isinstance(value, str):
                self.add_text(name, value)
            elif name == "tool_calls":
                for fragment in value:
                    self._add_tool_call(fragment)
            elif name == "function_call":
                self.function_call = _merged_call(self.function_call or {}, value)
            elif name != "role":
                self.other[name] = value

    def _add_tool_call(self, fragment: Json) -> None:
        # A server that sends each call whole and without an index means a new one every time.
        index = fragment.get("index")
        if index is None:
            index = len(self.tool_calls)
        call = self.tool_calls.setdefault(index, {})
        for name, value in fragment.items():
            if name == "function":
                call["function"] = _merged_call(call.get("function", {}), value)
            elif name != "index" and value is not None:
                call[name] = value

    def ending(self) -> Json:
        end: Json = {"logprobs": self.logprobs, "finish_reason": self.finish_reason}
        if self.has_stop_reason:
            end["stop_reason"] = self.stop_reason
        return end


class Accumulator:
    """Collects the parsed chunks of one answer, for `chat` as `chat.completion`, else as `text_completion`."""

    def __init__(self, *, chat: bool) -> None:
        """Nothing has arrived."""
        self._chat = chat
        self._envelope: Json = {}
        self._choices: dict[int, _Choice] = {}
        self._usage: Json | None = None

    def add(self, chunk: Json) -> None:
        """One chunk object as it came in the stream."""
        for name in _ENVELOPE:
            if chunk.get(name) is not None:
                self._envelope.setdefault(name, chunk[name])
        if chunk.get("usage"):
            self._usage = chunk["usage"]
        for part in chunk.get("choices") or ():
            index = part.get("index", 0)
            choice = self._choices.setdefault(index, _Choice(index))
            choice.add(part)
            if self._chat:
                choice.add_delta(part.get("delta") or {})
            elif part.get("text"):
                choice.add_text("text", part["text"])

    def result(self) -> Json:
        """The whole answer."""
        choices = [self._finished(self._choices[index]) for index in sorted(self._choices)]
        answer: Json = {
            "id": self._envelope.get("id", ""),
            "object": "chat.completion" if self._chat else "text_completion",
            "created": self._envelope.get("created", 0),
            "model": self._envelope.get("model", ""),
            "choices": choices,
        }
        answer |= {name: self._envelope[name] for name in _ENVELOPE if name in self._envelope}
        if self._usage is not None:
            answer["usage"] = self._usage
        return answer

    def _finished(self, choice: _Choice) -> Json:
        if not self._chat:
            return {"index": choice.index, "text": "".join(choice.texts.get("text", ())), **choice.ending()}
        calls = [choice.tool_calls[index] for index in sorted(choice.tool_calls)]
        texts = {name: "".join(pieces) for name, pieces in choice.texts.items()}
        spoken = texts.pop("content", "")
        # OpenAI gives null, not "", where the answer is a call or a refusal.
        silent = bool(calls or choice.function_call or texts.get("refusal"))
        message: Json = {"role": "assistant", "content": None if silent and not spoken else spoken}
        message["refusal"] = texts.pop("refusal", None)
        message |= texts | choice.other
        if calls:
            message["tool_calls"] = calls
        if choice.function_call:
            message["function_call"] = choice.function_call
        return {"index": choice.index, "message": message, **choice.ending()}


def _merged_call(call: Json, fragment: Json) -> Json:
    merged = dict(call)
    for name, value in fragment.items():
        if value is None:
            continue
        merged[name] = merged.get(name, "") + value if name == "arguments" and isinstance(value, str) else value
    merged.setdefault("arguments", "")
    return merged


def _joined(before: Json | None, new: Json) -> Json:
    """Log probabilities are lists per token in both APIs, so lists are joined and the rest is replaced."""
    joined = dict(before or {})
    for name, value in new.items():
        old = joined.get(name)
        joined[name] = old + value if isinstance(old, list) and isinstance(value, list) else value
    return joined
