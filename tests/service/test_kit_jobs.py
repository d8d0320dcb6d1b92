"""A job's life: done, cancelled, held, tried again, given up; on a real bus and real object storage."""

import json
from pathlib import Path

import pytest

from atelier.v1.common_pb2 import ControlAction, Event
from atelier.v1.diffusion_pb2 import GenerationResult
from services.kit.control import clear_control, send_control
from services.kit.deadletters import DeadLetter, dead_letters, forget
from services.kit.ids import asset_id
from services.kit.objects import ObjectStore
from services.kit.telemetry import new_traceparent, trace_id
from tests.service.kit_rig import KIND, Site, told


def result(event: Event) -> GenerationResult:
    unpacked = GenerationResult()
    assert event.completed.result.Unpack(unpacked)
    return unpacked


async def buried(site: Site, job: str) -> list[DeadLetter]:
    return [letter for letter in await dead_letters(site.bus) if letter.job_id == job]


async def test_a_job_tells_its_story_in_order_and_keeps_its_outputs(site: Site) -> None:
    async with site.easel():
        job = await site.submit("paint 2", project="apples")
        end = await site.story.until(job)
    assert site.story.types(job) == ["started", "progress", "output", "progress", "output", "completed"]
    events = site.story.of(job)
    assert all((e.kind, e.owner_id, e.project_id, e.attempt) == (KIND, "ann", "apples", 1) for e in events)
    outputs = [event.output.asset for event in events if event.HasField("output")]
    assert [a.id for a in outputs] == [asset_id(job, 0), asset_id(job, 1)]
    assert list(result(end).outputs) == outputs
    store = ObjectStore(site.settings)
    assert [await store.get(a.key) for a in outputs] == [f"{job} 0".encode(), f"{job} 1".encode()]


async def test_a_job_that_ends_at_once_tells_only_its_end(site: Site) -> None:
    async with site.easel():
        job = await site.submit("done")
        await site.story.until(job)
    # A loaded machine may take longer than the 20 ms after which the start is told.
    assert site.story.types(job) in (["completed"], ["started", "completed"])


async def test_cancelling_a_running_job_ends_it_within_a_step(site: Site, tmp_path: Path) -> None:
    async with site.easel() as easel:
        job = await site.submit(f"wait {tmp_path / 'never'}")
        await site.story.until(job, told("progress"))
        await send_control(site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "cancelled by ann")
        end = await site.story.until(job)
        assert end.cancelled.reason == "cancelled by ann"
        following = await site.submit("done")
        await site.story.until(following)
        assert easel.ran == [job, following]
        await site.emptied()


async def test_a_job_that_was_cancelled_while_it_waited_never_runs(site: Site) -> None:
    job = await site.submit("done")
    await send_control(site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "not needed")
    async with site.easel() as easel:
        end = await site.story.until(job)
        assert end.cancelled.reason == "not needed" and easel.ran == []
    assert site.story.types(job)[-1] == "cancelled"


async def test_a_handler_that_hears_no_cancel_is_ended(site: Site) -> None:
    async with site.easel(ack_wait_s=60):
        job = await site.submit("deaf")
        await site.story.until(job, told("progress"))
        await send_control(site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
        assert (await site.story.until(job)).cancelled.reason == "enough"


async def test_one_owners_cancel_leaves_the_others_jobs_alone(site: Site, tmp_path: Path) -> None:
    async with site.easel(concurrency=2):
        mine = await site.submit(f"wait {tmp_path / 'gate'}", owner="ann")
        theirs = await site.submit(f"wait {tmp_path / 'gate'}", owner="bob")
        await site.story.until(theirs, told("progress"))
        await send_control(site.bus, mine, ControlAction.CONTROL_ACTION_CANCEL, "")
        await site.story.until(mine, told("cancelled"))
        (tmp_path / "gate").touch()
        await site.story.until(theirs, told("completed"))


async def test_a_paused_job_goes_on_from_its_checkpoint(site: Site, tmp_path: Path) -> None:
    async with site.easel():
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        await site.story.until(job, told("progress"))
        await send_control(site.bus, job, ControlAction.CONTROL_ACTION_PAUSE, "paused by ann")
        paused = await site.story.until(job, told("paused"))
        assert paused.paused.reason == "paused by ann"
        other = await site.submit("done")
        await site.story.until(other)
        (tmp_path / "gate").touch()
        await clear_control(site.bus, job)
        await site.submit(f"wait {tmp_path / 'gate'}", job_id=job, run=2)
        end = await site.story.until(job)
        # What the first run kept, the second found.
        assert result(end).model_hash == "half a picture"
    # Its first output was stored in both runs and told once.
    assert site.story.types(job).count("output") == 2


async def test_a_resumed_job_that_is_cancelled_before_it_goes_on_does_not_begin(site: Site, tmp_path: Path) -> None:
    async with site.easel():
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        await site.story.until(job, told("progress"))
        await send_control(site.bus, job, ControlAction.CONTROL_ACTION_PAUSE, "")
        await site.story.until(job, told("paused"))
    await clear_control(site.bus, job)
    await send_control(site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "enough")
    await site.submit(f"wait {tmp_path / 'gate'}", job_id=job, run=2)
    async with site.easel() as easel:
        assert (await site.story.until(job)).HasField("cancelled")
        assert easel.ran == []


async def test_a_failure_that_may_pass_is_tried_again(site: Site) -> None:
    async with site.easel():
        job = await site.submit("flaky 2")
        end = await site.story.until(job)
    assert (end.attempt, result(end).model) == (3, "attempt 3")
    warnings = [event.log.text for event in site.story.of(job) if event.HasField("log")]
    assert len(warnings) == 2 and "the engine went away; trying again" in warnings[0]
    assert await buried(site, job) == []


async def test_between_two_tries_there_is_the_methods_pause_and_after_the_last_the_job_is_with_the_dead_letters(
    site: Site,
) -> None:
    async with site.easel(max_deliver=2):
        job = await site.submit("down", owner="bob")
        end = await site.story.until(job)
    assert (end.failed.error.code, end.failed.error.retryable, end.attempt) == ("unavailable", True, 2)
    (warning,) = (event for event in site.story.of(job) if event.HasField("log"))
    assert end.time.ToNanoseconds() - warning.time.ToNanoseconds() >= 1e9
    (letter,) = await buried(site, job)
    assert (letter.kind, letter.owner, "the engine is down" in letter.reason) == (KIND, "bob", True)
    await site.emptied()
    assert await forget(site.bus, letter.seq)
    assert await buried(site, job) == [] and not await forget(site.bus, letter.seq)


@pytest.mark.parametrize(
    ("prompt", "code", "message"),
    [
        ("refuse", "refused_prompt", "this prompt is refused"),
        ("break", "internal", "ZeroDivisionError"),
        ("late", "internal", "the far side took too long"),
    ],
)
async def test_a_failure_that_will_not_pass_ends_the_job_at_once(
    site: Site, prompt: str, code: str, message: str
) -> None:
    async with site.easel() as easel:
        job = await site.submit(prompt)
        end = await site.story.until(job)
        assert easel.ran == [job]
    assert end.failed.error.code == code and message in end.failed.error.message and end.failed.error.hint
    assert await buried(site, job) == []


async def test_a_request_that_breaks_the_contract_fails_with_its_field_named(site: Site) -> None:
    async with site.easel() as easel:
        job = await site.submit("")
        error = (await site.story.until(job)).failed.error
        assert easel.ran == []
    assert (error.code, [fault.field for fault in error.fields]) == ("bad_input", ["prompt"])


async def test_a_job_beyond_its_time_limit_fails(site: Site, tmp_path: Path) -> None:
    async with site.easel(timeout_s=1):
        job = await site.submit(f"wait {tmp_path / 'never'}")
        error = (await site.story.until(job)).failed.error
    assert (error.code, error.message) == ("timed_out", "the job ran longer than 1 s")


async def test_a_stalled_job_is_let_go_and_done_by_its_next_attempt(site: Site) -> None:
    async with site.easel():
        job = await site.submit("freeze")
        end = await site.story.until(job)
    assert (end.attempt, result(end).model) == (2, "attempt 2")


async def test_a_job_that_stalls_each_time_is_given_up(site: Site) -> None:
    async with site.easel(max_deliver=2):
        job = await site.submit("stuck")
        error = (await site.story.until(job)).failed.error
        assert error.code == "gave_up" and error.hint
        (letter,) = await buried(site, job)
        assert "none finished it" in letter.reason
        await site.emptied()


async def test_a_job_that_shows_progress_is_kept_far_beyond_its_ack_wait(site: Site, tmp_path: Path) -> None:
    async with site.easel(ack_wait_s=1) as easel:
        job = await site.submit(f"wait {tmp_path / 'gate'}")
        # Progress of three seconds, three times the ack wait.
        first = await site.story.until(job, told("progress"))
        late = first.time.ToNanoseconds() + 3_000_000_000
        await site.story.until(job, lambda event: event.time.ToNanoseconds() > late)
        (tmp_path / "gate").touch()
        end = await site.story.until(job)
        assert easel.ran == [job] and end.attempt == 1


async def test_the_trace_goes_from_the_submitter_to_the_workers_log(site: Site, tmp_path: Path) -> None:
    trace = new_traceparent()
    log = tmp_path / "worker.log"
    async with site.process(log, log_format="json"):
        job = await site.submit("done", traceparent=trace)
        await site.story.until(job)
    lines = [json.loads(line) for line in log.read_text().splitlines() if "easel_at_work" in line]
    assert [(line["trace_id"], line["job_id"], line["kind"]) for line in lines] == [(trace_id(trace), job, KIND)]
    assert lines[0]["service"] == "diffusion"


async def test_what_is_no_job_is_thrown_out_and_stops_nothing(site: Site) -> None:
    _, place = await site.put("done")
    await site.bus.client.publish(place.subject, b"who am I")
    async with site.easel() as easel:
        job = await site.submit("done", owner="bob")
        await site.story.until(job)
        await site.emptied()
        assert len(easel.ran) == 2
