"""The diffusion service: requests from the contract to the engine, and what the engine tells back to the job."""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar, cast

import structlog
from google.protobuf.message import Message

from atelier.v1.diffusion_pb2 import (
    DiffusionModel,
    DiffusionOptions,
    DiffusionOptionsRequest,
    GenerationResult,
    ImageToImageRequest,
    InpaintRequest,
    TextToImageRequest,
)
from atelier.v1.models_pb2 import ImportModelRequest, ImportModelResult
from services.diffusion import metadata, tasks
from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample, EngineFault
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Happening, Made, Noted, Previewed, Stepped
from services.diffusion.library import Library
from services.diffusion.model import ModelCard
from services.diffusion.models import Loaded, ModelState
from services.diffusion.provenance import settings_of
from services.diffusion.registry import importer
from services.diffusion.samplers import SAMPLERS
from services.diffusion.settings import DiffusionSettings
from services.diffusion.tasks import Task
from services.kit.call import Call
from services.kit.contract import contract
from services.kit.failures import BadInput, Failure, ModelNotFound
from services.kit.host import Service, method
from services.kit.job import Job
from services.kit.tasks import end

R = TypeVar("R", bound=Message)
# How a request becomes work for the engine; see `tasks`.
Planned = Callable[[R, Job, ModelCard, float], Awaitable[Task]]

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
        self._library = Library(settings, self.objects, self._engine.pulse, gate)
        self._models = self._library.models
        await self._library.start(self.bus, f"{socket.gethostname()}-{os.getpid()}")
        self.status("starting", f"loading {self._models.default}")
        self._warming = asyncio.create_task(self._warm_up(), name="warm-up")

    async def stop(self) -> None:
        """End the engine after its present step."""
        await end(self._warming)
        await self._library.stop()
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
        return await self._pictures(request, job, tasks.text_to_image)

    @method
    async def image_to_image(self, request: ImageToImageRequest, job: Job) -> GenerationResult:
        """Make pictures from one."""
        return await self._pictures(request, job, tasks.image_to_image)

    @method
    async def inpaint(self, request: InpaintRequest, job: Job) -> GenerationResult:
        """Make a part of a picture anew."""
        return await self._pictures(request, job, tasks.inpaint)

    @method
    async def import_model(self, request: ImportModelRequest, job: Job) -> ImportModelResult:
        """Bring a model into the registry."""
        return await importer.import_model(request, job, self.diffusion_settings, self._library.store)

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Models and samplers."""
        return DiffusionOptions(models=[_described(s) for s in self._models.states()], samplers=list(SAMPLERS))

    async def _pictures(self, request: R, job: Job, planned: Planned[R]) -> GenerationResult:
        data = contract.to_json(request)
        asked = data.get("model") or self._models.default
        try:
            name = self._models.wanted(asked).name
        except KeyError:
            raise ModelNotFound.of(asked, self._models.names) from None
        try:
            with self._models.using(asked) as found:
                model = await self._model(name, found, job)
                # One model may be registered under several names.
                card = replace(model.card, name=name)
                task = await planned(request, job, card, self.diffusion_settings.diffusion_max_area)
                return await self._sample(model, card, task, data["format"], job)
        except EngineFault as fault:
            raise _failure(fault) from fault

    async def _model(self, name: str, found: "Future[Loaded]", job: Job) -> Loaded:
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

    async def _sample(
        self, model: Loaded, card: ModelCard, task: Task, image_format: str, job: Job
    ) -> GenerationResult:
        generation = task.generation
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Happening] = asyncio.Queue()

        def tell(happening: Happening) -> None:
            loop.call_soon_threadsafe(told.put_nowait, happening)

        sampling = self._engine.submit(model, generation, tell)
        result = GenerationResult(seed=generation.seed, model=card.name, model_hash=card.hash)
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
                        image = await asyncio.to_thread(task.finish, happening.image)
                        settings = settings_of(job.kind, generation, happening.seed, card, image.size)
                        settings |= task.provenance
                        encoded = await asyncio.to_thread(metadata.encode, image, image_format, settings)
                        asset = await job.store(
                            encoded.data,
                            index=happening.index,
                            content_type=encoded.content_type,
                            kind="image",
                            width=image.width,
                            height=image.height,
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
