"""Chance in prompts: `{red|blue}`, `<random:red|blue>`, and `__colour__`, a line of the list of that name.

Each picture's seed decides, so the same seed gives the same words. Alternatives may hold others, and lines of lists
too. A backslash takes the next character's meaning away; it stays, as the weights are read later and drop it.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.diffusion.faults import CannotSample

BUILT_IN = Path(__file__).parent / "wildcard_lists"
_NAME = re.compile(r"__([A-Za-z0-9][A-Za-z0-9/_-]*?)__")
_RANDOM = "<random:"
# A LoRA's tag offers no choice, but its end is not that of what it stands in.
_CLOSING = {"{": "}", _RANDOM: ">", "<lora:": ">"}
_DEEPEST = 32
_LONGEST = 32_000
"""Characters; lists that name each other could make more of any prompt."""

Lists = Mapping[str, Sequence[str]]


def lists_in(folder: Path) -> Lists:
    """The lists of a folder: `colour.txt` is `__colour__`, a line is an entry, `#` begins a remark."""
    found: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.rglob("*.txt")):
        lines = (line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines())
        found[file.relative_to(folder).with_suffix("").as_posix()] = tuple(line for line in lines if line)
    return {name: lines for name, lines in found.items() if lines}


def resolve(template: str, seed: int, lists: Lists, field: str) -> str:
    """The prompt that a picture with this seed is given. Raises `CannotSample` naming `field` for a list that is not
    there, and for templates that would grow without end."""
    # Seeded with text, which Python hashes the same way everywhere; prompt and negative prompt draw apart.
    return _Resolver(random.Random(f"{field}:{seed}"), lists, field).resolve(template, 0)


class _Resolver:
    def __init__(self, chance: random.Random, lists: Lists, field: str) -> None:
        self._chance = chance
        self._lists = lists
        self._field = field

    def resolve(self, text: str, depth: int) -> str:
        if depth > _DEEPEST:
            raise CannotSample(self._field, f"alternatives and lists stand within each other more than {_DEEPEST} deep")
        choices = _choices(text)
        made: list[str] = []
        size = at = 0
        while at < len(text):
            if at in choices:
                piece = self.resolve(self._drawn(choices[at].options), depth + 1)
                at = choices[at].end
            elif name := _NAME.match(text, at):
                piece = self.resolve(self._drawn(self._list(name[1])), depth + 1)
                at = name.end()
            else:
                piece = text[at : at + 2] if text[at] == "\\" else text[at]
                at += len(piece)
            made.append(piece)
            size += len(piece)
            if size > _LONGEST:
                raise CannotSample(self._field, f"becomes longer than {_LONGEST} characters with its lists")
        return "".join(made)

    def _drawn(self, options: Sequence[str]) -> str:
        # Of Python's generators only random() is promised to stay as it is.
        return options[int(self._chance.random() * len(options))]

    def _list(self, name: str) -> Sequence[str]:
        found = self._lists.get(name)
        if found is None:
            known = ", ".join(sorted(self._lists)) or "none"
            raise CannotSample(self._field, f"there is no list __{name}__; known: {known}")
        return found


@dataclass(frozen=True)
class _Choice:
    options: Sequence[str]
    end: int
    """Where the text goes on."""


@dataclass
class _Opened:
    at: int
    opening: str
    bounds: list[int]
    """Where its alternatives begin."""


def _choices(text: str) -> dict[int, _Choice]:
    """The alternatives in a text, by where they begin, in one pass. What is not closed, and braces around a single
    thing, mean themselves."""
    found: dict[int, _Choice] = {}
    opened: list[_Opened] = []
    waiting = dict.fromkeys(_CLOSING.values(), 0)
    at = 0
    while at < len(text):
        opening = next((o for o in _CLOSING if text.startswith(o, at)), None)
        if text[at] == "\\":
            at += 1
        elif opening is not None:
            opened.append(_Opened(at, opening, [at + len(opening)]))
            waiting[_CLOSING[opening]] += 1
            at += len(opening) - 1
        elif text[at] == "|" and opened:
            opened[-1].bounds.append(at + 1)
        elif waiting.get(text[at]):
            # What was opened within and not closed is only text.
            while _CLOSING[(last := opened.pop()).opening] != text[at]:
                waiting[_CLOSING[last.opening]] -= 1
            waiting[text[at]] -= 1
            if last.opening == _RANDOM or (last.opening == "{" and len(last.bounds) > 1):
                ends = [*(bound - 1 for bound in last.bounds[1:]), at]
                found[last.at] = _Choice([text[a:b] for a, b in zip(last.bounds, ends, strict=True)], at + 1)
        at += 1
    return found
