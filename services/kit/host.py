"""Host one service: its methods behind both doors (bus and gRPC), health, metrics, presence, and a graceful end."""

import asyncio
import inspect
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import structlog
import uvloop

from services.kit import telemetry
from services.kit.bus import Bus
from services.kit.call import CallServer
from services.kit.contract import Method, contract
from services.kit.deadletters import Undertaker
from services.kit.failures import Failure
from services.kit.garbage import settle_garbage
from services.kit.grpc_door import GrpcDoor
from services.kit.objects import ObjectStore
from services.kit.presence import Presence
from services.kit.probes import Probes
from services.kit.settings import BadSettings, ServiceSettings, read
from services.kit.tasks import end
from services.kit.worker import JobWorker

log = structlog.get_logger(__name__)

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "__atelier_method__"


def method(function: F) -> F:
    """Mark a service's function as the method of the same name in the contract."""
    setattr(function, _MARK, True)
    return function


class Service:
    """A service: subclass it, name it after its protobuf service, and mark its methods.

    A job method is `async (request, job) -> result message`; a call method is `async (request, call) -> message` or
    an async generator of messages. Requests arrive validated and with defaults filled in.
    """

    name: ClassVar[str]
    settings_type: ClassVar[type[ServiceSettings]] = ServiceSettings

    def __init__(self, settings: ServiceSettings) -> None:
        """Keep the settings; long work belongs in `start`."""
        self.settings = settings
        self._presence: Presence | None = None
        self.bus: Bus
        self.objects: ObjectStore

    async def start(self) -> None:
        """Called before the first request. What takes long goes in a background task that tells `status` when it is
        done."""
        self.status("ready")

    async def stop(self) -> None:
        """Called after the last request."""

    def status(self, state: str, detail: str = "") -> None:
        """Tell everyone how the service is: "starting", "ready" or "failed", and why in a few words."""
        if self._presence is not None:
            self._presence.set(state, detail)

    def announce_by(self, presence: Presence) -> None:
        """The host gives what `status` tells by."""
        self._presence = presence

    @property
    def state(self) -> str:
        """What `status` last told."""
        return self._presence.state.state if self._presence is not None else "starting"

    @property
    def instance(self) -> str:
        """Which copy of the service this is, once a host runs it."""
        return self._presence.state.instance if self._presence is not None else ""

    def slots(self) -> int:
        """Jobs to run at once."""
        hints = [m.policy.concurrency for m in contract.of_service(self.name) if m.is_job]
        return self.settings.concurrency or max(hints, default=1) or 1

    def handlers(self) -> dict[str, tuple[Method, Any]]:
        """Kind → method and handler; raises if a method of the contract is missing or one is marked that is not in
        it."""
        marked = {name: f for name, f in inspect.getmembers(self, inspect.ismethod) if getattr(f, _MARK, False)}
        declared = {m.name: m for m in contract.of_service(self.name)}
        if marked.keys() != declared.keys():
            raise TypeError(f"{self.name}: methods {sorted(marked)} do not match the contract's {sorted(declared)}")
        return {m.kind: (m, marked[name]) for name, m in declared.items()}


class Host:
    """Runs one service until told to end."""

    def __init__(self, service: Service) -> None:
        """Nothing is connected yet."""
        self.service = service
        self.settings = service.settings
        self.instance = f"{socket.gethostname()}-{os.getpid()}"
        self.bus: Bus | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then drain: take nothing new, let running work end, hand the rest back."""
        service, settings = self.service, self.settings
        bus = self.bus = service.bus = await Bus.connect(settings, f"{service.name}-{self.instance}")
        objects = service.objects = ObjectStore(settings)
        handlers = service.handlers()
        jobs = {kind: entry for kind, entry in handlers.items() if entry[0].is_job}
        calls = {kind: entry for kind, entry in handlers.items() if not entry[0].is_job}
        grpc = GrpcDoor(handlers, objects, service=service.name, instance=self.instance)
        probes = Probes(self.why_not_ready)
        grpc_port = await grpc.start(settings.listen, settings.grpc_port)
        metrics_port = await probes.start(settings.listen, settings.metrics_port)
        presence = Presence(bus, service.name, self.instance, grpc_port=grpc_port, metrics_port=metrics_port)
        service.announce_by(presence)
        await service.start()
        server = CallServer(bus, calls, service=service.name)
        await server.start()
        worker = self._worker(bus, objects, jobs) if jobs else None
        settle_garbage()
        async with asyncio.TaskGroup() as group:
            announcing = group.create_task(presence.run())
            storage = group.create_task(_prepare(objects))
            working = group.create_task(worker.run()) if worker else None
            burying = group.create_task(Undertaker(bus).run()) if worker else None
            log.info("service_up", grpc_port=grpc_port, metrics_port=metrics_port, kinds=sorted(handlers))
            await stop.wait()
            log.info("service_draining")
            presence.set("draining")
            grpc.draining()
            await asyncio.gather(
                server.drain(settings.drain_s),
                *([worker.drain(settings.drain_s)] if worker else []),
                grpc.stop(settings.drain_s),
            )
            await end(working, burying, announcing, storage)
        await service.stop()
        await probes.stop()
        await bus.close()
        log.info("service_down")

    def _worker(self, bus: Bus, objects: ObjectStore, jobs: dict[str, tuple[Method, Any]]) -> JobWorker:
        return JobWorker(
            bus,
            objects,
            jobs,
            service=self.service.name,
            instance=self.instance,
            pool=self.settings.pool,
            slots=self.service.slots(),
        )

    def why_not_ready(self) -> str:
        """Empty when requests can be served; readiness includes the bus, liveness does not."""
        if self.bus is None or not self.bus.connected:
            return "the bus is away"
        if self.service.state != "ready":
            return f"the service is {self.service.state}"
        return ""


async def _prepare(objects: ObjectStore) -> None:
    """Make sure the bucket exists, however long the storage takes to come up."""
    while True:
        try:
            return await objects.ready()
        except Failure as failure:
            log.warning("object_storage_away", error=failure.message)
            await asyncio.sleep(2)


def serve(service_type: type[Service]) -> None:
    """Run a service as this process: `python -m services.<name>`. Ends on SIGTERM and SIGINT."""
    try:
        settings = read(service_type.settings_type)
    except BadSettings as failure:
        sys.exit(f"{service_type.name}: {failure.message}")
    telemetry.setup_logging(settings.log_level, settings.log_format, service=service_type.name)
    try:
        uvloop.run(_serve(service_type(settings)))
    except Failure as failure:
        log.error("service_not_started", error=failure.message, hint=failure.hint)
        sys.exit(1)


async def _serve(service: Service) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    await Host(service).run(stop)
