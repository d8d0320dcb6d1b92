"""Datasets of rated answers: made once there are enough, kept by content, read a part at a time."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.catalog import pages
from gateway.catalog.models import DatasetRow, now
from gateway.dataset_content import folder_of
from gateway.export import ENOUGH
from services.kit.ids import new_ulid
from tests.service.gateway_rig import Rig, running
from tests.service.test_gateway_conversations import ask, begin

FROM_RATINGS = "/api/datasets/from-ratings"


@dataclass
class Rater:
    """Somebody new, at two copies of the gateway."""

    owner: str
    here: httpx.AsyncClient
    there: httpx.AsyncClient
    conversation: str

    async def rate(self, rating: int, *contents: str) -> list[str]:
        """Ask all of these and rate the answers; where they are."""
        paths = list[str]()
        for content in contents:
            told = await ask(self.here, self.conversation, content=content, parent_id=None)
            paths.append(f"/api/conversations/{self.conversation}/messages/{told[-1].data['id']}")
            (await self.here.patch(paths[-1], json={"rating": rating})).raise_for_status()
        return paths

    async def make(self, **body: Any) -> dict[str, Any]:
        """Have a dataset made."""
        answer = await self.here.post(FROM_RATINGS, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def items(self, dataset: dict[str, Any], **query: Any) -> dict[str, Any]:
        """A part of its items."""
        return (await self.here.get(f"/api/datasets/{dataset['id']}/items", params=query)).raise_for_status().json()


@pytest.fixture
async def rater(rig: Rig) -> AsyncIterator[Rater]:
    owner = new_ulid()
    settings = rig.make(tokens={f"token-of-{owner}": owner})
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                (await stack.enter_async_context(running(settings))).client(f"token-of-{owner}")
            )
            for _ in range(2)
        ]
        yield Rater(owner, here, there, await begin(here, system_prompt="be kind"))


def questions(count: int, start: int = 0) -> list[str]:
    return [f"question {number}" for number in range(start, start + count)]


async def test_enough_good_answers_become_a_dataset(rater: Rater) -> None:
    await rater.rate(1, *questions(ENOUGH - 1))
    await rater.rate(-1, "bad one", "bad two")
    refused = await rater.here.post(FROM_RATINGS, json={"include": "all"})
    assert refused.status_code == 409 and refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == f"A dataset needs {ENOUGH} answers rated good; so far you have {ENOUGH - 1}."
    assert (await rater.here.get("/api/datasets/")).json() == {"items": [], "next_cursor": None}
    assert (await rater.here.get("/api/chat/ratings")).json()["dataset"] is None

    await rater.rate(1, "the last one")
    made = await rater.make(name=" Kind answers ", description="What I liked", tags=["kind"])
    assert (made["name"], made["description"], made["tags"], made["type"]) == (
        "Kind answers",
        "What I liked",
        ["kind"],
        "text",
    )
    version = made["latest"]
    assert version["number"] == 1 and version["items"] == ENOUGH
    assert version["source"] == {"kind": "ratings", "good": ENOUGH, "bad": 0}
    assert (await rater.here.get(f"/api/datasets/{made['id']}")).json() == made
    assert (await rater.here.get("/api/datasets")).json()["items"] == [made]
    assert (await rater.here.get(f"/api/datasets/{made['id']}/versions")).json() == {"items": [version]}
    assert (await rater.here.get("/api/chat/ratings")).json()["dataset"] == {
        "id": made["id"],
        "name": "Kind answers",
        "version": 1,
        "good": ENOUGH,
        "bad": 0,
    }

    exported = await rater.here.get(f"/api/datasets/{made['id']}/export")
    assert exported.headers["content-type"] == "application/jsonl"
    assert 'filename="Kind answers-1.jsonl"' in exported.headers["content-disposition"]
    assert int(exported.headers["content-length"]) == len(exported.content) == version["size_bytes"]
    assert hashlib.sha256(exported.content).hexdigest() == version["sha256"]
    lines = [json.loads(line) for line in exported.content.splitlines()]
    assert len(lines) == ENOUGH and lines[-1] == {
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "the last one"},
            {"role": "assistant", "content": "the last one"},
        ],
        "rating": 1,
        "model": "parrot",
    }
    listed = await rater.items(made)
    assert listed == {
        "items": [{"index": number, **line} for number, line in enumerate(lines)],
        "next_cursor": None,
    }
    said = sum(len(message["content"]) for line in lines for message in line["messages"])
    assert (await rater.here.get(f"/api/datasets/{made['id']}/stats")).json() == {
        "version": 1,
        "items": ENOUGH,
        "size_bytes": version["size_bytes"],
        "messages": 3 * ENOUGH,
        "characters": said,
        "by_rating": {"good": ENOUGH, "bad": 0},
        "by_model": {"parrot": ENOUGH},
    }


async def test_the_same_request_twice_at_once_makes_one_dataset(rig: Rig, rater: Rater) -> None:
    await rater.rate(1, *questions(ENOUGH))
    stored = set(await rig.gateway.parts.objects.keys("datasets/"))
    answers = await asyncio.gather(
        *(client.post(FROM_RATINGS, json={}) for client in (rater.here, rater.there) for _ in range(3))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.text for answer in answers}) == 1
    made = answers[0].json()
    assert (await rater.here.get("/api/datasets/")).json()["items"] == [made]
    now_stored = set(await rig.gateway.parts.objects.keys("datasets/"))
    assert now_stored - stored == {f"{folder_of(made['id'])}{made['latest']['sha256']}.jsonl"}
    # Renamed it is still the dataset of these answers; one that shall be called otherwise is another.
    (await rater.here.patch(f"/api/datasets/{made['id']}", json={"name": "Mine"})).raise_for_status()
    again = await rater.here.post(FROM_RATINGS, json={})
    assert again.status_code == 200 and again.json()["id"] == made["id"] and again.json()["name"] == "Mine"
    assert (await rater.make(name="Yours"))["id"] != made["id"]


async def test_a_dataset_grows_by_versions_that_stay(rig: Rig, rater: Rater) -> None:
    paths = await rater.rate(1, *questions(ENOUGH))
    first = await rater.make()
    same = await rater.here.post(FROM_RATINGS, json={"dataset_id": first["id"]})
    assert same.status_code == 200 and same.json() == first

    await rater.rate(-1, "a bad one")
    (await rater.here.patch(paths[0], json={"rating": None})).raise_for_status()
    await rater.rate(1, *questions(2, start=ENOUGH))
    answers = await asyncio.gather(
        *(
            client.post(FROM_RATINGS, json={"dataset_id": first["id"], "include": "all"})
            for client in (rater.here, rater.there)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 201] and answers[0].json() == answers[1].json()
    second = answers[0].json()
    assert second["id"] == first["id"] and second["latest"]["number"] == 2
    assert second["latest"]["source"] == {"kind": "ratings", "good": ENOUGH + 1, "bad": 1}
    newest = await rater.items(first)
    assert [item["rating"] for item in newest["items"]].count(-1) == 1 and len(newest["items"]) == ENOUGH + 2
    assert len((await rater.items(first, version=1))["items"]) == ENOUGH
    assert (await rater.items(first, version=1))["items"][0]["messages"][-1]["content"] == "question 0"
    stats = (await rater.here.get(f"/api/datasets/{first['id']}/stats", params={"version": 1})).json()
    assert stats["by_rating"] == {"good": ENOUGH, "bad": 0}

    # What an earlier version held is a new one again, of the same content.
    third = await rater.make(dataset_id=first["id"])
    fourth = await rater.make(dataset_id=first["id"], include="all")
    assert fourth["latest"]["sha256"] == second["latest"]["sha256"] != third["latest"]["sha256"]
    versions = (await rater.here.get(f"/api/datasets/{first['id']}/versions")).json()["items"]
    assert [version["number"] for version in versions] == [4, 3, 2, 1]
    assert len(await rig.gateway.parts.objects.keys(folder_of(first["id"]))) == 3
    for path in ("items", "stats", "export"):
        assert (await rater.here.get(f"/api/datasets/{first['id']}/{path}", params={"version": 5})).status_code == 404


async def test_items_come_in_parts_of_one_version(rater: Rater) -> None:
    # Some lines are longer than what object storage gives at once.
    long = [f"{'long-' * 30_000}{number}" for number in range(8)]
    await rater.rate(1, *long, *questions(ENOUGH - 4))
    made = await rater.make()
    whole = (await rater.items(made))["items"]
    assert [item["index"] for item in whole] == list(range(ENOUGH + 4))
    assert whole[7]["messages"][1]["content"] == long[7]
    first = await rater.items(made, limit=7)
    await rater.rate(1, "one more")
    await rater.make(dataset_id=made["id"])
    parts = [first]
    while (cursor := parts[-1]["next_cursor"]) is not None:
        parts.append(await rater.items(made, limit=7, cursor=cursor))
    assert [len(part["items"]) for part in parts] == [7, 7, 7, 3]
    assert [item for part in parts for item in part["items"]] == whole
    number, index, offset = pages.decode(first["next_cursor"], 3)
    path = f"/api/datasets/{made['id']}/items"
    for forged in (
        pages.encode(number, index, str(int(offset) + 1)),
        pages.encode(number, index, str(10**17)),
        pages.encode(number, "999", offset),
        pages.encode("x", index, offset),
        "nonsense",
    ):
        answer = await rater.here.get(path, params={"cursor": forged})
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "cursor", forged
    elsewhere = await rater.here.get(path, params={"cursor": first["next_cursor"], "version": 2})
    assert elsewhere.status_code == 422


async def test_datasets_are_found_changed_and_deleted_by_their_owner_alone(
    rig: Rig, rater: Rater, bob: httpx.AsyncClient
) -> None:
    await rater.rate(1, *questions(ENOUGH))
    made = [await rater.make(name=f"Number {number}", description="100% mine") for number in range(3)]
    first = (await rater.here.get("/api/datasets/", params={"limit": 2, "q": "number"})).json()
    rest = (await rater.here.get("/api/datasets/", params={"q": "100%", "cursor": first["next_cursor"]})).json()
    assert first["items"] + rest["items"] == made[::-1] and rest["next_cursor"] is None
    assert (await rater.here.get("/api/datasets/", params={"q": "nothing like it"})).json()["items"] == []

    path = f"/api/datasets/{made[0]['id']}"
    changed = (await rater.here.patch(path, json={"name": "Renamed", "tags": ["a"]})).json()
    assert changed["name"] == "Renamed" and changed["tags"] == ["a"] and changed["description"] == "100% mine"
    assert changed["latest"] == made[0]["latest"] and changed["updated_at"] > made[0]["updated_at"]
    assert (await rater.here.get(path)).json() == changed

    for method, end, body in (
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("GET", "/versions", None),
        ("GET", "/items", None),
        ("GET", "/stats", None),
        ("GET", "/export", None),
    ):
        assert (await bob.request(method, path + end, json=body)).status_code == 404, (method, end)
    assert made[0]["id"] not in (await bob.get("/api/datasets/")).text

    objects = rig.gateway.parts.objects
    (key,) = await objects.keys(folder_of(made[1]["id"]))
    await objects.delete(key)
    for end in ("items", "export"):
        lost = await rater.here.get(f"/api/datasets/{made[1]['id']}/{end}")
        assert lost.status_code == 404 and "gone from object storage" in lost.json()["detail"]
    for one in made:
        assert (await rater.here.delete(f"/api/datasets/{one['id']}")).status_code == 204
        assert await objects.keys(folder_of(one["id"])) == []
    assert (await rater.here.get(path)).status_code == 404
    assert (await rater.here.delete(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"tags": [""]}, "tags.0"),
        ({"include": "bad"}, "include"),
        ({"surprise": 1}, "surprise"),
        ({"dataset_id": "nothing"}, "dataset_id"),
    ],
)
async def test_what_cannot_be_made_is_refused_by_field(
    ann: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await ann.post(FROM_RATINGS, json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field


async def test_a_version_fits_its_dataset(rig: Rig, ann: httpx.AsyncClient) -> None:
    known = {"owner_id": "ann", "description": "", "tags": [], "created_at": now(), "updated_at": now()}
    pictures = DatasetRow(id=new_ulid(), name="Pictures", type="image", **known)
    texts = DatasetRow(id=new_ulid(), name="Texts", type="text", **known)
    async with rig.gateway.parts.database.write() as session:
        session.add_all((pictures, texts))
    path = f"/api/datasets/{texts.id}"
    assert (await ann.get(path)).json()["latest"] is None
    for end in ("items", "stats", "export"):
        assert (await ann.get(f"{path}/{end}")).status_code == 404
    refused = await ann.post(FROM_RATINGS, json={"dataset_id": pictures.id})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "dataset_id"
    refused = await ann.post(FROM_RATINGS, json={"dataset_id": texts.id, "name": "New"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "name"
    for body in ({"name": None}, {"tags": None}, {"name": ""}):
        assert (await ann.patch(path, json=body)).status_code == 422
    for one in (pictures, texts):
        assert (await ann.delete(f"/api/datasets/{one.id}")).status_code == 204
