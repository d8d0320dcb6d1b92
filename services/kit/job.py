"""A job as its handler sees it: tell how far it is, store what it makes, hear when to stop."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from google.protobuf import json_format
from nats.js.api import PubAck

from atelier.v1.common_pb2 import Asset, Control, ControlAction, Event
from services.kit.ids import asset_id
from services.kit.journal import end_id
from services.kit.objects import ObjectStore

# Progress is told at most this often; what lies between is merged, the newest wins. A journal entry is a disk write.
_PROGRESS_EVERY_S = 0.1

_EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "application/zip": "zip",
    "application/json": "json",
    "text/plain": "txt",
}


class Cancelled(Exception):
    """The job was told to end; a handler lets this pass."""


class Held(Exception):
    """The job was told to pause, and its handler has kept a checkpoint; a handler raises or lets this pass."""


@dataclass(frozen=True)
class JobInfo:
    """What is known about a job when it starts."""

    id: str
    kind: str
    owner: str
    project: str
    attempt: int
    """Which delivery this is, from 1."""
    run: int
    traceparent: str
    worker: str
    """Name of the worker that runs it."""


class EventSink(Protocol):
    """Where a job's events go: the journal, or the stream of a direct caller."""

    async def post(self, event: Event, msg_id: str, *, patience_s: float | None) -> asyncio.Future[PubAck]:
        """Send an event on its way; the future is done when it is stored."""
        ...


class Job:
    """A handler's world. All methods are for the event loop's thread; `cancelled` may be read from any."""

    def __init__(self, info: JobInfo, sink: EventSink, objects: ObjectStore | None) -> None:
        """Made by the worker."""
        self.info = info
        self.id = info.id
        self.kind = info.kind
        self.owner = info.owner
        self.project = info.project
        self.attempt = info.attempt
        self.started_at = time.monotonic()
        self.last_activity = self.started_at
        self.control: Control | None = None
        self._sink = sink
        self._objects = objects
        self._counter = 0
        self._announced = False
        self._over = False
        self._outputs: list[int] = []
        self._progress_at = 0.0
        self._progress_stage = ""
        self._order = asyncio.Lock()

    @property
    def cancelled(self) -> bool:
        """True once the job was told to end. Look between steps."""
        return self.control is not None and self.control.action == ControlAction.CONTROL_ACTION_CANCEL

    @property
    def pause_requested(self) -> bool:
        """True once the job was told to pause: keep a checkpoint, then raise `Held`."""
        return self.control is not None and self.control.action == ControlAction.CONTROL_ACTION_PAUSE

    @property
    def finish_requested(self) -> bool:
        """True once the job was told to end now and keep the best so far."""
        return self.control is not None and self.control.action == ControlAction.CONTROL_ACTION_FINISH

    def check(self) -> None:
        """Raise `Cancelled` if the job was told to end."""
        if self.cancelled:
            raise Cancelled

    def alive(self) -> None:
        """Sign of progress where there is nothing to tell. Without any sign for the method's ack wait the job is
        taken for stalled and given to another worker."""
        self.last_activity = time.monotonic()

    async def progress(
        self,
        fraction: float,
        *,
        stage: str = "",
        message: str = "",
        step: int = 0,
        steps: int = 0,
        eta_s: float | None = None,
    ) -> None:
        """Tell how far the job is: `fraction` 0 to 1 of the whole, `step` of `steps` of the present stage, `eta_s`
        seconds."""
        self.alive()
        now = time.monotonic()
        if stage == self._progress_stage and now - self._progress_at < _PROGRESS_EVERY_S and step != steps:
            return
        self._progress_at = now
        self._progress_stage = stage
        event = self.event()
        event.progress.fraction = min(max(fraction, 0.0), 1.0)
        event.progress.stage = stage
        event.progress.message = message
        event.progress.step = step
        event.progress.steps = steps
        if eta_s is not None:
            event.progress.eta_s = max(eta_s, 0.0)
        await self.emit(event)

    async def preview(self, image: bytes, *, content_type: str = "image/webp", index: int = 0, step: int = 0) -> None:
        """Show a small picture (a few kilobytes, encoded) of output `index` as it is at `step`."""
        self.alive()
        event = self.event()
        event.preview.image = image
        event.preview.content_type = content_type
        event.preview.index = index
        event.preview.step = step
        await self.emit(event)

    async def log(self, text: str, level: str = "info") -> None:
        """Add a line to the job's log."""
        self.alive()
        event = self.event()
        event.log.level = level
        event.log.text = text
        await self.emit(event)

    async def metric(self, step: int, **values: float) -> None:
        """Tell figures measured at a step, e.g. `loss=0.31`."""
        self.alive()
        event = self.event()
        event.metric.step = step
        event.metric.values.update(values)
        await self.emit(event)

    async def store(
        self,
        data: bytes | Path,
        *,
        index: int,
        content_type: str,
        kind: str,
        width: int = 0,
        height: int = 0,
        duration_s: float = 0.0,
        provenance: Mapping[str, Any] | None = None,
    ) -> Asset:
        """Store output `index` and tell of it. Key and id follow from job and index: storing it twice stores it
        once."""
        self.alive()
        extension = _EXTENSIONS.get(content_type, "bin")
        key = f"assets/{self.owner}/{self.id}/{index}.{extension}"
        stored = await self.objects.put(key, data, content_type)
        asset = Asset(
            id=asset_id(self.id, index),
            kind=kind,
            key=key,
            content_type=content_type,
            size=stored.size,
            sha256=stored.sha256,
            index=index,
            width=width,
            height=height,
            duration_s=duration_s,
        )
        if provenance is not None:
            json_format.ParseDict(dict(provenance), asset.provenance)
        event = self.event()
        event.output.asset.CopyFrom(asset)
        await self.emit(event, msg_id=f"{self.id}:output:{index}")
        self._outputs.append(index)
        return asset

    @property
    def objects(self) -> ObjectStore:
        """The object storage, for outputs and checkpoints."""
        if self._objects is None:
            raise RuntimeError("this service runs without object storage")
        return self._objects

    async def save_checkpoint(self, data: bytes | Path) -> None:
        """Keep the state from which the next attempt goes on; replaces the last one in one piece."""
        self.alive()
        await self.objects.put(f"checkpoints/{self.id}/state", data, "application/octet-stream")

    async def load_checkpoint(self) -> bytes | None:
        """The state an earlier attempt kept; None if there is none."""
        return await self.objects.get_or_none(f"checkpoints/{self.id}/state")

    def event(self) -> Event:
        """An event of this job with everything but its payload."""
        info = self.info
        event = Event(
            job_id=info.id, kind=info.kind, owner_id=info.owner, project_id=info.project, attempt=info.attempt
        )
        event.time.FromNanoseconds(time.time_ns())
        return event

    async def announce(self) -> None:
        """Tell that the job was started; the first thing in an attempt's journal, and told once."""
        async with self._order:
            await self._announce()

    async def _announce(self) -> None:
        if not self._announced and not self._over:
            self._announced = True
            event = self.event()
            event.started.worker = self.info.worker
            await self._append(event, None)

    async def emit(self, event: Event, msg_id: str | None = None) -> int:
        """Store one event of this job, in order, however long the bus is away; returns its sequence, 0 after the
        end."""
        async with self._order:
            await self._announce()
            return await self._append(event, msg_id)

    async def end(self, event: Event) -> None:
        """Store the terminal event, after everything told so far; what a straggler of the handler tells later is
        dropped.

        Once it is on its way it is stored even if the caller is cancelled.
        """
        async with self._order:
            self._over = True
            event.outputs.extend(self._outputs)
            stored = await self._sink.post(event, end_id(self.id), patience_s=None)
        await asyncio.shield(stored)

    async def _append(self, event: Event, msg_id: str | None) -> int:
        if self._over:
            return 0
        self._counter += 1
        unique = msg_id or f"{self.id}:{self.info.run}.{self.info.attempt}:{self._counter}"
        return (await (await self._sink.post(event, unique, patience_s=None))).seq
