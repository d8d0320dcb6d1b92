"""The diffusion service: requests from the contract to the engine, and what the engine tells back to the job."""

import asyncio
import secrets
from concurrent.futures import Future
from functools import partial
from typing import Any, cast

import structlog
from atelier.v1.diffusion_pb2 import (
    DiffusionModel,
    DiffusionOptions,
    DiffusionOptionsRequest,
    GenerationResult,
    TextToImageRequest,
)

from services.diffusion import metadata
from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample, EngineFault
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Generation, Happening, Made, Previewed, Stepped
from services.diffusion.loading import LoadOptions, load
from services.diffusion.model import ModelCard
from services.diffusion.models import Loaded, Models, ModelState
from services.diffusion.samplers import SAMPLERS
from services.diffusion.settings import DiffusionSettings
from services.kit.call import Call
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, FieldFault, NotFound
from services.kit.host import Service, method
from services.kit.job import Job
from services.kit.tasks import end

log = structlog.get_logger(__name__)

_SEEDS = 2**32
# How often a waiting job asks whether it was cancelled and whether the engine still moves.
_LOOK_S = 0.25


class Diffusion(Service):
    """Pictures from words."""

    name = "diffusion"
    settings_type = DiffusionSettings

    async def start(self) -> None:
        """Answer at once; the default model loads beside."""
        settings = self.diffusion_settings
        gate = Gate()
        self._engine = Engine(
            cores=settings.cores, batch=settings.diffusion_batch, batching=settings.diffusion_batching, gate=gate
        )
        options = LoadOptions(
            device=settings.diffusion_device,
            dtype=settings.diffusion_dtype,
            cores=settings.cores,
            hash_cache=settings.home / "model-hashes.json",
        )
        self._models = Models(settings.sources, lambda n, s: load(n, s, options, self._engine.pulse), gate)
        self.status("starting", f"loading {self._models.default}")
        self._warming = asyncio.create_task(self._warm_up(), name="warm-up")

    async def stop(self) -> None:
        """End the engine after its present step."""
        await end(self._warming)
        await asyncio.to_thread(self._engine.close)

    @property
    def diffusion_settings(self) -> DiffusionSettings:
        """This service's own settings."""
        return cast(DiffusionSettings, self.settings)

    async def _warm_up(self) -> None:
        try:
            await asyncio.wrap_future(self._models.get(self._models.default))
        except EngineFault as error:
            log.error("model_not_loaded", error=str(error))
            self.status("failed", str(error))
        else:
            self.status("ready")

    @method
    async def text_to_image(self, request: TextToImageRequest, job: Job) -> GenerationResult:
        """Make `count` pictures; picture k uses seed + k."""
        try:
            model = await self._model(request.model or self._models.default, job)
            generation = self._generation(request, model.card)
            return await self._sample(model, generation, contract.to_json(request)["format"], job)
        except EngineFault as fault:
            raise _failure(fault) from fault

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Models and samplers."""
        return DiffusionOptions(models=[_described(s) for s in self._models.states()], samplers=list(SAMPLERS))

    async def _model(self, name: str, job: Job) -> Loaded:
        try:
            future: Future[Loaded] = self._models.get(name)
        except KeyError:
            known = ", ".join(self._models.names)
            message = f"there is no model {name!r}; known: {known}"
            raise NotFound(message, fields=(FieldFault("model", message),)) from None
        if not future.done():
            await job.progress(0.0, stage="loading", message=f"Loading {name}")
        async with asyncio.timeout(self.diffusion_settings.diffusion_load_timeout_s):
            loading = asyncio.wrap_future(future)
            while not (await asyncio.wait({loading}, timeout=_LOOK_S))[0]:
                job.check()
                job.alive()
            return await loading

    def _generation(self, request: TextToImageRequest, card: ModelCard) -> Generation:
        data = contract.to_json(request)
        width, height = data.get("width", card.native_width), data.get("height", card.native_height)
        card.check_size(width, height, self.diffusion_settings.diffusion_max_area)
        return Generation(
            prompt=request.prompt,
            negative_prompt=request.negative_prompt,
            width=width,
            height=height,
            steps=request.steps,
            cfg_scale=request.cfg_scale,
            sampler=data["sampler"],
            seed=request.seed if request.seed >= 0 else secrets.randbelow(_SEEDS),
            count=request.count,
            preview_every=request.preview_every,
        )

    async def _sample(self, model: Loaded, generation: Generation, image_format: str, job: Job) -> GenerationResult:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Happening] = asyncio.Queue()
        sampling = self._engine.submit(model, generation, partial(loop.call_soon_threadsafe, told.put_nowait))
        result = GenerationResult(seed=generation.seed, model=model.card.name, model_hash=model.card.hash)
        try:
            while True:
                try:
                    async with asyncio.timeout(_LOOK_S):
                        happening = await told.get()
                except TimeoutError:
                    self._show_life(job)
                    job.check()
                    continue
                job.check()
                match happening:
                    case Stepped():
                        await job.progress(
                            happening.fraction,
                            stage="sampling",
                            step=happening.step,
                            steps=happening.steps,
                            eta_s=happening.eta_s,
                        )
                    case Previewed():
                        await job.preview(happening.image, index=happening.index, step=happening.step)
                    case Made():
                        settings = _settings(job.kind, generation, happening, model.card)
                        encoded = await asyncio.to_thread(metadata.encode, happening.image, image_format, settings)
                        asset = await job.store(
                            encoded.data,
                            index=happening.index,
                            content_type=encoded.content_type,
                            kind="image",
                            width=happening.image.width,
                            height=happening.image.height,
                            provenance=settings,
                        )
                        result.outputs.append(asset)
                    case Ended(error=None):
                        return result
                    case Ended(error=error):
                        raise error
        finally:
            sampling.cancel()

    def _show_life(self, job: Job) -> None:
        """A job that waits for its turn lives as long as the engine does."""
        job.last_activity = max(job.last_activity, self._engine.pulse.at)


def _settings(kind: str, generation: Generation, made: Made, card: ModelCard) -> dict[str, Any]:
    return {
        "kind": kind,
        "prompt": generation.prompt,
        "negative_prompt": generation.negative_prompt,
        "model": card.name,
        "model_hash": card.hash,
        "width": generation.width,
        "height": generation.height,
        "steps": generation.steps,
        "cfg_scale": generation.cfg_scale,
        "sampler": generation.sampler,
        "seed": made.seed,
    }


def _described(state: ModelState) -> DiffusionModel:
    described = DiffusionModel(name=state.name, status=state.status, source=state.source, error=state.error)
    if state.card is not None:
        described.native_size = state.card.native_width
        described.hash = state.card.hash
        described.device = state.card.device
    return described


def _failure(fault: EngineFault) -> Failure:
    if isinstance(fault, CannotSample):
        return BadInput.of(fault.field, str(fault))
    return Failure(str(fault), code=fault.code, hint=fault.hint, retryable=fault.retryable)
