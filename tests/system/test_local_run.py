"""What `make run` starts: ports, data folders and services as asked for, a word about what warms up, a clean end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from infra.local.options import ROOT
from infra.local.ports import is_free
from tests.api import PATIENCE_S, ended, submit, until
from tests.stack import Stack
from tests.system.conftest import client_of

ENDS_WITHIN_S = 15.0


@pytest.fixture
def second(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """Another instance beside the stack of the test run; not started."""
    running = Stack(tmp_path / "second", {"ATELIER_SERVICES": "gateway diffusion"})
    yield running
    running.stop()


def run(home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A run that is to end by itself."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}
    return subprocess.run(
        [sys.executable, "-m", "infra.local"],
        cwd=ROOT,
        env={**mine, "ATELIER_HOME": str(home), "ATELIER_SERVICES": "gateway", **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_a_taken_port_is_a_clear_message(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        port = holder.getsockname()[1]
        done = run(tmp_path, ATELIER_PORT=str(port))
    assert done.returncode == 1
    assert f"Port {port} on 127.0.0.1 is already in use" in done.stderr and "make run PORT=" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    # Nothing was started for it.
    assert not (tmp_path / "nats").exists() and not (tmp_path / "run" / "state.json").exists()


def test_options_that_make_no_sense_are_clear_messages(tmp_path: Path) -> None:
    for environment, words in (
        ({"ATELIER_PORT": "eighty"}, ("PORT=eighty", "1 to 65535")),
        ({"ATELIER_PORT": "70000"}, ("PORT=70000", "1 to 65535")),
        ({"ATELIER_PORT": "0", "ATELIER_SERVICES": "gateway painter"}, ('"painter"', "diffusion")),
        ({"ATELIER_PORT": "0", "ATELIER_HOST": "203.0.113.7"}, ("203.0.113.7", "ATELIER_HOST")),
    ):
        done = run(tmp_path, **environment)
        assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
        assert all(word in done.stderr for word in words), done.stderr


def test_a_data_folder_in_use_is_a_clear_message(stack: Stack) -> None:
    ports = stack.ports()
    done = run(stack.home, ATELIER_PORT="0")
    assert done.returncode == 1 and stack.ports() == ports
    assert str(stack.home) in done.stderr and stack.url in done.stderr and "ATELIER_HOME=" in done.stderr


def test_only_what_is_asked_for_runs(tmp_path: Path) -> None:
    running = Stack(tmp_path, {"ATELIER_SERVICES": "gateway"})
    try:
        running.start()
        assert all(running.has(name) for name in ("nats", "objects", "gateway"))
        assert not any(running.has(name) for name in ("diffusion", "chat", "starter"))
        assert httpx.get(f"{running.url}/health", trust_env=False).json()["status"] == "ok"
    finally:
        assert running.stop() == 0
    assert running.left_behind() == []


async def test_a_second_instance_works_beside_the_first_and_says_what_warms_up(
    stack: Stack, studio: httpx.AsyncClient, second: Stack
) -> None:
    await asyncio.to_thread(second.start)
    assert second.url != stack.url and not set(second.ports().values()) & set(stack.ports().values())
    # In a folder they shared, one object storage would talk to the other's files.
    assert all((each.home / "objects" / "s.sock").is_socket() for each in (stack, second))
    async with client_of(second.url) as client:
        seen: list[tuple[str, str]] = []
        async with asyncio.timeout(PATIENCE_S):
            while not seen or seen[-1][0] != "ready":
                items = (await client.get("/api/monitoring/services")).json()["items"]
                seen += [(item["state"], item["detail"]) for item in items if item["name"] == "diffusion"]
                await asyncio.sleep(0.05)
        warming = {detail for state, detail in seen if state == "starting"}
        assert any("starter" in detail for detail in warming), seen
        job = await ended(client, (await submit(client, steps=2))["id"], PATIENCE_S)
        assert job["status"] == "completed"
    assert (await studio.get(f"/api/jobs/{job['id']}")).status_code == 404


async def test_sigterm_ends_everything_in_time_also_in_the_middle_of_work(second: Stack) -> None:
    await asyncio.to_thread(second.start)
    await asyncio.to_thread(second.wait, "diffusion", PATIENCE_S)
    ports = second.ports()
    async with client_of(second.url) as client:
        jobs = [await submit(client, steps=150, count=4) for _ in range(3)]
        async with client.stream("GET", f"/api/jobs/{jobs[0]['id']}/events") as stream:
            # A client that listens does not hold the end up.
            async for line in stream.aiter_lines():
                if line == "event: progress":
                    break
            began = time.monotonic()
            code = await asyncio.to_thread(second.stop, 60, signal.SIGTERM)
            took_s = time.monotonic() - began
    assert code == 0 and second.left_behind() == []
    assert took_s < ENDS_WITHIN_S, second.tail()
    assert all(is_free(port) for port in ports.values())
    assert not (second.home / "run" / "state.json").exists()


def test_a_killed_supervisor_takes_everything_with_it(tmp_path: Path) -> None:
    running = Stack(tmp_path, {"ATELIER_SERVICES": "gateway"})
    running.start()
    supervisor = psutil.Process(running.pid)
    children = supervisor.children(recursive=True)
    assert len(children) >= 3
    supervisor.kill()
    running.stop()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    # And a run after a crash starts on what it left.
    running.start()
    assert running.stop() == 0 and running.left_behind() == []


async def is_ready(client: httpx.AsyncClient, base: str) -> bool:
    """On a busy machine a server may be too slow for one look at it, and says so."""
    return (await client.get(f"{base}/readyz")).status_code == 200


async def test_every_process_tells_how_it_is(stack: Stack, studio: httpx.AsyncClient) -> None:
    metrics = stack.ports()["diffusion.metrics"]
    for base in (stack.url, f"http://127.0.0.1:{metrics}"):
        assert (await studio.get(f"{base}/livez")).status_code == 200
        assert await until(partial(is_ready, studio, base), PATIENCE_S)
        told = await studio.get(f"{base}/metrics")
        assert told.headers["content-type"].startswith("text/plain") and "atelier_" in told.text
    ready = (await studio.get("/readyz")).json()
    assert ready["status"] == "ready" and ready["checks"].keys() == {"bus", "catalog", "objects"}
    health = (await studio.get("/health")).json()
    assert health["status"] == "ok" and health["app"] == "Atelier" and health["version"]
