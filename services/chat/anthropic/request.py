"""A chat completion request of OpenAI's as a request to the messages API."""

from typing import Any

from services.chat.anthropic.conversation import conversation
from services.chat.anthropic.schema import within_limits
from services.chat.refusals import not_supported
from services.kit.failures import BadInput

Json = dict[str, Any]

# The messages API wants a limit where OpenAI's default is the model's own. What a model thinks counts too, so a small
# one cuts answers off; this much every model takes, and only what is written is paid for.
_MAX_TOKENS = 8192
# OpenAI's scale of temperatures ends at 2, Anthropic's at 1.
_HOTTEST = 1.0
_EFFORT = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}

_TRANSLATED = frozenset(
    {
        "model",
        "messages",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "stop",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
        "user",
        "safety_identifier",
    }
)
# Anthropic's own, for clients that know whom they talk to.
_UNCHANGED = ("thinking", "top_k", "cache_control", "inference_geo")
# Wishes about how, or records: nothing in an answer shows whether they were heeded, OpenAI's seed included, which is
# "best effort". `stream` is always on and usage always told.
_LEFT_OUT = frozenset(
    {
        "stream",
        "stream_options",
        "seed",
        "store",
        "metadata",
        "prediction",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "verbosity",
    }
)
# What asks for nothing may be there: many clients send every field they know.
_NEUTRAL: dict[str, Any] = {"n": 1, "modalities": ["text"], "repetition_penalty": 1}

# There is no JSON mode without a schema: structured outputs need one with closed objects. A forced tool would take the
# place of the client's own, and not every model can be forced; nor do newer ones let their answer be begun with "{".
_JSON_ONLY = "Answer with one JSON object and nothing else: no text before or after it, no code fence."


def message_body(asked: Json) -> Json:
    """The body of a streamed request to the messages API.

    `asked` is `completion_body`'s. Raises `BadInput` naming the field, with the code `not_supported` where the messages
    API has no equal.
    """
    _refuse_what_has_no_equal(asked)
    system, turns = conversation(asked.get("messages") or [])
    body: Json = {"model": asked["model"], "max_tokens": _limit(asked), "stream": True, "messages": turns}
    body |= _sampling(asked) | _tools(asked) | _user(asked)
    if stops := _stops(asked.get("stop")):
        body["stop_sequences"] = stops
    output: Json = {}
    form = asked.get("response_format") or {}
    match form.get("type", "text"):
        case "text":
            pass
        case "json_object":
            system.append({"type": "text", "text": _JSON_ONLY})
        case "json_schema":
            output["format"] = {"type": "json_schema", "schema": _schema(form)}
        case other:
            raise not_supported("response_format", f"Anthropic has no form {other!r}")
    if effort := asked.get("reasoning_effort"):
        if effort == "none":
            body["thinking"] = {"type": "disabled"}
        elif effort not in _EFFORT:
            raise BadInput.of("reasoning_effort", f"must be none or one of {', '.join(_EFFORT)}")
        else:
            output["effort"] = _EFFORT[effort]
    if output:
        body["output_config"] = output
    if system:
        body["system"] = system
    return body | {name: asked[name] for name in _UNCHANGED if asked.get(name) is not None}


def _refuse_what_has_no_equal(asked: Json) -> None:
    known = _TRANSLATED | _LEFT_OUT | set(_UNCHANGED)
    for name, value in asked.items():
        if name not in known and value and value != _NEUTRAL.get(name):
            raise not_supported(name, "Anthropic's messages API has no equal")


def _limit(asked: Json) -> int:
    return asked.get("max_completion_tokens") or asked.get("max_tokens") or _MAX_TOKENS


def _sampling(asked: Json) -> Json:
    """Newer models refuse both fields together, the newest each of them; so what equals the default is not sent.

    "You should either alter temperature or top_p, but not both": of two the temperature is sent.
    """
    temperature, top_p = asked.get("temperature"), asked.get("top_p")
    if temperature is not None and temperature < _HOTTEST:
        return {"temperature": max(0.0, temperature)}
    # Hotter is clamped to 1, which is the default.
    if top_p is not None and top_p < 1:
        return {"top_p": top_p}
    return {}


def _stops(told: Any) -> list[str]:
    stops: list[str] = [told] if isinstance(told, str) else list(told or ())
    for stop in stops:
        if not isinstance(stop, str):
            raise BadInput.of("stop", "must be a text or a list of texts")
        if not stop.strip():
            raise not_supported("stop", f"Anthropic does not stop at white space ({stop!r})")
    return stops


def _user(asked: Json) -> Json:
    user = asked.get("safety_identifier") or asked.get("user")
    return {"metadata": {"user_id": user}} if user else {}


def _schema(form: Json) -> Json:
    schema = (form.get("json_schema") or {}).get("schema")
    if not isinstance(schema, dict):
        raise BadInput.of("response_format.json_schema.schema", "must be a JSON schema")
    return within_limits(schema)


def _tools(asked: Json) -> Json:
    tools = [_tool(index, tool) for index, tool in enumerate(asked.get("tools") or ())]
    choice = _choice(asked.get("tool_choice"), may_choose=bool(tools))
    if asked.get("parallel_tool_calls") is False and tools:
        choice = choice or {"type": "auto"}
        if choice["type"] != "none":
            choice["disable_parallel_tool_use"] = True
    return ({"tools": tools} if tools else {}) | ({"tool_choice": choice} if choice else {})


def _tool(index: int, tool: Json) -> Json:
    function = tool.get("function")
    if tool.get("type", "function") != "function":
        raise not_supported(f"tools.{index}.type", f"Anthropic has no tools of the type {tool['type']!r}")
    if not isinstance(function, dict) or not function.get("name"):
        raise BadInput.of(f"tools.{index}.function", "must be a function with a name")
    found: Json = {"name": function["name"]}
    if function.get("description"):
        found["description"] = function["description"]
    # OpenAI leaves the parameters out where there are none.
    found["input_schema"] = {"type": "object", **(function.get("parameters") or {})}
    if function.get("strict"):
        found["strict"] = True
    return found


def _choice(told: Any, *, may_choose: bool) -> Json:
    match told:
        case None:
            return {}
        case "auto" | "none":
            # Without tools both say the same, and Anthropic refuses a choice among none.
            return {"type": told} if may_choose else {}
        case "required":
            return {"type": "any"}
        case {"type": "function", "function": {"name": str(name)}}:
            return {"type": "tool", "name": name}
        case _:
            raise not_supported("tool_choice", "Anthropic knows auto, none, required or one function by its name")
