"""`make dev`: a change in a program's folders restarts that program, and a development server serves the web UI."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from watchfiles import PythonFilter, awatch

from infra.local.console import Console
from infra.local.options import ROOT
from infra.local.programs import Launch, Program
from infra.local.readiness import http_probe
from infra.local.site import Site

WEB = ROOT / "gateway" / "web"


async def watch(programs: Sequence[Program], restart: Callable[[set[str]], None], console: Console) -> None:
    """Runs until cancelled."""
    folders = {folder for program in programs for folder in program.watches if (ROOT / folder).is_dir()}
    ignored = PythonFilter(ignore_paths=[WEB], extra_extensions=(".binpb",))
    async for changes in awatch(*(ROOT / folder for folder in sorted(folders)), watch_filter=ignored):
        changed = {Path(path) for _, path in changes}
        names = {program.name for program in programs if any(belongs(path, program) for path in changed)}
        if names:
            shown = ", ".join(sorted(str(path.relative_to(ROOT)) for path in changed)[:3])
            console.own(f"{shown} changed: restarting {', '.join(sorted(names))}")
            restart(names)


def belongs(path: Path, program: Program) -> bool:
    return any(path.is_relative_to(ROOT / folder) for folder in program.watches)


def web_server() -> Program:
    """The web UI's development server: it passes API requests on to the gateway."""

    def launch(site: Site) -> Launch:
        npm = Path(sys.executable).parent / "npm"
        command = [str(npm), "run", "--silent", "dev", "--", "--port", str(site.ports["web"]), "--strictPort"]
        return Launch(command, {**site.environment(), "ATELIER_GATEWAY": site.url}, WEB)

    return Program(
        name="web",
        launch=launch,
        probe=lambda site: http_probe("127.0.0.1", site.ports["web"], "/"),
        address=lambda site: f"http://127.0.0.1:{site.ports['web']}",
        ports=("web",),
    )
