"""The models this service knows, and which of them are in memory."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from services.diffusion.faults import CannotLoad
from services.diffusion.foreign import ForeignModel
from services.diffusion.model import Model, ModelCard
from services.diffusion.video.model import VideoModel

Loaded = Model | ForeignModel | VideoModel
Load = Callable[[str, str], Loaded]
"""(name, source) → model; raises `CannotLoad`."""

_FAILURE_STANDS_S = 10.0
"""A failed load is not tried again sooner."""


@dataclass(frozen=True)
class ModelState:
    """How a model is."""

    name: str
    source: str
    status: Literal["available", "loading", "loaded", "failed"]
    card: ModelCard | None = None
    error: str = ""


class Models:
    """Loads each model once, when it is first wanted, in a thread of its own."""

    def __init__(self, sources: Mapping[str, str], load: Load) -> None:
        """`sources`: name → folder or hub id, the default first."""
        self._sources = dict(sources)
        self._load = load
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Loaded]] = {}
        self._failed_at: dict[str, float] = {}

    @property
    def default(self) -> str:
        """Name of the default model."""
        return next(iter(self._sources))

    @property
    def names(self) -> list[str]:
        """All names, the default first."""
        return list(self._sources)

    def states(self) -> list[ModelState]:
        """How every model is, the default first."""
        return [self._state(name) for name in self._sources]

    def _state(self, name: str) -> ModelState:
        future, source = self._futures.get(name), self._sources[name]
        if future is None:
            return ModelState(name, source, "available")
        if not future.done():
            return ModelState(name, source, "loading")
        error = future.exception()
        if error is not None:
            return ModelState(name, source, "failed", error=str(error))
        return ModelState(name, source, "loaded", card=future.result().card)

    @property
    def loading(self) -> bool:
        """True while any model is being loaded; sampling may have to wait for it."""
        return any(not future.done() for future in list(self._futures.values()))

    def get(self, name: str) -> "Future[Loaded]":
        """The model, loaded or being loaded; the future raises `CannotLoad`. Raises `KeyError` for an unknown name."""
        source = self._sources[name]
        with self._lock:
            future = self._futures.get(name)
            if future is not None and not (future.done() and future.exception() and self._forgivable(name)):
                return future
            fresh: Future[Loaded] = Future()
            self._futures[name] = fresh
        threading.Thread(target=self._fill, args=(fresh, name, source), name=f"load-{name}", daemon=True).start()
        return fresh

    def _forgivable(self, name: str) -> bool:
        return time.monotonic() - self._failed_at.get(name, 0.0) > _FAILURE_STANDS_S

    def _fill(self, future: "Future[Loaded]", name: str, source: str) -> None:
        try:
            model = self._load(name, source)
        except Exception as error:
            self._failed_at[name] = time.monotonic()
            future.set_exception(error if isinstance(error, CannotLoad) else CannotLoad(f"{name}: {error}"))
        else:
            future.set_result(model)
