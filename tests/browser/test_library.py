"""Jobs and assets: what was made can be found, looked into, repeated and removed."""

from __future__ import annotations

import io
import re

import httpx
import pytest
from PIL import Image
from playwright.async_api import expect

from tests.browser.conftest import CheckAccess, Studio

pytestmark = pytest.mark.browser


async def make_job(url: str, prompt: str, *, cancel: bool = False, **settings: object) -> str:
    """Asks the API for a picture; returns the job's id."""
    body = {"prompt": prompt, "steps": 6, **settings}
    async with httpx.AsyncClient(base_url=url) as client:
        job_id = str((await client.post("/api/generate/text-to-image", json=body)).raise_for_status().json()["id"])
        if cancel:
            (await client.post(f"/api/jobs/{job_id}/cancel")).raise_for_status()
    return job_id


async def test_a_job_made_elsewhere_appears_and_opens(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/jobs")
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    job_id = await make_job(studio.url, "a kite over the sea")
    row = page.locator(f"tr[data-job='{job_id}']")
    await expect(row.get_by_text("Completed").last).to_be_visible()
    await row.get_by_role("button", name="a kite over the sea", exact=True).click()
    drawer = page.get_by_role("dialog", name="a kite over the sea")
    for text in ("Queued", "Stored output 1", re.compile("^Completed in")):
        await expect(drawer.get_by_text(text).first).to_be_visible()
    await expect(drawer.get_by_role("button", name="Open output 1")).to_be_visible()
    await accessible(page)
    await drawer.get_by_role("button", name="Run again").click()
    await expect(drawer.get_by_text("Repeats")).to_be_visible()
    await expect(drawer.get_by_role("link", name=job_id)).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(drawer).to_be_hidden()


async def test_jobs_are_filtered_by_status(studio: Studio) -> None:
    job_id = await make_job(studio.url, "a cancelled kite", cancel=True, steps=150, count=8)
    page = await studio.open("/jobs")
    row = page.locator(f"tr[data-job='{job_id}']")
    await expect(row.get_by_text("Cancelled").last).to_be_visible()
    await page.get_by_role("radio", name="Completed").click()
    await expect(row).to_be_hidden()
    await page.get_by_role("radio", name="Cancelled").click()
    await expect(row).to_be_visible()
    await page.get_by_role("button", name="Actions for a cancelled kite").first.click()
    await expect(page.get_by_role("menuitem", name="Try again")).to_be_visible()


async def test_a_file_is_uploaded_shown_and_deleted(studio: Studio) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (96, 64), "#c04020").save(picture, "PNG")
    page = await studio.open("/assets")
    await expect(page.get_by_role("heading", name="Assets")).to_be_visible()
    await page.locator("input[type=file]").set_input_files(
        {"name": "brick.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    await expect(page.get_by_text("File uploaded", exact=True)).to_be_visible()
    tile = page.get_by_role("button", name="Open brick.png").first
    await tile.click()
    lightbox = page.get_by_role("dialog", name="brick.png")
    await expect(lightbox.get_by_text("96 × 64")).to_be_visible()
    await lightbox.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog", name="Delete this asset?").get_by_role("button", name="Delete").click()
    await expect(lightbox).to_be_hidden()
    await expect(tile).to_be_hidden()


async def test_the_end_of_a_job_is_told_on_other_pages(studio: Studio) -> None:
    page = await studio.open("/settings")
    await expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    job_id = await make_job(studio.url, "a small umbrella")
    note = page.get_by_role("region", name="Notifications").get_by_role("listitem")
    await expect(note.get_by_text("Text to image is done")).to_be_visible()
    await expect(note.get_by_text("a small umbrella")).to_be_visible()
    await note.get_by_role("button", name="View").click()
    await expect(page.get_by_role("dialog", name="a small umbrella")).to_be_visible()
    assert job_id in page.url


async def test_a_link_opens_an_asset_that_no_filter_lists(studio: Studio) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (32, 32), "#204080").save(picture, "PNG")
    files = {"files": ("tile.png", picture.getvalue(), "image/png")}
    async with httpx.AsyncClient(base_url=studio.url) as client:
        asset = (await client.post("/api/assets/upload", files=files)).raise_for_status().json()["items"][0]
    page = await studio.open(f"/assets?kind=video&asset={asset['id']}")
    await expect(page.get_by_role("dialog", name="tile.png").get_by_text("32 × 32")).to_be_visible()


async def test_a_picture_in_the_library_leads_back_to_its_settings(studio: Studio) -> None:
    page = await studio.open("/assets")
    await make_job(studio.url, "a paper boat", seed=77)
    tile = page.get_by_role("button", name="Open a paper boat").first
    await tile.click()
    await page.get_by_role("dialog").get_by_role("button", name="Use these settings").click()
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a paper boat")
    await expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("77")


async def test_what_is_gone_is_said_so(studio: Studio) -> None:
    page = await studio.open("/jobs?job=01K00000000000000000000000")
    await expect(page.get_by_role("alert").get_by_text("Not found")).to_be_visible()
    await page.goto(f"{studio.url}/chat/01K00000000000000000000000")
    await expect(page.get_by_role("alert").get_by_text("Not found")).to_be_visible()
    studio.forgive("404")
