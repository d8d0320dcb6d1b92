"""The kit through the gateway: each job is POSTed, and its end is heard on the event stream, as a browser hears it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid

import aiohttp
import uvloop

from services.kit.host import serve
from tests.bench.contenders.kit import KIND, Diffusion
from tests.bench.measure import Finish, Load, measure, report

JOB = {"prompt": "a red apple on a blue background", "seed": 42}


class Ends:
    """Which jobs are done, by the name the driver gave them: the gateway gives its own, and a job may be done before
    its submission is answered."""

    def __init__(self, finish: Finish) -> None:
        self._finish = finish
        self._names: dict[str, str] = {}
        self._early: set[str] = set()

    def accepted(self, job_id: str, name: str) -> None:
        if job_id in self._early:
            self._early.discard(job_id)
            self._finish.done(name)
        else:
            self._names[job_id] = name

    def ended(self, job_id: str) -> None:
        name = self._names.pop(job_id, None)
        if name is None:
            self._early.add(job_id)
        else:
            self._finish.done(name)


async def drive(load: Load) -> None:
    """One listener for all jobs, and as many connections as submissions under way."""
    finish = Finish()
    ends = Ends(finish)
    # Of the Python clients the one that costs the least: what is measured is the gateway.
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(os.environ["BENCH_GATEWAY_URL"], connector=connector, trust_env=False) as client:
        listening = asyncio.Event()

        async def listen() -> None:
            forever = aiohttp.ClientTimeout(total=None)
            async with client.get("/api/events", params={"kind": KIND}, timeout=forever) as response:
                response.raise_for_status()
                listening.set()
                name = ""
                async for line in response.content:
                    if line.startswith(b"event: "):
                        name = line[7:].strip().decode()
                    elif line.startswith(b"data: ") and name == "completed":
                        ends.ended(json.loads(line[6:])["job_id"])

        async def submit(name: str) -> None:
            async with client.post("/api/generate/text-to-image", json=JOB) as answer:
                answer.raise_for_status()
                ends.accepted((await answer.json())["id"], name)

        task = asyncio.create_task(listen())
        await listening.wait()
        report(await measure(load, finish, lambda: uuid.uuid4().hex, submit))
        task.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        serve(Diffusion)
    else:
        uvloop.run(drive(Load.of(sys.argv[2])))
