"""A picture made larger: given, compared with what it was by a line that is dragged, downloaded."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, Studio, in_both_themes

pytestmark = [pytest.mark.browser, pytest.mark.starter]

WIDTH, HEIGHT = 96, 64


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A file with a red disc on blue."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    disc = (rows - HEIGHT / 2) ** 2 + (columns - WIDTH / 2) ** 2 < (HEIGHT / 3) ** 2
    pixels = np.where(disc[..., None], (210, 30, 40), (60, 110, 210)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    return tmp_path / "disc.png"


async def give(page: Page, picture: Path) -> None:
    """Uploads the picture to begin with."""
    await page.get_by_label("Upload a picture or video").set_input_files(picture)
    await expect(page.get_by_role("button", name="Choose another")).to_be_visible()


async def newest(page: Page) -> Locator:
    """The card of the job just begun, once its result can be compared."""
    card = page.get_by_role("article", name="Upscale").first
    await expect(card.get_by_role("slider")).to_be_visible()
    return card


async def test_a_picture_is_made_twice_as_large_and_compared(
    studio: Studio, picture: Path, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    page = await studio.open("/upscale")
    await give(page, picture)
    await expect(page.get_by_text("96 × 64 becomes 192 × 128")).to_be_visible()
    await page.get_by_role("button", name="Make it twice as large").click()
    card = await newest(page)
    job = (await api.get(f"/api/jobs/{await card.get_attribute('data-job')}")).json()
    content = (await api.get(job["outputs"][0]["content_url"])).raise_for_status().content
    made = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=int)
    assert made.shape == (128, 192, 3)
    assert np.abs(made[64, 96] - (210, 30, 40)).max() < 30 and np.abs(made[5, 5] - (60, 110, 210)).max() < 30
    await expect(card.get_by_text("×2")).to_be_visible()
    await expect(card.get_by_text("seed")).to_have_count(0)

    line = card.get_by_role("slider", name=re.compile("Before and after: disc"))
    await line.focus()
    await page.keyboard.press("ArrowRight")
    await expect(line).to_have_attribute("aria-valuenow", "51")
    await page.keyboard.press("Home")
    await expect(line).to_have_attribute("aria-valuetext", "0 % Before, 100 % After")
    box = await line.locator("xpath=..").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 3)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 3, steps=4)
    await page.mouse.up()
    await expect(line).to_have_attribute("aria-valuenow", "75")
    await in_both_themes(page, accessible)

    async with page.expect_download() as download:
        await card.get_by_role("button", name="Download").click()
    assert Image.open(await (await download.value).path()).size == (192, 128)


async def test_a_result_goes_on_and_nothing_chosen_is_said(studio: Studio, picture: Path) -> None:
    page = await studio.open("/upscale")
    await page.get_by_role("button", name="Make it twice as large").click()
    await expect(page.get_by_text(re.compile("give either a picture")).first).to_be_visible()
    studio.forgive("422")
    await give(page, picture)
    await page.get_by_role("radio", name="×3").click()
    await page.get_by_role("button", name="Make it three times as large").click()
    card = await newest(page)
    await expect(card.get_by_text("96 × 64 → 288 × 192")).to_be_visible()
    # The result becomes the next one's beginning, and the settings of the first are taken again.
    await card.get_by_role("button", name="Go on with it in…").click()
    await page.get_by_role("menuitem", name="Upscale").click()
    await expect(page.get_by_text("288 × 192 becomes 864 × 576")).to_be_visible()
    await page.get_by_role("radio", name="×2").click()
    await card.get_by_role("button", name="Use these settings").click()
    await expect(page.get_by_text("96 × 64 becomes 288 × 192")).to_be_visible()
