"""Logs, metrics and traces that share one trace id from the HTTP request through the bus to the worker."""

import logging
import re
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Structured lines on stderr: JSON for machines, aligned text for a console; third-party logs join in at `warning`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "json":
        shared += [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
    else:
        shared += [structlog.dev.ConsoleRenderer(colors=False, pad_event_to=24)]
    structlog.configure(
        processors=shared,
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")


def new_traceparent(parent: str = "") -> str:
    """A W3C traceparent: a child of `parent` if that is valid, else the start of a new trace."""
    match = _TRACEPARENT.match(parent)
    trace = match.group(1) if match else secrets.token_hex(16)
    return f"00-{trace}-{secrets.token_hex(8)}-01"


def trace_id(traceparent: str) -> str:
    """The 32 hex digits of the trace; "" if there is none."""
    match = _TRACEPARENT.match(traceparent)
    return match.group(1) if match else ""


@contextmanager
def traced(traceparent: str, **fields: str) -> Iterator[str]:
    """Log lines within carry the trace id and `fields`; yields the trace id."""
    found = trace_id(traceparent)
    with structlog.contextvars.bound_contextvars(trace_id=found, **fields):
        yield found
