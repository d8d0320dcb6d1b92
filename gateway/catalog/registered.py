"""Reading and writing the models of the registry."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from atelier.v1.common_pb2 import Event
from atelier.v1.models_pb2 import ImportModelResult
from gateway.catalog import pages
from gateway.catalog.models import JobRow, ModelRow, ModelUseRow, now
from services.kit.contract import contract

IMPORT = "diffusion.import_model"


@dataclass(frozen=True)
class ModelFilter:
    """Which of an owner's models; None = any."""

    kind: str | None = None
    family: str | None = None
    text: str | None = None
    """Looked for in names, descriptions, tags and trigger words."""
    favourite: bool | None = None


async def get(session: AsyncSession, owner_id: str, model_id: str) -> ModelRow | None:
    """An owner's model."""
    return await session.scalar(select(ModelRow).where(ModelRow.id == model_id, ModelRow.owner_id == owner_id))


async def called(session: AsyncSession, owner_id: str, name: str) -> ModelRow | None:
    """An owner's model of this name, or with this id."""
    query = select(ModelRow).where(ModelRow.owner_id == owner_id, or_(ModelRow.name == name, ModelRow.id == name))
    # A name that is another's id means what it says.
    return await session.scalar(query.order_by((ModelRow.name == name).desc()).limit(1))


async def names(session: AsyncSession, owner_id: str, kind: str) -> list[str]:
    """The names of an owner's models of a kind that can be used."""
    query = select(ModelRow.name).where(ModelRow.owner_id == owner_id, ModelRow.kind == kind)
    return list(await session.scalars(query.where(ModelRow.status == "available").order_by(ModelRow.name)))


async def usable(session: AsyncSession, owner_id: str, kind: str) -> Sequence[ModelRow]:
    """An owner's models of a kind that can be used, by name."""
    query = select(ModelRow).where(ModelRow.owner_id == owner_id, ModelRow.kind == kind)
    return (await session.scalars(query.where(ModelRow.status == "available").order_by(ModelRow.name))).all()


async def page(
    session: AsyncSession, owner_id: str, wanted: ModelFilter, limit: int, cursor: str | None
) -> pages.Part[ModelRow]:
    """An owner's models, newest first."""
    query = select(ModelRow).where(ModelRow.owner_id == owner_id)
    if wanted.kind is not None:
        query = query.where(ModelRow.kind == wanted.kind)
    if wanted.family is not None:
        query = query.where(ModelRow.family == wanted.family)
    if wanted.favourite is not None:
        query = query.where(ModelRow.favourite == wanted.favourite)
    if wanted.text:
        fields = (ModelRow.name, ModelRow.description, cast(ModelRow.tags, Text), cast(ModelRow.trigger_words, Text))
        query = query.where(or_(*(field.icontains(wanted.text, autoescape=True) for field in fields)))
    return await pages.newest_first(session, query, ModelRow.id, limit, cursor)


async def all_of(session: AsyncSession, owner_id: str) -> Sequence[ModelRow]:
    """All of an owner's models."""
    return (await session.scalars(select(ModelRow).where(ModelRow.owner_id == owner_id))).all()


async def others_with(session: AsyncSession, row: ModelRow) -> int:
    """How many other models, of any owner, have the same content."""
    query = select(func.count()).where(ModelRow.sha256 == row.sha256, ModelRow.id != row.id)
    return await session.scalar(query) or 0


async def uses(session: AsyncSession, owner_id: str) -> dict[str, ModelUseRow]:
    """What an owner has used, by what stands for the model."""
    found = await session.scalars(select(ModelUseRow).where(ModelUseRow.owner_id == owner_id))
    return {row.model: row for row in found}


async def count_use(session: AsyncSession, owner_id: str, models: Iterable[str]) -> None:
    """An owner has asked for these."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for model in models:
        row = {"owner_id": owner_id, "model": model, "uses": 1, "last_used_at": now()}
        statement = dialect.insert(ModelUseRow).values(row)
        again = {"uses": ModelUseRow.uses + 1, "last_used_at": row["last_used_at"]}
        await session.execute(statement.on_conflict_do_update(index_elements=["owner_id", "model"], set_=again))


async def settle(session: AsyncSession, event: Event) -> None:
    """What the end of an import says about its model; hearing it again changes nothing."""
    params = await session.scalar(select(JobRow.params).where(JobRow.id == event.job_id))
    model_id = (params or {}).get("model_id")
    row = await session.get(ModelRow, model_id) if isinstance(model_id, str) else None
    if row is None or row.owner_id != event.owner_id or row.status == "available":
        return
    values = _found(row, event) if event.HasField("completed") else _failed(row, event)
    if values:
        values["updated_at"] = now()
        await session.execute(update(ModelRow).where(ModelRow.id == row.id).values(values))


def _found(row: ModelRow, event: Event) -> dict[str, Any]:
    result = ImportModelResult()
    if not event.completed.result.Unpack(result):
        return {}
    return {
        "status": "available",
        "error": None,
        "kind": contract.word(result, "kind"),
        "family": _clean(result.family)[:32],
        "sha256": result.sha256,
        "hash": result.hash,
        "size": result.size,
        "files": result.files,
        "rank": result.rank,
        "alpha": result.alpha if result.HasField("alpha") else None,
        "base_model": _clean(result.base_model)[:200],
        # What somebody has written meanwhile stays.
        "trigger_words": row.trigger_words or [_clean(word) for word in result.trigger_words],
    }


def _failed(row: ModelRow, event: Event) -> dict[str, Any]:
    if row.job_id not in (None, event.job_id):
        # An earlier attempt; another one is under way.
        return {}
    if event.HasField("cancelled"):
        told = {"code": "cancelled", "message": "It was cancelled before it was here.", "hint": ""}
    else:
        error = event.failed.error
        told = {"code": error.code, "message": _clean(error.message), "hint": _clean(error.hint)}
    return {"status": "failed", "error": told}


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd")
