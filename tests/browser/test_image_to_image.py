"""Pictures from pictures: where one comes from, how far the new one goes, and painting what is made anew."""

from __future__ import annotations

import io
import re
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.api import until
from tests.browser.conftest import CheckAccess, Studio, in_both_themes

pytestmark = pytest.mark.browser

SIDE = 64
# How many of a canvas' pixels are painted.
COVERED = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]
    .filter((value, index) => index % 4 === 3 && value > 0).length"""


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A file with a red disc on blue."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    disc = (rows - SIDE / 2) ** 2 + (columns - SIDE / 2) ** 2 < (SIDE / 3) ** 2
    pixels = np.where(disc[..., None], (210, 30, 40), (60, 110, 210)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "disc.png")
    return tmp_path / "disc.png"


async def give(page: Page, picture: Path) -> None:
    """Uploads the picture to begin with."""
    await page.get_by_label("Upload a picture").set_input_files(picture)
    await expect(page.get_by_role("button", name="Choose another")).to_be_visible()


async def settings(page: Page, prompt: str, **numbers: float) -> None:
    """Fills in the form."""
    await page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    for label, value in numbers.items():
        await page.get_by_role("spinbutton", name=label.replace("_", " ")).fill(str(value))


async def made(page: Page, prompt: str, api: httpx.AsyncClient) -> np.ndarray:
    """Starts the work; the pixels of the result, [height, width, 3] in 0–255."""
    await page.get_by_role("button", name="Make a picture").click()
    card: Locator = page.get_by_role("article", name=prompt).first
    await expect(card.get_by_role("button", name=re.compile("Open picture"))).to_be_visible()
    job = (await api.get(f"/api/jobs/{await card.get_attribute('data-job')}")).json()
    content = (await api.get(job["outputs"][0]["content_url"])).raise_for_status().content
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=np.int16)


async def test_strength_says_how_far_a_picture_goes(studio: Studio, picture: Path, api: httpx.AsyncClient) -> None:
    page = await studio.open("/image-to-image")
    await give(page, picture)
    before = np.asarray(Image.open(picture), dtype=np.int16)
    far: dict[float, float] = {}
    for strength in (0.2, 0.9):
        prompt = f"a green leaf on a white background {strength}"
        await settings(page, prompt, Strength=strength, Steps=12, Seed=5)
        far[strength] = float(np.abs(await made(page, prompt, api) - before).mean())
    assert far[0.2] < 30 and far[0.9] > 2 * far[0.2], far


async def test_what_is_painted_changes_and_nothing_else(
    studio: Studio, picture: Path, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    page = await studio.open("/inpaint")
    await page.get_by_role("button", name="Make a picture").click()
    await expect(page.get_by_text("Choose the picture to change.")).to_be_visible()
    await give(page, picture)
    canvas = page.get_by_role("application", name=re.compile("Mask"))
    await in_both_themes(page, accessible)
    await paint_left(page, canvas)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    await settings(page, "a yellow star", Steps=12, Seed=5, Mask_blur=0)
    await page.get_by_role("button", name="Make a picture").click()
    await expect(page.get_by_role("alert").filter(has_text="Paint over what")).to_be_visible()
    await page.get_by_role("button", name="Redo").click()
    # What was painted survives a refresh.
    await until(lambda: page.evaluate("localStorage['atelier.inpaint']?.includes('data:image/png')"))
    await page.reload()
    after = await made(page, "a yellow star", api)
    before = np.asarray(Image.open(picture), dtype=np.int16)
    changed = np.abs(after - before).max(axis=2) > 0
    assert changed[:, : SIDE // 4].mean() > 0.5
    assert not changed[:, SIDE * 5 // 8 :].any()


async def paint_left(page: Page, canvas: Locator) -> None:
    """Drags a thick brush down the left quarter."""
    await page.get_by_role("slider", name="Brush size").press("End")
    box = await canvas.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * 0.12
    await page.mouse.move(x, box["y"] + 2)
    await page.mouse.down()
    await page.mouse.move(x, box["y"] + box["height"] - 2, steps=8)
    await page.mouse.up()


async def test_a_mask_can_be_painted_by_keyboard(studio: Studio, picture: Path) -> None:
    page = await studio.open("/inpaint")
    await give(page, picture)
    canvas = page.get_by_role("application", name=re.compile("Mask"))
    await canvas.focus()
    for key in ("Space", *["ArrowRight"] * 5, "Space"):
        await page.keyboard.press(key)
    painted = int(await canvas.evaluate(COVERED))
    assert painted > 0
    await page.keyboard.press("i")
    assert int(await canvas.evaluate(COVERED)) > SIDE * SIDE - painted - 200
    await page.keyboard.press("Control+z")
    assert int(await canvas.evaluate(COVERED)) == painted
    await page.keyboard.press("+")
    await expect(page.get_by_text("150 %")).to_be_visible()


async def test_a_result_goes_on_into_another_mode(studio: Studio, picture: Path, api: httpx.AsyncClient) -> None:
    page = await studio.open("/image-to-image")
    await give(page, picture)
    prompt = "a purple disc to go on with"
    await settings(page, prompt, Steps=4)
    await made(page, prompt, api)
    await page.get_by_role("article", name=prompt).first.get_by_role("button", name=re.compile("Open picture")).click()
    await page.get_by_role("button", name="Go on with it in…").click()
    await page.get_by_role("menuitem", name="Inpaint").click()
    await expect(page.get_by_role("application", name=re.compile("Mask"))).to_be_visible()
    # And a picture of the library can be taken instead.
    await page.get_by_role("button", name="Choose another").click()
    await page.get_by_role("dialog", name="From the library").get_by_role("button", name="disc.png").first.click()
    await expect(page.get_by_role("form", name="Picture settings").get_by_text("disc.png")).to_be_visible()
