"""One log of many processes: each line with the name of who said it, on the terminal and in a file of its own."""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path
from typing import TextIO

KEPT = 3
LARGEST_BYTES = 20 * 1024 * 1024
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
OWN_COLOUR = 1
OWN_NAME = "atelier"


def plain(text: str) -> str:
    """A line without colours; of what a progress bar wrote over itself, the last state."""
    return ANSI.sub("", latest(text))


def latest(text: str) -> str:
    return text.rstrip("\r\n").rpartition("\r")[2]


class LogFile:
    """`<name>.log`; older ones are `.1` to `.3`. A new one is begun at every start and when it grows too large."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.log"
        folder.mkdir(parents=True, exist_ok=True)
        self._file = self._begin()

    def write(self, line: str) -> None:
        if self._file.tell() > LARGEST_BYTES:
            self._file.close()
            self._file = self._begin()
        self._file.write(line + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _begin(self) -> TextIO:
        for number in range(KEPT, 0, -1):
            older = self.path.with_suffix(".log" if number == 1 else f".log.{number - 1}")
            if older.exists():
                older.replace(self.path.with_suffix(f".log.{number}"))
        return self.path.open("a", encoding="utf-8", errors="replace")


class Console:
    """The terminal, in colour if it is one and the user has not asked for none (NO_COLOR), and the log files."""

    def __init__(self, logs: Path, names: list[str], out: TextIO = sys.stdout) -> None:
        self.logs = logs
        self._out: TextIO | None = out
        self._colour = out.isatty() and "NO_COLOR" not in os.environ
        self._width = max(map(len, [*names, OWN_NAME]))
        self._colours = {name: COLOURS[place % len(COLOURS)] for place, name in enumerate(names)}
        self._files: dict[str, LogFile] = {}

    def line(self, name: str, text: str, *, shown: bool = True) -> None:
        """One line that a process said, for its file and, if `shown`, the terminal."""
        stamp = time.strftime("%H:%M:%S")
        if name not in self._files:
            self._files[name] = LogFile(self.logs, name)
        self._files[name].write(f"{stamp} {plain(text)}")
        if not shown:
            return
        label = f"{stamp} {name:<{self._width}} |"
        if self._colour:
            self._print(f"\x1b[{self._colours.get(name, OWN_COLOUR)}m{label}\x1b[0m {latest(text)}\x1b[0m")
        else:
            self._print(f"{label} {plain(text)}")

    def own(self, text: str) -> None:
        """What the supervisor itself has to say."""
        self.line(OWN_NAME, text)

    def block(self, lines: list[str]) -> None:
        """Lines without a prefix, for people."""
        for line in ["", *(f"  {line}" for line in lines), ""]:
            self._print(line)

    def close(self) -> None:
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _print(self, line: str) -> None:
        if self._out is None:
            return
        try:
            print(line, file=self._out, flush=True)
        except (OSError, ValueError):
            # Whoever read our output is gone; the files go on.
            self._out = None
