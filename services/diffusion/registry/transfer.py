"""How far a transfer is: bytes, pace and time left, told to a job."""

import time

from services.kit.failures import Failure
from services.kit.job import Job

_MB = 1_000_000


class Transfer:
    """One stage of a job that moves bytes."""

    def __init__(self, job: Job, stage: str, verb: str, *, total: int, limit: int, part: tuple[float, float]) -> None:
        """`total` bytes are expected (0 = not known) and `limit` are taken; `part` is which part of the job this is."""
        self._job = job
        self._stage = stage
        self._verb = verb
        self._limit = limit
        self._part = part
        self._began = time.monotonic()
        self._had = 0
        self.total = total
        self.done = 0
        self.check_room(total)

    def check_room(self, size: int) -> None:
        """Raise a failure for more bytes than are taken."""
        if size > self._limit:
            raise Failure(
                f"the model has {size:,} bytes and {self._limit:,} are taken",
                code="too_large",
                hint="ATELIER_DIFFUSION_IMPORT_MAX_BYTES allows more.",
            )

    async def had(self, size: int) -> None:
        """Bytes that were here already."""
        self._had += size
        await self.moved(size)

    async def moved(self, size: int, name: str = "") -> None:
        """Some more bytes are here; raises `Cancelled`, and a failure for too many."""
        self._job.check()
        self.done += size
        self.check_room(self.done)
        elapsed = time.monotonic() - self._began
        rate = (self.done - self._had) / elapsed if elapsed > 0 else 0.0
        left = max(0, self.total - self.done)
        fraction = min(1.0, self.done / self.total) if self.total else 0.0
        begin, end = self._part
        of = f" of {_size(self.total)}" if self.total else ""
        pace = f", {_size(rate)}/s" if rate else ""
        await self._job.progress(
            begin + (end - begin) * fraction,
            stage=self._stage,
            message=f"{self._verb}{f' {name}' if name else ''}: {_size(self.done)}{of}{pace}",
            eta_s=left / rate if rate and self.total else None,
        )


def _size(size: float) -> str:
    for unit, one in (("GB", 1000 * _MB), ("MB", _MB), ("kB", 1000)):
        if size >= one:
            return f"{size / one:.1f} {unit}"
    return f"{size:.0f} B"
