"""The queue of jobs: fair shares between owners, priority within one, each job once."""

import asyncio
from pathlib import Path

from nats.js.api import ConsumerInfo

from services.kit import subjects
from services.kit.contract import contract
from services.kit.ids import new_ulid
from services.kit.puller import Delivery
from services.kit.queue import FairQueue, Place
from tests.service.kit_rig import KIND, Site, eventually, told


async def test_the_jobs_of_two_owners_take_turns_while_one_worker_works(site: Site, tmp_path: Path) -> None:
    async with site.easel() as easel:
        first = await site.submit(f"wait {tmp_path / 'gate'}", owner="ann")
        await site.story.until(first, told("started"))
        anns = [await site.submit("done", owner="ann") for _ in range(10)]
        bobs = [await site.submit("done", owner="bob") for _ in range(10)]
        (tmp_path / "gate").touch()
        for job in (*anns, *bobs):
            await site.story.until(job)
        served = ["ann" if job in anns else "bob" for job in easel.ran[1:]]
        assert served == ["bob", "ann"] * 10
        # Each owner's own jobs keep their order.
        assert [job for job in easel.ran if job in anns] == anns
        assert [job for job in easel.ran if job in bobs] == bobs


async def test_jobs_that_two_owners_submit_at_once_take_turns_too(site: Site) -> None:
    jobs = await asyncio.gather(*(site.submit("done", owner=owner) for owner in ("ann", "bob") for _ in range(10)))
    async with site.easel() as easel:
        for job in jobs:
            await site.story.until(job)
        served = ["ann" if job in jobs[:10] else "bob" for job in easel.ran]
        assert served in (["ann", "bob"] * 10, ["bob", "ann"] * 10)


async def test_as_many_owners_as_there_are_queues_share_none(site: Site) -> None:
    owners = [f"owner-{new_ulid()}" for _ in range(subjects.BUCKETS)]
    places = await asyncio.gather(*(site.put("done", owner=owner) for owner in owners))
    assert len({subjects.queue_of(place.subject)[0] for _, place in places}) == subjects.BUCKETS
    again = await asyncio.gather(*(site.put("done", owner=owner) for owner in owners))
    assert [p.subject for _, p in again] == [p.subject for _, p in places]


async def test_an_owners_urgent_job_goes_before_its_other_jobs_and_takes_nobodys_turn(
    site: Site, tmp_path: Path
) -> None:
    async with site.easel() as easel:
        first = await site.submit(f"wait {tmp_path / 'gate'}", owner="ann")
        await site.story.until(first, told("started"))
        plain = [await site.submit("done", owner="ann") for _ in range(2)]
        bob = await site.submit("done", owner="bob")
        urgent = await site.submit("done", owner="ann", priority=1)
        (tmp_path / "gate").touch()
        for job in (*plain, bob, urgent):
            await site.story.until(job)
        assert easel.ran == [first, bob, urgent, *plain]


async def test_the_same_job_and_run_is_stored_once(site: Site) -> None:
    job, place = await site.put("done")
    same_job, same_place = await site.put("done", job_id=job)
    assert (same_job, same_place) == (job, place)
    assert await site.queue.depth("diffusion", site.pool) == 1
    _, next_run = await site.put("done", job_id=job, run=2)
    assert next_run.stream_seq > place.stream_seq


async def test_a_waiting_job_can_be_taken_out_once(site: Site) -> None:
    _, place = await site.put("done")
    assert await site.queue.holds(place.stream_seq)
    assert await site.queue.remove(place.stream_seq)
    assert not await site.queue.holds(place.stream_seq)
    assert not await site.queue.remove(place.stream_seq)
    assert await site.queue.depth("diffusion", site.pool) == 0


async def test_a_lone_owner_has_all_the_slots(site: Site, tmp_path: Path) -> None:
    async with site.easel(concurrency=4):
        jobs = [await site.submit(f"wait {tmp_path / 'gate'}") for _ in range(4)]
        for job in jobs:
            await site.story.until(job, told("started"))
        assert not any("completed" in site.story.types(job) for job in jobs)
        (tmp_path / "gate").touch()
        for job in jobs:
            await site.story.until(job)


async def test_two_copies_of_a_service_share_the_work_and_do_none_of_it_twice(site: Site) -> None:
    async with site.easel(concurrency=2) as one, site.easel(concurrency=2) as other:
        jobs = [await site.submit("done", owner=f"owner-{n % 3}") for n in range(60)]
        for job in jobs:
            await site.story.until(job)
        assert sorted(one.ran + other.ran) == sorted(jobs)


async def test_an_idle_worker_of_many_slots_waits_where_it_served_last(site: Site) -> None:
    async with site.easel(concurrency=8) as easel:
        job, place = await site.put("done")
        await site.story.until(job)

        async def stands() -> bool:
            return (await consumer(site, place)).num_waiting == 1

        await eventually(stands)
        jobs = [job]
        for owner in ("ann", "bob", "ann", "cyd", "bob"):
            jobs.append(await site.submit("done", owner=owner))
            assert (await site.story.until(jobs[-1])).attempt == 1
        assert easel.ran == jobs


async def test_what_waits_for_one_owner_takes_up_one_of_the_slots(site: Site, tmp_path: Path) -> None:
    async with site.easel(concurrency=8) as easel:
        for _ in range(5):
            done, anns_place = await site.put("done", owner="ann")
            await site.story.until(done)
            already = len(easel.ran)
            gate = tmp_path / done
            # The worker stands at ann's queue when bob's jobs would fill it.
            bobs = [await site.put(f"wait {gate}", owner="bob") for _ in range(10)]
            anns = [await site.put(f"wait {gate}", owner="ann") for _ in range(10)]

            async def full(before: int = already) -> bool:
                return len(easel.ran) == before + 8

            await eventually(full)
            # Longer than a request stands.
            await asyncio.sleep(0.7)
            taken = [(await consumer(site, place)).num_ack_pending or 0 for place in (anns_place, bobs[0][1])]
            assert sum(taken) == 8
            gate.touch()
            for job, _ in (*anns, *bobs):
                await site.story.until(job)


async def test_a_worker_that_ends_hands_back_what_still_comes(site: Site) -> None:
    def worker() -> FairQueue:
        return FairQueue(site.bus, "diffusion", site.pool, [contract.methods[KIND]])

    first, second = worker(), worker()
    await first.start()
    _, place = await site.put("done")
    for message in await first.take(8):
        await message.ack()
    taking = asyncio.create_task(first.take(8))

    async def stands() -> bool:
        return (await consumer(site, place)).num_waiting == 1

    await eventually(stands)
    first.halt()
    assert await taking == []
    await site.put("done")
    await first.stop()
    await second.start()
    # Far sooner than the delivery to the first would lapse.
    async with asyncio.timeout(10):
        (again,) = await second.take(8)
    assert Delivery.of(again).attempt == 2
    await again.ack()
    await second.stop()


async def consumer(site: Site, place: Place) -> ConsumerInfo:
    """What the server says about the consumer of a job's queue."""
    name = subjects.consumer("diffusion", site.pool, *subjects.queue_of(place.subject))
    return await site.bus.jetstream.consumer_info(subjects.JOBS, name)
