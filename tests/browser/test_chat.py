"""Talking to a language model: streaming, stopping, branching, and conversations that stay."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE_MS, CheckAccess, Studio
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.starter]


@pytest.fixture(scope="module", autouse=True)
def language_model(chromium: str, stack: Stack) -> None:
    """Chat needs its model, which takes longest to come up. Without a browser nothing is started."""
    assert chromium
    stack.wait_chat()


async def start(studio: Studio, question: str, tokens: int, temperature: float = 0.7) -> Page:
    """A new conversation with its first question sent."""
    page = await studio.open("/chat")
    await page.get_by_role("button", name="Chat settings").click()
    await page.get_by_role("spinbutton", name="Most tokens to write").fill(str(tokens))
    await page.get_by_role("spinbutton", name="Temperature").fill(str(temperature))
    await page.keyboard.press("Escape")
    await send(page, question)
    await page.wait_for_url("**/chat/*")
    return page


async def send(page: Page, question: str) -> None:
    await page.get_by_role("textbox", name="Your message").fill(question)
    await page.keyboard.press("Enter")


def answers(page: Page, status: str) -> Locator:
    return page.locator(f"[data-answer={status}]")


async def finished(page: Page, count: int = 1) -> None:
    await expect(answers(page, "complete")).to_have_count(count, timeout=2 * PATIENCE_MS)


async def test_an_answer_streams_and_says_who_gave_it(studio: Studio) -> None:
    page = await start(studio, "Explain how a rainbow forms, in three sentences.", tokens=80)
    growing = answers(page, "streaming").locator(".prose-answer")
    for _ in range(3):
        await expect(growing).not_to_have_text(await growing.inner_text())
    await finished(page)
    await expect(
        answers(page, "complete").get_by_text(re.compile(r"SmolLM2.* · [\d.]+ s · \d+ tokens", re.I))
    ).to_be_visible()
    await expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()


async def test_code_is_highlighted_and_copied(studio: Studio, accessible: CheckAccess) -> None:
    page = await start(studio, "Write a Python function that reverses a string.", tokens=80, temperature=0)
    await finished(page)
    code = page.get_by_role("figure").first
    await expect(code.locator(".hljs-keyword").first).to_have_text("def")
    await code.get_by_role("button", name="Copy the code").click()
    await expect(code.get_by_role("button", name="Copied")).to_be_visible()
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    assert copied.startswith("def ") and "```" not in copied
    await page.get_by_role("button", name="Copy the answer").click()
    assert "```python" in await page.evaluate("() => navigator.clipboard.readText()")
    await accessible(page)


async def test_stop_keeps_what_was_written(studio: Studio) -> None:
    page = await start(studio, "Write a very long story about a boat.", tokens=1500, temperature=0)
    await expect(answers(page, "streaming").locator(".prose-answer")).to_be_visible()
    await page.get_by_role("button", name="Stop", exact=True).click()
    stopped = answers(page, "stopped")
    await expect(stopped).to_be_visible()
    written = await stopped.locator(".prose-answer").inner_text()
    assert written != ""
    await page.reload()
    await expect(stopped.locator(".prose-answer")).to_contain_text(written[:20])


async def test_regenerate_and_edit_make_branches(studio: Studio) -> None:
    page = await start(studio, "Name a colour.", tokens=16)
    await finished(page)
    await page.get_by_role("button", name="Answer again").click()
    await expect(page.get_by_text("2 / 2")).to_be_visible()
    await finished(page)
    await page.get_by_role("button", name="Earlier version").click()
    await expect(page.get_by_text("1 / 2")).to_be_visible()

    await page.get_by_text("Name a colour.").first.hover()
    await page.get_by_role("button", name="Edit and send again").click()
    await page.get_by_role("textbox", name="Edit your message").fill("Name an animal.")
    await page.get_by_role("button", name="Send again", exact=True).click()
    thread = page.get_by_role("region", name="Name a colour.")
    await expect(thread.get_by_text("Name an animal.")).to_be_visible()
    await finished(page)
    await expect(thread.get_by_text("Name a colour.", exact=True)).to_be_hidden()
    await page.get_by_role("button", name="Earlier version").click()
    await expect(thread.get_by_text("Name a colour.", exact=True)).to_be_visible()
    # Of its two answers the earlier one is still chosen.
    await expect(page.get_by_text("1 / 2")).to_have_count(2)


async def test_conversations_are_kept_found_renamed_and_deleted(studio: Studio) -> None:
    page = await start(studio, "Say hello to the walrus.", tokens=12)
    await finished(page)
    await send(page, "And once more.")
    await finished(page, 2)
    await page.reload()
    await finished(page, 2)
    listed = page.get_by_role("navigation", name="Conversations")
    item = listed.get_by_role("link", name=re.compile("Say hello to the walrus"))
    await item.hover()
    await page.get_by_role("button", name="More for Say hello to the walrus.").click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_role("textbox", name="Title").fill("Marine greetings")
    await page.keyboard.press("Enter")
    await page.get_by_role("searchbox", name="Search conversations").fill("marine")
    await expect(listed.get_by_role("link")).to_have_count(1)
    await page.get_by_role("searchbox", name="Search conversations").fill("no such words anywhere")
    await expect(listed.get_by_text("No conversation has these words.")).to_be_visible()
    await page.get_by_role("searchbox", name="Search conversations").fill("")
    await listed.get_by_role("link", name=re.compile("Marine greetings")).hover()
    await page.get_by_role("button", name="More for Marine greetings").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(listed.get_by_text("Marine greetings")).to_be_hidden()
    await expect(page.get_by_role("heading", name="What is on your mind?")).to_be_visible()


async def test_an_answer_goes_on_while_one_looks_at_another_page(studio: Studio) -> None:
    page = await start(studio, "Tell a short story about a boat.", tokens=80)
    await expect(answers(page, "streaming")).to_be_visible()
    where = page.url
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await page.go_back()
    assert page.url == where
    await finished(page)


async def test_a_question_from_home_is_asked_at_once(studio: Studio) -> None:
    page = await studio.open("/")
    await page.get_by_role("textbox", name="An answer").fill("What is a palette?")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/chat/*")
    await expect(page.locator("#content").get_by_text("What is a palette?").last).to_be_visible()
    await expect(page.locator("[data-answer]")).to_be_visible()
    await (
        page.get_by_role("button", name="Stop", exact=True)
        .or_(page.get_by_role("button", name="Send", exact=True))
        .click()
    )
