"""The kit's small parts: settings, subjects, ids, failures, trace, tasks."""

from __future__ import annotations

import asyncio

import pytest
from nats.js.api import PubAck

from atelier.v1.common_pb2 import Event
from services.kit import subjects
from services.kit.failures import Attempt, BadInput, Failure, Overloaded, as_failure, from_proto
from services.kit.ids import asset_id, new_ulid
from services.kit.job import Job, JobInfo
from services.kit.journal import event_type, is_terminal
from services.kit.settings import BadSettings, ServiceSettings, Settings, read
from services.kit.tasks import end
from services.kit.telemetry import new_traceparent, trace_id


def test_a_bad_setting_is_refused_by_the_name_of_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_GRPC_PORT", "many")
    monkeypatch.setenv("ATELIER_POOL", "Not A Pool")
    monkeypatch.setenv("ATELIER_LOG_LEVEL", "loud")
    with pytest.raises(BadSettings) as caught:
        read(ServiceSettings)
    text = caught.value.message
    assert all(name in text for name in ("ATELIER_GRPC_PORT: ", "ATELIER_POOL: ", "ATELIER_LOG_LEVEL: "))


def test_a_refused_secret_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_S3_SECRET_KEY", "hush")
    monkeypatch.setenv("ATELIER_S3_BUCKET", "a")
    with pytest.raises(BadSettings) as caught:
        read(Settings)
    assert "ATELIER_S3_BUCKET" in caught.value.message and "hush" not in caught.value.message
    monkeypatch.delenv("ATELIER_S3_BUCKET")
    assert "hush" not in repr(read(Settings))


def test_a_jobs_subject_tells_where_it_stands_and_whose_it_is() -> None:
    subject = subjects.job("diffusion.text_to_image", "gpu", 3, 1, "ann")
    assert subject == "jobs.diffusion.text_to_image.gpu.3.1.ann"
    assert (subjects.queue_of(subject), subjects.owner_of(subject)) == ((3, 1), "ann")


@pytest.mark.parametrize("owner", ["", "a.b", "a b", "*", ">", "x" * 65, "ann\r\nPUB evil"])
def test_what_cannot_stand_in_a_subject_is_refused(owner: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a subject"):
        subjects.job("diffusion.text_to_image", "default", 0, 0, owner)


def test_an_owners_home_is_the_same_everywhere_and_owners_spread() -> None:
    assert subjects.home_bucket("ann") == subjects.home_bucket("ann")
    homes = [subjects.home_bucket(f"owner-{n}") for n in range(1600)]
    assert set(homes) == set(range(subjects.BUCKETS))
    assert max(homes.count(bucket) for bucket in range(subjects.BUCKETS)) < 200


def test_ids_sort_by_time_and_an_assets_id_follows_from_job_and_index() -> None:
    job = new_ulid()
    assert len(job) == 26
    assert asset_id(job, 0) == asset_id(job, 0) != asset_id(job, 1)
    assert asset_id(job, 0)[:10] == job[:10]


def test_a_failure_comes_out_of_the_wire_as_it_went_in() -> None:
    for failure in (
        BadInput.of("loras.0.weight", "must be at most 2", hint="Lower it."),
        Overloaded("all slots are taken", retry_after_s=7),
        Failure("odd", code="model_not_found", retryable=True),
        Failure("nobody", attempts=(Attempt("A", "timed_out", 30_000, "too slow"), Attempt("B", "offline", 0))),
    ):
        again = from_proto(failure.to_proto())
        for name in ("code", "message", "hint", "retryable", "retry_after_s", "fields", "attempts"):
            assert getattr(again, name) == getattr(failure, name)
    assert isinstance(from_proto(Overloaded("x").to_proto()), Overloaded)
    unforeseen = as_failure(KeyError("seed"))
    assert (unforeseen.code, unforeseen.retryable, "KeyError" in unforeseen.message) == ("internal", False, True)


def test_a_trace_is_continued_and_rubbish_begins_a_new_one() -> None:
    first = new_traceparent()
    second = new_traceparent(first)
    assert trace_id(first) == trace_id(second) != "" and first != second
    assert trace_id(new_traceparent("rubbish")) not in ("", trace_id(first))
    assert trace_id("rubbish") == ""


class Sink:
    """Keeps the events of a job."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    async def post(self, event: Event, msg_id: str, *, patience_s: float | None) -> asyncio.Future[PubAck]:
        self.events.append(event)
        stored: asyncio.Future[PubAck] = asyncio.get_running_loop().create_future()
        stored.set_result(PubAck(stream="", seq=len(self.events)))
        return stored


def a_job() -> tuple[Job, Sink]:
    sink = Sink()
    return Job(JobInfo(new_ulid(), "diffusion.text_to_image", "ann", "", 1, 1, "", "worker"), sink, None), sink


async def test_progress_is_told_ten_times_a_second_at_most_and_its_last_step_always() -> None:
    job, sink = a_job()
    for step in range(1, 1001):
        await job.progress(step / 1000, stage="sampling", step=step, steps=1000)
    told = [event for event in sink.events if event.HasField("progress")]
    assert (told[0].progress.step, told[-1].progress.step) == (1, 1000)
    assert len(told) < 100
    await job.progress(1.0, stage="decoding")
    assert sink.events[-1].progress.stage == "decoding"


async def test_after_its_end_a_job_tells_nothing_more() -> None:
    job, sink = a_job()
    await job.log("working")
    event = job.event()
    event.completed.duration_s = 1
    await job.end(event)
    await job.log("a straggler")
    await job.announce()
    assert [event_type(event) for event in sink.events] == ["started", "log", "completed"]
    assert [is_terminal(event) for event in sink.events] == [False, False, True]


async def test_a_task_that_loses_a_cancel_is_ended_all_the_same() -> None:
    async def stubborn() -> None:
        for _ in range(2):
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await end(task, None)
    assert task.done()
