"""Inner ports: free ones, remembered, chosen anew when somebody else has them."""

from __future__ import annotations

import socket
from pathlib import Path

from infra.local.ports import Ports, free_port, highest, is_free


def listen(port: int = 0) -> socket.socket:
    server = socket.create_server(("127.0.0.1", port))
    server.listen(1)
    return server


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with listen() as server:
        assert not is_free(server.getsockname()[1])


def test_a_chosen_port_lies_below_those_of_outgoing_connections() -> None:
    assert free_port() <= highest()


def test_names_get_different_ports(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    assert len({ports[f"n{number}"] for number in range(50)}) == 50


def test_a_port_is_the_same_at_the_next_start(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    assert Ports(file)["nats"] == Ports(file)["nats"]


def test_a_remembered_port_that_is_taken_is_chosen_anew(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    port = Ports(file)["nats"]
    with listen(port):
        assert Ports(file)["nats"] != port


def test_only_taken_ports_are_renewed(tmp_path: Path) -> None:
    ports = Ports(tmp_path / "ports.json")
    first, second = ports["first"], ports["second"]
    with listen(first):
        assert ports.renew_taken(["first", "second", "never asked for"]) == ["first"]
        assert ports["first"] != first
    assert ports["second"] == second


def test_a_broken_file_is_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "ports.json"
    file.write_text("not JSON")
    port = Ports(file)["nats"]
    assert Ports(file)["nats"] == port
