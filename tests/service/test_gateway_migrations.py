"""A database of an earlier version is brought to the present one with everything in it, on both kinds of database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy import Connection

from gateway.catalog import assets, library
from gateway.catalog.database import Database
from gateway.catalog.library import AssetFilter
from gateway.catalog.migrate import alembic_config, migrate
from gateway.catalog.models import AssetRow
from services.kit.ids import new_ulid
from tests.postgres import Postgres

BEGAN = datetime(2026, 3, 1, 12, 0, 0, 7, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty one."""
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    if request.param == "postgres":
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.database()
    opened = Database(url)
    yield opened
    await opened.close()


async def moved(database: Database, move: Callable[..., None], revision: str) -> None:
    def run(connection: Connection) -> None:
        config = alembic_config()
        config.attributes["connection"] = connection
        move(config, revision)

    async with database.write() as session:
        await (await session.connection()).run_sync(run)


def asset(number: int, **changes: Any) -> dict[str, Any]:
    """A row as it was before assets could be searched; two of each moment."""
    return {
        "id": new_ulid(),
        "owner_id": "ann",
        "project_id": None,
        "job_id": None,
        "kind": "image",
        "key": f"assets/{number}.png",
        "name": f"{number}.png",
        "content_type": "image/png",
        "size": 1000 + number,
        "sha256": "ab" * 32,
        "index": 0,
        "width": 64,
        "height": 64,
        "duration_s": 0.0,
        "provenance": {},
        "created_at": BEGAN + timedelta(microseconds=number // 2),
        **changes,
    }


async def names(database: Database, **wanted: Any) -> list[str]:
    async with database.read() as session:
        part = await library.page(session, "ann", AssetFilter(**wanted), "newest", 5_000, None)
    return [row.name for row in part.rows]


async def test_assets_of_before_are_found_as_new_ones_are(database: Database) -> None:
    await moved(database, command.upgrade, "0007_video")
    made = {"job_id": new_ulid(), "provenance": {"prompt": "a Crème brûlée", "model": "starter"}}
    rows = [asset(n, **(made if n % 3 == 0 else {})) for n in range(2_500)]
    before = sa.Table("assets", sa.MetaData(), *(sa.Column(name, AssetRow.__table__.c[name].type) for name in rows[0]))
    async with database.write() as session:
        await session.execute(sa.insert(before), rows)
    await migrate(database)
    found = await names(database)
    assert sorted(found) == sorted(row["name"] for row in rows)
    numbers = [int(name.removesuffix(".png")) // 2 for name in found]
    assert numbers == sorted(numbers, reverse=True), "newest first; of one moment in any order"
    of_starter = {row["name"] for row in rows[::3]}
    for wanted in ({"text": "creme bru"}, {"model": "starter"}, {"source": "generated"}):
        assert set(await names(database, **wanted)) == of_starter
    # What is kept with a row is what a new one would get, but for a place in the order that was taken.
    async with database.read() as session:
        for kept in (await session.execute(sa.select(*AssetRow.__table__.columns))).mappings():
            first = assets.complete({name: kept[name] for name in rows[0]})
            assert {**first, "seq": 0} == {**{name: kept[name] for name in first}, "seq": 0}
            assert 0 <= kept["seq"] - first["seq"] < 10


async def test_back_to_the_version_before_and_here_again(database: Database) -> None:
    await migrate(database)
    async with database.write() as session:
        await assets.insert(session, [asset(n) for n in range(3)])
    await moved(database, command.downgrade, "0007_video")
    await migrate(database)
    assert sorted(await names(database)) == ["0.png", "1.png", "2.png"]
