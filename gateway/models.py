"""Models of the registry: rows whose files a job brings in, and what the workers have of them in memory."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from google.protobuf.message import Message
from sqlalchemy.exc import IntegrityError

from atelier.v1 import diffusion_pb2, models_pb2
from gateway import model_schemas as schemas
from gateway import references
from gateway.catalog import assets, idempotency, jobs, registered
from gateway.catalog.database import alone
from gateway.catalog.models import TERMINAL, JobRow, ModelRow, now
from gateway.jobs import NewJob
from gateway.model_views import BUILT_IN, NOTES, SINGLE, UPLOADS, is_single, standing
from gateway.schemas import GenerationModel
from gateway.state import Asker, Parts
from services.kit import model_places
from services.kit.contract import contract
from services.kit.failures import BadInput, Conflict, Failure, NotFound, Unavailable
from services.kit.ids import new_ulid

_ABOUT_A_SECOND = 1.0


async def options(
    parts: Parts, owner_id: str, trace: str, timeout: float = _ABOUT_A_SECOND
) -> diffusion_pb2.DiffusionOptions | None:
    """What the diffusion service offers; None while none answers."""
    request = diffusion_pb2.DiffusionOptionsRequest()
    try:
        return await parts.calls.unary("diffusion.options", request, owner=owner_id, timeout=timeout, traceparent=trace)
    except Unavailable:
        return None


async def generating(parts: Parts, owner_id: str) -> list[GenerationModel]:
    """An owner's models that make pictures by themselves, for forms."""
    async with parts.database.read() as session:
        rows = await registered.usable(session, owner_id, "base")
    return [
        GenerationModel(
            name=row.name,
            status=standing(parts, row)[0],
            native_size=0,
            hash=row.hash,
            source=row.source,
            device="",
            error="",
        )
        for row in rows
    ]


async def count_use(parts: Parts, owner_id: str, request: Message) -> None:
    """Count the models a request names, the default one not being named."""
    named = [name for _, name in references.models_named(request)]
    if not named:
        return
    async with parts.database.write() as session:
        rows = [(name, await registered.called(session, owner_id, name)) for name in dict.fromkeys(named)]
        await registered.count_use(
            session, owner_id, [row.id if row else f"{BUILT_IN}{name}"[:128] for name, row in rows]
        )


# --- registering ------------------------------------------------------------------------------------------------------


async def register(
    parts: Parts, asker: Asker, body: schemas.ModelCreate, key: idempotency.Key | None = None
) -> ModelRow:
    """Make a row and begin to bring its files in. The same key and body give the same model."""
    if body.source.startswith(parts.objects.uri("")):
        raise BadInput.of("source", "is in this server's own storage", hint="Upload the file instead.")
    model_places.parse(body.source)
    row = _row(asker.owner_id, body.name or _name_of(body.source), body.source)
    row.kind, row.description, row.tags = body.kind or "", body.description, body.tags
    return await _begin(parts, asker, row, key)


async def register_upload(
    parts: Parts, asker: Asker, path: Any, file_name: str, sha256: str, name: str | None, kind: str | None
) -> ModelRow:
    """The same for a file that was sent."""
    row = _row(asker.owner_id, name or _name_of(file_name), "")
    row.kind = kind or ""
    async with parts.database.read() as session:
        if await registered.called(session, asker.owner_id, row.name) is not None:
            raise _taken(row.name)
    key = f"{UPLOADS}/{row.id}/{PurePosixPath(file_name).name}"
    row.source = parts.objects.uri(key)
    await parts.objects.put(key, path, "application/octet-stream", sha256=sha256)
    try:
        return await _begin(parts, asker, row)
    except BaseException:
        await parts.objects.delete(key)
        raise


async def again(parts: Parts, asker: Asker, row: ModelRow) -> ModelRow:
    """Try once more to bring a model in."""
    if row.status == "available":
        raise Conflict("The model is here already.")
    if row.status == "downloading" and (job := await _job(parts, row)) is not None and job.status not in TERMINAL:
        raise Conflict("The model is on its way already.", hint=f"See the job {job.id}.")
    async with parts.database.write() as session:
        kept = await _found(session, row.owner_id, row.id)
        kept.status, kept.error, kept.job_id = "downloading", None, None
    return await _submit(parts, asker, kept)


def _row(owner_id: str, name: str, source: str) -> ModelRow:
    moment = now()
    return ModelRow(
        id=new_ulid(),
        owner_id=owner_id,
        name=name,
        kind="",
        family="unknown",
        source=source,
        status="downloading",
        sha256="",
        hash="",
        size=0,
        files=0,
        rank=0,
        base_model="",
        trigger_words=[],
        description="",
        tags=[],
        favourite=False,
        created_at=moment,
        updated_at=moment,
    )


async def _begin(parts: Parts, asker: Asker, row: ModelRow, key: idempotency.Key | None = None) -> ModelRow:
    found = await options(parts, asker.owner_id, "")
    if found and row.name in {model.name for model in found.models}:
        raise _taken(row.name)
    # As the service reads it, so that what is no source is refused now.
    contract.complete(_request(row))
    try:
        async with parts.database.write() as session:
            if key and (earlier := await idempotency.claim(session, asker.owner_id, key, row.id)):
                return await _found(session, asker.owner_id, earlier)
            session.add(row)
    except IntegrityError as error:
        raise _taken(row.name) from error
    return await _submit(parts, asker, row)


async def _submit(parts: Parts, asker: Asker, row: ModelRow) -> ModelRow:
    request = _request(row)
    method = contract.methods[registered.IMPORT]
    new = NewJob(asker.owner_id, method, request, contract.to_json(request), None, asker.traceparent)
    try:
        accepted = await parts.jobs.submit(new)
    except Failure:
        if not row.job_id:
            async with parts.database.write() as session:
                await session.delete(await _found(session, row.owner_id, row.id))
                await idempotency.release(session, row.owner_id, row.id)
        raise
    async with parts.database.write() as session:
        kept = await _found(session, row.owner_id, row.id)
        kept.job_id = accepted.row.id
    return kept


def _request(row: ModelRow) -> models_pb2.ImportModelRequest:
    kind = f"MODEL_KIND_{row.kind.upper()}" if row.kind else None
    return models_pb2.ImportModelRequest(model_id=row.id, source=row.source, kind=kind)


def _name_of(source: str) -> str:
    """A name after a source: its last part, without what a file's name ends with."""
    last = PurePosixPath(source.partition("?")[0].rstrip("/")).name.partition("@")[0]
    stem = last.removesuffix(".safetensors").removesuffix(".zip")
    plain = "".join(c if c.isprintable() and c not in '<>:#,|/\\"' else "-" for c in stem).strip()[:64]
    return plain or "model"


def _taken(name: str) -> BadInput:
    return BadInput.of("name", f"there is a model named {name!r} already")


# --- changing ---------------------------------------------------------------------------------------------------------


async def load(parts: Parts, owner_id: str, model_id: str) -> ModelRow:
    """An owner's model; raises `NotFound`."""
    async with parts.database.read() as session:
        return await _found(session, owner_id, model_id)


async def _found(session: Any, owner_id: str, model_id: str) -> ModelRow:
    row = await registered.get(session, owner_id, model_id)
    if row is None:
        raise NotFound(f"There is no model {model_id}.")
    return row


async def change(parts: Parts, owner_id: str, model_id: str, values: dict[str, Any]) -> ModelRow:
    """Change some fields of a model; raises `NotFound` and `BadInput`."""
    try:
        async with parts.database.write() as session:
            row = await _found(session, owner_id, model_id)
            if preview := values.get("preview_asset_id"):
                asset = await assets.get(session, owner_id, preview)
                if asset is None or asset.kind != "image":
                    raise BadInput.of("preview_asset_id", "is not one of your pictures")
            for name, value in {**values, "updated_at": now()}.items():
                setattr(row, name, value)
    except IntegrityError as error:
        raise _taken(values.get("name", "")) from error
    return row


async def remove(parts: Parts, row: ModelRow) -> None:
    """Delete a model; its files too, unless another model has the same."""
    job = await _job(parts, row)
    if job is not None and job.status not in TERMINAL:
        await parts.jobs.cancel(row.owner_id, job.id, "its model was deleted")
    if row.sha256:
        await parts.loaded.unpin(row.sha256)
        await parts.loaded.tell(models_pb2.ModelAction.MODEL_ACTION_UNLOAD, uri(parts, row))
    async with parts.database.write() as session:
        await alone(session, f"model {row.sha256}")
        shared = await registered.others_with(session, row) if row.sha256 else 1
        await session.delete(await _found(session, row.owner_id, row.id))
    # What lies there without a row is found by nobody; a row without its files would be found broken.
    keys = await parts.objects.keys(f"{UPLOADS}/{row.id}/")
    if not shared:
        keys += [f"models/{row.sha256}.json", *await parts.objects.keys(f"models/{row.sha256}/")]
    for key in keys:
        await parts.objects.delete(key)


async def _job(parts: Parts, row: ModelRow) -> JobRow | None:
    if row.job_id is None:
        return None
    async with parts.database.read() as session:
        return await jobs.get(session, row.owner_id, row.job_id)


# --- in memory --------------------------------------------------------------------------------------------------------


def uri(parts: Parts, row: ModelRow) -> str:
    """How requests name a model when they travel."""
    return references.model_uri(parts, row)


@dataclass(frozen=True)
class Subject:
    """A model that the workers can be told about."""

    key: str
    model: str
    """How requests name it."""


async def subject(parts: Parts, owner_id: str, model_id: str, trace: str) -> Subject:
    """The model with this id, registered or built in; raises `NotFound`, and `Conflict` for what cannot be loaded."""
    if model_id.startswith(BUILT_IN):
        name = model_id.removeprefix(BUILT_IN)
        found = await options(parts, owner_id, trace, timeout=5)
        if found is None:
            raise Unavailable("The diffusion service does not answer.", retry_after_s=2)
        if name not in {model.name for model in found.models}:
            raise NotFound(f"There is no model {model_id}.")
        return Subject(name, name)
    row = await load(parts, owner_id, model_id)
    if row.status != "available":
        raise Conflict(f"The model is {row.status}; only one that is here can be loaded.")
    if row.kind != "base":
        raise Conflict(f"{_article(row.kind)} is not loaded by itself.", hint=NOTES[row.kind].format(name=row.name))
    if is_single(row):
        raise Conflict("A checkpoint in a single file cannot be loaded.", hint=SINGLE)
    return Subject(row.sha256, uri(parts, row))


def _article(kind: str) -> str:
    word = {"lora": "LoRA", "vae": "VAE"}.get(kind, kind.replace("_", " "))
    return f"{'An' if word[0] in 'aeiou' else 'A'} {word}"
