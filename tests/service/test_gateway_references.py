"""Files that requests refer to: by the id of an asset or as a `data:` URL; services get the URI of their content."""

import base64

import httpx
import pytest

from atelier.v1.diffusion_pb2 import ImageToImageRequest
from gateway.catalog.models import JobRow
from tests.service.gateway_rig import Rig, png
from tests.service.test_gateway_assets import upload

PATH = "/api/generate/image-to-image"


def data_url(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


async def travelled(rig: Rig, job_id: str) -> ImageToImageRequest:
    """What the service was sent."""
    async with rig.gateway.parts.database.read() as session:
        row = await session.get_one(JobRow, job_id)
    return ImageToImageRequest.FromString(row.request)


async def test_an_asset_travels_as_the_uri_of_its_content(rig: Rig, ann: httpx.AsyncClient) -> None:
    (asset,) = await upload(ann, ("a.png", png(3), "image/png"))
    response = await ann.post(PATH, json={"prompt": "a tree", "image": asset["id"], "strength": 0.4})
    assert response.status_code == 202, response.text
    job = response.json()
    assert job["kind"] == "diffusion.image_to_image" and job["params"]["image"] == asset["id"]
    assert job["params"]["strength"] == 0.4 and job["params"]["steps"] == 20
    sent = await travelled(rig, job["id"])
    assert await rig.gateway.parts.objects.read(sent.image) == png(3)


async def test_a_file_in_the_request_becomes_an_asset(rig: Rig, ann: httpx.AsyncClient) -> None:
    response = await ann.post(PATH, json={"prompt": "a tree", "image": data_url(png(5, 40, 30))})
    assert response.status_code == 202, response.text
    asset = (await ann.get(f"/api/assets/{response.json()['params']['image']}")).json()
    assert (asset["width"], asset["height"], asset["name"]) == (40, 30, "image.png")
    assert await rig.gateway.parts.objects.read((await travelled(rig, response.json()["id"])).image) == png(5, 40, 30)


async def test_what_is_not_there_or_not_one_s_own_or_no_picture_is_refused_by_name(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    (theirs,) = await upload(bob, ("b.png", png(3), "image/png"))
    (text,) = await upload(ann, ("a.txt", b"hello", "text/plain"))
    for image in (theirs["id"], text["id"], "01K9ZC1Q5V8M3T7R2N4B6D0XYA", "s3://atelier/assets/x.png", "data:nothing"):
        response = await ann.post(PATH, json={"prompt": "a tree", "image": image})
        assert response.status_code == 422, (image, response.text)
        assert [fault["field"] for fault in response.json()["errors"]] == ["image"], image


@pytest.mark.parametrize("content", ["data:image/png;base64,@@", "data:image/png;base64,aGVsbG8="])
async def test_a_file_in_the_request_that_is_no_picture_is_refused(ann: httpx.AsyncClient, content: str) -> None:
    before = (await ann.get("/api/assets")).json()["items"]
    response = await ann.post(PATH, json={"prompt": "a tree", "image": content})
    assert response.status_code == 422 and response.json()["errors"][0]["field"] == "image", response.text
    assert (await ann.get("/api/assets")).json()["items"] == before
