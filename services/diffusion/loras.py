"""The LoRAs this service knows, and those that are in memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from services.diffusion.adapters import Applied, Lora
from services.diffusion.emphasis import LoraTag
from services.diffusion.faults import CannotSample
from services.diffusion.lora import CannotUse, fit
from services.diffusion.model import Model, ModelCard

PathOf = Callable[[str], Path]
"""The local file of a LoRA by what a request calls it; raises `KeyError` if there is none of that name. It may take
its time: it is called in a thread."""


class Carded(Protocol):
    """A model of any kind."""

    @property
    def card(self) -> ModelCard:
        """What is told about it."""
        ...


class Loras:
    """Fits LoRAs to models and remembers the latest. From any thread."""

    def __init__(self, path_of: PathOf, names: Callable[[], Sequence[str]], room: int) -> None:
        """`names` are those that can be asked for; `room` is how many bytes are remembered."""
        self._path_of = path_of
        self._names = names
        self._room = room
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, Path, int], Lora] = OrderedDict()

    @property
    def names(self) -> Sequence[str]:
        """Those that can be asked for."""
        return self._names()

    def applied(self, model: Carded, asked: Sequence[tuple[str, LoraTag]]) -> tuple[Applied, ...]:
        """The LoRAs of a picture, fitted: `asked` are names with weights and the fields that name them.

        One that is named twice counts with the sum of its weights, one of weight 0 not at all. The order of the names
        plays no part. Raises `CannotSample` naming the field at fault.
        """
        found: dict[str, Applied] = {}
        for field, tag in asked:
            lora = self._fitted(model, field, tag.name)
            weight = tag.weight + (found[lora.hash].weight if lora.hash in found else 0.0)
            found[lora.hash] = Applied(lora, weight)
        return tuple(found[key] for key in sorted(found) if found[key].weight)

    def _fitted(self, model: Carded, field: str, name: str) -> Lora:
        if not isinstance(model, Model):
            name = model.card.name
            raise CannotSample(field, f"{name} runs through a pipeline of its own, where LoRAs are not applied")
        try:
            file = self._path_of(name)
        except KeyError:
            known = ", ".join(self.names) or "none"
            raise CannotSample(field, f"there is no LoRA {name!r}; known: {known}") from None
        try:
            return self._kept_or_read(model, name.rpartition("#")[2], file)
        except (CannotUse, OSError) as error:
            raise CannotSample(field, str(error)) from None

    def _kept_or_read(self, model: Model, name: str, file: Path) -> Lora:
        key = (model.card.hash, model.card.device, file, file.stat().st_mtime_ns)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = fit(name, file, model)
            self._kept.move_to_end(key)
            while len(self._kept) > 1 and sum(kept.size for kept in self._kept.values()) > self._room:
                self._kept.popitem(last=False)
            return self._kept[key]
