"""No-op jobs: the kit against Celery and FastStream, in turns on this machine. `python -m tests.bench.jobs --help`."""

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
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from infra.local.child import die_with
from tests.bench import report
from tests.bench.measure import Figures
from tests.bench.peers import Peers
from tests.processes import ServerProcess
from tests.servers import BusServer

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


KIT_SYNC = Contender("kit, fsync always", "kit", 3_000, True)
CELERY_SYNC = Contender("Celery, acks late, Redis AOF fsync always", "celery_redis", 500, True)
KIT_FAST = Contender("kit, no fsync", "kit", 10_000, False)
FASTSTREAM = Contender("FastStream NATS pull, no fsync", "faststream_nats", 10_000, False)
CELERY_FAST = Contender("Celery, acks late, Redis without AOF", "celery_redis", 2_000, False)
CONTENDERS = (KIT_SYNC, CELERY_SYNC, KIT_FAST, FASTSTREAM, CELERY_FAST)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of the paced part of a run")
    parser.add_argument("--only", nargs="*", default=[], help="parts of contenders' names")
    parser.add_argument(
        "--gateway", default=os.environ.get("ATELIER_BENCH_GATEWAY", ""), help="URL of a running gateway"
    )
    options = parser.parse_args()
    chosen = [c for c in CONTENDERS if not options.only or any(part in c.name for part in options.only)]
    rounds: dict[str, list[Figures]] = {c.name: [] for c in chosen}
    peers = Peers()
    for number in range(options.rounds):
        for contender in chosen:
            print(f"round {number + 1}: {contender.name}", file=sys.stderr, flush=True)
            rounds[contender.name].append(_run(contender, peers, options.seconds))
    if options.gateway:
        rounds["kit through HTTP"] = [_through_http(options.gateway, options.seconds)]
    rows = {name: report.median(figures) for name, figures in rounds.items()}
    ratios = {
        f"{ours.name} / {theirs.name}": report.ratio(rounds[ours.name], rounds[theirs.name])
        for ours, theirs in ((KIT_SYNC, CELERY_SYNC), (KIT_FAST, FASTSTREAM))
        if ours in chosen and theirs in chosen
    }
    print(report.table(rows))
    for name, values in ratios.items():
        print(f"{name}: " + ", ".join(f"{key} ×{value}" for key, value in values.items()))
    print(json.dumps({"jobs": {name: asdict(f) for name, f in rows.items()}, "ratios": ratios}))


def _run(contender: Contender, peers: Peers, seconds: float) -> Figures:
    python = Path(sys.executable) if contender.module == "kit" else peers.python()
    with (
        tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder,
        _server(contender, peers, Path(folder)) as (
            environment,
            server_pid,
        ),
    ):
        environment = {**os.environ, **environment, "PYTHONPATH": f"{ROOT}:{ROOT / 'protos' / 'gen'}"}
        command = [str(python), "-m", f"tests.bench.contenders.{contender.module}"]
        with _worker([*command, "worker"], environment, Path(folder)) as worker_pid:
            load = {"jobs": contender.jobs, "rate": 50, "seconds": seconds, "pids": [worker_pid, server_pid]}
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
                raise RuntimeError(f"{contender.name}: {done.stderr[-3000:]}")
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


@contextlib.contextmanager
def _server(contender: Contender, peers: Peers, folder: Path) -> Iterator[tuple[dict[str, str], int]]:
    if contender.module == "celery_redis":
        process, url = _redis(peers, folder, contender.fsync)
        environment = {"BENCH_REDIS_URL": url}
    else:
        server = BusServer.begin(folder, "always" if contender.fsync else "2m")
        process = server.process
        environment = {**server.environment(), "ATELIER_LOG_LEVEL": "error", "ATELIER_CONCURRENCY": "256"}
    try:
        yield environment, process.pid
    finally:
        process.stop()


def _redis(peers: Peers, folder: Path, fsync: bool) -> tuple[ServerProcess, str]:
    command, environment = peers.redis()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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


def _through_http(url: str, seconds: float) -> Figures:
    """POST each job and hear of its end on the gateway's event stream, as a browser does."""
    with urllib.request.urlopen(f"{url}/readyz", timeout=10):
        pass
    from tests.bench.contenders.http import run  # the only part that needs httpx

    return run(url, seconds)


if __name__ == "__main__":
    main()
