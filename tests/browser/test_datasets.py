"""Datasets: answers are rated, made into one, looked at, taken away and deleted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.conftest import HOUSE, CheckAccess, OpenStudio, Studio, overflow
from tests.service.stand_ins import StandIn
from tests.sse import events
from tests.stack import Stack

pytestmark = pytest.mark.browser

LONG = "The house answers at length. " * 60


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture(autouse=True)
async def nothing_rated(api: httpx.AsyncClient, alone: None) -> None:
    for path in ("/api/datasets/", "/api/conversations"):
        for one in (await api.get(path)).json()["items"]:
            (await api.delete(f"{path.rstrip('/')}/{one['id']}")).raise_for_status()


async def rate(api: httpx.AsyncClient, count: int, rating: int = 1) -> None:
    """Asks and rates past the interface."""
    made = await api.post("/api/conversations", json={"title": "Rated", "system_prompt": "Be kind."})
    path = f"/api/conversations/{made.json()['id']}/messages"
    for number in range(count):
        async with api.stream("POST", path, json={"content": f"Question {number}?", "parent_id": None}) as answer:
            told = [event async for event in events(answer)]
        assert told[-1].event == "done", told[-1].data
        (await api.patch(f"{path}/{told[-1].data['id']}", json={"rating": rating})).raise_for_status()


def suggestion(page: Page) -> Locator:
    return page.get_by_role("region", name="Rated answers")


async def test_rated_answers_become_a_dataset(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess, tmp_path: Path
) -> None:
    page = await studio.open("/datasets")
    await expect(page.get_by_role("heading", name="Your opinion is training data")).to_be_visible()
    await expect(suggestion(page)).to_have_count(0)
    await page.get_by_role("link", name="Rate answers in the chat").click()
    await page.get_by_role("textbox", name="Your message").fill("Who is there?")
    await page.get_by_role("textbox", name="Your message").press("Enter")
    await page.get_by_role("button", name="Good answer").click()
    await expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("link", name="Models", exact=True).click()
    await expect(suggestion(page)).to_contain_text("You have rated 1 answer good. 19 more make a dataset")
    await accessible(page)

    await rate(api, 19)
    await rate(api, 2, rating=-1)
    await page.get_by_role("link", name="Datasets", exact=True).click()
    await page.reload()
    make = suggestion(page).get_by_role("button", name="Make a dataset from 20 rated answers")
    await expect(make).to_be_visible()
    await accessible(page)
    await make.click()
    await expect(page.get_by_text("Rated answers is ready")).to_be_visible()
    await expect(suggestion(page)).to_contain_text("20 answers you rated good are in Rated answers.")
    await expect(suggestion(page)).to_be_focused()
    await expect(page.get_by_role("article", name="Rated answers")).to_contain_text("Version 1: 20 items")
    await accessible(page)

    await page.get_by_role("button", name="Open", exact=True).click()
    await expect(page.get_by_role("heading", name="Rated answers", exact=True)).to_be_visible()
    figures = page.get_by_label("Statistics")
    for text in ("20 good, 0 bad", "m (20)", re.compile(r"^[\d,]+ characters$")):
        await expect(figures.get_by_text(text)).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(20)
    first = page.get_by_role("article", name="Item 1", exact=True)
    await expect(first).to_contain_text("Who is there?")
    await expect(first).to_contain_text("The house answers.")
    second = page.get_by_role("article", name="Item 2", exact=True)
    await expect(second.get_by_text("Be kind.")).to_have_count(0)
    await second.get_by_role("button", name="1 message before").click()
    await expect(second.get_by_text("Be kind.")).to_be_visible()
    await accessible(page)
    await page.emulate_media(color_scheme="dark")
    await accessible(page)

    async with page.expect_download() as started:
        await page.get_by_role("button", name="Download").click()
    download = await started.value
    assert download.suggested_filename == "Rated answers-1.jsonl"
    await download.save_as(tmp_path / "rated.jsonl")
    content = await asyncio.to_thread((tmp_path / "rated.jsonl").read_bytes)
    (kept,) = (await api.get("/api/datasets/")).json()["items"]
    assert hashlib.sha256(content).hexdigest() == kept["latest"]["sha256"]
    assert json.loads(content.splitlines()[0])["messages"][0] == {"role": "user", "content": "Who is there?"}

    await page.get_by_role("button", name="Edit").click()
    form = page.get_by_role("dialog", name="Edit Rated answers")
    await form.get_by_role("textbox", name="Name").fill("Kind answers")
    await form.get_by_role("textbox", name="Tags").fill("kind, short")
    await accessible(page)
    await form.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Kind answers", exact=True)).to_be_visible()
    await expect(page.get_by_text("short", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog", name="Delete Kind answers?").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()
    await expect(page.get_by_role("heading", name="Your opinion is training data")).to_be_visible()
    # The ratings are still there.
    await expect(make).to_be_visible()
    assert (await api.get(f"/api/datasets/{kept['id']}")).status_code == 404


async def test_a_dataset_gets_new_versions_and_keeps_the_old(
    studio: Studio, api: httpx.AsyncClient, house: StandIn
) -> None:
    await rate(api, 20)
    made = (await api.post("/api/datasets/from-ratings", json={"name": "Mine"})).json()
    house.words = LONG
    await rate(api, 3)
    house.words = HOUSE
    page = await studio.open("/models")
    await expect(suggestion(page)).to_contain_text("You have rated 23 answers good. Mine was made of 20.")
    await suggestion(page).get_by_role("button", name="Make version 2").click()
    await suggestion(page).get_by_role("link", name="Mine").click()
    await expect(page.get_by_label("Statistics").get_by_text("23 good, 0 bad")).to_be_visible()
    await expect(page.get_by_role("article")).to_have_count(20)
    await page.get_by_role("button", name="Show more").click()
    await expect(page.get_by_role("article")).to_have_count(23)
    last = page.get_by_role("article", name="Item 23", exact=True)
    cut = await last.bounding_box()
    await last.get_by_role("button", name="Show all of it").click()
    await expect(last.get_by_role("button", name="Show less")).to_be_visible()
    whole = await last.bounding_box()
    assert cut is not None and whole is not None and whole["height"] > cut["height"]

    await page.get_by_role("combobox", name="Version").click()
    await page.get_by_role("option", name="Version 1").click()
    await expect(page).to_have_url(re.compile(rf"/datasets/{made['id']}\?version=1$"))
    await expect(page.get_by_label("Statistics").get_by_text("20 good, 0 bad")).to_be_visible()
    await expect(page.get_by_text("not the newest")).to_be_visible()
    await expect(page.get_by_role("button", name="Show more")).to_have_count(0)

    await page.get_by_role("link", name="All datasets").click()
    await page.get_by_role("searchbox", name="Search datasets").fill("no such words")
    await expect(page.get_by_text("No dataset has these words.")).to_be_visible()
    await page.get_by_role("searchbox", name="Search datasets").fill("min")
    await page.get_by_role("button", name="More for Mine").click()
    await page.get_by_role("menuitem", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("article", name="Mine")).to_have_count(0)


async def test_datasets_fit_a_phone(open_studio: OpenStudio, api: httpx.AsyncClient, house: StandIn) -> None:
    house.words = "W" * 900
    await rate(api, 20)
    house.words = HOUSE
    body = {"name": "Wide" * 25, "description": "Wide" * 100, "tags": ["w" * 40]}
    made = (await api.post("/api/datasets/from-ratings", json=body)).json()
    studio = await open_studio(width=360, height=740)
    page = await studio.open("/datasets")
    await expect(page.get_by_role("article")).to_be_visible()
    await expect(suggestion(page)).to_be_visible()
    assert await overflow(page) == [0, 0]
    await page.goto(f"{studio.url}/datasets/{made['id']}")
    await expect(page.get_by_role("article", name="Item 20", exact=True)).to_be_attached()
    await expect(page.get_by_label("Statistics")).to_be_visible()
    assert await overflow(page) == [0, 0]


async def test_a_dataset_that_is_gone_says_so(studio: Studio) -> None:
    page = await studio.open("/datasets/01K9ZC1Q5V8M3T7R2N4B6D0XYA")
    await expect(page.get_by_role("alert")).to_contain_text("There is no dataset 01K9ZC1Q5V8M3T7R2N4B6D0XYA.")
    await page.get_by_role("link", name="All datasets").click()
    await expect(page.get_by_role("heading", name="Datasets", exact=True)).to_be_visible()
    studio.forgive("404")
