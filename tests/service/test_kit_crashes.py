"""What a crash may not do: lose accepted work, do it twice, or leave the journal with a gap or a repeat."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from atelier.v1.common_pb2 import ControlAction, Event
from atelier.v1.diffusion_pb2 import GenerationResult
from services.kit import subjects
from services.kit.control import send_control
from services.kit.failures import Unavailable
from services.kit.ids import asset_id
from services.kit.journal import event_type, is_terminal
from services.kit.objects import ObjectStore
from services.kit.presence import Presence
from tests.servers import BusServer, S3Server, settings_for
from tests.service.kit_rig import PATIENCE_S, Site, eventually, site_on, told


@pytest.fixture
async def own_site(own_bus_server: BusServer, object_server: S3Server, tmp_path: Path) -> AsyncIterator[Site]:
    """A site on a bus that this test may kill."""
    async with site_on(settings_for(own_bus_server, object_server, tmp_path / "home")) as made:
        yield made


async def journal(site: Site) -> list[Event]:
    """All there is in the journal, in order."""
    events: list[Event] = []
    for message in await site.bus.history(subjects.EVENTS, "events.*"):
        event = Event.FromString(message.data)
        event.seq = int((message.headers or {})["Nats-Sequence"])
        events.append(event)
    return events


async def test_a_killed_workers_job_is_taken_up_again_and_completed_once(own_site: Site, tmp_path: Path) -> None:
    site = own_site
    async with site.process(tmp_path / "first.log") as first:
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        await site.story.until(job, told("output"))
        first.kill()
        await first.wait()
    (tmp_path / "gate").touch()
    async with site.process(tmp_path / "second.log"):
        end = await site.story.until(job)
        await site.emptied()
    unpacked = GenerationResult()
    assert end.attempt == 2 and end.completed.result.Unpack(unpacked)
    # Both attempts made output 0; it is one asset under one key, told once.
    assert [asset.id for asset in unpacked.outputs] == [asset_id(job, 0), asset_id(job, 1)]
    events = await journal(site)
    assert [event_type(event) for event in events].count("completed") == 1
    assert [e.output.asset.id for e in events if e.HasField("output")] == [asset_id(job, 0), asset_id(job, 1)]
    assert len(await ObjectStore(site.settings).keys(f"assets/ann/{job}/")) == 2


async def test_killing_the_bus_mid_job_loses_nothing_and_repeats_nothing(
    own_site: Site, own_bus_server: BusServer, tmp_path: Path
) -> None:
    site = own_site
    async with site.easel(concurrency=2) as easel:
        running = await site.submit(f"wait {tmp_path / 'gate'}")
        await site.story.until(running, told("progress"))
        before = [await site.submit("paint 1", owner=owner) for owner in ("ann", "bob") for _ in range(5)]
        away = asyncio.create_task(asyncio.to_thread(own_bus_server.process.restart))
        during = await asyncio.gather(*(site.submit("paint 1", owner="cleo") for _ in range(5)))
        await away
        seen = len(site.story.of(running))
        await site.story.until(running, lambda event: len(site.story.of(running)) > seen + 2)
        (tmp_path / "gate").touch()
        jobs = [running, *before, *during]
        for job in jobs:
            await site.story.until(job)
        assert sorted(set(easel.ran)) == sorted(jobs)
    events = await journal(site)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.seq for event in site.story._events] == [event.seq for event in events]
    assert sorted(event.job_id for event in events if is_terminal(event)) == sorted(jobs)
    assert {event_type(event) for event in events if is_terminal(event)} == {"completed"}
    steps = [event.progress.step for event in events if event.job_id == running and event.HasField("progress")]
    assert steps == sorted(set(steps))


async def test_after_the_bus_was_away_words_are_heard_and_new_jobs_taken(
    own_site: Site, own_bus_server: BusServer, tmp_path: Path
) -> None:
    site = own_site
    async with site.easel():
        job = await site.submit(f"wait {tmp_path / 'never'}")
        await site.story.until(job, told("progress"))
        await asyncio.to_thread(own_bus_server.process.restart)

        async def back() -> bool:
            return site.bus.connected

        await eventually(back)
        await send_control(site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
        await site.story.until(job, told("cancelled"))
        following = await site.submit("done")
        await site.story.until(following)

        # The server kept in memory who is present, and has forgotten it.
        async def present() -> bool:
            try:
                return [state.name for state in await Presence.list(site.bus)] == ["diffusion"]
            except Unavailable:
                return False

        await eventually(present)


async def test_a_worker_told_to_end_lets_its_job_finish(site: Site, tmp_path: Path) -> None:
    async with site.process(tmp_path / "worker.log", drain_s=30, ack_wait_s=1) as worker:
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        waiting = await site.submit("done")
        first = await site.story.until(job, told("progress"))
        worker.send_signal(signal.SIGTERM)
        # Heartbeats go on meanwhile: it works on for three times the ack wait, and nobody else is given the job.
        late = first.time.ToNanoseconds() + 3_000_000_000
        await site.story.until(job, lambda event: event.time.ToNanoseconds() > late)
        (tmp_path / "gate").touch()
        end = await site.story.until(job)
        assert (event_type(end), end.attempt) == ("completed", 1)
        assert await asyncio.wait_for(worker.wait(), PATIENCE_S) == 0
    # What it had not begun it leaves to the next.
    assert site.story.of(waiting) == []
    assert await site.queue.depth("diffusion", site.pool) == 1


async def test_a_worker_that_may_not_wait_hands_its_job_back(site: Site, tmp_path: Path) -> None:
    async with site.process(tmp_path / "first.log", drain_s=0, ack_wait_s=60) as worker:
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        await site.story.until(job, told("progress"))
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), PATIENCE_S) == 0
    (tmp_path / "gate").touch()
    # Handed back, it need not wait for the minute after which its worker would be given up.
    async with site.easel(ack_wait_s=60):
        end = await site.story.until(job)
    assert (event_type(end), end.attempt) == ("completed", 2)


async def test_a_job_that_kills_its_worker_every_time_is_given_up(own_site: Site, tmp_path: Path) -> None:
    site = own_site
    job = await site.submit(f"wait {tmp_path / 'never'}")
    for attempt in (1, 2):
        async with site.process(tmp_path / "worker.log", max_deliver=2, ack_wait_s=1) as worker:
            await site.story.until(job, told("progress", attempt=attempt))
            worker.kill()
            await worker.wait()
    async with site.easel(max_deliver=2, ack_wait_s=1) as easel:
        error = (await site.story.until(job)).failed.error
        assert error.code == "gave_up" and easel.ran == []
