"""What `make run` makes of its variables, and what it gives to the processes it starts."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from infra.local.credentials import Credentials
from infra.local.options import BadOption, Options
from infra.local.programs import TABLE, selected
from infra.local.servers import BIN, nats_config
from infra.local.site import Site


def site(home: Path, **environ: str) -> Site:
    return Site(Options.read({"ATELIER_HOME": str(home), **environ}))


def names(home: Path, **environ: str) -> list[str]:
    return [program.name for program in selected(site(home, **environ))]


def test_defaults_are_loopback_and_port_8080(tmp_path: Path) -> None:
    options = Options.read({})
    assert (options.host, options.port, options.services) == ("127.0.0.1", 8080, None)
    assert options.home.name == ".atelier" and options.home.is_absolute()


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert Options.read({"ATELIER_PORT": "", "ATELIER_SERVICES": "", "ATELIER_HOME": ""}) == Options.read({})


@pytest.mark.parametrize("port", ["eight", "-1", "65536", "80.5"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    with pytest.raises(BadOption, match=f"PORT={port}"):
        Options.read({"ATELIER_PORT": port})


def test_everything_there_is_runs_when_nothing_was_chosen(tmp_path: Path) -> None:
    assert {"nats", "objects", "starter", "gateway"} <= set(names(tmp_path))


def test_chosen_services_bring_what_they_need(tmp_path: Path) -> None:
    assert names(tmp_path, ATELIER_SERVICES="gateway") == ["nats", "objects", "gateway"]
    assert names(tmp_path, ATELIER_SERVICES="chat, gateway") == ["nats", "objects", "starter", "gateway", "chat"]
    assert names(tmp_path, ATELIER_SERVICES="nats objects") == ["nats", "objects"]


def test_an_unknown_service_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match=r'no service "gatway".*gateway'):
        names(tmp_path, ATELIER_SERVICES="gatway")


def test_a_bus_and_an_object_store_of_the_users_are_not_started(tmp_path: Path) -> None:
    chosen = names(
        tmp_path,
        ATELIER_SERVICES="gateway",
        ATELIER_NATS_URL="nats://bus.example:4222",
        ATELIER_S3_ENDPOINT="s3.example:9000",
    )
    assert chosen == ["gateway"]


def test_models_of_the_users_need_no_starter_pack(tmp_path: Path) -> None:
    own = {"ATELIER_CHAT_MODEL": "/models/llama", "ATELIER_EMBEDDING_MODEL": "/models/bge"}
    assert "starter" not in names(tmp_path, ATELIER_SERVICES="chat", **own)


def test_upscalers_come_with_diffusion_unless_the_user_has_own_ones(tmp_path: Path) -> None:
    assert "upscalers" in names(tmp_path, ATELIER_SERVICES="diffusion")
    assert "upscalers" not in names(tmp_path, ATELIER_SERVICES="diffusion", ATELIER_DIFFUSION_UPSCALERS="/models/up")


def test_what_the_user_set_wins(tmp_path: Path) -> None:
    environment = site(tmp_path, ATELIER_CHAT_MODEL="/models/llama", ATELIER_LOG_FORMAT="json").environment()
    assert environment["ATELIER_CHAT_MODEL"] == "/models/llama"
    assert environment["ATELIER_LOG_FORMAT"] == "json"


def test_processes_get_addresses_and_passwords(tmp_path: Path) -> None:
    here = site(tmp_path)
    settings = here.settings()
    assert settings.nats_url == here.nats().url
    assert here.credentials.nats_password in settings.nats_url
    assert settings.s3_endpoint == here.objects().endpoint
    assert settings.s3_secret_key.get_secret_value() == here.credentials.s3_secret_key


def test_every_service_gets_ports_of_its_own(tmp_path: Path) -> None:
    here = site(tmp_path)
    program = {program.name: program for program in TABLE}
    chat, diffusion = (program[name].launch(here).environment for name in ("chat", "diffusion"))
    ports = {each[name] for each in (chat, diffusion) for name in ("ATELIER_GRPC_PORT", "ATELIER_METRICS_PORT")}
    assert len(ports) == 4


def test_passwords_are_generated_once_and_private(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first, second = Credentials.kept(file), Credentials.kept(file)
    assert first == second
    assert first.nats_password != Credentials().nats_password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_holds_no_passwords_is_named(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('["something else"]')
    with pytest.raises(ValueError, match=r"secrets\.json"):
        Credentials.kept(file)


def test_passwords_do_not_show_in_a_representation() -> None:
    credentials = Credentials()
    assert credentials.nats_password not in repr(credentials)
    assert credentials.s3_secret_key not in repr(credentials)


def test_nats_server_takes_the_configuration(tmp_path: Path) -> None:
    odd = tmp_path / 'a "strange" folder'
    config = tmp_path / "nats.conf"
    config.write_text(nats_config(odd, 24222, 28222, Credentials(nats_password='p"w\\')))
    done = subprocess.run([BIN / "nats-server", "-t", "-c", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ports_are_kept_in_a_file(tmp_path: Path) -> None:
    here = site(tmp_path)
    url = here.nats().url
    assert json.loads((tmp_path / "run" / "ports.json").read_text())["nats"] == here.ports["nats"]
    assert site(tmp_path).nats().url == url
