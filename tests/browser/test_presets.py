"""Style presets, and help with prompts: completion, words to add, enhancement, random prompts."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.api import until
from tests.browser.conftest import HOUSE, CheckAccess, OpenStudio, Studio, in_both_themes, overflow
from tests.service.stand_ins import StandIn
from tests.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def stack(picture_stack: Stack) -> Stack:
    return picture_stack


@pytest.fixture(autouse=True)
async def none_kept(api: httpx.AsyncClient, alone: None) -> None:
    for one in (await api.get("/api/presets/")).json():
        if not one["built_in"]:
            (await api.delete(f"/api/presets/{one['id']}")).raise_for_status()


def prompt_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Prompt", exact=True)


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


async def choose(page: Page, preset: str) -> None:
    await page.get_by_role("combobox", name="Style preset").click()
    await page.get_by_role("option", name=preset).click()


async def test_a_phrase_is_completed_by_keyboard(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/text-to-image")
    prompt = prompt_of(page)
    await expect(prompt).to_be_focused()
    await page.keyboard.type("a cat, cinmatic li")
    options = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    await expect(options.first).to_contain_text("cinematic lighting")
    await accessible(page)
    # Nothing is marked until an arrow chose: Enter would make a new line.
    assert await prompt.get_attribute("aria-activedescendant") is None
    await page.keyboard.press("ArrowDown")
    await expect(options.first).to_have_attribute("aria-selected", "true")
    assert await prompt.get_attribute("aria-activedescendant") == await options.first.get_attribute("id")
    await page.keyboard.press("Enter")
    await expect(prompt).to_have_value("a cat, cinematic lighting, ")
    await expect(options).to_have_count(0)
    await page.keyboard.type("gold")
    await expect(options.filter(has_text="golden hour")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await page.keyboard.type("en")
    await expect(options.first).to_contain_text("golden hour")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await expect(prompt).to_have_value("a cat, cinematic lighting, golden hour, ")
    await expect(prompt).to_be_focused()
    # The browser's own undo knows of it.
    await page.keyboard.press("Control+z")
    await expect(prompt).to_have_value("a cat, cinematic lighting, golden")


async def test_ones_own_words_come_first_until_they_are_forgotten(studio: Studio, api: httpx.AsyncClient) -> None:
    body = {"prompt": "a gondola at dawn, golden rain", "steps": 1}
    (await api.post("/api/generate/text-to-image", json=body)).raise_for_status()

    async def learned() -> bool:
        found = (await api.get("/api/suggestions/autocomplete", params={"q": "gol"})).json()["items"]
        return found[0]["text"] == "golden rain"

    await until(learned)
    page = await studio.open("/text-to-image")
    await prompt_of(page).press_sequentially("gol")
    option = page.get_by_role("option").first
    await expect(option).to_contain_text("golden rain")
    await expect(option).to_contain_text("used once")
    await option.click()
    await expect(prompt_of(page)).to_have_value("golden rain, ")
    await page.goto(f"{studio.url}/settings")
    await page.get_by_role("button", name="Forget them").click()
    await page.get_by_role("button", name="Forget", exact=True).click()
    await expect(page.get_by_text("Nothing has been learned so far.")).to_be_visible()
    assert (await api.get("/api/suggestions/learned")).json() == {"prompts": 0, "phrases": 0}


async def test_words_go_in_at_the_caret(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/text-to-image")
    prompt = prompt_of(page)
    await prompt.fill("a cat, blue")
    # A list of what "blue" may become lies over the words until it is sent away.
    await expect(page.get_by_role("listbox")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("listbox")).to_have_count(0)
    await prompt.evaluate("element => element.setSelectionRange(5, 5)")
    bar = page.get_by_role("group", name="Words to add")
    await expect(bar.get_by_role("button")).to_have_count(7)
    await bar.get_by_role("button", name="Lighting").click()
    words = page.get_by_role("dialog", name="Lighting")
    await expect(words.get_by_role("button", name="moonlight")).to_be_visible()
    await accessible(page)
    await words.get_by_role("button", name="moonlight").click()
    await expect(prompt).to_have_value("a cat, moonlight, blue")


async def test_a_prompt_is_enhanced_and_taken_back(studio: Studio, house: StandIn, accessible: CheckAccess) -> None:
    page = await studio.open("/text-to-image")
    prompt = prompt_of(page)
    await expect(page.get_by_role("button", name="Enhance")).to_be_disabled()
    await prompt.fill("a lighthouse")
    await page.get_by_role("button", name="Enhance").click()
    await page.get_by_role("menuitem", name="Add what is missing").click()
    told = page.get_by_role("region", name="Enhanced by rules")
    added = await told.locator("ins").inner_text()
    await expect(prompt).to_have_value(f"a lighthouse, {added}")
    await in_both_themes(page, accessible)
    await told.get_by_role("button", name="Undo").click()
    await expect(prompt).to_have_value("a lighthouse")
    await page.get_by_role("button", name="Enhance").click()
    await page.get_by_role("menuitem", name="Ask the language model").click()
    await expect(prompt).to_have_value(HOUSE)
    told = page.get_by_role("region", name="Enhanced by house-model")
    await expect(told.locator("del")).to_have_text("a lighthouse")
    # What one goes on writing is not lost to going back.
    await prompt.press_sequentially(" More.")
    await expect(told).to_have_count(0)


async def test_no_model_is_told_plainly(studio: Studio, house: StandIn) -> None:
    page = await studio.open("/text-to-image")
    house.fault = "500"
    await prompt_of(page).fill("a lighthouse")
    await page.get_by_role("button", name="Enhance").click()
    await page.get_by_role("menuitem", name="Ask the language model").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(prompt_of(page)).to_have_value("a lighthouse")
    studio.forgive("/text-to-image: Failed to load resource")


async def test_a_random_prompt_can_be_taken_back(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    await prompt_of(page).fill("a lighthouse")
    await page.get_by_role("button", name="Random", exact=True).click()
    told = page.get_by_role("region", name="A random prompt")
    await expect(told).to_be_visible()
    assert await prompt_of(page).input_value() != "a lighthouse"
    await told.get_by_role("button", name="Undo").click()
    await expect(prompt_of(page)).to_have_value("a lighthouse")


async def test_a_preset_reaches_the_picture_and_comes_back_with_its_settings(studio: Studio) -> None:
    page = await studio.open("/text-to-image")
    await prompt_of(page).fill("a red apple")
    await choose(page, "Oil Painting")
    asked = "oil painting of a red apple, impasto, visible brush strokes"
    await expect(page.get_by_role("region", name="What is asked")).to_contain_text(asked)
    await page.get_by_role("textbox", name="manner").fill("wet in wet")
    await expect(page.get_by_role("region", name="What is asked")).to_contain_text("a red apple, wet in wet")
    steps = page.get_by_role("spinbutton", name="Steps")
    await expect(steps).to_have_value("30")
    await steps.fill("4")
    await page.get_by_role("button", name="Make a picture").click()
    made = page.get_by_role("article", name="a red apple").first
    await expect(made.get_by_text("4 steps · CFG 7.5 · DPM-Solver++ 2M · starter · Oil Painting")).to_be_visible()
    await made.get_by_role("button", name="Open picture 1").click()
    facts = page.get_by_role("dialog")
    await expect(facts.get_by_text("Style preset")).to_be_visible()
    await expect(facts.get_by_text("oil painting of a red apple, wet in wet").first).to_be_visible()
    # The picture has the words it was made with; the form gets those that were asked, and the preset.
    await page.keyboard.press("Escape")
    await choose(page, "None")
    await prompt_of(page).fill("something else")
    await made.get_by_role("button", name="Open picture 1").click()
    await facts.get_by_role("button", name="Use these settings").click()
    await expect(prompt_of(page)).to_have_value("a red apple")
    await expect(page.get_by_role("combobox", name="Style preset")).to_have_text("Oil Painting")
    await expect(page.get_by_role("textbox", name="manner")).to_have_value("wet in wet")
    await expect(page.get_by_role("textbox", name="Negative prompt")).to_have_value("")
    # And so it does after a refresh.
    await page.reload()
    await expect(page.get_by_role("combobox", name="Style preset")).to_have_text("Oil Painting")


async def test_a_preset_is_made_used_changed_and_deleted(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/presets")
    await page.get_by_role("button", name="New preset").click()
    form = page.get_by_role("dialog", name="New preset")
    await expect(form.get_by_role("textbox", name="Name")).to_be_focused()
    await form.get_by_role("textbox", name="Name").fill("Fog")
    await form.get_by_role("textbox", name="Category").fill("Weather")
    template = form.get_by_role("textbox", name="Template")
    await template.fill("thick fog")
    await expect(template).to_have_attribute("aria-invalid", "true")
    await template.fill("{prompt} in {density|thick} fog")
    await expect(form.get_by_role("region", name="What is asked")).to_contain_text("at the sea in thick fog")
    await form.get_by_role("textbox", name="Negative prompt").fill("sun")
    await form.get_by_role("spinbutton", name="Steps").fill("3")
    await in_both_themes(page, accessible)
    await form.get_by_role("button", name="Keep it").click()
    await expect(form).to_be_hidden()
    for text in ("weather", "Yours", "{density}", "steps 3"):
        await expect(card(page, "Fog").get_by_text(text, exact=True)).to_be_visible()
    await card(page, "Fog").get_by_role("link", name="Use Fog").click()
    await expect(page.get_by_role("combobox", name="Style preset")).to_have_text("Fog")
    await expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("3")
    await page.goto(f"{studio.url}/presets")
    await card(page, "Fog").get_by_role("button", name="More for Fog").click()
    await page.get_by_role("menuitem", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit Fog")
    await form.get_by_role("textbox", name="Name").fill("Anime Style")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
    await form.get_by_role("textbox", name="Name").fill("Mist")
    await form.get_by_role("button", name="Save").click()
    await card(page, "Mist").get_by_role("button", name="More for Mist").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("button", name="Delete", exact=True).click()
    await expect(card(page, "Mist")).to_have_count(0)
    studio.forgive("Failed to load resource: the server responded with a status of 422")


async def test_built_in_presets_are_copied_not_changed(studio: Studio) -> None:
    page = await studio.open("/presets")
    await expect(page.get_by_role("article")).to_have_count(8)
    await card(page, "Anime Style").get_by_role("button", name="More for Anime Style").click()
    await expect(page.get_by_role("menuitem")).to_have_text(["Duplicate", "Export"])
    await page.get_by_role("menuitem", name="Duplicate").click()
    form = page.get_by_role("dialog", name="Copy of Anime Style")
    await expect(form.get_by_role("textbox", name="Name")).to_have_value("Anime Style (copy)")
    await form.get_by_role("button", name="Keep it").click()
    await expect(card(page, "Anime Style (copy)").get_by_text("cfg 7.5", exact=False)).to_be_visible()


async def test_presets_travel_as_a_file(studio: Studio, tmp_path: Path) -> None:
    page = await studio.open("/presets")
    await card(page, "Time Lapse").get_by_role("button", name="More for Time Lapse").click()
    async with page.expect_download() as saving:
        await page.get_by_role("menuitem", name="Export").click()
    saved = tmp_path / "presets.json"
    await (await saving.value).save_as(saved)
    assert [one["name"] for one in json.loads(saved.read_text())["presets"]] == ["Time Lapse"]
    await page.get_by_label("Presets to import").set_input_files(saved)
    await expect(card(page, "Time Lapse (2)")).to_be_visible()
    bad = tmp_path / "bad.json"
    bad.write_text('{"presets": "<script>"}')
    await page.get_by_label("Presets to import").set_input_files(bad)
    await expect(page.get_by_text("bad.json was not imported")).to_be_visible()
    bad.write_text("no JSON")
    await page.get_by_label("Presets to import").set_input_files(bad)
    await expect(page.get_by_text("It holds no JSON.")).to_be_visible()
    studio.forgive("Failed to load resource: the server responded with a status of 422")


async def test_the_pages_fit_a_narrow_screen(open_studio: OpenStudio) -> None:
    studio = await open_studio(width=390)
    page = await studio.open("/text-to-image")
    await prompt_of(page).fill("a lighthouse, go")
    await choose(page, "Photorealistic")
    await prompt_of(page).press_sequentially("l")
    await expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    assert await overflow(page) == [0, 0]
