"""Room on disk for what is on its way to object storage."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.state import Parts


@asynccontextmanager
async def scratch(parts: Parts, what: str) -> AsyncGenerator[Path]:
    """A folder of one's own, gone with the block; `what` is how its name begins."""
    folder = parts.settings.home / "tmp"
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=f"{what}-") as place:
        yield Path(place)
