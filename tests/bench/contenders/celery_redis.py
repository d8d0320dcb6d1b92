"""Celery on Redis: acknowledged late, results in Redis, whose notices tell that a job is done."""

# Runs in an environment of its own (`peers`), where these are installed.
# pyright: reportMissingImports=false

from __future__ import annotations

import asyncio
import os
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor

import celery
import redis.asyncio

from tests.bench.measure import Finish, Load, measure, report

URL = os.environ["BENCH_REDIS_URL"]
NOTICE = "celery-task-meta-"
app = celery.Celery("bench", broker=URL, backend=URL)
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=64, task_serializer="json", result_expires=3600)


@app.task(name="noop")
def noop(job: str) -> str:
    """Nothing."""
    return job


async def drive(load: Load) -> None:
    """Submit from threads, as Celery's client blocks; more of them only wait for each other."""
    finish = Finish()
    pool = ThreadPoolExecutor(8)
    notices = redis.asyncio.Redis.from_url(URL).pubsub()
    await notices.psubscribe(f"{NOTICE}*")

    async def listen() -> None:
        async for notice in notices.listen():
            if notice["type"] == "pmessage":
                finish.done(notice["channel"].decode().removeprefix(NOTICE))

    def send(job: str) -> None:
        noop.apply_async((job,), task_id=job, ignore_result=False)

    async def submit(job: str) -> None:
        await asyncio.get_running_loop().run_in_executor(pool, send, job)

    listening = asyncio.create_task(listen())
    report(await measure(load, finish, lambda: str(uuid.uuid4()), submit))
    listening.cancel()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app.worker_main(["worker", "-P", "prefork", "-c", "2", "-l", "warning", "--without-gossip", "--without-mingle"])
    else:
        asyncio.run(drive(Load.of(sys.argv[2])))
