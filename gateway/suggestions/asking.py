"""Prompts enhanced by a language model."""

import re
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from google.protobuf.struct_pb2 import Value

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage
from gateway.preset_schemas import PresetKind
from gateway.state import Asker, Parts
from services.kit.failures import Unavailable

_TOLD = (
    "You improve prompts for a model that makes {what} from text. Rewrite the prompt of the user: keep its subject and "
    "everything it asks for, and add fitting words on style, lighting, colours, composition and quality{more}. Answer "
    "with the new prompt alone: one line of comma-separated phrases, at most 60 words, no quotes and no explanations."
)
_WHAT = {"image": ("a picture", ""), "video": ("a short video", ", and on how the camera and the subject move")}
_MOST_TOKENS = 200
_LONGEST = 2000
_LABEL = re.compile(r"^(?:(?:new|improved|enhanced|rewritten)\s+)?(?:prompt|answer)\s*:\s*", re.IGNORECASE)
_AROUND = " \t\"'`*“”„«»"


@dataclass(frozen=True)
class Told:
    """What a model made of a prompt."""

    prompt: str
    model: str
    endpoint: str


async def enhanced(parts: Parts, asker: Asker, prompt: str, kind: PresetKind, seed: int, model: str) -> Told:
    """Ask the model that answers this owner, or the named one. Raises what asking raises, and `Unavailable` where the
    answer is none."""
    what, more = _WHAT[kind]
    request = ChatCompletionRequest(model=model, max_tokens=_MOST_TOKENS, temperature=0.7, seed=seed)
    for role, content in (("system", _TOLD.format(what=what, more=more)), ("user", prompt)):
        request.messages.append(ChatMessage(role=role, content=Value(string_value=content)))
    answer = await parts.completions.ask(request, asker.owner_id, asker.traceparent)
    body = b""
    async with aclosing(answer.chunks) as chunks:
        async for chunk in chunks:
            if chunk.json:
                body = chunk.json[0]
                break
    data: dict[str, Any] = orjson.loads(body or b"{}")
    choices: list[dict[str, Any]] = data.get("choices") or [{}]
    message: dict[str, Any] = choices[0].get("message") or {}
    text = cleaned(str(message.get("content") or ""))
    if not text:
        raise Unavailable(
            "The model's answer holds no prompt.",
            hint="Ask again or let another model answer; by rules it works without one.",
        )
    atelier: dict[str, Any] = data.get("atelier") or {}
    return Told(text, str(data.get("model") or ""), str(atelier.get("endpoint") or ""))


def cleaned(answer: str) -> str:
    """The prompt in a model's answer: its first line with words, without label, quotes or thoughts; "" if none."""
    plain = re.sub(r"<think>.*?(?:</think>|$)", "", answer, flags=re.DOTALL)
    for line in plain.splitlines():
        text = _LABEL.sub("", line.strip(_AROUND)).strip(_AROUND)
        if text and not text.endswith(":"):
            return " ".join(text.split())[:_LONGEST].replace("\0", "")
    return ""
