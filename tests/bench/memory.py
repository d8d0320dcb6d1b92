"""What the idle stack takes: the proportional set size (PSS) of every process, model servers apart."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.stack import Stack

SETTLE_S = 20.0
# Processes that hold a model and nothing else: the engine of the language models and the embedder.
MODEL_SERVERS = ("vllm", "VLLM", "services.chat.embedder", "services.chat.vllm_launch")


def main() -> None:
    """Prints a table; nothing is judged here."""
    with tempfile.TemporaryDirectory(prefix="atelier-memory-") as folder:
        stack = Stack(Path(folder))
        try:
            stack.start()
            stack.wait("diffusion", within_s=180)
            stack.wait_chat()
            time.sleep(SETTLE_S)
            rows = list(_measure(psutil.Process(stack.pid)))
        finally:
            stack.stop()
    print("| process | PSS MB | of a model server |\n|---|---:|---|")
    for name, megabytes, is_model in sorted(rows, key=lambda row: -row[1]):
        print(f"| {name} | {megabytes:.0f} | {'yes' if is_model else ''} |")
    ours = sum(megabytes for _, megabytes, is_model in rows if not is_model)
    models = sum(megabytes for _, megabytes, is_model in rows if is_model)
    print(f"\neverything but the model servers: {ours:.0f} MB; model servers: {models:.0f} MB")


def _measure(supervisor: psutil.Process) -> Iterator[tuple[str, float, bool]]:
    """(name, MB, is a model server) of the supervisor and all below it; below a model server all belongs to it."""
    models: set[int] = set()
    for process in [supervisor, *supervisor.children(recursive=True)]:
        try:
            words = process.cmdline()
            pss = process.memory_full_info().pss
            parent = process.ppid()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        is_model = parent in models or any(mark in " ".join(words) for mark in MODEL_SERVERS)
        if is_model:
            models.add(process.pid)
        yield _name(words) or process.name(), pss / 1e6, is_model


def _name(words: list[str]) -> str:
    """The module of `python -m module`, else the program's file name."""
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    return Path(words[0]).name if words else ""


if __name__ == "__main__":
    main()
