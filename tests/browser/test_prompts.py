"""Prompt templates: kept, found, changed, filled, and used in the chat."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, OpenStudio, Studio, overflow
from tests.service.stand_ins import StandIn
from tests.stack import Stack

pytestmark = pytest.mark.browser

EXPLAIN = "Explain {{topic}} to a child of {{age|six}}."


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture(autouse=True)
async def none_kept(api: httpx.AsyncClient, alone: None) -> None:
    for one in (await api.get("/api/prompts")).json()["items"]:
        (await api.delete(f"/api/prompts/{one['id']}")).raise_for_status()


async def keep(api: httpx.AsyncClient, name: str, text: str, purpose: str = "user") -> None:
    """Keeps a template past the interface."""
    (await api.post("/api/prompts", json={"name": name, "text": text, "purpose": purpose})).raise_for_status()


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


async def test_a_prompt_is_kept_found_changed_and_deleted(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/prompts")
    await expect(page.get_by_role("heading", name="Keep what asks well")).to_be_visible()
    await page.get_by_role("button", name="New prompt").click()
    form = page.get_by_role("dialog", name="New prompt")
    await expect(form.get_by_role("textbox", name="Name")).to_be_focused()
    await form.get_by_role("textbox", name="Name").fill("Explain")
    await form.get_by_role("textbox", name="Text").fill(EXPLAIN)
    await expect(form.get_by_role("status")).to_have_text("Variables:topicage = six")
    await form.get_by_role("textbox", name="Tags").fill("learning, children")
    await accessible(page)
    await form.get_by_role("button", name="Keep it").click()
    await expect(form).to_be_hidden()
    for text in ("topic", "age", "learning", "children", EXPLAIN):
        await expect(card(page, "Explain").get_by_text(text, exact=True)).to_be_visible()
    # A second one of that name is refused at its field.
    await page.get_by_role("button", name="New prompt").click()
    await form.get_by_role("textbox", name="Name").fill("Explain")
    await form.get_by_role("radio", name="A system prompt").click()
    await form.get_by_role("textbox", name="Text").fill("You are a pirate.")
    await form.get_by_role("button", name="Keep it").click()
    await expect(form.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
    studio.forgive("422")
    await form.get_by_role("textbox", name="Name").fill("Pirate")
    await form.get_by_role("button", name="Keep it").click()
    await expect(card(page, "Pirate").get_by_text("System prompt")).to_be_visible()
    await accessible(page)
    await page.emulate_media(color_scheme="dark")
    await accessible(page)

    await page.get_by_role("searchbox", name="Search prompts").fill("child")
    await expect(page.get_by_role("article")).to_have_count(1)
    await page.get_by_role("searchbox", name="Search prompts").fill("no such words")
    await expect(page.get_by_text("No prompt has these words.")).to_be_visible()
    await page.get_by_role("searchbox", name="Search prompts").fill("")
    await page.get_by_role("button", name="More for Explain").click()
    await page.get_by_role("menuitem", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit Explain")
    await form.get_by_role("textbox", name="Name").fill("Explain it")
    await form.get_by_role("textbox", name="Text").fill("Explain {{what}}.")
    await form.get_by_role("button", name="Save").click()
    await expect(card(page, "Explain it").get_by_text("what", exact=True)).to_be_visible()
    await page.get_by_role("button", name="More for Explain it").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(card(page, "Explain it")).to_have_count(0)
    await expect(card(page, "Pirate")).to_be_visible()


async def test_a_prompt_is_filled_and_opened_in_the_chat(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    await keep(api, "Explain", EXPLAIN)
    await keep(api, "Pirate", "You are a pirate.", "system")
    page = await studio.open("/prompts")
    await page.get_by_role("button", name="Use Explain").click()
    form = page.get_by_role("dialog", name="Explain")
    await expect(form.get_by_role("textbox", name="topic")).to_be_focused()
    await form.get_by_role("button", name="Open in the chat").click()
    await expect(form.get_by_text("Fill this in.")).to_be_visible()
    await accessible(page)
    await form.get_by_role("textbox", name="topic").fill("rain")
    await expect(form.get_by_text("Explain rain to a child of six.")).to_be_visible()
    await page.keyboard.press("Control+Enter")
    box = page.get_by_role("textbox", name="Your message")
    await expect(box).to_have_value("Explain rain to a child of six.")
    await expect(box).to_be_focused()
    # It was meant for once.
    await page.get_by_role("link", name="Prompts", exact=True).click()
    await page.get_by_role("button", name="Use Pirate").click()
    await expect(box).to_have_value("")
    await page.get_by_role("button", name="Chat settings").click()
    await expect(page.get_by_role("textbox", name="System prompt")).to_have_value("You are a pirate.")
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Chat", exact=True).click()
    await page.get_by_role("button", name="Chat settings").click()
    await expect(page.get_by_role("textbox", name="System prompt")).to_have_value("")


async def test_a_prompt_is_inserted_from_the_composer(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, accessible: CheckAccess
) -> None:
    await keep(api, "Explain", EXPLAIN)
    await keep(api, "Pirate", "You are a pirate.", "system")
    page = await studio.open("/chat")
    box = page.get_by_role("textbox", name="Your message")
    await box.fill("Please: ")
    await page.get_by_role("button", name="Prompts", exact=True).click()
    picker = page.get_by_role("dialog", name="Insert a prompt")
    await expect(picker.get_by_role("searchbox", name="Search prompts")).to_be_focused()
    await accessible(page)
    await page.keyboard.type("child")
    await expect(picker.get_by_role("list", name="Prompts").get_by_role("button")).to_have_count(1)
    await picker.get_by_role("button", name="Explain").click()
    filling = page.get_by_role("dialog", name="Explain")
    await filling.get_by_role("textbox", name="topic").fill("snow")
    await filling.get_by_role("button", name="Insert").click()
    await expect(box).to_have_value("Please: Explain snow to a child of six.")
    await expect(box).to_be_focused()
    await page.get_by_role("button", name="Prompts", exact=True).click()
    await picker.get_by_role("button", name="Pirate").click()
    await expect(page.get_by_text("The system prompt is set")).to_be_visible()
    await box.press("Enter")
    await expect(page.locator("[data-answer=complete]")).to_contain_text("The house answers.")
    said = [(one["role"], one["content"]) for one in house.bodies[-1]["messages"]]
    assert said == [("system", "You are a pirate."), ("user", "Please: Explain snow to a child of six.")]


async def test_prompts_fit_a_phone(open_studio: OpenStudio, api: httpx.AsyncClient) -> None:
    await keep(api, "Wide" * 25, "{{" + "w" * 40 + "}} " + "Wide" * 100)
    page = await (await open_studio(width=360, height=740)).open("/prompts")
    await expect(page.get_by_role("article")).to_be_visible()
    assert await overflow(page) == [0, 0]
    await page.get_by_role("button", name="Use Wide").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    wide = "() => { const b = document.querySelector('[role=dialog] > div'); return b.scrollWidth - b.clientWidth }"
    assert await page.evaluate(wide) == 0
