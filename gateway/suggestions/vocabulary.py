"""The suggestions that come with Atelier, from `vocabulary.json`."""

import functools
import importlib.resources
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, TypeAdapter

from gateway.preset_schemas import PresetKind
from gateway.suggestions.phrases import key


class Suggestion(BaseModel):
    """Words for a prompt."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str
    description: str
    kind: PresetKind | None = None
    """What it makes sense for; None = both."""

    def suits(self, kind: PresetKind) -> bool:
        """True if it makes sense there."""
        return self.kind in (None, kind)


class Category(BaseModel):
    """One side of a picture."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    description: str
    signs: tuple[str, ...]
    """Words by which one sees that a prompt says something of it already."""
    suggestions: tuple[Suggestion, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    categories: tuple[Category, ...]
    templates: dict[PresetKind, tuple[str, ...]]


@dataclass(frozen=True)
class Vocabulary:
    """All of it."""

    categories: dict[str, Category]
    templates: dict[PresetKind, tuple[str, ...]]
    """Random prompts: the names of categories in braces."""
    by_key: dict[str, tuple[Category, Suggestion]]


@functools.cache
def vocabulary() -> Vocabulary:
    """Read once."""
    data = importlib.resources.files("gateway.suggestions").joinpath("vocabulary.json").read_bytes()
    file = TypeAdapter(_File).validate_json(data)
    return Vocabulary(
        {category.name: category for category in file.categories},
        file.templates,
        {key(one.text): (category, one) for category in file.categories for one in category.suggestions},
    )
