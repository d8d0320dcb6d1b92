"""The Creator: files written while one watches, changed, compared, kept and taken away."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import CheckAccess, OpenStudio, Studio, in_both_themes, overflow, register
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

pytestmark = pytest.mark.browser

WIDE = "wide = '" + "wide" * 40 + "'"
FIRST = f"""Here it is.

### counter.py
```python
def count(clicks: int) -> str:
    # How often
    return "clicked " + str(clicks)

{WIDE}
```

### lib/broken.py
```python
numbers = (
```
"""
SECOND = """### lib/broken.py
```python
numbers = (1, 2)
```
"""


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture(autouse=True)
async def clean(api: httpx.AsyncClient, house: StandIn, alone: None) -> None:
    """No project yet; the built-in model writes two files."""
    house.words = FIRST
    for one in (await api.get("/api/code")).json()["items"]:
        (await api.delete(f"/api/code/{one['id']}")).raise_for_status()
    (await api.put("/api/routing", json={"cool_down_s": 0})).raise_for_status()


async def written(api: httpx.AsyncClient, name: str = "Counter") -> str:
    """Has a project written past the interface; returns its id."""
    body = {"project_name": name, "description": "Counts clicks.", "framework": "python", "target_type": "script"}
    return str((await api.post("/api/code/generate", json=body)).raise_for_status().json()["id"])


async def describe(page: Page, name: str = "Counter") -> None:
    """Fills in the form."""
    await page.get_by_role("textbox", name="Project name").fill(name)
    await page.get_by_role("textbox", name="Description").fill("Counts clicks.")
    await page.get_by_role("combobox", name="Framework").click()
    await page.get_by_role("option", name="Python 3").click()


def tab(page: Page, path: str) -> Locator:
    return page.get_by_role("tab", name=path)


def code(page: Page, path: str) -> Locator:
    return page.get_by_role("region", name=f"Code of {path}")


async def test_files_appear_while_they_are_written_and_stay(
    studio: Studio, house: StandIn, accessible: CheckAccess
) -> None:
    house.fault = "slow"
    page = await studio.open("/creator")
    await expect(page.get_by_role("textbox", name="Project name")).to_be_focused()
    await expect(page.get_by_text("Nothing written yet")).to_be_visible()
    await expect(page.get_by_role("group", name="Who writes")).to_contain_text("house-model")
    await describe(page)
    await expect(page.get_by_role("combobox", name="Target")).to_have_text("Script")
    await page.get_by_role("textbox", name="Description").press("Control+Enter")
    await expect(page.get_by_role("heading", name="Counter", exact=True)).to_be_visible()
    await expect(page.get_by_text("Writing counter.py …")).to_be_visible()
    await expect(tab(page, "counter.py")).to_have_attribute("data-state", "active")
    await expect(code(page, "counter.py")).to_contain_text("def count(")
    await in_both_themes(page, accessible)
    await expect(page.get_by_text(re.compile(r"^Generated with Built in.*\(house-model\) in \d"))).to_be_visible()

    await expect(code(page, "counter.py").locator(".hljs-keyword", has_text="def")).to_be_visible()
    await page.get_by_role("button", name="Copy counter.py").click()
    assert (await page.evaluate("() => navigator.clipboard.readText()")).startswith("def count(clicks: int) -> str:\n")
    await tab(page, "counter.py").focus()
    await page.keyboard.press("ArrowRight")
    await expect(tab(page, "lib/broken.py")).to_be_focused()
    await expect(tab(page, "lib/broken.py")).to_contain_text("1fault")
    await page.get_by_role("list", name="Faults").get_by_role("button", name=re.compile("^Line 1 ")).click()
    await expect(code(page, "lib/broken.py")).to_be_focused()
    await in_both_themes(page, accessible)

    await page.reload()
    await expect(page.get_by_text(re.compile("^Generated with Built in"))).to_be_visible()
    await expect(code(page, "counter.py")).to_contain_text("def count(")
    await page.get_by_role("link", name="New project").click()
    await expect(page.get_by_role("link", name=re.compile("^Counter"))).to_be_visible()
    await expect(page.get_by_role("textbox", name="Project name")).to_have_value("")


async def test_a_version_follows_another_and_both_can_be_compared_and_taken_away(
    studio: Studio, api: httpx.AsyncClient, house: StandIn, accessible: CheckAccess, tmp_path: Path
) -> None:
    page = await studio.open(f"/creator/{await written(api)}")
    house.words = SECOND
    box = page.get_by_role("textbox", name="What shall be different from version 1?")
    await box.fill("Close the parenthesis.")
    await page.get_by_role("button", name="Refine").click()
    await expect(page.get_by_role("combobox", name="Version")).to_have_text("Version 2")
    await expect(code(page, "lib/broken.py")).to_contain_text("numbers = (1, 2)")
    await expect(page.get_by_role("list", name="Faults")).to_have_count(0)

    await page.get_by_role("radio", name="Changes").click()
    changes = page.get_by_role("region", name="Changes of lib/broken.py")
    await expect(changes).to_contain_text("-numbers = (+numbers = (1, 2)")
    await in_both_themes(page, accessible)
    await page.get_by_role("combobox", name="Compared with").click()
    await page.get_by_role("option", name="Since the beginning").click()
    await expect(page.get_by_role("region", name="Changes of counter.py")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("region", name="Changes of counter.py")).to_be_visible()
    await page.get_by_role("radio", name="Raw answer").click()
    await expect(page.get_by_role("region", name="Raw answer")).to_contain_text("### lib/broken.py")

    await page.get_by_role("radio", name="Files").click()
    await page.get_by_role("combobox", name="Version").click()
    await page.get_by_role("option", name="Version 1").click()
    await expect(tab(page, "lib/broken.py")).to_contain_text("1fault")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download zip").click()
    saved = await saving.value
    assert saved.suggested_filename == "Counter.zip"
    await saved.save_as(tmp_path / "it.zip")
    with zipfile.ZipFile(io.BytesIO((tmp_path / "it.zip").read_bytes())) as archive:
        assert archive.read("lib/broken.py") == b"numbers = (\n"

    await page.get_by_role("button", name="Regenerate").click()
    await expect(page.get_by_role("combobox", name="Version")).to_have_text("Version 3")
    await expect(page.get_by_role("tab")).to_have_count(1)


async def test_stop_keeps_what_was_written(studio: Studio, house: StandIn) -> None:
    house.fault = "slow"
    page = await studio.open("/creator")
    await describe(page)
    await page.get_by_role("button", name="Generate").click()
    await expect(code(page, "counter.py")).to_contain_text("def count(")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_text(re.compile("^Stopped after .* What was written until then is kept"))).to_be_visible()
    await expect(tab(page, "counter.py")).to_contain_text("incomplete")
    await expect(code(page, "counter.py")).to_contain_text("def count(")


async def test_an_answer_without_files_and_a_model_that_fails_are_told(
    studio: Studio, house: StandIn, accessible: CheckAccess
) -> None:
    house.words = "I would rather not."
    page = await studio.open("/creator")
    await describe(page)
    await page.get_by_role("button", name="Generate").click()
    await expect(page.get_by_role("alert")).to_contain_text("The model's answer holds no file.")
    await expect(page.get_by_role("region", name="Raw answer")).to_contain_text("I would rather not.")
    await accessible(page)

    house.fault = "500"
    await page.get_by_role("button", name="Regenerate").click()
    await expect(page.get_by_role("alert").get_by_role("link", name="See how your models are")).to_be_visible()
    await in_both_themes(page, accessible)
    house.fault, house.words = "", FIRST
    await page.reload()
    await expect(page.get_by_role("alert").get_by_role("link", name="See how your models are")).to_be_visible()
    await page.get_by_role("alert").get_by_role("button", name="Retry").click()
    await expect(page.get_by_text(re.compile("^Generated with Built in"))).to_be_visible()


async def test_it_is_told_who_answered_in_whose_place(studio: Studio, api: httpx.AsyncClient) -> None:
    coder = StandIn("lm_studio", ["coder"], FIRST, fault="500")
    async with standing_in(coder):
        mine = await register(api, coder, "My Coder")
        rules = {"task_rules": [{"task": "code", "endpoint_id": mine}], "fallback": ["embedded"], "cool_down_s": 0}
        (await api.put("/api/routing", json=rules)).raise_for_status()
        page = await studio.open("/creator")
        await expect(page.get_by_role("group", name="Who writes")).to_contain_text("My Coder")
        await expect(page.get_by_role("group", name="Who writes")).to_contain_text("the rule for code")
        await describe(page)
        await page.get_by_role("button", name="Generate").click()
        await page.get_by_text(re.compile("^Built in.* answered in place of My Coder")).click()
        await expect(page.get_by_role("listitem").filter(has_text="My Coder failed").first).to_be_visible()


async def test_what_is_missing_is_said_at_its_field(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/creator")
    await page.get_by_role("button", name="Generate").click()
    name = page.get_by_role("textbox", name="Project name")
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(name).to_be_focused()
    await expect(page.get_by_role("textbox", name="Description")).to_have_attribute("aria-invalid", "true")
    await in_both_themes(page, accessible)
    studio.forgive("422")


async def test_earlier_projects_are_found_and_deleted(studio: Studio, api: httpx.AsyncClient) -> None:
    await written(api, "Counter")
    gone = await written(api, "Abacus")
    page = await studio.open("/creator")
    projects = page.get_by_role("region", name="Earlier projects")
    await expect(projects.get_by_role("link")).to_have_count(2)
    await projects.get_by_role("searchbox").fill("abac")
    await expect(projects.get_by_role("link")).to_have_count(1)
    await projects.get_by_role("button", name="Delete Abacus").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(projects.get_by_text("No project has these words.")).to_be_visible()
    assert (await api.get(f"/api/code/{gone}")).status_code == 404
    await projects.get_by_role("searchbox").fill("")
    await projects.get_by_role("link", name=re.compile("^Counter")).click()
    await expect(page.get_by_role("heading", name="Counter", exact=True)).to_be_visible()
    await page.goto(f"{studio.url}/creator/{gone}")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("link", name="All projects")).to_be_visible()
    studio.forgive("404")


async def test_a_project_fits_a_phone(open_studio: OpenStudio, api: httpx.AsyncClient) -> None:
    name = "Wide" * 25
    page = await (await open_studio(width=360, height=740)).open(f"/creator/{await written(api, name)}")
    await expect(code(page, "counter.py")).to_contain_text(WIDE)
    assert await overflow(page) == [0, 0]
    for view in ("Changes", "Raw answer"):
        await page.get_by_role("radio", name=view).click()
        await expect(page.get_by_role("region").first).to_be_visible()
        assert await overflow(page) == [0, 0]
    await page.get_by_role("link", name="New project").click()
    await expect(page.get_by_role("link", name=re.compile("^Wide"))).to_be_visible()
    assert await overflow(page) == [0, 0]
