"""What is told of models: how they stand, where they are in memory, what can be done with them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from atelier.v1 import diffusion_pb2
from gateway import model_schemas as schemas
from gateway import views
from gateway.catalog import assets, jobs, registered
from gateway.catalog.models import AssetRow, JobRow, ModelRow, ModelUseRow
from gateway.state import Parts

BUILT_IN = "built-in:"
"""How the ids of models begin that came along."""
UPLOADS = "uploads/models"
"""Where files lie that were sent."""
NOTES = {
    "base": "Name it as the model of a picture.",
    "lora": "Add it to a picture, or write <lora:{name}:0.8> in the prompt.",
    "vae": "Turns the latents of models of its family into pixels.",
    "upscaler": "Name it when upscaling.",
    "motion_adapter": "Makes a base model of its family move.",
    "text": "Text models are served by an endpoint: start vLLM, Ollama or LM Studio with it and register that under "
    "Language.",
    "embedding": "Write its name in the prompt.",
}
SINGLE = "A single file carries neither tokenizer nor configuration; register the same model as a diffusers folder."


def is_single(row: ModelRow) -> bool:
    """True for a whole model in one file, which lacks what a folder has beside the weights."""
    return row.kind == "base" and row.files == 1


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
    status, places = standing(parts, row)
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
        loadable=row.kind == "base" and row.status == "available" and not is_single(row),
        note=SINGLE if is_single(row) else NOTES.get(row.kind, "").format(name=row.name),
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
        note=NOTES["base"],
        pinned=parts.loaded.is_pinned(model.name),
        loaded_on=places,
        job=None,
        uses=used.uses if used else 0,
        last_used_at=used.last_used_at if used else None,
        created_at=None,
        updated_at=None,
    )


def standing(parts: Parts, row: ModelRow) -> tuple[str, list[schemas.LoadedModel]]:
    """How a model stands, and where it is in memory."""
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
    own = parts.objects.uri(f"{UPLOADS}/{row.id}/")
    return f"upload: {row.source.removeprefix(own)}" if row.source.startswith(own) else row.source
