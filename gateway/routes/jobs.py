"""Jobs: look, cancel, hold, resume, move, repeat."""

from typing import Annotated

from fastapi import Query, Response
from starlette.requests import Request

from gateway import schemas, views
from gateway.catalog import idempotency, jobs
from gateway.catalog.jobs import JobFilter
from gateway.catalog.models import JobRow
from gateway.jobs import Accepted, request_hash
from gateway.routing import Cursor, Id, IdempotencyKey, Limit, problems, router
from gateway.state import Caller, GatewayParts, Parts, Trace
from services.kit.failures import NotFound

routes = router("jobs")

Kind = Annotated[str | None, Query(max_length=128, description="`<service>.<method>`.")]
Project = Annotated[str | None, Query(max_length=64, description="A project's jobs only.")]

ACCEPTED = {
    202: {
        "description": "Accepted; the job survives anything from here on.",
        "headers": {"Location": {"description": "Where the job is.", "schema": {"type": "string"}, "required": True}},
    }
}


def bound_key(key: str | None, request: Request, body: bytes) -> idempotency.Key | None:
    """An Idempotency-Key with what it stands for."""
    if key is None:
        return None
    return idempotency.Key(key, request_hash(request.method, request.url.path, body))


def accepted(found: Accepted, response: Response) -> schemas.Job:
    """The answer for an accepted job."""
    response.headers["Location"] = f"/api/jobs/{found.row.id}"
    return views.job(found.row, position=found.position)


async def find_job(parts: Parts, owner_id: str, job_id: str) -> JobRow:
    """An owner's job; raises `NotFound`."""
    async with parts.database.read() as session:
        row = await jobs.get(session, owner_id, job_id)
    if row is None:
        raise NotFound(f"There is no job {job_id}.")
    return row


async def show(parts: Parts, row: JobRow) -> schemas.Job:
    """A job with all that belongs to it."""
    async with parts.database.read() as session:
        return (await views.job_list(session, [row]))[0]


async def list_page(
    parts: Parts, owner_id: str, wanted: JobFilter, limit: int, cursor: str | None
) -> schemas.Page[schemas.Job]:
    """A part of an owner's jobs."""
    async with parts.database.read() as session:
        part = await jobs.page(session, owner_id, wanted, limit, cursor)
        items = await views.job_list(session, part.rows)
    return schemas.Page(items=items, next_cursor=part.next_cursor)


@routes.get("/api/jobs", operation_id="list_jobs", summary="List jobs", responses=problems(422))
async def list_jobs(
    parts: GatewayParts,
    caller: Caller,
    status: Annotated[
        list[schemas.JobStatus] | None,
        Query(max_length=6, description="Jobs in one of these states only; may be repeated."),
    ] = None,
    kind: Kind = None,
    project_id: Project = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.Page[schemas.Job]:
    """Newest first."""
    wanted = JobFilter(statuses=tuple(status or ()), kind=kind, project_id=project_id)
    return await list_page(parts, caller.owner_id, wanted, limit, cursor)


@routes.get("/api/jobs/{job_id}", operation_id="get_job", summary="Get a job", responses=problems(404))
async def get_job(parts: GatewayParts, caller: Caller, job_id: Id) -> schemas.Job:
    """With its outputs."""
    return await show(parts, await find_job(parts, caller.owner_id, job_id))


@routes.patch(
    "/api/jobs/{job_id}",
    operation_id="update_job",
    summary="Move a job",
    responses=problems(400, 404, 409, 413, 415, 422),
)
async def update_job(parts: GatewayParts, caller: Caller, job_id: Id, patch: schemas.JobPatch) -> schemas.Job:
    """Change the place of a job that waits."""
    return await show(parts, await parts.jobs.set_priority(caller.owner_id, job_id, patch.priority))


@routes.post(
    "/api/jobs/{job_id}/cancel", operation_id="cancel_job", summary="Cancel a job", responses=problems(404, 409)
)
async def cancel_job(parts: GatewayParts, caller: Caller, job_id: Id) -> schemas.Job:
    """A waiting job ends at once, a running one within a step. Cancelling a cancelled job changes nothing."""
    return await show(parts, await parts.jobs.cancel(caller.owner_id, job_id, "cancelled by its owner"))


@routes.post("/api/jobs/{job_id}/pause", operation_id="pause_job", summary="Hold a job", responses=problems(404, 409))
async def pause_job(parts: GatewayParts, caller: Caller, job_id: Id) -> schemas.Job:
    """A waiting job is held; a running one is if its method keeps checkpoints."""
    return await show(parts, await parts.jobs.pause(caller.owner_id, job_id))


@routes.post(
    "/api/jobs/{job_id}/resume", operation_id="resume_job", summary="Resume a job", responses=problems(404, 409)
)
async def resume_job(parts: GatewayParts, caller: Caller, job_id: Id) -> schemas.Job:
    """Puts a held job back in the queue."""
    return await show(parts, await parts.jobs.resume(caller.owner_id, job_id))


@routes.post(
    "/api/jobs/{job_id}/retry",
    operation_id="retry_job",
    summary="Repeat a job",
    status_code=202,
    responses={**ACCEPTED, **problems(404, 409, 422)},
)
async def retry_job(
    parts: GatewayParts,
    caller: Caller,
    trace: Trace,
    request: Request,
    response: Response,
    job_id: Id,
    idempotency_key: IdempotencyKey = None,
) -> schemas.Job:
    """A new job with the same parameters as one that has ended; `retry_of` names the old one."""
    key = bound_key(idempotency_key, request, b"")
    return accepted(await parts.jobs.retry(caller.owner_id, job_id, trace, key), response)
