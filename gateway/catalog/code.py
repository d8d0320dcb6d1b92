"""Reading and writing generated projects and their versions."""

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages
from gateway.catalog.models import CodeProjectRow, CodeVersionRow


async def get(session: AsyncSession, owner_id: str, project_id: str) -> CodeProjectRow | None:
    """An owner's project."""
    query = select(CodeProjectRow).where(CodeProjectRow.id == project_id, CodeProjectRow.owner_id == owner_id)
    return await session.scalar(query)


async def page(
    session: AsyncSession, owner_id: str, text: str | None, limit: int, cursor: str | None
) -> pages.Part[CodeProjectRow]:
    """An owner's projects, newest first; `text` is looked for in names and descriptions."""
    query = select(CodeProjectRow).where(CodeProjectRow.owner_id == owner_id)
    if text:
        fields = (CodeProjectRow.name, CodeProjectRow.description)
        query = query.where(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    return await pages.newest_first(session, query, CodeProjectRow.id, limit, cursor)


async def versions(session: AsyncSession, project_id: str) -> Sequence[CodeVersionRow]:
    """All versions of a project, the first one first."""
    query = select(CodeVersionRow).where(CodeVersionRow.project_id == project_id).order_by(CodeVersionRow.number)
    return (await session.scalars(query)).all()


async def next_number(session: AsyncSession, project_id: str) -> int:
    """The number of a project's next version."""
    newest = select(func.max(CodeVersionRow.number)).where(CodeVersionRow.project_id == project_id)
    return (await session.scalar(newest) or 0) + 1
