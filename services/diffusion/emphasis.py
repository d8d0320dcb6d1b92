"""Weights in prompts, as AUTOMATIC1111's web UI reads them, and the LoRAs a prompt names.

`(word)` counts 1.1 times, `[word]` a 1.1th, `(word:1.3)` 1.3 times; nested ones multiply; a backslash takes a bracket's
meaning away; what is not closed goes to the end. `BREAK` begins a new chunk of 75 tokens. `<lora:name:0.8>` applies a
LoRA and is no part of the words.
"""

import math
import re
from dataclasses import dataclass

from services.diffusion.faults import CannotSample

_ROUND = 1.1
_SQUARE = 1 / 1.1
# What A1111's parser takes one after another: an escaped bracket or backslash, a bracket, a weight that closes one,
# words.
_PIECE = re.compile(r"\\[()\[\]\\]|\\|[(\[]|:\s*([+-]?[.\d]+)\s*\)|[)\]]|[^\\()\[\]:]+|:")
_BREAK = re.compile(r"\s*\bBREAK\b\s*")
_LORA = re.compile(r"<lora:([^<>:]+)(?::([^<>]*))?>")
MOST_LORA_WEIGHT = 4.0


@dataclass(frozen=True)
class Span:
    """Words that weigh the same."""

    text: str
    weight: float


@dataclass(frozen=True)
class LoraTag:
    """A LoRA named in a prompt."""

    name: str
    weight: float


def take_loras(prompt: str, field: str = "prompt") -> tuple[str, tuple[LoraTag, ...]]:
    """The prompt without its LoRA tags, and what they say. Raises `CannotSample` for a weight that is none."""
    tags = tuple(LoraTag(found[1].strip(), _lora_weight(found, field)) for found in _LORA.finditer(prompt))
    return (_LORA.sub("", prompt) if tags else prompt), tags


def _lora_weight(found: re.Match[str], field: str) -> float:
    if found[2] is None:
        return 1.0
    try:
        weight = float(found[2])
    except ValueError:
        weight = math.nan
    if not abs(weight) <= MOST_LORA_WEIGHT:
        raise CannotSample(
            field, f"{found[0]}: the weight must be a number from {-MOST_LORA_WEIGHT:g} to {MOST_LORA_WEIGHT:g}"
        )
    return weight


def parse(prompt: str) -> tuple[tuple[Span, ...], ...]:
    """The prompt's chunks, parted by BREAK, each as words with their weights. Any text is a prompt; a text without
    brackets, backslashes and BREAK is one span of weight 1."""
    chunks: list[list[_Piece]] = [[]]
    pieces: list[_Piece] = []
    open_round: list[int] = []
    open_square: list[int] = []

    def weigh(start: int, factor: float) -> None:
        for piece in pieces[start:]:
            piece.weight *= factor

    for found in _PIECE.finditer(prompt):
        text, weight = found[0], _number(found[1])
        if text.startswith("\\"):
            # A backslash before anything else is dropped, as A1111 does.
            _add(text[1:], pieces, chunks)
        elif text == "(":
            open_round.append(len(pieces))
        elif text == "[":
            open_square.append(len(pieces))
        elif weight is not None and open_round:
            weigh(open_round.pop(), weight)
        elif text == ")" and open_round:
            weigh(open_round.pop(), _ROUND)
        elif text == "]" and open_square:
            weigh(open_square.pop(), _SQUARE)
        else:
            first, *more = _BREAK.split(text)
            _add(first, pieces, chunks)
            for part in more:
                chunks.append([])
                _add(part, pieces, chunks)
    for start in open_round:
        weigh(start, _ROUND)
    for start in open_square:
        weigh(start, _SQUARE)
    return tuple(_joined(chunk) for chunk in chunks)


@dataclass
class _Piece:
    text: str
    weight: float = 1.0


def _add(text: str, pieces: list[_Piece], chunks: list[list[_Piece]]) -> None:
    if text:
        piece = _Piece(text)
        pieces.append(piece)
        chunks[-1].append(piece)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        # "1.2.3" looks like one and is none: it stays what it is, words.
        return None


def _joined(pieces: list[_Piece]) -> tuple[Span, ...]:
    """Neighbours of equal weight as one, so that words are not torn into tokens where nothing happens."""
    spans: list[Span] = []
    for piece in pieces:
        if spans and spans[-1].weight == piece.weight:
            spans[-1] = Span(spans[-1].text + piece.text, piece.weight)
        else:
            spans.append(Span(piece.text, piece.weight))
    return tuple(spans)
