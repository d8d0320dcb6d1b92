"""The models this service knows, and which of them are in memory: loaded when they are first wanted, and when the
budget is spent, those longest not used make room."""

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import structlog

from services.diffusion.faults import CannotLoad
from services.diffusion.foreign import ForeignModel
from services.diffusion.model import Model, ModelCard
from services.diffusion.video.model import VideoModel

log = structlog.get_logger(__name__)

Loaded = Model | ForeignModel | VideoModel
Load = Callable[[str, str], Loaded]
"""(name, source) → model; raises `CannotLoad`."""
Weigh = Callable[[str, str], int]
"""(name, source) → bytes it will take; what it takes to know, such as fetching its files, is done."""

_FAILURE_STANDS_S = 10.0
"""A failed load is not tried again sooner."""
_UNBOUNDED = 2**63
_LOOK_S = 1.0
_REGISTERED = re.compile(r"^(s3://[^#]*/([0-9a-f]{64}))(?:#(.*))?$", re.DOTALL)


@dataclass(frozen=True)
class ModelState:
    """How a model is."""

    name: str
    source: str
    status: Literal["available", "loading", "loaded", "failed"]
    card: ModelCard | None = None
    error: str = ""
    bytes: int = 0
    pinned: bool = False
    in_use: int = 0
    uses: int = 0
    last_used: float = 0.0
    """Unix seconds; 0 = never."""


@dataclass(frozen=True)
class Wanted:
    """A model as a request names it."""

    key: str
    """What stands for it: the name of a built-in model, the SHA-256 of a registered one."""
    name: str
    """What people call it."""
    source: str


@dataclass
class _Place:
    """A model's place in memory."""

    source: str
    future: "Future[Loaded]" = field(default_factory=lambda: Future[Loaded]())
    bytes: int = 0
    in_use: int = 0
    uses: int = 0
    last_used: float = 0.0
    failed_at: float = 0.0

    @property
    def model(self) -> Loaded | None:
        return self.future.result() if self.future.done() and self.future.exception() is None else None


class Models:
    """Loads each model once, when it is first wanted, in a thread of its own; those that are loaded go on being used
    meanwhile. Safe from any thread."""

    def __init__(
        self,
        sources: Mapping[str, str],
        load: Load,
        *,
        weigh: Weigh | None = None,
        measure: Callable[[Loaded], int] | None = None,
        give_back: Callable[[], None] = lambda: None,
        budget: int = _UNBOUNDED,
        patience_s: float = 600.0,
    ) -> None:
        """`sources`: built-in name → folder or hub id, the default first. `weigh` foretells what a model will take of
        the `budget` (bytes) and `measure` tells what it takes. A load waits `patience_s` seconds for room."""
        self._sources = dict(sources)
        self._load = load
        self._weigh = weigh or (lambda _name, _source: 0)
        self._measure = measure
        self._give_back = give_back
        self._patience_s = patience_s
        self.budget = budget
        self.on_change: Callable[[], None] = lambda: None
        self._changed = threading.Condition()
        self._places: dict[str, _Place] = {}
        self._pinned: set[str] = set()

    @property
    def default(self) -> str:
        """Name of the default model."""
        return next(iter(self._sources))

    @property
    def names(self) -> list[str]:
        """The names of all built-in models, the default first."""
        return list(self._sources)

    def wanted(self, name: str) -> Wanted:
        """What a request names: a built-in model, or a registered one by its URI. Raises `KeyError`."""
        if found := _REGISTERED.match(name):
            return Wanted(found[2], found[3] or found[2][:10], found[1])
        return Wanted(name, name, self._sources[name])

    # --- how they are -------------------------------------------------------------------------------------------------

    def states(self) -> list[ModelState]:
        """How every built-in model is, the default first."""
        with self._changed:
            return [self._state(name, source) for name, source in self._sources.items()]

    def placed(self) -> list[ModelState]:
        """How every model is that has a place in memory, or should have one; each named by its key."""
        with self._changed:
            return [self._state(key, place.source) for key, place in self._places.items()]

    def _state(self, key: str, source: str) -> ModelState:
        place = self._places.get(key)
        if place is None:
            return ModelState(key, source, "available")
        used = {"in_use": place.in_use, "uses": place.uses, "last_used": place.last_used}
        known = {"bytes": place.bytes, "pinned": key in self._pinned, **used}
        if not place.future.done():
            return ModelState(key, source, "loading", **known)
        error = place.future.exception()
        if error is not None:
            return ModelState(key, source, "failed", error=str(error), **known)
        return ModelState(key, source, "loaded", card=place.future.result().card, **known)

    @property
    def loading(self) -> bool:
        """True while any model is being loaded; a job may have to wait for it."""
        with self._changed:
            return any(not place.future.done() for place in self._places.values())

    @property
    def used(self) -> int:
        """Bytes that the models take together."""
        with self._changed:
            return self._used()

    def _used(self) -> int:
        return sum(place.bytes for place in self._places.values())

    # --- using them ---------------------------------------------------------------------------------------------------

    def get(self, name: str) -> "Future[Loaded]":
        """The model, loaded or being loaded; the future raises `CannotLoad`. Raises `KeyError` for an unknown name."""
        wanted = self.wanted(name)
        with self._changed:
            place = self._places.get(wanted.key)
            if place is not None and not self._may_be_tried_again(place):
                return place.future
            kept = place.in_use if place is not None else 0
            place = self._places[wanted.key] = _Place(wanted.source, in_use=kept)
        threading.Thread(target=self._fill, args=(place, wanted), name=f"load-{wanted.name}", daemon=True).start()
        self.on_change()
        return place.future

    @contextmanager
    def using(self, name: str) -> Iterator["Future[Loaded]"]:
        """The same for a request: until it is done the model stays where it is."""
        key = self.wanted(name).key
        with self._changed:
            future = self.get(name)
            self._places[key].in_use += 1
        try:
            yield future
        finally:
            with self._changed:
                place = self._places[key]
                place.in_use -= 1
                place.uses += 1
                place.last_used = time.time()
                self._changed.notify_all()
            self.on_change()

    def _may_be_tried_again(self, place: _Place) -> bool:
        failed = place.future.done() and place.future.exception() is not None
        return failed and time.monotonic() - place.failed_at > _FAILURE_STANDS_S

    def _fill(self, place: _Place, wanted: Wanted) -> None:
        try:
            weight = self._weigh(wanted.name, wanted.source)
            self._reserve(place, wanted, weight)
            model = self._load(wanted.name, wanted.source)
            if self._measure is not None:
                place.bytes = self._measure(model)
        except Exception as error:
            place.bytes, place.failed_at = 0, time.monotonic()
            known = isinstance(error, CannotLoad)
            place.future.set_exception(error if known else CannotLoad(f"{wanted.name}: {error}"))
        else:
            place.last_used = time.time()
            place.future.set_result(model)
        with self._changed:
            self._changed.notify_all()
        self.on_change()

    # --- making room --------------------------------------------------------------------------------------------------

    def _reserve(self, place: _Place, wanted: Wanted, weight: int) -> None:
        """Wait until a model fits into the budget, putting out those longest not used; raises `CannotLoad`."""
        if weight > self.budget:
            raise CannotLoad(
                f"{wanted.name} takes {weight:,} bytes, and models may take {self.budget:,} together here",
                hint="ATELIER_DIFFUSION_MEMORY allows more, if there is more.",
            )
        deadline = time.monotonic() + self._patience_s
        freed = False
        with self._changed:
            while self._used() + weight > self.budget:
                if victim := self._least_used():
                    self._put_out(victim)
                    freed = True
                    continue
                self._wait_for_room(wanted, deadline)
            place.bytes = weight
        if freed:
            self._give_back()

    def _wait_for_room(self, wanted: Wanted, deadline: float) -> None:
        busy = any(p.bytes and (p.in_use or not p.future.done()) for p in self._places.values())
        if not busy:
            held = ", ".join(sorted(key[:10] for key in self._pinned))
            raise CannotLoad(f"there is no room for {wanted.name}: what is loaded is pinned ({held})", hint=_UNPIN)
        if time.monotonic() > deadline:
            raise CannotLoad(f"there was no room for {wanted.name} within {self._patience_s:.0f} s", hint=_UNPIN)
        self._changed.wait(_LOOK_S)

    def _idle(self) -> list[str]:
        """Models nobody uses now, the one longest not used first."""
        keys = [k for k, p in self._places.items() if p.model is not None and not p.in_use and k not in self._pinned]
        return sorted(keys, key=lambda key: self._places[key].last_used)

    def _least_used(self) -> str | None:
        return next(iter(self._idle()), None)

    def _put_out(self, key: str) -> int:
        place = self._places.pop(key)
        log.info("model_unloaded", model=key, bytes=place.bytes)
        return place.bytes

    def unload(self, key: str) -> bool:
        """Put a model out, pinned or not; False while it is used or being loaded, in which case nothing happens."""
        with self._changed:
            place = self._places.get(key)
            if place is None:
                return True
            if place.in_use or not place.future.done():
                return False
            self._put_out(key)
            del place
            self._changed.notify_all()
        self._give_back()
        self.on_change()
        return True

    def unload_idle(self, keep: str) -> int:
        """Put all out that nobody uses, but for `keep` (a name or key) and those that are pinned; bytes freed."""
        kept = _REGISTERED.match(keep)
        with self._changed:
            freed = sum(self._put_out(key) for key in self._idle() if key not in (keep, kept and kept[2]))
            self._changed.notify_all()
        if freed:
            self._give_back()
            self.on_change()
        return freed

    def pin(self, key: str, pinned: bool) -> None:
        """Keep a model in memory, or do so no longer."""
        with self._changed:
            (self._pinned.add if pinned else self._pinned.discard)(key)
            self._changed.notify_all()
        self.on_change()


_UNPIN = "Unpin or unload models on the Models page, or allow more with ATELIER_DIFFUSION_MEMORY."
