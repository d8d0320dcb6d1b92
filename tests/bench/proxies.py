"""What stands between a client and the mock upstream: nothing, Atelier, or the LiteLLM proxy."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from infra.local.ports import free_port
from tests.bench.mock_upstream import INSTANT, PACED
from tests.bench.peers import LITELLM_PROXY, Peers
from tests.processes import ServerProcess
from tests.servers import answers
from tests.stack import ROOT, Stack

_STARTS_S = 180.0
# More than any step of the ramp has at once.
CAPACITY = 1024


@dataclass(frozen=True)
class Side:
    """One way to the upstream."""

    name: str
    url: str
    parts: Mapping[str, int]
    """Processes on the way, by name; what they started counts as theirs."""
    beside: Mapping[str, int]
    """Processes that run with it and no request goes through: only their own memory counts."""

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds so far of each process on the way."""
        return {name: sum(_cpu_s(one) for one in _family(pid)) for name, pid in self.parts.items()}

    def memory_mb(self) -> dict[str, float]:
        """Proportional set size of every process."""
        through = {name: sum(_pss_mb(one) for one in _family(pid)) for name, pid in self.parts.items()}
        return through | {name: _pss_mb(psutil.Process(pid)) for name, pid in self.beside.items()}


@contextlib.contextmanager
def mock(folder: Path, gap_ms: float) -> Iterator[Side]:
    """The upstream itself, asked without anything between."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = ServerProcess(
        [sys.executable, "-m", "tests.bench.mock_upstream", "--port", str(port), "--gap-ms", str(gap_ms)],
        folder / "mock.log",
        ready=lambda: answers(f"{url}/v1/models"),
        folder=ROOT,
    )
    process.start()
    try:
        yield Side("direct", url, {"mock": process.pid}, {})
    finally:
        process.stop()


@contextlib.contextmanager
def atelier(folder: Path, upstream: str, settings: Mapping[str, str] | None = None) -> Iterator[Side]:
    """Gateway, bus and chat service as `make run` starts them; the upstream takes the place of vLLM."""
    stack = Stack(
        folder / "atelier",
        {
            "ATELIER_SERVICES": "gateway chat",
            "ATELIER_EMBEDDING_ENABLED": "false",
            "ATELIER_CHAT_ENDPOINT": f"{upstream}/v1",
            "ATELIER_CHAT_CAPACITY": str(CAPACITY),
            # Named, so that the starter models are not fetched; nobody loads them.
            "ATELIER_CHAT_MODEL": PACED,
            "ATELIER_EMBEDDING_MODEL": PACED,
            **(settings or {}),
        },
    )
    try:
        stack.start()
        stack.wait_chat(_STARTS_S)
        parts = {name: stack.process(name).pid for name in ("gateway", "nats", "chat")}
        beside = {"objects": stack.process("objects").pid, "supervisor": stack.pid}
        yield Side("atelier", stack.url, parts, beside)
    finally:
        stack.stop()


@contextlib.contextmanager
def litellm(folder: Path, upstream: str, peers: Peers) -> Iterator[Side]:
    """The LiteLLM proxy as its guide to production says: one uvicorn worker on uvloop and httptools, no debugging, no
    request log, no callbacks; without database and keys, which its guide asks for and which would only cost it time.
    """
    binary = peers.python(LITELLM_PROXY).parent / "litellm"
    url = f"http://127.0.0.1:{(port := free_port())}"
    config = folder / "litellm.json"
    # JSON is YAML.
    config.write_text(json.dumps(_litellm_config(upstream)))
    home = folder / "litellm"
    home.mkdir()
    environment = {
        "PATH": f"{binary.parent}:{os.environ.get('PATH', '')}",
        "HOME": str(home),
        "LITELLM_MODE": "PRODUCTION",
        "LITELLM_LOG": "ERROR",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # As Atelier in local mode: whoever is on this machine is let in, and nobody's key is checked.
        "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    }
    listens = ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
    process = ServerProcess(
        # Nothing of the person's own environment, keys least of all.
        ["env", "-i", *_pairs(environment), str(binary), "--config", str(config), *listens],
        folder / "litellm.log",
        ready=lambda: answers(f"{url}/health/liveliness"),
        folder=home,
    )
    process.start(_STARTS_S)
    try:
        yield Side("litellm", url, {"litellm": process.pid}, {})
    finally:
        process.stop()


def _litellm_config(upstream: str) -> dict[str, object]:
    def model(name: str) -> dict[str, object]:
        params = {"model": f"openai/{name}", "api_base": f"{upstream}/v1", "api_key": "none"}
        return {"model_name": name, "litellm_params": params}

    return {
        "model_list": [model(PACED), model(INSTANT)],
        "litellm_settings": {"request_timeout": 600, "set_verbose": False, "json_logs": True},
        "general_settings": {"disable_spend_logs": True, "disable_error_logs": True},
    }


def _pairs(environment: Mapping[str, str]) -> Sequence[str]:
    return [f"{name}={value}" for name, value in environment.items()]


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _pss_mb(process: psutil.Process) -> float:
    return process.memory_full_info().pss / 1e6
