"""What a run is asked for, by environment: `ATELIER_HOME`, `ATELIER_HOST`, `ATELIER_PORT`, `ATELIER_SERVICES`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class BadOption(Exception):
    """An option makes no sense; the text names it and says what would."""


@dataclass(frozen=True)
class Options:
    """One run of the studio."""

    home: Path
    """Data folder, absolute."""
    host: str
    port: int
    """Of the gateway; 0 = any free one."""
    services: frozenset[str] | None
    """Names of what is to run; None = everything there is."""
    reload: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the user has set; it wins over what the supervisor would set."""

    @staticmethod
    def read(environ: Mapping[str, str] = os.environ, *, reload: bool = False) -> Options:
        """Raises BadOption for a port that is none."""
        # An empty variable is what `make PORT=` and unset shell variables leave behind: the same as none.
        given = {name: value for name, value in environ.items() if value or not name.startswith("ATELIER_")}
        port = given.get("ATELIER_PORT", "8080")
        if not port.isdecimal() or int(port) > 65535:
            raise BadOption(f"PORT={port} is not a port. Choose one from 1 to 65535, e.g. make run PORT=9000")
        names = given.get("ATELIER_SERVICES", "").replace(",", " ").split()
        return Options(
            home=Path(given.get("ATELIER_HOME", ROOT / ".atelier")).expanduser().absolute(),
            host=given.get("ATELIER_HOST", "127.0.0.1"),
            port=int(port),
            services=frozenset(names) or None,
            reload=reload,
            environ=given,
        )
