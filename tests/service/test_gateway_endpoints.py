"""Endpoints and routing through the gateway: kept, sealed, published for the chat service; on both databases."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from atelier.v1.endpoints_pb2 import EndpointHealth, OwnerEndpoints
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from services.kit import subjects
from tests.api import until
from tests.service.gateway_rig import Rig, running

GEMMA = {"name": "My Gemma", "kind": "lm_studio", "base_url": "http://127.0.0.1:1234/v1", "model": "gemma-2b"}


async def register(client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/api/endpoints", json={**GEMMA, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def published(rig: Rig, owner: str) -> OwnerEndpoints:
    bucket = await rig.gateway.parts.bus.jetstream.key_value(subjects.ENDPOINTS_BUCKET)
    return OwnerEndpoints.FromString((await bucket.get(owner)).value or b"")


@pytest.fixture(autouse=True)
async def clean(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    for client in (ann, bob):
        for one in (await client.get("/api/endpoints")).json()["items"][1:]:
            assert (await client.delete(f"/api/endpoints/{one['id']}")).status_code == 204
        assert (await client.put("/api/routing", json={})).status_code == 200


async def test_a_registered_endpoint_is_listed_after_the_embedded_one_and_only_to_its_owner(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    made = await register(ann, tags=["home"])
    embedded, mine = (await ann.get("/api/endpoints")).json()["items"]
    assert embedded["id"] == "embedded" and embedded["kind"] == "embedded"
    assert mine == made == (await ann.get(f"/api/endpoints/{made['id']}")).json()
    assert mine["name"] == "My Gemma" and mine["tags"] == ["home"] and mine["health"]["status"] == "unknown"
    assert len((await bob.get("/api/endpoints")).json()["items"]) == 1
    for method, path in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/health")):
        body = {"name": "Mine"} if method == "PATCH" else None
        assert (await bob.request(method, f"/api/endpoints/{made['id']}{path}", json=body)).status_code == 404


async def test_a_key_is_sealed_and_never_told(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = await register(ann, kind="openai", base_url="", api_key="sk-secret")
    assert made["has_key"] is True
    (told,) = (await published(rig, "ann")).endpoints
    assert rig.gateway.parts.secrets.open(told.sealed_key) == "sk-secret"
    for answer in (await ann.get("/api/endpoints"), await ann.get(f"/api/endpoints/{made['id']}")):
        assert "sk-secret" not in answer.text
    assert b"sk-secret" not in told.SerializeToString()
    changed = (await ann.patch(f"/api/endpoints/{made['id']}", json={"api_key": ""})).json()
    assert changed["has_key"] is False


async def test_every_change_is_on_the_bus(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = await register(ann)
    (told,) = (await published(rig, "ann")).endpoints
    assert (told.id, told.name, told.model, told.enabled) == (made["id"], "My Gemma", "gemma-2b", True)
    await ann.patch(f"/api/endpoints/{made['id']}", json={"enabled": False, "name": "Its Gemma"})
    (told,) = (await published(rig, "ann")).endpoints
    assert (told.name, told.enabled) == ("Its Gemma", False)
    await ann.delete(f"/api/endpoints/{made['id']}")
    assert not (await published(rig, "ann")).endpoints


async def test_what_the_bus_has_lost_is_published_when_a_gateway_starts(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = await register(ann)
    bucket = await rig.gateway.parts.bus.jetstream.key_value(subjects.ENDPOINTS_BUCKET)
    await bucket.purge("ann")
    async with running(rig.make()):

        async def there() -> bool:
            entry = await bucket.get("ann") if "ann" in await bucket.keys() else None
            return entry is not None and made["id"].encode() in (entry.value or b"")

        await until(there)


async def test_the_first_one_becomes_active_and_the_embedded_one_its_fallback(ann: httpx.AsyncClient) -> None:
    await ann.put("/api/routing", json={})
    first, second = await register(ann), await register(ann, name="Second")
    routing = (await ann.get("/api/routing")).json()
    # This owner has set a routing before; the first endpoint of one who has not is taken at once.
    assert routing["active"] == "embedded" and not first["active"]
    routing = (await ann.post(f"/api/endpoints/{first['id']}/activate")).json()
    assert routing["active"] == first["id"] and routing["fallback"] == ["embedded"]
    routing = (await ann.post(f"/api/endpoints/{second['id']}/activate")).json()
    assert routing["active"] == second["id"] and routing["fallback"] == [first["id"], "embedded"]
    listed = {one["id"]: one["active"] for one in (await ann.get("/api/endpoints")).json()["items"]}
    assert listed == {"embedded": False, first["id"]: False, second["id"]: True}


async def test_a_deleted_endpoint_leaves_the_routing_whole(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = await register(ann)
    rule = {"task": "code", "endpoint_id": made["id"]}
    answer = await ann.put("/api/routing", json={"active": made["id"], "fallback": ["embedded"], "task_rules": [rule]})
    assert answer.status_code == 200 and answer.json()["local_first_token_s"] == 30
    assert (await published(rig, "ann")).routing.task_rules[0].endpoint_id == made["id"]
    await ann.delete(f"/api/endpoints/{made['id']}")
    routing = (await ann.get("/api/routing")).json()
    assert routing["active"] == "embedded" and routing["fallback"] == ["embedded"] and not routing["task_rules"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "Auto"}, "name"),
        ({"kind": "crystal_ball"}, "kind"),
        ({"base_url": "ftp://127.0.0.1/v1"}, "base_url"),
        ({"base_url": "127.0.0.1:1234"}, "base_url"),
        ({"base_url": "http://me:secret@127.0.0.1/v1"}, "base_url"),
        ({"base_url": "http://169.254.169.254/latest"}, "base_url"),
        ({"base_url": "http://127.0.0.1:99999/v1"}, "base_url"),
        ({"kind": "openai_compatible", "base_url": ""}, "base_url"),
        ({"model": "x" * 300}, "model"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_cannot_be_registered_is_refused_by_name(
    ann: httpx.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    answer = await ann.post("/api/endpoints", json={**GEMMA, **fields})
    assert answer.status_code == 422 and [error["field"] for error in answer.json()["errors"]] == [field]


async def test_names_are_given_once(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    await register(ann)
    second = await register(ann, name="Other")
    for answer in (
        await ann.post("/api/endpoints", json=GEMMA),
        await ann.patch(f"/api/endpoints/{second['id']}", json={"name": "My Gemma"}),
    ):
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "name"
    await register(bob)


@pytest.mark.parametrize(
    ("routing", "field"),
    [
        ({"active": "gone"}, "active"),
        ({"fallback": ["embedded", "gone"]}, "fallback.1"),
        ({"task_rules": [{"task": "code", "endpoint_id": "gone"}]}, "task_rules.0.endpoint_id"),
        ({"task_rules": [{"task": "dance", "endpoint_id": "embedded"}]}, "task_rules.0.task"),
        ({"retries": 6}, "retries"),
        ({"local_first_token_s": 0}, "local_first_token_s"),
    ],
)
async def test_a_routing_that_cannot_be_is_refused_by_name(
    ann: httpx.AsyncClient, routing: dict[str, Any], field: str
) -> None:
    answer = await ann.put("/api/routing", json=routing)
    assert answer.status_code == 422 and [error["field"] for error in answer.json()["errors"]] == [field]


async def test_no_retry_and_no_pause_can_be_asked_for(ann: httpx.AsyncClient) -> None:
    asked = {"retries": 0, "cool_down_s": 0}
    for answer in (await ann.put("/api/routing", json=asked), await ann.get("/api/routing")):
        assert answer.json().items() >= asked.items()


async def test_an_address_is_tested_before_and_after_it_is_registered(rig: Rig, ann: httpx.AsyncClient) -> None:
    asked = {"kind": "openai", "base_url": "", "api_key": "sk-secret"}
    found = (await ann.post("/api/endpoints/test", json=asked)).json()
    assert found["status"] == "healthy" and [model["id"] for model in found["models"]] == ["gemma-2b"]
    assert rig.gateway.parts.secrets.open(rig.parrot.tested[-1].sealed_key) == "sk-secret"
    made = await register(ann, base_url="http://broken.local/v1")
    found = (await ann.post(f"/api/endpoints/{made['id']}/test")).json()
    assert (found["status"], found["code"], found["hint"]) == ("offline", "unreachable", "Start it.")


async def test_what_runs_on_this_machine_is_found(ann: httpx.AsyncClient) -> None:
    (found,) = (await ann.get("/api/endpoints/discover")).json()["items"]
    assert (found["kind"], found["base_url"], found["registered"]) == ("ollama", "http://127.0.0.1:11434/v1", False)
    await register(ann, kind="ollama", base_url=found["base_url"])
    (found,) = (await ann.get("/api/endpoints/discover")).json()["items"]
    assert found["registered"] is True


async def test_health_is_shown_as_the_chat_service_tells_it(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = await register(ann)
    told = EndpointHealth(status=Status.ENDPOINT_STATUS_OFFLINE, code="unreachable", detail="Nothing answers.")
    told.checked_at.GetCurrentTime()
    told.models.add(id="gemma-2b", context_length=8192)
    told.history.add(status=Status.ENDPOINT_STATUS_HEALTHY, latency_ms=12.5).time.GetCurrentTime()
    bucket = await rig.gateway.parts.bus.jetstream.key_value(subjects.HEALTH_BUCKET)
    await bucket.put(made["id"], told.SerializeToString())

    async def heard() -> bool:
        return (await ann.get(f"/api/endpoints/{made['id']}")).json()["health"]["status"] == "offline"

    await until(heard)
    shown = (await ann.get(f"/api/endpoints/{made['id']}")).json()
    assert shown["health"]["detail"] == "Nothing answers." and shown["health"]["checked_at"]
    assert shown["models"] == [{"id": "gemma-2b", "context_length": 8192}]
    health = (await ann.get(f"/api/endpoints/{made['id']}/health")).json()
    assert [(one["status"], one["latency_ms"]) for one in health["history"]] == [("healthy", 12.5)]


async def test_a_measurement_is_a_job_and_is_listed_with_its_endpoint(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    made = await register(ann)
    path = f"/api/endpoints/{made['id']}"
    job = await ann.post(f"{path}/benchmark", json={"tokens": 8, "concurrency": [1]})
    assert job.status_code == 202 and job.json()["kind"] == "chat.benchmark_endpoint"
    assert job.json()["params"]["endpoint_id"] == made["id"]
    await ann.post("/api/endpoints/embedded/benchmark", json={})
    assert [one["id"] for one in (await ann.get(f"{path}/benchmarks")).json()["items"]] == [job.json()["id"]]
    assert (await bob.post(f"{path}/benchmark", json={})).status_code == 404
    assert (await bob.get(f"{path}/benchmarks")).status_code == 404
    answer = await ann.post(f"{path}/benchmark", json={"concurrency": [0]})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "concurrency.0"

    async def done() -> dict[str, Any] | None:
        (one,) = (await ann.get(f"{path}/benchmarks")).json()["items"]
        return one if one["status"] == "completed" else None

    assert (await until(done))["result"]["levels"][0]["tokens_per_s"] == 12.5
