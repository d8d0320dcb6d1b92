"""Reading and writing prompt templates."""

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog import pages
from gateway.catalog.models import PromptRow


async def get(session: AsyncSession, owner_id: str, prompt_id: str) -> PromptRow | None:
    """An owner's template."""
    return await session.scalar(select(PromptRow).where(PromptRow.id == prompt_id, PromptRow.owner_id == owner_id))


async def page(
    session: AsyncSession, owner_id: str, text: str | None, limit: int, cursor: str | None
) -> pages.Part[PromptRow]:
    """An owner's templates, newest first; `text` is looked for in name, description and text."""
    query = select(PromptRow).where(PromptRow.owner_id == owner_id)
    if text:
        fields = (PromptRow.name, PromptRow.description, PromptRow.text)
        query = query.where(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    return await pages.newest_first(session, query, PromptRow.id, limit, cursor)
