"""What stands between a question and its answer is told in words a person can act on, with the way there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.api import until
from tests.browser.conftest import HOUSE, CheckAccess, Studio, ask, in_both_themes, register
from tests.service.stand_ins import KEY, StandIn, standing_in
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("alone")]


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture
async def gemma() -> AsyncIterator[StandIn]:
    gemma = StandIn("lm_studio", ["gemma"], "Gemma answers.")
    async with standing_in(gemma):
        yield gemma


async def route(api: httpx.AsyncClient, active: str, *fallback: str) -> None:
    (await api.put("/api/routing", json={"active": active, "fallback": fallback})).raise_for_status()


async def away(api: httpx.AsyncClient, endpoint_id: str) -> None:
    """Waits until it was noticed that nobody is there."""

    async def noticed() -> bool:
        return (await api.get(f"/api/endpoints/{endpoint_id}")).json()["health"]["status"] == "offline"

    await until(noticed, within_s=60)


async def send(page: Page, question: str) -> Locator:
    """Asks what will not be answered; returns what is said about it."""
    await page.get_by_role("textbox", name="Your message").fill(question)
    await page.keyboard.press("Enter")
    return page.get_by_role("alert")


async def describe(page: Page) -> None:
    await page.get_by_role("textbox", name="Project name").fill("Counter")
    await page.get_by_role("textbox", name="Description").fill("Counts clicks.")
    await page.get_by_role("button", name="Generate").click()


async def test_who_has_no_model_is_led_to_register_one(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, accessible: CheckAccess
) -> None:
    await house.stop()
    try:
        await away(api, "embedded")
        for path in ("/chat", "/compare", "/creator"):
            page = await studio.open(path)
            await expect(page.get_by_text("Register a model first")).to_be_visible()
            await in_both_themes(page, accessible)
            await page.locator("#content").get_by_role("link", name="Add a model").click()
            await expect(page.get_by_role("button", name=re.compile("^LM Studio"))).to_be_visible()
        page = await studio.open("/chat")
        failed = await send(page, "Is anybody there?")
        await failed.get_by_role("link", name="Register a model first").click()
        await expect(page).to_have_url(f"{studio.url}/models/new")
    finally:
        await house.start()


async def test_when_ones_models_are_off_or_away_it_is_said_which(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, gemma: StandIn
) -> None:
    mine = await register(api, gemma, "My Gemma")
    await house.stop()
    try:
        await away(api, "embedded")
        page = await studio.open("/creator")
        await expect(page.get_by_role("group", name="Who writes")).to_be_visible()
        await gemma.stop()
        await expect(page.get_by_text("None of your models can be reached")).to_be_visible()
        (await api.patch(f"/api/endpoints/{mine}", json={"enabled": False})).raise_for_status()
        await expect(page.get_by_text("Your models are switched off")).to_be_visible()
        await page.get_by_role("link", name="See your models").click()
        await expect(page.get_by_role("switch", name="Use My Gemma")).not_to_be_checked()
    finally:
        await house.start()


async def test_another_answers_for_a_model_that_is_offline_and_it_is_said_so(
    studio: Studio, api: httpx.AsyncClient, gemma: StandIn
) -> None:
    mine = await register(api, gemma, "My Gemma")
    await route(api, mine, "embedded")
    await gemma.stop()
    await away(api, mine)
    page = await studio.open("/chat")
    answer = await ask(page, "Who are you?", HOUSE)
    await answer.get_by_text("Built in answered in place of My Gemma").click()
    await expect(answer.get_by_role("list", name="Who was asked")).to_contain_text("My Gemma is not there")


async def test_a_missing_key_is_said_and_can_be_given(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    gemini = StandIn("gemini", ["models/gemini-pro"], "Gemini answers.")
    async with standing_in(gemini):
        await route(api, await register(api, gemini, "My Gemini"))
        page = await studio.open("/chat")
        failed = await send(page, "Who are you?")
        await expect(failed).to_contain_text("My Gemini wants an API key")
        await in_both_themes(page, accessible)
        await failed.get_by_role("link", name="Add the key of My Gemini").click()
        form = page.get_by_role("dialog", name="Edit My Gemini")
        await form.get_by_label("API key").fill(KEY)
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_be_hidden()
        await page.get_by_role("link", name="Chat", exact=True).click()
        await page.get_by_role("link", name=re.compile("^Who are you")).first.click()
        await failed.get_by_role("button", name="Retry").click()
        await expect(page.locator("[data-answer=complete]")).to_contain_text("Gemini answers.")


async def test_a_model_that_has_too_much_to_do_says_when_to_ask_again(
    studio: Studio, api: httpx.AsyncClient, gemma: StandIn
) -> None:
    await route(api, await register(api, gemma, "My Gemma"))
    gemma.fault = "429"
    page = await studio.open("/chat")
    failed = await send(page, "Who are you?")
    await expect(failed).to_contain_text("My Gemma is at its capacity: quota exceeded")
    await expect(failed).to_contain_text("You can try again now.")
    gemma.fault = ""
    await failed.get_by_role("button", name="Retry").click()
    await expect(page.locator("[data-answer=complete]")).to_contain_text("Gemma answers.")


async def test_when_all_fail_every_attempt_is_told_with_its_reason(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, gemma: StandIn, accessible: CheckAccess
) -> None:
    gemma.fault, house.fault = "500", "429"
    await route(api, await register(api, gemma, "My Gemma"), "embedded")
    page = await studio.open("/chat")
    await send(page, "Who are you?")
    asked = page.get_by_role("alert").get_by_role("list", name="Who was asked").get_by_role("listitem")
    told = [re.compile("^My Gemma failed: CUDA error"), re.compile("^My Gemma failed"), re.compile("quota exceeded")]
    await expect(asked).to_have_text(told)
    await in_both_themes(page, accessible)
    await page.reload()
    await expect(asked).to_have_text(told)
    await page.goto(f"{studio.url}/creator")
    await describe(page)
    await expect(asked.filter(has_text="My Gemma").first).to_be_visible()
    await expect(asked.filter(has_text="quota exceeded")).to_be_visible()
    await page.get_by_role("link", name="See how your models are").click()
    await expect(page.get_by_role("article", name="My Gemma")).to_be_visible()
