"""A hosted service from outside: the gRPC door, health, reflection, presence, probes; and object storage."""

import asyncio
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from atelier.v1.common_pb2 import Event
from atelier.v1.diffusion_pb2 import GenerationResult, TextToImageRequest
from services.kit.contract import contract
from services.kit.failures import BadInput, NotFound, Unavailable
from services.kit.host import Service, method
from services.kit.journal import event_type
from services.kit.objects import ObjectStore
from services.kit.presence import Presence, ServiceState
from services.kit.settings import ServiceSettings, Settings
from services.kit.tasks import end
from tests.api import until
from tests.service.kit_rig import KIND, PATIENCE_S, Site


async def present(site: Site, state: str = "ready") -> ServiceState:
    """The diffusion service once it has told its state."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for found in await Presence.list(site.bus):
                if (found.name, found.state) == ("diffusion", state):
                    return found
            await asyncio.sleep(0.02)


def channel(state: ServiceState) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(f"127.0.0.1:{state.grpc_port}")


def caller(to: grpc.aio.Channel, kind: str) -> Any:
    """The stub of a method, of its kind."""
    known = contract.methods[kind]
    make = to.unary_stream if known.streams else to.unary_unary
    return make(
        known.grpc_path,
        request_serializer=known.request_type.SerializeToString,
        response_deserializer=known.response_type.FromString,
    )


async def test_a_job_method_called_by_grpc_runs_the_same_handler_and_streams_the_same_events(site: Site) -> None:
    async with site.easel(), channel(await present(site)) as to:
        events: list[Event] = [event async for event in caller(to, KIND)(TextToImageRequest(prompt="paint 1", seed=9))]
    assert [event_type(event) for event in events] == ["started", "progress", "output", "completed"]
    assert [event.seq for event in events] == [1, 2, 3, 4]
    result = GenerationResult()
    assert events[-1].completed.result.Unpack(result)
    assert (result.seed, len(result.outputs)) == (9, 1)


async def test_a_call_method_by_grpc_knows_its_owner(site: Site) -> None:
    async with site.easel(), channel(await present(site)) as to:
        known = contract.methods["diffusion.options"]
        answer = await caller(to, known.kind)(known.request_type(), metadata=(("atelier-owner", "ann"),))
    assert list(answer.samplers) == ["ann"]


async def test_a_bad_request_by_grpc_is_an_invalid_argument_naming_the_field(site: Site) -> None:
    async with site.easel(), channel(await present(site)) as to:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in caller(to, KIND)(TextToImageRequest(prompt="done", width=63)):
                pass
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT and "width" in (caught.value.details() or "")


async def test_a_caller_by_grpc_that_goes_ends_the_work(site: Site, tmp_path: Path) -> None:
    async with site.easel(), channel(await present(site)) as to:
        running = caller(to, KIND)(TextToImageRequest(prompt=f"wait {tmp_path / 'never'}"))
        async for event in running:
            if event.HasField("progress"):
                break
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running.code()
            async for _ in running:
                pass


async def test_health_and_reflection_stand_beside_the_methods(site: Site) -> None:
    async with site.easel(), channel(await present(site)) as to:
        health: Any = health_pb2_grpc.HealthStub(to)
        for name in ("", "atelier.v1.Diffusion"):
            answer = await health.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        ask = reflection_pb2.ServerReflectionRequest(list_services="")
        stub: Any = reflection_pb2_grpc.ServerReflectionStub(cast(Any, to))
        async for answer in stub.ServerReflectionInfo(iter([ask])):
            names = {service.name for service in answer.list_services_response.service}
            break
    assert {"atelier.v1.Diffusion", "grpc.health.v1.Health"} <= names


async def test_a_service_is_present_while_it_runs_and_its_probes_tell_its_state(site: Site) -> None:
    async with site.easel() as easel:
        state = await present(site)
        assert state.instance and state.grpc_port and state.metrics_port
        easel.status("starting", "loading model starter")
        assert (await present(site, "starting")).detail == "loading model starter"
        status, body = await _get(state, "/readyz")
        assert (status, body) == (503, "the service is starting")
        easel.status("ready")
        assert (await _get(state, "/readyz"))[0] == (await _get(state, "/livez"))[0] == 200
        await site.story.until(await site.submit("done"))
        _, metrics = await _get(state, "/metrics")
        assert f'atelier_jobs_run_seconds_count{{kind="{KIND}",outcome="completed"}}' in metrics
        assert (await _get(state, "/nothing"))[0] == 404
    assert state.instance not in [found.instance for found in await Presence.list(site.bus)]


async def _get(state: ServiceState, path: str) -> tuple[int, str]:
    def fetch() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{state.metrics_port}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return await asyncio.to_thread(fetch)


def test_a_service_whose_methods_are_not_the_contracts_is_refused() -> None:
    class Lazy(Service):
        name = "diffusion"

        @method
        async def text_to_video(self, request: Any, job: Any) -> None:
            """Not in the contract."""

    with pytest.raises(TypeError, match="text_to_video"):
        Lazy(ServiceSettings.model_validate({})).handlers()


async def test_an_object_is_put_read_whole_in_part_and_in_pieces(kit_settings: Settings, tmp_path: Path) -> None:
    store = ObjectStore(kit_settings)
    await store.ready()
    await store.ready()
    data = bytes(range(256)) * 10_000
    stored = await store.put("kit/one", data, "application/octet-stream")
    again = await store.put("kit/one", data, "application/octet-stream")
    assert stored == again == await store.stat("kit/one")
    assert (stored.size, len(stored.sha256)) == (2_560_000, 64)
    assert await store.get("kit/one") == data
    assert b"".join([piece async for piece in store.stream("kit/one", 256, 1000)]) == data[256:1256]
    assert b"".join([piece async for piece in store.stream("kit/one", 2_559_000)]) == data[2_559_000:]
    (tmp_path / "file").write_bytes(data)
    from_file = await store.put("kit/two", tmp_path / "file", "text/plain")
    assert (from_file.sha256, from_file.content_type) == (stored.sha256, "text/plain")
    assert await store.keys("kit/") == ["kit/one", "kit/two"]
    for key in ("kit/one", "kit/two", "kit/two"):
        await store.delete(key)
    assert await store.keys("kit/") == [] and await store.get_or_none("kit/one") is None


async def test_what_object_storage_cannot_give_has_a_name(kit_settings: Settings) -> None:
    store = ObjectStore(kit_settings)
    await store.ready()
    with pytest.raises(NotFound):
        await store.get("kit/nothing")
    with pytest.raises(NotFound):
        await store.stat("kit/nothing")
    await store.put("kit/short", b"abc", "text/plain")
    with pytest.raises(BadInput):
        async for _ in store.stream("kit/short", 10, 5):
            pass
    away = ObjectStore(kit_settings.model_copy(update={"s3_endpoint": "127.0.0.1:9"}))
    with pytest.raises(Unavailable, match="does not answer"):
        await away.get("kit/short")


async def test_a_process_that_renews_its_entry_is_never_missed(site: Site) -> None:
    presence = Presence(site.bus, "painting", "one")
    running = asyncio.create_task(presence.run())

    async def renewed() -> None:
        number = 0
        while True:
            number += 1
            presence.set("ready", f"{number} pictures")
            await asyncio.sleep(0)

    renewing = asyncio.create_task(renewed())

    async def listed() -> bool:
        return "painting" in [found.name for found in await Presence.list(site.bus)]

    try:
        await until(listed)
        for _ in range(300):
            assert await listed()
    finally:
        await end(renewing, running)
    assert not await listed()
