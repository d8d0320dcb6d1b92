"""The words for a picture: plain enough that a person asking for one thing hits the words the model was shown."""

from __future__ import annotations

import random

from services.diffusion.starter.scenes import COLOURS

_SCENE_WORDS: dict[str, tuple[str, ...]] = {
    "meadow": ("in a meadow", "on green grass under a blue sky"),
    "night": ("at night", "under the night sky"),
    "sunset": ("at sunset", "in front of a sunset"),
    "beach": ("on the beach", "on a beach by the sea"),
    "snow": ("in the snow", "in winter"),
    "underwater": ("underwater", "under water"),
}
_UNCOUNTED = (
    "cherries,grapes,blueberries,pancakes,french fries,popcorn,sushi,broccoli,corn,bread,cheese,milk,fire,fireworks,"
    "scissors,books,socks,jeans,glasses,sunglasses"
)
_NO_ARTICLE = frozenset(_UNCOUNTED.split(","))
_TAGGED = 0.12  # share of training captions that end in one of the emoji's search words


def with_article(words: str) -> str:
    """``an apple``, ``a pear``; by letter, as people type prompts."""
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _thing(name: str, tint: str | None) -> str:
    if tint is None:
        return name
    first, _, rest = name.partition(" ")
    return f"{tint} {rest if rest and first in COLOURS else name}"  # a blue apple, not a blue red apple


def plain_caption(name: str, tint: str | None, colour: str | None, scene: str | None) -> str:
    """The canonical prompt: ``a blue apple on a red background``, ``a fox in the snow``; nothing for plain white."""
    thing = _thing(name, tint)
    words = thing if name in _NO_ARTICLE else with_article(thing)
    if colour is not None:
        return f"{words} on {with_article(colour)} background"
    return f"{words} {_SCENE_WORDS[scene][0]}" if scene is not None else words


def caption(
    name: str, tint: str | None, colour: str | None, scene: str | None, tags: tuple[str, ...], rng: random.Random
) -> str:
    """One of the ways to say it, drawn from ``rng``; the same state gives the same words."""
    thing = _thing(name, tint)
    full = thing if name in _NO_ARTICLE else with_article(thing)
    words = rng.choices((full, thing, f"an emoji of {full}", f"a picture of {full}"), (50, 20, 15, 15))[0]
    if colour is not None:
        backing = with_article(colour)
        words += rng.choice((f" on {backing} background", f", {colour} background", f" with {backing} background"))
    elif scene is not None:
        words += f" {rng.choice(_SCENE_WORDS[scene])}"
    if tags and rng.random() < _TAGGED:
        words += f", {rng.choice(tags)}"
    return words
