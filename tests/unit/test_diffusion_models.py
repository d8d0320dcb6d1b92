"""Models: which are known, how they are loaded, what is said when that fails."""

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from services.diffusion import weights
from services.diffusion.faults import CannotLoad, CannotSample
from services.diffusion.gate import Gate
from services.diffusion.models import Models
from services.diffusion.settings import STARTER, DiffusionSettings, parse_models
from tests.unit.diffusion_rig import loaded, starter


def test_the_starter_model_tells_what_it_is() -> None:
    model = starter()
    unet = json.loads((STARTER / "unet" / "config.json").read_text())
    scheduler = json.loads((STARTER / "scheduler" / "scheduler_config.json").read_text())
    assert model.card.native_width == unet["sample_size"] * model.card.multiple
    assert model.prediction_type == scheduler["prediction_type"]
    assert len(model.card.hash) == 64 and model.card.device == "cpu"
    assert model.unet.dtype == model.vae.dtype == torch.float32


def test_several_models_can_be_named() -> None:
    assert parse_models("a=/x/y, b=org/name ,/models/sd15") == {"a": "/x/y", "b": "org/name", "sd15": "/models/sd15"}
    with pytest.raises(ValueError):
        DiffusionSettings.model_validate({"diffusion_model": " , "})


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_DIFFUSION_MODEL", "own=/somewhere")
    monkeypatch.setenv("ATELIER_DIFFUSION_THREADS", "3")
    settings = DiffusionSettings.model_validate({})
    assert settings.sources == {"own": "/somewhere"} and settings.cores == 3


def test_the_hash_names_the_weights_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)
    cache = tmp_path / "cache" / "hashes.json"
    first = weights.fingerprint(folder, cache)
    assert first == weights.fingerprint(STARTER) == weights.fingerprint(folder, cache)
    (folder / "README.md").write_text("more words")
    assert weights.fingerprint(folder, cache) == first
    changed = weights.files(folder)[0]
    changed.chmod(0o644)
    changed.write_bytes(changed.read_bytes() + b"\0")
    assert weights.fingerprint(folder, cache) != first


def test_a_broken_hash_cache_is_only_a_cache(tmp_path: Path) -> None:
    cache = tmp_path / "hashes.json"
    cache.write_text("[not json")
    assert weights.fingerprint(STARTER, cache) == weights.fingerprint(STARTER)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)
    for file in weights.files(folder):
        file.unlink()
        (file.parent / "pytorch_model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(CannotLoad, match="pickled"):
        loaded(folder)


def test_half_precision_weights_are_taken_where_there_are_no_others(tmp_path: Path) -> None:
    for name in ("model.fp16.safetensors", "model.non_ema.safetensors"):
        (tmp_path / name).touch()
    assert weights.variant(tmp_path) == "fp16"
    (tmp_path / "model-00001-of-00002.safetensors").touch()
    assert weights.variant(tmp_path) is None


@pytest.mark.parametrize(
    ("source", "reason"), [("/no/such/folder", "there is no folder"), (".", "no model_index.json")]
)
def test_what_is_no_model_is_said_so(source: str, reason: str) -> None:
    with pytest.raises(CannotLoad, match=reason):
        loaded(Path(source))


def test_a_broken_folder_is_a_clear_failure(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(STARTER, folder)
    config = folder / "unet" / "config.json"
    config.chmod(0o644)
    config.write_text(config.read_text().replace('"cross_attention_dim": 128', '"cross_attention_dim": 64'))
    with pytest.raises(CannotLoad, match="own"):
        loaded(folder)


def test_sizes_a_model_cannot_make_name_the_field() -> None:
    card = starter().card
    card.check_size(64, 96, 16)
    with pytest.raises(CannotSample) as fault:
        card.check_size(64, 66, 16)
    assert fault.value.field == "height"
    with pytest.raises(CannotSample, match="4 times"):
        card.check_size(256, 256, 4)


def test_a_model_is_loaded_once_and_a_failure_is_told() -> None:
    asked: list[str] = []
    go = threading.Event()

    def load(name: str, source: str) -> Any:
        asked.append(name)
        assert go.wait(10)
        if source == "broken":
            raise CannotLoad("it is broken")
        return starter()

    models = Models({"good": "fine", "bad": "broken"}, load)
    assert models.default == "good" and models.names == ["good", "bad"]
    assert [s.status for s in models.states()] == ["available", "available"]
    futures = [models.get("good"), models.get("good"), models.get("bad")]
    assert models.loading and {s.status for s in models.states()} == {"loading"}
    go.set()
    assert futures[0].result(10) is futures[1].result(10) is starter()
    with pytest.raises(CannotLoad):
        futures[2].result(10)
    assert sorted(asked) == ["bad", "good"] and not models.loading
    good, bad = models.states()
    assert good.status == "loaded" and good.card == starter().card
    assert bad.status == "failed" and bad.error == "it is broken"
    with pytest.raises(KeyError):
        models.get("ugly")


def test_loading_waits_for_the_step_under_way_and_steps_wait_for_loading() -> None:
    gate, order = Gate(), []
    inside, leave = threading.Event(), threading.Event()

    def step() -> None:
        with gate.passing():
            inside.set()
            assert leave.wait(10)
            order.append("step")

    def build() -> None:
        with gate.closed():
            order.append("build")

    def next_step() -> None:
        with gate.passing():
            order.append("next step")

    first = threading.Thread(target=step)
    first.start()
    assert inside.wait(10)
    builder = threading.Thread(target=build)
    builder.start()
    while gate.open:
        pass
    second = threading.Thread(target=next_step)
    second.start()
    leave.set()
    for thread in (first, builder, second):
        thread.join(10)
    assert order == ["step", "build", "next step"]
