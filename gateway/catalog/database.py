"""One database, SQLite or PostgreSQL, behind two kinds of session: reading and writing."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

# How long a writer waits for another process's write before it gives up.
SQLITE_BUSY_S = 15
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}


class Database:
    """The catalog's database. Sessions never expire their rows on commit: what was read stays readable."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy writes it; the asynchronous driver is filled in. A SQLite file's folder is made."""
        parsed = make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        self.dialect = parsed.get_backend_name()
        options: dict[str, Any] = {"json_serializer": _dumps, "json_deserializer": orjson.loads}
        if self.dialect == "sqlite":
            Path(parsed.database or "").parent.mkdir(parents=True, exist_ok=True)
        else:
            options |= {"pool_size": 10, "max_overflow": 10, "pool_timeout": 10, "pool_pre_ping": True}
        self.engine: AsyncEngine = create_async_engine(parsed, **options)
        self._writing = self.engine.execution_options(atelier_write=True)
        # SQLite has one writer at a time; waiting in line here is cheaper than polling its lock from several threads.
        self._turn = asyncio.Lock() if self.dialect == "sqlite" else nullcontext()
        if self.dialect == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _prepare_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncSession]:
        """A session that only reads, in one snapshot."""
        async with AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[AsyncSession]:
        """One transaction; it is committed at the end of the block and rolled back if the block raises."""
        async with self._turn, AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    async def ready(self) -> None:
        """Raises what the driver raises if the database does not answer."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def insert_missing(session: AsyncSession, table: type[DeclarativeBase], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose key is not there yet; the others are left as they are."""
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    await session.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


async def alone(session: AsyncSession, words: str) -> None:
    """Wait until no other transaction that called this with the same words is under way. SQLite has one at a time."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(words, 0))))


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _prepare_sqlite(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # Transactions are begun by hand below: the driver's own habit begins them too late, after the first read.
    connection.isolation_level = None
    cursor = connection.cursor()
    # NORMAL under WAL outlives any process; only a power cut can take the last rows, and the job itself was written
    # through to the bus by then, from whose journal the row is made again.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_S * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: a transaction that reads first and writes later fails if another wrote between.
    writes = connection.get_execution_options().get("atelier_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
