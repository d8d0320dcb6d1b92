"""What a version of a dataset holds: JSON Lines in object storage, under the hash of their content."""

import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import dataset_schemas as schemas
from gateway.catalog import pages
from gateway.catalog.models import DatasetVersionRow
from services.kit.failures import NotFound
from services.kit.objects import ObjectStore

CONTENT_TYPE = "application/jsonl"


def folder_of(dataset_id: str) -> str:
    """What the keys of all versions of a dataset begin with."""
    return f"datasets/{dataset_id}/"


def key_of(version: DatasetVersionRow) -> str:
    """Where a version's content is kept. Versions that hold the same share it."""
    return f"{folder_of(version.dataset_id)}{version.sha256}.jsonl"


@dataclass(frozen=True)
class Content:
    """What a version will hold, in a file."""

    path: Path
    sha256: str
    size: int
    """Bytes."""
    items: int
    statistics: dict[str, Any]


class ContentFile:
    """A version's content on its way to disk. The same examples give the same bytes."""

    def __init__(self, path: Path) -> None:
        """Nothing is in it yet."""
        self._path = path
        self._file = path.open("wb")
        self._digest = hashlib.sha256()
        self._size = self._items = self._messages = self._characters = 0
        self._ratings = Counter[int | None]()
        self._models = Counter[str]()

    def write(self, examples: Sequence[schemas.ChatExample]) -> None:
        """A line for each."""
        for one in examples:
            line = f"{one.model_dump_json()}\n".encode()
            self._file.write(line)
            self._digest.update(line)
            self._size += len(line)
            self._items += 1
            self._messages += len(one.messages)
            self._characters += sum(len(message.content) for message in one.messages)
            self._ratings[one.rating] += 1
            self._models[one.model] += 1

    def close(self) -> Content:
        """All is written."""
        self._file.close()
        statistics = {
            "messages": self._messages,
            "characters": self._characters,
            "by_rating": {"good": self._ratings[1], "bad": self._ratings[-1]},
            "by_model": dict(self._models),
        }
        return Content(self._path, self._digest.hexdigest(), self._size, self._items, statistics)

    def abandon(self) -> None:
        """It will not be needed."""
        self._file.close()


@dataclass(frozen=True)
class Place:
    """Where an item of a version begins."""

    number: int
    """The version's."""
    index: int = 0
    offset: int = 0
    """Bytes."""

    def cursor(self) -> str:
        """As a client gets it."""
        return pages.encode(str(self.number), str(self.index), str(self.offset))


def place_of(cursor: str) -> Place:
    """The place a cursor names; raises `BadInput` for what no list gave out."""
    texts = pages.decode(cursor, 3)
    if not all(text.isascii() and text.isdecimal() and len(text) < 19 for text in texts):
        pages.refuse()
    place = Place(*map(int, texts))
    return place if 0 < place.number < 2**31 else pages.refuse()


async def items(
    objects: ObjectStore, version: DatasetVersionRow, place: Place, limit: int
) -> tuple[list[schemas.DatasetItem], Place | None]:
    """Up to `limit` items of a version from a place on, and the place after them; None at the end.

    Raises `BadInput` for a place where no item begins and `NotFound` if the content is gone.
    """
    if place.index and not (place.index < version.items and 0 < place.offset < version.size_bytes):
        pages.refuse()
    found = list[schemas.DatasetItem]()
    offset = place.offset
    async with aclosing(_lines(objects, version, offset)) as lines:
        async for line in lines:
            example = schemas.ChatExample.model_validate_json(line)
            found.append(schemas.DatasetItem(index=place.index + len(found), **dict(example)))
            offset += len(line)
            if len(found) == limit:
                break
    if offset == version.size_bytes:
        return found, None
    return found, Place(version.number, place.index + len(found), offset)


async def _lines(objects: ObjectStore, version: DatasetVersionRow, offset: int) -> AsyncGenerator[bytes]:
    """The lines from `offset` on, each with its end."""
    # The end of the line before shows that one begins here.
    before = 1 if offset else 0
    rest = b""
    async with aclosing(stream(objects, version, offset - before)) as pieces:
        async for piece in pieces:
            if before:
                if not piece.startswith(b"\n"):
                    pages.refuse()
                piece, before = piece[1:], 0
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line + b"\n"


async def stream(objects: ObjectStore, version: DatasetVersionRow, offset: int = 0) -> AsyncGenerator[bytes]:
    """A version's content from `offset` on, in pieces; raises `NotFound` if it is gone."""
    try:
        async with aclosing(objects.stream(key_of(version), offset)) as pieces:
            async for piece in pieces:
                yield piece
    except NotFound:
        raise _gone(version) from None


async def present(objects: ObjectStore, version: DatasetVersionRow) -> None:
    """Raise `NotFound` if a version's content is gone."""
    try:
        await objects.stat(key_of(version))
    except NotFound:
        raise _gone(version) from None


def _gone(version: DatasetVersionRow) -> NotFound:
    return NotFound(f"The content of version {version.number} is gone from object storage.")
