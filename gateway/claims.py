"""Files that are refused whatever they are good for: those that are not what their name says, and pickles, which run
code when they are opened."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gateway import sniff
from services.kit.failures import BadInput

# What a name promises to whoever opens the file; other endings promise too little to be held to.
_FAMILIES = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".mp4", ".m4v", ".webm"), "video"),
}
_PICKLED = (".pkl", ".pickle", ".pt", ".pth", ".ckpt")
# A pickle of protocol 2 or later; PyTorch's newer files are a zip whose first member is one.
_PICKLE = tuple(bytes((0x80, protocol)) for protocol in range(2, 6))
_MEMBER = b"/data.pkl"
_LOCAL_HEADER = 30


@dataclass(frozen=True)
class Upload:
    """A received file and what it really is."""

    path: Path
    name: str
    size: int
    sha256: str
    content_type: str


def check(upload: Upload) -> None:
    """Raises `BadInput` naming the file if it is refused."""
    ending = PurePosixPath(upload.name).suffix.lower()
    promised = _FAMILIES.get(ending)
    if promised is not None and upload.content_type.partition("/")[0] != promised:
        message = f"{upload.name} is no {promised}: its content is {_in_words(upload.content_type)}"
        raise BadInput.of("files", message, hint="Give the file its right name, or choose another one.")
    with upload.path.open("rb") as file:
        head = file.read(sniff.HEAD_BYTES)
    if ending in _PICKLED or _is_pickle(head, upload.content_type):
        message = f"{upload.name or 'the file'} is a pickle, which can run code when it is opened"
        raise BadInput.of("files", message, hint="Give models as safetensors.")


def _is_pickle(head: bytes, content_type: str) -> bool:
    if content_type == "application/zip":
        return head[_LOCAL_HEADER : _LOCAL_HEADER + int.from_bytes(head[26:28], "little")].endswith(_MEMBER)
    return content_type == "application/octet-stream" and head.startswith(_PICKLE)


def _in_words(content_type: str) -> str:
    return "no known kind" if content_type == "application/octet-stream" else content_type
