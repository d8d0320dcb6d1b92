"""Where a worker's models come from: built-in ones from their folders or the hub, registered ones from object storage
by way of the disk; and how much memory they may take."""

import asyncio
from pathlib import Path

from services.diffusion import loading, memory
from services.diffusion.acceleration import Acceleration
from services.diffusion.faults import CannotLoad
from services.diffusion.gate import Gate
from services.diffusion.loading import LoadOptions
from services.diffusion.models import Loaded, Models
from services.diffusion.pulse import Pulse
from services.diffusion.registry.board import Board
from services.diffusion.registry.inspection import INDEX
from services.diffusion.settings import DiffusionSettings
from services.diffusion.store import Store
from services.kit.bus import Bus
from services.kit.failures import Failure
from services.kit.objects import ObjectStore


class Library:
    """The models in memory and on disk."""

    def __init__(self, settings: DiffusionSettings, objects: ObjectStore, pulse: Pulse, gate: Gate) -> None:
        """Made on the event loop; nothing is loaded yet."""
        self.store = Store(objects, settings.home / "model-cache", settings.diffusion_disk_bytes)
        self.models = Models(
            settings.sources,
            self._load,
            weigh=self._weigh,
            measure=memory.taken,
            give_back=memory.give_back,
            patience_s=settings.diffusion_load_timeout_s,
        )
        self._settings = settings
        self._pulse = pulse
        self._gate = gate
        self._loop = asyncio.get_running_loop()
        self._options = LoadOptions(
            device=settings.diffusion_device,
            dtype=settings.diffusion_dtype,
            cores=settings.cores,
            hash_cache=settings.home / "model-hashes.json",
            acceleration=Acceleration(
                compile=settings.diffusion_compile,
                channels_last=settings.diffusion_channels_last,
                block_cache=settings.diffusion_block_cache,
            ),
        )
        self._board: Board | None = None

    async def start(self, bus: Bus, worker: str) -> None:
        """Tell what is loaded, and hear what shall be."""
        device = self._settings.diffusion_device
        self._board = Board(bus, self.models, self.store, worker=worker, device=device)
        await self._board.start()

    async def stop(self) -> None:
        """Tell no more."""
        if self._board is not None:
            await self._board.stop()

    def lora(self, name: str) -> Path:
        """In a thread: the file of a LoRA, called by its name in the settings or by where a registered one is. Raises
        `KeyError` for an unknown name."""
        if not name.startswith("s3://"):
            return self._settings.lora_files[name]
        folder = self._fetched(name.partition("#")[0])
        try:
            return next(folder.rglob("*.safetensors"))
        except StopIteration:
            raise CannotLoad("the LoRA has no safetensors file") from None

    def _weigh(self, name: str, source: str) -> int:
        """In the loading thread: fetch the model's files and foretell what it takes."""
        device, dtype = loading.device_and_dtype(self._options)
        self.models.budget = memory.budget(self._settings.diffusion_memory, device.type)
        return memory.estimate(self._folder(source), dtype.itemsize)

    def _folder(self, source: str) -> Path:
        if not source.startswith("s3://"):
            return loading.folder_of(source)
        folder = self._fetched(source)
        if not (folder / INDEX).is_file():
            raise CannotLoad(
                "a checkpoint in a single file carries neither tokenizer nor configuration, so it cannot be loaded",
                hint="Register the same model as a diffusers folder: most are offered on the hub in that form too.",
            )
        return folder

    def _fetched(self, source: str) -> Path:
        waiting = asyncio.run_coroutine_threadsafe(self.store.folder_of(_sha256(source)), self._loop)
        try:
            return waiting.result()
        except Failure as failure:
            raise CannotLoad(failure.message, hint=failure.hint) from failure

    def _load(self, name: str, source: str) -> Loaded:
        if not source.startswith("s3://"):
            return loading.load(name, source, self._options, self._pulse, self._gate)
        with self.store.held(_sha256(source)):
            return loading.load(name, str(self._folder(source)), self._options, self._pulse, self._gate)


def _sha256(source: str) -> str:
    return source.rpartition("/")[2]
