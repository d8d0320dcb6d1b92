"""Cursors: where a list goes on. They name the last row shown, so rows that come in meanwhile move nothing."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar, cast

import orjson
from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from services.kit.failures import BadInput

T = TypeVar("T")


@dataclass(frozen=True)
class Part(Generic[T]):
    """Some rows of a list and the cursor after the last of them; None at the end."""

    rows: Sequence[T]
    next_cursor: str | None


def encode(*key: str) -> str:
    """An opaque cursor for a row's sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode(cursor: str, length: int) -> list[str]:
    """The sort key of a cursor; raises `BadInput` for anything `encode` did not make."""
    try:
        key = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error):
        key = None
    parts = cast(list[object], key) if isinstance(key, list) else []
    # NUL is text to JSON and to us, but no database takes it.
    texts = [part for part in parts if isinstance(part, str) and "\0" not in part]
    if not len(texts) == len(parts) == length:
        refuse()
    return texts


def cut(rows: Sequence[T], limit: int, key: Callable[[T], tuple[str, ...]]) -> Part[T]:
    """The first `limit` of `limit + 1` fetched rows, with a cursor if there are more."""
    if len(rows) <= limit:
        return Part(rows, None)
    return Part(rows[:limit], encode(*key(rows[limit - 1])))


async def newest_first(
    session: AsyncSession, query: Select[Any], row_id: InstrumentedAttribute[str], limit: int, cursor: str | None
) -> Part[Any]:
    """A part of the rows a query selects, by their ids, which are ULIDs and so in the order of time."""
    if cursor:
        (last_id,) = decode(cursor, 1)
        query = query.where(row_id < last_id)
    rows = (await session.scalars(query.order_by(row_id.desc()).limit(limit + 1))).all()
    return cut(rows, limit, lambda row: (row.id,))


def refuse() -> NoReturn:
    """Raise the failure for a cursor that no list gave out."""
    raise BadInput.of("cursor", "is not one that this list gave out")
