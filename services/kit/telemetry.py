"""Logs, metrics and traces that share one trace id from the HTTP request through the bus to the worker."""

import functools
import logging
import re
import secrets
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

import structlog
from prometheus_client import Counter, Gauge, Histogram

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")

JOB_SECONDS = Histogram(
    "atelier_jobs_run_seconds",
    "Time from the start of a job's attempt to its end.",
    ["kind", "outcome"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
JOB_WAIT_SECONDS = Histogram(
    "atelier_jobs_wait_seconds",
    "Time a job stood in the queue before a worker took it.",
    ["kind"],
    buckets=(0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800),
)
JOBS_RUNNING = Gauge("atelier_jobs_running", "Jobs this worker works on.", ["service"])
JOBS_REDELIVERED = Counter("atelier_jobs_redelivered_total", "Jobs taken up again after an earlier delivery.", ["kind"])
CALL_SECONDS = Histogram(
    "atelier_calls_seconds",
    "Time a call took until its answer ended.",
    ["kind", "outcome"],
    buckets=(0.005, 0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300),
)
CALLS_RUNNING = Gauge("atelier_calls_running", "Calls being answered.", ["service"])


def setup_logging(level: str, log_format: str, *, service: str) -> None:
    """Structured lines on stderr: JSON for machines, aligned text for a console; third-party logs join in at
    `warning`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _add_scope,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        shared += [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        shared += [
            structlog.dev.ConsoleRenderer(
                colors=False, pad_event_to=24, exception_formatter=structlog.dev.plain_traceback
            )
        ]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    # It tells every try; the kit tells what came of them.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)


def new_traceparent(parent: str = "") -> str:
    """A W3C traceparent: a child of `parent` if that is valid, else the start of a new trace."""
    match = _TRACEPARENT.match(parent)
    trace = match.group(1) if match else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str) -> str:
    """The 32 hex digits of the trace; "" if there is none."""
    match = _TRACEPARENT.match(traceparent)
    return match.group(1) if match else ""


# What every log line of a job or call carries. One variable of our own: binding several of structlog's costs 30 µs a
# job.
_scope: ContextVar[Mapping[str, str]] = ContextVar("atelier_log_scope", default=MappingProxyType({}))


def _add_scope(_logger: object, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in _scope.get().items():
        line.setdefault(key, value)
    return line


class traced:
    """`with traced(traceparent, job_id=…) as trace:` log lines within carry the trace id and the fields given."""

    def __init__(self, traceparent: str, **fields: str) -> None:
        """A traceparent as in W3C Trace Context; "" = no trace."""
        self._trace = fields["trace_id"] = trace_id(traceparent)
        self._fields = fields

    def __enter__(self) -> str:
        self._token = _scope.set(self._fields)
        return self._trace

    def __exit__(self, *_: object) -> None:
        _scope.reset(self._token)


@functools.cache
def job_seconds(kind: str, outcome: str) -> Histogram:
    """The run-time histogram of one kind and outcome; finding a metric by its labels costs more than the
    observation."""
    return JOB_SECONDS.labels(kind, outcome)


@functools.cache
def job_wait_seconds(kind: str) -> Histogram:
    """The waiting-time histogram of one kind."""
    return JOB_WAIT_SECONDS.labels(kind)


@functools.cache
def jobs_running(service: str) -> Gauge:
    """The gauge of one service's running jobs."""
    return JOBS_RUNNING.labels(service)
