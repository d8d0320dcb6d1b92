"""XYZ grids: axes by choice and by range, a sheet, and its pictures."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import CheckAccess, Studio, in_both_themes

pytestmark = pytest.mark.browser


async def test_a_grid_of_two_by_two_has_a_sheet_and_four_pictures(studio: Studio, accessible: CheckAccess) -> None:
    page = await studio.open("/grid")
    prompt = "a red apple on a white background"
    await page.get_by_role("textbox", name="Prompt", exact=True).fill(prompt)
    columns, rows = page.get_by_role("group", name="Columns"), page.get_by_role("group", name="Rows")
    await columns.get_by_role("textbox", name="Values").fill("2-4 (+2)")
    await rows.get_by_role("combobox").click()
    await page.get_by_role("option", name="Sampler").click()
    await expect(rows.get_by_role("button", pressed=True)).to_have_count(2)
    await expect(page.get_by_text("4 of at most 100 pictures")).to_be_visible()
    await page.get_by_role("button", name="Make a grid of 4").click()
    card = page.get_by_role("article", name=prompt).first
    await expect(card.get_by_role("button", name=re.compile("^Open the sheet"))).to_be_visible()
    await expect(card.get_by_role("button", name=re.compile("^Open picture"))).to_have_count(4)
    await expect(card.get_by_role("columnheader", name="Steps 4")).to_be_visible()
    await in_both_themes(page, accessible)
    await card.get_by_role("button", name=re.compile("^Open picture 2")).click()
    lightbox = page.get_by_role("dialog", name=prompt)
    await expect(lightbox).to_be_visible()
    await page.keyboard.press("Escape")
    # The sheet brings the whole grid back.
    await page.get_by_role("group", name="Columns").get_by_role("button", name="Take out columns").click()
    await card.get_by_role("button", name="Use these settings").click()
    await expect(columns.get_by_role("textbox", name="Values")).to_have_value("2, 4")


async def test_what_cannot_be_asked_is_said_at_its_axis(studio: Studio) -> None:
    page = await studio.open("/grid")
    await page.get_by_role("textbox", name="Prompt", exact=True).fill("a fox in the snow")
    values = page.get_by_role("group", name="Columns").get_by_role("textbox", name="Values")
    await values.fill("ten")
    await expect(page.get_by_text("Numbers with commas, or a range")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Make a grid")).click()
    await expect(values).to_be_focused()
    await values.fill("1-20")
    await page.get_by_role("group", name="Rows").get_by_role("textbox", name="Values").fill("1-10")
    await expect(page.get_by_text("200 of at most 100 pictures")).to_be_visible()
    await page.get_by_role("button", name=re.compile("^Make a grid")).click()
    await expect(page.get_by_text("200 pictures are too many")).to_be_visible()
    # What only the server knows stands at the axis too.
    await values.fill("10, 151")
    await page.get_by_role("group", name="Rows").get_by_role("textbox", name="Values").fill("1, 2")
    await page.get_by_role("button", name="Make a grid of 4").click()
    await expect(page.get_by_role("group", name="Columns").get_by_text("less than or equal to 150")).to_be_visible()
    studio.forgive("422")
