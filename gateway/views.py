"""Rows as the API shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from gateway import conversation_schemas as chat
from gateway import schemas
from gateway.catalog import assets, jobs
from gateway.catalog.models import AssetRow, ConversationRow, JobRow, MessageRow
from gateway.thumbnails import has_thumbnail
from services.kit.telemetry import trace_id


def content_url(asset_id: str) -> str:
    """Where an asset's content is."""
    return f"/api/assets/{asset_id}/content"


def thumbnail_url(asset_id: str, content_type: str) -> str | None:
    """Where an asset's thumbnail is; None if there is nothing to show."""
    return f"/api/assets/{asset_id}/thumbnail" if has_thumbnail(content_type) else None


def answered_by(atelier: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an answer's `atelier` object."""
    return {name: atelier[name] for name in chat.AnsweredBy.model_fields if name in atelier}


def asset(row: AssetRow) -> schemas.Asset:
    """An asset."""
    return schemas.Asset(
        id=row.id,
        job_id=row.job_id,
        project_id=row.project_id,
        kind=row.kind,
        name=row.name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        duration_s=row.duration_s,
        index=row.index,
        provenance=row.provenance,
        created_at=row.created_at,
        content_url=content_url(row.id),
        thumbnail_url=thumbnail_url(row.id, row.content_type),
    )


def job(row: JobRow, outputs: Sequence[AssetRow] = (), position: int | None = None) -> schemas.Job:
    """A job with its outputs."""
    return schemas.Job(
        id=row.id,
        kind=row.kind,
        status=row.status,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        progress=row.progress,
        stage=row.stage,
        message=row.message,
        position=position,
        eta_s=row.eta_s if row.status == "running" else None,
        priority=row.priority,
        params=row.params,
        outputs=[asset(output) for output in outputs],
        result=row.result,
        error=schemas.JobError(**row.error) if row.error else None,
        attempts=row.attempts,
        retry_of=row.retry_of,
        project_id=row.project_id,
        owner_id=row.owner_id,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        trace_id=trace_id(row.traceparent or ""),
    )


async def job_list(session: AsyncSession, rows: Sequence[JobRow]) -> list[schemas.Job]:
    """Jobs with their outputs and places in the queue, in three queries however many they are."""
    outputs = await assets.of_jobs(session, [row.id for row in rows])
    places = await jobs.positions(session, rows)
    return [job(row, outputs.get(row.id, ()), places.get(row.id)) for row in rows]


def conversation(row: ConversationRow, message_count: int) -> chat.Conversation:
    """A conversation."""
    return chat.Conversation(
        id=row.id,
        title=row.title,
        model=row.model,
        system_prompt=row.system_prompt,
        created_at=row.created_at,
        updated_at=row.updated_at,
        message_count=message_count,
    )


def message(row: MessageRow) -> chat.Message:
    """A message."""
    return chat.Message(
        id=row.id,
        parent_id=row.parent_id,
        role=row.role,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        content=row.content,
        model=row.model,
        status=row.status,  # pyright: ignore[reportArgumentType]
        created_at=row.created_at,
        usage=row.usage,
        latency_ms=row.latency_ms,
        answered_by=chat.AnsweredBy(**row.answered_by) if row.answered_by else None,
        attachments=[chat.Attachment(**one) for one in row.attachments or ()],
        rating=row.rating,  # pyright: ignore[reportArgumentType]
        error=chat.MessageError(**row.error) if row.error else None,
    )
