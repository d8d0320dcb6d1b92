"""The models of the registry at the gateway: rows, jobs that bring them in, who may name them, what workers tell."""

import asyncio
from typing import Any

import httpx
import pytest

from atelier.v1.diffusion_pb2 import TextToImageRequest
from atelier.v1.models_pb2 import ModelCommand, PinnedModel, WorkerModel, WorkerModels
from gateway.catalog.models import JobRow
from services.kit import subjects
from services.kit.failures import NotFound
from services.kit.ids import new_ulid
from tests.api import until
from tests.service.gateway_rig import Rig, png
from tests.service.test_gateway_assets import upload


def called(word: str) -> str:
    """A name nobody else has."""
    return f"{word}-{new_ulid()[-8:].lower()}"


async def settled(client: httpx.AsyncClient, model_id: str) -> dict[str, Any]:
    """The model once it is here, or is not going to be."""

    async def look() -> dict[str, Any] | None:
        model = (await client.get(f"/api/models/{model_id}")).json()
        return model if model["status"] != "downloading" else None

    return await until(look)


async def registered(client: httpx.AsyncClient, source: str, **fields: Any) -> dict[str, Any]:
    response = await client.post("/api/models", json={"source": source, **fields})
    assert response.status_code == 202, response.text
    assert response.headers["location"] == f"/api/models/{response.json()['id']}"
    return await settled(client, response.json()["id"])


async def test_a_model_is_registered_and_tells_what_it_is(ann: httpx.AsyncClient) -> None:
    name = called("lora")
    model = await registered(ann, f"hf://someone/{name}", description="Cats", tags=["animal"])
    assert (model["name"], model["kind"], model["family"], model["rank"]) == (name, "lora", "sd1", 8)
    assert (model["status"], model["size"], model["trigger_words"]) == ("available", 1234, ["ohwx"])
    assert model["short_hash"] == model["sha256"][:10] and len(model["sha256"]) == 64
    assert not model["loadable"] and name in model["note"] and model["job"] is None
    listed = (await ann.get("/api/models", params={"kind": "lora", "q": "ANIMAL"})).json()["items"]
    assert model["id"] in {item["id"] for item in listed}


async def test_what_came_along_is_listed_and_stays(ann: httpx.AsyncClient) -> None:
    first = (await ann.get("/api/models")).json()["items"][0]
    assert (first["id"], first["built_in"], first["source"]) == ("built-in:painter", True, "built-in")
    assert (await ann.get("/api/models/built-in:painter")).json()["name"] == "painter"
    for response in (
        await ann.delete("/api/models/built-in:painter"),
        await ann.patch("/api/models/built-in:painter", json={"name": "mine"}),
    ):
        assert response.status_code == 409 and "built-in" in response.json()["detail"]
    taken = await ann.post("/api/models", json={"source": "hf://a/b", "name": "painter"})
    assert taken.status_code == 422 and taken.json()["errors"][0]["field"] == "name"


async def test_progress_is_seen_and_cancelling_is_told(ann: httpx.AsyncClient) -> None:
    response = await ann.post("/api/models", json={"source": "hf://someone/slow", "name": called("slow")})
    model = response.json()
    assert model["status"] == "downloading"

    async def under_way() -> bool:
        job = (await ann.get(f"/api/models/{model['id']}")).json()["job"]
        return bool(job) and job["progress"] == 0.5 and job["stage"] == "downloading"

    await until(under_way)
    job_id = (await ann.get(f"/api/models/{model['id']}")).json()["job"]["id"]
    await ann.post(f"/api/jobs/{job_id}/cancel")
    told = await settled(ann, model["id"])
    assert told["status"] == "failed" and told["error"]["code"] == "cancelled"
    # Jobs that bring in models are no generations.
    assert job_id not in {job["id"] for job in (await ann.get("/api/generate/")).json()["items"]}


async def test_a_failure_says_why_and_can_be_tried_again(ann: httpx.AsyncClient) -> None:
    model = await registered(ann, "hf://someone/broken", name=called("broken"))
    assert (model["status"], model["error"]["code"]) == ("failed", "model_refused")
    assert "pickle" in model["error"]["message"] and model["error"]["hint"]
    again = await ann.post(f"/api/models/{model['id']}/retry")
    assert again.status_code == 202 and again.json()["status"] == "downloading"
    assert (await settled(ann, model["id"]))["status"] == "failed"
    here = await registered(ann, f"hf://someone/{called('lora')}")
    assert (await ann.post(f"/api/models/{here['id']}/retry")).status_code == 409


async def test_the_same_request_with_the_same_key_gives_the_same_model(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    body, headers = {"source": f"hf://someone/{called('lora')}"}, {"Idempotency-Key": called("key")}
    together = await asyncio.gather(*(ann.post("/api/models", json=body, headers=headers) for _ in range(4)))
    assert [answer.status_code for answer in together] == [202] * 4, [answer.text for answer in together]
    (model_id,) = {answer.json()["id"] for answer in together}
    assert (await settled(ann, model_id))["status"] == "available"
    later = await ann.post("/api/models", json=body, headers=headers)
    assert (later.status_code, later.json()["id"], later.json()["status"]) == (202, model_id, "available")
    other = await ann.post("/api/models", json={**body, "description": "another"}, headers=headers)
    assert other.status_code == 422 and other.json()["errors"][0]["field"] == "Idempotency-Key"
    theirs = await bob.post("/api/models", json=body, headers=headers)
    assert theirs.status_code == 202 and theirs.json()["id"] != model_id
    # Without the key it is a second model of that name.
    assert (await ann.post("/api/models", json=body)).status_code == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"source": "what is this"}, "source"),
        ({"source": ""}, "source"),
        ({"source": "s3://gateway-sqlite/assets/bob/secret.safetensors"}, "source"),
        ({"source": "hf://a/b", "name": "a:b"}, "name"),
        ({"source": "hf://a/b", "name": "  "}, "name"),
        ({"source": "hf://a/b", "kind": "checkpoint"}, "kind"),
    ],
)
async def test_a_bad_request_names_its_field(rig: Rig, ann: httpx.AsyncClient, body: Any, field: str) -> None:
    body = {**body, "source": body["source"].replace("gateway-sqlite", rig.settings.s3_bucket)}
    response = await ann.post("/api/models", json=body)
    assert response.status_code == 422, response.text
    assert field in {fault["field"] for fault in response.json()["errors"]}


async def test_models_belong_to_their_owner(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    name = called("base")
    model = await registered(ann, f"hf://someone/{name}")
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/load"),
        ("POST", "/unload"),
        ("POST", "/pin"),
        ("POST", "/unpin"),
        ("POST", "/retry"),
    ):
        response = await bob.request(method, f"/api/models/{model['id']}{path}")
        assert response.status_code == 404, (method, path)
    refused = await bob.post("/api/generate/text-to-image", json={"prompt": "x", "model": name})
    assert refused.status_code == 404 and refused.json()["errors"][0]["field"] == "model"
    # The same name is another model for somebody else.
    assert (await registered(bob, f"hf://someone/{name}", name=name))["id"] != model["id"]


async def test_a_registered_model_travels_as_the_uri_of_its_content(rig: Rig, ann: httpx.AsyncClient) -> None:
    name = called("base")
    model = await registered(ann, f"hf://someone/{name}")
    offered = (await ann.get("/api/generate/options")).json()["models"]
    assert name in {one["name"] for one in offered}
    for given in (name, model["id"]):
        job = (await ann.post("/api/generate/text-to-image", json={"prompt": "x", "model": given})).json()
        assert job["params"]["model"] == given
        async with rig.gateway.parts.database.read() as session:
            row = await session.get_one(JobRow, job["id"])
        bucket = rig.settings.s3_bucket
        assert TextToImageRequest.FromString(row.request).model == f"s3://{bucket}/models/{model['sha256']}#{name}"
    used = (await ann.get(f"/api/models/{model['id']}")).json()
    assert used["uses"] == 2 and used["last_used_at"]
    stats = (await ann.get("/api/models/stats")).json()
    assert {"id": model["id"], "name": name, "uses": 2, "last_used_at": used["last_used_at"]} in stats["most_used"]
    assert stats["by_kind"]["base"] >= 1 and stats["size"] >= 1234


async def test_a_registered_lora_travels_beside_the_prompt_wherever_it_was_named(
    rig: Rig, ann: httpx.AsyncClient
) -> None:
    model = await registered(ann, f"hf://someone/{called('lora')}")
    uri = f"s3://{rig.settings.s3_bucket}/models/{model['sha256']}#{model['name']}"
    tagged = f"a cat <lora:{model['name']}:0.5> <lora:unheard-of:1>"
    for body in ({"prompt": "a cat", "loras": [{"model": model["id"], "weight": 0.5}]}, {"prompt": tagged}):
        job = (await ann.post("/api/generate/text-to-image", json=body)).json()
        assert job["params"]["prompt"] == body["prompt"]
        async with rig.gateway.parts.database.read() as session:
            row = await session.get_one(JobRow, job["id"])
        request = TextToImageRequest.FromString(row.request)
        assert [(lora.model, lora.weight) for lora in request.loras] == [(uri, 0.5)]
        assert model["name"] not in request.prompt
    # What is not registered may have come along; the service says whether.
    assert "<lora:unheard-of:1>" in request.prompt
    refused = await ann.post("/api/generate/text-to-image", json={"prompt": "x", "loras": [{"model": "unheard-of"}]})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "loras.0.model"


async def test_a_model_of_another_kind_or_not_here_yet_is_refused_by_name(ann: httpx.AsyncClient) -> None:
    lora = await registered(ann, f"hf://someone/{called('lora')}")
    coming = (await ann.post("/api/models", json={"source": "hf://someone/slow", "name": called("slow")})).json()
    for name, word in ((lora["name"], "lora"), (coming["name"], "downloading"), ("s3://x/models/y", "no model")):
        response = await ann.post("/api/generate/text-to-image", json={"prompt": "x", "model": name})
        assert response.status_code in (404, 422), response.text
        assert response.json()["errors"][0]["field"] == "model" and word in response.json()["detail"]
    assert (await ann.delete(f"/api/models/{coming['id']}")).status_code == 204


async def test_what_people_say_of_a_model_can_be_changed(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    model = await registered(ann, f"hf://someone/{called('lora')}")
    (mine,) = await upload(ann, ("a.png", png(3), "image/png"))
    (theirs,) = await upload(bob, ("b.png", png(4), "image/png"))
    name = called("renamed")
    values = {"name": name, "trigger_words": ["a", "b c"], "favourite": True, "preview_asset_id": mine["id"]}
    changed = (await ann.patch(f"/api/models/{model['id']}", json=values)).json()
    assert {key: changed[key] for key in values} == values
    assert changed["preview_url"] == f"/api/assets/{mine['id']}/thumbnail"
    assert (await ann.patch(f"/api/models/{model['id']}", json={"preview_asset_id": None})).json()[
        "preview_url"
    ] is None
    refused = await ann.patch(f"/api/models/{model['id']}", json={"preview_asset_id": theirs["id"]})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "preview_asset_id"
    other = await registered(ann, f"hf://someone/{called('lora')}")
    taken = await ann.patch(f"/api/models/{other['id']}", json={"name": name})
    assert taken.status_code == 422 and taken.json()["errors"][0]["field"] == "name"


async def test_a_file_is_uploaded_and_a_pickle_is_not(rig: Rig, ann: httpx.AsyncClient) -> None:
    name = called("up")
    files = {"files": ("style lora.safetensors", b"x" * 3_000_000, "application/octet-stream")}
    response = await ann.post("/api/models/upload", params={"name": name}, files=files)
    assert response.status_code == 202, response.text
    model = await settled(ann, response.json()["id"])
    assert (model["name"], model["kind"], model["source"]) == (name, "lora", "upload: style lora.safetensors")
    for file in ("model.ckpt", "model.pt", "notes.txt"):
        refused = await ann.post("/api/models/upload", files={"files": (file, b"x", "text/plain")})
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "files", file
    two = [("files", ("a.safetensors", b"x")), ("files", ("b.safetensors", b"x"))]
    assert (await ann.post("/api/models/upload", files=two)).status_code == 422


async def test_deleting_takes_the_files_unless_another_model_has_them(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    source = f"hf://someone/{called('base')}"
    mine, theirs = await registered(ann, source), await registered(bob, source)
    objects, key = rig.gateway.parts.objects, f"models/{mine['sha256']}/model.safetensors"
    assert (await ann.delete(f"/api/models/{mine['id']}")).status_code == 204
    assert await objects.get(key) == b"weights"
    assert (await bob.delete(f"/api/models/{theirs['id']}")).status_code == 204
    with pytest.raises(NotFound):
        await objects.get(key)
    assert (await ann.get(f"/api/models/{mine['id']}")).status_code == 404


async def test_workers_are_told_and_tell(rig: Rig, ann: httpx.AsyncClient) -> None:
    bus = rig.gateway.parts.bus
    model = await registered(ann, f"hf://someone/{called('base')}")
    heard: list[ModelCommand] = []

    async def hear(message: Any) -> None:
        heard.append(ModelCommand.FromString(message.data))

    subscription = await bus.client.subscribe(subjects.MODEL_COMMANDS, cb=hear)
    await bus.client.flush()
    assert (await ann.post(f"/api/models/{model['id']}/load")).status_code == 202

    async def told() -> bool:
        return bool(heard)

    await until(told)
    assert heard[0].action == 1 and heard[0].model.endswith(f"/models/{model['sha256']}#{model['name']}")
    worker = WorkerModels(worker="w1", memory_used=70, memory_budget=100, disk_budget=1000)
    worker.models.append(WorkerModel(key=model["sha256"], status="loaded", bytes=70, uses=3, in_use=1))
    bucket = await bus.jetstream.key_value(subjects.MODELS_BUCKET)
    await bucket.put("w1", worker.SerializeToString())

    async def loaded() -> bool:
        return (await ann.get(f"/api/models/{model['id']}")).json()["status"] == "loaded"

    await until(loaded)
    shown = (await ann.get(f"/api/models/{model['id']}")).json()
    assert [(p["worker"], p["bytes"], p["in_use"]) for p in shown["loaded_on"]] == [("w1", 70, 1)]
    workers = (await ann.get("/api/models/stats")).json()["workers"]
    assert ("w1", 70, 100, 1) in {(w["worker"], w["memory_used"], w["memory_budget"], w["models"]) for w in workers}
    busy = await ann.post(f"/api/models/{model['id']}/unload")
    assert busy.status_code == 409 and "being used" in busy.json()["detail"]

    assert (await ann.post(f"/api/models/{model['id']}/pin")).json()["pinned"] is True
    pins = await bus.jetstream.key_value(subjects.PINS_BUCKET)
    entry = await pins.get(model["sha256"].encode().hex())
    assert PinnedModel.FromString(entry.value or b"").model == heard[0].model
    assert (await ann.post(f"/api/models/{model['id']}/unpin")).json()["pinned"] is False
    await bucket.purge("w1")
    await subscription.unsubscribe()


async def test_what_is_not_loaded_by_itself_says_how_it_is_used(ann: httpx.AsyncClient) -> None:
    lora = await registered(ann, f"hf://someone/{called('lora')}")
    refused = await ann.post(f"/api/models/{lora['id']}/load")
    assert refused.status_code == 409 and f"<lora:{lora['name']}:0.8>" in refused.json()["hint"]
    single = await registered(ann, f"hf://someone/{called('single')}")
    refused = await ann.post(f"/api/models/{single['id']}/load")
    assert refused.status_code == 409 and "diffusers folder" in refused.json()["hint"] and not single["loadable"]
    assert (await ann.post("/api/models/built-in:nothing/load")).status_code == 404
    assert (await ann.post("/api/models/built-in:painter/load")).status_code == 202
