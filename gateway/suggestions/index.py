"""Phrases to be completed: by their beginnings, then by those of their words, then in spite of typing errors."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA

# Pairs of letters are told apart by this many values.
_GRAMS = 1 << 16
# Phrases that are compared letter by letter, of those that share the most pairs with what was typed.
_CANDIDATES = 160
_FROM_SWAPS = 4
_END = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Entry:
    """A phrase."""

    key: str
    text: str
    uses: int
    heat: float


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase that may be meant."""

    entry: Entry
    errors: int
    """Typing errors, if it is meant."""
    inner: bool
    """True if a later word of it matches, not its beginning."""

    @property
    def order(self) -> tuple[int, bool, float, str]:
        """Best first."""
        return self.errors, self.inner, -self.entry.heat, self.entry.key


def allowed_errors(typed: str) -> int:
    """How many typing errors are forgiven."""
    return 0 if len(typed) < 4 else 1 if len(typed) < 6 else 2 if len(typed) < 12 else 3


class PhraseIndex:
    """Some phrases; never changed once made, so any thread may ask it. A phrase takes about a hundred bytes besides
    its letters.

    Candidates are found by the pairs of letters they share with what was typed (an inverted index), and those few are
    compared by their optimal string alignment distance.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Sorts all of them, which for a hundred thousand takes a second or two: not for the event loop."""
        self._entries = sorted(entries, key=lambda entry: entry.key)
        self._keys = [entry.key for entry in self._entries]
        self._heat = np.array([entry.heat for entry in self._entries], dtype=np.float32)
        self._prior = _ranks(self._heat) / 2 - np.array([len(k) for k in self._keys], dtype=np.float32) / 200
        grams, phrases = _pairs(self._keys)
        order = np.argsort(grams, kind="stable")
        self._postings = phrases[order]
        self._offsets = np.concatenate(([0], np.cumsum(np.bincount(grams, minlength=_GRAMS))))

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> Sequence[Entry]:
        """All of them, by key."""
        return self._entries

    def hottest(self, limit: int) -> list[Match]:
        """Those in use most."""
        return [Match(self._entries[i], 0, False) for i in self._best(0, len(self._keys), limit)]

    def complete(self, typed: str, limit: int) -> list[Match]:
        """What a typed key may become, best first; not that key itself."""
        found = {i: Match(self._entries[i], 0, False) for i in self._beginning(typed, limit + 1)}
        errors = allowed_errors(typed)
        if len(found) <= limit and errors:
            for i in self._candidates(typed, errors):
                if i not in found and (match := _compared(typed, self._entries[i], errors)) is not None:
                    found[i] = match
        matches = (match for match in found.values() if match.entry.key != typed)
        return sorted(matches, key=lambda match: match.order)[:limit]

    def _beginning(self, typed: str, limit: int) -> list[int]:
        return self._best(bisect_left(self._keys, typed), bisect_left(self._keys, typed + _END), limit)

    def _best(self, start: int, end: int, limit: int) -> list[int]:
        """The hottest between two places."""
        if end - start <= limit:
            return list(range(start, end))
        return [int(i) + start for i in np.argpartition(-self._heat[start:end], limit)[:limit]]

    def _candidates(self, typed: str, errors: int) -> set[int]:
        found = {i for other in _swaps(typed) for i in self._beginning(other, _FROM_SWAPS)}
        grams = np.unique(_pairs([typed])[0])
        lists = [self._postings[self._offsets[g] : self._offsets[g + 1]] for g in grams]
        if lists:
            shared = np.bincount(np.concatenate(lists), minlength=len(self._keys))
            # An error spoils at most three of the pairs: where two letters are swapped.
            (likely,) = np.nonzero(shared >= max(1, len(grams) - 3 * errors))
            if len(likely) > _CANDIDATES:
                score = shared[likely] + self._prior[likely]
                likely = likely[np.argpartition(-score, _CANDIDATES)[:_CANDIDATES]]
            found.update(int(i) for i in likely)
        return found


def _compared(typed: str, entry: Entry, errors: int) -> Match | None:
    """How what was typed fits the beginning of a phrase, or of one of its words."""
    best: Match | None = None
    start = 0
    while start >= 0:
        for length in range(len(typed) - (1 if errors else 0), len(typed) + (2 if errors else 1)):
            distance = OSA.distance(typed, entry.key[start : start + length], score_cutoff=errors)
            if distance <= errors and (best is None or distance < best.errors):
                best = Match(entry, distance, start > 0)
        start = entry.key.find(" ", start) + 1 or -1
    return best


def _swaps(typed: str) -> Iterable[str]:
    """What was typed with two neighbours the other way round: the error after which short words share no pairs."""
    if len(typed) <= 8:
        for i in range(len(typed) - 1):
            if typed[i] != typed[i + 1]:
                yield typed[:i] + typed[i + 1] + typed[i] + typed[i + 2 :]


def _pairs(keys: Sequence[str]) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Every pair of neighbouring letters in the keys, and the number of the key it is in. Words begin with a space."""
    letters = np.frombuffer("".join(f"\n {key}" for key in keys).encode("utf-32-le"), dtype=np.uint32)
    first, second = letters[:-1], letters[1:]
    inside = (first != 10) & (second != 10)
    number = np.cumsum(letters == 10, dtype=np.int32) - 1
    mixed = (first * np.uint32(2654435761)) ^ (second * np.uint32(40503))
    grams = ((mixed >> np.uint32(16)) ^ mixed) & np.uint32(_GRAMS - 1)
    return grams[inside].astype(np.uint16), number[:-1][inside]


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each value's place among all, 0 to 1."""
    ranks = np.empty(len(values), dtype=np.float32)
    ranks[np.argsort(values)] = np.linspace(0, 1, len(values), dtype=np.float32)
    return ranks
