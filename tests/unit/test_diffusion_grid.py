"""XYZ grids: axes to cells, in the order of what they cost, and the sheet they are drawn on."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from atelier.v1.diffusion_pb2 import GridRequest, ImageToImageRequest, TextToImageRequest
from services.diffusion.grid import labels
from services.diffusion.sheet import MOST_SIDE, Labels, Sheet, laid_out
from services.kit import grid
from services.kit.contract import contract
from services.kit.failures import BadInput

LETTERS = "abcWM äß–中\n({<|:\u200d"
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "prompt": st.text(LETTERS, min_size=1, max_size=20),
    "negative_prompt": st.text(LETTERS, max_size=20),
    "steps": st.integers(1, 150),
    "width": st.integers(8, 512).map(lambda eighth: eighth * 8),
    "cfg_scale": st.floats(0, 30),
    "seed": st.integers(0, 2**32 - 1),
    "sampler": st.sampled_from(["euler", "ddim", "heun"]),
    "lora_weight": st.floats(-4, 4),
}


def asked(*axes: tuple[str, list[Any]], **settings: Any) -> GridRequest:
    """A request with these axes."""
    values = {"prompt": "a red apple", "axes": [{"field": field, "values": given} for field, given in axes], **settings}
    request = contract.parse(GridRequest, values)
    assert isinstance(request, GridRequest)
    return request


@st.composite
def axes(draw: st.DrawFn) -> list[tuple[str, list[Any]]]:
    fields = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    return [(field, draw(st.lists(VALUES[field], min_size=2, max_size=4))) for field in fields]


@settings(deadline=None)
@given(axes())
def test_every_combination_is_one_cell_in_reading_order(varied: list[tuple[str, list[Any]]]) -> None:
    request = asked(*varied, loras=[{"model": "sepia"}], seed=7)
    cells = grid.cells(request)
    shape = [len(values) for _, values in varied]
    index = 0
    for block in range(shape[2] if len(shape) > 2 else 1):
        for row in range(shape[1] if len(shape) > 1 else 1):
            for column in range(shape[0]):
                assert cells[index].places == (column, row, block)[: len(shape)]
                index += 1
    assert index == len(cells)
    for cell in cells:
        made = contract.to_json(cell.request)
        expected = {"prompt": "a red apple", "seed": 7, "steps": 20}
        for (field, values), place in zip(varied, cell.places, strict=True):
            if field == "lora_weight":
                assert made["loras"] == [{"model": "sepia", "weight": values[place]}]
            else:
                expected[field] = values[place]
        assert {name: made[name] for name in expected} == expected
        assert made["count"] == 1


@settings(deadline=None)
@given(axes())
def test_what_is_dear_to_change_changes_least_often(varied: list[tuple[str, list[Any]]]) -> None:
    request = asked(*varied, loras=[{"model": "sepia"}])
    made = grid.by_cost(grid.axes_of(request), grid.cells(request))
    changes = {
        field: sum(one.places[k] != two.places[k] for one, two in itertools.pairwise(made))
        for k, (field, _) in enumerate(varied)
    }
    # The cheapest changes with nearly every cell; the dearest once per value.
    order = ["width", "steps", "sampler", "lora_weight", "prompt", "negative_prompt", "cfg_scale", "seed"]
    dearest = min(changes, key=order.index)
    assert changes[dearest] == len(dict(varied)[dearest]) - 1
    assert [changes[field] for field in sorted(changes, key=order.index)] == sorted(changes.values())


def test_words_are_replaced_in_every_prompt() -> None:
    request = asked(("prompt_replace", ["apple", "pear", "ap"]), ("prompt", ["an apple pie", "one apple"]))
    prompts = [cell.request.prompt for cell in grid.cells(request)]
    assert prompts == ["an apple pie", "an pear pie", "an ap pie", "one apple", "one pear", "one ap"]


def test_with_a_picture_every_cell_begins_with_it() -> None:
    request = asked(("strength", [0.2, 0.8]), image="s3://a/b.png", fit="pad")
    first, second = grid.cells(request)
    assert isinstance(first.request, ImageToImageRequest) and isinstance(second.request, ImageToImageRequest)
    assert (first.request.strength, second.request.strength) == (0.2, 0.8)
    assert contract.to_json(first.request)["fit"] == "pad"
    assert isinstance(grid.cells(asked(("steps", [1, 2])))[0].request, TextToImageRequest)


def test_a_random_seed_is_drawn_once_for_all_unless_seeds_are_varied() -> None:
    cells = grid.cells(asked(("steps", [1, 2]), ("cfg_scale", [1, 2])), drawn=9)
    assert {cell.request.seed for cell in cells} == {9}
    cells = grid.cells(asked(("seed", [-1, 4, -1])), drawn=9)
    assert [cell.request.seed for cell in cells] == [9, 4, 11]


def test_a_presets_words_stay_told_apart() -> None:
    request = asked(("prompt", ["ink of a fox", "ink of an owl"]), ("prompt_replace", ["fox", "cat"]))
    request.preset.id, request.preset.prompt = "ink", "a red apple"
    request.preset.asked.update({"ink of a fox": "a fox", "ink of an owl": "an owl"})
    cells = [contract.to_json(cell.request) for cell in grid.cells(request)]
    assert [(cell["prompt"], cell["preset"]["prompt"]) for cell in cells] == [
        ("ink of a fox", "a fox"),
        ("ink of an owl", "an owl"),
        ("ink of a cat", "a cat"),
        ("ink of an owl", "an owl"),
    ]


@pytest.mark.parametrize(
    ("varied", "field"),
    [
        ([("steps", [1, 2]), ("steps", [3, 4])], "axes.1.field"),
        ([("strength", [0.1, 0.2])], "axes.0.field"),
        ([("lora_weight", [0.1, 0.2])], "axes.0.field"),
        ([("seed", [1, 2]), ("steps", [5, 10, 151])], "axes.1.values.2"),
        ([("width", [64, 65])], "axes.0.values.1"),
        ([("cfg_scale", [7, "7"])], "axes.0.values.1"),
        ([("sampler", ["euler", "eulre"])], "axes.0.values.1"),
        ([("steps", [5, None])], "axes.0.values.1"),
        ([("steps", [5, True])], "axes.0.values.1"),
        ([("steps", [5, [6]])], "axes.0.values.1"),
        ([("prompt", ["a", ""])], "axes.0.values.1"),
        ([("prompt_replace", ["pear", "plum"])], "axes.0.values.0"),
        ([("prompt_replace", ["", "plum"])], "axes.0.values.0"),
        ([("prompt_replace", ["a", "b" * 9000])], "axes.0.values.1"),
        ([("seed", list(range(11))), ("steps", list(range(1, 11)))], "axes"),
    ],
)
def test_what_no_cell_can_be_made_of_is_named(varied: list[tuple[str, list[Any]]], field: str) -> None:
    request = asked(*varied)
    with pytest.raises(BadInput) as refused:
        grid.cells(request)
    assert [fault.field for fault in refused.value.fields] == [field]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_the_wire_does_not_know_is_refused(value: Any) -> None:
    with pytest.raises(BadInput) as refused:
        asked(("cfg_scale", [1, value]))
    assert refused.value.fields[0].field == "axes.0.values.1"


def test_labels_say_what_is_varied() -> None:
    request = asked(
        ("sampler", ["dpmpp_2m", "euler"]),
        ("lora_weight", [0.5, 1]),
        ("negative_prompt", ["", "fog"]),
        loras=[{"model": "s3://a/models/1#ink"}],
    )
    told = labels(request, grid.axes_of(request))
    assert told == Labels(("DPM++ 2M", "Euler"), ("ink 0.5", "ink 1"), ("Not: (nothing)", "Not: fog"))


words = st.text(LETTERS, max_size=60)
sides = st.integers(8, 4096)


@settings(deadline=None)
@given(
    st.lists(words, min_size=1, max_size=20),
    st.lists(words, max_size=5),
    st.sampled_from([0, 2, 5]),
    st.tuples(sides, sides),
)
def test_a_sheet_is_bounded_and_no_picture_covers_another(
    columns: list[str], rows: list[str], blocks: int, cell: tuple[int, int]
) -> None:
    told = Labels(tuple(columns), tuple(rows), tuple("xyzab"[:blocks]))
    layout = laid_out(told, cell)
    assert max(layout.size) <= MOST_SIDE
    across, down, deep = told.shape
    corners = [layout.corner(k) for k in range(across * down * deep)]
    assert len(set(corners)) == len(corners)
    for left, top in corners:
        assert left >= 0 and top >= 0
        assert left + layout.pitch <= layout.size[0] and top + layout.height <= layout.size[1]


def test_a_sheet_holds_every_picture_as_it_is() -> None:
    told = Labels(("one", "two"), ("three", "four"))
    sheets = [Sheet(told, (64, 64)) for _ in range(2)]
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0)]
    for sheet in sheets:
        for k, colour in enumerate(colours):
            sheet.put(k, Image.new("RGB", (64, 64), colour))
    counted = {colour: count for count, colour in sheets[0].image.getcolors(1 << 20)}  # type: ignore[union-attr]
    assert [counted[colour] for colour in colours] == [64 * 64] * 4
    files = [io.BytesIO(), io.BytesIO()]
    for sheet, file in zip(sheets, files, strict=True):
        sheet.image.save(file, "PNG")
    assert files[0].getvalue() == files[1].getvalue()


def test_long_labels_are_cut_and_say_so() -> None:
    layout = laid_out(Labels(("a very long prompt " * 30, "short")), (128, 128))
    lines = layout.wrapped("a very long prompt " * 30, layout.pitch)
    assert len(lines) == 3 and lines[-1].endswith("…")
    assert all(layout.font.getlength(line) <= layout.pitch for line in lines)
