"""Jobs through the gateway: accepted, followed, cancelled, held, moved, repeated; on both databases."""

import asyncio
from pathlib import Path
from typing import cast

import httpx
from sqlalchemy.exc import IntegrityError, OperationalError

from gateway.catalog import assets
from gateway.catalog import jobs as catalog
from gateway.catalog.database import Database
from gateway.catalog.migrate import migrate
from gateway.catalog.models import JobRow
from gateway.intake import Intake
from gateway.projector import Projector
from gateway.settled import Settled
from services.kit.ids import new_ulid
from tests.api import ended, submit, until
from tests.service.gateway_rig import Rig
from tests.sse import events, heard


async def test_an_accepted_job_is_done_and_its_picture_can_be_fetched(rig: Rig, ann: httpx.AsyncClient) -> None:
    response = await ann.post("/api/generate/text-to-image", json={"prompt": "a red apple", "seed": 42, "width": 96})
    assert response.status_code == 202
    accepted = response.json()
    assert response.headers["location"] == f"/api/jobs/{accepted['id']}"
    assert accepted["status"] == "pending" and accepted["kind"] == "diffusion.text_to_image"
    assert accepted["params"]["steps"] == 20 and accepted["params"]["sampler"] == "dpmpp_2m"

    job = await ended(ann, accepted["id"])
    assert job["status"] == "completed" and job["progress"] == 1 and job["error"] is None
    assert job["result"]["seed"] == 42 and job["attempts"] == 1
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]
    (asset,) = job["outputs"]
    assert asset["width"] == 96 and asset["provenance"] == {"prompt": "a red apple", "seed": 42}
    content = await ann.get(asset["content_url"])
    assert content.content.startswith(b"\x89PNG") and len(content.content) == asset["size"]


async def test_a_copy_that_hears_of_an_end_only_knows_the_outputs_too(
    rig: Rig, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    jobs = [await ended(ann, (await submit(ann))["id"]) for _ in range(2)]
    parts = rig.gateway.parts
    ends = [(await parts.journal.replay(job["id"])).events[-1] for job in jobs]
    database = Database(f"sqlite:///{tmp_path / 'of-the-copy.db'}")
    await migrate(database)
    # The copies of the gateway share the journal's events in batches: another one was given the output's.
    await Projector(parts.journal, database, Settled(parts.bus, database)).project(ends)
    async with database.read() as session:
        outputs = await assets.of_jobs(session, [job["id"] for job in jobs])
    await database.close()
    for job in jobs:
        assert [row.id for row in outputs[job["id"]]] == [job["outputs"][0]["id"]]


async def test_jobs_that_come_in_together_are_written_together_and_each_for_itself(
    rig: Rig, ann: httpx.AsyncClient
) -> None:
    known = (await submit(ann))["id"]
    database = rig.gateway.parts.database
    async with database.read() as session:
        row = await catalog.get(session, "ann", known)
    assert row is not None
    columns = {column.key: getattr(row, column.key) for column in JobRow.__table__.columns}
    ids = [new_ulid() for _ in range(5)]
    # The third has an id that is taken.
    rows = [JobRow(**{**columns, "id": an_id, "status": "paused"}) for an_id in (*ids[:2], known, *ids[2:])]
    intake = Intake(database)
    places = await asyncio.gather(*(intake.add(row) for row in rows), return_exceptions=True)
    assert [isinstance(place, int) for place in places] == [True, True, False, True, True, True]
    assert isinstance(places[2], IntegrityError)
    async with database.read() as session:
        assert [(await catalog.get(session, "ann", an_id)) is not None for an_id in ids] == [True] * 5


async def test_a_database_that_fails_is_asked_once_and_everyone_who_waits_is_told() -> None:
    asked = 0

    class Broken:
        def write(self) -> None:
            nonlocal asked
            asked += 1
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))

    intake = Intake(cast(Database, Broken()))
    told = await asyncio.gather(*(intake.add(JobRow(id=new_ulid())) for _ in range(5)), return_exceptions=True)
    assert [type(error) for error in told] == [OperationalError] * 5
    assert asked == 1


async def test_the_event_stream_tells_the_whole_story_in_order(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann)
    told = await heard(ann, f"/api/jobs/{job['id']}/events")
    names = [event.event for event in told]
    assert names[0] == "queued" and names[-1] == "completed" and "output" in names and "preview" in names
    ids = [event.id or 0 for event in told]
    assert ids == sorted(set(ids)) and ids[0] > 0
    assert all(event.data["job_id"] == job["id"] and event.data["seq"] == event.id for event in told)
    preview = next(event.data for event in told if event.event == "preview")
    assert preview["image"].startswith("data:image/png;base64,")
    output = next(event.data for event in told if event.event == "output")
    shown = (await ann.get(f"/api/assets/{output['asset']['id']}")).json()
    assert shown["sha256"] == output["asset"]["sha256"] and shown.keys() == output["asset"].keys()


async def test_resuming_by_last_event_id_has_no_gap_and_no_repeat(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann, "slow 10")
    seen: list[int] = []
    async with ann.stream("GET", f"/api/jobs/{job['id']}/events") as response:
        async for event in events(response):
            assert event.id is not None
            seen.append(event.id)
            if len(seen) == 4:
                break
    rest = await heard(ann, f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": str(seen[-1])})
    together = seen + [event.id for event in rest]
    whole = [event.id for event in await heard(ann, f"/api/jobs/{job['id']}/events")]
    assert together == whole and rest[-1].event == "completed"


async def test_a_stream_that_was_seen_to_its_end_is_not_to_be_asked_again(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann)
    told = await heard(ann, f"/api/jobs/{job['id']}/events")
    await ended(ann, job["id"])
    response = await ann.get(f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": str(told[-1].id)})
    assert response.status_code == 204


async def test_the_stream_of_all_jobs_shows_only_ones_own(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    async with ann.stream("GET", "/api/events") as response:
        mine, theirs = await submit(ann), await submit(bob)
        told = set()
        async for event in events(response):
            told.add(event.data["job_id"])
            if event.event == "completed" and event.data["job_id"] == mine["id"]:
                break
    await ended(bob, theirs["id"])
    assert theirs["id"] not in told and mine["id"] in told
    assert (await bob.get(f"/api/jobs/{mine['id']}")).status_code == 404
    assert (await bob.get(f"/api/jobs/{mine['id']}/events")).status_code == 404
    assert (await bob.post(f"/api/jobs/{mine['id']}/cancel")).status_code == 404


async def test_the_stream_of_all_jobs_resumes_after_an_event(rig: Rig, ann: httpx.AsyncClient) -> None:
    first = await submit(ann)
    told = await heard(ann, f"/api/jobs/{first['id']}/events")
    second = await submit(ann)
    await ended(ann, second["id"])
    got: list[int | None] = []
    async with ann.stream("GET", "/api/events", headers={"Last-Event-ID": str(told[1].id)}) as response:
        async for event in events(response):
            got.append(event.id)
            if event.data["job_id"] == second["id"] and event.event == "completed":
                break
    assert [event.id for event in told[2:]] == got[: len(told) - 2]


async def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_within_a_step(
    rig: Rig, ann: httpx.AsyncClient
) -> None:
    running = [await submit(ann, "slow 200") for _ in range(2)]
    waiting = await submit(ann, "slow 200")

    async def both_run() -> bool:
        jobs = [(await ann.get(f"/api/jobs/{job['id']}")).json() for job in running]
        return all(job["status"] == "running" for job in jobs)

    await until(both_run)
    shown = (await ann.get(f"/api/jobs/{waiting['id']}")).json()
    assert shown["status"] == "pending" and shown["position"] == 0
    for job in (waiting, *running):
        answer = await ann.post(f"/api/jobs/{job['id']}/cancel")
        assert answer.status_code == 200 and answer.json()["status"] == "cancelled", answer.text
    again = await ann.post(f"/api/jobs/{waiting['id']}/cancel")
    assert again.status_code == 200 and again.json()["status"] == "cancelled"
    assert waiting["id"] not in rig.painter.ran
    told = [event.event for event in await heard(ann, f"/api/jobs/{waiting['id']}/events")]
    assert told == ["queued", "cancelled"]


async def test_what_has_ended_cannot_be_cancelled_or_held(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann)
    await ended(ann, job["id"])
    for action in ("cancel", "pause", "resume"):
        answer = await ann.post(f"/api/jobs/{job['id']}/{action}")
        assert answer.status_code == 409 and "completed" in answer.json()["detail"]
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await ann.patch(f"/api/jobs/{job['id']}", json={"priority": 1})).status_code == 409


async def test_a_failure_is_told_with_code_and_hint(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await ended(ann, (await submit(ann, "fail"))["id"])
    assert job["status"] == "failed"
    assert job["error"] == {
        "code": "refused_prompt",
        "message": "this prompt is refused",
        "hint": "Ask for something else.",
    }


async def test_a_held_job_waits_until_it_is_resumed(rig: Rig, ann: httpx.AsyncClient) -> None:
    busy = [await submit(ann, "slow 30") for _ in range(2)]
    job = await submit(ann)
    held = await ann.post(f"/api/jobs/{job['id']}/pause")
    assert held.status_code == 200 and held.json()["status"] == "paused", held.text
    assert (await ann.post(f"/api/jobs/{job['id']}/pause")).json()["status"] == "paused"
    for other in busy:
        await ended(ann, other["id"])
    await asyncio.sleep(0.3)
    assert (await ann.get(f"/api/jobs/{job['id']}")).json()["status"] == "paused"
    resumed = await ann.post(f"/api/jobs/{job['id']}/resume")
    assert resumed.status_code == 200 and resumed.json()["status"] == "pending"
    assert (await ended(ann, job["id"]))["status"] == "completed"
    assert (await ann.post(f"/api/jobs/{job['id']}/resume")).status_code == 409


async def test_a_running_job_without_checkpoints_cannot_be_held(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await submit(ann, "slow 100")

    async def runs() -> bool:
        return (await ann.get(f"/api/jobs/{job['id']}")).json()["status"] == "running"

    await until(runs)
    answer = await ann.post(f"/api/jobs/{job['id']}/pause")
    assert answer.status_code == 409 and "cannot be paused" in answer.json()["detail"]
    await ann.post(f"/api/jobs/{job['id']}/cancel")


async def test_a_job_of_higher_priority_overtakes(rig: Rig, ann: httpx.AsyncClient) -> None:
    busy = [await submit(ann, "slow 20") for _ in range(2)]
    jobs = [await submit(ann) for _ in range(4)]
    last = jobs[-1]["id"]
    moved = await ann.patch(f"/api/jobs/{last}", json={"priority": 1})
    assert moved.status_code == 200 and moved.json()["priority"] == 1, moved.text
    for job in (*busy, *jobs):
        await ended(ann, job["id"])
    order = [job_id for job_id in rig.painter.ran if job_id in {job["id"] for job in jobs}]
    # The two busy ones may end at once; then two are begun, and which of them says so first is chance.
    assert last in order[:2] and sorted(order) == sorted(job["id"] for job in jobs)


async def test_repeating_makes_a_new_job_with_the_same_parameters(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await ended(ann, (await submit(ann, "again", width=72))["id"])
    answer = await ann.post(f"/api/jobs/{job['id']}/retry")
    assert answer.status_code == 202
    new = answer.json()
    assert new["id"] != job["id"] and new["retry_of"] == job["id"] and new["params"] == job["params"]
    assert (await ended(ann, new["id"]))["outputs"][0]["sha256"] == job["outputs"][0]["sha256"]


async def test_an_idempotency_key_stands_for_one_job(rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    body = {"prompt": "once", "seed": 1}
    key = {"Idempotency-Key": "key-1"}
    answers = await asyncio.gather(*(ann.post("/api/generate/text-to-image", json=body, headers=key) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await ann.post("/api/generate/text-to-image", json={**body, "seed": 2}, headers=key)
    assert other.status_code == 422 and other.json()["errors"][0]["field"] == "Idempotency-Key"
    theirs = await bob.post("/api/generate/text-to-image", json=body, headers=key)
    assert theirs.json()["id"] != answers[0].json()["id"]


async def test_lists_go_on_by_cursor_and_stay_stable_while_jobs_come_in(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = [(await submit(ann, project_id="pages"))["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 2, "project_id": "pages", **({"cursor": cursor} if cursor else {})}
        page = (await ann.get("/api/jobs", params=params)).json()
        seen += [job["id"] for job in page["items"]]
        await submit(ann, project_id="pages")
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]
    refused = await ann.get("/api/jobs", params={"cursor": "nonsense"})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "cursor"


async def test_lists_can_be_filtered(rig: Rig, ann: httpx.AsyncClient) -> None:
    job = await ended(ann, (await submit(ann, "fail", project_id="filters"))["id"])
    ok = await ended(ann, (await submit(ann, project_id="filters"))["id"])

    async def ids(**params: str) -> list[str]:
        page = (await ann.get("/api/jobs", params={"project_id": "filters", **params})).json()
        return [item["id"] for item in page["items"]]

    assert await ids(status="failed") == [job["id"]]
    assert await ids(kind="diffusion.text_to_image") == [ok["id"], job["id"]]
    assert await ids(kind="training.train") == []
    assert (await ann.get("/api/jobs", params={"status": "odd"})).status_code == 422
    generations = (await ann.get("/api/generate/")).json()["items"]
    assert ok["id"] in [item["id"] for item in generations]
    assert (await ann.get(f"/api/generate/{ok['id']}")).json()["id"] == ok["id"]
