"""The journal: replayed from anywhere, followed live, read by durable readers, with a gap that can be seen."""

import asyncio
import contextlib

import pytest
from nats.errors import Error as NatsError

from atelier.v1.common_pb2 import Event
from services.kit.bus import Bus
from services.kit.failures import Failure, Unavailable
from services.kit.ids import new_ulid
from services.kit.journal import end_id
from services.kit.settings import Settings
from services.kit.tasks import end
from tests.servers import BusServer
from tests.service.kit_rig import PATIENCE_S, Site, site_on, told


def line(job: str, text: str) -> Event:
    event = Event(job_id=job, kind="diffusion.text_to_image", owner_id="ann")
    event.log.text = text
    return event


async def write(site: Site, job: str, lines: int, text: str = "line") -> list[int]:
    return [await site.journal.append(line(job, f"{text} {n}"), f"{job}:{text}:{n}") for n in range(lines)]


async def test_a_replay_begins_anywhere_and_is_in_order(site: Site) -> None:
    job, other = new_ulid(), new_ulid()
    seqs = await write(site, job, 5)
    await write(site, other, 5)
    whole = await site.journal.replay(job)
    assert [event.seq for event in whole.events] == seqs and whole.first_seq >= 1
    assert [event.log.text for event in whole.events] == [f"line {n}" for n in range(5)]
    assert all(event.HasField("time") for event in whole.events)
    rest = await site.journal.replay(job, after=seqs[2])
    assert [event.seq for event in rest.events] == seqs[3:]
    assert (await site.journal.replay(job, after=seqs[-1])).events == []
    assert (await site.journal.replay(new_ulid())).events == []


async def test_an_event_told_twice_is_stored_once_and_of_two_endings_the_first(site: Site) -> None:
    job = new_ulid()
    first = await site.journal.append(line(job, "once"), f"{job}:1")
    assert await site.journal.append(line(job, "once"), f"{job}:1") == first
    won, lost = line(job, ""), line(job, "")
    won.completed.duration_s = 1
    lost.cancelled.reason = "too late"
    end = await site.journal.append(won, end_id(job))
    assert await site.journal.append(lost, end_id(job)) == end
    last = await site.journal.last(job)
    assert last is not None and last.HasField("completed")


async def test_more_than_one_page_is_replayed_whole(site: Site) -> None:
    job = new_ulid()
    await asyncio.gather(*(site.journal.append(line(job, str(n)), f"{job}:{n}") for n in range(1201)))
    events = (await site.journal.replay(job)).events
    assert len(events) == 1201
    assert [event.seq for event in events] == sorted({event.seq for event in events})


async def test_where_the_journal_no_longer_reaches_its_first_sequence_says_so(own_bus_server: BusServer) -> None:
    settings = Settings.model_validate({"nats_url": own_bus_server.url, "events_max_bytes": 1024**2})
    async with site_on(settings) as site:
        old, new = new_ulid(), new_ulid()
        wanted = (await write(site, old, 2))[0]
        await write(site, new, 30, text="x" * 50_000)
        replay = await site.journal.replay(old, after=wanted)
        assert replay.events == [] and replay.first_seq > wanted + 1


async def test_a_follower_sees_everything_after_a_sequence_once_and_in_order(site: Site) -> None:
    job = new_ulid()
    seqs = await write(site, job, 3)
    seen: list[int] = []

    async def follow() -> None:
        async for event in site.journal.follow(after=seqs[0]):
            seen.append(event.seq)
            if event.log.text == "last":
                return

    following = asyncio.create_task(follow())
    more = await write(site, job, 20, text="more")
    last = await site.journal.append(line(job, "last"), f"{job}:last")
    await asyncio.wait_for(following, PATIENCE_S)
    assert seen == [*seqs[1:], *more, last]


async def test_readers_of_one_name_share_the_events_and_a_refused_batch_comes_again(site: Site) -> None:
    job, name = new_ulid(), f"reader-{new_ulid()}"
    wanted = {f"line {n}" for n in range(50)}
    done, refusals = asyncio.Event(), 0
    seen: list[str] = []

    async def read(batch: list[Event]) -> None:
        nonlocal refusals
        if refusals == 0:
            refusals += 1
            raise Unavailable("the catalog is away")
        seen.extend(event.log.text for event in batch if event.job_id == job)
        if wanted <= set(seen):
            done.set()

    readers = [asyncio.create_task(site.journal.consume(name, read, batch=7)) for _ in range(2)]
    await write(site, job, 50)
    async with asyncio.timeout(PATIENCE_S):
        await done.wait()
    await end(*readers)
    assert refusals == 1 and sorted(seen) == sorted(wanted)


async def test_what_the_bus_would_not_take_is_refused_before_it_is_sent(site: Site) -> None:
    with pytest.raises(Failure) as caught:
        await site.journal.append(line(new_ulid(), "x" * site.bus.client.max_payload), new_ulid())
    assert caught.value.code == "too_large" and caught.value.hint


async def test_without_a_bus_it_is_said_in_time(own_bus_server: BusServer) -> None:
    settings = Settings.model_validate({"nats_url": own_bus_server.url})
    async with site_on(settings) as site:
        job = await site.submit("done")
        own_bus_server.process.kill()
        with pytest.raises(Unavailable):
            await site.journal.append(line(job, "unheard"), new_ulid(), patience_s=0.5)
        with pytest.raises(Unavailable, match="no connection to the bus"):
            await Bus.connect(settings, "late", patience_s=0.5)


async def test_a_connection_is_closed_whatever_it_waits_for(own_bus_server: BusServer) -> None:
    settings = Settings.model_validate({"nats_url": own_bus_server.url})
    buses = [await Bus.connect(settings, f"closing-{n}") for n in range(8)]
    before = asyncio.all_tasks()
    own_bus_server.process.kill()
    # At different moments of its attempts to reconnect.
    for n, bus in enumerate(buses):
        await asyncio.sleep(0.03 * n)
        with contextlib.suppress(NatsError):
            await bus.publish("nowhere", b"unsent")
        await bus.close()
        assert bus.client.is_closed
    begun = asyncio.all_tasks() - before
    if begun:
        _, left = await asyncio.wait(begun, timeout=5)
        assert not left


async def test_events_written_while_the_bus_is_away_are_stored_when_it_is_back(own_bus_server: BusServer) -> None:
    settings = Settings.model_validate({"nats_url": own_bus_server.url})
    async with site_on(settings) as site:
        job = new_ulid()
        await write(site, job, 1)
        own_bus_server.process.kill()
        writing = asyncio.gather(
            *(site.journal.append(line(job, str(n)), f"{job}:{n}", patience_s=None) for n in range(300))
        )
        await asyncio.sleep(0)
        await asyncio.to_thread(own_bus_server.process.start)
        seqs = await asyncio.wait_for(writing, PATIENCE_S)
        assert sorted(seqs) == list(range(2, 302))
        await site.story.until(job, told("log"))
