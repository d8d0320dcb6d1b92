"""Live updates: the WebSocket, slow clients, copies of the gateway side by side, jobs gone astray, a graceful end."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import httpx
import websockets
from sqlalchemy import update
from websockets.asyncio.client import ClientConnection

from gateway.catalog.models import JobRow, now
from gateway.reconcile import Reconciler
from gateway.streams import Interest
from services.kit.queue import JobQueue
from tests.api import ended, submit, until
from tests.service.gateway_rig import Rig, Running, running
from tests.sse import events, heard


def connect(gateway: Running, token: str = "token-of-ann") -> websockets.connect:
    url = gateway.url.replace("http", "ws") + "/api/ws"
    return websockets.connect(url, additional_headers={"Authorization": f"Bearer {token}"}, proxy=None)


async def say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def listen(socket: ClientConnection) -> Any:
    async with asyncio.timeout(10):
        return json.loads(await socket.recv())


async def test_a_socket_hears_of_a_job_from_its_start(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann, "slow 5")
    async with connect(rig.gateway) as socket:
        await say(socket, op="subscribe", job_id=job["id"])
        assert await listen(socket) == {"op": "subscribed", "job_id": job["id"]}
        told = []
        while not told or told[-1]["type"] != "completed":
            told.append((await listen(socket))["event"])
    assert told == [event.data for event in await heard(ann, f"/api/jobs/{job['id']}/events")]


async def test_a_socket_hears_of_all_jobs_and_only_ones_own(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    async with connect(rig.gateway) as socket:
        await say(socket, op="subscribe", topic="jobs")
        assert await listen(socket) == {"op": "subscribed", "topic": "jobs"}
        theirs, mine = await submit(bob), await submit(ann)
        told: set[str] = set()
        while True:
            event = (await listen(socket))["event"]
            told.add(event["job_id"])
            if event["job_id"] == mine["id"] and event["type"] == "completed":
                break
        assert theirs["id"] not in told
        await say(socket, op="unsubscribe", topic="jobs")
        while (message := await listen(socket)) != {"op": "unsubscribed", "topic": "jobs"}:
            assert "event" in message
        await ended(ann, (await submit(ann))["id"])
        await say(socket, op="ping")
        assert await listen(socket) == {"op": "pong"}


async def test_a_socket_says_what_it_does_not_understand(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    theirs = await submit(bob)
    async with connect(rig.gateway) as socket:
        for text, code in (
            ("{", "malformed"),
            ("[]", "bad_input"),
            ('{"op":"dance"}', "bad_input"),
            ('{"op":"subscribe"}', "bad_input"),
            ('{"op":"subscribe","job_id":"nothing"}', "not_found"),
            (json.dumps({"op": "subscribe", "job_id": theirs["id"]}), "not_found"),
        ):
            await socket.send(text)
            answer = await listen(socket)
            assert answer["op"] == "error" and answer["code"] == code, (text, answer)
    try:
        async with connect(rig.gateway, "wrong"):
            raise AssertionError("a stranger was let in")
    except websockets.InvalidStatus as refused:
        assert refused.response.status_code == 401


async def test_a_client_that_reads_nothing_is_let_go_and_costs_no_memory(rig: Rig, ann: httpx.AsyncClient) -> None:
    async with running(rig.make(stream_buffer=50)) as gateway:
        port = int(gateway.url.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer token-of-ann\r\n\r\n")
        await reader.readuntil(b"retry: 1000")
        listeners = gateway.parts.hub._listeners  # pyright: ignore[reportPrivateUsage]
        assert len(listeners) == 1
        # Big enough that the socket's own buffers fill up and the listener's after them.
        flood = [submit(ann, "noisy 500") for _ in range(2)]
        jobs = await asyncio.gather(*flood)

        async def gone() -> bool:
            return not listeners

        try:
            await until(gone, 30)
        finally:
            for job in jobs:
                await ann.post(f"/api/jobs/{job['id']}/cancel")
            writer.close()


async def test_a_client_resumes_at_another_copy_of_the_gateway(rig: Rig, ann: httpx.AsyncClient) -> None:
    async with running(rig.make()) as second, second.client("token-of-ann") as there:
        job = await submit(ann, "slow 10")
        first: list[int | None] = []
        async with ann.stream("GET", f"/api/jobs/{job['id']}/events") as response:
            async for event in events(response):
                first.append(event.id)
                if len(first) == 3:
                    break
        rest = await heard(there, f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": str(first[-1])})
        whole = await heard(ann, f"/api/jobs/{job['id']}/events")
        assert first + [event.id for event in rest] == [event.id for event in whole]
        # Both copies project; the row is right whoever wrote it.
        assert (await ended(there, job["id"]))["status"] == "completed"


async def test_streams_end_in_order_when_the_gateway_goes_down(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann, "slow 40")
    async with running(rig.make()) as second, second.client("token-of-ann") as there:
        seen: list[int | None] = []
        async with there.stream("GET", f"/api/jobs/{job['id']}/events") as response:
            async for event in events(response):
                seen.append(event.id)
                if len(seen) == 3:
                    second.server.should_exit = True
    rest = await heard(ann, f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": str(seen[-1])})
    whole = await heard(ann, f"/api/jobs/{job['id']}/events")
    assert seen + [event.id for event in rest] == [event.id for event in whole]


async def test_what_the_journal_no_longer_keeps_is_said(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await ended(ann, (await submit(ann))["id"])
    await rig.gateway.parts.bus.jetstream.purge_stream("EVENTS", subject=f"events.{job['id']}")
    told = await heard(ann, f"/api/jobs/{job['id']}/events")
    assert [event.event for event in told] == ["gap", "completed"]
    assert told[-1].data["result"] == job["result"]
    ahead = await ann.get(f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": "999999999"})
    assert ahead.text.count("event: gap") >= 1


async def test_an_accepted_job_that_never_reached_the_bus_is_sent_later(rig: Rig, ann: httpx.AsyncClient) -> None:
    parts = rig.gateway.parts
    job = await ended(ann, (await submit(ann))["id"])
    async with parts.database.write() as session:
        # As a crash between the row and the bus leaves it.
        row = (
            await session.scalars(
                update(JobRow).where(JobRow.id == job["id"]).returning(JobRow).values(updated_at=now())
            )
        ).one()
        fresh = {c.key: getattr(row, c.key) for c in JobRow.__table__.columns}
        lost_id = fresh["id"][:-4] + "0000"
        fresh |= {
            "id": lost_id,
            "status": "pending",
            "published": False,
            "stream_seq": None,
            "last_seq": 0,
            "result": None,
        }
        fresh |= {"updated_at": now() - timedelta(seconds=30), "finished_at": None, "progress": 0.0}
        session.add(JobRow(**fresh))
    await reconciler(rig).once()
    assert (await ended(ann, lost_id))["status"] == "completed"
    assert rig.painter.ran.count(lost_id) == 1


async def test_a_row_that_missed_the_end_is_mended_and_a_lost_job_is_queued_again(
    rig: Rig, ann: httpx.AsyncClient
) -> None:
    parts = rig.gateway.parts
    behind = await ended(ann, (await submit(ann))["id"])
    busy = [await submit(ann, "slow 20") for _ in range(2)]
    lost = await submit(ann)
    await asyncio.sleep(0.2)
    async with parts.database.read() as session:
        row = await session.get_one(JobRow, lost["id"])
    assert row.stream_seq is not None and await JobQueue(parts.bus).remove(row.stream_seq)
    async with parts.database.write() as session:
        old = now() - timedelta(minutes=5)
        values = {"status": "running", "last_seq": 0, "finished_at": None, "result": None, "updated_at": old}
        await session.execute(update(JobRow).where(JobRow.id == behind["id"]).values(**values))
        await session.execute(update(JobRow).where(JobRow.id == lost["id"]).values(updated_at=old))
    await asyncio.gather(reconciler(rig).once(), reconciler(rig).once())
    assert (await ended(ann, behind["id"]))["result"] == behind["result"]
    assert (await ended(ann, lost["id"]))["status"] == "completed"
    assert rig.painter.ran.count(lost["id"]) == 1
    for job in busy:
        await ended(ann, job["id"])


def reconciler(rig: Rig) -> Reconciler:
    parts = rig.gateway.parts
    return Reconciler(
        parts.database,
        parts.jobs,
        JobQueue(parts.bus),
        parts.journal,
        every_s=1,
        keys_kept=timedelta(hours=1),
        quiet_after=timedelta(seconds=60),
    )


async def test_listeners_leave_nothing_behind(rig: Rig, ann: httpx.AsyncClient) -> None:
    hub = rig.gateway.parts.hub
    with hub.listening("ann") as listener:
        hub.add(listener, Interest(job_id="a"))
        hub.add(listener, Interest(kind="x"))
        hub.add(listener, Interest(kind="y"))
        assert hub.remove(listener, Interest(kind="x")) and not hub.remove(listener, Interest(kind="x"))
        assert "ann" in hub._by_owner  # pyright: ignore[reportPrivateUsage]
    assert "a" not in hub._by_job and listener not in hub._listeners  # pyright: ignore[reportPrivateUsage]
    assert listener not in hub._by_owner.get("ann", set())  # pyright: ignore[reportPrivateUsage]
