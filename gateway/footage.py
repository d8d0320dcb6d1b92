"""Videos, as far as the gateway looks into them: size, length and first frame."""

import asyncio
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from services.kit.failures import Failure

CONTENT_TYPES = frozenset({"video/mp4", "video/webm"})
_SCRIPT = Path(__file__).with_name("poster.py")
_WITHIN_S = 60.0
# Decoding a large frame takes a core for a while and some hundred megabytes.
_AT_ONCE = asyncio.Semaphore(2)


@dataclass(frozen=True)
class Footage:
    """A video."""

    width: int
    """Pixels, as it is to be seen."""
    height: int
    duration_s: float
    """0 if the file does not say."""
    poster: bytes
    """Its first frame, small, as WebP."""


async def look(video: Path, side: int, max_pixels: int) -> Footage:
    """Look into a file; `side` is the longest the poster may be. Raises a `bad_image` failure if it cannot be read."""
    with tempfile.TemporaryDirectory(prefix="poster-") as folder:
        picture = Path(folder) / "poster.webp"
        arguments = [str(video), str(picture), str(side), str(max_pixels)]
        async with _AT_ONCE:
            said = await _run(arguments)
        try:
            found = json.loads(said)
            return Footage(found["width"], found["height"], found["duration_s"], picture.read_bytes())
        except (ValueError, KeyError, OSError):
            raise _bad("its decoder gave up") from None


async def _run(arguments: list[str]) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(_SCRIPT),
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_WITHIN_S):
            said, complaint = await process.communicate()
    except TimeoutError:
        raise _bad("that took too long") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        lines = complaint.decode(errors="replace").strip().splitlines()
        raise _bad(lines[-1] if process.returncode == 1 and lines else "its decoder gave up")
    return said


def _bad(reason: str) -> Failure:
    return Failure(f"The video cannot be read: {reason}.", code="bad_image", hint="Is the file complete?")
