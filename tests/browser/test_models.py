"""A person's own models: added, looked at, switched between, fallen back from, changed and removed."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, OpenStudio, Studio, ask, overflow, register
from tests.service.stand_ins import KEY, StandIn, standing_in
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("alone")]


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


def card(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name, exact=True)


def switcher(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(f"^Model: {name}"))


async def switch(page: Page, name: str) -> None:
    """Makes an endpoint the active one, in the top bar."""
    await page.get_by_role("button", name=re.compile("^Model: ")).click()
    await page.get_by_role("menuitemradio", name=re.compile(name)).click()
    await expect(switcher(page, name)).to_be_visible()


async def test_a_first_model_is_added_step_by_step(studio: Studio, accessible: CheckAccess) -> None:
    gemma = StandIn("lm_studio", ["gemma-2-2b-it", "qwen2.5-7b"], "Gemma answers.")
    async with standing_in(gemma):
        page = await studio.open()
        await page.get_by_role("region", name="Bring your own model").get_by_role("link", name="Add a model").click()
        await page.get_by_role("button", name=re.compile("^LM Studio")).click()
        address = page.get_by_role("textbox", name="Address")
        await expect(address).to_be_focused()
        await expect(address).to_have_value("http://127.0.0.1:1234/v1")
        await accessible(page)
        # Of this address only the path is wrong, which the test finds out.
        await address.fill(gemma.base_url.removesuffix("/v1") + "/wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text(re.compile(r"^It answers in .* and lists 2 models\.$"))).to_be_visible()
        await expect(page.get_by_text(f"It answers at {gemma.base_url}")).to_be_visible()
        await page.get_by_role("combobox", name="Model").click()
        await page.get_by_role("option", name="qwen2.5-7b").click()
        await accessible(page)
        await page.get_by_role("button", name="Continue").click()
        await expect(page.get_by_role("textbox", name="Name")).to_be_focused()
        await page.get_by_role("textbox", name="Name").fill("My Gemma")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="My Gemma is added")).to_be_visible()
        await page.get_by_role("button", name="Make it the active one").click()
        await expect(page.get_by_text("It is the active one")).to_be_visible()
        await accessible(page)
        await page.get_by_role("link", name="See all models").click()
        mine = card(page, "My Gemma")
        for text in ("Healthy", "Active", gemma.base_url, "qwen2.5-7b"):
            await expect(mine.get_by_text(text, exact=True)).to_be_visible()
        await expect(mine.get_by_text(re.compile(r"^\d+ ms$")).first).to_be_visible()
        await expect(mine.get_by_role("img", name=re.compile(r"^Latency of the last \d+ looks: "))).to_be_visible()
        await expect(page.get_by_role("button", name=re.compile(r"^Model: My Gemma healthy \d+ ms$"))).to_be_visible()
        await expect(page.get_by_text("My Gemma answers. When it cannot, the next one does: Built in.")).to_be_visible()


async def test_a_failed_test_says_what_to_do_and_stops_nobody(studio: Studio) -> None:
    gone, gemini = StandIn("lm_studio", [], ""), StandIn("gemini", ["models/gemini-pro"], "Gemini answers.")
    async with standing_in(gone, gemini):
        await gone.stop()
        page = await studio.open("/models/new")
        await page.get_by_role("button", name=re.compile("^LM Studio")).click()
        await page.get_by_role("textbox", name="Address").fill(gone.base_url)
        await page.get_by_role("button", name="Test it").click()
        failed = page.get_by_role("alert")
        await expect(failed).to_contain_text(f"Nothing answers at 127.0.0.1:{gone.port}.")
        await expect(failed).to_contain_text("Start LM Studio")
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name=re.compile("^Gemini")).click()
        await page.get_by_role("textbox", name="Address").fill(gemini.base_url)
        await page.get_by_role("button", name="Test it").click()
        await expect(failed).to_contain_text("Gemini wants an API key.")
        await page.get_by_role("button", name="Go on anyway").click()
        await page.get_by_role("button", name="Add it").click()
        await page.get_by_role("link", name="See all models").click()
        mine = card(page, "My Gemini")
        await expect(mine).to_have_attribute("data-standing", "offline")
        await page.get_by_role("button", name="More for My Gemini").click()
        await page.get_by_role("menuitem", name="Edit").click()
        await page.get_by_label("API key").fill(KEY)
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("button", name="Test My Gemini").click()
        await expect(mine.get_by_role("status")).to_contain_text("lists one model")
        await expect(mine.get_by_role("list", name="Its models").get_by_text("gemini-pro")).to_be_visible()


async def test_what_runs_on_this_machine_is_offered(studio: Studio) -> None:
    found, known = StandIn("ollama", ["llama3.2:3b"], ""), StandIn("lm_studio", ["gemma"], "")
    async with standing_in(found, known):
        page = await studio.open("/models")
        shown = {"models": [{"id": "m", "context_length": 0}], "latency_ms": 3.0}
        items = [
            {**shown, "kind": one.kind, "base_url": one.base_url, "registered": one is known} for one in (found, known)
        ]
        await page.route("**/api/endpoints/discover", lambda route: route.fulfill(json={"items": items}))
        await page.get_by_role("link", name="Add a model").first.click()
        await expect(page.get_by_text("Added already")).to_be_visible()
        await page.get_by_role("button", name=re.compile("^Ollama")).filter(has_text=found.base_url).click()
        await expect(page.get_by_text(re.compile("^It answers in .* and lists one model"))).to_be_visible()


async def test_a_model_that_goes_away_is_shown_and_the_others_stay(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    gemma, llama = StandIn("lm_studio", ["gemma"], "Gemma."), StandIn("ollama", ["llama3.2:3b"], "Llama.")
    async with standing_in(gemma, llama):
        await register(api, gemma, "Gemma", tags=["home"])
        await register(api, llama, "Llama")
        page = await studio.open("/models")
        for name in ("Built in", "Gemma", "Llama"):
            await expect(card(page, name)).to_have_attribute("data-standing", "healthy")
        await expect(card(page, "Gemma").get_by_text("home")).to_be_visible()
        await gemma.stop()
        await expect(card(page, "Gemma")).to_have_attribute("data-standing", "offline")
        await expect(card(page, "Gemma").get_by_text("Nothing answers at its address.")).to_be_visible()
        await expect(card(page, "Llama")).to_have_attribute("data-standing", "healthy")
        await accessible(page)
        await page.emulate_media(color_scheme="dark")
        await accessible(page)
        await gemma.start()
        await expect(card(page, "Gemma")).to_have_attribute("data-standing", "healthy")


async def test_another_model_takes_over_in_the_middle_of_a_conversation(studio: Studio, api: httpx.AsyncClient) -> None:
    gemma = StandIn("lm_studio", ["gemma"], "Gemma answers.")
    async with standing_in(gemma):
        await register(api, gemma, "My Gemma")
        page = await studio.open("/chat")
        await expect(await ask(page, "Who are you?", "The house answers.")).to_contain_text("Built in · ")
        await switch(page, "My Gemma")
        await expect(await ask(page, "And now?", "Gemma answers.")).to_contain_text("My Gemma · ")
        # One model chosen for the chat alone gives way to the next switch.
        await page.get_by_role("combobox", name="Model").click()
        await page.get_by_role("option", name="house-model").click()
        await expect(await ask(page, "And you?", "The house answers.")).to_contain_text("Built in · ")
        await switch(page, "Built in")
        await switch(page, "My Gemma")
        await ask(page, "Who is it now?", "Gemma answers.")
        await page.reload()
        await expect(page.locator("[data-answer=complete]").first).to_contain_text("Built in · ")


async def test_a_fallback_is_said_and_so_is_what_failed(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, accessible: CheckAccess
) -> None:
    gemma = StandIn("lm_studio", ["gemma"], "Gemma answers.")
    async with standing_in(gemma):
        gemma.fault = "500"
        await register(api, gemma, "My Gemma")
        page = await studio.open("/chat")
        await switch(page, "My Gemma")
        answer = await ask(page, "Are you there?", "The house answers.")
        await answer.get_by_text("Built in answered in place of My Gemma").click()
        await expect(answer.get_by_text("CUDA error").first).to_be_visible()
        await accessible(page)
        await page.get_by_role("link", name="Models", exact=True).click()
        await expect(card(page, "My Gemma").get_by_text(re.compile("^Requests pass it over for "))).to_be_visible()
        await page.go_back()
        house.fault = "500"
        await page.get_by_role("textbox", name="Your message").fill("Is anybody there?")
        await page.keyboard.press("Enter")
        await page.get_by_role("link", name="See how your models are").click()
        await expect(card(page, "My Gemma")).to_be_visible()


async def test_a_model_is_changed_switched_off_and_deleted(studio: Studio, api: httpx.AsyncClient) -> None:
    gemma = StandIn("lm_studio", ["gemma", "qwen"], "Gemma answers.")
    async with standing_in(gemma):
        endpoint_id = await register(api, gemma, "Gemma", api_key="sk-old")
        await register(api, gemma, "Second")
        page = await studio.open("/models")
        await page.get_by_role("button", name="More for Gemma").click()
        await page.get_by_role("menuitem", name="Edit").click()
        form = page.get_by_role("dialog", name="Edit Gemma")
        await form.get_by_role("textbox", name="Name").fill("Second")
        await form.get_by_role("button", name="Save").click()
        await expect(form.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
        studio.forgive("422")
        await form.get_by_role("textbox", name="Name").fill("Our Gemma")
        await form.get_by_role("combobox", name="Model").fill("qwen")
        await form.get_by_role("textbox", name="Tags").fill("home, fast")
        await form.get_by_role("button", name="Forget the key").click()
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_be_hidden()
        for text in ("qwen", "home", "fast"):
            await expect(card(page, "Our Gemma").get_by_text(text, exact=True)).to_be_visible()
        kept = (await api.get(f"/api/endpoints/{endpoint_id}")).json()
        assert (kept["name"], kept["has_key"], kept["tags"]) == ("Our Gemma", False, ["home", "fast"])

        await page.get_by_role("button", name="Make active: Our Gemma").click()
        await expect(card(page, "Our Gemma").get_by_text("Active", exact=True)).to_be_visible()
        await page.get_by_role("switch", name="Use Our Gemma").click()
        await expect(card(page, "Our Gemma")).to_have_attribute("data-standing", "off")
        await expect(card(page, "Our Gemma").get_by_text("others answer in its place")).to_be_visible()
        await page.get_by_role("switch", name="Use Our Gemma").click()
        await expect(card(page, "Our Gemma")).to_have_attribute("data-standing", "healthy")

        await page.get_by_role("button", name="More for Our Gemma").click()
        await page.get_by_role("menuitem", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(card(page, "Our Gemma")).to_have_count(0)
        await expect(switcher(page, "Built in")).to_be_visible()


async def test_a_list_that_cannot_be_had_is_said_and_asked_for_again(studio: Studio) -> None:
    page = await studio.open("/settings")
    await page.route("**/api/endpoints", lambda route: route.fulfill(status=500, json={"detail": "The disk is full."}))
    await page.reload()
    await page.get_by_role("link", name="Models", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    await page.unroute("**/api/endpoints")
    await page.get_by_role("button", name="Retry").click()
    await expect(card(page, "Built in")).to_be_visible()
    studio.forgive("500")


async def test_models_fit_a_phone_whatever_they_are_called(open_studio: OpenStudio, api: httpx.AsyncClient) -> None:
    gemma = StandIn("lm_studio", ["a-model-with-a-name-longer-than-any-screen-of-a-phone-is-wide"], "Gemma.")
    async with standing_in(gemma):
        name = "Wide" * 25
        endpoint_id = await register(api, gemma, name, tags=["t" * 40])
        (await api.post(f"/api/endpoints/{endpoint_id}/activate")).raise_for_status()
        page = await (await open_studio(width=360, height=740)).open("/models")
        await expect(card(page, name)).to_have_attribute("data-standing", "healthy")
        await page.get_by_role("button", name=f"Test {name}").click()
        await expect(card(page, name).get_by_role("status")).to_be_visible()
        assert await overflow(page) == [0, 0]
        await switcher(page, "Wide").click()
        await expect(page.get_by_role("menu")).to_be_visible()
        box = await page.get_by_role("menu").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 360
        await page.get_by_role("menuitem", name="Add a model").click()
        await page.get_by_role("button", name=re.compile("^Gemini")).click()
        await expect(page.get_by_role("textbox", name="Address")).to_be_visible()
        assert await overflow(page) == [0, 0]
        await page.goto(page.url.replace("/models/new", "/chat"))
        await page.get_by_role("combobox", name="Model").click()
        listed = await page.get_by_role("listbox").bounding_box()
        assert listed is not None and listed["x"] >= 0 and listed["x"] + listed["width"] <= 360
