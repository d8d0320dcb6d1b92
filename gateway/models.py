"""Models of the registry: rows whose files a job brings in, and what the workers have of them in memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from pathlib import PurePosixPath
from typing import Any

from google.protobuf.message import Message
from sqlalchemy.exc import IntegrityError

from atelier.v1 import diffusion_pb2, models_pb2
from gateway import model_schemas as schemas
from gateway import references, views
from gateway.catalog import assets, jobs, registered
from gateway.catalog.database import alone
from gateway.catalog.models import TERMINAL, AssetRow, JobRow, ModelRow, ModelUseRow, now
from gateway.jobs import NewJob
from gateway.schemas import GenerationModel
from gateway.state import Asker, Parts
from services.kit import model_places
from services.kit.contract import contract
from services.kit.failures import BadInput, Conflict, Failure, NotFound, Unavailable
from services.kit.ids import new_ulid

BUILT_IN = "built-in:"
_UPLOADS = "uploads/models"
_NOTES = {
    "base": "Name it as the model of a picture.",
    "lora": "Add it to a picture, or write <lora:{name}:0.8> in the prompt.",
    "vae": "Turns the latents of models of its family into pixels.",
    "upscaler": "Name it when upscaling.",
    "motion_adapter": "Makes a base model of its family move.",
    "text": "Text models are served by an endpoint: start vLLM, Ollama or LM Studio with it and register that under "
    "Language.",
    "embedding": "Write its name in the prompt.",
}
_SINGLE = "A single file carries neither tokenizer nor configuration; register the same model as a diffusers folder."
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
            status=_standing(row, parts)[0],
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


async def register(parts: Parts, asker: Asker, body: schemas.ModelCreate) -> ModelRow:
    """Make a row and begin to bring its files in."""
    if body.source.startswith(parts.objects.uri("")):
        raise BadInput.of("source", "is in this server's own storage", hint="Upload the file instead.")
    model_places.parse(body.source)
    row = _row(asker.owner_id, body.name or _name_of(body.source), body.source)
    row.kind, row.description, row.tags = body.kind or "", body.description, body.tags
    return await _begin(parts, asker, row)


async def register_upload(
    parts: Parts, asker: Asker, path: Any, file_name: str, sha256: str, name: str | None, kind: str | None
) -> ModelRow:
    """The same for a file that was sent."""
    row = _row(asker.owner_id, name or _name_of(file_name), "")
    row.kind = kind or ""
    await _refuse_taken(parts, asker.owner_id, row.name)
    key = f"{_UPLOADS}/{row.id}/{PurePosixPath(file_name).name}"
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


async def _begin(parts: Parts, asker: Asker, row: ModelRow) -> ModelRow:
    await _refuse_taken(parts, asker.owner_id, row.name)
    # As the service reads it, so that what is no source is refused now.
    contract.complete(_request(row))
    try:
        async with parts.database.write() as session:
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


async def _refuse_taken(parts: Parts, owner_id: str, name: str) -> None:
    async with parts.database.read() as session:
        row = await registered.called(session, owner_id, name)
    found = await options(parts, owner_id, "")
    if row is not None or (found and name in {model.name for model in found.models}):
        raise _taken(name)


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
    keys = await parts.objects.keys(f"{_UPLOADS}/{row.id}/")
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
        raise Conflict(f"{_article(row.kind)} is not loaded by itself.", hint=_NOTES[row.kind].format(name=row.name))
    if _single(row):
        raise Conflict("A checkpoint in a single file cannot be loaded.", hint=_SINGLE)
    return Subject(row.sha256, uri(parts, row))


def _single(row: ModelRow) -> bool:
    """True for a whole model in one file, which lacks what a folder has beside the weights."""
    return row.kind == "base" and row.files == 1


def _article(kind: str) -> str:
    word = {"lora": "LoRA", "vae": "VAE"}.get(kind, kind.replace("_", " "))
    return f"{'An' if word[0] in 'aeiou' else 'A'} {word}"


# --- showing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Context:
    """What models are shown with."""

    uses: dict[str, ModelUseRow]
    jobs: dict[str, JobRow]
    previews: dict[str, AssetRow]


async def context(parts: Parts, owner_id: str, rows: Iterable[ModelRow]) -> Context:
    """It, in three queries."""
    rows = list(rows)
    coming = [row.job_id for row in rows if row.job_id and row.status == "downloading"]
    previews = [row.preview_asset_id for row in rows if row.preview_asset_id]
    async with parts.database.read() as session:
        found = [await jobs.get(session, owner_id, job_id) for job_id in coming]
        pictures = await assets.of_ids(session, owner_id, previews)
        uses = await registered.uses(session, owner_id)
    return Context(uses, {job.id: job for job in found if job}, {picture.id: picture for picture in pictures})


def shown(parts: Parts, row: ModelRow, around: Context) -> schemas.Model:
    """A model of the registry."""
    job = around.jobs.get(row.job_id or "")
    used = around.uses.get(row.id)
    picture = around.previews.get(row.preview_asset_id or "")
    status, places = _standing(row, parts)
    return schemas.Model(
        id=row.id,
        name=row.name,
        kind=row.kind or None,  # pyright: ignore[reportArgumentType]  # the column holds nothing else; pydantic checks
        family=row.family,
        source=_source(parts, row),
        built_in=False,
        status=status,  # pyright: ignore[reportArgumentType]
        error=schemas.ModelError(**row.error) if row.error else None,
        sha256=row.sha256,
        short_hash=row.sha256[:10],
        hash=row.hash,
        size=row.size,
        files=row.files,
        rank=row.rank,
        alpha=row.alpha,
        base_model=row.base_model,
        trigger_words=row.trigger_words,
        description=row.description,
        tags=row.tags,
        favourite=row.favourite,
        preview_asset_id=row.preview_asset_id,
        preview_url=views.thumbnail_url(picture.id, picture.content_type) if picture else None,
        loadable=row.kind == "base" and row.status == "available" and not _single(row),
        note=_SINGLE if _single(row) else _NOTES.get(row.kind, "").format(name=row.name),
        pinned=bool(row.sha256) and parts.loaded.is_pinned(row.sha256),
        loaded_on=places,
        job=_transfer(job) if job else None,
        uses=used.uses if used else 0,
        last_used_at=used.last_used_at if used else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def shown_built_in(parts: Parts, model: diffusion_pb2.DiffusionModel, around: Context) -> schemas.Model:
    """A model that came along, as the service tells of it."""
    used = around.uses.get(f"{BUILT_IN}{model.name}")
    places = _places(parts, model.name)
    failed = schemas.ModelError(code="model_failed", message=model.error) if model.error else None
    return schemas.Model(
        id=f"{BUILT_IN}{model.name}",
        name=model.name,
        kind="base",
        family="unknown",
        source="built-in",
        built_in=True,
        status=_status(places) or model.status,  # pyright: ignore[reportArgumentType]
        error=failed,
        sha256="",
        short_hash=model.hash[:10],
        hash=model.hash,
        size=0,
        files=0,
        rank=0,
        alpha=None,
        base_model="",
        trigger_words=[],
        description="",
        tags=[],
        favourite=False,
        preview_asset_id=None,
        preview_url=None,
        loadable=True,
        note=_NOTES["base"],
        pinned=parts.loaded.is_pinned(model.name),
        loaded_on=places,
        job=None,
        uses=used.uses if used else 0,
        last_used_at=used.last_used_at if used else None,
        created_at=None,
        updated_at=None,
    )


def _standing(row: ModelRow, parts: Parts) -> tuple[str, list[schemas.LoadedModel]]:
    if row.status != "available":
        return row.status, []
    places = _places(parts, row.sha256)
    return _status(places) or "available", places


def _status(places: list[schemas.LoadedModel]) -> str:
    """What the workers say together: loaded if it is anywhere."""
    told = {place.status for place in places}
    return next((status for status in ("loaded", "loading", "failed") if status in told), "")


def _places(parts: Parts, key: str) -> list[schemas.LoadedModel]:
    return [
        schemas.LoadedModel(
            worker=worker,
            status=model.status,
            bytes=model.bytes,
            in_use=model.in_use,
            uses=model.uses,
            last_used_at=model.last_used.ToDatetime(UTC) if model.HasField("last_used") else None,
            error=model.error,
        )
        for worker, model in parts.loaded.of(key).items()
    ]


def _transfer(job: JobRow) -> schemas.ModelTransfer:
    return schemas.ModelTransfer(
        id=job.id, status=job.status, progress=job.progress, stage=job.stage, message=job.message, eta_s=job.eta_s
    )


def _source(parts: Parts, row: ModelRow) -> str:
    own = parts.objects.uri(f"{_UPLOADS}/{row.id}/")
    return f"upload: {row.source.removeprefix(own)}" if row.source.startswith(own) else row.source
