"""Reading and writing endpoints and routing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.models import EndpointRow, RoutingRow, now


async def get(session: AsyncSession, owner_id: str, endpoint_id: str) -> EndpointRow | None:
    """An owner's endpoint."""
    query = select(EndpointRow).where(EndpointRow.id == endpoint_id, EndpointRow.owner_id == owner_id)
    return await session.scalar(query)


async def of_owner(session: AsyncSession, owner_id: str) -> Sequence[EndpointRow]:
    """An owner's endpoints, oldest first."""
    query = select(EndpointRow).where(EndpointRow.owner_id == owner_id).order_by(EndpointRow.id)
    return (await session.scalars(query)).all()


async def remove(session: AsyncSession, owner_id: str, endpoint_id: str) -> None:
    """Delete an endpoint."""
    await session.execute(delete(EndpointRow).where(EndpointRow.id == endpoint_id, EndpointRow.owner_id == owner_id))


async def owners(session: AsyncSession) -> set[str]:
    """Everyone who has endpoints or a routing."""
    found = [*await session.scalars(select(EndpointRow.owner_id)), *await session.scalars(select(RoutingRow.owner_id))]
    return set(found)


async def rules(session: AsyncSession, owner_id: str) -> dict[str, Any]:
    """How an owner's requests are routed, as JSON; {} = nothing was set."""
    row = await session.get(RoutingRow, owner_id)
    return dict(row.rules) if row is not None else {}


async def set_rules(session: AsyncSession, owner_id: str, rules: dict[str, Any]) -> None:
    """Change it."""
    row = await session.get(RoutingRow, owner_id)
    if row is None:
        session.add(RoutingRow(owner_id=owner_id, rules=rules, updated_at=now()))
    else:
        row.rules, row.updated_at = rules, now()
