"""What language models used, and what that cost."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import Query

from gateway import usage_schemas as schemas
from gateway.catalog import endpoints, usage
from gateway.catalog.models import PriceRow, now
from gateway.registry import EMBEDDED
from gateway.routing import problems, router, written_out
from gateway.state import Caller, GatewayParts
from services.kit.failures import BadInput

routes = router("usage")

_DAYS = 30
_MOST_DAYS = 3660


Day = Annotated[
    date | None,
    written_out(r"\d{4}-\d{2}-\d{2}", "a day, as in 2026-01-31"),
    Query(description="In UTC, `2026-01-31`.", examples=["2026-01-31"]),
]


@routes.get("/api/usage", operation_id="get_usage", summary="Tokens and cost", responses=problems(422))
async def get_usage(parts: GatewayParts, caller: Caller, since: Day = None, until: Day = None) -> schemas.Usage:
    """By day, endpoint and model; the last 30 days unless you say otherwise. Prices of today apply to all of it."""
    until = until or now().date()
    since = since or until - timedelta(days=min(_DAYS - 1, until.toordinal() - 1))
    if since > until:
        raise BadInput.of("since", "must not be later than `until`")
    if (until - since).days > _MOST_DAYS:
        raise BadInput.of("since", f"must not be more than {_MOST_DAYS} days before `until`")
    async with parts.database.read() as session:
        found = await usage.by_day(session, caller.owner_id, since, until)
        prices = {(row.endpoint_id, row.model): row for row in await usage.prices(session, caller.owner_id)}
    items = [schemas.UsageItem(**vars(used), cost=usage.cost(used, prices)) for used in found]
    return schemas.Usage(since=since, until=until, total=_total(items), items=items)


@routes.get("/api/usage/prices", operation_id="list_prices", summary="What tokens cost", responses=problems())
async def list_prices(parts: GatewayParts, caller: Caller) -> schemas.Prices:
    """Endpoints on this machine or network cost nothing unless a price is set."""
    async with parts.database.read() as session:
        return _shown(await usage.prices(session, caller.owner_id))


@routes.put(
    "/api/usage/prices",
    operation_id="set_prices",
    summary="Say what tokens cost",
    responses=problems(400, 413, 415, 422),
)
async def set_prices(parts: GatewayParts, caller: Caller, body: schemas.Prices) -> schemas.Prices:
    """Takes the place of all prices; past usage is counted by them too."""
    moment, owner_id = now(), caller.owner_id
    rows = [
        PriceRow(
            owner_id=owner_id,
            endpoint_id=one.endpoint_id,
            model=one.model,
            prompt=one.prompt,
            completion=one.completion,
            updated_at=moment,
        )
        for one in body.items
    ]
    async with parts.database.write() as session:
        known = {EMBEDDED, *(row.id for row in await endpoints.of_owner(session, owner_id))}
        # What was deleted since may have a price, for what it used.
        known |= {row.endpoint_id for row in await usage.prices(session, owner_id)}
        known |= (await usage.by_endpoint(session, owner_id)).keys()
        _check(body.items, known)
        await usage.set_prices(session, owner_id, rows)
    return _shown(rows)


def _check(items: Iterable[schemas.Price], known: set[str]) -> None:
    seen: set[tuple[str, str]] = set()
    for number, one in enumerate(items):
        if one.endpoint_id not in known:
            raise BadInput.of(f"items.{number}.endpoint_id", f"there is no endpoint {one.endpoint_id!r}")
        if (one.endpoint_id, one.model) in seen:
            raise BadInput.of(f"items.{number}.model", "has a price in this list already")
        seen.add((one.endpoint_id, one.model))


def _shown(rows: Iterable[PriceRow]) -> schemas.Prices:
    return schemas.Prices(
        items=[
            schemas.Price(endpoint_id=row.endpoint_id, model=row.model, prompt=row.prompt, completion=row.completion)
            for row in rows
        ]
    )


def _total(items: Sequence[schemas.UsageItem]) -> schemas.Amount:
    return schemas.Amount(
        requests=sum(item.requests for item in items),
        failed=sum(item.failed for item in items),
        cached=sum(item.cached for item in items),
        estimated=sum(item.estimated for item in items),
        prompt_tokens=sum(item.prompt_tokens for item in items),
        completion_tokens=sum(item.completion_tokens for item in items),
        cost=sum(item.cost or 0.0 for item in items),
    )
