"""The diffusion service: requests from the contract to the engine, and what the engine tells back to the job."""

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import Future
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar, cast

import structlog
from google.protobuf.message import Message

from atelier.v1.diffusion_pb2 import (
    DiffusionModel,
    DiffusionOptions,
    DiffusionOptionsRequest,
    GenerationResult,
    GridRequest,
    ImageToImageRequest,
    ImageToVideoRequest,
    InpaintRequest,
    TextToImageRequest,
    TextToVideoRequest,
    UpscaleRequest,
)
from atelier.v1.diffusion_pb2 import Upscaler as UpscalerOption
from atelier.v1.models_pb2 import ImportModelRequest, ImportModelResult
from services.diffusion import metadata, tasks
from services.diffusion.emphasis import LoraTag
from services.diffusion.engine import Engine
from services.diffusion.faults import CannotSample, EngineFault
from services.diffusion.foreign import ForeignModel
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Happening, Made, Noted, Previewed, Stepped, Tell
from services.diffusion.grid import Gridding, Place
from services.diffusion.library import Library
from services.diffusion.loras import Loras
from services.diffusion.model import Model, ModelCard
from services.diffusion.models import Loaded, ModelState
from services.diffusion.phrasing import Phrasing
from services.diffusion.provenance import beside, settings_of
from services.diffusion.registry import importer
from services.diffusion.results import Results, give_again, key_of
from services.diffusion.samplers import SAMPLERS
from services.diffusion.sampling import Sampling
from services.diffusion.settings import DiffusionSettings
from services.diffusion.tasks import Shot, Task
from services.diffusion.upscale.lanes import Lanes
from services.diffusion.upscale.upscalers import UPSCALERS, Upscaler, Upscalers
from services.diffusion.upscale.upscaling import Upscaling
from services.diffusion.video.model import VideoModel
from services.diffusion.video.shooting import Shooting, technique
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
# How often it is looked whether the weights of the upscalers have come.
_WEIGHTS_LOOK_S = 5.0


class Diffusion(Service):
    """Pictures from words."""

    name = "diffusion"
    settings_type = DiffusionSettings

    async def start(self) -> None:
        """Answer at once; the default model loads beside."""
        settings = self.diffusion_settings
        gate = Gate()
        self._engine = Engine(
            cores=settings.cores,
            batch=settings.diffusion_batch,
            batching=settings.diffusion_batching,
            gate=gate,
            make_room=lambda keep: self._models.unload_idle(keep),
        )
        self._library = Library(settings, self.objects, self._engine.pulse, gate)
        self._models = self._library.models
        await self._library.start(self.bus, self.instance)
        self._upscaling = Upscaling(
            upscalers=Upscalers(settings.upscalers),
            lanes=Lanes(settings.cores),
            home=settings.home,
            max_pixels=round(settings.diffusion_upscale_max_megapixels * 1_000_000),
        )
        loras = Loras(self._library.lora, lambda: list(settings.lora_files), settings.diffusion_lora_cache_mb << 20)
        self._phrasing = Phrasing(settings.wildcards, loras)
        self._results = Results(self.bus, self.objects)
        self.status("starting", f"loading {self._models.default}")
        self._warming = asyncio.create_task(self._warm_up(), name="warm-up")

    async def stop(self) -> None:
        """End the engine after its present step."""
        await end(self._warming)
        await self._library.stop()
        await asyncio.to_thread(self._engine.close)
        await asyncio.to_thread(self._upscaling.lanes.close)

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
            await self._await_upscalers()

    async def _await_upscalers(self) -> None:
        """Ready at once; what is said besides ends when the weights of the upscalers are there."""
        upscalers = self._upscaling.upscalers
        while missing := next(filter(None, map(upscalers.missing, UPSCALERS)), ""):
            self.status("ready", f"upscaling waits for its weights: {missing}")
            await asyncio.sleep(_WEIGHTS_LOOK_S)
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
    async def grid(self, request: GridRequest, job: Job) -> GenerationResult:
        """Make a picture of every combination of the axes' values, and a sheet of them."""
        try:
            return await Gridding(request, job, self._using, self._cell).run()
        except EngineFault as fault:
            raise _failure(fault) from fault

    @method
    async def import_model(self, request: ImportModelRequest, job: Job) -> ImportModelResult:
        """Bring a model into the registry."""
        return await importer.import_model(request, job, self.diffusion_settings, self._library.store)

    @method
    async def text_to_video(self, request: TextToVideoRequest, job: Job) -> GenerationResult:
        """Make a video from words."""
        return await self._video(request, job, tasks.text_to_video)

    @method
    async def image_to_video(self, request: ImageToVideoRequest, job: Job) -> GenerationResult:
        """Make a video from a picture."""
        return await self._video(request, job, tasks.image_to_video)

    @method
    async def upscale(self, request: UpscaleRequest, job: Job) -> GenerationResult:
        """Make a picture or a video larger."""
        try:
            return await self._upscaling.run(request, job)
        except EngineFault as fault:
            raise _failure(fault) from fault

    @method
    async def options(self, request: DiffusionOptionsRequest, call: Call) -> DiffusionOptions:
        """Models, samplers, upscalers, LoRAs and lists."""
        upscalers = self._upscaling.upscalers
        return DiffusionOptions(
            models=[_described(s) for s in self._models.states()],
            samplers=list(SAMPLERS),
            upscalers=[_described_upscaler(one, upscalers.missing(one)) for one in UPSCALERS],
            loras=self._phrasing.loras.names,
            wildcards=sorted(self._phrasing.lists),
        )

    async def _pictures(self, request: R, job: Job, planned: Planned[R]) -> GenerationResult:
        data = contract.to_json(request)

        async def stepped(step: Stepped) -> None:
            await job.progress(
                step.fraction,
                stage="sampling",
                message=_where(step, data["count"]),
                step=step.step,
                steps=step.steps,
                eta_s=step.eta_s,
            )

        try:
            async with self._using(data.get("model", ""), job) as (model, card):
                return await self._made(request, job, planned, model, card, Place(job.kind, 0, stepped))
        except EngineFault as fault:
            raise _failure(fault) from fault

    async def _cell(
        self, request: TextToImageRequest | ImageToImageRequest, job: Job, model: Loaded, card: ModelCard, place: Place
    ) -> GenerationResult:
        if isinstance(request, ImageToImageRequest):
            return await self._made(request, job, tasks.image_to_image, model, card, place)
        return await self._made(request, job, tasks.text_to_image, model, card, place)

    async def _made(
        self, request: R, job: Job, planned: Planned[R], model: Loaded, card: ModelCard, place: Place
    ) -> GenerationResult:
        """The pictures of a request, or those that were made of it before, stored where they belong."""
        if isinstance(model, VideoModel):
            raise CannotSample("model", f"{card.name} makes videos, not pictures")
        data = contract.to_json(request)
        task = await planned(request, job, card, self.diffusion_settings.diffusion_max_area)
        task = await self._worded(task, data, model)
        key = key_of(card, task, data["format"], place.kind)
        # A random seed was never asked for before.
        again = data["seed"] >= 0 and not data.get("fresh") and self.diffusion_settings.diffusion_results
        if again and (earlier := await self._results.find(job.owner, key)):
            return await give_again(card, task, earlier, job, place)
        result = await self._sample(model, card, task, data["format"], job, place)
        await self._results.keep(job.owner, key, result.outputs)
        return result

    async def _worded(self, task: Task, data: dict[str, Any], model: Model | ForeignModel) -> Task:
        """The task with each picture's own words and LoRAs."""
        asked = [LoraTag(lora["model"], lora["weight"]) for lora in data.get("loras", ())]
        worded = await asyncio.to_thread(self._phrasing.worded, task.generation, asked, model)
        return replace(task, generation=worded, provenance={**task.provenance, **beside(asked), **_preset(data)})

    async def _video(
        self, request: R, job: Job, planned: Callable[[R, Job, Loaded, float], Awaitable[Shot]]
    ) -> GenerationResult:
        data = contract.to_json(request)
        try:
            async with self._using(data.get("model", ""), job) as (model, card):
                shot = await planned(request, job, model, self.diffusion_settings.diffusion_max_area)
                generation = await asyncio.to_thread(self._phrasing.worded, shot.generation, (), model)
                scene = shot.plan.scene
                size = scene.width, scene.height
                settings = settings_of(job.kind, generation, 0, card, size)
                settings |= {**shot.provenance, **_preset(data), "technique": technique(model, shot.plan)}
                shooting = Shooting(job, self._engine, self._happenings, shot.plan, generation)
                if isinstance(model, VideoModel):
                    asset = await shooting.with_windows(model, settings)
                else:
                    asset = await shooting.with_stills(model, shot.picture, settings)
        except EngineFault as fault:
            raise _failure(fault) from fault
        return GenerationResult(outputs=[asset], seed=generation.seed, model=card.name, model_hash=card.hash)

    @asynccontextmanager
    async def _using(self, asked: str, job: Job, done: float = 0.0) -> AsyncGenerator[tuple[Loaded, ModelCard]]:
        """A model, "" = the default one, loaded, which stays so within the block; and its card, under the name it was
        asked for by: one model may be registered under several. `done` is how far the job is."""
        asked = asked or self._models.default
        try:
            name = self._models.wanted(asked).name
        except KeyError:
            raise ModelNotFound.of(asked, self._models.names) from None
        with self._models.using(asked) as found:
            model = await self._model(name, found, job, done)
            yield model, replace(model.card, name=name)

    async def _model(self, name: str, found: "Future[Loaded]", job: Job, done: float) -> Loaded:
        if found.done():
            return found.result()
        loading = asyncio.wrap_future(found)
        await job.progress(done, stage="loading", message=f"Loading {name}")
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
        self, model: Model | ForeignModel, card: ModelCard, task: Task, image_format: str, job: Job, place: Place
    ) -> GenerationResult:
        generation = task.generation
        result = GenerationResult(seed=generation.seed, model=card.name, model_hash=card.hash)
        begin = functools.partial(self._engine.submit, model, generation)
        async with aclosing(self._happenings(begin, job)) as happenings:
            async for happening in happenings:
                match happening:
                    case Stepped():
                        await place.stepped(happening)
                    case Previewed():
                        index = place.index + happening.index
                        await job.preview(happening.image, index=index, step=happening.step)
                    case Noted():
                        await job.log(happening.text, level="warning")
                    case Made():
                        image = await asyncio.to_thread(task.finish, happening.image)
                        settings = settings_of(place.kind, generation, happening.index, card, image.size)
                        settings |= task.provenance
                        encoded = await asyncio.to_thread(metadata.encode, image, image_format, settings)
                        asset = await job.store(
                            encoded.data,
                            index=place.index + happening.index,
                            content_type=encoded.content_type,
                            kind="image",
                            width=image.width,
                            height=image.height,
                            provenance=settings,
                        )
                        result.outputs.append(asset)
                    case _:
                        raise AssertionError(f"a request for pictures was told {happening}")
        # Pictures of different pace may be ready in another order.
        result.outputs.sort(key=lambda asset: asset.index)
        return result

    async def _happenings(self, begin: Callable[[Tell], Sampling], job: Job) -> AsyncGenerator[Happening]:
        """Begin something in the engine and pass on what it tells until it ends; raises what it ended with, and
        `Cancelled` within a moment of the job's being told to end."""
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Happening] = asyncio.Queue()

        def tell(happening: Happening) -> None:
            loop.call_soon_threadsafe(told.put_nowait, happening)

        sampling = begin(tell)
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
                if isinstance(happening, Ended):
                    if happening.error is not None:
                        raise happening.error
                    return
                yield happening
        finally:
            sampling.cancel()

    def _show_life(self, job: Job) -> None:
        """A job waiting for its turn, or for its next step, lives as long as the engine moves or a model is loaded."""
        if self._models.loading:
            job.alive()
        job.last_activity = max(job.last_activity, self._engine.pulse.at)


def _preset(data: dict[str, Any]) -> dict[str, Any]:
    """The style preset a request was made with, as it belongs to the provenance."""
    used = data.get("preset")
    return {"preset": {name: value for name, value in used.items() if name != "asked"}} if used else {}


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


def _described_upscaler(upscaler: Upscaler, missing: str) -> UpscalerOption:
    return UpscalerOption(
        name=upscaler.name,
        description=upscaler.description,
        scales=list(upscaler.weights),
        default_scales=upscaler.default_scales,
        status="missing" if missing else "available",
        error=missing,
    )


def _failure(fault: EngineFault) -> Failure:
    if isinstance(fault, CannotSample):
        return BadInput.of(fault.field, str(fault))
    return Failure(str(fault), code=fault.code, hint=fault.hint, retryable=fault.retryable)
