"""From journal events to catalog rows.

Any event may be applied any number of times, by any copy, in any order: what a row knows never goes back, and an ended
job stays ended.
"""

import functools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import Update, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from atelier.v1.common_pb2 import Event
from gateway.catalog import assets, registered
from gateway.catalog.database import insert_missing
from gateway.catalog.models import JOBS, TERMINAL, JobRow, Utc, now
from services.kit.contract import contract
from services.kit.journal import TERMINAL as TERMINAL_EVENTS
from services.kit.journal import event_type

log = structlog.get_logger(__name__)

# The rest (log lines, metrics, previews) is for whoever watches; the journal keeps it.
_KEPT = TERMINAL_EVENTS | {"queued", "started", "progress", "paused", "output"}


@dataclass
class _News:
    """What a batch of events says about one job."""

    first: Event
    seq: int = 0
    attempts: int = 0
    started_at: datetime | None = None
    changes: dict[str, Any] = field(default_factory=dict[str, Any])


async def apply(session: AsyncSession, events: Sequence[Event]) -> int:
    """Bring the rows of these events' jobs up to date; returns how many events had something to keep."""
    news: dict[str, _News] = {}
    outputs: dict[str, dict[str, Any]] = {}
    imports: list[Event] = []
    kept = 0
    for event in sorted(events, key=lambda e: e.seq):
        name = event_type(event)
        if name not in _KEPT:
            continue
        kept += 1
        if name == "output":
            outputs[event.output.asset.id] = _asset_row(event)
        if name in TERMINAL_EVENTS and event.kind == registered.IMPORT:
            imports.append(event)
        _note(news.setdefault(event.job_id, _News(event)), event, name)
    if not kept:
        return 0
    await _add_unknown(session, news)
    await _update(session, news)
    await assets.insert(session, list(outputs.values()))
    for event in imports:
        await registered.settle(session, event)
    return kept


def _note(item: _News, event: Event, name: str) -> None:
    item.attempts = max(item.attempts, event.attempt)
    if event.attempt > 0 and item.started_at is None:
        # Very short jobs tell no start; their end says how long they took.
        took = timedelta(seconds=event.completed.duration_s) if name == "completed" else timedelta()
        item.started_at = _time(event) - took
    change = {} if item.changes.get("status") in TERMINAL else _change(event, name)
    if change:
        item.seq = event.seq
        item.changes.update(change)


def _change(event: Event, name: str) -> dict[str, Any]:
    """What an event changes in its job's row, if the row is not further on already."""
    match name:
        case "started":
            return {"status": "running"}
        case "progress":
            progress = event.progress
            return {
                "status": "running",
                "progress": min(max(progress.fraction, 0.0), 1.0),
                "stage": clean(progress.stage),
                "message": clean(progress.message),
                "eta_s": progress.eta_s if progress.HasField("eta_s") else None,
            }
        case "paused" if event.attempt > 0:
            # A waiting job is held by the gateway, in its row first; only a worker's word is news here.
            return {"status": "paused", "stage": "", "message": clean(event.paused.reason), "eta_s": None}
        case "completed":
            result = clean(_result(event))
            return _end(event, status="completed", progress=1.0, message="", result=result)
        case "failed":
            error = event.failed.error
            told = {"code": clean(error.code), "message": clean(error.message), "hint": clean(error.hint)}
            return _end(event, status="failed", message=told["message"], error=told)
        case "cancelled":
            return _end(event, status="cancelled", message=clean(event.cancelled.reason))
        case _:
            return {}


def _end(event: Event, **changes: Any) -> dict[str, Any]:
    return {"stage": "", "eta_s": None, "finished_at": _time(event), **changes}


def _result(event: Event) -> dict[str, Any]:
    try:
        return contract.to_json(event.completed.result)
    except KeyError:
        # Made by a newer service, with a message this gateway has not heard of.
        log.warning("result_of_unknown_type", job_id=event.job_id, type=event.completed.result.type_url)
        return {}


async def _add_unknown(session: AsyncSession, news: dict[str, _News]) -> None:
    """Rows for jobs that did not come in through the gateway, such as the steps of a workflow."""
    known = set(await session.scalars(select(JobRow.id).where(JobRow.id.in_(list(news)))))
    rows = [_unknown_row(item.first) for job_id, item in news.items() if job_id not in known]
    await insert_missing(session, JobRow, rows)


def _unknown_row(event: Event) -> dict[str, Any]:
    moment = _time(event)
    return {
        "id": event.job_id,
        "owner_id": event.owner_id,
        "project_id": event.project_id or None,
        "kind": event.kind,
        "service": event.kind.split(".")[0],
        "status": "pending",
        "priority": 0,
        "run": 1,
        "published": True,
        "request": b"",
        "params": {},
        "progress": 0.0,
        "stage": "",
        "message": "",
        "attempts": 0,
        "last_seq": 0,
        "created_at": moment,
        "updated_at": moment,
    }


async def _update(session: AsyncSession, news: dict[str, _News]) -> None:
    """One statement for all jobs of which the same columns change."""
    connection = await session.connection()
    # Facts that hold whatever else is known, also when this batch comes late.
    starts = [
        {"job": job_id, "new_attempts": item.attempts, "new_started_at": item.started_at}
        for job_id, item in news.items()
        if item.started_at is not None
    ]
    if starts:
        await connection.execute(_STARTED, starts)
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for job_id, item in news.items():
        if item.changes:
            values = {"last_seq": item.seq, "updated_at": now(), **item.changes}
            named = {f"new_{name}": value for name, value in values.items()}
            alike[tuple(sorted(values))].append({"job": job_id, **named})
    for columns, rows in alike.items():
        await connection.execute(_changed(columns), rows)


_STARTED = (
    JOBS.update()
    .where(JOBS.c.id == bindparam("job"), JOBS.c.attempts < bindparam("new_attempts"))
    .values(
        attempts=bindparam("new_attempts"),
        started_at=func.coalesce(JOBS.c.started_at, bindparam("new_started_at", type_=Utc())),
    )
)


@functools.cache
def _changed(columns: tuple[str, ...]) -> Update:
    # No NOT IN: its list cannot be expanded in a statement for many rows.
    not_ended = [JOBS.c.status != status for status in TERMINAL]
    return (
        JOBS.update()
        .where(JOBS.c.id == bindparam("job"), JOBS.c.last_seq < bindparam("new_last_seq"), *not_ended)
        .values({name: bindparam(f"new_{name}", type_=JOBS.c[name].type) for name in columns})
    )


def _asset_row(event: Event) -> dict[str, Any]:
    asset = event.output.asset
    return {
        "id": asset.id,
        "owner_id": event.owner_id,
        "project_id": event.project_id or None,
        "job_id": event.job_id,
        "kind": asset.kind,
        "key": asset.key,
        "name": "",
        "content_type": asset.content_type,
        "size": asset.size,
        "sha256": asset.sha256,
        "index": asset.index,
        "width": asset.width,
        "height": asset.height,
        "duration_s": asset.duration_s,
        "provenance": clean(contract.to_json(asset).get("provenance", {})),
        "created_at": _time(event),
    }


def _time(event: Event) -> datetime:
    return event.time.ToDatetime(UTC)


def clean(value: Any) -> Any:
    """Text without NUL, which no PostgreSQL column takes; in nested data as well."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd") if "\0" in value else value
    if isinstance(value, dict):
        return {clean(key): clean(item) for key, item in cast(dict[str, Any], value).items()}
    if isinstance(value, list):
        return [clean(item) for item in cast(list[Any], value)]
    return value
