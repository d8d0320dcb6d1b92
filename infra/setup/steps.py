"""One line per step on the terminal, everything the tools say in a log that is shown only when one fails."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD_LINES = 8
TAIL_LINES = 20
_printing = threading.Lock()


class StepFailed(Exception):
    """A step could not be done; the text says why and what to do."""


def say(step: str, text: str) -> None:
    with _printing:
        print(f"{step:<8} {text}", flush=True)


@dataclass(frozen=True)
class Step:
    """A named piece of the set-up with a log of its own under `.cache/setup/`."""

    name: str
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        folder = ROOT / ".cache" / "setup"
        folder.mkdir(parents=True, exist_ok=True)
        object.__setattr__(self, "log", folder / f"{self.name}.log")
        self.log.write_text("")

    def say(self, text: str) -> None:
        say(self.name, text)

    def run(self, command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> str:
        """Runs a command without standard input and returns what it said.

        Raises StepFailed with the end of its output when it ends with a code other than 0.
        """
        words = [str(word) for word in command]
        try:
            done = subprocess.run(
                words,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise StepFailed(f"{words[0]} could not be started: {error}") from error
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(words)}\n{done.stdout}\n")
        if done.returncode:
            raise StepFailed(
                f"{Path(words[0]).name} {' '.join(words[1:3])} failed ({done.returncode}), all of it in {self.log}:\n"
                + "\n".join(shortened(meaningful(done.stdout)))
            )
        return done.stdout

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        self.say(f"{what} …")
        yield
        self.say(f"{what}: done in {time.monotonic() - began:.0f} s")


def meaningful(output: str) -> list[str]:
    """What a tool said, without pip's notes on index folders that happen not to hold a package."""
    return [line for line in output.splitlines() if line.strip() and "is ignored: it is neither" not in line]


def shortened(lines: list[str]) -> list[str]:
    """Beginning and end: pip says what is wrong at the end, npm at the beginning."""
    if len(lines) <= HEAD_LINES + TAIL_LINES:
        return lines
    return [*lines[:HEAD_LINES], "…", *lines[-TAIL_LINES:]]
