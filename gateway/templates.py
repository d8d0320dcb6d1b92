"""Prompt templates: texts with gaps. Pure."""

import re
from collections.abc import Mapping

from services.kit.failures import BadInput, FieldFault

# `{{ name }}` or `{{ name | what stands there unless it is filled }}`.
PROMPT = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,39})\s*(?:\|([^{}]*))?\}\}")
# The same with single braces, as style presets are written everywhere.
PRESET = re.compile(r"\{\s*([A-Za-z_][A-Za-z0-9_]{0,39})\s*(?:\|([^{}]*))?\}")


def gaps(text: str, gap: re.Pattern[str] = PROMPT) -> dict[str, str | None]:
    """The gaps of a template in order, each with its default; None = it has none. A name's first default counts."""
    found: dict[str, str | None] = {}
    for match in gap.finditer(text):
        name, default = match[1], match[2]
        if found.get(name) is None:
            found[name] = default.strip() if default is not None else None
    return found


def fill(text: str, values: Mapping[str, str], gap: re.Pattern[str] = PROMPT, field: str = "variables") -> str:
    """The template with its gaps filled. What is filled in is not looked into again.

    Raises `BadInput` naming every gap that is left open and every value that has no gap, as members of `field`.
    """
    known = gaps(text, gap)
    faults = [
        FieldFault(f"{field}.{name}", "is required")
        for name, default in known.items()
        if default is None and name not in values
    ]
    faults += [FieldFault(f"{field}.{name}", "is not in the template") for name in values if name not in known]
    if faults:
        raise BadInput("; ".join(f"{fault.field}: {fault.message}" for fault in faults), fields=tuple(faults))
    return gap.sub(lambda match: values.get(match[1], known[match[1]] or ""), text)
