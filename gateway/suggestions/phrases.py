"""Prompts as phrases. Pure."""

import re
import unicodedata

LONGEST = 100
"""Characters; what is longer is a sentence, not a phrase to use again."""
_MOST = 64
_SHORTEST = 2

# `<lora:name:0.8>`, `<random:a|b>`.
_TAG = re.compile(r"<[^<>\n]{0,200}>")
# The weight in `(word:1.2)`.
_WEIGHT = re.compile(r":\s*[-+]?\d*\.?\d+\s*(?=[)\]])")
_BRACKETS = str.maketrans(dict.fromkeys("()[]{}<>", " "))
_BOUNDARY = re.compile(r"[,;|\n\r]|[.!?](?=\s|$)|\bBREAK\b")


def key(text: str) -> str:
    """The form in which phrases are compared: case, width and spaces do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def split(prompt: str) -> dict[str, str]:
    """The phrases of a prompt, each once, by their keys; without weights, LoRAs and alternatives."""
    plain = _WEIGHT.sub("", _TAG.sub(",", prompt)).translate(_BRACKETS)
    found: dict[str, str] = {}
    for part in _BOUNDARY.split(plain):
        text = " ".join(part.split())
        name = key(text)
        if len(text) >= _SHORTEST and max(len(text), len(name)) <= LONGEST and any(map(str.isalpha, text)):
            found.setdefault(name, text)
        if len(found) == _MOST:
            break
    return found


def fragment(text: str) -> str:
    """The phrase that is being typed at the end of a text: always the text's own end."""
    start = 0
    for match in _BOUNDARY.finditer(text):
        # A full stop may be the end of a sentence, or of what is being typed.
        start = match.end()
    return text[start:].lstrip(" \t([{<")
