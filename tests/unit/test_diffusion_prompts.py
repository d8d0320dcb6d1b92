"""Prompts: weights as A1111 reads them, chunks, LoRA tags, and chance that a seed decides."""

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from services.diffusion.emphasis import LoraTag, Span, parse, take_loras
from services.diffusion.faults import CannotSample
from services.diffusion.model import Model
from services.diffusion.settings import DiffusionSettings
from services.diffusion.wildcards import BUILT_IN, lists_in, resolve
from tests.unit.diffusion_folders import sdxl
from tests.unit.diffusion_rig import loaded, starter

LISTS = {"colour": ("red", "green", "blue"), "thing": ("__colour__ cat", "dog"), "loop": ("a __loop__",)}
# What prompts are made of, crowded with what means something.
TEXT = st.text(
    st.sampled_from(list("ab ,()[]{}|<>:\\_.-+0123456789\n")) | st.characters(codec="utf-8"), max_size=80
) | st.lists(
    st.sampled_from(
        [
            "(",
            ")",
            "[",
            "]",
            ":1.3)",
            ":",
            "\\",
            "BREAK",
            " ",
            "{",
            "|",
            "}",
            "<random:",
            ">",
            "<lora:a:1>",
            "__colour__",
            "x",
        ]
    ),
    max_size=30,
).map("".join)


def weighed(prompt: str) -> list[tuple[str, float]]:
    """The first chunk, its weights rounded."""
    return [(span.text, round(span.weight, 4)) for span in parse(prompt)[0]]


# The examples in the documentation of A1111's parse_prompt_attention, and what its code does beyond them.
@pytest.mark.parametrize(
    ("prompt", "wanted"),
    [
        ("normal text", [("normal text", 1.0)]),
        ("an (important) word", [("an ", 1.0), ("important", 1.1), (" word", 1.0)]),
        ("(unbalanced", [("unbalanced", 1.1)]),
        (r"\(literal\]", [("(literal]", 1.0)]),
        ("(unnecessary)(parens)", [("unnecessaryparens", 1.1)]),
        (
            "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).",
            [
                ("a ", 1.0),
                ("house", 1.573),
                (" ", 1.1),
                ("on", 1.0),
                (" a ", 1.1),
                ("hill", 0.55),
                (", sun, ", 1.1),
                ("sky", 1.4641),
                (".", 1.1),
            ],
        ),
        ("[a]", [("a", 0.9091)]),
        ("([a])", [("a", 1.0)]),
        ("(a: 1.5 )", [("a", 1.5)]),
        ("(a:+.5)(b:-1)", [("a", 0.5), ("b", -1.0)]),
        ("a:1.3) b", [("a:1.3) b", 1.0)]),
        ("time 12:30]", [("time 12:30]", 1.0)]),
        ("(a:1.2.3)", [("a:1.2.3)", 1.1)]),
        (r"\{a\|b\} \\", [("{a|b} \\", 1.0)]),
        ("(0:0)", [("0", 0.0)]),
        ("", []),
    ],
)
def test_weights_are_read_as_a1111_reads_them(prompt: str, wanted: list[tuple[str, float]]) -> None:
    assert weighed(prompt) == wanted


def test_break_begins_a_chunk_within_brackets_too() -> None:
    assert parse("one BREAK two") == ((Span("one", 1.0),), (Span("two", 1.0),))
    assert parse("(one BREAK two:1.5)") == ((Span("one", 1.5),), (Span("two", 1.5),))
    assert parse("BREAKFAST") == ((Span("BREAKFAST", 1.0),),)


@given(TEXT)
def test_any_text_is_a_prompt(text: str) -> None:
    chunks = parse(text)
    spans = [span for chunk in chunks for span in chunk]
    assert chunks and all(span.text for span in spans)
    left = "".join(span.text for span in spans)
    assert len(left) <= len(text)


@given(st.text(st.characters(exclude_characters="()[]\\"), min_size=1, max_size=60).filter(lambda t: "BREAK" not in t))
def test_text_without_brackets_stays_in_one_piece(text: str) -> None:
    assert parse(text) == ((Span(text, 1.0),),)


@given(st.text(max_size=40), st.floats(0, 4, allow_nan=False))
def test_escaped_text_means_itself(text: str, weight: float) -> None:
    text = text.replace("BREAK", "")
    escaped = "".join(f"\\{c}" if c in "()[]\\" else c for c in text)
    assert "".join(span.text for span in parse(escaped)[0]) == text
    assert all(span.weight == 1.0 for span in parse(escaped)[0])
    wrapped = parse(f"({escaped}:{weight:.3f})")[0]
    assert "".join(span.text for span in wrapped) == text
    assert all(span.weight == float(f"{weight:.3f}") for span in wrapped)


def test_loras_are_taken_out_of_the_words() -> None:
    assert take_loras("a cat") == ("a cat", ())
    assert take_loras("a <lora:sepia:0.8> cat <lora:old photo>, <lora:x:-1>") == (
        "a  cat , ",
        (LoraTag("sepia", 0.8), LoraTag("old photo", 1.0), LoraTag("x", -1.0)),
    )
    for wrong in ("<lora:a:>", "<lora:a:nan>", "<lora:a:inf>", "<lora:a:4.01>", "<lora:a:1:2>"):
        with pytest.raises(CannotSample, match="from -4 to 4"):
            take_loras(wrong)


@given(TEXT)
def test_taking_loras_out_of_any_text_ends_well(text: str) -> None:
    try:
        words, _ = take_loras(text)
    except CannotSample as error:
        assert error.field == "prompt"
    else:
        assert "<lora:a:1>" not in words or "<lora:a:1>" not in text


# --- embeddings -------------------------------------------------------------------------------------------------------


def embedded(prompt: str, model: Model | None = None) -> torch.Tensor:
    return (model or starter()).text.pair(prompt, "")[0].tokens


def plain(prompt: str) -> torch.Tensor:
    """As diffusers encodes it."""
    (tokenizer, encoder), *_ = starter().text._pairs  # pyright: ignore[reportPrivateUsage]
    ids = tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    with torch.inference_mode():
        return encoder(ids)[0]


def test_short_prompts_without_weights_are_encoded_as_diffusers_does() -> None:
    for prompt in ("", "a red apple on a blue background", "x, " * 20, 'naïve "漢字" 🍎: 3.5'):
        assert torch.equal(embedded(prompt), plain(prompt)), prompt
    assert torch.equal(embedded("(a red apple:1.0)"), plain("a red apple"))


def test_weights_multiply_words_and_keep_the_mean() -> None:
    before, after = plain("a red apple"), embedded("a (red:1.5) apple")
    ratio = (after / before).mean(-1)[0]
    # Start, "a", "red": the third place is louder than all others, which are quieter by what keeps the mean.
    assert torch.allclose(ratio[[0, 1, 3, 4, 76]], ratio[0].expand(5), atol=1e-4)
    assert abs(float(ratio[2] / ratio[0]) - 1.5) < 1e-3
    assert torch.allclose(after.mean(), before.mean(), atol=1e-5)


def test_long_prompts_are_read_in_chunks_one_behind_the_other() -> None:
    word = "apple"
    assert embedded(" ".join([word] * 75)).shape[1] == 77
    whole = embedded(" ".join([word] * 100))
    assert whole.shape[1] == 2 * 77
    assert torch.equal(whole[:, :77], plain(" ".join([word] * 75)))
    assert torch.equal(whole[:, 77:], plain(" ".join([word] * 25)))
    parted = embedded("a cat BREAK a dog")
    assert torch.equal(parted, torch.cat([plain("a cat"), plain("a dog")], dim=1))


def test_the_shorter_of_two_prompts_is_followed_by_nothing_said() -> None:
    positive, negative = starter().text.pair("a cat BREAK a dog", "rain")
    assert positive.length == negative.length == 2 * 77
    assert torch.equal(negative.tokens, torch.cat([plain("rain"), plain("")], dim=1))


def test_both_encoders_of_sdxl_read_weights_and_chunks(tmp_path: Path) -> None:
    model = loaded(sdxl(tmp_path))
    assert isinstance(model, Model)
    short, _ = model.text.pair("a cat", "")
    long, negative = model.text.pair("a cat BREAK a (dog:1.4)", "")
    assert short.tokens.shape == (1, 77, 32) and long.tokens.shape == negative.tokens.shape == (1, 154, 32)
    assert torch.equal(long.tokens[:, :77], short.tokens)
    assert long.pooled is not None and short.pooled is not None and torch.equal(long.pooled, short.pooled)
    assert not negative.tokens.any(), "SDXL was trained with zeros for nothing"
    weighed, _ = model.text.pair("a (cat:1.4)", "")
    halves = (weighed.tokens - short.tokens).abs().sum((0, 1))
    assert halves[:16].any() and halves[16:].any()


# --- chance -----------------------------------------------------------------------------------------------------------


def drawn(template: str, seeds: int = 60, **lists: Any) -> set[str]:
    return {resolve(template, seed, {**LISTS, **lists}, "prompt") for seed in range(seeds)}


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ("a cat", {"a cat"}),
        ("a {red|blue} cat", {"a red cat", "a blue cat"}),
        ("<random:red|blue|>!", {"red!", "blue!", "!"}),
        ("{a|{b|c}}", {"a", "b", "c"}),
        ("{a|<random:b|c>}", {"a", "b", "c"}),
        ("__colour__", {"red", "green", "blue"}),
        ("__thing__", {"red cat", "green cat", "blue cat", "dog"}),
        ("{__colour__|x}", {"red", "green", "blue", "x"}),
        ("<random:<lora:a:1>|<lora:b:0.5>>", {"<lora:a:1>", "<lora:b:0.5>"}),
        ("{alone} {} {open", {"{alone} {} {open"}),
        ("<random:only>", {"only"}),
        ("a|b } > __ _a_ __not a list__", {"a|b } > __ _a_ __not a list__"}),
        (r"\{a|b\} \__colour__ \<random:a|b>", {r"\{a|b\} \__colour__ \<random:a|b>"}),
        (r"{a\|b|c\}d}", {r"a\|b", r"c\}d"}),
        ("<random:(a:1.2)|[b]>", {"(a:1.2)", "[b]"}),
    ],
)
def test_what_can_come_of_a_template(template: str, wanted: set[str]) -> None:
    assert drawn(template) == wanted


def test_the_seed_decides_and_fields_draw_apart() -> None:
    template = "{a|b|c|d} {a|b|c|d} __colour__"
    assert [resolve(template, 42, LISTS, "prompt") for _ in range(3)] == [resolve(template, 42, LISTS, "prompt")] * 3
    # Pinned: what a seed gives is a promise to everyone who kept one.
    assert resolve(template, 42, LISTS, "prompt") == "b a green"
    assert any(
        resolve(template, s, LISTS, "prompt") != resolve(template, s, LISTS, "negative_prompt") for s in range(5)
    )


def test_a_list_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(CannotSample, match="__clour__; known: colour, loop, thing") as caught:
        resolve("__clour__", 1, LISTS, "negative_prompt")
    assert caught.value.field == "negative_prompt"


def test_what_would_grow_without_end_is_refused() -> None:
    with pytest.raises(CannotSample, match="deep"):
        resolve("__loop__", 1, LISTS, "prompt")
    with pytest.raises(CannotSample, match="deep"):
        resolve("<random:" * 100 + ">" * 100, 3, LISTS, "prompt")
    with pytest.raises(CannotSample, match="longer than"):
        resolve("__long__" * 40, 1, {"long": ("x" * 1000,)}, "prompt")


@given(TEXT, st.integers(0, 2**32))
def test_any_template_comes_to_an_end(text: str, seed: int) -> None:
    made = resolve(text, seed, LISTS, "prompt")
    assert made == resolve(text, seed, LISTS, "prompt")
    if not any(c in text for c in "{<_"):
        assert made == text


@given(TEXT)
def test_an_escaped_template_holds_no_chance(text: str) -> None:
    escaped = "".join(f"\\{c}" if c in "{}|<>_\\" else c for c in text)
    assert resolve(escaped, 1, {}, "prompt") == escaped


def test_long_templates_of_open_brackets_take_no_time_to_speak_of() -> None:
    # Quadratic work would take minutes here.
    for template in ("{" * 8000, "<random:" * 1000, "{<random:" * 800, "{|" * 4000, "}" * 8000):
        assert resolve(template, 1, {}, "prompt") == template


def test_lists_are_read_from_a_folder_and_replace_those_that_come_along(tmp_path: Path) -> None:
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "dogs.txt").write_text("# mine\npoodle # curly\n\nterrier\n")
    (tmp_path / "colour.txt").write_text("beige\n")
    (tmp_path / "empty.txt").write_text("\n")
    assert lists_in(tmp_path) == {"colour": ("beige",), "my/dogs": ("poodle", "terrier")}
    lists = DiffusionSettings(diffusion_wildcards=tmp_path).wildcards  # pyright: ignore[reportCallIssue]
    assert resolve("__colour__ __my/dogs__", 1, lists, "prompt") in ("beige poodle", "beige terrier")
    assert len(lists["animal"]) > 10 and "empty" not in lists


def test_the_lists_that_come_along_hold_only_words() -> None:
    for name, lines in lists_in(BUILT_IN).items():
        for line in lines:
            assert parse(line) == ((Span(line, 1.0),),) and resolve(line, 1, {}, "prompt") == line, name
