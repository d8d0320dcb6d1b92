"""Who asks too often is told when to ask again, and can once that time has come."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import expect

from tests.browser.conftest import CheckAccess, Studio, in_both_themes, running_small
from tests.service.stand_ins import StandIn
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("alone")]


@pytest.fixture(scope="module")
async def stack(chromium: str, house: StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One that may be asked once a minute."""
    assert chromium
    folder, environment = tmp_path_factory.mktemp("limited"), {"ATELIER_RATE_LIMIT_PER_MIN": "1"}
    async with running_small(folder, house, environment) as running:
        yield running


async def test_the_time_to_wait_is_counted_down(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    question = {"messages": [{"role": "user", "content": "hello"}]}
    (await api.post("/v1/chat/completions", json=question)).raise_for_status()
    page = await studio.open("/chat")
    await page.clock.install()
    waiting = page.get_by_role("alert").filter(has_text=re.compile(r"Try again in \d+ s\."))
    await page.get_by_role("textbox", name="Your message").fill("Who are you?")
    await page.keyboard.press("Enter")
    retry = page.get_by_role("alert").get_by_role("button", name="Retry")
    await expect(waiting).to_be_visible()
    await expect(retry).to_be_disabled()
    await in_both_themes(page, accessible)

    await page.get_by_role("link", name="Creator", exact=True).click()
    await page.get_by_role("textbox", name="Project name").fill("Counter")
    await page.get_by_role("textbox", name="Description").fill("Counts clicks.")
    generate = page.get_by_role("button", name="Generate")
    await generate.click()
    await expect(waiting).to_be_visible()
    await expect(generate).to_be_disabled()
    # For the page a minute passes.
    await page.clock.fast_forward(61_000)
    await expect(page.get_by_role("alert")).to_contain_text("You can try again now.")
    await expect(generate).to_be_enabled()
    await page.go_back()
    await expect(retry).to_be_enabled()
    studio.forgive("429")
