"""The library: found by words, tags, kind, model, date; kept on boards; changed, downloaded and deleted by the
hundred; on both databases, and never across owners."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update

from gateway import library as acts
from gateway.catalog import assets
from gateway.catalog.assets import seq_at
from gateway.catalog.models import AssetRow, AssetTagRow, DeletedAssetRow, now
from gateway.retention import Retention
from services.kit.failures import Unavailable
from services.kit.ids import new_ulid
from services.kit.objects import ObjectStore
from tests.api import ended, submit
from tests.service.gateway_rig import Rig, png
from tests.service.test_gateway_assets import upload
from tests.service.test_gateway_references import data_url

PROMPTS = ("a RED apple, Crème brûlée", "a blue apple on a table", "red tractors in a field", "一只红色的苹果")


@dataclass(frozen=True)
class Shelf:
    """An owner with some assets and nothing else."""

    client: httpx.AsyncClient
    made: tuple[str, ...]
    """One picture for each of `PROMPTS`."""
    file: str
    """An upload called `holiday photo.png`."""

    async def ids(self, **query: Any) -> list[str]:
        """What a list gives, by id."""
        response = await self.client.get("/api/assets", params=query)
        assert response.status_code == 200, response.text
        return [one["id"] for one in response.json()["items"]]

    async def bulk(self, action: str, *ids: str, **fields: Any) -> list[str]:
        """The outcomes."""
        body = {"ids": list(ids), "action": action, **fields}
        response = await self.client.post("/api/assets/bulk", json=body)
        assert response.status_code == 200, response.text
        assert [one["id"] for one in response.json()["items"]] == list(ids)
        return [one["outcome"] for one in response.json()["items"]]


@pytest.fixture
async def shelf(rig: Rig, ann: httpx.AsyncClient) -> AsyncIterator[Shelf]:
    """Ann's, emptied before."""
    while items := (await ann.get("/api/assets", params={"limit": 200})).json()["items"]:
        body = {"ids": [one["id"] for one in items], "action": "delete"}
        (await ann.post("/api/assets/bulk", json=body)).raise_for_status()
    for board in (await ann.get("/api/boards")).json()["items"]:
        (await ann.delete(f"/api/boards/{board['id']}")).raise_for_status()
    made = list[str]()
    for number, prompt in enumerate(PROMPTS):
        job = await ended(ann, (await submit(ann, prompt=prompt, seed=number, project_id="still-lifes"))["id"])
        made.append(job["outputs"][0]["id"])
    (file,) = await upload(ann, ("holiday photo.png", png(9), "image/png"))
    yield Shelf(ann, tuple(made), file["id"])


async def test_assets_are_found_by_words(shelf: Shelf, bob: httpx.AsyncClient) -> None:
    red, blue, tractor, chinese = shelf.made
    for sought, found in {
        "apple": [blue, red],
        "red": [tractor, red],
        "Red APPLE": [red],
        "creme brulee": [red],
        "tract": [tractor],
        "tract ": [],
        "apple red": [red],
        "holiday": [shelf.file],
        "红色": [chinese],
        "pear": [],
        '"); DROP': [],
        "a* OR b": [],
        "…": [shelf.file, chinese, tractor, blue, red],
    }.items():
        assert await shelf.ids(q=sought) == found, sought
    others = (await bob.get("/api/assets", params={"q": "apple", "limit": 200})).json()["items"]
    assert not {one["id"] for one in others} & set(shelf.made)


async def test_assets_are_filtered_by_what_they_are(shelf: Shelf) -> None:
    red, blue, tractor, chinese = shelf.made
    everything = [shelf.file, chinese, tractor, blue, red]
    assert await shelf.bulk("tag", red, blue, tags=["Fruit ", "two words"]) == ["done", "done"]
    assert await shelf.bulk("favourite", blue, tractor) == ["done", "done"]
    day = (now() - timedelta(days=1)).isoformat()
    for query, found in (
        ({"kind": "image"}, everything),
        ({"kind": "video"}, []),
        ({"source": "uploaded"}, [shelf.file]),
        ({"source": "generated", "favourite": True}, [tractor, blue]),
        ({"favourite": False}, [shelf.file, chinese, red]),
        ({"favourite": False, "q": "red"}, [red]),
        ({"tag": "FRUIT"}, [blue, red]),
        ({"tag": ["fruit", "two words"], "favourite": True}, [blue]),
        ({"q": "two fruit apple"}, [blue, red]),
        ({"project_id": "still-lifes", "q": "tractors"}, [tractor]),
        ({"project_id": "others"}, []),
        ({"from": day}, everything),
        ({"from": day, "q": "red"}, [tractor, red]),
        ({"to": day}, []),
        ({"sort": "oldest", "q": "apple"}, [red, blue]),
    ):
        assert await shelf.ids(**query) == found, query
    job = (await shelf.client.get(f"/api/assets/{blue}")).json()["job_id"]
    assert await shelf.ids(job_id=job, q="apple") == [blue]
    assert await shelf.ids(job_id=job, q="red") == []
    sizes = [one["size"] for one in (await shelf.client.get("/api/assets?sort=largest")).json()["items"]]
    assert sizes == sorted(sizes, reverse=True) and len(sizes) == 5
    refused = await shelf.client.get("/api/assets", params={"sort": "added"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "sort"


@pytest.mark.parametrize("query", [{}, {"q": "apple"}, {"sort": "oldest"}, {"sort": "largest"}, {"kind": "image"}])
async def test_every_list_goes_on_where_it_stopped(shelf: Shelf, query: dict[str, str]) -> None:
    whole = await shelf.ids(**query)
    told, cursor = list[str](), None
    while True:
        asked = {**query, "limit": 1, **({"cursor": cursor} if cursor else {})}
        part = (await shelf.client.get("/api/assets", params=asked)).json()
        told += [one["id"] for one in part["items"]]
        if (cursor := part["next_cursor"]) is None:
            break
        # What comes in meanwhile moves nothing.
        if len(told) == 1 and query.get("sort") in (None, "newest"):
            await upload(shelf.client, ("apple.png", png(1), "image/png"))
    assert told == whole and len(whole) >= 2
    other = await shelf.client.get("/api/assets", params={"cursor": "WyJuZXdlc3QiLCIxIl0"})
    assert other.status_code == 422 and other.json()["errors"][0]["field"] == "cursor"


async def test_an_asset_is_renamed_tagged_and_found_by_it(shelf: Shelf, bob: httpx.AsyncClient) -> None:
    path = f"/api/assets/{shelf.file}"
    assert (await bob.patch(path, json={"favourite": True})).status_code == 404
    body = {"name": "beach.png", "tags": ["Sea", "sea ", "summer"], "favourite": True, "project_id": "trips"}
    changed = (await shelf.client.patch(path, json=body)).json()
    assert changed["tags"] == ["sea", "summer"] and changed["favourite"] and changed["project_id"] == "trips"
    assert (await shelf.client.get(path)).json() == changed
    assert await shelf.ids(q="beach") == await shelf.ids(tag="sea") == await shelf.ids(q="summer") == [shelf.file]
    assert await shelf.ids(q="holiday") == []
    labels = (await shelf.client.get("/api/assets/tags")).json()
    assert labels["tags"] == [{"name": "sea", "count": 1}, {"name": "summer", "count": 1}]
    assert (await shelf.client.patch(path, json={"tags": [], "project_id": None})).json()["tags"] == []
    assert await shelf.ids(q="summer") == [] and (await shelf.client.get("/api/assets/tags")).json()["tags"] == []
    for body in ({"tags": ["a,b"]}, {"tags": [" "]}, {"name": None}, {"tags": ["x"] * 33}, {"size": 3}):
        refused = await shelf.client.patch(path, json=body)
        assert refused.status_code == 422, body


async def test_many_are_changed_at_once_and_each_has_its_outcome(shelf: Shelf, bob: httpx.AsyncClient) -> None:
    red, blue, *_ = shelf.made
    absent = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
    assert await shelf.bulk("favourite", red, absent, blue) == ["done", "not_found", "done"]
    assert await shelf.bulk("favourite", red) == ["unchanged"]
    assert await shelf.bulk("tag", red, tags=[f"t{n}" for n in range(32)]) == ["done"]
    assert await shelf.bulk("tag", red, blue, tags=["one more"]) == ["refused", "done"]
    assert await shelf.bulk("untag", red, tags=["t1", "nothing"]) == ["done"]
    assert await shelf.bulk("move_to_project", blue, project_id="trips") == ["done"]
    assert await shelf.ids(project_id="trips") == [blue]
    for body in (
        {"ids": [red], "action": "tag"},
        {"ids": [red], "action": "add_to_board"},
        {"ids": [red], "action": "add_to_board", "board_id": absent},
        {"ids": [], "action": "delete"},
        {"ids": ["x"] * 1001, "action": "delete"},
        {"ids": [red], "action": "burn"},
    ):
        assert (await shelf.client.post("/api/assets/bulk", json=body)).status_code == 422, body
    theirs = await bob.post("/api/assets/bulk", json={"ids": [red], "action": "delete"})
    assert [one["outcome"] for one in theirs.json()["items"]] == ["not_found"]
    assert (await shelf.client.get(f"/api/assets/{red}")).status_code == 200


async def test_boards_keep_the_order_in_which_things_were_added(shelf: Shelf, bob: httpx.AsyncClient) -> None:
    red, blue, tractor, _ = shelf.made
    created = await shelf.client.post("/api/boards", json={"name": " Still lifes "})
    assert created.status_code == 201 and created.json()["count"] == 0 and created.json()["cover"] is None
    board = created.json()["id"]
    assert created.json()["name"] == "Still lifes"
    again = await shelf.client.post("/api/boards", json={"name": "Still lifes"})
    assert again.status_code == 422 and again.json()["errors"][0]["field"] == "name"
    assert (await bob.post("/api/boards", json={"name": "Still lifes"})).status_code == 201

    assert await shelf.bulk("add_to_board", tractor, red, board_id=board) == ["done", "done"]
    assert await shelf.bulk("add_to_board", blue, red, board_id=board) == ["done", "unchanged"]
    assert await shelf.ids(board_id=board) == [blue, red, tractor]
    assert await shelf.ids(board_id=board, sort="newest") == [tractor, blue, red]
    assert await shelf.ids(board_id=board, q="apple") == [blue, red]
    first = (await shelf.client.get(f"/api/boards/{board}/assets", params={"limit": 2})).json()
    rest = await shelf.client.get(f"/api/boards/{board}/assets", params={"cursor": first["next_cursor"]})
    assert [one["id"] for one in first["items"] + rest.json()["items"]] == [blue, red, tractor]
    (shown,) = (await shelf.client.get("/api/boards")).json()["items"]
    assert shown["count"] == 3 and shown["cover"]["id"] == blue and shown["cover_id"] is None
    on = (await shelf.client.get(f"/api/assets/{red}/boards")).json()["items"]
    assert on == [{"id": board, "name": "Still lifes"}]

    path = f"/api/boards/{board}"
    assert (await shelf.client.patch(path, json={"cover_id": shelf.file})).status_code == 422
    assert (await shelf.client.patch(path, json={"cover_id": red})).json()["cover"]["id"] == red
    assert await shelf.bulk("remove_from_board", red, shelf.file, board_id=board) == ["done", "unchanged"]
    assert (await shelf.client.get(path)).json()["cover"]["id"] == blue
    assert await shelf.bulk("delete", blue) == ["done"]
    assert (await shelf.client.get(path)).json()["count"] == 1
    assert (await shelf.client.patch(path, json={"name": "Fields"})).json()["name"] == "Fields"
    for theirs in (bob.get(path), bob.patch(path, json={"name": "x"}), bob.delete(path), bob.get(f"{path}/assets")):
        assert (await theirs).status_code == 404
    assert (await bob.get("/api/assets", params={"board_id": board})).json()["items"] == []
    assert (await shelf.client.delete(path)).status_code == 204
    assert (await shelf.client.get(f"/api/assets/{tractor}")).status_code == 200


async def test_figures_add_up(shelf: Shelf) -> None:
    figures = (await shelf.client.get("/api/assets/stats")).json()
    listed = (await shelf.client.get("/api/assets")).json()["items"]
    total = {"count": len(listed), "size": sum(one["size"] for one in listed)}
    assert figures["total"] == total and len(listed) == 5
    assert [(one["name"], one["count"]) for one in figures["kinds"]] == [("image", 5)]
    assert {one["name"]: one["count"] for one in figures["sources"]} == {"generated": 4, "uploaded": 1}
    # The test may run over midnight.
    assert sum(one["count"] for one in figures["days"]) == 5
    assert {one["day"] for one in figures["days"]} <= {one["created_at"][:10] for one in listed}


async def test_many_are_downloaded_as_one_zip(rig: Rig, shelf: Shelf, bob: httpx.AsyncClient) -> None:
    red = shelf.made[0]
    (lost,) = await upload(shelf.client, ("lost.png", png(4), "image/png"))
    async with rig.gateway.parts.database.read() as session:
        key = await session.scalar(select(AssetRow.key).where(AssetRow.id == lost["id"]))
    assert key is not None
    await rig.gateway.parts.objects.delete(key)
    ids = [red, shelf.file, lost["id"], "01K9ZC1Q5V8M3T7R2N4B6D0XYA"]
    answer = await shelf.client.post("/api/assets/download", json={"ids": ids})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        picture = f"a-red-apple-crème-brûlée-{red[-8:].lower()}.png"
        assert names[:2] == [picture, f"{picture}.json"]
        assert json.loads(archive.read(f"{picture}.json"))["provenance"]["prompt"] == PROMPTS[0]
        assert archive.read(names[2]) == png(9) and names[2].startswith("holiday-photo-")
        assert archive.read("missing.txt").decode().startswith("lost-")
    assert (await bob.post("/api/assets/download", json={"ids": [red]})).status_code == 404


class Away(ObjectStore):
    """An object storage that does not answer."""

    async def delete(self, key: str) -> None:
        raise Unavailable("object storage does not answer")


async def test_what_is_deleted_while_storage_is_away_goes_later(rig: Rig, shelf: Shelf, tmp_path: Path) -> None:
    parts = rig.gateway.parts
    (asset,) = await upload(shelf.client, ("a.png", png(6), "image/png"))
    await shelf.client.get(asset["thumbnail_url"])
    prefixes = (f"assets/ann/uploads/{asset['id']}", f"thumbnails/ann/{asset['id']}/")
    assert [len(await parts.objects.keys(prefix)) for prefix in prefixes] == [1, 1]
    await acts.delete(parts.database, Away(parts.settings), "ann", asset["id"])
    assert (await shelf.client.get(f"/api/assets/{asset['id']}")).status_code == 404
    assert [len(await parts.objects.keys(prefix)) for prefix in prefixes] == [1, 1]
    sweep = Retention(parts.database, parts.objects, tmp_path, every_s=60, left_after=timedelta())
    await sweep.once()
    assert [await parts.objects.keys(prefix) for prefix in prefixes] == [[], []]
    async with parts.database.read() as session:
        assert (await session.get_one(DeletedAssetRow, asset["id"])).keys is None


async def test_files_that_came_with_a_request_expire_unless_somebody_cares(rig: Rig, shelf: Shelf) -> None:
    parts = rig.gateway.parts
    ids = list[str]()
    for grey in (1, 2, 3):
        body = {"prompt": "a tree", "image": data_url(png(grey))}
        job = (await shelf.client.post("/api/generate/image-to-image", json=body)).json()
        ids.append(job["params"]["image"])
    forgotten, tagged, young = ids
    for one in ids:
        assert (await shelf.client.get(f"/api/assets/{one}")).json()["expires_at"] is not None
    assert await shelf.bulk("keep", tagged) == ["done"]
    assert (await shelf.client.get(f"/api/assets/{tagged}")).json()["expires_at"] is None
    async with parts.database.write() as session:
        key = (await session.scalars(select(AssetRow.key).where(AssetRow.id == forgotten))).one()
        past = update(AssetRow).where(AssetRow.id.in_([forgotten, tagged]), AssetRow.expires_at.is_not(None))
        await session.execute(past.values(expires_at=now() - timedelta(seconds=1)))
    # Two copies of the gateway look at once.
    for _ in range(2):
        await Retention(parts.database, parts.objects, parts.settings.home / "none", every_s=60).once()
    assert [(await shelf.client.get(f"/api/assets/{one}")).status_code for one in ids] == [404, 200, 200]
    assert await parts.objects.get_or_none(key) is None
    assert young in await shelf.ids()


async def test_two_assets_of_one_microsecond_are_both_kept(rig: Rig, shelf: Shelf) -> None:
    parts = rig.gateway.parts
    async with parts.database.read() as session:
        row = (await session.scalars(select(AssetRow).where(AssetRow.id == shelf.file))).one()
        known = {c.name: getattr(row, c.name) for c in AssetRow.__table__.c if c.name not in ("words", "seq")}
    async with parts.database.write() as session:
        for _ in range(3):
            await assets.insert(session, [{**known, "seq": row.seq, "id": new_ulid(), "name": "twin"}])
    assert len(await shelf.ids(q="twin")) == 3
    assert row.seq // 2048 == seq_at(row.created_at) // 2048
    await shelf.bulk("delete", *await shelf.ids(q="twin"))
    assert await shelf.ids(q="twin") == []
    async with parts.database.read() as session:
        assert (await session.scalars(select(AssetTagRow).where(AssetTagRow.owner_id == "ann"))).all() == []
        if parts.database.dialect == "sqlite":
            # Raises if the index of words and the words themselves have come apart.
            await session.execute(text("INSERT INTO asset_words(asset_words) VALUES ('integrity-check')"))
