"""A Chromium in front of the running stack. Every page must keep its console free of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.stack import Stack

# A machine that runs the whole stack and other suites besides is slow; a test that passes does not wait for these.
PATIENCE_MS = 30_000
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")


@dataclass
class Studio:
    """The studio in one browser context."""

    url: str
    context: BrowserContext
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str = "/") -> Page:
        """A page of its own at `path`."""
        page = await self.context.new_page()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        await page.goto(self.url + path)
        return page

    def forgive(self, text: str) -> None:
        """Takes errors that hold `text` off the list: the ones a test provokes on purpose."""
        self.errors[:] = [error for error in self.errors if text not in error]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(f"{message.page.url if message.page else ''}: {message.text}")


OpenStudio = Callable[..., Awaitable[Studio]]


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The one browser of the test run."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *_QUIET])
        yield browser
        await browser.close()


@pytest.fixture
async def open_studio(browser: Browser, stack: Stack) -> AsyncIterator[OpenStudio]:
    """Opens the studio as a new visitor: `await open_studio(width=360, color_scheme="dark")`."""
    studios: list[Studio] = []

    async def make(width: int = 1280, height: int = 860, color_scheme: str = "light") -> Studio:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if color_scheme == "dark" else "light",
            accept_downloads=True,
            # Animations would only make the tests wait.
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE_MS)
        studios.append(Studio(stack.url, context))
        return studios[-1]

    yield make
    for studio in studios:
        await studio.context.close()
    assert [error for studio in studios for error in studio.errors] == []


@pytest.fixture
async def studio(open_studio: OpenStudio) -> Studio:
    """The studio on a desktop, in light colours."""
    return await open_studio()
