"""The registry of models: one is brought in as a file, seen coming, loaded, used, edited and deleted."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, OpenStudio, Studio, overflow
from tests.service.model_sources import lora, starter_files
from tests.stack import Stack

pytestmark = pytest.mark.browser

LOADED_MS = 120_000


@pytest.fixture(scope="module")
def stack(picture_stack: Stack) -> Stack:
    return picture_stack


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A LoRA, the starter model in a zip, and a pickle."""
    tags = {"ss_tag_frequency": json.dumps({"10_ohwx cat": {"ohwx cat": 10}})}
    (tmp_path / "cats.safetensors").write_bytes(lora(rank=8, metadata=tags))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in starter_files().items():
            archive.writestr(name, content)
    (tmp_path / "copy.zip").write_bytes(buffer.getvalue())
    (tmp_path / "bad.safetensors").write_bytes(b"\x80\x04" + b"\0" * 100)
    return tmp_path


async def add(page: Page, file: Path, name: str) -> Locator:
    """Uploads a file on the page; its card."""
    await page.get_by_role("button", name="Add a model").first.click()
    dialog = page.get_by_role("dialog", name="Add a model")
    await dialog.get_by_role("radio", name="Upload a file").click()
    await dialog.get_by_label("File").set_input_files(str(file))
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("button", name="Add it").click()
    await expect(dialog).to_be_hidden()
    return page.get_by_role("article", name=name)


async def test_a_model_is_brought_in_loaded_and_deleted(studio: Studio, files: Path) -> None:
    page = await studio.open("/models/images")
    await expect(page.get_by_role("article", name="starter")).to_be_visible()
    card = await add(page, files / "copy.zip", "my copy")
    await expect(card.get_by_text("Ready")).to_be_visible(timeout=LOADED_MS)
    await expect(card).to_contain_text("Base model")
    await card.get_by_role("button", name="Load", exact=True).click()
    await expect(card.get_by_text("In memory", exact=True)).to_be_visible(timeout=LOADED_MS)
    await expect(page.get_by_role("region", name="Memory")).to_contain_text("2 in memory")
    await card.get_by_role("button", name="Keep my copy in memory").click()
    await expect(card.get_by_text("Pinned")).to_be_visible()
    await card.get_by_role("button", name="Unload").click()
    await expect(card.get_by_text("Ready")).to_be_visible()
    await expect(card.get_by_text("Pinned")).to_be_hidden()

    await card.get_by_role("button", name="More about my copy").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog", name="Delete my copy?").get_by_role("button", name="Delete").click()
    await expect(card).to_be_hidden()


async def test_a_lora_shows_its_words_and_can_be_found_and_edited(studio: Studio, files: Path) -> None:
    page = await studio.open("/models/images")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    card = await add(page, files / "cats.safetensors", "cats")
    await expect(card).to_contain_text("LoRA · SD 1.5 · rank 8", timeout=LOADED_MS)
    await card.get_by_role("button", name="Copy ohwx cat").click()
    assert await page.evaluate("navigator.clipboard.readText()") == "ohwx cat"
    await expect(card.get_by_role("button", name="Load", exact=True)).to_be_hidden()

    await card.get_by_role("button", name="More about cats").click()
    await page.get_by_role("menuitem", name="Edit").click()
    dialog = page.get_by_role("dialog", name="Edit cats")
    await dialog.get_by_label("Tags").fill("animals, fur")
    await dialog.get_by_label("Description").fill("For cats of every kind.")
    await dialog.get_by_role("button", name="Save").click()
    await expect(card).to_contain_text("For cats of every kind.")
    await page.get_by_label("Search models").fill("FUR")
    await expect(page.get_by_role("article", name="starter")).to_be_hidden()
    await expect(card).to_be_visible()
    await page.get_by_label("Search models").fill("no such thing")
    await expect(page.get_by_text("No model is like that.")).to_be_visible()


async def test_a_pickle_is_refused_with_the_reason_where_it_would_stand(studio: Studio, files: Path) -> None:
    page = await studio.open("/models/images")
    card = await add(page, files / "bad.safetensors", "bad")
    await expect(card).to_contain_text(re.compile("is a pickle"), timeout=LOADED_MS)
    await expect(card.get_by_text("Failed", exact=True)).to_be_visible()


async def test_an_address_that_is_none_is_told_at_its_field(studio: Studio) -> None:
    page = await studio.open("/models")
    await page.get_by_role("link", name="Image & video").click()
    await page.get_by_role("button", name="Add a model").first.click()
    dialog = page.get_by_role("dialog", name="Add a model")
    await dialog.get_by_label("Where it lies").fill("what is this")
    await dialog.get_by_role("button", name="Add it").click()
    await expect(dialog.get_by_text(re.compile("names no place a model could come from")).first).to_be_visible()
    studio.forgive("422")


async def test_the_page_and_its_dialogs_are_usable_by_everyone(
    open_studio: OpenStudio, accessible: CheckAccess, api: httpx.AsyncClient
) -> None:
    studio = await open_studio(width=360, height=740)
    page = await studio.open("/models/images")
    await expect(page.get_by_role("article", name="starter")).to_be_visible()
    assert await overflow(page) == [0, 0]
    await page.get_by_role("button", name="Add a model").first.click()
    await expect(page.get_by_role("dialog", name="Add a model")).to_be_visible()
    await accessible(page)
