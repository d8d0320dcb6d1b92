"""The table of what runs: who needs whom, how each is started, and when it counts as ready."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.options import ROOT, BadOption
from infra.local.readiness import Probe, http_probe, objects_probe
from infra.local.servers import OBJECT_PORTS
from infra.local.site import DRAIN_S, Site
from infra.local.starter_pack import LANGUAGE, Part
from infra.local.starter_pack import UPSCALERS as UPSCALER_PARTS
from services.kit.backoff import Backoff

STARTER_PACK = "starter"
UPSCALERS = "upscalers"


@dataclass(frozen=True)
class Launch:
    """How to start a program now."""

    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path = ROOT


@dataclass(frozen=True)
class Program:
    """One line of the table."""

    name: str
    launch: Callable[[Site], Launch]
    probe: Callable[[Site], Probe] | None
    """None for a task: it is ready when it has ended well."""
    address: Callable[[Site], str] = lambda site: ""
    needs: tuple[str, ...] = ()
    """Started when these have been ready once; a program that is not part of this run is not waited for."""
    uses: tuple[str, ...] = ()
    """Servers it talks to, and models it asks for, that may come after it."""
    after: tuple[str, ...] = ()
    """What a person sees first has the machine to itself: started when these are ready, or some seconds later."""
    stage: int = 2
    """Stopped from the highest stage down; what shares a stage stops side by side."""
    ports: tuple[str, ...] = ()
    essential: bool = False
    """Without it nothing works: if it never becomes ready in five tries, the run ends."""
    end_by: signal.Signals = signal.SIGTERM
    grace_s: float = DRAIN_S + 7
    """From that signal to SIGKILL."""
    backoff: Backoff = field(default_factory=lambda: Backoff(first_s=0.5))
    watches: tuple[str, ...] = ()
    """Folders whose changes restart it under `make dev`."""

    noteworthy: str | None = None
    """Pattern of the lines that are shown; the others go to its log file only. None = all are shown."""

    @property
    def is_task(self) -> bool:
        return self.probe is None


def nats() -> Program:
    return Program(
        name="nats",
        launch=lambda site: Launch(site.nats().command(), site.options.environ),
        probe=lambda site: http_probe("127.0.0.1", site.ports["nats.http"], "/healthz"),
        address=lambda site: f"nats://127.0.0.1:{site.ports['nats']}",
        stage=0,
        ports=("nats", "nats.http"),
        noteworthy=r"\[(ERR|FTL)\]",
        essential=True,
    )


def objects() -> Program:
    return Program(
        name="objects",
        launch=lambda site: Launch(
            site.objects().command(), {**site.options.environ, **site.objects().environment()}, site.objects().folder
        ),
        probe=lambda site: objects_probe(site.settings()),
        address=lambda site: f"http://{site.objects().endpoint}",
        stage=0,
        ports=tuple(f"objects.{name}" for name in OBJECT_PORTS),
        noteworthy=r"^[EF]\d{4} ",
        # Asked politely its servers wait 15 s for each other. What it acknowledged is in its files by then, and it
        # reads them after a crash as after an end.
        end_by=signal.SIGKILL,
        essential=True,
    )


def starter_pack(name: str, parts: Sequence[Part]) -> Program:
    """Fetches and converts small models once; afterwards it ends in a fraction of a second."""
    command = [sys.executable, "-m", "infra.local.starter_pack", "make", "--only", *(part.folder for part in parts)]
    return Program(
        name=name,
        launch=lambda site: Launch([*command, "--home", str(site.home)], site.environment()),
        probe=None,
        address=lambda site: str(site.home / "models"),
        stage=1,
        backoff=Backoff(first_s=15, longest_s=300),
    )


def gateway() -> Program:
    return Program(
        name="gateway",
        launch=lambda site: Launch([sys.executable, "-m", "gateway"], site.environment()),
        probe=lambda site: http_probe(site.reachable_host, site.gateway_port, "/readyz"),
        address=lambda site: site.url,
        needs=("nats",),
        uses=("objects",),
        stage=1,
        # Ours to choose only when the user leaves it to us (PORT=0).
        ports=("gateway",),
        essential=True,
        watches=("gateway", "services/kit", "protos/gen"),
    )


def service(
    name: str,
    needs: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    after: tuple[str, ...] = ("gateway",),
    noteworthy: str | None = None,
) -> Program:
    """A service of ours: a gRPC port, and a port for probes and metrics."""
    grpc, metrics = f"{name}.grpc", f"{name}.metrics"

    def launch(site: Site) -> Launch:
        ports = {"ATELIER_GRPC_PORT": str(site.ports[grpc]), "ATELIER_METRICS_PORT": str(site.ports[metrics])}
        return Launch([sys.executable, "-m", f"services.{name}"], {**site.environment(), **ports})

    return Program(
        name=name,
        launch=launch,
        probe=lambda site: http_probe("127.0.0.1", site.ports[metrics], "/readyz"),
        address=lambda site: (
            f"grpc 127.0.0.1:{site.ports[grpc]}, metrics http://127.0.0.1:{site.ports[metrics]}/metrics"
        ),
        needs=("nats", *needs),
        uses=("objects", *uses),
        after=after,
        ports=(grpc, metrics),
        noteworthy=noteworthy,
        watches=(f"services/{name}", "services/kit", "protos/gen"),
    )


TABLE = (
    nats(),
    objects(),
    starter_pack(STARTER_PACK, LANGUAGE),
    starter_pack(UPSCALERS, UPSCALER_PARTS),
    gateway(),
    service("diffusion", uses=(UPSCALERS,), after=()),
    # The engine below it says a hundred lines at every start; its own say what matters.
    service(
        "chat",
        needs=(STARTER_PACK,),
        after=("gateway", "diffusion"),
        noteworthy=r"^(?!.*\bchild=)|child_ready|ERROR|CRITICAL",
    ),
    service("training"),
    service("collection"),
    service("builder"),
    service("monitoring"),
)


def selected(site: Site, table: Sequence[Program] = TABLE) -> list[Program]:
    """The programs of this run, in the order of the table.

    Those asked for and the servers they need; everything there is if nothing was asked for. A server the user brings
    by environment is not started. Raises BadOption for a name that is not there.
    """
    names = {program.name for program in table if present(program)}
    wanted = site.options.services
    if wanted is not None and (unknown := sorted(wanted - names)):
        raise BadOption(f'there is no service "{unknown[0]}". SERVICES can name: {" ".join(sorted(names))}')
    chosen = names if wanted is None else set(wanted)
    for program in table:
        if program.name in chosen:
            chosen |= {*program.needs, *program.uses}
    if site.has_own_nats:
        chosen.discard("nats")
    if site.has_own_objects:
        chosen.discard("objects")
    if "ATELIER_CHAT_MODEL" in site.options.environ and "ATELIER_EMBEDDING_MODEL" in site.options.environ:
        chosen.discard(STARTER_PACK)
    if "ATELIER_DIFFUSION_UPSCALERS" in site.options.environ:
        chosen.discard(UPSCALERS)
    return [program for program in table if program.name in chosen]


def present(program: Program) -> bool:
    """Our own programs come and go with their folders; servers are always there."""
    own = [folder for folder in program.watches if folder.endswith(f"/{program.name}") or folder == program.name]
    return all((ROOT / folder / "__main__.py").is_file() for folder in own)
