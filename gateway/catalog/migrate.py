"""Bring the database to the present schema. Copies that start together wait for one another."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from gateway.catalog.database import Database

# Any number nobody else uses; PostgreSQL's advisory locks share one space per database.
_LOCK = 0x61_74_65_6C_69_65_72


def alembic_config() -> Config:
    """Alembic's configuration, in code: the scripts are found beside this file wherever it is installed."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


async def migrate(database: Database) -> None:
    """Run the missing migrations in one transaction; with SQLite the transaction itself is the lock."""
    async with database.write() as session:
        if database.dialect == "postgresql":
            await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        connection = await session.connection()
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
