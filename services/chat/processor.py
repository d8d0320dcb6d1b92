"""What this machine's processor can do, as far as the engine's settings depend on it."""

import os
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Processor:
    """`cores` are physical cores this process may use; `bfloat16` is true where it computes in that type."""

    cores: int
    bfloat16: bool


def this_processor() -> Processor:
    """Read from the kernel; on other systems than Linux every logical core counts as one and bfloat16 as absent."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    text = _CPUINFO.read_text() if _CPUINFO.is_file() else ""
    return read_cpuinfo(text, allowed)


def read_cpuinfo(text: str, allowed: set[int]) -> Processor:
    """A processor out of `/proc/cpuinfo`, seen by a process that may run on the logical cores `allowed`."""
    cores: set[tuple[str, str]] = set()
    flags: set[str] = set()
    for block in text.split("\n\n"):
        entry = {k.strip(): v.strip() for k, _, v in (line.partition(":") for line in block.splitlines())}
        if int(entry.get("processor", -1)) not in allowed:
            continue
        cores.add((entry.get("physical id", ""), entry.get("core id", entry["processor"])))
        flags.update((entry.get("flags") or entry.get("Features") or "").split())
    return Processor(cores=len(cores) or len(allowed), bfloat16=bool(flags & {"avx512_bf16", "amx_bf16", "bf16"}))
