"""Secrets at rest: sealed with a key that all processes of one data folder share."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from services.kit.failures import Failure
from services.kit.secrets import SecretBox
from services.kit.settings import Settings


def box(home: Path, key: str = "") -> SecretBox:
    return SecretBox.of(Settings.model_validate({"home": home, "secret_key": key}))


def test_what_one_process_seals_another_of_the_same_folder_opens(tmp_path: Path) -> None:
    sealed = box(tmp_path).seal("sk-123")
    assert b"sk-123" not in sealed
    assert box(tmp_path).open(sealed) == "sk-123"
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        boxes = list(pool.map(lambda _: box(tmp_path / "new"), range(8)))
    sealed = boxes[0].seal("sk-123")
    assert {one.open(sealed) for one in boxes} == {"sk-123"}
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["secret.key"]


def test_no_secret_stays_none(tmp_path: Path) -> None:
    assert box(tmp_path).seal("") == b"" and box(tmp_path).open(b"") == ""


def test_a_new_key_before_the_old_one_opens_what_the_old_one_sealed(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = box(tmp_path, old).seal("sk-123")
    assert box(tmp_path, f"{new},{old}").open(sealed) == "sk-123"
    with pytest.raises(Failure, match="another key") as told:
        box(tmp_path, new).open(sealed)
    assert told.value.code == "secret_lost" and told.value.hint
    assert not list(tmp_path.iterdir())


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Failure) as told:
        box(tmp_path, "hunter2")
    assert "ATELIER_SECRET_KEY" in told.value.hint
