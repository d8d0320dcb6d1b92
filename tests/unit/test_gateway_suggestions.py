"""Help with prompts without servers: splitting, completion, rules, random prompts, a model's answer."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.suggestions import asking, composing, phrases
from gateway.suggestions.index import Entry, PhraseIndex
from gateway.suggestions.learning import heat
from gateway.suggestions.vocabulary import vocabulary

DAY_S = 86400.0


def index(*texts: str, **hot: float) -> PhraseIndex:
    return PhraseIndex(Entry(phrases.key(text), text, 1, hot.get(text.split()[0], 0.0)) for text in texts)


def completed(known: PhraseIndex, typed: str, limit: int = 10) -> list[str]:
    return [match.entry.text for match in known.complete(phrases.key(typed), limit)]


@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("a Fox, golden hour", ["a Fox", "golden hour"]),
        ("a fox,  A  FOX ,a fox.", ["a fox"]),
        ("(masterpiece:1.2), [blurry], ((sharp focus))", ["masterpiece", "blurry", "sharp focus"]),
        ("a castle <lora:gothic:0.8>, <random:a|b> sky", ["a castle", "sky"]),
        ("a dog. It runs\nin snow; BREAK 35mm lens", ["a dog", "It runs", "in snow", "35mm lens"]),
        ("8k, 42, 1.5, ..., x, " + "w" * 101, ["8k"]),
        ("Dr.Who at 3.5 m", ["Dr.Who at 3.5 m"]),
        ("", []),
    ],
)
def test_a_prompt_is_split_into_phrases(prompt: str, wanted: list[str]) -> None:
    assert list(phrases.split(prompt).values()) == wanted


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_can_be_split_and_completed(text: str) -> None:
    found = phrases.split(text)
    assert len(found) <= 64
    assert all(name == phrases.key(words) and 0 < len(name) <= phrases.LONGEST for name, words in found.items())
    assert text.endswith(phrases.fragment(text))
    index("golden hour").complete(phrases.key(phrases.fragment(text)), 5)


@pytest.mark.parametrize(
    ("text", "typed"),
    [("a cat, gold", "gold"), ("a cat,", ""), ("gold", "gold"), ("a cat, ((gold", "gold"), ("a cat. It ru", "It ru")],
)
def test_what_is_typed_is_the_last_phrase(text: str, typed: str) -> None:
    assert phrases.fragment(text) == typed


def test_beginnings_come_first_then_words_then_typing_errors() -> None:
    known = index("light rain", "golden light", "lihgt house", "knight")
    assert completed(known, "light") == ["light rain", "golden light", "lihgt house"]


@pytest.mark.parametrize(
    "typed", ["cinmatic", "cinemattic", "cinenatic", "icnematic", "cinematic lihgting", "CINÉMATIC"]
)
def test_typing_errors_are_forgiven(typed: str) -> None:
    many = (
        f"{a}{b} {c}" for a in ("blue", "dark", "cine", "lone") for b in "abcdef" for c in ("field", "matter", "lit")
    )
    assert completed(index(*many, "cinematic lighting"), typed)[0] == "cinematic lighting"


def test_two_neighbours_that_changed_places_are_found_among_many() -> None:
    many = [f"dra{a}{b}{c}" for a in "bcdefghijlmn" for b in "abcdefghijkl" for c in "abcdefghijkl"]
    assert "dark forest" in completed(index(*many, "dark forest"), "drak fo")
    assert "dark" in completed(index(*many, "dark", dark=9.0), "drak")


def test_short_beginnings_are_taken_at_their_word() -> None:
    assert completed(index("cat", "car", "bat"), "ca") == ["car", "cat"]
    assert completed(index("cat", "bat"), "cab") == []


def test_what_is_used_more_comes_first_and_what_is_typed_already_never() -> None:
    known = index("red apple", "red", "redwood", "reddish", redwood=3.0, red=2.0)
    assert completed(known, "red", 2) == ["redwood", "red apple"]
    assert [match.entry.text for match in known.hottest(2)] == ["redwood", "red apple"] or len(known.hottest(2)) == 2


def test_an_empty_index_completes_nothing() -> None:
    assert PhraseIndex(()).complete("golden hour", 5) == [] and PhraseIndex(()).hottest(3) == []


def test_heat_grows_with_use_and_fades_by_half_in_thirty_days() -> None:
    now = 1_800_000_000.0
    once, twice = heat([now]), heat([now, now])
    assert twice - once == pytest.approx(1)
    assert heat([now]) - heat([now - 30 * DAY_S]) == pytest.approx(1)
    assert heat([now], heat([now, now])) == pytest.approx(heat([now] * 3))
    # Four uses two months ago weigh as much as one today; nothing overflows in a hundred years.
    assert heat([now - 60 * DAY_S] * 4) == pytest.approx(once)
    assert math.isfinite(heat([now + 100 * 365 * DAY_S], 0.0))


def test_the_vocabulary_has_seven_sides_of_many_words() -> None:
    known = vocabulary()
    assert list(known.categories) == ["subjects", "styles", "lighting", "camera", "quality", "mood", "colours"]
    assert sum(len(one.suggestions) for one in known.categories.values()) == len(known.by_key) >= 150
    assert all(one.text and one.description for side in known.categories.values() for one in side.suggestions)
    for template in (text for texts in known.templates.values() for text in texts):
        assert set(composing._GAP.findall(template)) <= known.categories.keys()


def test_rules_add_what_a_prompt_says_nothing_of() -> None:
    made = composing.enhanced("a lighthouse at the sea.", "image", 7)
    assert made == composing.enhanced("a lighthouse at the sea.", "image", 7)
    assert made.prompt == ", ".join(["a lighthouse at the sea", *(part.suggestion.text for part in made.parts)])
    names = [part.category.name for part in made.parts]
    assert names.count("quality") == 2 and len(set(names)) == 3 and "styles" not in names
    assert len({composing.enhanced("a lighthouse", "image", seed).prompt for seed in range(20)}) > 10


def test_rules_repeat_nothing() -> None:
    said = "a fox, golden hour, vibrant colours, wide shot, serene"
    for seed in range(20):
        assert {part.category.name for part in composing.enhanced(said, "image", seed).parts} == {"quality"}
    whole = f"{said}, highly detailed"
    assert composing.enhanced(whole, "image", 1) == composing.Composed(whole, ())


def test_words_count_whole() -> None:
    # "delighted" says nothing of light.
    assert not composing.says("a delighted child", vocabulary().categories["lighting"])
    assert composing.says("a child in soft LIGHT", vocabulary().categories["lighting"])


def test_what_is_for_videos_is_in_videos_only() -> None:
    only = {one.text for side in vocabulary().categories.values() for one in side.suggestions if one.kind == "video"}
    images = [composing.composed("image", seed, 0) for seed in range(200)]
    videos = [composing.composed("video", seed, 0) for seed in range(200)]
    assert not any(part.suggestion.text in only for made in images for part in made.parts)
    assert any(part.suggestion.text in only for made in videos for part in made.parts)


def test_random_prompts_follow_their_seed() -> None:
    some = [composing.composed("image", 5, number) for number in range(8)]
    assert some == [composing.composed("image", 5, number) for number in range(8)]
    assert all(first.prompt != second.prompt for first, second in pairwise(some))
    for made in some:
        assert "{" not in made.prompt and all(part.suggestion.text in made.prompt for part in made.parts)


@pytest.mark.parametrize(
    ("answer", "prompt"),
    [
        ("a red fox, golden hour", "a red fox, golden hour"),
        ('Prompt: "a red fox,  golden hour"\nI added light.', "a red fox, golden hour"),
        ("Here is your prompt:\n\n**a red fox**", "a red fox"),
        ("<think>hmm</think>\na fox", "a fox"),
        ("<think>never ends", ""),
        ("  \n``` \n", ""),
    ],
)
def test_the_prompt_in_a_models_answer(answer: str, prompt: str) -> None:
    assert asking.cleaned(answer) == prompt
