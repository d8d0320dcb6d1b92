"""Usage and cost: every record once, added up by day, endpoint and model; prices; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from atelier.v1.chat_pb2 import UsageRecord
from services.kit import subjects
from services.kit.ids import new_ulid
from tests.api import until
from tests.service.gateway_rig import Rig

NOW = datetime.now(UTC).replace(hour=12, minute=0)
TODAY, YESTERDAY = NOW.date().isoformat(), (NOW - timedelta(days=1)).date().isoformat()


def record(owner: str, endpoint: str, *, days_ago: int = 0, **fields: Any) -> UsageRecord:
    known = {"endpoint": endpoint.title(), "model": "m", "task": "chat", "outcome": "complete", "local": False}
    told = UsageRecord(
        **{**known, "prompt_tokens": 100, "completion_tokens": 20, "first_token_ms": 50, "latency_ms": 300, **fields},
        id=new_ulid(),
        owner_id=owner,
        endpoint_id=endpoint,
    )
    told.time.FromDatetime(NOW - timedelta(days=days_ago))
    return told


async def tell(rig: Rig, *records: UsageRecord) -> None:
    for one in records:
        # Another message id each time: it is the catalog that must not count a record twice.
        headers = {subjects.MSG_ID: new_ulid()}
        await rig.gateway.parts.bus.store(subjects.usage(one.owner_id), one.SerializeToString(), headers=headers)


async def usage_of(client: httpx.AsyncClient, requests: int, **query: str) -> dict[str, Any]:
    async def known() -> dict[str, Any] | None:
        told = (await client.get("/api/usage", params=query)).json()
        return told if told["total"]["requests"] == requests else None

    return await until(known)


@pytest.fixture
async def cloud(ann: httpx.AsyncClient) -> Any:
    body = {"name": f"Cloud {new_ulid()}", "kind": "openai", "base_url": "http://127.0.0.1:9/v1"}
    made = (await ann.post("/api/endpoints", json=body)).json()["id"]
    yield made
    await ann.put("/api/usage/prices", json={"items": []})
    await ann.delete(f"/api/endpoints/{made}")


async def test_what_was_used_is_added_up_by_day_endpoint_and_model(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient, cloud: str
) -> None:
    before = (await ann.get("/api/usage")).json()["total"]["requests"]
    once = record("ann", cloud)
    await tell(
        rig,
        once,
        once,
        record("ann", cloud, first_token_ms=150, latency_ms=500, estimated=True),
        record("ann", cloud, cached=True, prompt_tokens=0, completion_tokens=0, first_token_ms=0, latency_ms=0),
        record("ann", cloud, days_ago=1, outcome="failed"),
        record("ann", cloud, days_ago=400),
        record("ann", "embedded", local=True, model="smol"),
    )
    told = await usage_of(ann, before + 5)
    items = [item for item in told["items"] if item["endpoint_id"] == cloud]
    assert [item["day"] for item in items] == [TODAY, YESTERDAY]
    assert items[0] == {
        "day": TODAY,
        "endpoint_id": cloud,
        "endpoint": cloud.title(),
        "local": False,
        "model": "m",
        "requests": 3,
        "failed": 0,
        "cached": 1,
        "estimated": 1,
        "prompt_tokens": 200,
        "completion_tokens": 40,
        "cost": None,
        "first_token_ms": 100.0,
        "latency_ms": 400.0,
    }
    assert items[1]["failed"] == 1
    assert next(item for item in told["items"] if item["model"] == "smol")["cost"] == 0
    assert (await usage_of(ann, 1, since=YESTERDAY, until=YESTERDAY))["items"][0]["requests"] == 1
    assert (await bob.get("/api/usage")).json()["items"] == []
    shown = (await ann.get(f"/api/endpoints/{cloud}")).json()
    assert (shown["session_count"], shown["tokens"], shown["mean_latency_ms"]) == (5, 480, 350)
    assert shown["last_used_at"].startswith(TODAY)


async def test_a_price_makes_a_cost_and_can_be_changed(rig: Rig, ann: httpx.AsyncClient, cloud: str) -> None:
    before = (await ann.get("/api/usage")).json()["total"]
    big = {"prompt_tokens": 1_000_000, "completion_tokens": 500_000}
    await tell(rig, record("ann", cloud, **big), record("ann", cloud, model="dear", **big))
    await usage_of(ann, before["requests"] + 2)
    prices = [
        {"endpoint_id": cloud, "model": "", "prompt": 2.0, "completion": 4.0},
        {"endpoint_id": cloud, "model": "dear", "prompt": 10.0, "completion": 30.0},
    ]
    assert (await ann.put("/api/usage/prices", json={"items": prices})).json()["items"] == prices
    assert (await ann.get("/api/usage/prices")).json()["items"] == prices
    told = (await ann.get("/api/usage")).json()
    cost = {item["model"]: item["cost"] for item in told["items"] if item["endpoint_id"] == cloud}
    assert cost == {"m": 4.0, "dear": 25.0} and told["total"]["cost"] == pytest.approx((before["cost"] or 0) + 29)
    # Its endpoint is deleted; what was used and what it cost stays, and can still be said.
    await ann.delete(f"/api/endpoints/{cloud}")
    assert (await ann.put("/api/usage/prices", json={"items": []})).status_code == 200
    assert (await ann.put("/api/usage/prices", json={"items": prices})).status_code == 200
    assert (await ann.get("/api/usage")).json()["total"]["cost"] == told["total"]["cost"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "yesterday"}, "since"),
        ({"until": "0"}, "until"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "since"),
        ({"since": "0001-01-01", "until": "2026-02-01"}, "since"),
    ],
)
async def test_a_time_that_cannot_be_is_refused_by_name(
    ann: httpx.AsyncClient, query: dict[str, str], field: str
) -> None:
    answer = await ann.get("/api/usage", params=query)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([{"endpoint_id": "gone", "prompt": 1, "completion": 1}], "items.0.endpoint_id"),
        ([{"endpoint_id": "embedded", "prompt": -1, "completion": 1}], "items.0.prompt"),
        ([{"endpoint_id": "embedded", "prompt": 1, "completion": 1}] * 2, "items.1.model"),
    ],
)
async def test_a_price_that_cannot_be_is_refused_by_name(
    ann: httpx.AsyncClient, items: list[dict[str, Any]], field: str
) -> None:
    answer = await ann.put("/api/usage/prices", json={"items": items})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
