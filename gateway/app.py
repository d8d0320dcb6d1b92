"""The gateway as an ASGI app."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from fastapi import FastAPI

from gateway import VERSION, openapi, problems
from gateway.answer_cache import AnswerCache
from gateway.auth import Authentication
from gateway.catalog.database import Database
from gateway.catalog.migrate import migrate
from gateway.completions import Completions
from gateway.jobs import Jobs
from gateway.limits import BodyLimit
from gateway.loaded import Loaded
from gateway.marks import Marks
from gateway.openai.routes import routes as openai_routes
from gateway.projector import Projector
from gateway.rate_limit import RateLimit
from gateway.reconcile import Reconciler
from gateway.registry import Registry
from gateway.retention import Retention
from gateway.routes import (
    assets,
    boards,
    code,
    conversations,
    datasets,
    endpoints,
    events,
    generate,
    health,
    jobs,
    library,
    models,
    monitoring,
    presets,
    prompts,
    reference,
    socket,
    suggestions,
    usage,
)
from gateway.settings import GatewaySettings, load
from gateway.settled import Settled
from gateway.state import Parts
from gateway.streams import Hub
from gateway.suggestions.completing import Completer
from gateway.suggestions.learning import Learner
from gateway.telemetry import Telemetry
from gateway.thumbnails import Thumbnails
from gateway.usage import UsageReader
from gateway.web import DIST, WebApp
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.failures import Failure
from services.kit.journal import Journal
from services.kit.objects import ObjectStore
from services.kit.queue import JobQueue
from services.kit.secrets import SecretBox
from services.kit.tasks import end

log = structlog.get_logger(__name__)

_RESOURCES = (
    jobs,
    events,
    generate,
    # Before what takes any word for an asset's id.
    library,
    assets,
    boards,
    code,
    conversations,
    datasets,
    prompts,
    presets,
    suggestions,
    models,
    endpoints,
    usage,
    monitoring,
    health,
    reference,
    socket,
)


def create_app(settings: GatewaySettings | None = None) -> FastAPI:
    """The app; it connects to bus, catalog and object storage when its lifespan begins."""
    settings = settings or load()
    app = FastAPI(title="Atelier", version=VERSION, docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.settings = settings
    for module in _RESOURCES:
        app.include_router(module.routes)
    app.include_router(openai_routes)
    app.router.default = WebApp(DIST)
    problems.install(app)
    openapi.install(app)
    # The last one added is the outermost.
    app.add_middleware(
        BodyLimit,
        max_json_bytes=settings.max_json_bytes,
        max_upload_bytes=settings.max_upload_bytes,
        max_model_bytes=settings.max_model_bytes,
    )
    app.add_middleware(Authentication, settings=settings)
    app.add_middleware(Telemetry)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    settings: GatewaySettings = app.state.settings
    async with AsyncExitStack() as stack:
        database = Database(settings.catalog_url)
        stack.push_async_callback(database.close)
        await migrate(database)
        bus = await Bus.connect(settings, "gateway")
        stack.push_async_callback(bus.close)
        objects = ObjectStore(settings)
        await _prepare(objects)
        journal, queue = Journal(bus), JobQueue(bus)
        settled = Settled(bus, database)
        await settled.start()
        stack.push_async_callback(settled.stop)
        hub = Hub(bus, journal, settled.wait, buffer=settings.stream_buffer)
        await hub.start()
        stack.push_async_callback(hub.stop)
        registry = Registry(database, bus)
        await registry.start()
        stack.push_async_callback(registry.stop)
        loaded = Loaded(bus)
        await loaded.start()
        stack.push_async_callback(loaded.stop)
        rate_limit = RateLimit(bus, settings.rate_limit_per_min, replicas=settings.stream_replicas)
        await rate_limit.start()
        calls = CallClient(bus)
        cache = AnswerCache(max_bytes=settings.answer_cache_mb * 1024**2, ttl_s=settings.answer_cache_ttl_s)
        completions = Completions(bus, calls, rate_limit, cache, registry)
        stack.push_async_callback(completions.flush)
        marks = Marks(database)
        stack.push_async_callback(marks.flush)
        acts = Jobs(database, bus, queue, journal, hub, marks)
        reconciler = Reconciler(
            database,
            acts,
            queue,
            journal,
            every_s=settings.reconcile_every_s,
            keys_kept=timedelta(hours=settings.idempotency_hours),
        )
        learner, completer = Learner(database), Completer(database)
        stack.push_async_callback(completer.stop)
        retention = Retention(database, objects, settings.home / "tmp", every_s=settings.sweep_every_s)
        background = (
            asyncio.create_task(Projector(journal, database, settled).run(), name="projector"),
            asyncio.create_task(completions.run(), name="completions"),
            asyncio.create_task(UsageReader(bus, database).run(), name="usage"),
            asyncio.create_task(reconciler.run(), name="reconciler"),
            asyncio.create_task(marks.run(), name="marks"),
            asyncio.create_task(learner.run(), name="learner"),
            asyncio.create_task(retention.run(), name="retention"),
        )
        stack.push_async_callback(end, *background)
        app.state.parts = Parts(
            settings=settings,
            database=database,
            bus=bus,
            objects=objects,
            journal=journal,
            calls=calls,
            hub=hub,
            jobs=acts,
            thumbnails=Thumbnails(objects, settings.max_image_pixels),
            registry=registry,
            loaded=loaded,
            rate_limit=rate_limit,
            completions=completions,
            learner=learner,
            completer=completer,
            secrets=SecretBox.of(settings),
            background=background,
        )
        log.info("gateway_ready", catalog=database.dialect)
        yield


async def _prepare(objects: ObjectStore) -> None:
    try:
        await objects.ready()
    except Failure as failure:
        # Chat needs no object storage; readiness says what is missing until it is there.
        log.warning("objects_away", error=failure.message)
