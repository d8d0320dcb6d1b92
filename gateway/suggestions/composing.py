"""Prompts made by rules: better ones out of plain ones, and random ones. Pure; the same seed gives the same."""

import random
import re
from dataclasses import dataclass

from gateway.preset_schemas import PresetKind
from gateway.suggestions.phrases import key
from gateway.suggestions.vocabulary import Category, Suggestion, vocabulary

# What a plain prompt is given, and how much of it; a style is a choice of its own and never added.
_ADDED = (("quality", 2), ("lighting", 1), ("colours", 1), ("camera", 1), ("mood", 1))
_MOST_CATEGORIES = 3
_GAP = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class Part:
    """A suggestion in a prompt, and where it is from."""

    category: Category
    suggestion: Suggestion


@dataclass(frozen=True)
class Composed:
    """A prompt and what was put into it."""

    prompt: str
    parts: tuple[Part, ...]


def enhanced(prompt: str, kind: PresetKind, seed: int) -> Composed:
    """A prompt with what it says nothing of yet: quality first, and two more sides of the picture."""
    chance = random.Random(f"enhance {seed} {kind} {key(prompt)}")
    categories = vocabulary().categories
    wanted = [(categories[name], count) for name, count in _ADDED if not says(prompt, categories[name])]
    first = [pair for pair in wanted if pair[0].name == "quality"]
    others = [pair for pair in wanted if pair not in first]
    chosen = first + chance.sample(others, min(len(others), _MOST_CATEGORIES - len(first)))
    parts = [Part(category, one) for category, count in chosen for one in _some(category, kind, count, chance)]
    words = [prompt.rstrip(" \t\r\n,;."), *(part.suggestion.text for part in parts)]
    return Composed(", ".join(filter(None, words)) if parts else prompt, tuple(parts))


def says(prompt: str, category: Category) -> bool:
    """True if a prompt says something of this side of the picture."""
    text = key(prompt)
    words = [*category.signs, *(key(one.text) for one in category.suggestions)]
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) for word in words)


def composed(kind: PresetKind, seed: int, number: int) -> Composed:
    """A random prompt: one of the templates, each gap filled from its category."""
    chance = random.Random(f"compose {seed} {kind} {number}")
    template = chance.choice(vocabulary().templates[kind])
    parts = list[Part]()

    def fill(gap: re.Match[str]) -> str:
        category = vocabulary().categories[gap[1]]
        parts.append(Part(category, _some(category, kind, 1, chance)[0]))
        return parts[-1].suggestion.text

    return Composed(_GAP.sub(fill, template), tuple(parts))


def _some(category: Category, kind: PresetKind, count: int, chance: random.Random) -> list[Suggestion]:
    return chance.sample([one for one in category.suggestions if one.suits(kind)], count)
