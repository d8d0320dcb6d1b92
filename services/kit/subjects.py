"""Every stream, subject and bucket of the bus, each with its reason. Nothing else spells a subject."""

import re
import zlib

# Work that was accepted. Work queue with fsync on every write: an acknowledged publish survives anything.
JOBS = "JOBS"
# The journal of every job. Its sequence is the SSE id, so a client resumes exactly, at any copy of the gateway. It is
# written through like the jobs: a journal that can lose its tail would hand out a sequence twice.
EVENTS = "EVENTS"
# Jobs that could not be done in as many deliveries as their method allows; listed and retried from API and UI.
DEAD = "DEAD"
# The server's notices of exhausted deliveries, kept so that none is missed while nobody listens.
ADVISORIES = "ADVISORIES"
# What each answer of a language model used, until the gateway has written it into its catalog.
USAGE = "USAGE"
# One message per request that counts against its owner's rate limit, kept for a minute.
RATE = "RATE"
# Words to jobs: cancel, pause, finish. Workers watch it, so one mechanism serves waiting and running jobs.
CONTROL_BUCKET = "control"
# Each owner's endpoints and routing, under the owner's name: written by the gateway, whose catalog is the truth, and
# watched by every copy of the chat service, so that a request needs no database.
ENDPOINTS_BUCKET = "endpoints"
# How each endpoint is, under its id: one copy of the chat service looks, all copies and the gateway know.
HEALTH_BUCKET = "health"
# Who is up, and what it is busy with; entries expire unless renewed.
PRESENCE_BUCKET = "presence"
# Which files came of which settings, under owner and hash: whoever asks for the same again is given them again, by any
# copy of the service. Entries expire.
RESULTS_BUCKET = "results"
# What each diffusion worker has in memory and on disk, under its name; entries expire unless renewed.
MODELS_BUCKET = "models"
# The models that every worker keeps in memory, so that one that comes later loads them too.
PINS_BUCKET = "pins"
# A word to all diffusion workers about a model; broadcast, since any of them may be given its next job.
MODEL_COMMANDS = "control.models"
# Which outputs and endings a copy of the gateway has just written into the catalog, for all copies; nothing is stored.
PROJECTED = "catalog.projected"

# Owners share a pool fairly: each owner's jobs stand in one of these queues and workers serve the queues in turn.
# More queues means fewer owners sharing one, and one more consumer to keep per service, pool and priority.
BUCKETS = 16
# A job of priority 1 goes before its owner's other jobs; it never takes another owner's turn.
PRIORITIES = (1, 0)

_TOKEN = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def _token(value: str) -> str:
    if not _TOKEN.match(value):
        raise ValueError(f"{value!r} cannot stand in a subject: 1 to 64 letters, digits, '_' or '-' are allowed")
    return value


def job(kind: str, pool: str, bucket: int, priority: int, owner: str) -> str:
    """Where a job waits: `jobs.<service>.<method>.<pool>.<bucket>.<priority>.<owner>`."""
    service, method = kind.split(".")
    return f"jobs.{_token(service)}.{_token(method)}.{_token(pool)}.{bucket}.{priority}.{_token(owner)}"


def jobs_of(service: str, pool: str) -> str:
    """Every waiting job of a service's pool."""
    return f"jobs.{service}.*.{pool}.>"


def jobs_in(service: str, pool: str, bucket: int, priority: int) -> str:
    """The jobs of one queue: what its consumer filters on."""
    return f"jobs.{service}.*.{pool}.{bucket}.{priority}.*"


def queue_of(subject: str) -> tuple[int, int]:
    """Bucket and priority of a job's (or bell's) subject."""
    parts = subject.split(".")
    return int(parts[4]), int(parts[5])


def owner_of(subject: str) -> str:
    """Owner token of a job's subject."""
    return subject.rsplit(".", 1)[1]


def consumer(service: str, pool: str, bucket: int, priority: int) -> str:
    """Name of one queue's durable consumer; all copies of a service share it."""
    return f"{service}-{pool}-{bucket}-{priority}"


def home_bucket(owner: str) -> int:
    """The queue an owner's jobs stand in unless someone else's already wait there."""
    return zlib.crc32(owner.encode()) % BUCKETS


# The server itself rings `bell.…` for every job it has stored (stream republish, headers only), so an idle worker
# starts at once without holding a pull open on every queue, and a busy one takes nothing it has no slot for.
BELL_SOURCE = "jobs.>"
BELL_TARGET = "bell.>"


def bells_of(service: str, pool: str) -> str:
    """Bells for jobs of a service's pool; tokens as in `job`, first one replaced."""
    return f"bell.{service}.*.{pool}.>"


def events(job_id: str) -> str:
    """A job's journal."""
    return f"events.{_token(job_id)}"


def dead(kind: str) -> str:
    """Where a job of this kind lies once it was given up."""
    return f"dead.{kind}"


def rate(owner: str) -> str:
    """Where an owner's requests are counted; "*" = everybody's."""
    return f"rate.{owner if owner == '*' else _token(owner)}"


def usage(owner: str) -> str:
    """Where what an owner's requests used is told."""
    return f"usage.{_token(owner)}"


def call(kind: str) -> str:
    """Where an interactive request goes: core publish to a queue group, so an absent service is known at once."""
    return f"calls.{kind}"


def call_alive(call_id: str) -> str:
    """Signs of life from the caller, and its goodbye. Broadcast, since the caller cannot know which copy took the
    call."""
    return f"control.call.{_token(call_id)}"


CALL_ALIVE_ALL = "control.call.*"

MAX_DELIVERIES = f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{JOBS}.>"

# Headers of a job: the body is the request message alone, so that gRPC, HTTP and bus carry the same bytes. Kind, pool
# and owner stand in the subject, id and run in the message id by which the server drops duplicates: `<job>:<run>`.
MSG_ID = "Nats-Msg-Id"
PROJECT = "Atelier-Project"
TRACEPARENT = "traceparent"
# Headers of a call.
CALL_ID = "Atelier-Call"
OWNER = "Atelier-Owner"
# Headers of a call's answer frames.
FRAME = "Atelier-Frame"
