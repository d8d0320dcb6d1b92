"""Several models beside each other, and what one does with answers: rate, download, and attach files to questions."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.api import until
from tests.browser.conftest import CheckAccess, OpenStudio, Studio, ask, overflow, register
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

pytestmark = pytest.mark.browser

# One red pixel.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
async def gemma() -> AsyncIterator[StandIn]:
    """A second model, registered by the tests' person."""
    gemma = StandIn("lm_studio", ["gemma", "qwen"], "Gemma answers.")
    async with standing_in(gemma):
        yield gemma


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture(autouse=True)
async def registered(api: httpx.AsyncClient, house: StandIn, gemma: StandIn, alone: None) -> None:
    """Two endpoints, both well."""
    house.words, gemma.fault = "The **house** answers.", ""
    mine = await register(api, gemma, "My Gemma")

    async def known() -> bool:
        return bool((await api.get(f"/api/endpoints/{mine}")).json()["models"])

    await until(known)


def column(page: Page, model: str) -> Locator:
    return page.get_by_role("article", name=model, exact=True)


async def ask_all(page: Page, question: str) -> None:
    await page.get_by_role("textbox", name="Question").fill(question)
    await page.keyboard.press("Enter")


async def test_models_answer_side_by_side_and_the_result_becomes_a_conversation(
    studio: Studio, accessible: CheckAccess
) -> None:
    page = await studio.open("/compare")
    await expect(page.get_by_role("combobox", name="Model 2")).to_have_text("gemma")
    await page.get_by_role("button", name="Add a model").click()
    await expect(page.get_by_role("combobox", name="Model 3")).to_have_text("qwen")
    await ask_all(page, "Who are you?")
    for model in ("house-model", "gemma", "qwen"):
        await expect(column(page, model)).to_have_attribute("data-answer", "complete")
        await expect(column(page, model).get_by_text(re.compile(r" · \d+ tokens"))).to_be_visible()
    await expect(column(page, "gemma").get_by_text("My Gemma")).to_be_visible()
    await expect(column(page, "house-model").locator("strong")).to_have_text("house")
    good = page.get_by_role("button", name="Good answer of gemma")
    await good.click()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await accessible(page)
    await page.emulate_media(color_scheme="dark")
    await accessible(page)
    # It stays while one looks at something else.
    await page.get_by_role("link", name="Usage", exact=True).click()
    await page.go_back()
    await expect(good).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("link", name="Open as a conversation").click()
    await expect(page.get_by_text("3 / 3")).to_be_visible()
    await page.get_by_role("button", name="Earlier version").click()
    await expect(page.get_by_text("2 / 3")).to_be_visible()
    await expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")


async def test_what_one_model_cannot_is_told_in_its_column(studio: Studio, gemma: StandIn, house: StandIn) -> None:
    gemma.fault = house.fault = "500"
    page = await studio.open("/compare")
    await ask_all(page, "Are you there?")
    for model in ("house-model", "gemma"):
        await expect(column(page, model).get_by_role("alert")).to_contain_text("There is no answer")
    house.fault = ""
    await ask_all(page, "And now?")
    await expect(column(page, "house-model")).to_have_attribute("data-answer", "complete")


async def test_stop_ends_all_answers(studio: Studio, house: StandIn, gemma: StandIn) -> None:
    house.fault, gemma.fault = "slow", "slow"
    words, other = house.words, gemma.words
    house.words = gemma.words = "word " * 200
    try:
        page = await studio.open("/compare")
        await ask_all(page, "Tell me everything.")
        for model in ("house-model", "gemma"):
            await expect(column(page, model).locator(".prose-answer")).to_contain_text("word word")
        await page.get_by_role("button", name="Stop all").click()
        for model in ("house-model", "gemma"):
            await expect(column(page, model)).to_have_attribute("data-answer", "stopped")
            await expect(column(page, model).get_by_text("stopped")).to_be_visible()
        await expect(page.get_by_role("button", name="Ask them all")).to_be_enabled()
        # Nor does stopping send what was typed meanwhile.
        await page.get_by_role("link", name="Chat", exact=True).click()
        await page.get_by_role("textbox", name="Your message").fill("Tell me more.")
        await page.keyboard.press("Enter")
        await expect(page.locator("[data-answer=streaming] .prose-answer")).to_contain_text("word word")
        await page.get_by_role("textbox", name="Your message").fill("And then?")
        await page.get_by_role("button", name="Stop", exact=True).click()
        await expect(page.locator("[data-answer=stopped]")).to_be_visible()
        await expect(page.get_by_role("textbox", name="Your message")).to_have_value("And then?")
    finally:
        house.words, gemma.words = words, other


async def test_answers_stand_below_each_other_on_a_phone(open_studio: OpenStudio) -> None:
    page = await (await open_studio(width=360, height=740)).open("/compare")
    await ask_all(page, "Wide" * 60)
    await expect(column(page, "gemma")).to_have_attribute("data-answer", "complete")
    first, second = await column(page, "house-model").bounding_box(), await column(page, "gemma").bounding_box()
    assert first is not None and second is not None
    assert first["x"] == second["x"] and second["y"] > first["y"] + first["height"]
    assert await overflow(page) == [0, 0]


async def test_one_model_alone_cannot_be_compared(studio: Studio, api: httpx.AsyncClient) -> None:
    mine = (await api.get("/api/endpoints")).json()["items"][1]["id"]
    (await api.delete(f"/api/endpoints/{mine}")).raise_for_status()
    page = await studio.open("/compare")
    await expect(page.get_by_role("heading", name="Two models are needed")).to_be_visible()
    await expect(page.locator("#content").get_by_role("link", name="Add a model")).to_be_visible()


async def test_an_answer_is_rated_and_the_rating_taken_back(studio: Studio, api: httpx.AsyncClient) -> None:
    before = (await api.get("/api/chat/ratings")).json()
    page = await studio.open("/chat")
    await ask(page, "Rate yourself.", "The house answers.")
    good, bad = page.get_by_role("button", name="Good answer"), page.get_by_role("button", name="Bad answer")
    async with page.expect_response("**/messages/*"):
        await good.click()
    await expect(good).to_have_attribute("aria-pressed", "true")
    async with page.expect_response("**/messages/*"):
        await bad.click()
    await expect(bad).to_have_attribute("aria-pressed", "true")
    await expect(good).to_have_attribute("aria-pressed", "false")
    await page.reload()
    await expect(bad).to_have_attribute("aria-pressed", "true")
    assert (await api.get("/api/chat/ratings")).json()["bad"] == before["bad"] + 1
    async with page.expect_response("**/messages/*"):
        await bad.click()
    await expect(bad).to_have_attribute("aria-pressed", "false")
    await expect(bad).to_be_focused()
    assert (await api.get("/api/chat/ratings")).json() == before


async def test_the_shown_branch_is_downloaded(studio: Studio, house: StandIn) -> None:
    page = await studio.open("/chat")
    await ask(page, "Which colour first?", "The house answers.")
    await page.get_by_text("Which colour first?").last.hover()
    await page.get_by_role("button", name="Edit and send again").click()
    await page.get_by_role("textbox", name="Edit your message").fill("Which colour then?")
    await page.get_by_role("button", name="Send again", exact=True).click()
    await expect(page.get_by_text("2 / 2")).to_be_visible()
    await expect(page.locator("[data-answer=complete]")).to_be_visible()
    await page.get_by_role("button", name="Earlier version").click()
    await page.get_by_role("link", name=re.compile("Which colour first")).hover()
    texts = list[str]()
    for item in ("Download as Markdown", "Download as JSON"):
        await page.get_by_role("button", name="More for Which colour first?").click()
        async with page.expect_download() as waiting:
            await page.get_by_role("menuitem", name=item).click()
        saved = await (await waiting.value).path()
        texts.append(await asyncio.to_thread(saved.read_text))
    assert "Which colour first?" in texts[0] and "Which colour then?" not in texts[0]
    assert "Which colour then?" in texts[1]


async def test_files_go_with_a_question_and_others_are_refused(
    studio: Studio, house: StandIn, accessible: CheckAccess
) -> None:
    page = await studio.open("/chat")
    files = page.locator("form[aria-label=Message] input[type=file]")
    await files.set_input_files(
        [
            {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"The walrus is called Otto."},
            {"name": "dot.png", "mimeType": "image/png", "buffer": PICTURE},
            {"name": "film.mp4", "mimeType": "video/mp4", "buffer": b"x"},
            {"name": "page.bin", "mimeType": "", "buffer": b"\0\1\2"},
        ]
    )
    form = page.get_by_role("form", name="Message")
    await expect(form.get_by_role("alert")).to_contain_text("film.mp4 cannot be attached")
    await expect(form.get_by_role("alert")).to_contain_text("page.bin cannot be attached")
    chips = form.get_by_role("list", name="Files to send").get_by_role("listitem")
    await expect(chips).to_have_text(["notes.txt", "dot.png"])
    await accessible(page)
    await page.get_by_role("button", name="Remove dot.png").click()
    # What is dropped comes to the others.
    dropped = await page.evaluate_handle(
        """() => { const data = new DataTransfer();
            data.items.add(new File(["Blue."], "colour.txt", { type: "text/plain" })); return data; }"""
    )
    await form.dispatch_event("drop", {"dataTransfer": dropped})
    await expect(chips).to_have_text(["notes.txt", "colour.txt"])
    await ask(page, "What is the walrus called?", "The house answers.")
    asked = str(house.bodies[-1]["messages"][-1]["content"])
    assert "The walrus is called Otto." in asked and "Blue." in asked
    shown = page.get_by_role("list", name="Attachments")
    await expect(shown.get_by_role("link")).to_have_text(["notes.txt", "colour.txt"])
    await expect(form.get_by_role("list", name="Files to send")).to_have_count(0)
    # The files stay with an edited question.
    await page.get_by_text("What is the walrus called?").last.hover()
    await page.get_by_role("button", name="Edit and send again").click()
    await page.get_by_role("textbox", name="Edit your message").fill("And its colour?")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("2 / 2")).to_be_visible()
    await expect(shown.get_by_role("link")).to_have_count(2)
