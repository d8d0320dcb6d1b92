"""Style presets: kept, applied, carried elsewhere."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Query
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from gateway import preset_schemas as schemas
from gateway import presets
from gateway.catalog import presets as catalog
from gateway.catalog.database import alone
from gateway.catalog.models import PresetRow, now
from gateway.routing import Id, problems, router
from gateway.state import Caller, GatewayParts, Parts
from services.kit.failures import BadInput, Conflict, NotFound
from services.kit.ids import new_ulid

routes = router("presets")

Kind = Annotated[schemas.PresetKind | None, Query(description="Presets of this kind only.")]
Category = Annotated[str | None, Query(max_length=40, description="Presets of this category only.")]


@routes.get("/api/presets/", operation_id="list_presets", summary="List style presets", responses=problems(422))
@routes.get("/api/presets", include_in_schema=False)
async def list_presets(
    parts: GatewayParts, caller: Caller, kind: Kind = None, category: Category = None
) -> list[schemas.Preset]:
    """The built-in ones first, then yours, oldest first."""
    return [
        preset
        for preset in await presets.of_owner(parts, caller.owner_id)
        if kind in (None, preset.kind) and category in (None, preset.category)
    ]


@routes.post(
    "/api/presets/",
    operation_id="create_preset",
    summary="Keep a style preset",
    status_code=201,
    responses=problems(400, 409, 413, 415, 422),
)
@routes.post("/api/presets", status_code=201, include_in_schema=False)
async def create_preset(parts: GatewayParts, caller: Caller, body: schemas.PresetCreate) -> schemas.Preset:
    """Its template says where the prompt goes."""
    async with _writing(parts, caller.owner_id) as session:
        (row,) = await _add(session, caller.owner_id, [body])
    return presets.view(row)


@routes.post(
    "/api/presets/import",
    operation_id="import_presets",
    summary="Bring presets back",
    status_code=201,
    responses=problems(400, 409, 413, 415, 422),
)
async def import_presets(parts: GatewayParts, caller: Caller, body: schemas.PresetFile) -> list[schemas.Preset]:
    """All of them or none. One whose name you have already gets a number behind its name."""
    async with _writing(parts, caller.owner_id) as session:
        taken = {row.name for row in await catalog.of_owner(session, caller.owner_id)}
        taken |= {preset.name for preset in presets.built_in().values()}
        named = list[schemas.PresetCreate]()
        for preset in body.presets:
            name = presets.free_name(preset.name, taken)
            taken.add(name)
            named.append(preset.model_copy(update={"name": name}))
        rows = await _add(session, caller.owner_id, named)
    return [presets.view(row) for row in rows]


@routes.get(
    "/api/presets/export",
    operation_id="export_presets",
    summary="Presets as a file",
    responses=problems(404, 422),
)
async def export_presets(
    parts: GatewayParts,
    caller: Caller,
    response: Response,
    ids: Annotated[list[str] | None, Query(max_length=200, description="Which; absent = all of yours.")] = None,
) -> schemas.PresetFile:
    """What `import` takes."""
    if ids is None:
        found = [one for one in await presets.of_owner(parts, caller.owner_id) if not one.built_in]
    else:
        found = [await presets.get(parts, caller.owner_id, an_id) for an_id in dict.fromkeys(ids)]
    response.headers["Content-Disposition"] = 'attachment; filename="presets.json"'
    fields = set(schemas.PresetCreate.model_fields)
    return schemas.PresetFile(
        format=schemas.FORMAT,
        version=1,
        presets=[schemas.PresetCreate(**one.model_dump(include=fields)) for one in found],
    )


@routes.post(
    "/api/presets/apply/{preset_id}",
    operation_id="apply_preset",
    summary="Apply a preset to a prompt",
    responses=problems(400, 404, 413, 415, 422),
)
async def apply_preset(
    parts: GatewayParts, caller: Caller, preset_id: Id, body: schemas.PresetApply
) -> schemas.PresetApplied:
    """What a generation with `preset` would ask for."""
    preset = await presets.get(parts, caller.owner_id, preset_id)
    return schemas.PresetApplied(
        preset=preset.id,
        name=preset.name,
        prompt=presets.prompt_of(preset, body.prompt, body.variables, "variables"),
        negative_prompt=presets.negative_of(preset, body.negative_prompt),
        settings=preset.settings.model_dump(exclude_none=True),
    )


@routes.get(
    "/api/presets/{preset_id}", operation_id="get_preset", summary="Get a style preset", responses=problems(404)
)
async def get_preset(parts: GatewayParts, caller: Caller, preset_id: Id) -> schemas.Preset:
    """One of the list."""
    return await presets.get(parts, caller.owner_id, preset_id)


@routes.patch(
    "/api/presets/{preset_id}",
    operation_id="update_preset",
    summary="Change a style preset",
    responses=problems(400, 404, 409, 413, 415, 422),
)
async def update_preset(
    parts: GatewayParts, caller: Caller, preset_id: Id, body: schemas.PresetPatch
) -> schemas.Preset:
    """One of yours. What was asked for with it stays as it was."""
    values = body.model_dump(exclude_unset=True)
    for name, value in values.items():
        if value is None:
            raise BadInput.of(name, "must not be null")
    _refuse_built_in(preset_id, "changed")
    async with _writing(parts, caller.owner_id) as session:
        row = await _found(session, caller.owner_id, preset_id)
        if "name" in values and values["name"] != row.name:
            _refuse_taken(values["name"])
        for name, value in {**_kept(values), "updated_at": now()}.items():
            setattr(row, name, value)
    return presets.view(row)


@routes.delete(
    "/api/presets/{preset_id}",
    operation_id="delete_preset",
    summary="Delete a style preset",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409),
)
async def delete_preset(parts: GatewayParts, caller: Caller, preset_id: Id) -> Response:
    """For good. What was made with it stays."""
    _refuse_built_in(preset_id, "deleted")
    async with parts.database.write() as session:
        await session.delete(await _found(session, caller.owner_id, preset_id))
    return Response(status_code=204)


async def _add(session: AsyncSession, owner_id: str, new: Sequence[schemas.PresetCreate]) -> list[PresetRow]:
    if await catalog.count(session, owner_id) + len(new) > schemas.MOST:
        raise Conflict(f"There is room for {schemas.MOST} presets of yours.", hint="Delete some you no longer use.")
    moment = now()
    rows = list[PresetRow]()
    for preset in new:
        _refuse_taken(preset.name)
        values = _kept(preset.model_dump())
        rows.append(PresetRow(id=new_ulid(), owner_id=owner_id, created_at=moment, updated_at=moment, **values))
    session.add_all(rows)
    return rows


def _kept(values: dict[str, Any]) -> dict[str, Any]:
    """Columns of a preset: of its settings those that it sets."""
    if "settings" not in values:
        return values
    settings = schemas.PresetSettings.model_validate(values["settings"])
    return {**values, "settings": settings.model_dump(exclude_none=True)}


def _refuse_taken(name: str) -> None:
    if name in {preset.name for preset in presets.built_in().values()}:
        raise BadInput.of("name", "a built-in preset has this name")


def _refuse_built_in(preset_id: str, what: str) -> None:
    if preset_id in presets.built_in():
        raise Conflict(f"A built-in preset cannot be {what}.", hint="Duplicate it, and change the copy.")


@asynccontextmanager
async def _writing(parts: Parts, owner_id: str) -> AsyncGenerator[AsyncSession]:
    try:
        async with parts.database.write() as session:
            await alone(session, f"presets {owner_id}")
            yield session
    except IntegrityError as error:
        raise BadInput.of("name", "you have a preset of this name already") from error


async def _found(session: AsyncSession, owner_id: str, preset_id: str) -> PresetRow:
    row = await catalog.get(session, owner_id, preset_id)
    if row is None:
        raise NotFound(f"There is no preset {preset_id}.")
    return row
