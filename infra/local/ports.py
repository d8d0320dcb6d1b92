"""Free ports for what runs inside, remembered in `run/ports.json` so that logs, tests and a second start agree."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable
from pathlib import Path

EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST = 20000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """True if a server could listen there now. Raises OSError for a host that is not this machine's."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As servers do: connections of an earlier run that are still closing are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            if error.strerror and "assign" in error.strerror:
                raise
            return False
    return True


def highest() -> int:
    """The last port below those the kernel gives to outgoing connections.

    A client that keeps knocking at a dead server's port can be given that very port as its own and so connect to
    itself; the server could then not come back. Below that range this cannot happen.
    """
    try:
        low = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        low = 32768
    return low - 1 if low > LOWEST + 2000 else 65535


def free_port(taken: Iterable[int] = ()) -> int:
    """A port nobody listens on, tried by binding it. Somebody else may take it before its owner does."""
    avoid = set(taken)
    top = highest()
    for _ in range(1000):
        port = random.randint(LOWEST, top)
        if port not in avoid and is_free(port):
            return port
    raise OSError(f"no free port found between {LOWEST} and {top}")


class Ports:
    """Name → port. A remembered port is kept as long as it is free."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._ports: dict[str, int] = {}
        self._remembered: dict[str, int] = {}
        if file.is_file():
            try:
                self._remembered = {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
            except (ValueError, AttributeError):
                self._remembered = {}

    def __getitem__(self, name: str) -> int:
        if name not in self._ports:
            port = self._remembered.get(name, 0)
            if not port or port in self._ports.values() or not is_free(port):
                port = self._choose()
            self._ports[name] = port
            self._save()
        return self._ports[name]

    def renew_taken(self, names: Iterable[str]) -> list[str]:
        """Chooses anew those of the named ports that somebody else holds; returns their names."""
        renewed = [name for name in names if name in self._ports and not is_free(self._ports[name])]
        for name in renewed:
            self._ports[name] = self._choose()
        if renewed:
            self._save()
        return renewed

    def _choose(self) -> int:
        return free_port({*self._ports.values(), *self._remembered.values()})

    def _save(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(dict(sorted(self._ports.items())), indent=2) + "\n")
        draft.replace(self.file)
