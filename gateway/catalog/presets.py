"""Reading style presets."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.models import PresetRow


async def get(session: AsyncSession, owner_id: str, preset_id: str) -> PresetRow | None:
    """An owner's preset."""
    return await session.scalar(select(PresetRow).where(PresetRow.id == preset_id, PresetRow.owner_id == owner_id))


async def named(session: AsyncSession, owner_id: str, name: str) -> PresetRow | None:
    """An owner's preset by its name."""
    return await session.scalar(select(PresetRow).where(PresetRow.name == name, PresetRow.owner_id == owner_id))


async def of_owner(session: AsyncSession, owner_id: str) -> Sequence[PresetRow]:
    """An owner's presets, oldest first."""
    query = select(PresetRow).where(PresetRow.owner_id == owner_id).order_by(PresetRow.id)
    return (await session.scalars(query)).all()


async def count(session: AsyncSession, owner_id: str) -> int:
    """How many an owner has."""
    query = select(func.count()).select_from(PresetRow).where(PresetRow.owner_id == owner_id)
    return await session.scalar(query) or 0
