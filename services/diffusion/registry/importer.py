"""The job that brings a model in: fetch, look, store. Nothing is told of it before it is whole."""

import asyncio
import shutil
from pathlib import Path

from atelier.v1.models_pb2 import ImportModelRequest, ImportModelResult, ModelKind
from services.diffusion.registry import content
from services.diffusion.registry.faults import Refused
from services.diffusion.registry.fetch import Fetch
from services.diffusion.registry.inspection import SUFFIX, Inspection, inspect
from services.diffusion.registry.transfer import Transfer
from services.diffusion.settings import DiffusionSettings
from services.diffusion.store import Store, size_of
from services.kit import model_places
from services.kit.failures import Failure
from services.kit.job import Cancelled, Job

_HASHING = (0.8, 0.9)
_STORING = (0.9, 1.0)
_LOOK_S = 0.25
# Where the gateway puts what was sent to it.
_UPLOADS = "uploads/models/"


async def import_model(
    request: ImportModelRequest, job: Job, settings: DiffusionSettings, store: Store
) -> ImportModelResult:
    """Bring a model in. An attempt that is killed leaves its folder, and the next one on this machine goes on with
    what is in it."""
    room = settings.home / "imports" / job.id
    folder = room / "model"
    try:
        await Fetch(job, settings, folder).run(model_places.parse(request.source))
        root = await asyncio.to_thread(_root, folder)
        found = await _inspected(root, job, settings)
        kind = _kind(found, request)
        known = await content.is_stored(job.objects, found.sha256)
        if not known:
            limit = settings.diffusion_import_max_bytes
            storing = Transfer(job, "storing", "Storing", total=found.size, limit=limit, part=_STORING)
            await content.put(job.objects, root, found, storing)
        await store.adopt(found.sha256, root)
    except Refused as refusal:
        await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)
        # An upload's source is an address nobody knows; the refusal names the file.
        uploaded = request.source.startswith(job.objects.uri(_UPLOADS))
        told = str(refusal) if uploaded else f"{request.source}: {refusal}"
        raise Failure(told, code="model_refused", hint=_HINT) from None
    except Failure as failure:
        if not failure.retryable:
            await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)
        raise
    except Cancelled:
        await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)
        raise
    await asyncio.to_thread(shutil.rmtree, room, ignore_errors=True)
    if request.source.startswith(uploads := job.objects.uri(_UPLOADS)):
        await job.objects.delete(_UPLOADS + request.source.removeprefix(uploads))
    return _result(request, found, kind, known)


_HINT = "Convert it to safetensors, or look for a version of it in that format."


def _root(folder: Path) -> Path:
    """The folder that is the model, where all of it lies in one folder of an archive."""
    for path in folder.rglob("*.etag"):
        path.unlink()
    inside = list(folder.iterdir())
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = list(folder.iterdir())
    return folder


async def _inspected(folder: Path, job: Job, settings: DiffusionSettings) -> Inspection:
    total = size_of(folder)
    limit = settings.diffusion_import_max_bytes
    reading = Transfer(job, "reading", "Reading", total=total, limit=limit, part=_HASHING)
    read = 0
    stopped = False

    def pace(size: int) -> None:
        nonlocal read
        read += size
        if stopped:
            raise Cancelled

    looking = asyncio.create_task(asyncio.to_thread(inspect, folder, pace))
    told = 0
    try:
        while not (await asyncio.wait({looking}, timeout=_LOOK_S))[0]:
            job.alive()
            await reading.moved(read - told)
            told = read
    except BaseException:
        stopped = True
        raise
    found = await looking
    await reading.moved(total - told)
    return found


def _kind(found: Inspection, request: ImportModelRequest) -> str:
    if found.kind:
        return f"MODEL_KIND_{found.kind.upper()}"
    if not request.HasField("kind"):
        weights = next(file.path for file in found.files if file.path.endswith(SUFFIX))
        raise Failure(
            f"The tensors of {weights} are of no kind that is known here.",
            code="model_unknown",
            hint="If you know what it is for, register it with that `kind`.",
        )
    return ModelKind.Name(request.kind)


def _result(request: ImportModelRequest, found: Inspection, kind: str, known: bool) -> ImportModelResult:
    result = ImportModelResult(
        model_id=request.model_id,
        kind=kind,
        family=found.family,
        sha256=found.sha256,
        hash=found.hash,
        size=found.size,
        files=len(found.files),
        rank=found.rank,
        trigger_words=found.trigger_words,
        title=found.title[:200],
        base_model=found.base_model[:200],
        known=known,
    )
    if found.alpha is not None:
        result.alpha = found.alpha
    return result
