"""What a version of a dataset holds: bytes that follow from the examples alone, counted as they are written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal

import pytest

from gateway.catalog import pages
from gateway.dataset_content import Content, ContentFile, Place, place_of
from gateway.dataset_schemas import ChatExample, ExampleMessage
from services.kit.failures import BadInput


def example(answer: str, rating: Literal[-1, 1] = 1, model: str = "parrot") -> ChatExample:
    said = [ExampleMessage(role="user", content="Äpfel?"), ExampleMessage(role="assistant", content=answer)]
    return ChatExample(messages=said, rating=rating, model=model)


def written(path: Path, *batches: list[ChatExample]) -> Content:
    file = ContentFile(path)
    for batch in batches:
        file.write(batch)
    return file.close()


def test_the_same_examples_give_the_same_content_however_they_were_gathered(tmp_path: Path) -> None:
    one, two = example("yes"), example("two\nlines and \u2028 one more")
    together = written(tmp_path / "a", [one, two])
    apart = written(tmp_path / "b", [one], [], [two])
    assert together.path.read_bytes() == apart.path.read_bytes() and together.sha256 == apart.sha256
    assert together.sha256 == hashlib.sha256(together.path.read_bytes()).hexdigest()
    lines = together.path.read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == [one.model_dump(), two.model_dump()] and lines[-1] == b""
    for other in ([two, one], [one], [one, example("two", -1)]):
        assert written(tmp_path / "c", other).sha256 != together.sha256


def test_what_is_written_is_counted(tmp_path: Path) -> None:
    content = written(tmp_path / "a", [example("yes"), example("no", -1)], [example("ö", model="other")])
    assert content.items == 3 and content.size == content.path.stat().st_size
    assert content.statistics == {
        "messages": 6,
        "characters": 3 * len("Äpfel?") + len("yesnoö"),
        "by_rating": {"good": 2, "bad": 1},
        "by_model": {"parrot": 2, "other": 1},
    }


def test_a_cursor_names_the_place_it_was_made_for() -> None:
    place = Place(2, 50, 31_337)
    assert place_of(place.cursor()) == place


@pytest.mark.parametrize("key", [("1", "2"), ("0", "1", "9"), ("1", "-1", "9"), ("1", "١", "9"), ("1", "1", "9" * 20)])
def test_a_cursor_nobody_gave_out_is_refused(key: tuple[str, ...]) -> None:
    with pytest.raises(BadInput):
        place_of(pages.encode(*key))
