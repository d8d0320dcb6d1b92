"""A Chromium in front of the running stack. Every page must keep its console free of errors."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, async_playwright, expect

from infra.local.options import ROOT
from tests.api import until
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

# A machine that runs the whole stack and other suites besides is slow; a test that passes does not wait for these.
PATIENCE_MS = 30_000
ARTIFACTS = Path(ROOT, "tests/artifacts/browser")
AXE = Path(ROOT, "gateway/web/node_modules/axe-core/axe.min.js")
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-sync")
HOUSE = "The house answers."
_FAILED = pytest.StashKey[bool]()


@dataclass
class Studio:
    """The studio in one browser context."""

    url: str
    context: BrowserContext
    errors: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)

    async def open(self, path: str = "/") -> Page:
        """A page of its own at `path`."""
        page = await self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._wrong(f"{page.url}: {error}"))
        await page.goto(self.url + path)
        return page

    def forgive(self, text: str) -> None:
        """Takes errors that hold `text` off the list: the ones a test provokes on purpose."""
        self.errors[:] = [error for error in self.errors if text not in error]

    async def keep(self, name: str) -> None:
        """Leaves what can be seen and was said on the console under `ARTIFACTS`."""
        for number, page in enumerate(self.context.pages):
            await page.screenshot(path=ARTIFACTS / f"{name}-{number}.png")
        await asyncio.to_thread((ARTIFACTS / f"{name}.log").write_text, "\n".join([*self.console, ""]))

    def _heard(self, message: ConsoleMessage) -> None:
        line = f"{message.page.url if message.page else ''}: {message.text}"
        if message.type == "error":
            self._wrong(line)
        else:
            self.console.append(f"{message.type} {line}")

    def _wrong(self, line: str) -> None:
        self.errors.append(line)
        self.console.append(f"error {line}")


OpenStudio = Callable[..., Awaitable[Studio]]
CheckAccess = Callable[[Page], Awaitable[None]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs the language model comes last of this folder: it is loaded while the other tests run."""
    here = [index for index, item in enumerate(items) if item.path.is_relative_to(Path(__file__).parent)]
    ordered = sorted((items[index] for index in here), key=lambda item: item.get_closest_marker("starter") is not None)
    for index, item in zip(here, ordered, strict=True):
        items[index] = item


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets fixtures know whether their test failed."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The one browser of the test run."""
    expect.set_options(timeout=PATIENCE_MS)
    # What an earlier run left would be taken for this one's.
    await asyncio.to_thread(shutil.rmtree, ARTIFACTS, ignore_errors=True)
    await asyncio.to_thread(ARTIFACTS.mkdir, parents=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *_QUIET])
        yield browser
        await browser.close()


@asynccontextmanager
async def running_small(folder: Path, house: StandIn, environment: Mapping[str, str]) -> AsyncIterator[Stack]:
    """A stack without models: a stand-in answers for the built-in one. It looks at its endpoints all the time."""
    fixed = {
        "ATELIER_SERVICES": "gateway chat",
        "ATELIER_CHAT_ENDPOINT": house.base_url,
        "ATELIER_CHAT_HEALTH_EVERY_S": "1",
        "ATELIER_EMBEDDING_ENABLED": "false",
    }
    running = Stack(folder, {**fixed, **environment})
    try:
        await asyncio.to_thread(running.start)
        await asyncio.to_thread(running.wait, "chat")
        yield running
    finally:
        await asyncio.to_thread(running.stop)
    assert running.left_behind() == []


@pytest.fixture(scope="session")
async def house() -> AsyncIterator[StandIn]:
    """Answers in place of the built-in model of small stacks, so that none has to be loaded."""
    house = StandIn("lm_studio", ["house-model"], HOUSE)
    async with standing_in(house):
        yield house


@pytest.fixture(scope="session")
async def small_stack(chromium: str, house: StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One for all modules that make it their `stack`. Without a browser nothing is started."""
    assert chromium
    async with running_small(tmp_path_factory.mktemp("small"), house, {}) as running:
        yield running


@pytest.fixture(scope="session")
async def picture_stack(
    chromium: str, house: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """The same with pictures, for modules that would be in others' way on the whole one."""
    assert chromium
    environment = {"ATELIER_SERVICES": "gateway chat diffusion"}
    async with running_small(tmp_path_factory.mktemp("pictures"), house, environment) as running:
        await asyncio.to_thread(running.wait, "diffusion", 240)
        yield running


@pytest.fixture
async def api(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    """What other clients do meanwhile."""
    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as client:
        yield client


@pytest.fixture
async def alone(api: httpx.AsyncClient, house: StandIn) -> None:
    """Nothing is registered or routed, and the built-in model is there and answers."""
    house.fault, house.words = "", HOUSE
    for one in (await api.get("/api/endpoints")).json()["items"][1:]:
        (await api.delete(f"/api/endpoints/{one['id']}")).raise_for_status()
    (await api.put("/api/routing", json={})).raise_for_status()

    async def healthy() -> bool:
        return (await api.get("/api/endpoints/embedded")).json()["health"]["status"] == "healthy"

    await until(healthy)


async def register(api: httpx.AsyncClient, stand_in: StandIn, name: str, **fields: Any) -> str:
    """Registers a stand-in past the interface; returns its id."""
    body = {"name": name, "kind": stand_in.kind, "base_url": stand_in.base_url, **fields}
    return str((await api.post("/api/endpoints", json=body)).raise_for_status().json()["id"])


async def ask(page: Page, question: str, answer: str) -> Locator:
    """Asks in the open conversation; returns the answer once it is complete."""
    await page.get_by_role("textbox", name="Your message").fill(question)
    await page.keyboard.press("Enter")
    answers = page.locator("[data-answer=complete]")
    await expect(answers.last).to_contain_text(answer)
    return answers.last


async def overflow(page: Page) -> list[int]:
    """By how much the page and its content are too wide, pixels."""
    return await page.evaluate(
        """() => ["html", "#content"].map((name) => document.querySelector(name))
            .map((box) => box.scrollWidth - box.clientWidth)"""
    )


async def in_both_themes(page: Page, accessible: CheckAccess) -> None:
    """Fails where the page is not accessible in one of them; leaves it light."""
    for theme in ("dark", "light"):
        await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await expect(page.locator("html")).to_have_attribute("data-theme", theme)
        await accessible(page)


@pytest.fixture
async def open_studio(request: pytest.FixtureRequest, browser: Browser, stack: Stack) -> AsyncIterator[OpenStudio]:
    """Opens the studio as a new visitor: `await open_studio(width=360, color_scheme="dark")`."""
    studios: list[Studio] = []

    async def make(width: int = 1280, height: int = 860, color_scheme: str = "light") -> Studio:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if color_scheme == "dark" else "light",
            accept_downloads=True,
            # Animations would only make the tests wait.
            reduced_motion="reduce",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE_MS)
        studios.append(Studio(stack.url, context))
        return studios[-1]

    yield make
    wrong = [error for studio in studios for error in studio.errors]
    node: pytest.Item = request.node
    for number, studio in enumerate(studios):
        if wrong or node.stash.get(_FAILED, False):
            await studio.keep(re.sub(r"\W+", "-", f"{node.name} {number}"))
        await studio.context.close()
    assert wrong == []


@pytest.fixture
async def studio(open_studio: OpenStudio) -> Studio:
    """The studio on a desktop, in light colours."""
    return await open_studio()


@pytest.fixture(scope="session")
def accessible() -> CheckAccess:
    """`await accessible(page)` fails where the page, as it stands, breaks a WCAG 2.1 AA rule axe can check."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in gateway/web")
    script = AXE.read_text()

    async def check(page: Page) -> None:
        if not await page.evaluate("() => 'axe' in window"):
            await page.evaluate(script)
        found = await page.evaluate(
            """async () => (await axe.run({ resultTypes: ["violations"],
                runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations
                .map(({ id, nodes }) => [id, ...nodes.slice(0, 5).map(({ html, failureSummary }) =>
                    html.slice(0, 200) + " " + failureSummary)])"""
        )
        assert found == []

    return check
