"""Text-to-image through the API, with the starter model: every control does its work, every file tells what it is."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from services.diffusion import metadata
from tests.api import PATIENCE_S, ended, submit

APPLE = "a red apple on a blue background"


async def made(client: httpx.AsyncClient, prompt: str = APPLE, **settings: Any) -> dict[str, Any]:
    """A job's end, with few steps unless said otherwise."""
    job = await submit(client, prompt, **{"steps": 4, "preview_every": 0, **settings})
    return await ended(client, job["id"], PATIENCE_S)


async def file(client: httpx.AsyncClient, asset: dict[str, Any]) -> bytes:
    return (await client.get(asset["content_url"])).raise_for_status().content


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


async def test_the_apple_is_red_and_its_background_blue(studio: httpx.AsyncClient) -> None:
    job = await made(studio, steps=20)
    assert job["status"] == "completed", job
    picture = pixels(await file(studio, job["outputs"][0]))
    assert picture.shape == (64, 64, 3)
    corner, middle = picture[:12, :12].mean((0, 1)), picture[24:48, 24:48].mean((0, 1))
    assert corner[2] > corner[0] + 60 and middle[0] > middle[2] + 60
    thumbnail = (await studio.get(job["outputs"][0]["thumbnail_url"])).raise_for_status()
    assert Image.open(io.BytesIO(thumbnail.content)).width <= 512


async def test_every_sampler_offered_makes_the_apple(studio: httpx.AsyncClient) -> None:
    options = (await studio.get("/api/generate/options")).json()
    names = [sampler["name"] for sampler in options["samplers"]]
    assert len(names) == 11 and options["models"][0]["name"] == "starter"
    jobs = await asyncio.gather(*(made(studio, sampler=name, steps=10) for name in names))
    for name, job in zip(names, jobs, strict=True):
        assert job["status"] == "completed" and job["outputs"][0]["provenance"]["sampler"] == name
        picture = pixels(await file(studio, job["outputs"][0]))
        corner, middle = picture[:12, :12].mean((0, 1)), picture[24:48, 24:48].mean((0, 1))
        assert corner[2] > corner[0] + 40 and middle[0] > middle[2] + 40, name


async def test_every_control_changes_the_picture_and_is_kept_with_it(studio: httpx.AsyncClient) -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"prompt": "a penguin in the snow"},
        {"negative_prompt": "red"},
        {"steps": 5},
        {"cfg_scale": 3.5},
        {"seed": 43},
        {"sampler": "euler_a"},
        {"width": 96, "height": 72},
    ]
    jobs = await asyncio.gather(*(made(studio, **change) for change in changes))
    seen: set[bytes] = set()
    for change, job in zip(changes, jobs, strict=True):
        (asset,) = job["outputs"]
        data = await file(studio, asset)
        seen.add(pixels(data).tobytes())
        kept = metadata.read(data)
        assert kept == asset["provenance"]
        assert kept is not None and {name: kept[name] for name in change} == change
        assert (asset["width"], asset["height"]) == Image.open(io.BytesIO(data)).size
    assert len(seen) == len(changes)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
async def test_every_format_carries_the_settings(studio: httpx.AsyncClient, image_format: str) -> None:
    (asset,) = (await made(studio, steps=1, format=image_format))["outputs"]
    data = await file(studio, asset)
    assert asset["content_type"] == f"image/{image_format}"
    assert Image.open(io.BytesIO(data)).format == image_format.upper()
    kept = metadata.read(data)
    assert kept is not None and kept["prompt"] == APPLE and kept["seed"] == 42


async def test_several_pictures_have_the_seeds_that_follow(studio: httpx.AsyncClient) -> None:
    three, third = await asyncio.gather(made(studio, count=3), made(studio, seed=44))
    assert [asset["provenance"]["seed"] for asset in three["outputs"]] == [42, 43, 44]
    assert await file(studio, three["outputs"][2]) == await file(studio, third["outputs"][0])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"steps": 0.5}, "steps"),
        ({"steps": 151}, "steps"),
        ({"width": 65}, "width"),
        ({"height": 100_000}, "height"),
        ({"cfg_scale": -1}, "cfg_scale"),
        ({"seed": 2**40}, "seed"),
        ({"sampler": "wishful"}, "sampler"),
        ({"count": 17}, "count"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "x" * 8001}, "prompt"),
        ({"negative_prompt": 7}, "negative_prompt"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_by_name(
    studio: httpx.AsyncClient, settings: dict[str, Any], field: str
) -> None:
    answer = await studio.post("/api/generate/text-to-image", json={"prompt": APPLE, **settings})
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_what_only_the_model_can_know_fails_the_job_in_plain_words(studio: httpx.AsyncClient) -> None:
    job = await made(studio, width=4096, height=4096)
    assert job["status"] == "failed" and job["attempts"] == 1
    assert job["error"]["code"] == "bad_input" and "4096x4096" in job["error"]["message"]
