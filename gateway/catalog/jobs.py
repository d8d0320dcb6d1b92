"""Reading and writing job rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from gateway.catalog import pages
from gateway.catalog.models import JOBS, TERMINAL, JobRow, now

_AHEAD = select(func.count()).where(
    JobRow.status == "pending",
    JobRow.service == bindparam("of_service"),
    JobRow.priority >= bindparam("from_priority"),
)


@dataclass(frozen=True)
class JobFilter:
    """Which of an owner's jobs; None = any."""

    statuses: tuple[str, ...] = ()
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    """Any of these."""
    service: str | None = None
    project_id: str | None = None
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    """Members of the request and their texts."""


@dataclass(frozen=True)
class Published:
    """The bus has taken a run of a job."""

    job_id: str
    run: int
    stream_seq: int


async def get(session: AsyncSession, owner_id: str, job_id: str) -> JobRow | None:
    """An owner's job."""
    return await session.scalar(select(JobRow).where(JobRow.id == job_id, JobRow.owner_id == owner_id))


async def page(
    session: AsyncSession, owner_id: str, wanted: JobFilter, limit: int, cursor: str | None
) -> pages.Part[JobRow]:
    """An owner's jobs, newest first."""
    query = select(JobRow).where(JobRow.owner_id == owner_id)
    if wanted.statuses:
        query = query.where(JobRow.status.in_(wanted.statuses))
    if wanted.kind is not None:
        query = query.where(JobRow.kind == wanted.kind)
    if wanted.kinds:
        query = query.where(JobRow.kind.in_(wanted.kinds))
    if wanted.service is not None:
        query = query.where(JobRow.service == wanted.service)
    if wanted.project_id is not None:
        query = query.where(JobRow.project_id == wanted.project_id)
    for name, text in wanted.params.items():
        query = query.where(JobRow.params[name].as_string() == text)
    return await pages.newest_first(session, query, JobRow.id, limit, cursor)


async def add(session: AsyncSession, rows: Sequence[JobRow]) -> list[int]:
    """Insert new jobs in this order; returns for each how many pending jobs of its service are ahead of it."""
    ahead: dict[tuple[str, int], int] = {}
    for service, priority in {(row.service, row.priority) for row in rows}:
        found = await session.scalar(_AHEAD, {"of_service": service, "from_priority": priority})
        ahead[service, priority] = found or 0
    columns = [column.key for column in JOBS.columns]
    await session.execute(JOBS.insert(), [{name: getattr(row, name) for name in columns} for row in rows])
    places: list[int] = []
    for row in rows:
        places.append(ahead[row.service, row.priority])
        for service, priority in ahead:
            if service == row.service and priority <= row.priority:
                ahead[service, priority] += 1
    return places


async def positions(session: AsyncSession, rows: Sequence[JobRow]) -> dict[str, int]:
    """For those of the rows that are pending: how many jobs of the same service are ahead."""
    waiting = [row.id for row in rows if row.status == "pending"]
    if not waiting:
        return {}
    other = aliased(JobRow)
    before: ColumnElement[bool] = or_(
        other.priority > JobRow.priority, and_(other.priority == JobRow.priority, other.id < JobRow.id)
    )
    count = (
        select(func.count())
        .where(other.status == "pending", other.service == JobRow.service, before)
        .correlate(JobRow)
        .scalar_subquery()
    )
    result = await session.execute(select(JobRow.id, count).where(JobRow.id.in_(waiting)))
    return {job_id: number for job_id, number in result}


async def mark_published(session: AsyncSession, marks: Sequence[Published]) -> None:
    """Note the places of runs that the bus has acknowledged. A row that meanwhile has another run stays as it is."""
    connection = await session.connection()
    statement = (
        update(JobRow)
        .where(JobRow.id == bindparam("job"), JobRow.run == bindparam("of_run"))
        .values(published=True, stream_seq=bindparam("place"))
    )
    await connection.execute(statement, [{"job": m.job_id, "of_run": m.run, "place": m.stream_seq} for m in marks])


async def next_run(session: AsyncSession, row: JobRow, **changes: Any) -> JobRow | None:
    """Give a job that has not ended a new run, still to be published; None if it changed since `row` was read."""
    statement = (
        update(JobRow)
        .where(JobRow.id == row.id, JobRow.run == row.run, JobRow.status.not_in(TERMINAL))
        .values({"run": row.run + 1, "published": False, "stream_seq": None, "updated_at": now(), **changes})
        .returning(JobRow)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def hold(session: AsyncSession, row: JobRow) -> JobRow | None:
    """Mark a waiting job as held; None if it does not wait any more."""
    statement = (
        update(JobRow)
        .where(JobRow.id == row.id, JobRow.run == row.run, JobRow.status == "pending")
        .values(status="paused", stream_seq=None, updated_at=now())
        .returning(JobRow)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).one_or_none()


async def unpublished(session: AsyncSession, before: datetime, limit: int) -> Sequence[JobRow]:
    """Accepted jobs that the bus has not acknowledged since `before`."""
    query = (
        select(JobRow)
        .where(JobRow.status == "pending", JobRow.published.is_(False), JobRow.updated_at < before)
        .order_by(JobRow.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()


async def quiet(session: AsyncSession, before: datetime, after_id: str, limit: int) -> Sequence[JobRow]:
    """Unfinished jobs nothing was heard of since `before`, from an id on."""
    query = (
        select(JobRow)
        .where(
            JobRow.status.in_(("pending", "running")),
            JobRow.published.is_(True),
            JobRow.updated_at < before,
            JobRow.id > after_id,
        )
        .order_by(JobRow.id)
        .limit(limit)
    )
    return (await session.scalars(query)).all()
