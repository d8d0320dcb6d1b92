"""What to do in which order: the web UI and the starter pack do not wait for the big Python packages."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from infra.setup.environment import NODE, PYTHON, Environment, pins
from infra.setup.steps import ROOT, Step, StepFailed
from infra.setup.web import WebBuild

STEPS = ("python", "web", "starter")


def main(wanted: Sequence[str]) -> int:
    unknown = set(wanted) - set(STEPS)
    if unknown:
        print(f"unknown step {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}", file=sys.stderr)
        return 2
    (ROOT / ".cache").mkdir(exist_ok=True)
    # Two makes in one checkout take turns, the second then finds everything done.
    with (ROOT / ".cache" / "setup.lock").open("w") as guard, ThreadPoolExecutor() as pool:
        fcntl.flock(guard, fcntl.LOCK_EX)
        try:
            set_up(set(wanted), pool)
        except StepFailed as failure:
            print(f"\nset-up stopped: {failure}", file=sys.stderr)
            return 1
    return 0


def set_up(wanted: set[str], pool: ThreadPoolExecutor) -> None:
    python = Step("python")
    environment = Environment(python)
    if environment.is_current():
        beside = start_beside(wanted, pool)
    else:
        with python.timed(f"installing {len(pins(environment.lock))} packages"):
            environment.begin()
            environment.install(pins(environment.lock, NODE))
            beside = start_beside(wanted, pool)
            environment.install(pins(environment.lock))
            environment.finish()
    for task in beside:
        task.result()


def start_beside(wanted: set[str], pool: ThreadPoolExecutor) -> list[Future[None]]:
    tasks: list[Callable[[], None]] = []
    if "web" in wanted:
        web = WebBuild(Step("web"))
        if not web.is_current():
            tasks.append(web.make)
    if "starter" in wanted:
        tasks.append(download_starter_pack)
    return [pool.submit(task) for task in tasks]


def download_starter_pack() -> None:
    """Only the downloads: making models of them needs the packages that are still being installed.

    Without a network the rest of the studio works; chat says what it lacks.
    """
    step = Step("starter")
    try:
        said = step.run([PYTHON, "-m", "infra.local.starter_pack", "download"])
    except StepFailed as failure:
        step.say(f"the starter pack could not be fetched, chat and upscaling will not work without it: {failure}")
        return
    for line in said.splitlines():
        step.say(line)
