"""The mode `upscale`: a request, its picture or video, and the lanes they are worked on in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from atelier.v1.diffusion_pb2 import GenerationResult, UpscaleRequest
from services.diffusion.upscale.lanes import Lanes, aside
from services.diffusion.upscale.pictures import enlarge_picture
from services.diffusion.upscale.upscalers import Upscalers
from services.diffusion.upscale.videos import enlarge_video
from services.kit.failures import BadInput
from services.kit.job import Job


@dataclass(frozen=True)
class Upscaling:
    """What an upscaling job needs."""

    upscalers: Upscalers
    lanes: Lanes
    home: Path
    max_pixels: int
    """Of a result."""

    async def run(self, request: UpscaleRequest, job: Job) -> GenerationResult:
        """Make a picture or a video larger. Raises `BadInput`, `WeightsMissing`, `EngineFault`."""
        self._check(request)
        upscaler = self.upscalers.chosen(request.model, request.scale, video=bool(request.video))
        await job.progress(0.0, stage="loading", message=f"Loading {upscaler.name}")
        loaded = await aside(job, self.upscalers.load, upscaler, request.scale)
        with self._scratch() as place:
            enlarge = enlarge_video if request.video else enlarge_picture
            asset = await enlarge(request, job, loaded, self.lanes, place, self.max_pixels)
        return GenerationResult(outputs=[asset], model=upscaler.name, model_hash=loaded.hash)

    def _check(self, request: UpscaleRequest) -> None:
        if bool(request.image) == bool(request.video):
            raise BadInput.of("image", "give either a picture as image or a video as video")
        if request.face_restore:
            raise BadInput.of(
                "face_restore",
                "faces cannot be restored here: no face restoration weights (GFPGAN) come with the upscalers in "
                f"{self.upscalers.folder}",
                hint="Leave face_restore out; the upscalers treat faces like everything else.",
            )

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        folder = self.home / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix="upscale-") as place:
            yield Path(place)
