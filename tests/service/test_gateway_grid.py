"""XYZ grids at the API: what is taken, what is refused by name, what travels."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from atelier.v1.diffusion_pb2 import GridRequest
from gateway.catalog.models import JobRow
from services.kit import grid
from services.kit.contract import contract
from tests.service.gateway_rig import Rig, png
from tests.service.test_gateway_assets import upload
from tests.service.test_gateway_presets import FOG

PATH = "/api/generate/grid"
STEPS = {"field": "steps", "values": [5, 10]}


async def travelled(rig: Rig, job_id: str) -> GridRequest:
    """What the service was sent."""
    async with rig.gateway.parts.database.read() as session:
        row = await session.get_one(JobRow, job_id)
    return GridRequest.FromString(row.request)


async def test_a_grid_travels_with_its_axes(rig: Rig, ann: httpx.AsyncClient) -> None:
    (asset,) = await upload(ann, ("a.png", png(3), "image/png"))
    axes = [STEPS, {"field": "strength", "values": [0.25, 1]}]
    answer = await ann.post(PATH, json={"prompt": "a tree", "image": asset["id"], "axes": axes, "seed": 4})
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["kind"] == "diffusion.grid" and job["params"]["axes"] == axes
    sent = await travelled(rig, job["id"])
    assert contract.to_json(sent)["axes"] == axes
    assert await rig.gateway.parts.objects.read(sent.image) == png(3)


@pytest.mark.parametrize(
    ("axes", "field", "status"),
    [
        ([STEPS, {"field": "cfg_scale", "values": [1, 2, 31]}], "axes.1.values.2", 422),
        ([{"field": "sampler", "values": ["euler", "eulre"]}], "axes.0.values.1", 422),
        ([STEPS, STEPS], "axes.1.field", 422),
        ([{"field": "steps", "values": [5]}], "axes.0.values", 422),
        ([{"field": "count", "values": [1, 2]}], "axes.0.field", 422),
        ([], "axes", 422),
        (
            [{"field": "seed", "values": list(range(20))}, {"field": "cfg_scale", "values": [1, 2, 3, 4, 5, 6]}],
            "axes",
            422,
        ),
        ([{"field": "strength", "values": [0.2, 0.4]}], "axes.0.field", 422),
        ([{"field": "prompt_replace", "values": ["fox", "cat"]}], "axes.0.values.0", 422),
    ],
)
async def test_what_cannot_be_made_is_refused_by_name(
    ann: httpx.AsyncClient, axes: list[Any], field: str, status: int
) -> None:
    answer = await ann.post(PATH, json={"prompt": "a tree", "axes": axes})
    assert answer.status_code == status, answer.text
    assert [fault["field"].removeprefix("body.") for fault in answer.json()["errors"]] == [field], answer.text


async def test_a_model_among_the_values_must_be_there(ann: httpx.AsyncClient) -> None:
    known = (await ann.get("/api/generate/options")).json()["models"][0]["name"]
    axes = [{"field": "model", "values": [known, "nowhere"]}]
    answer = await ann.post(PATH, json={"prompt": "a tree", "axes": axes})
    assert answer.json()["code"] == "model_not_found", answer.text
    assert answer.json()["errors"][0]["field"] == "axes.0.values.1"


async def test_a_number_that_is_none_is_refused(ann: httpx.AsyncClient) -> None:
    body = '{"prompt": "a tree", "axes": [{"field": "cfg_scale", "values": [1, NaN]}]}'
    answer = await ann.post(PATH, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text


async def test_a_presets_words_stand_around_every_prompt(rig: Rig, ann: httpx.AsyncClient) -> None:
    preset = (await ann.post("/api/presets/", json={**FOG, "name": "Fog of grids"})).json()
    axes = [{"field": "prompt", "values": ["a fox", "an owl"]}, STEPS]
    try:
        answer = await ann.post(PATH, json={"prompt": "a tree", "preset": preset["id"], "axes": axes})
        assert answer.status_code == 202, answer.text
        params = answer.json()["params"]
        assert (params["prompt"], params["axes"], params["cfg_scale"]) == ("a tree", axes, 4.5)
        cells = [contract.to_json(cell.request) for cell in grid.cells(await travelled(rig, answer.json()["id"]))]
        assert [cell["prompt"] for cell in cells] == ["a fox in thick fog", "an owl in thick fog"] * 2
        assert [cell["preset"]["prompt"] for cell in cells] == ["a fox", "an owl"] * 2
        assert [cell["steps"] for cell in cells] == [5, 5, 10, 10]
    finally:
        await ann.delete(f"/api/presets/{preset['id']}")


async def test_the_options_say_what_an_axis_may_vary(ann: httpx.AsyncClient) -> None:
    modes = (await ann.get("/api/generate/options")).json()["modes"]
    (fields,) = [mode["fields"] for mode in modes if mode["name"] == "grid"]
    assert "count" not in fields and fields["axes"]["max_items"] == 3
    axis = fields["axes"]["fields"]
    choices = {choice["name"]: choice["label"] for choice in axis["field"]["choices"]}
    assert choices["prompt_replace"] == "Words in the prompt" and "strength" in choices and len(choices) == 12
    assert axis["values"]["max_items"] == 20
