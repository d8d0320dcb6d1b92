"""What runs."""

from datetime import UTC, datetime
from typing import Literal, cast

from gateway import schemas
from gateway.routing import problems, router
from gateway.state import Caller, GatewayParts
from services.kit.presence import Presence

routes = router("monitoring")


@routes.get(
    "/api/monitoring/services", operation_id="list_services", summary="List running services", responses=problems()
)
async def list_services(parts: GatewayParts, caller: Caller) -> schemas.Listing[schemas.ServiceState]:
    """Every process that is up, and what those that are not ready yet are busy with."""
    return schemas.Listing(
        items=[
            schemas.ServiceState(
                name=state.name,
                instance=state.instance,
                state=cast(Literal["starting", "ready", "draining", "failed"], state.state),
                detail=state.detail,
                since=datetime.fromtimestamp(state.since, UTC),
            )
            for state in await Presence.list(parts.bus)
        ]
    )
