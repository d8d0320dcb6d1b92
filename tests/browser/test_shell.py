"""The shell around every page: navigation, theme, command palette, narrow screens, accessibility, weight."""

from __future__ import annotations

import gzip
import re

import pytest
from playwright.async_api import Page, Response, expect

from tests.browser.conftest import CheckAccess, OpenStudio, Studio

pytestmark = pytest.mark.browser

PAGES = {
    "/": "What shall we make?",
    "/chat": "What is on your mind?",
    "/compare": "Compare",
    "/prompts": "Prompts",
    "/presets": "Presets",
    "/creator": "Creator",
    "/text-to-image": "Make a picture",
    "/text-to-video": "Make a video",
    "/image-to-video": "Make a video",
    "/image-to-image": "Make a picture",
    "/inpaint": "Make a picture",
    "/grid": "Make a grid of 9",
    "/upscale": "Larger, and sharp",
    "/jobs": "Jobs",
    "/assets": "Assets",
    "/datasets": "Datasets",
    "/models": "Models",
    "/models/images": "What pictures and clips are made with, and where it is loaded.",
    "/models/new": "Add a model",
    "/models/embedded": "Speed",
    "/usage": "Usage",
    "/settings": "Settings",
    "/settings/routing": "When it cannot answer",
    "/no-such-page": "There is no such page",
}
FIRST_LOAD_BYTES = 200_000


async def settled(page: Page, text: str) -> None:
    """Waits until a page shows its content instead of placeholders."""
    await expect(page.locator("#content").get_by_text(text, exact=True).first).to_be_visible()
    await expect(page.locator("#content .animate-shimmer")).to_have_count(0)


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_overflows_a_narrow_screen(open_studio: OpenStudio, path: str) -> None:
    studio = await open_studio(width=360, height=740)
    page = await studio.open(path)
    await settled(page, PAGES[path])
    over = await page.evaluate(
        """() => {
            const [page, content] = [document.documentElement, document.querySelector("#content")];
            return [page.scrollWidth - page.clientWidth, content.scrollWidth - content.clientWidth,
                page.scrollHeight - page.clientHeight];
        }"""
    )
    assert over == [0, 0, 0], "wider page, wider content, longer page: only the content scrolls, and only downwards"


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_meets_wcag_aa_in_both_themes(studio: Studio, accessible: CheckAccess, path: str) -> None:
    page = await studio.open(path)
    await settled(page, PAGES[path])
    await accessible(page)
    await page.emulate_media(color_scheme="dark")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await accessible(page)


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


async def test_command_palette_goes_everywhere(studio: Studio, accessible: CheckAccess) -> None:
    for title in ("", "\u200b\t"):
        await studio.context.request.post(f"{studio.url}/api/conversations", data={"title": title})
    page = await studio.open()
    await settled(page, PAGES["/"])
    await page.keyboard.press("Control+k")
    palette = page.get_by_role("dialog", name="Command palette")
    await expect(palette.get_by_role("option", name="Jobs")).to_be_visible()
    # What to do, and the two that nothing can be seen of.
    await expect(palette.get_by_role("option", name="New conversation").nth(2)).to_be_visible()
    await accessible(page)
    await palette.get_by_role("combobox").fill("queue")
    await palette.get_by_role("option", name="Jobs").click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    await page.keyboard.press("Control+k")
    await palette.get_by_role("combobox").fill("dark theme")
    await palette.get_by_role("option", name="Dark theme", exact=True).click()
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


async def test_a_page_that_breaks_leaves_the_rest_standing(studio: Studio) -> None:
    page = await studio.open("/settings")
    await settled(page, PAGES["/settings"])
    broken = re.compile(r"/assets/jobs-page-[^/]+\.js$")
    await page.route(broken, lambda route: route.abort())
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await expect(page.get_by_role("heading", name="This page ran into a problem")).to_be_visible()
    await page.get_by_role("link", name="Assets", exact=True).click()
    await expect(page.get_by_role("heading", name="Assets", exact=True)).to_be_visible()
    await page.unroute(broken)
    await page.get_by_role("link", name="Jobs", exact=True).click()
    await page.get_by_role("button", name="Reload").or_(page.get_by_role("heading", name="Jobs", exact=True)).click()
    await expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    studio.forgive("ERR_FAILED")
    studio.forgive("Failed to fetch dynamically imported module")


async def test_settings_tell_the_addresses(studio: Studio) -> None:
    page = await studio.open("/settings")
    await expect(page.get_by_role("textbox", name="OpenAI base URL")).to_have_value(f"{studio.url}/v1")
    await page.get_by_role("button", name="Copy the openai base url").click()
    assert await page.evaluate("() => navigator.clipboard.readText()") == f"{studio.url}/v1"


@pytest.mark.parametrize(("link", "field"), [("Chat", "Your message"), ("Text to Image", "Prompt")])
async def test_a_page_that_appears_takes_the_keyboard_but_not_from_what_was_opened(
    studio: Studio, link: str, field: str
) -> None:
    page = await studio.open("/jobs")
    await settled(page, "Jobs")
    await page.get_by_role("link", name=link, exact=True).click()
    box = page.get_by_role("textbox", name=field, exact=True)
    await expect(box).to_be_focused()
    await page.go_back()
    await expect(box).to_have_count(0)
    await page.get_by_role("button", name=re.compile("^Jobs under way")).click()
    tray = page.get_by_role("dialog", name="Jobs under way")
    await expect(tray).to_be_visible()
    await page.go_forward()
    await expect(box).to_be_visible()
    await expect(tray).to_be_visible()
    await expect(box).not_to_be_focused()
