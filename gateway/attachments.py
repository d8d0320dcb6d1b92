"""Files that go with a question: texts are put into it, pictures beside it, as OpenAI's content parts."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from typing import Any, cast

from google.protobuf import json_format
from google.protobuf.struct_pb2 import Value
from sqlalchemy.ext.asyncio import AsyncSession

from gateway import thumbnails
from gateway.catalog import assets
from gateway.catalog.models import AssetRow, MessageRow
from services.kit.failures import BadInput, Failure, NotFound
from services.kit.objects import ObjectStore

# A long text fills any model's context; a request must also fit into one message of the bus.
_MOST_TEXT_BYTES = 256 * 1024
_MOST_BYTES = 5 * 1024**2
# What vision models look at; they scale down what is larger.
_SIDE = 1024


async def check(session: AsyncSession, owner_id: str, asset_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The attachments of a message, as they are kept; raises `BadInput` naming the one that cannot be one."""
    rows = {row.id: row for row in await assets.of_ids(session, owner_id, asset_ids)}
    found = list[dict[str, Any]]()
    for number, asset_id in enumerate(asset_ids):
        field = f"attachments.{number}"
        row = rows.get(asset_id)
        if row is None:
            raise BadInput.of(field, f"there is no asset {asset_id}")
        if row.kind not in ("text", "image"):
            raise BadInput.of(field, f"is a {row.kind}; models read texts and images")
        if row.kind == "text" and row.size > _MOST_TEXT_BYTES:
            raise BadInput.of(field, f"has {row.size:,} bytes; a text may have {_MOST_TEXT_BYTES:,}")
        if row.kind == "image" and not thumbnails.is_picture(row.content_type):
            raise BadInput.of(field, f"is {row.content_type}, which cannot be read")
        found.append({"asset_id": row.id, "name": row.name or row.id, "kind": row.kind})
    return found


async def rows_of(session: AsyncSession, owner_id: str, messages: Sequence[MessageRow]) -> dict[str, AssetRow]:
    """The assets that some messages have with them and that are still there, by id."""
    ids = {one["asset_id"] for message in messages for one in message.attachments or ()}
    return {row.id: row for row in await assets.of_ids(session, owner_id, ids)}


async def contents(
    objects: ObjectStore, messages: Sequence[MessageRow], rows: Mapping[str, AssetRow], max_pixels: int
) -> dict[str, Value]:
    """What each message that has attachments says to a model, by its id. Raises `Failure` if it is too much."""
    found = dict[str, Value]()
    size = 0
    for message in messages:
        if not message.attachments:
            continue
        texts, pictures = [message.content], list[dict[str, Any]]()
        for one in message.attachments:
            row = rows.get(one["asset_id"])
            content = await _content(objects, row) if row is not None else None
            if row is None or content is None:
                texts.append(f"[The file {one['name']} is no longer there.]")
            elif row.kind == "text":
                texts.append(f"{one['name']}:\n```\n{content.decode(errors='replace')}\n```")
            else:
                url = await asyncio.to_thread(_data_url, content, row.content_type, max_pixels)
                pictures.append({"type": "image_url", "image_url": {"url": url}})
                size += len(url)
        text = "\n\n".join(texts)
        size += len(text)
        found[message.id] = Value(string_value=text)
        if pictures:
            found[message.id] = json_format.ParseDict(cast(Any, [*pictures, {"type": "text", "text": text}]), Value())
    if size > _MOST_BYTES:
        raise Failure(
            f"The attachments of this conversation have {size:,} bytes, {_MOST_BYTES:,} are possible.",
            code="too_large",
            hint="Begin a new conversation with fewer of them.",
        )
    return found


async def _content(objects: ObjectStore, row: AssetRow) -> bytes | None:
    try:
        return await objects.get(row.key)
    except NotFound:
        return None


def _data_url(content: bytes, content_type: str, max_pixels: int) -> str:
    # JPEG is the one format that every server with a vision model reads.
    made = thumbnails.scaled(content, content_type, max_pixels, side=_SIDE, image_format="JPEG")
    return f"data:image/jpeg;base64,{base64.b64encode(made).decode()}"
