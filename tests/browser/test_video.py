"""Videos from words and from pictures: the camera's move is shown as it will be, and the result plays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from services.diffusion.clip import ClipReader
from tests.browser.conftest import CheckAccess, Studio, in_both_themes
from tests.unit.motion import shift

pytestmark = pytest.mark.browser

LONG_MS = 180_000


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A file with something to see everywhere."""
    coarse = np.random.default_rng(5).integers(0, 256, (20, 32, 3), dtype=np.uint8)
    Image.fromarray(coarse).resize((320, 200), Image.Resampling.BICUBIC).save(tmp_path / "blots.png")
    return tmp_path / "blots.png"


async def choose(page: Page, label: str, choice: str) -> None:
    await page.get_by_role("combobox", name=label, exact=True).click()
    await page.get_by_role("option", name=choice).click()


async def result(page: Page, api: httpx.AsyncClient, folder: Path) -> tuple[Locator, dict[str, Any], Path]:
    """Starts the work; its card, the job's one output and its file."""
    async with page.expect_response("**/api/generate/*-to-video") as accepted:
        await page.get_by_role("button", name="Make a video").click()
    job = await (await accepted.value).json()
    card = page.locator(f"article[data-job='{job['id']}']")
    await expect(card.get_by_role("button", name=re.compile("Open video"))).to_be_visible(timeout=LONG_MS)
    job = (await api.get(f"/api/jobs/{job['id']}")).json()
    (asset,) = job["outputs"]
    file = folder / "made.mp4"
    file.write_bytes((await api.get(asset["content_url"])).raise_for_status().content)
    return card, asset, file


async def test_a_video_from_words_is_made_shown_and_restored(
    studio: Studio, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    page = await studio.open("/text-to-video")
    await page.emulate_media(reduced_motion="no-preference")
    await page.get_by_role("textbox", name="Prompt", exact=True).fill("a red apple on a blue background")
    await choose(page, "Move", "Zoom in")
    for label, value in {"Seconds": "3", "Frames a second": "6", "Steps": "4", "Motion": "0.4"}.items():
        await page.get_by_role("spinbutton", name=label).fill(value)
    await page.get_by_role("button", name="Wide 16:9").click()
    card, asset, file = await result(page, api, tmp_path)
    assert asset["duration_s"] == 3 and asset["width"] > asset["height"]
    with ClipReader(file) as clip:
        assert (clip.width, clip.height, len(list(clip))) == (asset["width"], asset["height"], 18)
    await expect(card.get_by_text("Re-imagined still")).to_be_visible()
    video = card.locator("video")
    if await page.evaluate("document.createElement('video').canPlayType('video/mp4; codecs=\"avc1.640028\"')"):
        await expect(video).to_have_js_property("videoWidth", asset["width"])
        await page.wait_for_function("v => v.readyState >= 2 && v.currentTime > 0", arg=await video.element_handle())
        assert abs(float(await video.evaluate("v => v.duration")) - 3) < 0.05
    else:
        # A Chromium without H.264 says so; the file was looked at above.
        await expect(card.get_by_text("This browser cannot play it")).to_be_visible()
        studio.forgive("media")
    await card.get_by_role("button", name=re.compile("Open video")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Use these settings").click()
    await expect(page.get_by_role("combobox", name="Move", exact=True)).to_contain_text("Zoom in")
    await expect(page.get_by_role("spinbutton", name="Frames a second")).to_have_value("6")
    await expect(page.get_by_role("spinbutton", name="Motion")).to_have_value("0.4")


async def test_a_camera_move_over_a_picture_goes_where_its_preview_goes(
    studio: Studio, picture: Path, api: httpx.AsyncClient, tmp_path: Path
) -> None:
    page = await studio.open("/image-to-video")
    # The page begins where one begins: nothing further down took the keyboard.
    await expect(page.get_by_role("button", name="From the library")).to_be_in_viewport()
    await page.emulate_media(reduced_motion="no-preference")
    await page.get_by_label("Upload a picture").set_input_files(picture)
    await expect(page.get_by_role("button", name="Choose another")).to_be_visible()
    await choose(page, "Move", "Pan: the picture moves to the left")
    moved = page.locator("[data-camera=pan_left]")
    await expect(moved.locator("img")).to_be_visible()
    # The shown part goes to the right over the picture, so the picture goes to the left.
    lefts = [await moved.evaluate("e => new DOMMatrix(getComputedStyle(e).transform).e")]
    await page.wait_for_function(
        "([e, x]) => new DOMMatrix(getComputedStyle(e).transform).e < x - 4",
        arg=[await moved.element_handle(), lefts[0]],
    )
    await page.get_by_role("button", name="Pause the preview").click()
    await expect(page.get_by_role("button", name="Play the preview")).to_be_visible()
    for label, value in {"Seconds": "3", "Frames a second": "4"}.items():
        await page.get_by_role("spinbutton", name=label).fill(value)
    card, asset, file = await result(page, api, tmp_path)
    assert asset["provenance"]["technique"] == "camera move over a still"
    await expect(card.get_by_text("Camera move over a still")).to_be_visible()
    with ClipReader(file) as clip:
        frames = list(clip)
    right, down = shift(frames[3], frames[6])
    assert right < -4 and abs(down) < 2
    studio.forgive("media")


async def test_where_less_motion_is_wanted_the_preview_stands_still(studio: Studio) -> None:
    page = await studio.open("/text-to-video")
    await choose(page, "Move", "Zoom in")
    await expect(page.get_by_text("First frame")).to_be_visible()
    await expect(page.get_by_text("Last frame")).to_be_visible()
    await expect(page.get_by_role("button", name="Pause the preview")).to_have_count(0)


@pytest.mark.parametrize("path", ["/text-to-video", "/image-to-video"])
async def test_the_pages_are_accessible_with_a_move_chosen(studio: Studio, accessible: CheckAccess, path: str) -> None:
    page = await studio.open(path)
    await choose(page, "Move", "Roll: the picture turns to the left")
    await expect(page.get_by_text("Last frame")).to_be_visible()
    await in_both_themes(page, accessible)
