"""The diffusion service: requests from the contract to the engine, and what the engine tells back to the job."""

import asyncio
import hashlib
import time
from typing import cast

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
from services.diffusion.generation import Ended, Generation, Happening, Made, Noted, Previewed, Stepped
from services.diffusion.loading import LoadOptions, load
from services.diffusion.model import ModelCard
from services.diffusion.models import Loaded, Models, ModelState
from services.diffusion.provenance import settings_of
from services.diffusion.samplers import SAMPLERS
from services.diffusion.settings import DiffusionSettings
from services.kit.call import Call
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, ModelNotFound
from services.kit.host import Service, method
from services.kit.job import Job
from services.kit.tasks import end

log = structlog.get_logger(__name__)

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
        self._models = Models(settings.sources, lambda n, s: load(n, s, options, self._engine.pulse, gate))
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
            generation = self._generation(request, model.card, job)
            return await self._sample(model, generation, contract.to_json(request)["format"], job)
        except EngineFault as fault:
            raise _failure(fault) from fault

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Models and samplers."""
        return DiffusionOptions(models=[_described(s) for s in self._models.states()], samplers=list(SAMPLERS))

    async def _model(self, name: str, job: Job) -> Loaded:
        try:
            found = self._models.get(name)
        except KeyError:
            raise ModelNotFound.of(name, self._models.names) from None
        if found.done():
            return found.result()
        loading = asyncio.wrap_future(found)
        await job.progress(0.0, stage="loading", message=f"Loading {name}")
        patience_s = self.diffusion_settings.diffusion_load_timeout_s
        deadline = time.monotonic() + patience_s
        while not (await asyncio.wait({loading}, timeout=_LOOK_S))[0]:
            job.check()
            job.alive()
            if time.monotonic() > deadline:
                raise Failure(
                    f"{name} was not loaded within {patience_s:.0f} s",
                    code="model_failed",
                    hint="ATELIER_DIFFUSION_LOAD_TIMEOUT_S allows more.",
                )
        return await loading

    def _generation(self, request: TextToImageRequest, card: ModelCard, job: Job) -> Generation:
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
            seed=request.seed if request.seed >= 0 else _seed_of(job.id),
            count=request.count,
            preview_every=request.preview_every,
        )

    async def _sample(self, model: Loaded, generation: Generation, image_format: str, job: Job) -> GenerationResult:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Happening] = asyncio.Queue()

        def tell(happening: Happening) -> None:
            loop.call_soon_threadsafe(told.put_nowait, happening)

        sampling = self._engine.submit(model, generation, tell)
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
                            message=_where(happening, generation.count),
                            step=happening.step,
                            steps=happening.steps,
                            eta_s=happening.eta_s,
                        )
                    case Previewed():
                        await job.preview(happening.image, index=happening.index, step=happening.step)
                    case Noted():
                        await job.log(happening.text, level="warning")
                    case Made():
                        settings = settings_of(job.kind, generation, happening.seed, model.card)
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
                    case Ended():
                        if happening.error is not None:
                            raise happening.error
                        # Pictures of different pace may be ready in another order.
                        result.outputs.sort(key=lambda asset: asset.index)
                        return result
        finally:
            sampling.cancel()

    def _show_life(self, job: Job) -> None:
        """A job waiting for its turn, or for its next step, lives as long as the engine moves or a model is loaded."""
        if self._models.loading:
            job.alive()
        job.last_activity = max(job.last_activity, self._engine.pulse.at)


def _where(stepped: Stepped, count: int) -> str:
    picture = f", picture {stepped.index + 1} of {count}" if count > 1 else ""
    return f"Step {stepped.step} of {stepped.steps}{picture}"


def _seed_of(job_id: str) -> int:
    """A seed nobody can foresee, but the same when the job is delivered again: what it stored before stays true."""
    return int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:4])


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
