"""Idempotency keys: a request sent again gives what it gave first (draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from gateway.catalog.models import IdempotencyRow, now
from services.kit.failures import BadInput


@dataclass(frozen=True)
class Key:
    """The key a client chose and the hash of the request it came with."""

    key: str
    request_hash: str


async def claim(session: AsyncSession, owner_id: str, key: Key, made_id: str) -> str | None:
    """Bind a key to the id of a new job or model; if it is bound already, the id it stands for.

    Raises `BadInput` if the key came with another request before. A copy of the gateway that claims the same key at the
    same time waits here until the first one's transaction has ended.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = {
        "owner_id": owner_id,
        "key": key.key,
        "request_hash": key.request_hash,
        "job_id": made_id,
        "created_at": now(),
    }
    statement = dialect.insert(IdempotencyRow).values(row).on_conflict_do_nothing().returning(IdempotencyRow.key)
    if await session.scalar(statement) is not None:
        return None
    earlier = await session.get_one(IdempotencyRow, (owner_id, key.key))
    if earlier.request_hash != key.request_hash:
        raise BadInput.of(
            "Idempotency-Key", "was used for another request before", hint="Choose a new key for a new request."
        )
    return earlier.job_id


async def release(session: AsyncSession, owner_id: str, made_id: str) -> None:
    """Unbind the keys of what was not made after all."""
    theirs = (IdempotencyRow.owner_id == owner_id) & (IdempotencyRow.job_id == made_id)
    await session.execute(delete(IdempotencyRow).where(theirs))


async def forget(session: AsyncSession, older_than: timedelta) -> None:
    """Drop keys past their time."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now() - older_than))
