"""Assets as one zip, made while it is sent: of all files together never more than a piece is held."""

import io
import re
import zipfile
from collections.abc import AsyncGenerator, Sequence

from gateway import sniff, views
from gateway.catalog.models import AssetRow
from services.kit.failures import NotFound
from services.kit.objects import ObjectStore

CONTENT_TYPE = "application/zip"
_MOST_WORDS = 60


class _Sink(io.BytesIO):
    """Takes what the archive writes until it is fetched. It cannot seek, so the archive never goes back."""

    def seekable(self) -> bool:
        """Never."""
        return False

    def seek(self, position: int, whence: int = 0) -> int:
        """Never."""
        raise io.UnsupportedOperation("the beginning is sent already")

    def tell(self) -> int:
        """Nowhere: the archive counts for itself."""
        raise io.UnsupportedOperation("the beginning is sent already")

    def fetch(self) -> bytes:
        """What was written since the last time."""
        taken = self.getvalue()
        super().seek(0)
        self.truncate()
        return taken


async def stream(objects: ObjectStore, rows: Sequence[AssetRow]) -> AsyncGenerator[bytes]:
    """The zip of some assets, beside each a JSON file with everything known of it. What object storage has lost is
    listed in `missing.txt`."""
    sink = _Sink()
    missing = list[str]()
    with zipfile.ZipFile(sink, "w") as archive:
        for row in rows:
            name = name_of(row)
            pieces = objects.stream(row.key)
            try:
                first = await anext(pieces, b"")
            except NotFound:
                missing.append(name)
                continue
            # Pictures and videos are compressed already.
            with archive.open(_entry(name, row), "w", force_zip64=row.size > zipfile.ZIP64_LIMIT // 2) as file:
                file.write(first)
                yield sink.fetch()
                async for piece in pieces:
                    file.write(piece)
                    yield sink.fetch()
            described = views.asset(row).model_dump_json(indent=2, exclude={"content_url", "thumbnail_url"})
            archive.writestr(_entry(f"{name}.json", row), described)
            yield sink.fetch()
        if missing:
            archive.writestr("missing.txt", "\n".join([*missing, ""]))
    yield sink.fetch()


def name_of(row: AssetRow) -> str:
    """A file name made of what the asset shows; no two assets have the same."""
    shown = row.name.rpartition(".")[0] or row.name or str(row.provenance.get("prompt") or row.kind)
    words = "-".join(re.findall(r"[^\W_]+", shown.lower()))[:_MOST_WORDS].strip("-")
    return f"{words or row.kind}-{row.id[-8:].lower()}{sniff.extension(row.content_type)}"


def _entry(name: str, row: AssetRow) -> zipfile.ZipInfo:
    # A zip's times begin in 1980.
    made = max(row.created_at.timetuple()[:6], (1980, 1, 1, 0, 0, 0))
    info = zipfile.ZipInfo(name, made)
    info.external_attr = 0o644 << 16
    return info
