"""Make sure the streams and buckets of `subjects` exist, as they are meant to be."""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, KeyValueConfig, RePublish, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import BadRequestError, NotFoundError

from services.kit import subjects
from services.kit.settings import Settings

_DAY_S = 86400.0
# Consumers per stream; the server's own default of 1,000 would bound services × pools × queues.
_MAX_CONSUMERS = 10_000


def configs(settings: Settings) -> tuple[StreamConfig, ...]:
    """The streams."""
    copies = settings.stream_replicas
    return (
        StreamConfig(
            name=subjects.JOBS,
            subjects=["jobs.>"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=copies,
            max_consumers=_MAX_CONSUMERS,
            duplicate_window=600,
            allow_direct=True,
            republish=RePublish(src=subjects.BELL_SOURCE, dest=subjects.BELL_TARGET, headers_only=True),
        ),
        StreamConfig(
            name=subjects.EVENTS,
            subjects=["events.*"],
            storage=StorageType.FILE,
            num_replicas=copies,
            max_consumers=_MAX_CONSUMERS,
            max_age=settings.events_max_age_s,
            max_bytes=settings.events_max_bytes,
            discard=DiscardPolicy.OLD,
            duplicate_window=600,
            allow_direct=True,
        ),
        StreamConfig(
            name=subjects.DEAD,
            subjects=["dead.>"],
            storage=StorageType.FILE,
            num_replicas=copies,
            max_age=30 * _DAY_S,
            max_bytes=512 * 1024**2,
            allow_direct=True,
        ),
        StreamConfig(
            name=subjects.USAGE,
            subjects=["usage.*"],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=copies,
            max_age=30 * _DAY_S,
            allow_direct=True,
        ),
        StreamConfig(
            name=subjects.ADVISORIES,
            subjects=[subjects.MAX_DELIVERIES],
            retention=RetentionPolicy.WORK_QUEUE,
            storage=StorageType.FILE,
            num_replicas=copies,
            max_age=30 * _DAY_S,
        ),
    )


async def ensure(jetstream: JetStreamContext, settings: Settings) -> None:
    """Create what is missing and bring what differs up to date; safe in every process at every start."""
    for config in configs(settings):
        try:
            await jetstream.add_stream(config)
        except BadRequestError:
            # It exists with another configuration (an older version, a new limit).
            await jetstream.update_stream(config)
    await _bucket(jetstream, subjects.CONTROL_BUCKET, ttl_s=_DAY_S, storage=StorageType.FILE, settings=settings)
    await _bucket(jetstream, subjects.ENDPOINTS_BUCKET, ttl_s=0, storage=StorageType.FILE, settings=settings)
    await _bucket(jetstream, subjects.HEALTH_BUCKET, ttl_s=_DAY_S, storage=StorageType.MEMORY, settings=settings)
    await _bucket(jetstream, subjects.RESULTS_BUCKET, ttl_s=30 * _DAY_S, storage=StorageType.FILE, settings=settings)
    await _bucket(jetstream, subjects.PRESENCE_BUCKET, ttl_s=15, storage=StorageType.MEMORY, settings=settings)
    await _bucket(jetstream, subjects.MODELS_BUCKET, ttl_s=15, storage=StorageType.MEMORY, settings=settings)
    await _bucket(jetstream, subjects.PINS_BUCKET, ttl_s=0, storage=StorageType.FILE, settings=settings)


async def _bucket(
    jetstream: JetStreamContext, name: str, *, ttl_s: float, storage: StorageType, settings: Settings
) -> None:
    try:
        await jetstream.key_value(name)
    except NotFoundError:
        await jetstream.create_key_value(
            KeyValueConfig(bucket=name, history=1, ttl=ttl_s, storage=storage, replicas=settings.stream_replicas)
        )
