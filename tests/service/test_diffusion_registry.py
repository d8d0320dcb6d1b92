"""Bringing models in: every source, what is refused, and going on after a kill."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from atelier.v1.common_pb2 import ControlAction
from atelier.v1.models_pb2 import ImportModelResult, ModelAction, ModelCommand, PinnedModel, WorkerModels
from services.kit import subjects
from services.kit.control import send_control
from services.kit.failures import NotFound
from services.kit.ids import new_ulid
from services.kit.objects import ObjectStore
from services.kit.settings import Settings
from tests.api import PATIENCE_S, until
from tests.processes import ServerProcess
from tests.service.diffusion_rig import Easel, worker
from tests.service.kit_rig import Site
from tests.service.model_sources import Sources, large, lora, serving, starter_files, write

KIND = "diffusion.import_model"
# As many bytes as the starter model takes in memory, and one more of the like does not fit.
_ROOM_FOR_ONE = 80_000_000


@dataclass(frozen=True)
class House:
    """One worker, the places it may bring models in from, and its home."""

    pool: str
    process: ServerProcess
    sources: Sources
    home: Path
    opened: Path


@pytest.fixture(scope="module")
def house(kit_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("registry")
    home, opened = folder / "home", folder / "opened"
    home.mkdir()
    opened.mkdir()
    name = f"pool-{new_ulid().lower()[-12:]}"
    with serving() as sources, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", sources.url)
        patch.setenv("HF_HOME", str(folder / "hub"))
        settings = {
            "home": str(home),
            "diffusion_import_hosts": "127.0.0.1",
            "diffusion_import_folders": str(opened),
            "diffusion_import_buckets": "models-elsewhere",
            "diffusion_import_max_bytes": 200_000_000,
            "diffusion_memory": str(_ROOM_FOR_ONE),
        }
        with worker(kit_settings, folder, name, **settings) as process:
            yield House(name, process, sources, home, opened)


@pytest.fixture
async def easel(site: Site, house: House) -> AsyncIterator[Easel]:
    house.sources.stop_after = 0
    house.sources.go.clear()
    house.sources.waiting.clear()
    yield Easel(replace(site, pool=house.pool))


async def ask(easel: Easel, source: str, **settings: Any) -> str:
    values = {"model_id": new_ulid(), "source": source, **settings}
    return await easel.ask_plainly(KIND, values)


async def result(easel: Easel, job: str) -> ImportModelResult:
    end = await easel.site.story.until(job)
    assert end.HasField("completed"), end
    unpacked = ImportModelResult()
    assert end.completed.result.Unpack(unpacked)
    return unpacked


async def brought(easel: Easel, source: str, **settings: Any) -> ImportModelResult:
    return await result(easel, await ask(easel, source, **settings))


async def test_a_lora_from_a_url_is_looked_at_and_kept_by_its_hash(easel: Easel, house: House) -> None:
    tags = {"10_ohwx cat": {"ohwx": 10, "cat": 9, "sofa": 1}}
    metadata = {"ss_tag_frequency": json.dumps(tags), "ss_output_name": "my-cat", "ss_network_alpha": "8"}
    content = house.sources.files["/files/my-cat.safetensors"] = lora(rank=16, width=768, metadata=metadata)
    found = await brought(easel, f"{house.sources.url}/files/my-cat.safetensors")
    digest = hashlib.sha256(content).hexdigest()
    assert (found.sha256, found.hash, found.size, found.files) == (digest, digest, len(content), 1)
    assert (found.kind, found.family, found.rank, found.alpha) == (2, "sd1", 16, 8.0)
    assert list(found.trigger_words) == ["ohwx", "cat"] and found.title == "my-cat"
    objects = ObjectStore(easel.site.settings)
    assert await objects.get(f"models/{digest}/my-cat.safetensors") == content


async def test_a_picture_is_made_with_a_model_brought_in_from_the_hub(easel: Easel, house: House) -> None:
    files = {**starter_files(), "README.md": b"# A model", "unet/diffusion_pytorch_model.bin": b"\x80\x02pickle"}
    house.sources.repositories["someone/tiny"] = files
    job = await ask(easel, "someone/tiny")
    found = await result(easel, job)
    assert (found.kind, found.base_model, found.family) == (1, "StableDiffusionPipeline", "sd-128")
    told = [e.progress for e in easel.told(job, "progress")]
    assert {"downloading", "reading"} <= {p.stage for p in told} and any("MB of" in p.message for p in told)
    fractions = [p.fraction for p in told]
    assert fractions == sorted(fractions)

    objects = ObjectStore(easel.site.settings)
    uri = objects.uri(f"models/{found.sha256}#my own")
    made = await easel.result(await easel.ask(model=uri, seed=42))
    plain = await easel.result(await easel.ask(seed=42))
    assert (made.model, plain.model) == ("my own", "starter")
    assert made.model_hash == plain.model_hash == found.hash
    # The same weights give the same pixels; only the names in the files differ.
    assert made.outputs[0].provenance["model"] == "my own"


async def test_the_same_content_is_stored_once(easel: Easel, house: House) -> None:
    write(house.opened / "copy", starter_files())
    house.sources.repositories["someone/twin"] = starter_files()
    first = await brought(easel, "hf://someone/twin")
    again = await brought(easel, str(house.opened / "copy"))
    assert again.sha256 == first.sha256 and again.known


async def test_a_zip_of_a_folder_becomes_that_folder(easel: Easel, house: House) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in starter_files().items():
            archive.writestr(f"starter-copy/{name}", content)
    objects = ObjectStore(easel.site.settings)
    key = f"uploads/models/{new_ulid()}/starter.zip"
    await objects.put(key, buffer.getvalue(), "application/zip")
    found = await brought(easel, objects.uri(key))
    assert (found.kind, found.files) == (1, len(starter_files()))


async def test_a_file_inside_a_package_of_the_registry(easel: Easel) -> None:
    found = await easel.failure(await ask(easel, "pypi://six==1.16.0/six.py"))
    assert found.code == "model_refused" and "no safetensors" in found.message
    missing = await easel.failure(await ask(easel, "pypi://six==1.16.0/models/six.safetensors"))
    assert "holds no models/six.safetensors" in missing.message
    unknown = await easel.failure(await ask(easel, "pypi://six==0.0.0.1/six.safetensors"))
    assert unknown.code == "not_found" and "registry" in unknown.message


async def test_another_bucket_only_if_the_operator_opens_it(easel: Easel) -> None:
    settings = easel.site.settings.model_copy(update={"s3_bucket": "models-elsewhere"})
    elsewhere = ObjectStore(settings)
    await elsewhere.ready()
    await elsewhere.put("loras/one.safetensors", lora(seed=1), "application/octet-stream")
    found = await brought(easel, "s3://models-elsewhere/loras/one.safetensors")
    assert (found.kind, found.rank) == (2, 4)
    refused = await easel.failure(await ask(easel, "s3://someone-elses/loras/one.safetensors"))
    assert refused.code == "bad_input" and "IMPORT_BUCKETS" in refused.hint


async def test_a_folder_only_if_the_operator_opens_it(easel: Easel, house: House) -> None:
    refused = await easel.failure(await ask(easel, "/etc"))
    assert refused.code == "bad_input" and "not in a folder that is open" in refused.message
    (house.opened / "way-out").symlink_to("/etc")
    out = await easel.failure(await ask(easel, str(house.opened / "way-out")))
    assert out.code == "bad_input"


async def test_a_pickle_is_refused_whatever_it_is_called(easel: Easel, house: House) -> None:
    house.sources.files["/p/model.safetensors"] = b"\x80\x02}q\x00(X\x05\x00\x00\x00stateq\x01" + b"\0" * 100
    house.sources.files["/p/model.ckpt"] = b"PK\x03\x04" + b"\0" * 200
    for name in ("model.safetensors", "model.ckpt"):
        failure = await easel.failure(await ask(easel, f"{house.sources.url}/p/{name}"))
        assert failure.code == "model_refused" and "run any code" in failure.message, name
    house.sources.repositories["someone/old"] = {"config.json": b"{}", "pytorch_model.bin": b"\x80\x02"}
    failure = await easel.failure(await ask(easel, "someone/old"))
    assert failure.code == "model_refused" and "pickles" in failure.message


async def test_a_redirect_into_the_house_is_not_followed(easel: Easel, house: House) -> None:
    house.sources.redirects["/leads/inside"] = "http://169.254.169.254/latest/meta-data"
    failure = await easel.failure(await ask(easel, f"{house.sources.url}/leads/inside"))
    assert failure.code == "bad_input" and "only https" in failure.message
    house.sources.redirects["/leads/home"] = "https://localhost:1/secret"
    failure = await easel.failure(await ask(easel, f"{house.sources.url}/leads/home"))
    assert failure.code == "bad_input" and "this machine or its network" in failure.message


async def test_more_than_is_taken_is_refused_before_it_is_downloaded(easel: Easel, house: House) -> None:
    house.sources.files["/big.safetensors"] = b"\0" * 200_000_001
    failure = await easel.failure(await ask(easel, f"{house.sources.url}/big.safetensors"))
    assert failure.code == "too_large" and "IMPORT_MAX_BYTES" in failure.hint
    del house.sources.files["/big.safetensors"]


async def test_a_cancelled_import_leaves_nothing(easel: Easel, house: House) -> None:
    house.sources.files["/slow.safetensors"] = large(20)
    house.sources.stop_after = 5_000_000
    job = await ask(easel, f"{house.sources.url}/slow.safetensors")
    assert await asyncio.to_thread(house.sources.waiting.wait, 30)
    await send_control(easel.site.bus, job, ControlAction.CONTROL_ACTION_CANCEL, "not wanted")
    house.sources.go.set()
    assert (await easel.site.story.until(job)).HasField("cancelled")

    async def gone() -> bool:
        return not (house.home / "imports" / job).exists()

    await until(gone)


async def test_after_a_kill_the_download_goes_on_where_it_was(easel: Easel, house: House) -> None:
    content = house.sources.files["/long.safetensors"] = large(24)
    house.sources.stop_after = 8_000_000
    job = await ask(easel, f"{house.sources.url}/long.safetensors")
    assert await asyncio.to_thread(house.sources.waiting.wait, 30)
    part = house.home / "imports" / job / "model" / "long.safetensors.part"

    async def partly_there() -> bool:
        return part.exists() and part.stat().st_size >= 7_000_000

    await until(partly_there, PATIENCE_S)
    house.process.kill()
    house.sources.stop_after = 0
    house.sources.go.set()
    await asyncio.to_thread(house.process.start, 120)
    found = await result(easel, job)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    ranges = [asked for path, asked in house.sources.asked if path == "/long.safetensors" and asked]
    assert ranges and int(ranges[0].removeprefix("bytes=").rstrip("-")) >= 7_000_000


async def test_what_cannot_be_recognised_asks_what_it_is(easel: Easel, house: House) -> None:
    import numpy as np
    from safetensors.numpy import save

    house.sources.files["/odd.safetensors"] = save({"something.else": np.zeros((2, 2), np.float32)})
    failure = await easel.failure(await ask(easel, f"{house.sources.url}/odd.safetensors"))
    assert failure.code == "model_unknown" and "kind" in failure.hint
    assert (await brought(easel, f"{house.sources.url}/odd.safetensors", kind="upscaler")).kind == 4


async def worker_models(easel: Easel) -> WorkerModels:
    """What the one worker tells."""
    bucket = await easel.site.bus.jetstream.key_value(subjects.MODELS_BUCKET)
    told = [WorkerModels.FromString((await bucket.get(key)).value or b"") for key in await bucket.keys()]
    return next(worker for worker in told if worker.memory_budget == _ROOM_FOR_ONE)


async def test_loading_pinning_and_making_room_are_told(easel: Easel, house: House) -> None:
    write(house.opened / "other", starter_files())
    (house.opened / "other" / "scheduler" / "NOTE.md").write_text("so that it is another model")
    found = await brought(easel, str(house.opened / "other"))
    objects = ObjectStore(easel.site.settings)
    uri = objects.uri(f"models/{found.sha256}#other")

    async def held() -> dict[str, Any]:
        return {model.key: model for model in (await worker_models(easel)).models}

    await easel.result(await easel.ask(seed=1))
    command = ModelCommand(action=ModelAction.MODEL_ACTION_LOAD, model=uri)
    await easel.site.bus.publish(subjects.MODEL_COMMANDS, command.SerializeToString())
    # There is room for one: the starter model, which nobody uses now, makes room.
    await until(lambda: _loaded(held, found.sha256), PATIENCE_S)
    assert "starter" not in await held()
    told = await worker_models(easel)
    assert told.memory_budget == _ROOM_FOR_ONE and 0 < told.memory_used <= _ROOM_FOR_ONE
    assert told.disk_used >= found.size

    pins = await easel.site.bus.jetstream.key_value(subjects.PINS_BUCKET)
    await pins.put(found.sha256, PinnedModel(model=uri).SerializeToString())
    await until(lambda: _pinned(held, found.sha256))
    failure = await easel.failure(await easel.ask(seed=1))
    assert failure.code == "model_failed" and "pinned" in failure.message
    await pins.purge(found.sha256)
    await until(lambda: _pinned(held, found.sha256, False))
    command = ModelCommand(action=ModelAction.MODEL_ACTION_UNLOAD, model=uri)
    await easel.site.bus.publish(subjects.MODEL_COMMANDS, command.SerializeToString())
    await until(lambda: _gone(held, found.sha256))


async def _loaded(held: Any, key: str) -> bool:
    model = (await held()).get(key)
    return model is not None and model.status == "loaded"


async def _pinned(held: Any, key: str, pinned: bool = True) -> bool:
    model = (await held()).get(key)
    return model is not None and model.pinned is pinned


async def _gone(held: Any, key: str) -> bool:
    return key not in await held()


async def test_a_model_whose_files_are_gone_says_so(easel: Easel) -> None:
    objects = ObjectStore(easel.site.settings)
    missing = objects.uri(f"models/{'ab' * 32}#ghost")
    failure = await easel.failure(await easel.ask(model=missing))
    assert failure.code == "model_failed" and "no longer in object storage" in failure.message
    with pytest.raises(NotFound):
        await objects.get(f"models/{'ab' * 32}.json")
