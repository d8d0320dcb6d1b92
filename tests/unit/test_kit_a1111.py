"""Settings as text: read from whatever wrote them, and written so that A1111's own reading understands them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.diffusion import metadata
from services.kit import a1111
from tests.unit.test_diffusion_metadata import settings

# As in AUTOMATIC1111's modules/infotext_utils.py.
RE_PARAM = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')


def a1111_itself(text: str) -> a1111.Parameters:
    """What A1111's `parse_generation_parameters` makes of a text, before it fills in its defaults."""
    *lines, last = text.strip().split("\n")
    if len(RE_PARAM.findall(last)) < 3:
        lines.append(last)
        last = ""
    prompt = negative = ""
    done = False
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            done = True
            line = line[16:].strip()
        if done:
            negative += ("" if negative == "" else "\n") + line
        else:
            prompt += ("" if prompt == "" else "\n") + line
    values = dict[str, str]()
    for name, value in RE_PARAM.findall(last):
        unquoted = value
        if value and value[0] == '"' and value[-1] == '"':
            try:
                unquoted = str(json.loads(value))
            except ValueError:
                unquoted = value
        values[name] = unquoted
    return a1111.Parameters(prompt, negative, values)


CIVITAI = """masterpiece, <lora:add_detail:0.8>, (a cat:1.2),
sitting on a chair: wooden
Negative prompt: easynegative, (worst quality:2),
blurry
Steps: 30, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 1234567890, Size: 512x768, Model hash: abc123, \
Model: "dream, shaper: 8", Denoising strength: 0.4, Hires upscale: 2, \
Lora hashes: "add_detail: 7c6bad76eb54, other: 0011", Hashes: {"model": "abc123", "lora:add_detail": "7c6b"}, \
Civitai resources: [{"type":"checkpoint","modelVersionId":128713},{"type":"lora","weight":0.8}], Clip skip: 2"""


def test_a_text_of_civitai_is_read() -> None:
    read = a1111.parse(CIVITAI)
    assert read.prompt == "masterpiece, <lora:add_detail:0.8>, (a cat:1.2),\nsitting on a chair: wooden"
    assert read.negative_prompt == "easynegative, (worst quality:2),\nblurry"
    assert read.values["Model"] == "dream, shaper: 8" and read.values["Clip skip"] == "2"
    assert json.loads(read.values["Hashes"])["lora:add_detail"] == "7c6b"
    assert json.loads(read.values["Civitai resources"])[1]["weight"] == 0.8
    found = a1111.settings(read)
    assert found.method == "text_to_image"
    assert found.values == {
        "prompt": read.prompt,
        "negative_prompt": read.negative_prompt,
        "steps": 30,
        "sampler": "dpmpp_2m_karras",
        "cfg_scale": 7.5,
        "seed": 1234567890,
        "width": 512,
        "height": 768,
        "model_hash": "abc123",
        "model": "dream, shaper: 8",
    }
    assert {one.name for one in found.unread} == {
        "Hires upscale",
        "Lora hashes",
        "Hashes",
        "Civitai resources",
        "Clip skip",
    }


def test_forge_names_the_schedule_apart() -> None:
    text = "a cat\nSteps: 8, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 1, Seed: 1, Size: 64x64"
    assert a1111.settings(a1111.parse(text)).values["sampler"] == "dpmpp_2m_karras"
    plain = a1111.settings(a1111.parse(text.replace("Karras", "Automatic")))
    assert plain.values["sampler"] == "dpmpp_2m"
    other = a1111.settings(a1111.parse(text.replace("DPM++ 2M", "Restart")))
    assert "sampler" not in other.values and other.unread == (
        a1111.Unread("Sampler", "Restart", "there is no such sampler here"),
    )


@pytest.mark.parametrize(
    ("more", "method"),
    [
        ("", "text_to_image"),
        (", Denoising strength: 0.5", "image_to_image"),
        (", Denoising strength: 0.5, Mask blur: 8", "inpaint"),
        (", Denoising strength: 0.5, Hires upscale: 2", "text_to_image"),
    ],
)
def test_the_settings_tell_what_kind_of_work_it_was(more: str, method: str) -> None:
    text = f"a cat\nSteps: 8, CFG scale: 1, Seed: 1{more}"
    assert a1111.settings(a1111.parse(text)).method == method


def test_lines_after_the_settings_are_passed_over() -> None:
    read = a1111.parse("a cat\nSteps: 8, CFG scale: 1, Seed: 1\nTemplate: a __animal__")
    assert read.prompt == "a cat" and read.values["Seed"] == "1"


def test_a_text_without_settings_is_all_prompt() -> None:
    assert a1111.parse("a cat: black, white\non a mat") == a1111.Parameters("a cat: black, white\non a mat", "", {})


PLAIN = st.text(st.characters(blacklist_categories=("Cs", "Cc", "Zl", "Zp")), max_size=60)
NAMES = st.from_regex(r"[A-Za-z]\w[\w \-/]{0,20}\w", fullmatch=True).filter(str.isascii)


@given(st.lists(PLAIN, max_size=4), st.lists(PLAIN, max_size=3), st.dictionaries(NAMES, PLAIN, min_size=3, max_size=8))
def test_what_a1111_reads_we_read_the_same(prompt: list[str], negative: list[str], values: dict[str, str]) -> None:
    lines = [*prompt, *([f"Negative prompt: {negative[0]}", *negative[1:]] if negative else [])]
    text = "\n".join([*lines, ", ".join(f"{name}: {a1111.quoted(value)}" for name, value in values.items())])
    theirs, ours = a1111_itself(text), a1111.parse(text)
    wanted = {name: value.strip() for name, value in values.items()}
    for read in (theirs, ours):
        assert {name: value.strip() for name, value in read.values.items()} == wanted
    assert ours.prompt == theirs.prompt.strip() and ours.negative_prompt == theirs.negative_prompt.strip()


@given(st.text(max_size=400) | st.text(' ab:,"{}[]\\\n', max_size=400))
def test_no_text_is_too_strange(text: str) -> None:
    found = a1111.settings(a1111.parse(text))
    assert found.method in ("text_to_image", "image_to_image", "inpaint")


@pytest.mark.parametrize("piece", ["a", "ab:", 'ab:"', "ab:[", "ab,", '{"a":', "Steps:\n"])
def test_no_text_is_too_long(piece: str) -> None:
    # In the square of its length this would take minutes.
    assert a1111.parse(piece * (200_000 // len(piece))).negative_prompt == ""


@given(
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=80),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80),
    st.sampled_from(["starter", 'a, "quoted": name', "folder/model-1.5", "漢字"]),
    st.integers(0, 2**32 - 1),
)
def test_what_we_write_a1111_reads(prompt: str, negative: str, model: str, seed: int) -> None:
    made: dict[str, Any] = {**settings(), "prompt": prompt, "negative_prompt": negative, "model": model, "seed": seed}
    text = metadata.parameters(made)
    for read in (a1111_itself(text), a1111.parse(text)):
        assert read.values["Model"] == model and read.values["Seed"] == str(seed)
        assert read.values["Size"] == "64x64" and read.values["Sampler"] == made["sampler_label"]
        if not prompt.strip().startswith("Negative prompt:") and prompt.splitlines() == [prompt]:
            assert read.prompt == prompt.strip()
            assert read.negative_prompt == negative.strip() or len(negative.splitlines()) != 1
    ours = a1111.settings(a1111.parse(text)).values
    assert ours["sampler"] == made["sampler"] and ours["steps"] == made["steps"] and ours["cfg_scale"] == 7
