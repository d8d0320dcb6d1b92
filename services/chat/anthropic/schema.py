"""A JSON schema within what Anthropic's structured outputs take.

Objects must be closed, and limits on numbers, lengths and patterns are refused. As in Anthropic's own SDK
(`anthropic.transform_schema`) those move into the description, where the model at least reads them.
"""

from typing import Any

import orjson

Json = dict[str, Any]

_KEPT = frozenset(
    {"type", "enum", "const", "description", "title", "required"},
)
_DEFINITIONS = ("$defs", "definitions", "properties")
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"},
)
# Says nothing that the description would have to say in its place.
_SILENT = frozenset({"$schema", "$id", "additionalProperties", "default", "examples", "strict"})


def within_limits(schema: Json) -> Json:
    """The same schema as far as it can be enforced; the members keep their order, which the model follows."""
    if "$ref" in schema:
        # Nothing may stand beside a reference but, at the root, what it refers to.
        return {
            name: _each(value) if name in _DEFINITIONS else value
            for name, value in schema.items()
            if name in ("$ref", "$defs", "definitions")
        }
    kept: Json = {}
    told: Json = {}
    for name, value in schema.items():
        if name in _DEFINITIONS and isinstance(value, dict):
            kept[name] = _each(value)
        elif name in ("anyOf", "oneOf", "allOf") and isinstance(value, list):
            kept["anyOf" if name == "oneOf" else name] = [_within(one) for one in value]
        elif name == "items":
            kept[name] = _within(value)
        elif name in _KEPT or _is_kept(name, value):
            kept[name] = value
        elif name not in _SILENT:
            told[name] = value
    if _is_object(schema):
        kept["additionalProperties"] = False
    if told:
        limits = orjson.dumps(told).decode()
        kept["description"] = f"{kept['description']}\n\n{limits}" if kept.get("description") else limits
    return kept


def _each(schemas: Json) -> Json:
    return {name: _within(one) for name, one in schemas.items()}


def _within(value: Any) -> Any:
    return within_limits(value) if isinstance(value, dict) else value


def _is_kept(name: str, value: Any) -> bool:
    return (name == "format" and value in _FORMATS) or (name == "minItems" and value in (0, 1))


def _is_object(schema: Json) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema
