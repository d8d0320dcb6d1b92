"""The library: found by words, sorted onto boards, chosen by the dozen, compared; what a dropped file gives back."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from services.diffusion import metadata
from tests.browser.conftest import CheckAccess, OpenStudio, Studio, in_both_themes, overflow
from tests.stack import Stack
from tests.unit.test_diffusion_metadata import picture, settings

pytestmark = pytest.mark.browser

NAMES = ("red apple", "blue house", "green hill", "old tower")


@pytest.fixture(scope="module")
def stack(picture_stack: Stack) -> Stack:
    return picture_stack


def file(name: str, colour: int) -> tuple[str, tuple[str, bytes, str]]:
    out = io.BytesIO()
    Image.new("RGB", (96, 64), (colour, 90, 200 - colour)).save(out, "PNG")
    return "files", (f"{name}.png", out.getvalue(), "image/png")


@pytest.fixture
async def shelf(api: httpx.AsyncClient) -> dict[str, str]:
    """Four pictures and nothing else; their ids by name."""
    while items := (await api.get("/api/assets", params={"limit": 200})).json()["items"]:
        body = {"ids": [one["id"] for one in items], "action": "delete"}
        (await api.post("/api/assets/bulk", json=body)).raise_for_status()
    for board in (await api.get("/api/boards")).json()["items"]:
        (await api.delete(f"/api/boards/{board['id']}")).raise_for_status()
    found = dict[str, str]()
    for number, name in enumerate(NAMES):
        answer = await api.post("/api/assets/upload", files=[file(name, 40 * number)])
        found[name] = answer.raise_for_status().json()["items"][0]["id"]
    return found


def tile(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=f"Open {name}.png")


def choice(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Choose {name}.png")


async def shows(page: Page, *names: str) -> None:
    """The grid shows these, in this order."""
    labels = [re.compile(f"Choose {name}") for name in names]
    await expect(page.get_by_role("group", name="Assets").get_by_role("checkbox")).to_have_count(len(names))
    for number, label in enumerate(labels):
        box = page.get_by_role("group", name="Assets").get_by_role("checkbox").nth(number)
        await expect(box).to_have_accessible_name(label)


async def test_words_find_assets_and_stand_in_the_address(studio: Studio, shelf: dict[str, str]) -> None:
    page = await studio.open("/assets")
    await shows(page, *reversed(NAMES))
    box = page.get_by_role("searchbox", name="Search assets")
    await box.fill("appl")
    await shows(page, "red apple")
    await expect(page).to_have_url(re.compile(r"q=appl"))
    await box.fill("zebra")
    await expect(page.get_by_text("Nothing fits")).to_be_visible()
    await page.get_by_role("button", name="Show everything").click()
    await shows(page, *reversed(NAMES))
    await expect(box).to_have_value("")
    await page.go_back()
    await shows(page)
    await page.goto(f"{studio.url}/assets?q=hill&sort=oldest")
    await shows(page, "green hill")
    await expect(box).to_have_value("hill")


async def test_tags_and_favourites_are_given_and_filter(studio: Studio, shelf: dict[str, str]) -> None:
    page = await studio.open("/assets")
    await tile(page, "red apple").click()
    shown = page.get_by_role("dialog", name="red apple.png")
    await (
        shown.get_by_role("textbox", name="Add a tag")
        .or_(shown.get_by_role("combobox", name="Add a tag"))
        .fill("Fruit, still life")
    )
    await shown.get_by_role("button", name="Add the tag").click()
    await expect(shown.get_by_role("button", name="Take off the tag still life")).to_be_visible()
    await shown.get_by_role("button", name="Take off the tag still life").click()
    await expect(shown.get_by_role("button", name="Take off the tag still life")).to_be_hidden()
    await shown.get_by_role("button", name="Make it a favourite").click()
    await expect(shown.get_by_role("button", name="No longer a favourite")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("group", name="Tags").get_by_role("button", name="fruit").click()
    await shows(page, "red apple")
    await page.get_by_role("group", name="Tags").get_by_role("button", name="fruit").click()
    await shows(page, *reversed(NAMES))
    await page.get_by_role("button", name="Favourites", exact=True).click()
    await shows(page, "red apple")
    await expect(page).to_have_url(re.compile("favourite=true"))
    await page.reload()
    await shows(page, "red apple")


async def test_many_boards_and_tags_fit_a_phone(
    open_studio: OpenStudio, shelf: dict[str, str], api: httpx.AsyncClient
) -> None:
    for number in range(12):
        (await api.post("/api/boards", json={"name": f"A board with a long name {number}"})).raise_for_status()
    tags = [f"a tag with many words {number}" for number in range(12)]
    body = {"ids": list(shelf.values()), "action": "tag", "tags": tags}
    (await api.post("/api/assets/bulk", json=body)).raise_for_status()
    page = await (await open_studio(width=360, height=740)).open("/assets")
    await expect(page.get_by_role("group", name="Boards").get_by_role("button")).to_have_count(13)
    await shows(page, *reversed(NAMES))
    assert await overflow(page) == [0, 0]


async def test_assets_come_onto_boards(studio: Studio, shelf: dict[str, str]) -> None:
    page = await studio.open("/assets")
    await page.get_by_role("button", name="New board").click()
    await page.get_by_role("dialog", name="New board").get_by_role("textbox", name="Name").fill("Still lifes")
    await page.get_by_role("button", name="Make the board").click()
    board = page.get_by_role("group", name="Boards").get_by_role("button", name=re.compile("^Board Still lifes"))
    await expect(board).to_have_attribute("aria-pressed", "true")
    await shows(page)
    await page.get_by_role("group", name="Boards").get_by_role("button", name="Everything").click()
    await tile(page, "blue house").drag_to(board)
    await expect(board).to_have_accessible_name("Board Still lifes 1")
    await choice(page, "red apple").click()
    bar = page.get_by_role("region", name="Chosen assets")
    await bar.get_by_role("button", name="Boards").click()
    await page.get_by_role("menuitem", name="Add to Still lifes").click()
    await expect(board).to_have_accessible_name("Board Still lifes 2")
    await board.click()
    await shows(page, "red apple", "blue house")
    await page.get_by_role("button", name="Actions for board Still lifes").click()
    await page.get_by_role("menuitem", name="Rename").click()
    await page.get_by_role("dialog").get_by_role("textbox", name="Name").fill("Quiet things")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    await expect(page.get_by_role("button", name="Board Quiet things 2")).to_be_visible()
    await page.get_by_role("button", name="Actions for board Quiet things").click()
    await page.get_by_role("menuitem", name="Delete the board").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete the board").click()
    await shows(page, *reversed(NAMES))


async def test_many_are_chosen_with_shift_and_deleted(studio: Studio, shelf: dict[str, str]) -> None:
    page = await studio.open("/assets")
    bar = page.get_by_role("region", name="Chosen assets")
    await choice(page, "old tower").click()
    await choice(page, "blue house").click(modifiers=["Shift"])
    await expect(bar.get_by_text("3 chosen")).to_be_visible()
    await tile(page, "green hill").click()
    await expect(bar.get_by_text("2 chosen")).to_be_visible()
    async with page.expect_download() as begun:
        await bar.get_by_role("button", name="Download").click()
    download = await begun.value
    with zipfile.ZipFile(Path(await download.path())) as archive:
        assert [name.split("-")[0] for name in archive.namelist()] == ["old", "old", "blue", "blue"]
    await choice(page, "old tower").focus()
    await page.keyboard.press("Delete")
    await page.get_by_role("dialog", name="Delete 2 assets?").get_by_role("button", name="Delete").click()
    await shows(page, "green hill", "red apple")
    await expect(bar).to_be_hidden()
    await choice(page, "red apple").focus()
    await page.keyboard.press("Control+a")
    await expect(bar.get_by_text("2 chosen")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(bar).to_be_hidden()


async def test_two_pictures_are_compared(studio: Studio, shelf: dict[str, str], accessible: CheckAccess) -> None:
    page = await studio.open("/assets")
    await choice(page, "red apple").click()
    bar = page.get_by_role("region", name="Chosen assets")
    await expect(bar.get_by_role("button", name="Compare")).to_be_disabled()
    await choice(page, "blue house").click()
    await bar.get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog", name="Compare")
    slider = dialog.get_by_role("slider", name="Before: red apple.png; after: blue house.png")
    await expect(slider).to_have_attribute("aria-valuenow", "50")
    await slider.focus()
    await page.keyboard.press("ArrowRight")
    await expect(slider).not_to_have_attribute("aria-valuenow", "50")
    await accessible(page)
    await dialog.get_by_role("button", name="Swap").click()
    await expect(dialog.get_by_role("slider", name="Before: blue house.png; after: red apple.png")).to_be_visible()


async def test_a_dropped_file_gives_its_settings_back(
    stack: Stack, studio: Studio, shelf: dict[str, str], tmp_path: Path, accessible: CheckAccess
) -> None:
    await asyncio.to_thread(stack.wait, "diffusion", 240)
    wanted = settings(prompt="a quiet harbour", negative_prompt="boats", seed=77, steps=11, sampler="euler_a")
    path = tmp_path / "harbour.png"
    await asyncio.to_thread(path.write_bytes, metadata.encode(picture(), "png", wanted).data)
    page = await studio.open("/assets")
    await page.locator("input[type=file]").set_input_files(path)
    dialog = page.get_by_role("dialog", name="harbour.png")
    await expect(dialog.get_by_text("Made with Atelier.")).to_be_visible()
    await expect(dialog.get_by_text("a quiet harbour")).to_be_visible()
    await accessible(page)
    await dialog.get_by_role("button", name="Restore settings").click()
    await expect(page).to_have_url(re.compile("/text-to-image"))
    await expect(page.get_by_role("textbox", name="Prompt", exact=True)).to_have_value("a quiet harbour")
    await expect(page.get_by_role("spinbutton", name="Steps")).to_have_value("11")
    await expect(page.get_by_role("textbox", name="Negative prompt")).to_have_value("boats")
    await page.goto(f"{studio.url}/assets")
    # Only looked into, not kept.
    await shows(page, *reversed(NAMES))
    await page.locator("input[type=file]").set_input_files(path)
    await page.get_by_role("button", name="Keep as an asset").click()
    await shows(page, "harbour", *reversed(NAMES))


async def test_a_file_that_is_not_what_it_says_is_refused(studio: Studio, shelf: dict[str, str]) -> None:
    page = await studio.open("/assets")
    await page.locator("input[type=file]").set_input_files(
        {"name": "words.png", "mimeType": "image/png", "buffer": b"just some words"}
    )
    await expect(page.get_by_text("words.png is no image: its content is text/plain")).to_be_visible()
    studio.forgive("422")
    await shows(page, *reversed(NAMES))


async def test_storage_is_told(studio: Studio, shelf: dict[str, str], accessible: CheckAccess) -> None:
    page = await studio.open("/assets")
    await page.get_by_role("button", name="Storage").click()
    panel = page.get_by_role("dialog", name="Storage")
    await expect(panel.get_by_text("in 4 assets")).to_be_visible()
    await expect(panel.get_by_text(re.compile("^uploaded 4", re.IGNORECASE))).to_be_visible()
    await in_both_themes(page, accessible)


@pytest.mark.parametrize("width", [360, 1280])
async def test_with_assets_chosen_the_page_fits_and_is_accessible(
    open_studio: OpenStudio, shelf: dict[str, str], api: httpx.AsyncClient, accessible: CheckAccess, width: int
) -> None:
    await api.post("/api/boards", json={"name": "A board with a name that is longer than others"})
    body = {"ids": list(shelf.values()), "action": "tag", "tags": ["a rather long tag for a phone", "b"]}
    (await api.post("/api/assets/bulk", json=body)).raise_for_status()
    studio = await open_studio(width=width, height=740)
    page = await studio.open("/assets?favourite=true")
    await expect(page.get_by_text("Nothing fits")).to_be_visible()
    await in_both_themes(page, accessible)
    await page.get_by_role("button", name="Show everything").click()
    await choice(page, "red apple").click()
    await expect(page.get_by_role("region", name="Chosen assets")).to_be_visible()
    assert await overflow(page) == [0, 0]
    await in_both_themes(page, accessible)
