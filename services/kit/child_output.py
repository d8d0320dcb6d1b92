"""What a child process says, through a pipe of our own.

asyncio's `Process.wait` with `stdout=PIPE` also waits until nobody holds the pipe's other end. Grandchildren hold it,
so the end of the child itself would go unnoticed for as long as they live.
"""

import asyncio
import os
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any


async def start(*command: str, **options: Any) -> tuple[Process, int]:
    """Start a program with both its outputs in one pipe; `options` as for `asyncio.create_subprocess_exec`.

    Returns the process and the pipe's reading end, which is `reading`'s to close. Raises OSError when the program
    cannot be started.
    """
    output, writable = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=writable, stderr=writable, **options)
    except BaseException:
        os.close(output)
        raise
    finally:
        os.close(writable)
    return process, output


@asynccontextmanager
async def reading(output: int, limit: int) -> AsyncGenerator[asyncio.StreamReader]:
    """Reads a pipe until all writers are gone, and closes it; `limit` is the longest line in bytes."""
    reader = asyncio.StreamReader(limit=limit)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb", buffering=0)
    )
    try:
        yield reader
    finally:
        transport.close()
