"""Runs a command so that it and everything it starts ends with whoever started this guard, however that one ends.

`python -I -S guard.py SCRATCH COMMAND…`: the command runs as leader of a process group of its own. This process waits
for one of two things: the command ends, or its own standard input closes, which the kernel does even when the parent is
killed by SIGKILL. In the latter case the command is asked to end (SIGTERM) and has some seconds for it. Then whatever
is left of the group is killed and the folder SCRATCH removed.
A parent-death signal alone would not do: it reaches a child but not the grandchildren, and engines start those.

Its first line of output is `group N`, the command's process group. Only the standard library, so that it is small and
up at once.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1
_GRACE_S = 5.0
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_guard() -> None:
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _ask_to_end(leader: "subprocess.Popen[bytes]") -> None:
    # Only the leader: to end its own children in order is its business, and an engine whose workers vanish beneath it
    # takes that for a crash.
    leader.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        leader.wait(_GRACE_S)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def main(scratch: str, command: list[str]) -> int:
    """Run `command`; the exit status is the command's, 128 + signal if a signal ended it."""
    # Whoever ends the parent's process group (Ctrl-C in a terminal) must not take the guard before its work is done.
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    leader = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, start_new_session=True, restore_signals=True, preexec_fn=_ready_child
    )
    print(f"group {leader.pid}", flush=True)
    while leader.poll() is None:
        readable, _, _ = select.select([0, woken], [], [])
        if woken in readable:
            os.read(woken, 4096)
        if 0 in readable and not os.read(0, 4096):
            _ask_to_end(leader)
            break
    _kill_group(leader.pid)
    status = leader.wait()
    shutil.rmtree(scratch, ignore_errors=True)
    return 128 - status if status < 0 else status


def _ready_child() -> None:
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_DFL)
    _die_with_guard()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
