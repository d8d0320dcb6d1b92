"""OpenAI's messages as Anthropic's: instructions apart, then turns of user and assistant that alternate."""

import re
from typing import Any

import orjson

from services.chat.refusals import not_supported
from services.kit.failures import BadInput

Json = dict[str, Any]

_DATA_URL = re.compile(r"data:(?P<type>[\w/+.-]+)(?:;[\w=-]+)*;base64,(?P<data>.*)", re.DOTALL)
_IMAGES = {
    "image/jpeg": "image/jpeg",
    "image/jpg": "image/jpeg",
    "image/png": "image/png",
    "image/gif": "image/gif",
    "image/webp": "image/webp",
}
# What an id of a call may hold; other servers' ids travel through the client into later requests.
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def conversation(messages: list[Json]) -> tuple[list[Json], list[Json]]:
    """The blocks of the instructions, and the turns.

    All instructions stand before the turns, wherever they stood: not every model takes them in between. Raises
    `BadInput` naming the message.
    """
    system: list[Json] = []
    turns: list[Json] = []
    for index, message in enumerate(messages):
        role, where = message.get("role"), f"messages.{index}"
        match role:
            case "system" | "developer":
                system += _blocks(message.get("content"), where, text_only=True)
            case "user":
                _add(turns, "user", _blocks(message.get("content"), where))
            case "assistant":
                _add(
                    turns, "assistant", _blocks(message.get("content"), where, text_only=True) + _calls(message, where)
                )
            case "tool":
                _add(turns, "user", [_result(message, where)])
            case _:
                raise not_supported(f"{where}.role", f"Anthropic has no role {role!r}")
    if not turns:
        # Anthropic wants something to answer, OpenAI is content with instructions.
        turns, system = ([{"role": "user", "content": system}] if system else []), []
    if not turns:
        raise BadInput.of("messages", "nothing is said in them")
    _trim(turns[-1])
    return system, turns


def _add(turns: list[Json], role: str, blocks: list[Json]) -> None:
    """Neighbours of one role are one turn; nothing said is no turn."""
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    elif blocks:
        turns.append({"role": role, "content": blocks})


def _trim(last: Json) -> None:
    """An answer that is to be continued must not end in white space."""
    block = last["content"][-1]
    if last["role"] == "assistant" and block["type"] == "text":
        block["text"] = block["text"].rstrip()


def _blocks(content: Any, where: str, *, text_only: bool = False) -> list[Json]:
    """The parts of a message; blank texts are left out, as Anthropic refuses them."""
    if content is None:
        return []
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise BadInput.of(f"{where}.content", "must be a text or a list of parts")
    blocks: list[Json] = []
    for index, part in enumerate(content):
        place = f"{where}.content.{index}"
        if not isinstance(part, dict):
            raise BadInput.of(place, "must be an object with a type")
        kind = part.get("type")
        if kind in ("text", "refusal"):
            text = part.get(kind)
            if not isinstance(text, str):
                raise BadInput.of(place, f"must have a text in {kind!r}")
            if text.strip():
                blocks.append({"type": "text", "text": text})
        elif kind == "image_url" and not text_only:
            blocks.append({"type": "image", "source": _image(part.get("image_url"), f"{place}.image_url")})
        else:
            raise not_supported(f"{place}.type", f"Anthropic takes no {kind!r} here")
    return blocks


def _image(told: Any, where: str) -> Json:
    url = told.get("url") if isinstance(told, dict) else told
    if not isinstance(url, str):
        raise BadInput.of(where, "must have a url")
    if url.startswith(("http://", "https://")):
        return {"type": "url", "url": url}
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise BadInput.of(where, "must be an http(s) URL, or a data: URL in base64")
    media = _IMAGES.get(found["type"].lower())
    if media is None:
        raise not_supported(where, f"Anthropic takes JPEG, PNG, GIF and WebP images, not {found['type']}")
    return {"type": "base64", "media_type": media, "data": found["data"]}


def _calls(message: Json, where: str) -> list[Json]:
    return [_call(call, f"{where}.tool_calls.{index}") for index, call in enumerate(message.get("tool_calls") or ())]


def _call(call: Json, where: str) -> Json:
    function = call.get("function")
    if not isinstance(function, dict) or not function.get("name"):
        raise BadInput.of(f"{where}.function", "must be a function with a name")
    written = function.get("arguments") or "{}"
    try:
        arguments = orjson.loads(written) if isinstance(written, str) else written
    except orjson.JSONDecodeError as error:
        raise BadInput.of(f"{where}.function.arguments", f"are not JSON: {error}") from error
    if not isinstance(arguments, dict):
        raise BadInput.of(f"{where}.function.arguments", "must be a JSON object")
    return {"type": "tool_use", "id": _id(call.get("id"), where), "name": function["name"], "input": arguments}


def _result(message: Json, where: str) -> Json:
    result: Json = {"type": "tool_result", "tool_use_id": _id(message.get("tool_call_id"), f"{where}.tool_call_id")}
    if content := _blocks(message.get("content"), where):
        result["content"] = content
    return result


def _id(told: Any, where: str) -> str:
    if not isinstance(told, str) or not told:
        raise BadInput.of(where, "must have the id of the call")
    return _NOT_IN_IDS.sub("_", told)
