"""Any process may be killed at any time: nothing accepted is lost, and nothing is done twice in effect."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import httpx
import pytest

from atelier.v1.common_pb2 import Event
from services.kit import subjects
from services.kit.bus import Bus
from services.kit.journal import event_type, is_terminal
from services.kit.settings import Settings
from tests.api import ended
from tests.sse import Heard, events
from tests.stack import Stack

pytestmark = pytest.mark.chaos

# A job whose worker was killed is given to the next after the method's ack wait of 30 s; the rest is the work itself
# on a machine that does other things as well.
PATIENCE_S = 400.0
# Long enough to be killed amid it.
LONG = {
    "prompt": "a red apple on a blue background",
    "seed": 7,
    "steps": 80,
    "count": 3,
    "preview_every": 10,
    "fresh": True,
}
SHORT = {"prompt": "a green circle", "seed": 7, "steps": 3, "fresh": True}


async def submit(client: httpx.AsyncClient, settings: dict[str, Any]) -> str:
    """Submit a job and return its id."""
    response = await client.post("/api/generate/text-to-image", json=settings)
    assert response.status_code == 202, response.text
    return response.json()["id"]


async def until_step(client: httpx.AsyncClient, job: str, step: int) -> None:
    """Returns once a job has told of this step."""
    async with client.stream("GET", f"/api/jobs/{job}/events") as response:
        async for event in events(response):
            assert event.event not in ("completed", "failed"), "the job ended before it could be killed"
            if event.event == "progress" and event.data["step"] >= step:
                return
    raise AssertionError("the stream ended before its job")


async def whole(client: httpx.AsyncClient, job: str, after: int = 0) -> list[Heard]:
    """A job's events to their end, from the start or after one of them."""
    headers = {"Last-Event-ID": str(after)} if after else {}
    async with asyncio.timeout(PATIENCE_S):
        async with client.stream("GET", f"/api/jobs/{job}/events", headers=headers) as response:
            assert response.status_code == 200
            return [event async for event in events(response)]


async def journal(stack: Stack) -> list[Event]:
    """All the journal holds, in order."""
    bus = await Bus.connect(Settings.model_validate({"nats_url": stack.nats_url}), "chaos")
    try:
        found: list[Event] = []
        for message in await bus.history(subjects.EVENTS, "events.*"):
            event = Event.FromString(message.data)
            event.seq = int((message.headers or {})["Nats-Sequence"])
            found.append(event)
        return found
    finally:
        await bus.close()


def contiguous(told: list[Event]) -> bool:
    """True if no sequence is missing and none comes twice."""
    return [event.seq for event in told] == list(range(1, len(told) + 1))


async def test_a_killed_diffusion_workers_job_is_completed_once(stack: Stack, client: httpx.AsyncClient) -> None:
    job = await submit(client, LONG)
    await until_step(client, job, 10)
    killed = stack.kill("diffusion")
    told = await whole(client, job)
    kinds = Counter(event.event for event in told)
    assert kinds["completed"] == 1 and not kinds["failed"]
    assert [event.data["asset"]["index"] for event in told if event.event == "output"] == list(range(LONG["count"]))

    row = await ended(client, job)
    assert row["status"] == "completed" and row["attempts"] == 2
    assets = (await client.get("/api/assets", params={"job_id": job, "limit": 100})).json()["items"]
    assert sorted(asset["index"] for asset in assets) == list(range(LONG["count"]))
    for asset in assets:
        assert (await client.get(asset["content_url"])).content.startswith(b"\x89PNG")
    await asyncio.to_thread(stack.wait_back, "diffusion", killed, PATIENCE_S)


async def test_killing_the_bus_loses_no_accepted_job(stack: Stack, client: httpx.AsyncClient) -> None:
    running = await submit(client, LONG)
    await until_step(client, running, 10)
    accepted: list[str] = [running]
    refused: list[int] = []

    async def submit_some(jobs: int) -> None:
        for _ in range(jobs):
            response = await client.post("/api/generate/text-to-image", json=SHORT)
            if response.status_code == 202:
                accepted.append(response.json()["id"])
            else:
                refused.append(response.status_code)
            await asyncio.sleep(0.05)

    submitting = asyncio.gather(*(submit_some(5) for _ in range(4)))
    while len(accepted) < 6:  # noqa: ASYNC110  # amid the submissions, whatever their pace
        await asyncio.sleep(0.005)
    killed = stack.kill("nats")
    await submitting
    await asyncio.to_thread(stack.wait_back, "nats", killed, PATIENCE_S)
    # A gateway that cannot reach the bus says so rather than accepting.
    assert set(refused) <= {503}
    assert len(accepted) + len(refused) == 21

    for job in accepted:
        assert (await ended(client, job, PATIENCE_S))["status"] == "completed"
    told = await journal(stack)
    assert contiguous(told)
    endings = Counter(event.job_id for event in told if is_terminal(event))
    assert all(endings[job] == 1 for job in accepted)
    outputs = Counter((event.job_id, event.output.asset.index) for event in told if event_type(event) == "output")
    assert all(outputs[job, 0] == 1 for job in accepted)


async def test_a_client_of_a_killed_gateway_goes_on_without_gap_or_repeat(
    stack: Stack, client: httpx.AsyncClient
) -> None:
    job = await submit(client, LONG)
    seen: list[Heard] = []
    killed = 0
    with pytest.raises(httpx.TransportError):
        async with client.stream("GET", f"/api/jobs/{job}/events") as response:
            async for event in events(response):
                seen.append(event)
                if not killed and event.event == "progress" and event.data["step"] >= 10:
                    killed = stack.kill("gateway")
    assert seen[-1].event != "completed"
    await asyncio.to_thread(stack.wait_back, "gateway", killed, PATIENCE_S)
    last = seen[-1].id
    assert last is not None
    seen += await whole(client, job, after=last)

    ids = [event.id for event in seen]
    assert ids == [event.id for event in await whole(client, job)]
    assert ids == [event.seq for event in await journal(stack) if event.job_id == job]
    assert seen[-1].event == "completed"
    assert (await ended(client, job))["status"] == "completed"
