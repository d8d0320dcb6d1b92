"""Style presets: kept by owner, carried elsewhere, applied to jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from atelier.v1 import diffusion_pb2
from gateway.catalog import jobs
from services.kit.ids import new_ulid
from tests.api import ended
from tests.service.gateway_rig import Rig, running

FOG = {
    "name": "Fog",
    "kind": "image",
    "category": "weather",
    "template": "{prompt} in {density|thick} fog",
    "negative_prompt": "sun",
    "settings": {"steps": 9, "cfg_scale": 4.5, "sampler": "euler"},
}


@pytest.fixture
async def maker(rig: Rig) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody new."""
    owner = new_ulid()
    async with (
        running(rig.make(tokens={f"token-of-{owner}": owner})) as gateway,
        gateway.client(f"token-of-{owner}") as client,
    ):
        yield client


async def made(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.post("/api/presets/", json={**FOG, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def names(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [one["name"] for one in (await client.get("/api/presets/", params=query)).raise_for_status().json()]


async def request_of(rig: Rig, job: dict[str, Any]) -> diffusion_pb2.TextToImageRequest:
    """What the service is asked."""
    async with rig.gateway.parts.database.read() as session:
        row = await jobs.get(session, job["owner_id"], job["id"])
    assert row is not None
    return diffusion_pb2.TextToImageRequest.FromString(row.request)


async def test_presets_are_kept_changed_and_deleted(maker: httpx.AsyncClient) -> None:
    assert len(await names(maker)) == 8
    preset = await made(maker)
    assert preset["variables"] == [{"name": "density", "default": "thick"}]
    assert not preset["built_in"] and preset["settings"]["steps"] == 9 and preset["settings"]["fps"] is None
    path = f"/api/presets/{preset['id']}"
    assert (await maker.get(path)).json() == preset
    assert (await names(maker))[-1] == "Fog"
    assert (await maker.get("/api/presets")).json() == (await maker.get("/api/presets/")).json()
    changed = await maker.patch(path, json={"settings": {"fps": 12}, "kind": "video"})
    assert changed.json()["settings"]["fps"] == 12 and changed.json()["settings"]["steps"] is None
    assert changed.json()["name"] == "Fog" and changed.json()["updated_at"] > preset["updated_at"]
    assert await names(maker, kind="video") == ["Cinematic Video", "Vlog Style", "Time Lapse", "Fog"]
    assert await names(maker, category="weather") == ["Fog"]
    assert (await maker.delete(path)).status_code == 204
    assert (await maker.get(path)).status_code == (await maker.delete(path)).status_code == 404


async def test_names_are_an_owners_own_and_built_in_ones_taken(maker: httpx.AsyncClient) -> None:
    await made(maker)
    mist = await made(maker, name="Mist")
    for name in ("Fog", "Anime Style"):
        for answer in (
            await maker.post("/api/presets/", json={**FOG, "name": name}),
            await maker.patch(f"/api/presets/{mist['id']}", json={"name": name}),
        ):
            assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "name"


async def test_built_in_presets_stay(maker: httpx.AsyncClient) -> None:
    for answer in (
        await maker.delete("/api/presets/anime-style"),
        await maker.patch("/api/presets/anime-style", json={"name": "Mine"}),
    ):
        assert answer.status_code == 409 and "Duplicate" in answer.json()["hint"]
    assert (await maker.get("/api/presets/anime-style")).json()["built_in"]


async def test_presets_of_others_are_not_there(maker: httpx.AsyncClient, ann: httpx.AsyncClient) -> None:
    preset = await made(maker)
    path = f"/api/presets/{preset['id']}"
    for answer in (
        await ann.get(path),
        await ann.patch(path, json={"name": "x"}),
        await ann.delete(path),
        await ann.post(f"/api/presets/apply/{preset['id']}", json={"prompt": "x"}),
        await ann.get("/api/presets/export", params={"ids": preset["id"]}),
    ):
        assert answer.status_code == 404
    assert "Fog" not in await names(ann)
    for word in (preset["id"], "Fog"):
        refused = await ann.post("/api/generate/text-to-image", json={"prompt": "a fox", "preset": word})
        assert refused.status_code == 404 and refused.json()["errors"][0]["field"] == "preset"


async def test_a_preset_is_applied_to_a_prompt(maker: httpx.AsyncClient) -> None:
    preset = await made(maker)
    path = f"/api/presets/apply/{preset['id']}"
    asked = {"prompt": "a fox", "negative_prompt": "rain", "variables": {"density": "thin"}}
    assert (await maker.post(path, json=asked)).json() == {
        "preset": preset["id"],
        "name": "Fog",
        "prompt": "a fox in thin fog",
        "negative_prompt": "rain, sun",
        "settings": FOG["settings"],
    }
    refused = await maker.post(path, json={"prompt": "a fox", "variables": {"colour": "red"}})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "variables.colour"


async def test_presets_travel_as_a_file(maker: httpx.AsyncClient, ann: httpx.AsyncClient) -> None:
    await made(maker)
    own = await maker.get("/api/presets/export")
    assert "attachment" in own.headers["content-disposition"]
    assert [one["name"] for one in own.json()["presets"]] == ["Fog"]
    both = (await maker.get("/api/presets/export", params={"ids": ["anime-style", "anime-style"]})).json()
    brought = await maker.post("/api/presets/import", json={**own.json(), "presets": own.json()["presets"] * 2})
    assert [one["name"] for one in brought.json()] == ["Fog (2)", "Fog (3)"]
    assert brought.json()[0]["settings"]["steps"] == 9
    brought = await maker.post("/api/presets/import", json=both)
    assert [(one["name"], one["built_in"]) for one in brought.json()] == [("Anime Style (2)", False)]
    assert len(await names(maker)) == 12


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"format": "atelier-presets", "version": 2, "presets": []}, "version"),
        ({"format": "civitai", "version": 1, "presets": []}, "format"),
        ({"format": "atelier-presets", "version": 1, "presets": [FOG, {**FOG, "id": "anime-style"}]}, "presets.1.id"),
        ({"format": "atelier-presets", "version": 1, "presets": [{**FOG, "owner_id": "bob"}]}, "presets.0.owner_id"),
        ({"format": "atelier-presets", "version": 1, "presets": [{**FOG, "template": "x" * 20}]}, "presets.0.template"),
        ({"format": "atelier-presets", "version": 1, "presets": [{**FOG, "name": "a\0b"}]}, "presets.0.name"),
        (
            {"format": "atelier-presets", "version": 1, "presets": [{**FOG, "settings": {"steps": 10**9}}]},
            "presets.0.settings.steps",
        ),
        (
            {"format": "atelier-presets", "version": 1, "presets": [{**FOG, "settings": {"__proto__": {}}}]},
            "presets.0.settings.__proto__",
        ),
        ({"format": "atelier-presets", "version": 1, "presets": [FOG] * 1001}, "presets"),
    ],
)
async def test_a_bad_file_is_refused_whole(ann: httpx.AsyncClient, document: dict[str, Any], field: str) -> None:
    before = await names(ann)
    refused = await ann.post("/api/presets/import", json=document)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"].startswith(field)
    assert await names(ann) == before


async def test_a_file_that_is_none_is_refused(ann: httpx.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    for body in (b"[" * 100_000, b'{"presets": [', b"\xff\xfe"):
        assert (await ann.post("/api/presets/import", content=body, headers=headers)).status_code == 400
    much = b'{"format":"atelier-presets","version":1,"presets":[],"x":"' + b"x" * 2_000_000 + b'"}'
    assert (await ann.post("/api/presets/import", content=much, headers=headers)).status_code == 413


async def test_a_job_is_made_with_a_preset(rig: Rig, ann: httpx.AsyncClient) -> None:
    preset = await made(ann, name="Fog of jobs")
    try:
        for word in (preset["id"], "Fog of jobs"):
            body = {"prompt": "a fox", "preset": word, "preset_variables": {"density": "thin"}, "steps": 3, "seed": 5}
            job = (await ann.post("/api/generate/text-to-image", json=body)).raise_for_status().json()
            asked = await request_of(rig, job)
            assert (asked.prompt, asked.negative_prompt) == ("a fox in thin fog", "sun")
            assert (asked.steps, asked.cfg_scale, asked.sampler) == (3, 4.5, diffusion_pb2.SAMPLER_EULER)
            # The job shows its sender's words, the settings that hold, and where the others came from.
            params = job["params"]
            assert (params["prompt"], params["negative_prompt"], params["steps"]) == ("a fox", "", 3)
            assert (params["cfg_scale"], params["sampler"]) == (4.5, "euler")
            assert params["preset"]["id"] == preset["id"] and params["preset"]["name"] == "Fog of jobs"
            assert params["preset"]["variables"] == {"density": "thin"}
    finally:
        await ann.delete(f"/api/presets/{preset['id']}")


async def test_what_is_queued_keeps_the_preset_as_it_was(rig: Rig, ann: httpx.AsyncClient) -> None:
    preset = await made(ann, name="Fog of yesterday")
    path = f"/api/presets/{preset['id']}"
    body = {"prompt": "a fox", "preset": preset["id"]}
    job = (await ann.post("/api/generate/text-to-image", json=body)).raise_for_status().json()
    (await ann.patch(path, json={"template": "{prompt} in sunshine", "name": "Sun"})).raise_for_status()
    (await ann.delete(path)).raise_for_status()
    await ended(ann, job["id"])
    again = (await ann.post(f"/api/jobs/{job['id']}/retry")).raise_for_status().json()
    for one in (job, again):
        assert (await request_of(rig, one)).prompt == "a fox in thick fog"
        assert one["params"]["preset"]["name"] == "Fog of yesterday"


async def test_a_built_in_preset_takes_the_shape_of_the_model(rig: Rig, ann: httpx.AsyncClient) -> None:
    body = {"prompt": "a fox", "preset": "Concept Art"}
    job = (await ann.post("/api/generate/text-to-image", json=body)).raise_for_status().json()
    asked = await request_of(rig, job)
    assert asked.prompt.startswith("concept art of a fox, epic atmosphere")
    assert (asked.width, asked.height) == (88, 64) and asked.steps == 32


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"preset": 3}, "preset"),
        ({"preset": "Anime Style", "preset_variables": {"lens": "x"}}, "preset_variables.lens"),
        ({"preset_variables": {"lens": "x"}}, "preset_variables"),
        ({"preset": "Anime Style", "prompt": "x" * 8000}, "preset"),
    ],
)
async def test_a_preset_that_cannot_be_applied_is_named(
    ann: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    refused = await ann.post("/api/generate/text-to-image", json={"prompt": "a fox", **body})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == field
