"""Peak memory of a long video beside a short one, each in a process of its own: `python -m tests.bench.video`."""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from atelier.v1.common_pb2 import Asset, Event
from services.diffusion import tasks
from services.diffusion.engine import Engine
from services.diffusion.gate import Gate
from services.diffusion.generation import Ended, Happening
from services.diffusion.loading import LoadOptions, load
from services.diffusion.model import Model
from services.diffusion.provenance import settings_of
from services.diffusion.pulse import Pulse
from services.diffusion.settings import STARTER
from services.diffusion.video.shooting import Begin, Shooting
from services.kit.contract import contract
from services.kit.job import Job, JobInfo

SHORT_S, LONG_S = 5, 30
SIZES = ((256, 256), (1280, 720))


class Unheard(Job):
    """A job nobody listens to, whose outputs go nowhere."""

    def __init__(self) -> None:
        info = JobInfo("0" * 26, "diffusion.text_to_video", "ann", "", 1, 1, "", "bench")
        super().__init__(info, sink=None, objects=None)  # pyright: ignore[reportArgumentType]

    async def emit(self, event: Event, msg_id: str | None = None) -> int:
        """Tells nobody."""
        return 0

    async def store(self, data: bytes | Path, **said: Any) -> Asset:
        """Keeps nothing."""
        return Asset()


def main() -> None:
    """Prints a table; nothing is judged here."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.video", description=__doc__)
    parser.add_argument("--one", nargs=4, metavar=("WIDTH", "HEIGHT", "SECONDS", "MOTION"), help="measure one")
    one = parser.parse_args().one
    if one:
        width, height, seconds, motion = one
        asked = {
            "width": int(width),
            "height": int(height),
            "duration_s": int(seconds),
            "motion_intensity": float(motion),
        }
        asyncio.run(_film(asked))
        # Linux counts kilobytes of 1024.
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
        return
    print("| frames | motion | 5 s, peak MB | 30 s, peak MB | ratio |\n|---|---:|---:|---:|---:|")
    for width, height in SIZES:
        for motion in (0.0, 0.5):
            short, long = (_measured(width, height, seconds, motion) for seconds in (SHORT_S, LONG_S))
            print(f"| {width} × {height} | {motion:g} | {short:.0f} | {long:.0f} | {long / short:.2f} |", flush=True)


def _measured(width: int, height: int, seconds: int, motion: float) -> float:
    words = [sys.executable, "-m", "tests.bench.video", "--one", str(width), str(height), str(seconds), str(motion)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


async def _film(asked: Mapping[str, Any]) -> None:
    method = contract.methods["diffusion.text_to_video"]
    values = {"prompt": "a red apple", "steps": 4, "seed": 1, "camera": {"move": "zoom_in"}, **asked}
    request: Any = contract.complete(contract.parse(method.request_type, values))
    model = load("starter", str(STARTER), LoadOptions(device="cpu", cores=1), Pulse(), Gate())
    assert isinstance(model, Model)
    engine, job = Engine(cores=1), Unheard()
    try:
        shot = await tasks.text_to_video(request, job, model, 16.0)
        settings = settings_of(job.kind, shot.generation, 1, model.card, (asked["width"], asked["height"]))
        shooting = Shooting(job, engine, _told, shot.plan, shot.generation)
        await shooting.with_stills(model, None, {**settings, **shot.provenance})
    finally:
        engine.close()


async def _told(begin: Begin, job: Job) -> AsyncGenerator[Happening]:
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[Happening] = asyncio.Queue()
    begin(lambda happening: _later(loop, told, happening))
    while not isinstance(happening := await told.get(), Ended):
        yield happening
    if happening.error is not None:
        raise happening.error


def _later(loop: asyncio.AbstractEventLoop, told: asyncio.Queue[Happening], happening: Happening) -> None:
    loop.call_soon_threadsafe(told.put_nowait, happening)


if __name__ == "__main__":
    main()
