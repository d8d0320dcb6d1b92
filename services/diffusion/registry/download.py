"""A file over HTTP, gone on with where an earlier attempt ended (RFC 9110: Range, If-Range, ETag)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.diffusion.registry.transfer import Transfer
from services.kit.backoff import Backoff
from services.kit.failures import BadInput, Failure, NotFound, Unavailable

_CHUNK = 1024 * 1024
# Interruptions in a row without a byte between them.
_PATIENCE = 5
_BACKOFF = Backoff(0.2, 5.0)


@dataclass(frozen=True)
class _Partial:
    """What an earlier attempt left."""

    size: int
    validator: str
    """A strong ETag or a date; the rest is asked for only of the very same content."""


async def download(
    client: httpx.AsyncClient, url: str, path: Path, transfer: Transfer, headers: Mapping[str, str] | None = None
) -> None:
    """The content at a URL as a file; what an earlier attempt has of it is kept.

    Raises `Unavailable` if it does not come now, and failures naming the field `source` if it never will.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if (size := length(path)) is not None:
        await transfer.had(size)
        return
    part = path.with_name(f"{path.name}.part")
    failures = 0
    known = _left(part)
    if known is not None:
        await transfer.had(known.size)
    else:
        # Of what content it is a part nobody knows any more.
        part.unlink(missing_ok=True)
    while True:
        before = length(part)
        try:
            await _receive(client, url, part, transfer, dict(headers or {}))
            break
        except httpx.TransportError as error:
            failures = failures + 1 if length(part) == before else 1
            if failures > _PATIENCE:
                raise Unavailable(f"{url} does not answer: {error or type(error).__name__}", retry_after_s=5) from error
            await asyncio.sleep(_BACKOFF.before(failures))
    part.replace(path)
    _note(part).unlink(missing_ok=True)


async def _receive(
    client: httpx.AsyncClient, url: str, part: Path, transfer: Transfer, headers: dict[str, str]
) -> None:
    left = _left(part)
    headers["Accept-Encoding"] = "identity"
    if left is not None:
        headers |= {"Range": f"bytes={left.size}-", "If-Range": left.validator}
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            # The earlier part is not of what lies there now.
            _forget(part, transfer)
            raise httpx.ReadError("another content lies there now")
        _check(response, url)
        goes_on = left is not None and _continues(response, left.size)
        if not goes_on:
            _forget(part, transfer)
        _note(part).write_text(json.dumps(_validator(response)))
        expected = int(response.headers.get("content-length", 0))
        transfer.check_room(transfer.done + expected)
        if not transfer.total:
            transfer.total = transfer.done + expected
        with part.open("ab" if goes_on else "wb") as file:
            async for piece in response.aiter_bytes(_CHUNK):
                await asyncio.to_thread(file.write, piece)
                await transfer.moved(len(piece), part.name.removesuffix(".part"))


def _forget(part: Path, transfer: Transfer) -> None:
    transfer.done -= length(part) or 0
    part.unlink(missing_ok=True)


def length(path: Path) -> int | None:
    """Bytes of a file; None if it is not there."""
    return path.stat().st_size if path.exists() else None


def _left(part: Path) -> _Partial | None:
    try:
        validator = json.loads(_note(part).read_text())
        size = part.stat().st_size
    except (OSError, ValueError):
        return None
    return _Partial(size, validator) if size and isinstance(validator, str) and validator else None


def _note(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _validator(response: httpx.Response) -> str:
    etag = response.headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("last-modified", "")


def _continues(response: httpx.Response, size: int) -> bool:
    return response.status_code == 206 and response.headers.get("content-range", "").startswith(f"bytes {size}-")


def _check(response: httpx.Response, url: str) -> None:
    status = response.status_code
    if status in (200, 206):
        return
    if status in (401, 403):
        raise Failure(
            f"{url} may not be read ({status}).",
            code="forbidden_source",
            hint="A gated model of the hub needs its licence accepted and HF_TOKEN set where the service runs.",
        )
    if status in (404, 410):
        raise NotFound(f"There is nothing at {url}.")
    if status == 429 or status >= 500:
        raise Unavailable(f"{url} answered {status}.", retry_after_s=5)
    raise BadInput.of("source", f"{url} answered {status}")
