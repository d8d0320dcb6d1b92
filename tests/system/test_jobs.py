"""Jobs on the whole stack: made, followed over SSE and WebSocket, shared fairly, cancelled; with the real model."""

from __future__ import annotations

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets
from PIL import Image

from services.kit.ids import new_ulid
from tests.api import PATIENCE_S, ended, submit, until
from tests.sse import Heard, events, heard
from tests.stack import Stack

APPLE = "a red apple on a blue background"
# Jobs a diffusion worker holds at once, as the contract has it.
HELD = 8
MANY_STEPS = 150


async def story(client: httpx.AsyncClient, job_id: str, **options: Any) -> list[Heard]:
    return await heard(client, f"/api/jobs/{job_id}/events", **options)


async def picture(client: httpx.AsyncClient, asset: dict[str, Any]) -> Image.Image:
    content = await client.get(asset["content_url"])
    assert content.status_code == 200, content.text
    return Image.open(io.BytesIO(content.content))


@asynccontextmanager
async def busy_worker(client: httpx.AsyncClient) -> AsyncIterator[list[str]]:
    """Ids of running jobs that leave no room for another until the block ends."""
    jobs = [(await submit(client, steps=MANY_STEPS, count=4))["id"] for _ in range(HELD)]

    async def all_run() -> bool:
        shown = [(await client.get(f"/api/jobs/{job}")).json()["status"] for job in jobs]
        return all(status == "running" for status in shown)

    try:
        await until(all_run, PATIENCE_S)
        yield jobs
    finally:
        await asyncio.gather(*(client.post(f"/api/jobs/{job}/cancel") for job in jobs))


async def test_a_picture_is_made_and_every_step_of_it_can_be_watched(stack: Stack, studio: httpx.AsyncClient) -> None:
    answer = await studio.post("/api/generate/text-to-image", json={"prompt": APPLE, "seed": 42, "fresh": True})
    assert answer.status_code == 202 and answer.headers["location"] == f"/api/jobs/{answer.json()['id']}"
    told = await story(studio, answer.json()["id"])

    names = [event.event for event in told]
    assert names[:2] == ["queued", "started"] and names[-2:] == ["output", "completed"]
    assert set(names) <= {"queued", "started", "progress", "preview", "log", "output", "completed"}
    ids = [event.id or 0 for event in told]
    assert ids == sorted(set(ids)) and [event.data["seq"] for event in told] == ids

    steps = [event.data for event in told if event.event == "progress" and event.data["stage"] == "sampling"]
    assert len(steps) >= 3 and all(step["steps"] == 20 for step in steps)
    assert [step["step"] for step in steps] == sorted({step["step"] for step in steps})
    fractions = [step["fraction"] for step in steps]
    assert fractions == sorted(fractions) and fractions[0] > 0 and fractions[-1] <= 1

    previews = [event.data for event in told if event.event == "preview"]
    assert len(previews) >= 3
    for preview in previews:
        kind, _, data = preview["image"].partition(",")
        shown = Image.open(io.BytesIO(base64.b64decode(data)))
        assert kind == "data:image/webp;base64" and shown.format == "WEBP" and min(shown.size) >= 32

    job = (await studio.get(f"/api/jobs/{answer.json()['id']}")).json()
    assert job["status"] == "completed" and job["progress"] == 1 and job["result"]["seed"] == 42
    (asset,) = job["outputs"]
    assert asset == told[-2].data["asset"]
    assert (await picture(studio, asset)).format == "PNG"


async def test_the_same_request_gives_the_same_pixels_and_another_does_not(
    stack: Stack, studio: httpx.AsyncClient
) -> None:
    requests = ({"seed": 42}, {"seed": 42}, {"seed": 43}, {"seed": 42, "prompt": "a green tree on a white background"})
    jobs = [await submit(studio, **{"prompt": APPLE, **request}) for request in requests]
    done = [await ended(studio, job["id"], PATIENCE_S) for job in jobs]
    pixels = [(await picture(studio, job["outputs"][0])).tobytes() for job in done]
    assert pixels[0] == pixels[1] and len(set(pixels)) == 3


async def test_twenty_jobs_of_two_owners_take_turns(
    stack: Stack, studio: httpx.AsyncClient, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    async with busy_worker(studio):
        # All of ann's stand in line before the first of bob's.
        jobs = {(await submit(ann, APPLE, steps=2, seed=seed))["id"]: "ann" for seed in range(10)}
        jobs |= {(await submit(bob, APPLE, steps=2, seed=seed))["id"]: "bob" for seed in range(10)}
    clients = {"ann": ann, "bob": bob}
    done = [await ended(clients[owner], job, PATIENCE_S) for job, owner in jobs.items()]
    assert [job["status"] for job in done] == ["completed"] * 20
    started: list[tuple[int, str]] = []
    for job, owner in jobs.items():
        told = await story(clients[owner], job)
        started += [(event.id or 0, owner) for event in told if event.event == "started"]
    assert len(started) == 20
    ahead = 0
    for _, owner in sorted(started):
        ahead += 1 if owner == "ann" else -1
        assert abs(ahead) <= 2, [owner for _, owner in sorted(started)]


async def test_what_an_owner_makes_is_theirs_alone(
    stack: Stack, studio: httpx.AsyncClient, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    job = await ended(ann, (await submit(ann, APPLE, steps=2))["id"], PATIENCE_S)
    asset = job["outputs"][0]
    assert job["owner_id"] == "ann" and (await ann.get(asset["content_url"])).status_code == 200
    for other in (bob, studio):
        for path in (f"/api/jobs/{job['id']}", f"/api/jobs/{job['id']}/events", asset["content_url"]):
            assert (await other.get(path)).status_code == 404
        listed = (await other.get("/api/jobs", params={"limit": 200})).json()["items"]
        assert job["id"] not in {item["id"] for item in listed}


async def test_a_running_job_ends_within_a_step_of_being_cancelled(stack: Stack, studio: httpx.AsyncClient) -> None:
    job = await submit(studio, APPLE, steps=MANY_STEPS, count=4)
    step, answer = 0, None
    after: list[Heard] = []
    async with studio.stream("GET", f"/api/jobs/{job['id']}/events") as response:
        async for event in events(response):
            if answer is not None:
                after.append(event)
            elif event.event == "progress" and (step := event.data["step"]) >= 3:
                answer = await studio.post(f"/api/jobs/{job['id']}/cancel")
    assert answer is not None and answer.status_code == 200 and answer.json()["status"] == "cancelled"
    assert after[-1].event == "cancelled"
    steps = [event.data["step"] for event in after if event.event == "progress"]
    # One step is under way when the word arrives; what was told before it travels as well.
    assert len(steps) <= 3 and max(steps, default=step) <= step + 4, (step, steps)
    assert (await studio.get(f"/api/jobs/{job['id']}")).json()["outputs"] == []


async def test_a_waiting_job_is_cancelled_at_once(stack: Stack, studio: httpx.AsyncClient) -> None:
    async with busy_worker(studio):
        job = await submit(studio, APPLE)
        assert (await studio.get(f"/api/jobs/{job['id']}")).json()["status"] == "pending"
        answer = await studio.post(f"/api/jobs/{job['id']}/cancel")
        assert answer.status_code == 200 and answer.json()["status"] == "cancelled"
        told = await story(studio, job["id"])
        assert [event.event for event in told] == ["queued", "cancelled"]


async def test_a_stream_resumes_in_mid_job_without_gap_or_repeat(
    stack: Stack, studio: httpx.AsyncClient, second_gateway: str
) -> None:
    job = await submit(studio, APPLE, steps=40)
    path = f"/api/jobs/{job['id']}/events"
    seen: list[Heard] = []
    while not seen or seen[-1].event != "completed":
        headers = {"Last-Event-ID": str(seen[-1].id)} if seen else {}
        async with studio.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200
            taken = 0
            async for event in events(response):
                seen.append(event)
                taken += 1
                # Each connection breaks off after some events, in the middle of the job.
                if taken == 7:
                    break
    assert seen == await story(studio, job["id"])
    beyond = await studio.get(path, headers={"Last-Event-ID": str(seen[-1].id)})
    assert beyond.status_code == 204


async def test_a_socket_tells_the_same_and_resumes_the_same(stack: Stack, studio: httpx.AsyncClient) -> None:
    job = await submit(studio, APPLE, steps=40)
    url = stack.url.replace("http", "ws") + "/api/ws"
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["type"] != "completed":
        async with websockets.connect(url, proxy=None) as socket:
            after = {"after": seen[-1]["seq"]} if seen else {}
            await socket.send(json.dumps({"op": "subscribe", "job_id": job["id"], **after}))
            assert json.loads(await socket.recv())["op"] == "subscribed"
            for _ in range(9):
                async with asyncio.timeout(PATIENCE_S):
                    seen.append(json.loads(await socket.recv())["event"])
                if seen[-1]["type"] == "completed":
                    break
    assert seen == [event.data for event in await story(studio, job["id"])]


async def test_a_repeated_request_with_its_key_is_one_job(stack: Stack, studio: httpx.AsyncClient) -> None:
    body, key = {"prompt": APPLE, "steps": 2}, {"Idempotency-Key": new_ulid()}
    path = "/api/generate/text-to-image"
    answers = await asyncio.gather(*(studio.post(path, json=body, headers=key) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await studio.post(path, json={**body, "steps": 3}, headers=key)
    assert other.status_code == 422 and other.json()["errors"][0]["field"] == "Idempotency-Key"
    done = await ended(studio, answers[0].json()["id"], PATIENCE_S)
    again = await studio.post(path, json=body, headers=key)
    assert again.json()["id"] == done["id"] and again.json()["status"] == "completed"


async def test_every_service_is_listed_and_comes_to_be_ready(stack: Stack, studio: httpx.AsyncClient) -> None:
    async def states() -> dict[str, str] | None:
        items = (await studio.get("/api/monitoring/services")).json()["items"]
        found = {item["name"]: item["state"] for item in items}
        return found if found.keys() >= {"chat", "diffusion"} else None

    assert (await until(states, PATIENCE_S))["diffusion"] == "ready"
