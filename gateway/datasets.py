"""Datasets: made of rated answers, deleted, and as the API shows them."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from gateway import dataset_schemas as schemas
from gateway import export
from gateway.catalog import conversations, datasets
from gateway.catalog.database import alone
from gateway.catalog.models import DatasetRow, DatasetVersionRow, now
from gateway.dataset_content import CONTENT_TYPE, Content, ContentFile, folder_of, key_of
from gateway.scratch import scratch
from gateway.state import Parts
from services.kit.failures import BadInput, Conflict, NotFound
from services.kit.ids import new_ulid

# Examples that are written together.
_AT_ONCE = 100


@dataclass(frozen=True)
class Made:
    """A dataset and a version of it; `new` is false if that version was there before."""

    dataset: DatasetRow
    version: DatasetVersionRow
    new: bool


async def from_ratings(parts: Parts, owner_id: str, ask: schemas.DatasetFromRatings) -> Made:
    """A dataset, or a version of one, of an owner's rated answers; if one of just these is there, that one.

    Raises `Conflict` while too few answers are rated good, and `BadInput` for a dataset they cannot go into.
    """
    async with parts.database.read() as session:
        if ask.dataset_id is not None:
            _fitting(await datasets.get(session, owner_id, ask.dataset_id), ask)
        good, _ = await conversations.ratings(session, owner_id)
    if good < export.ENOUGH:
        raise Conflict(
            f"A dataset needs {export.ENOUGH} answers rated good; so far you have {good}.",
            hint=f"Rate {export.ENOUGH - good} more of your models' answers good.",
        )
    async with scratch(parts, "dataset") as place:
        content = await _written(parts, owner_id, ask.include, place / "content")
        if ask.dataset_id is None:
            return await _begin(parts, owner_id, ask, content)
        return await _continue(parts, owner_id, ask.dataset_id, ask, content)


def _fitting(found: datasets.DatasetAndNewest | None, ask: schemas.DatasetFromRatings) -> datasets.DatasetAndNewest:
    """The dataset that is to have another version; raises `BadInput` if it cannot."""
    if found is None:
        raise BadInput.of("dataset_id", "is not one of your datasets")
    if found[0].type != "text":
        raise BadInput.of("dataset_id", f"is a dataset of type {found[0].type}; rated answers are text")
    for name in ("name", "description", "tags"):
        if name in ask.model_fields_set:
            raise BadInput.of(name, "is for a new dataset", hint="PATCH changes the one that is there.")
    return found


async def _written(parts: Parts, owner_id: str, include: schemas.Include, path: Path) -> Content:
    file = await asyncio.to_thread(ContentFile, path)
    try:
        batch = list[schemas.ChatExample]()
        async with parts.database.read() as session:
            async for one in conversations.rated(session, owner_id, good_only=include == "good"):
                batch.append(export.example(*one))
                if len(batch) == _AT_ONCE:
                    await asyncio.to_thread(file.write, batch)
                    batch.clear()
        await asyncio.to_thread(file.write, batch)
        return await asyncio.to_thread(file.close)
    finally:
        file.abandon()


async def _begin(parts: Parts, owner_id: str, ask: schemas.DatasetFromRatings, content: Content) -> Made:
    moment = now()
    row = DatasetRow(
        id=new_ulid(),
        owner_id=owner_id,
        name=ask.name,
        description=ask.description,
        type="text",
        tags=ask.tags,
        created_at=moment,
        updated_at=moment,
    )
    version = _version(row.id, 1, content)
    await _put(parts, version, content)
    made = None
    try:
        async with parts.database.write() as session:
            # The same request may come in twice at once, at two copies of the gateway.
            await alone(session, f"datasets of {owner_id}")
            same = await _same(session, owner_id, ask, content)
            if same is None:
                session.add(row)
                # A version refers to its dataset, which the mapper knows nothing of.
                await session.flush()
                session.add(version)
        made = same or Made(row, version, new=True)
        return made
    finally:
        if made is None or not made.new:
            await parts.objects.delete(key_of(version))


async def _same(session: AsyncSession, owner_id: str, ask: schemas.DatasetFromRatings, content: Content) -> Made | None:
    """A dataset of this content that is as was asked for; what was not asked for may have been changed since."""
    asked = ask.model_dump(include={"name", "description", "tags"}, exclude_unset=True)
    for row, version in await datasets.holding(session, owner_id, content.sha256):
        if all(getattr(row, name) == value for name, value in asked.items()):
            return Made(row, version, new=False)
    return None


async def _continue(
    parts: Parts, owner_id: str, dataset_id: str, ask: schemas.DatasetFromRatings, content: Content
) -> Made:
    version = _version(dataset_id, 1, content)
    await _put(parts, version, content)
    async with parts.database.write() as session:
        await alone(session, f"datasets of {owner_id}")
        found = await datasets.get(session, owner_id, dataset_id)
        if found is not None:
            row, newest = _fitting(found, ask)
            if newest is not None and newest.sha256 == version.sha256:
                return Made(row, newest, new=False)
            version.number = newest.number + 1 if newest is not None else 1
            row.updated_at = version.created_at
            session.add(version)
            return Made(row, version, new=True)
    # It was deleted meanwhile, with what lay there; otherwise an older version may need it.
    await parts.objects.delete(key_of(version))
    raise BadInput.of("dataset_id", "is not one of your datasets")


def _version(dataset_id: str, number: int, content: Content) -> DatasetVersionRow:
    return DatasetVersionRow(
        dataset_id=dataset_id,
        number=number,
        sha256=content.sha256,
        items=content.items,
        size_bytes=content.size,
        source={"kind": "ratings", **content.statistics["by_rating"]},
        statistics=content.statistics,
        created_at=now(),
    )


async def _put(parts: Parts, version: DatasetVersionRow, content: Content) -> None:
    await parts.objects.put(key_of(version), content.path, CONTENT_TYPE, sha256=content.sha256)


async def delete(parts: Parts, row: DatasetRow) -> None:
    """Remove a dataset with all it holds for good."""
    # The content goes first: if this is interrupted the dataset is still there to try again by.
    await _sweep(parts, row.id)
    async with parts.database.write() as session:
        await session.delete(row)
    # A version may have come in between.
    await _sweep(parts, row.id)


async def _sweep(parts: Parts, dataset_id: str) -> None:
    for key in await parts.objects.keys(folder_of(dataset_id)):
        await parts.objects.delete(key)


async def load(parts: Parts, owner_id: str, dataset_id: str) -> datasets.DatasetAndNewest:
    """A dataset and its newest version; raises `NotFound`."""
    async with parts.database.read() as session:
        found = await datasets.get(session, owner_id, dataset_id)
    if found is None:
        raise NotFound(f"There is no dataset {dataset_id}.")
    return found


async def load_version(
    parts: Parts, owner_id: str, dataset_id: str, number: int | None
) -> tuple[DatasetRow, DatasetVersionRow]:
    """A dataset and a version of it (None = the newest); raises `NotFound`."""
    row, version = await load(parts, owner_id, dataset_id)
    if version is not None and number is not None and number != version.number:
        async with parts.database.read() as session:
            version = await datasets.version(session, dataset_id, number)
    if version is None:
        raise NotFound("This dataset has no versions yet." if number is None else f"There is no version {number}.")
    return row, version


def view(row: DatasetRow, newest: DatasetVersionRow | None) -> schemas.Dataset:
    """A dataset with its newest version."""
    return schemas.Dataset(
        id=row.id,
        name=row.name,
        description=row.description,
        type=row.type,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        tags=row.tags,
        latest=version_view(newest) if newest is not None else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def version_view(row: DatasetVersionRow) -> schemas.DatasetVersion:
    """A version."""
    return schemas.DatasetVersion(
        number=row.number,
        sha256=row.sha256,
        items=row.items,
        size_bytes=row.size_bytes,
        source=schemas.RatingsSource.model_validate(row.source),
        created_at=row.created_at,
    )


def statistics(row: DatasetVersionRow) -> schemas.DatasetStatistics:
    """A version in figures."""
    models: dict[str, int] = row.statistics["by_model"]
    # Not every database keeps the order of keys.
    most_first = dict(sorted(models.items(), key=lambda one: (-one[1], one[0])))
    figures = {"version": row.number, "items": row.items, "size_bytes": row.size_bytes}
    return schemas.DatasetStatistics.model_validate({**row.statistics, **figures, "by_model": most_first})
