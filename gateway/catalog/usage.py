"""Reading and writing what answers used, and what that costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.database import insert_missing
from gateway.catalog.models import PriceRow, UsageRow

# Below which a price is meant: tokens are sold by the million.
PER_TOKENS = 1_000_000


@dataclass(frozen=True)
class Used:
    """What the answers of one model of one endpoint used on one day; milliseconds are means of what was not cached."""

    day: date
    endpoint_id: str
    endpoint: str
    local: bool
    model: str
    requests: int
    failed: int
    cached: int
    estimated: int
    prompt_tokens: int
    completion_tokens: int
    first_token_ms: float | None
    latency_ms: float | None


@dataclass(frozen=True)
class Sessions:
    """What an endpoint has done so far."""

    count: int
    last_used_at: datetime
    tokens: int
    latency_ms: float | None


async def add(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Keep what some answers used; those that are there already stay as they are."""
    await insert_missing(session, UsageRow, rows)


async def by_day(session: AsyncSession, owner_id: str, since: date, until: date) -> list[Used]:
    """What an owner used from one day to another, both included, the latest first."""
    row = UsageRow
    asked = case((row.cached.is_(False), row.latency_ms))
    first = case((row.cached.is_(False), row.first_token_ms))
    query = (
        select(
            row.day,
            row.endpoint_id,
            func.max(row.endpoint),
            func.max(case((row.local, 1), else_=0)) > 0,
            row.model,
            func.sum(row.requests),
            func.count(case((row.outcome == "failed", 1))),
            func.sum(case((row.cached, row.requests), else_=0)),
            func.count(case((row.estimated, 1))),
            func.sum(row.prompt_tokens),
            func.sum(row.completion_tokens),
            func.avg(first),
            func.avg(asked),
        )
        .where(row.owner_id == owner_id, row.day.between(since, until))
        .group_by(row.day, row.endpoint_id, row.model)
        .order_by(row.day.desc(), func.sum(row.requests).desc(), row.model)
    )
    return [Used(*(_plain(value) for value in found)) for found in await session.execute(query)]


async def by_endpoint(session: AsyncSession, owner_id: str) -> Mapping[str, Sessions]:
    """What each of an owner's endpoints has done, by its id."""
    row = UsageRow
    query = (
        select(
            row.endpoint_id,
            func.sum(row.requests),
            func.max(row.created_at),
            func.sum(row.prompt_tokens + row.completion_tokens),
            func.avg(case((row.cached.is_(False), row.latency_ms))),
        )
        .where(row.owner_id == owner_id)
        .group_by(row.endpoint_id)
    )
    return {found[0]: Sessions(*(_plain(value) for value in found[1:])) for found in await session.execute(query)}


def _plain(value: Any) -> Any:
    """PostgreSQL sums and averages whole numbers to decimals."""
    if value is None or isinstance(value, str | bool | int | float | date | datetime):
        return value
    return int(value) if value == value.to_integral_value() else float(value)


async def prices(session: AsyncSession, owner_id: str) -> Sequence[PriceRow]:
    """An owner's prices."""
    query = select(PriceRow).where(PriceRow.owner_id == owner_id).order_by(PriceRow.endpoint_id, PriceRow.model)
    return (await session.scalars(query)).all()


async def set_prices(session: AsyncSession, owner_id: str, rows: Sequence[PriceRow]) -> None:
    """Put these in the place of an owner's prices."""
    await session.execute(delete(PriceRow).where(PriceRow.owner_id == owner_id))
    session.add_all(rows)


def cost(used: Used, known: Mapping[tuple[str, str], PriceRow]) -> float | None:
    """What it cost, in the currency of the prices, which stand under endpoint and model. Without a price what is local
    or used no tokens costs nothing, and of everything else it is not known (None)."""
    price = known.get((used.endpoint_id, used.model)) or known.get((used.endpoint_id, ""))
    if price is None:
        return 0.0 if used.local or not used.prompt_tokens + used.completion_tokens else None
    return (used.prompt_tokens * price.prompt + used.completion_tokens * price.completion) / PER_TOKENS
