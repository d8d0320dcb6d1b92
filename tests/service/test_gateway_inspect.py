"""Settings read out of a file: those of a picture made here come back whole, those of others as far as they go."""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from PIL.PngImagePlugin import PngInfo

from services.diffusion import metadata
from tests.api import ended
from tests.service.gateway_rig import Rig, png
from tests.unit.test_diffusion_metadata import FORMATS, picture, settings
from tests.unit.test_kit_a1111 import CIVITAI


async def inspect(client: httpx.AsyncClient, name: str, content: bytes) -> dict[str, Any]:
    """What the API says of a file; it must keep nothing."""
    before = (await client.get("/api/assets/stats")).json()["total"]
    response = await client.post("/api/assets/inspect", files=[("files", (name, content, ""))])
    assert response.status_code == 200, response.text
    assert (await client.get("/api/assets/stats")).json()["total"] == before
    return response.json()


def with_text(text: str) -> bytes:
    info, out = PngInfo(), io.BytesIO()
    info.add_text("parameters", text)
    picture().save(out, "PNG", pnginfo=info)
    return out.getvalue()


@pytest.mark.parametrize("image_format", FORMATS)
async def test_a_picture_made_here_gives_its_settings_back(ann: httpx.AsyncClient, image_format: str) -> None:
    made = settings(prompt="a red apple, 漢字", negative_prompt="blurry", seed=7, steps=9, sampler="euler_a")
    found = await inspect(ann, "x", metadata.encode(picture(), image_format, made).data)
    assert found["written_by"] == "atelier" and found["mode"] == "text-to-image" and found["unread"] == []
    assert found["content_type"] == f"image/{image_format}" and (found["width"], found["height"]) == (64, 64)
    wanted = ("prompt", "negative_prompt", "steps", "cfg_scale", "sampler", "seed", "width", "height", "model")
    assert found["settings"] == {name: made[name] for name in wanted}
    assert found["text"].startswith("a red apple, 漢字\nNegative prompt: blurry\nSteps: 9, ")
    again = await ann.post("/api/generate/text-to-image", json={**found["settings"], "model": ""})
    assert again.status_code == 202, again.text
    await ended(ann, again.json()["id"])


async def test_the_mode_comes_with_the_settings(ann: httpx.AsyncClient) -> None:
    made = {**settings(), "kind": "diffusion.inpaint", "strength": 0.4, "mask_blur": 6, "image_sha256": "ab"}
    found = await inspect(ann, "x.png", metadata.encode(picture(), "png", made).data)
    assert found["mode"] == "inpaint" and found["settings"]["strength"] == 0.4 and found["unread"] == []
    newer = {**settings(), "kind": "diffusion.teleport"}
    found = await inspect(ann, "x.png", metadata.encode(picture(), "png", newer).data)
    assert found["mode"] is None and [one["name"] for one in found["unread"]] == ["kind"]


async def test_a_picture_of_another_program_gives_what_is_known_here(ann: httpx.AsyncClient) -> None:
    found = await inspect(ann, "civitai.png", with_text(CIVITAI.replace("Steps: 30", "Steps: 400")))
    assert found["written_by"] == "a1111" and found["mode"] == "text-to-image"
    assert found["settings"]["sampler"] == "dpmpp_2m_karras" and found["settings"]["seed"] == 1234567890
    assert found["settings"]["prompt"].endswith("sitting on a chair: wooden") and "steps" not in found["settings"]
    unread = {one["name"]: one for one in found["unread"]}
    assert {"Clip skip", "Hashes", "steps"} <= unread.keys() and unread["steps"]["value"] == "400"


async def test_a_picture_that_says_nothing_gives_nothing(ann: httpx.AsyncClient) -> None:
    for content in (png(3), with_text("just words")):
        found = await inspect(ann, "plain.png", content)
        assert (found["written_by"], found["mode"], found["settings"], found["unread"]) == (None, None, {}, [])


async def test_what_carries_no_settings_is_refused(rig: Rig, ann: httpx.AsyncClient) -> None:
    for name, content in (("a.txt", b"Steps: 1, Seed: 2, CFG scale: 3"), ("a.zip", b"PK\x03\x04"), ("a.bin", b"")):
        refused = await ann.post("/api/assets/inspect", files=[("files", (name, content, ""))])
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "files", name
    files = [("files", ("a.png", png(1), "")), ("files", ("b.png", png(1), ""))]
    assert (await ann.post("/api/assets/inspect", files=files)).status_code == 422
    async with rig.gateway.client() as stranger:
        assert (await stranger.post("/api/assets/inspect", files=files[:1])).status_code == 401
