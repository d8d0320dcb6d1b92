"""The rate limit: exact across copies of the gateway, per user, and over when it says it is."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway.rate_limit import RateLimit, RateLimited
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.settings import Settings
from tests.api import until
from tests.service.gateway_rig import Rig, running

HELLO = {"messages": [{"role": "user", "content": "hello"}]}
LIMIT = 100
BURST = 1000
AT_ONCE = 128


@pytest.fixture
async def bus(kit_settings: Settings) -> AsyncIterator[Bus]:
    opened = await Bus.connect(kit_settings, "test-rate-limit")
    yield opened
    await opened.close()


async def granted(limit: RateLimit, times: int, owner: str = "ann") -> int:
    answers = await asyncio.gather(*(limit.take(owner) for _ in range(times)), return_exceptions=True)
    assert all(isinstance(answer, dict | RateLimited) for answer in answers), answers
    return sum(not isinstance(answer, RateLimited) for answer in answers)


async def test_of_a_burst_through_two_copies_exactly_the_limit_passes(rig: Rig) -> None:
    settings = rig.make(rate_limit_per_min=LIMIT)
    async with running(settings) as one, running(settings) as other:
        async with one.client("token-of-ann") as first, other.client("token-of-ann") as second:
            # The client's pool takes time that grows with the square of what waits in it.
            room = asyncio.Semaphore(AT_ONCE)

            async def ask(client: httpx.AsyncClient) -> httpx.Response:
                async with room:
                    return await client.post("/v1/chat/completions", json=HELLO)

            answers = await asyncio.gather(*(ask((first, second)[n % 2]) for n in range(BURST)))
            assert Counter(answer.status_code for answer in answers) == {200: LIMIT, 429: BURST - LIMIT}
            left = sorted(int(a.headers["x-ratelimit-remaining-requests"]) for a in answers if a.status_code == 200)
            assert left[0] == 0 and left[-1] <= LIMIT - 1
            refused = next(answer for answer in answers if answer.status_code == 429)
            assert 1 <= int(refused.headers["Retry-After"]) <= 60
            assert refused.headers["x-ratelimit-limit-requests"] == str(LIMIT)
            error = refused.json()["error"]
            assert (error["type"], error["code"]) == ("rate_limit_error", "rate_limited")
            made = (await first.post("/api/conversations", json={})).json()
            answer = await second.post(f"/api/conversations/{made['id']}/messages", json={"content": "hello"})
            assert answer.status_code == 429 and answer.json()["code"] == "rate_limited" and answer.json()["hint"]
            kept = (await first.get(f"/api/conversations/{made['id']}")).json()
            assert kept["messages"] == []
        async with one.client("token-of-bob") as bob:
            answer = await bob.post("/v1/chat/completions", json=HELLO)
            assert answer.status_code == 200 and answer.headers["x-ratelimit-remaining-requests"] == str(LIMIT - 1)


async def test_a_request_that_cannot_be_asked_does_not_count(rig: Rig) -> None:
    async with (
        running(rig.make(rate_limit_per_min=LIMIT, tokens={"t": "carl"})) as gateway,
        gateway.client("t") as carl,
    ):
        assert (await carl.post("/v1/chat/completions", json={"messages": []})).status_code == 400
        answer = await carl.post("/v1/chat/completions", json=HELLO)
        assert answer.headers["x-ratelimit-remaining-requests"] == str(LIMIT - 1)


async def test_streams_for_the_ui_say_how_much_is_left(rig: Rig) -> None:
    async with (
        running(rig.make(rate_limit_per_min=LIMIT, tokens={"t": "edna"})) as gateway,
        gateway.client("t") as edna,
    ):
        made = (await edna.post("/api/conversations", json={})).json()
        answer = await edna.post(f"/api/conversations/{made['id']}/messages", json={"content": "hello"})
        assert answer.status_code == 200
        assert answer.headers["x-ratelimit-remaining-requests"] == str(LIMIT - 1)


async def test_it_holds_in_every_window_and_ends_by_itself(bus: Bus) -> None:
    window_s = 1.0
    limit = RateLimit(bus, 5, window_s=window_s)
    await limit.start()
    began, ended = list[float](), list[float]()

    async def thrice() -> bool:
        before = time.monotonic()
        try:
            await limit.take("ann")
        except RateLimited as refusal:
            assert 0 < (refusal.retry_after_s or 0) <= 1
            return False
        began.append(before)
        ended.append(time.monotonic())
        return len(began) == 15

    await until(thrice)
    # Whatever the machine was busy with: five counted, and the sixth came when the first was over.
    assert all(ended[n + 5] - began[n] >= window_s for n in range(10))


async def test_a_bus_that_forgot_everything_counts_on(bus: Bus) -> None:
    limit = RateLimit(bus, 5)
    await limit.start()
    assert await granted(limit, 6, "dora") == 5
    await bus.jetstream.delete_stream(subjects.RATE)  # pyright: ignore[reportUnknownMemberType]
    assert await granted(limit, 6, "dora") == 5


async def test_without_a_limit_nothing_is_counted(bus: Bus) -> None:
    assert await granted(RateLimit(bus, 0), 50) == 50
