"""The gRPC door: the same handlers, requests and events as on the bus; health and reflection beside them."""

# grpc_health and grpc_reflection carry no types.
# pyright: reportUnknownMemberType=false

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from typing import Any, TypeAlias

import grpc
import structlog
from google.protobuf.message import Message
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from nats.js.api import PubAck

from atelier.v1.common_pb2 import Event
from services.kit import subjects, telemetry
from services.kit.call import Call
from services.kit.contract import Method, contract
from services.kit.failures import Failure, as_failure
from services.kit.ids import new_ulid
from services.kit.job import Cancelled, Held, Job, JobInfo
from services.kit.objects import ObjectStore

log = structlog.get_logger(__name__)

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_OPTIONS = (
    # A quiet stream (a model loading, a long step) must survive proxies and the peer's idle limits.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    ("grpc.so_reuseport", 0),
)

_STATUS = {
    "bad_input": grpc.StatusCode.INVALID_ARGUMENT,
    "too_large": grpc.StatusCode.INVALID_ARGUMENT,
    "not_found": grpc.StatusCode.NOT_FOUND,
    "model_not_found": grpc.StatusCode.NOT_FOUND,
    "conflict": grpc.StatusCode.FAILED_PRECONDITION,
    "unavailable": grpc.StatusCode.UNAVAILABLE,
    "overloaded": grpc.StatusCode.RESOURCE_EXHAUSTED,
    "timed_out": grpc.StatusCode.DEADLINE_EXCEEDED,
}


class _DirectJournal:
    """Takes the place of the bus's journal for a direct call: its events go to the caller's stream and nowhere else."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._seq = 0

    async def post(self, event: Event, msg_id: str, *, patience_s: float | None = None) -> asyncio.Future[PubAck]:
        self._seq += 1
        event.seq = self._seq
        self.events.put_nowait(event)
        stored: asyncio.Future[PubAck] = asyncio.get_running_loop().create_future()
        stored.set_result(PubAck(stream="", seq=self._seq))
        return stored


class GrpcDoor:
    """Serves a service's methods with `grpc.aio`."""

    def __init__(
        self, handlers: Mapping[str, tuple[Method, Any]], objects: ObjectStore, *, service: str, instance: str
    ) -> None:
        """`handlers` maps a kind to its method and handler."""
        self._handlers = handlers
        self._objects = objects
        self._instance = instance
        self._full_name = contract.services[service].full_name
        self._server = grpc.aio.server(options=_OPTIONS)
        self._health: Any = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]

    async def start(self, host: str, port: int) -> int:
        """Listen; returns the port."""
        methods = {m.grpc_path.rsplit("/", 1)[1]: self._handler(m, h) for m, h in self._handlers.values()}
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(self._full_name, methods),))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (self._full_name, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        bound = self._server.add_insecure_port(f"{host}:{port}")
        await self._server.start()
        for name in ("", self._full_name):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        return int(bound)

    def draining(self) -> None:
        """Tell health checkers that no new work is wanted."""
        self._draining = asyncio.create_task(self._health.enter_graceful_shutdown(), name="grpc-draining")

    async def stop(self, patience_s: float) -> None:
        """Refuse new calls; give running ones `patience_s` seconds."""
        await self._server.stop(patience_s)

    def _handler(self, method: Method, handler: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        serve = self._serve_job if method.is_job else self._serve_stream if method.streams else self._serve_one

        def bind(request: Message, context: Context) -> Any:
            return serve(method, handler, request, context)

        make = grpc.unary_stream_rpc_method_handler if method.streams else grpc.unary_unary_rpc_method_handler
        return make(
            _as_async_generator(bind) if method.streams else _as_coroutine(bind),
            request_deserializer=method.request_type.FromString,
            response_serializer=method.response_type.SerializeToString,
        )

    async def _serve_one(self, method: Method, handler: Any, request: Message, context: Context) -> Message:
        async with _translated(context):
            return await handler(contract.complete(request), _call(method, context))
        raise AssertionError("unreachable: abort raises")

    async def _serve_stream(
        self, method: Method, handler: Any, request: Message, context: Context
    ) -> AsyncIterator[Message]:
        async with (
            _translated(context),
            contextlib.aclosing(handler(contract.complete(request), _call(method, context))) as parts,
        ):
            async for part in parts:
                yield part

    async def _serve_job(
        self, method: Method, handler: Any, request: Message, context: Context
    ) -> AsyncIterator[Event]:
        async with _translated(context):
            complete = contract.complete(request)
            call = _call(method, context)
            journal = _DirectJournal()
            info = JobInfo(call.id, method.kind, call.owner, "", 1, 1, call.traceparent, self._instance)
            job = Job(info, journal, self._objects)
            task = asyncio.create_task(_run_direct(job, journal, handler, complete), name=f"grpc-{method.kind}")
            try:
                while (event := await journal.events.get()) is not None:
                    yield event
                await task
            finally:
                # The caller went away: what it asked for ends with it.
                task.cancel()
                await asyncio.wait([task])


async def _run_direct(job: Job, journal: _DirectJournal, handler: Any, request: Message) -> None:
    try:
        await job.announce()
        result = await handler(request, job)
        event = job.event()
        event.completed.result.Pack(result)
        await job.end(event)
    except (Cancelled, Held):
        event = job.event()
        event.cancelled.SetInParent()
        await job.end(event)
    except Exception as error:
        if not isinstance(error, Failure):
            log.exception("job_raised")
        event = job.event()
        event.failed.error.CopyFrom(as_failure(error).to_proto())
        await job.end(event)
    finally:
        journal.events.put_nowait(None)


@contextlib.asynccontextmanager
async def _translated(context: Context) -> AsyncGenerator[None, None]:
    try:
        yield
    except Failure as failure:
        message = f"{failure.message}. {failure.hint}" if failure.hint else failure.message
        await context.abort(_STATUS.get(failure.code, grpc.StatusCode.INTERNAL), message)


def _call(method: Method, context: Context) -> Call:
    metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
    return Call(
        id=new_ulid(),
        kind=method.kind,
        owner=metadata.get(subjects.OWNER.lower(), "local"),
        traceparent=telemetry.new_traceparent(metadata.get(subjects.TRACEPARENT, "")),
    )


def _as_async_generator(bind: Any) -> Any:
    async def serve(request: Message, context: Context) -> AsyncIterator[Message]:
        async with contextlib.aclosing(bind(request, context)) as parts:
            async for part in parts:
                yield part

    return serve


def _as_coroutine(bind: Any) -> Any:
    async def serve(request: Message, context: Context) -> Message:
        return await bind(request, context)

    return serve
