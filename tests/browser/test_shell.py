"""The shell around every page: navigation, theme, command palette, narrow screens, accessibility, weight."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from playwright.async_api import Page, Response, expect

from infra.local.options import ROOT
from tests.browser.conftest import OpenStudio, Studio

pytestmark = pytest.mark.browser

PAGES = {
    "/": "What shall we make?",
    "/chat": "What is on your mind?",
    "/text-to-image": "Make a picture",
    "/jobs": "Jobs",
    "/assets": "Assets",
    "/settings": "Settings",
    "/no-such-page": "There is no such page",
}
AXE = Path(ROOT, "gateway/web/node_modules/axe-core/axe.min.js")
FIRST_LOAD_BYTES = 200_000


@pytest.fixture(scope="module")
def axe() -> str:
    """The accessibility checker, as a script."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in gateway/web")
    return AXE.read_text()


async def settled(page: Page, text: str) -> None:
    """Waits until a page shows its content instead of placeholders."""
    await expect(page.locator("#content").get_by_text(text, exact=True).first).to_be_visible()
    await expect(page.locator("#content .animate-shimmer")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_overflows_a_narrow_screen(open_studio: OpenStudio, path: str) -> None:
    studio = await open_studio(width=360, height=740)
    page = await studio.open(path)
    await settled(page, PAGES[path])
    wider = await page.evaluate(
        """() => [document.documentElement, document.querySelector("#content")]
            .map((box) => box.scrollWidth - box.clientWidth)"""
    )
    assert wider == [0, 0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_meets_wcag_aa(open_studio: OpenStudio, axe: str, path: str, scheme: str) -> None:
    studio = await open_studio(color_scheme=scheme)
    page = await studio.open(path)
    await settled(page, PAGES[path])
    await page.evaluate(axe)
    found = await page.evaluate(
        """async () => (await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] })).violations
            .map(({ id, nodes }) => [id, ...nodes.slice(0, 5).map((node) => node.html + " " + node.failureSummary)])"""
    )
    assert found == []


async def test_first_load_is_light(studio: Studio) -> None:
    page = await studio.context.new_page()
    scripts: list[Response] = []
    page.on("response", lambda answer: scripts.append(answer) if answer.url.endswith(".js") else None)
    await page.goto(studio.url)
    await settled(page, PAGES["/"])
    weight = sum([len(gzip.compress(await answer.body())) for answer in scripts])
    assert 0 < weight <= FIRST_LOAD_BYTES


async def test_theme_follows_the_system_until_one_is_chosen(open_studio: OpenStudio) -> None:
    studio = await open_studio(color_scheme="dark")
    page = await studio.open("/settings")
    html = page.locator("html")
    await expect(html).to_have_attribute("data-theme", "dark")
    await page.emulate_media(color_scheme="light")
    await expect(html).to_have_attribute("data-theme", "light")
    await page.get_by_role("button", name="Theme", exact=True).click()
    await page.get_by_role("menuitemradio", name="Dark").click()
    await expect(html).to_have_attribute("data-theme", "dark")
    await page.reload(wait_until="commit")
    # Set by the time the body exists, so there is no flash of the other theme.
    await page.wait_for_selector("body", state="attached")
    assert await html.get_attribute("data-theme") == "dark"


async def test_command_palette_goes_everywhere(studio: Studio) -> None:
    page = await studio.open()
    await settled(page, PAGES["/"])
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Command palette")
    await palette.get_by_role("combobox").fill("queue")
    await palette.get_by_role("option", name="Jobs").click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await page.keyboard.press("Control+k")
    await palette.get_by_role("combobox").fill("dark theme")
    await palette.get_by_role("option", name="Dark theme").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.keyboard.press("Control+k")
    await palette.get_by_role("combobox").fill("a blue door")
    await palette.get_by_role("option", name="Make a picture").click()
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a blue door")
    await page.keyboard.press("Control+k")
    await expect(palette).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(palette).to_be_hidden()


async def test_navigation_by_keyboard_and_on_a_phone(open_studio: OpenStudio) -> None:
    desktop = await (await open_studio()).open()
    await settled(desktop, PAGES["/"])
    await desktop.keyboard.press("Tab")
    await expect(desktop.get_by_role("link", name="Skip to content")).to_be_focused()
    phone = await (await open_studio(width=360, height=740)).open()
    await phone.get_by_role("button", name="Open navigation").click()
    await phone.get_by_role("dialog").get_by_role("link", name="Assets").click()
    await expect(phone.get_by_role("heading", name="Assets")).to_be_visible()
    await expect(phone.get_by_role("dialog")).to_be_hidden()


async def test_services_are_shown_with_their_state(studio: Studio) -> None:
    page = await studio.open()
    panel = page.get_by_role("region", name="Services")
    await expect(panel.get_by_text("diffusion")).to_be_visible()
    await expect(panel.get_by_text("Ready").first).to_be_visible()
    await page.get_by_role("button", name="Services and models").click()
    await expect(page.get_by_role("dialog", name="Services and models").get_by_text("starter")).to_be_visible()
