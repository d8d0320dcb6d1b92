"""Making pictures: progress, preview and result, over refreshes, with cancel, reuse and wrong settings."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, Studio

pytestmark = pytest.mark.browser

# Long enough to be looked at while it runs.
LONG = {"Steps": 150, "Pictures": 8}


async def fill(page: Page, prompt: str, **numbers: float) -> None:
    """Fills in the form."""
    await page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    for label, value in numbers.items():
        await page.get_by_role("spinbutton", name=label.replace("_", " ")).fill(str(value))


async def submit(page: Page, prompt: str, **numbers: float) -> Locator:
    """Asks for pictures; returns their card."""
    await fill(page, prompt, **numbers)
    await page.get_by_role("button", name=re.compile(r"^Make (a|\d+) pictures?$")).click()
    return page.get_by_role("article", name=prompt).first


async def test_a_picture_shows_progress_preview_and_result(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    card = await submit(page, "a red apple on a blue background", Steps=24, Pictures=2)
    await expect(card.get_by_text(re.compile(r"step \d+ of 24", re.I))).to_be_visible()
    await expect(card.get_by_role("img", name="Preview 1")).to_be_visible()
    await expect(card.get_by_role("progressbar")).to_be_visible()
    await expect(card.get_by_role("button", name=re.compile("Open picture"))).to_have_count(2)
    await expect(card.get_by_role("progressbar")).to_be_hidden()
    await expect(page.get_by_text("Text to image is done")).to_have_count(0)
    seed = await card.locator("[data-seed-used]").get_attribute("data-seed-used")
    assert seed is not None and int(seed) >= 0
    sizes = await card.locator("button img").evaluate_all("images => images.map((image) => image.naturalWidth)")
    assert all(size >= 64 for size in sizes)


async def test_every_control_reaches_the_picture(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a green leaf on a white background"
    await fill(page, prompt, Steps=6, CFG_scale=4.5, Seed=99, Pictures=2)
    await page.get_by_role("textbox", name="Negative prompt").fill("blue")
    await page.get_by_role("button", name="Landscape 3:2").click()
    for label, choice in {"Sampler": "Euler", "Format": "WEBP"}.items():
        await page.get_by_role("combobox", name=label).click()
        await page.get_by_role("option", name=choice, exact=True).click()
    await page.get_by_role("button", name="Make 2 pictures").click()
    card = page.get_by_role("article", name=prompt).first
    await expect(card.get_by_text("80 × 64 · 6 steps · CFG 4.5 · Euler")).to_be_visible()
    await card.get_by_role("button", name="Open picture 2").click()
    facts = page.get_by_role("dialog", name=prompt)
    for text in ("blue", "100", "Euler", "80 × 64", re.compile("^WEBP · ")):
        await expect(facts.get_by_text(text, exact=True)).to_be_visible()


async def test_a_refresh_reattaches_to_the_running_job(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a green tree on a hill"
    card = await submit(page, prompt, **LONG)
    await expect(card.get_by_role("img", name="Preview 1")).to_be_visible()
    job_id = await card.get_attribute("data-job")
    await page.reload()
    card = page.locator(f"article[data-job='{job_id}']")
    await expect(card.get_by_text(re.compile(r"step \d+ of 150", re.I))).to_be_visible()
    await expect(card.get_by_role("img", name="Preview 1")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value(prompt)
    await expect(page.get_by_role("button", name=re.compile("^Jobs under way: [1-9]"))).to_be_visible()
    await card.get_by_role("button", name="Cancel").click()
    await expect(card.get_by_text("Cancelled")).to_be_visible()


async def test_cancel_from_the_tray_on_another_page(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a lighthouse at night"
    card = await submit(page, prompt, **LONG)
    await expect(card.get_by_text(re.compile(r"step \d+ of 150", re.I))).to_be_visible()
    await page.get_by_role("link", name="Chat", exact=True).click()
    await page.get_by_role("button", name=re.compile("^Jobs under way: [1-9]")).click()
    tray = page.get_by_role("dialog", name="Jobs under way")
    await expect(tray.get_by_role("progressbar")).to_be_visible()
    await tray.get_by_role("button", name=f"Cancel {prompt}").click()
    await expect(tray.get_by_text("Nothing is running.")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Text to Image", exact=True).click()
    await expect(page.get_by_role("article", name=prompt).first.get_by_text("Cancelled")).to_be_visible()


async def test_several_jobs_at_once(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompts = [f"{colour} circle on white" for colour in ("a red", "a green", "a blue")]
    for prompt in prompts:
        await submit(page, prompt, Steps=10, Pictures=1)
    for prompt in prompts:
        await expect(
            page.get_by_role("article", name=prompt).first.get_by_role("button", name=re.compile("Open picture"))
        ).to_be_visible()


async def test_settings_of_a_result_make_it_again(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a yellow moon over dark hills"
    card = await submit(page, prompt, Steps=7, CFG_scale=5.5, Seed=1234)
    picture = card.get_by_role("button", name=re.compile("Open picture"))
    await expect(picture).to_be_visible()
    await fill(page, "something else", Steps=33)
    await card.get_by_role("button", name="Use these settings").click()
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value(prompt)
    for label, value in {"Steps": "7", "CFG scale": "5.5", "Seed": "1234"}.items():
        await expect(page.get_by_role("spinbutton", name=label)).to_have_value(value)
    job_id = await card.get_attribute("data-job")
    await page.goto(f"{studio.url}/jobs?job={job_id}")
    await page.get_by_role("link", name="Use these").click()
    await expect(page.get_by_role("spinbutton", name="Seed")).to_have_value("1234")


async def test_lightbox_by_keyboard(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/text-to-image")
    card = await submit(page, "two green circles on white", Steps=6, Pictures=2)
    await card.get_by_role("button", name="Open picture 1").click()
    lightbox = page.get_by_role("dialog")
    place = lightbox.get_by_text(re.compile(r"^1 / \d+$"))
    await expect(place).to_be_visible()
    await expect(lightbox.get_by_text("Sampler", exact=True)).to_be_visible()
    await accessible(page)
    await page.keyboard.press("ArrowRight")
    await expect(lightbox.get_by_text(re.compile(r"^2 / \d+$"))).to_be_visible()
    async with page.expect_download() as download:
        await page.keyboard.press("d")
    name = (await download.value).suggested_filename
    assert re.fullmatch(r"two-green-circles-on-white-\d+\.png", name)
    await page.keyboard.press("Escape")
    await expect(lightbox).to_be_hidden()


async def test_wrong_settings_are_said_at_their_fields(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    await fill(page, "", Steps=900)
    await page.get_by_role("spinbutton", name="Width").fill("70")
    await page.get_by_role("button", name="Make a picture").click()
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_be_focused()
    await expect(page.get_by_text("At most 150.")).to_be_visible()
    await expect(page.get_by_text("A multiple of 8.")).to_be_visible()


async def test_a_lora_is_picked_weighed_and_taken_back_with_the_settings(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a lemon on a cyan background"
    await page.get_by_role("button", name="Add a LoRA").click()
    await expect(page.get_by_role("combobox", name="LoRA 1")).to_have_text("sepia")
    card = await submit(page, prompt, Steps=4, Seed=31, Weight_of_sepia=0.7)
    await expect(card.get_by_role("button", name="Open picture 1")).to_be_visible()
    await page.get_by_role("button", name="Take out sepia").click()
    await expect(page.get_by_role("combobox", name="LoRA 1")).to_have_count(0)
    await card.get_by_role("button", name="Use these settings").click()
    await expect(page.get_by_role("spinbutton", name="Weight of sepia")).to_have_value("0.7")


async def test_the_very_same_comes_from_the_cache_unless_it_is_wanted_anew(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    prompt = "a crown on a pink background"
    for times in (1, 2):
        card = await submit(page, prompt, Steps=3, Seed=77)
        await expect(page.get_by_role("article", name=prompt)).to_have_count(times)
        await expect(card.get_by_role("button", name="Open picture 1")).to_be_visible()
        await expect(card.get_by_text("from cache")).to_have_count(times - 1)
    await page.get_by_role("switch", name="Make it anew").click()
    card = await submit(page, prompt)
    await expect(page.get_by_role("article", name=prompt)).to_have_count(3)
    await expect(card.get_by_text("took")).to_be_visible()


async def test_what_a_prompt_can_say_is_told_beside_it(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    await page.get_by_role("button", name="What a prompt can say").click()
    told = page.get_by_role("dialog", name="What a prompt can say")
    await expect(told.get_by_text("<lora:sepia:0.8>")).to_be_visible()
    await expect(told.get_by_text(re.compile("Lists: .*colour"))).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(told).to_be_hidden()
