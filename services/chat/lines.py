"""What a child process says, line by line, through a pipe of our own.

asyncio's `Process.wait` with `stdout=PIPE` also waits until nobody holds the pipe's other end. The grandchildren of an
engine hold it, so the end of the child itself would go unnoticed for as long as they live.
"""

import asyncio
import os
from collections.abc import AsyncGenerator

_LINE_LIMIT = 256 * 1024


async def lines(descriptor: int) -> AsyncGenerator[str, None]:
    """Lines without their ends, until all writers are gone; takes the descriptor over and closes it.

    A line over 256 KiB is skipped up to where the next read begins.
    """
    reader = asyncio.StreamReader(limit=_LINE_LIMIT)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                continue
            if not line:
                return
            yield line.decode(errors="replace").rstrip()
    finally:
        transport.close()
