"""Usage, what it cost, and who answers: what was used is added up, prices can be set, and routing is the user's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.api import until
from tests.browser.conftest import CheckAccess, OpenStudio, Studio, overflow, running_small
from tests.service.stand_ins import StandIn, standing_in
from tests.stack import Stack

pytestmark = pytest.mark.browser

ANSWER = "The sea is wide and blue"
LONG = "sea-instruct-with-a-name-that-is-rather-long-for-a-narrow-screen"


@dataclass(frozen=True)
class Registered:
    """A stand-in as the user knows it."""

    id: str
    name: str
    model: str


@pytest.fixture(scope="module")
async def stack(chromium: str, house: StandIn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack of its own, which remembers answers."""
    assert chromium
    environment = {"ATELIER_ANSWER_CACHE_MB": "16"}
    async with running_small(tmp_path_factory.mktemp("usage"), house, environment) as running:
        yield running


@pytest.fixture(autouse=True)
async def put_back(api: httpx.AsyncClient) -> AsyncIterator[None]:
    """Prices and routing are as they were once the test is over."""
    yield
    (await api.put("/api/usage/prices", json={"items": []})).raise_for_status()
    (await api.put("/api/routing", json={})).raise_for_status()


@asynccontextmanager
async def registered(api: httpx.AsyncClient, kind: str, name: str, model: str) -> AsyncIterator[Registered]:
    """An endpoint of one test alone."""
    stand_in = StandIn("lm_studio", [model], ANSWER, tells_usage=kind != "openai")
    async with standing_in(stand_in):
        body = {"name": name, "kind": kind, "base_url": stand_in.base_url}
        endpoint_id = (await api.post("/api/endpoints", json=body)).raise_for_status().json()["id"]
        yield Registered(endpoint_id, name, model)
        await api.delete(f"/api/endpoints/{endpoint_id}")


@pytest.fixture
async def sea(api: httpx.AsyncClient, request: pytest.FixtureRequest) -> AsyncIterator[Registered]:
    async with registered(api, "lm_studio", "Sea", f"{LONG}-{len(request.node.name)}") as endpoint:
        yield endpoint


@pytest.fixture
async def spare(api: httpx.AsyncClient, sea: Registered) -> AsyncIterator[str]:
    """Another endpoint's id. The first one answers, with the built-in one behind it."""
    body = {"name": "Spare", "kind": "lm_studio", "base_url": "http://127.0.0.1:9/v1"}
    endpoint_id = str((await api.post("/api/endpoints", json=body)).raise_for_status().json()["id"])
    routing = {"active": sea.id, "fallback": ["embedded"]}
    (await api.put("/api/routing", json=routing)).raise_for_status()
    yield endpoint_id
    await api.delete(f"/api/endpoints/{endpoint_id}")


async def ask(api: httpx.AsyncClient, endpoint: Registered, times: int, **fields: Any) -> None:
    """Asks for answers, and waits until they are counted."""
    body = {"model": endpoint.name, "messages": [{"role": "user", "content": "What is the sea like?"}], **fields}
    for _ in range(times):
        (await api.post("/v1/chat/completions", json=body)).raise_for_status()

    async def counted() -> bool:
        items = (await api.get("/api/usage")).json()["items"]
        return sum(item["requests"] for item in items if item["endpoint_id"] == endpoint.id) == times

    await until(counted)


def row(page: Page, by: str, name: str) -> Locator:
    return page.get_by_role("table", name=f"Usage by {by}").get_by_role("row", name=re.compile(re.escape(name)))


async def choose(page: Page, field: str, option: str) -> None:
    await page.get_by_role("combobox", name=field, exact=True).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def test_answers_are_added_up_by_model_endpoint_and_day(
    studio: Studio, api: httpx.AsyncClient, sea: Registered, accessible: CheckAccess
) -> None:
    await ask(api, sea, times=2)
    page = await studio.open("/usage")
    cells = row(page, "model", sea.model).get_by_role("cell")
    await expect(cells.first).to_have_text("2")
    assert (await cells.all_inner_texts())[1:3] == ["6", "12"]
    await page.get_by_role("radio", name="Endpoint", exact=True).click()
    await expect(row(page, "endpoint", sea.name).get_by_role("cell").first).to_have_text("2")
    await page.get_by_role("radio", name="Day", exact=True).click()
    await expect(page.get_by_role("table", name="Usage by day").get_by_role("row")).not_to_have_count(1)

    # The chosen bar is told in words; arrow keys choose another.
    chart = page.get_by_role("slider", name="Chosen day")
    await expect(chart).to_have_attribute("aria-valuetext", re.compile(rf"tokens .*({sea.model}|more) \d+|tokens$"))
    await chart.focus()
    await page.keyboard.press("Home")
    await expect(chart).to_have_attribute("aria-valuenow", "1")
    await page.keyboard.press("ArrowRight")
    await expect(chart).to_have_attribute("aria-valuenow", "2")
    await page.get_by_text("As a table", exact=True).click()
    await expect(page.get_by_role("region", name="The chart as a table").get_by_role("rowheader").first).to_be_visible()
    await accessible(page)
    await page.get_by_role("radio", name="7 days").click()
    await expect(page).to_have_url(re.compile(r"\?days=7&by=day$|\?by=day&days=7$"))
    await expect(chart).to_have_attribute("aria-valuemax", "7")


async def test_a_price_makes_a_cost(
    open_studio: OpenStudio, api: httpx.AsyncClient, sea: Registered, accessible: CheckAccess
) -> None:
    await ask(api, sea, times=1)
    studio = await open_studio(width=360, height=740, color_scheme="dark")
    page = await studio.open("/usage")
    cost = row(page, "model", sea.model).get_by_role("cell").last
    await expect(cost).to_have_text("$0.00")
    assert await overflow(page) == [0, 0]
    await page.get_by_role("button", name="Prices", exact=True).click()
    sheet = page.get_by_role("dialog", name="Prices")
    line = sheet.get_by_role("region", name=sea.name).get_by_role("group", name=sea.model)
    read, written = line.get_by_label("Tokens read"), line.get_by_label("Tokens written")
    save = sheet.get_by_role("button", name="Save prices")

    await read.fill("1,5")
    await save.click()
    await expect(line.get_by_text("Must be a number, such as 2.5.")).to_be_visible()
    await expect(line.get_by_text("Give both prices, or neither.")).to_be_visible()
    await expect(read).to_be_focused()
    # What only the server knows stands at its field too.
    await read.fill("1000")
    await written.fill("2000000")
    await save.click()
    await expect(written).to_have_attribute("aria-invalid", "true")
    await expect(written).to_be_focused()
    await expect(read).not_to_have_attribute("aria-invalid", "true")
    await accessible(page)
    studio.forgive("422")

    await written.fill("500000")
    await save.click()
    await expect(sheet).to_be_hidden()
    await expect(page.get_by_text("Prices saved")).to_be_visible()
    # 3 tokens read, 6 written.
    await expect(cost).to_have_text("$3.00")
    await page.get_by_role("radio", name="Cost").click()
    await expect(page.get_by_role("list", name="Models in the chart").get_by_text(sea.model)).to_be_visible()
    assert await overflow(page) == [0, 0]
    await page.get_by_role("button", name="Prices", exact=True).click()
    await expect(read).to_have_value("1000")
    await read.fill("")
    await written.fill("")
    await save.click()
    await expect(cost).to_have_text("$0.00")


async def test_a_time_without_usage_says_what_to_do(studio: Studio) -> None:
    page = await studio.open("/usage?since=2020-01-01&until=2020-01-02")
    await expect(page.get_by_role("heading", name="Nothing was used in this time")).to_be_visible()
    first, last = page.get_by_label("First day"), page.get_by_label("Last day")
    await expect(first).to_have_value("2020-01-01")
    await last.fill("2019-12-31")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(page.get_by_text("Must not be later than the last day.")).to_be_visible()
    # Whether a time is too long is for the server to say.
    await first.fill("1990-01-01")
    await page.get_by_role("button", name="Show", exact=True).click()
    await expect(first).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_text(re.compile("must not be more than .* days before")).first).to_be_visible()
    studio.forgive("422")
    await first.fill("2019-12-01")
    await page.get_by_role("button", name="Show", exact=True).click()
    await page.get_by_role("link", name="Ask a model something").click()
    await expect(page.get_by_role("textbox", name="Your message")).to_be_visible()


async def test_a_cost_that_is_not_known_is_said_so(
    studio: Studio, api: httpx.AsyncClient, accessible: CheckAccess
) -> None:
    async with registered(api, "openai", "Cloud", "dear") as cloud:
        # The second is the same deterministic request, and kept from the first.
        await ask(api, cloud, times=2, temperature=0)
        page = await studio.open("/usage?by=endpoint")
        await expect(row(page, "endpoint", "Cloud").get_by_role("cell").last).to_have_text("Unknown")
        await expect(row(page, "endpoint", "Cloud")).to_contain_text("1 from memory")
        await expect(row(page, "endpoint", "Cloud")).to_contain_text("estimated")
        totals = page.get_by_label("Totals")
        await expect(totals.get_by_text(re.compile("Estimated for")).first).to_be_visible()
        await expect(totals.get_by_text("Unknown")).to_be_visible()
        await expect(page.get_by_text("The cost of dear is not known, because no price is set.")).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            await expect(page.locator("html")).to_have_attribute("data-theme", scheme)
            await accessible(page)
        await page.get_by_role("button", name="Set prices").click()
        sheet = page.get_by_role("dialog", name="Prices")
        every = sheet.get_by_role("region", name="Cloud").get_by_role("group", name="Every model")
        await every.get_by_label("Tokens read").fill("0")
        await every.get_by_label("Tokens written").fill("0")
        await page.keyboard.press("Enter")
        await expect(totals.get_by_text("$0.00")).to_be_visible()


async def test_usage_that_cannot_be_had_can_be_asked_for_again(studio: Studio) -> None:
    page = await studio.open("/settings")
    await page.route("**/api/usage?*", lambda route: route.fulfill(status=500, body="{}"))
    await page.get_by_role("link", name="Usage", exact=True).click()
    notice = page.get_by_role("alert")
    await expect(notice.get_by_text("Something broke on the server")).to_be_visible()
    await page.unroute("**/api/usage?*")
    await notice.get_by_role("button", name="Retry").click()
    await expect(notice).to_be_hidden()
    studio.forgive("500")


async def test_routing_is_set_by_keyboard_and_kept(
    studio: Studio, api: httpx.AsyncClient, sea: Registered, spare: str, accessible: CheckAccess
) -> None:
    page = await studio.open("/settings")
    await page.get_by_role("navigation", name="Settings").get_by_role("link", name="Routing").click()
    save, chain = page.get_by_role("button", name="Save routing"), page.get_by_role("list", name="Fallback chain")
    await expect(page.get_by_role("combobox", name="Active endpoint")).to_have_text("Sea")
    await expect(chain.get_by_role("listitem")).to_have_text([re.compile("Built in")])
    await expect(save).to_be_disabled()
    await choose(page, "Add an endpoint", "Spare")
    await expect(page.get_by_text("Not saved yet.")).to_be_visible()
    await page.get_by_role("button", name="Move Spare up").focus()
    await page.keyboard.press("Enter")
    await expect(chain.get_by_role("listitem")).to_have_text([re.compile("Spare"), re.compile("Built in")])
    await expect(page.get_by_role("button", name="Move Spare up")).to_be_focused()
    await expect(page.get_by_text("Spare is now number 1 of 2.")).to_be_attached()
    await page.get_by_role("button", name="Remove Built in").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Remove Spare")).to_be_focused()

    await choose(page, "Code", "Sea")
    await page.get_by_role("combobox", name="Model for code").fill(sea.model)
    await page.get_by_label("Retries").fill("9")
    await expect(page.get_by_text("Must be between 0 and 5.")).to_be_visible()
    await save.click()
    await expect(page.get_by_label("Retries")).to_be_focused()
    await page.get_by_label("Retries").fill("0")
    await page.get_by_label("Cool-down").fill("0")
    await accessible(page)
    await save.click()
    await expect(page.get_by_text("Routing saved")).to_be_visible()
    await expect(page.get_by_text("Not saved yet.")).to_be_hidden()
    kept = (await api.get("/api/routing")).json()
    assert (kept["active"], kept["fallback"]) == (sea.id, [spare])
    assert kept["task_rules"] == [{"task": "code", "endpoint_id": sea.id, "model": sea.model}]
    assert (kept["retries"], kept["cool_down_s"]) == (0, 0)

    await page.get_by_role("button", name="Back to defaults").click()
    await expect(page.get_by_label("Cool-down")).to_have_value("30")
    await page.get_by_role("button", name="Discard").click()
    await expect(page.get_by_label("Cool-down")).to_have_value("0")


async def test_routing_that_is_refused_says_where(open_studio: OpenStudio, api: httpx.AsyncClient, spare: str) -> None:
    studio = await open_studio(width=360, height=740)
    page = await studio.open("/settings/routing")
    await choose(page, "Add an endpoint", "Spare")
    await choose(page, "Vision", "Spare")
    assert await overflow(page) == [0, 0]
    await api.delete(f"/api/endpoints/{spare}")
    await page.get_by_role("button", name="Save routing").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    chain = page.get_by_role("list", name="Fallback chain")
    await expect(chain.get_by_text("there is no endpoint")).to_be_visible()
    studio.forgive("422")
    await expect(chain.get_by_role("button", name="Remove").last).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Save routing").click()
    await expect(page.get_by_role("combobox", name="Vision", exact=True)).to_have_attribute("aria-invalid", "true")
    studio.forgive("422")
    await choose(page, "Vision", "Sea")
    await page.get_by_role("button", name="Save routing").click()
    await expect(page.get_by_text("Routing saved")).to_be_visible()
