"""How quickly a model answers: measured, watched, found again after a refresh, cancelled, and compared with before."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.api import ended
from tests.browser.conftest import CheckAccess, OpenStudio, Studio, in_both_themes, overflow, register
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("alone")]

LONG = "word " * 30
SHORT = "word " * 5


@pytest.fixture(scope="module")
def stack(small_stack: Stack) -> Stack:
    """In place of the whole one."""
    return small_stack


@pytest.fixture
async def gemma() -> AsyncIterator[StandIn]:
    gemma = StandIn("lm_studio", ["gemma-2-2b-it"], SHORT)
    async with standing_in(gemma):
        yield gemma


@pytest.fixture
async def mine(api: httpx.AsyncClient, gemma: StandIn, alone: None) -> str:
    """The id of the one endpoint that is registered."""
    return await register(api, gemma, "My Gemma")


async def measured(api: httpx.AsyncClient, endpoint_id: str) -> None:
    """Measures past the interface."""
    job = (await api.post(f"/api/endpoints/{endpoint_id}/benchmark", json={})).raise_for_status().json()
    assert (await ended(api, job["id"]))["status"] == "completed"


def under_way(page: Page) -> Locator:
    return page.get_by_role("region", name="Measurement under way")


def newest(page: Page) -> Locator:
    return page.get_by_role("region", name="Newest measurement")


def measure(page: Page) -> Locator:
    return page.get_by_role("button", name="Measure", exact=True)


async def test_a_measurement_is_watched_found_again_after_a_refresh_and_drawn(
    studio: Studio, gemma: StandIn, mine: str, accessible: CheckAccess
) -> None:
    page = await studio.open("/models")
    await page.get_by_role("button", name="More for My Gemma").click()
    await page.get_by_role("menuitem", name="Measure its speed").click()
    await expect(page).to_have_url(f"{studio.url}/models/{mine}")
    await expect(page.get_by_role("heading", name="Not measured yet")).to_be_visible()
    await in_both_themes(page, accessible)
    gemma.fault, gemma.words = "slow", LONG
    await measure(page).click()
    await expect(under_way(page).get_by_text("1 of 23 answers")).to_be_visible()
    await expect(under_way(page).get_by_role("status")).to_have_text("Measuring, 1 at once")
    await expect(measure(page)).to_be_disabled()
    await in_both_themes(page, accessible)

    await page.reload()
    await expect(under_way(page).get_by_text(re.compile(r"^[12] of 23 answers"))).to_be_visible()
    await expect(measure(page)).to_be_disabled()
    gemma.fault, gemma.words = "", SHORT
    await expect(newest(page)).to_be_visible()
    await expect(under_way(page)).to_have_count(0)
    for title in ("Tokens a second", "Time to first token"):
        chart = newest(page).get_by_role(
            "img", name=re.compile(f"^{title}: .* 1 at once, .* 4 at once, .* 16 at once$")
        )
        await expect(chart).to_be_visible()
    rows = newest(page).get_by_role("row")
    await expect(rows.get_by_role("rowheader")).to_have_text(["1", "4", "16"])
    await expect(rows.last).to_contain_text("0 of 16")
    await expect(newest(page).get_by_text("≈")).to_have_count(0)
    await expect(measure(page)).to_be_enabled()
    await in_both_themes(page, accessible)


async def test_a_measurement_is_cancelled(studio: Studio, api: httpx.AsyncClient, gemma: StandIn, mine: str) -> None:
    gemma.fault, gemma.words = "slow", LONG * 20
    page = await studio.open(f"/models/{mine}")
    await measure(page).click()
    await under_way(page).get_by_role("button", name="Cancel").click()
    earlier = page.get_by_role("region", name="Earlier measurements").get_by_role("listitem")
    await expect(earlier).to_contain_text("Cancelled")
    await expect(under_way(page)).to_have_count(0)
    await expect(measure(page)).to_be_enabled()
    assert [job["status"] for job in (await api.get(f"/api/endpoints/{mine}/benchmarks")).json()["items"]] == [
        "cancelled"
    ]


async def test_each_measurement_is_compared_with_the_one_before(
    studio: Studio, api: httpx.AsyncClient, gemma: StandIn, mine: str, accessible: CheckAccess
) -> None:
    gemma.fault = "slow"
    await measured(api, mine)
    gemma.fault = ""
    await measured(api, mine)
    page = await studio.open(f"/models/{mine}")
    await expect(newest(page).get_by_role("row").nth(1)).to_contain_text("× as fast")
    earlier = page.get_by_role("region", name="Earlier measurements").get_by_role("listitem")
    await expect(earlier).to_have_count(1)
    await expect(earlier).to_contain_text("16 at once")
    await expect(earlier).not_to_contain_text("fast")

    # Another model is not compared; of one that does not say how much it wrote, it is said so.
    gemma.models, gemma.tells_usage = ["qwen"], False
    (await api.patch(f"/api/endpoints/{mine}", json={"model": "qwen"})).raise_for_status()
    await measure(page).click()
    await expect(newest(page).get_by_role("heading", name="qwen")).to_be_visible()
    await expect(newest(page).get_by_text("gemma-2-2b-it, so the two are not compared")).to_be_visible()
    await expect(newest(page).get_by_text("≈ is an estimate: My Gemma does not say")).to_be_visible()
    await expect(newest(page).get_by_text(re.compile("as fast|faster|slower"))).to_have_count(0)
    await expect(earlier).to_have_count(2)
    await expect(earlier.first).to_contain_text("× as fast")
    await in_both_themes(page, accessible)


async def test_of_a_model_that_is_away_it_is_said_what_to_do(studio: Studio, gemma: StandIn, mine: str) -> None:
    await gemma.stop()
    page = await studio.open(f"/models/{mine}")
    await expect(page.locator("#content").get_by_text("Nothing answers at its address.")).to_be_visible()
    await measure(page).click()
    failed = page.get_by_role("alert").filter(has_text="The last measurement failed")
    await expect(failed).to_contain_text("My Gemma is not there")
    await failed.get_by_role("link", name="Change its address or key").click()
    form = page.get_by_role("dialog", name="Edit My Gemma")
    await expect(form.get_by_role("textbox", name="Address")).to_have_value(gemma.base_url)
    await page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    await expect(page).to_have_url(f"{studio.url}/models")
    await page.go_back()
    await gemma.start()
    await failed.get_by_role("button", name="Retry").click()
    await expect(newest(page)).to_be_visible()
    await expect(failed).to_have_count(0)


async def test_a_measurement_fits_a_phone(
    open_studio: OpenStudio, api: httpx.AsyncClient, gemma: StandIn, alone: None
) -> None:
    gemma.models = ["a-model-with-a-name-longer-than-any-screen-of-a-phone-is-wide"]
    mine = await register(api, gemma, "Wide" * 25)
    for _ in range(2):
        await measured(api, mine)
    page = await (await open_studio(width=360, height=740)).open(f"/models/{mine}")
    await expect(newest(page)).to_be_visible()
    assert await overflow(page) == [0, 0]


async def test_a_model_that_is_not_there_is_said_so(studio: Studio) -> None:
    page = await studio.open("/models/01K0000000000000000000000")
    await expect(page.get_by_role("alert")).to_contain_text("There is no such model")
