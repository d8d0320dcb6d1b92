"""Live events: server-sent events and the WebSocket."""

from typing import Annotated

from fastapi import Header, Query
from starlette.responses import Response, StreamingResponse

from gateway.catalog.models import TERMINAL
from gateway.routes.jobs import Kind, Project, find_job
from gateway.routing import Id, problems, router
from gateway.sse import RESPONSES, EventStream, job_stream, owner_stream
from gateway.state import Caller, GatewayParts
from gateway.streams import Interest

routes = router("events")

# What JavaScript's numbers hold exactly; the journal will not get there.
_MAX_SEQ = 2**53 - 1
LastEventId = Annotated[
    int | None,
    Header(
        alias="Last-Event-ID", ge=0, le=_MAX_SEQ, description="Resume after this event; browsers send it themselves."
    ),
]
After = Annotated[int | None, Query(ge=0, le=_MAX_SEQ, description="The same, for clients that cannot set the header.")]


@routes.get(
    "/api/jobs/{job_id}/events",
    operation_id="job_events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        **RESPONSES,
        204: {"description": "The job has ended and all its events were seen: do not come back."},
        **problems(404, 422),
    },
)
async def job_events(
    parts: GatewayParts, caller: Caller, job_id: Id, last_event_id: LastEventId = None, after: After = None
) -> Response:
    """Replays the job from its start, or after `Last-Event-ID`, then goes on live; ends after the terminal event.

    Types: `queued`, `started`, `progress`, `preview`, `log`, `metric`, `output`, `paused`, `completed`, `failed`,
    `cancelled`; and `gap` when events asked for are no longer kept.
    """
    row = await find_job(parts, caller.owner_id, job_id)
    seen = last_event_id if last_event_id is not None else after
    if seen is not None and row.status in TERMINAL and 0 < row.last_seq == seen:
        return Response(status_code=204)
    return EventStream(lambda stream: job_stream(parts, row, seen, stream))


@routes.get(
    "/api/events",
    operation_id="all_events",
    summary="Follow all jobs",
    response_class=StreamingResponse,
    responses={**RESPONSES, **problems(422)},
)
async def all_events(
    parts: GatewayParts,
    caller: Caller,
    kind: Kind = None,
    project_id: Project = None,
    last_event_id: LastEventId = None,
    after: After = None,
) -> Response:
    """The events of all jobs one may see, from now on, or after `Last-Event-ID`."""
    interest = Interest(kind=kind, project_id=project_id)
    seen = last_event_id if last_event_id is not None else after
    return EventStream(lambda stream: owner_stream(parts, caller.owner_id, interest, seen, stream))
