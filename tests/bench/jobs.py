"""No-op jobs: the kit against Celery and FastStream, in turns on this machine. `python -m tests.bench.jobs --help`.

A contender is one module of `contenders`, run twice: as the worker, and as the driver that submits jobs and hears of
their end. Peers that cannot be had here are left out and said to be.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.child import die_with
from tests.bench import report
from tests.bench.measure import Figures
from tests.bench.peers import PeerMissing, Peers
from tests.processes import ServerProcess
from tests.servers import BusServer, answers

ROOT = Path(__file__).parents[2]
_RUN_S = 240.0


@dataclass(frozen=True)
class Contender:
    """One system in one setting."""

    name: str
    module: str
    jobs: int
    """Jobs of the burst: some seconds' worth."""
    fsync: bool

    @property
    def ours(self) -> bool:
        """True for what this environment runs."""
        return self.module in ("kit", "http")


KIT_SYNC = Contender("kit, fsync always", "kit", 3_000, True)
CELERY_SYNC = Contender("Celery, acks late, Redis AOF fsync always", "celery_redis", 500, True)
KIT_FAST = Contender("kit, no fsync", "kit", 10_000, False)
FASTSTREAM = Contender("FastStream NATS pull, no fsync", "faststream_nats", 10_000, False)
CELERY_FAST = Contender("Celery, acks late, Redis without AOF", "celery_redis", 2_000, False)
THROUGH_HTTP = Contender("kit through HTTP, fsync always", "http", 300, True)
CONTENDERS = (KIT_SYNC, CELERY_SYNC, KIT_FAST, FASTSTREAM, CELERY_FAST, THROUGH_HTTP)
# What is held against what.
PAIRS = ((KIT_SYNC, CELERY_SYNC), (KIT_FAST, FASTSTREAM), (KIT_FAST, CELERY_FAST))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.jobs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the paced part of a run")
    parser.add_argument("--only", nargs="*", default=[], help="parts of contenders' names")
    options = parser.parse_args()
    peers = Peers()
    chosen = [
        contender
        for contender in CONTENDERS
        if (not options.only or any(part in contender.name for part in options.only)) and _can_run(contender, peers)
    ]
    rounds: dict[str, list[Figures]] = {c.name: [] for c in chosen}
    for number in range(options.rounds):
        for contender in chosen:
            print(f"round {number + 1}: {contender.name}", file=sys.stderr, flush=True)
            rounds[contender.name].append(_run(contender, peers, options.seconds))
    rows = {name: report.median(figures) for name, figures in rounds.items()}
    ratios = {
        f"{ours.name} / {theirs.name}": report.ratio(rounds[ours.name], rounds[theirs.name])
        for ours, theirs in PAIRS
        if ours in chosen and theirs in chosen
    }
    print(report.table(rows))
    for name, values in ratios.items():
        print(f"{name}: " + ", ".join(f"{key} ×{value}" for key, value in values.items()))
    print(json.dumps({"jobs": {name: asdict(f) for name, f in rows.items()}, "ratios": ratios}))


def _can_run(contender: Contender, peers: Peers) -> bool:
    """Fetches what the contender needs; says why it is left out where that cannot be had."""
    try:
        if not contender.ours:
            peers.python()
        if contender.module == "celery_redis":
            peers.redis()
    except PeerMissing as reason:
        print(f"left out: {contender.name}: {reason}", file=sys.stderr, flush=True)
        return False
    return True


def _run(contender: Contender, peers: Peers, seconds: float) -> Figures:
    python = Path(sys.executable) if contender.ours else peers.python()
    with (
        tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder,
        _servers(contender, peers, Path(folder)) as (environment, server_pids),
    ):
        environment = {**_inherited(), **environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}"}
        command = [str(python), "-m", f"tests.bench.contenders.{contender.module}"]
        with _worker([*command, "worker"], environment, Path(folder)) as worker_pid:
            load = {"jobs": contender.jobs, "rate": 50, "seconds": seconds, "pids": [worker_pid, *server_pids]}
            done = subprocess.run(
                [*command, "drive", json.dumps(load)],
                env=environment,
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=_RUN_S,
                check=False,
            )
            if done.returncode:
                worker = (Path(folder) / "worker.log").read_text(errors="replace")
                raise RuntimeError(f"{contender.name}: {done.stderr[-3000:]}\nits worker: {worker[-3000:]}")
            figures = json.loads(done.stdout.splitlines()[-1])
            return Figures(**{**figures, "cpu_us_per_job": tuple(figures["cpu_us_per_job"])})


@contextlib.contextmanager
def _worker(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Iterator[int]:
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, cwd=ROOT, stdout=log, stderr=log, preexec_fn=die_with(os.getpid())
        )
        try:
            # Long enough for each of them; the warm-up of the run itself does the rest.
            time.sleep(4)
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _inherited() -> dict[str, str]:
    """The environment without the person's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ATELIER_")}


@contextlib.contextmanager
def _servers(contender: Contender, peers: Peers, folder: Path) -> Iterator[tuple[dict[str, str], list[int]]]:
    """What worker and driver meet on: the environment that tells them where it is, and its processes."""
    with contextlib.ExitStack() as stack:
        if contender.module == "celery_redis":
            process, url = _redis(peers, folder, contender.fsync)
            stack.callback(process.stop)
            yield {"BENCH_REDIS_URL": url}, [process.pid]
            return
        bus = BusServer.begin(folder, "always" if contender.fsync else "2m")
        stack.callback(bus.process.stop)
        environment = {**bus.environment(), "ATELIER_LOG_LEVEL": "error", "ATELIER_CONCURRENCY": "256"}
        if contender.module != "http":
            yield environment, [bus.process.pid]
            return
        gateway, url = _gateway(environment, folder)
        stack.callback(gateway.stop)
        yield {**environment, "BENCH_GATEWAY_URL": url}, [bus.process.pid, gateway.pid]


def _gateway(environment: Mapping[str, str], folder: Path) -> tuple[ServerProcess, str]:
    url = f"http://127.0.0.1:{(port := _free_port())}"
    process = ServerProcess(
        [sys.executable, "-m", "gateway"],
        folder / "gateway.log",
        ready=lambda: answers(f"{url}/health"),
        environment={**environment, "ATELIER_PORT": str(port), "ATELIER_HOME": str(folder / "home")},
        folder=ROOT,
    )
    process.start(60)
    return process, url


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _redis(peers: Peers, folder: Path, fsync: bool) -> tuple[ServerProcess, str]:
    command, environment = peers.redis()
    port = _free_port()
    durable = ["--appendonly", "yes", "--appendfsync", "always"] if fsync else ["--appendonly", "no"]

    def ready() -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    process = ServerProcess(
        [command, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "", *durable],
        folder / "redis.log",
        ready=ready,
        environment=environment,
    )
    process.start()
    return process, f"redis://127.0.0.1:{port}/0"


if __name__ == "__main__":
    main()
