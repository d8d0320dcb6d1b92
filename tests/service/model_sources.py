"""Places that models come from, on this machine: an HTTP server with ranges and ETags that also speaks the model hub's
API, and folders in the formats that models come in."""

from __future__ import annotations

import hashlib
import json
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from services.diffusion.settings import STARTER

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def lora(rank: int = 4, width: int = 768, metadata: Mapping[str, str] | None = None, seed: int = 0) -> bytes:
    """A LoRA as kohya's scripts write it."""
    layer = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
    made = np.random.default_rng(seed)
    tensors = {
        f"{layer}.lora_down.weight": made.normal(size=(rank, width)).astype(np.float16),
        f"{layer}.lora_up.weight": np.zeros((320, rank), np.float16),
        f"{layer}.alpha": np.array(rank / 2, np.float32),
    }
    return save(tensors, dict(metadata or {}))


def large(megabytes: int) -> bytes:
    """A VAE, as far as its names tell, of some size."""
    tensors = {
        "decoder.conv_in.weight": np.zeros((8, 4, 3, 3), np.float32),
        "encoder.conv_in.weight": np.zeros((8, 3, 3, 3), np.float32),
        "ballast": np.arange(megabytes * 250_000, dtype=np.float32),
    }
    return save(tensors)


def starter_files() -> dict[str, bytes]:
    """The starter model, file by file."""
    return {p.relative_to(STARTER).as_posix(): p.read_bytes() for p in sorted(STARTER.rglob("*")) if p.is_file()}


def raw(header: Any, body: bytes = b"") -> bytes:
    """A safetensors file with this header, true or not."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@dataclass
class Sources:
    """What the server serves, and what it was asked."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Path → content."""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    """Hub id → path → content."""
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Path and Range of each GET."""
    redirects: dict[str, str] = field(default_factory=dict[str, str])
    stop_after: int = 0
    """Bytes of a body after which the server waits for `go`; 0 = never."""
    go: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serving() -> Iterator[Sources]:
    """Serve until the block ends."""
    sources = Sources()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            sources.asked.append((self.path, self.headers.get("Range", "")))
            self._answer(body=True)

        def _answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0]
            if path in sources.redirects:
                self.send_response(302)
                self.send_header("Location", sources.redirects[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = sources.files.get(path)
            if content is None:
                content = self._of_hub(path)
            if content is None:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            etag = f'"{hashlib.sha256(content).hexdigest()}"'
            start = 0
            asked = self.headers.get("Range", "")
            if asked.startswith("bytes=") and self.headers.get("If-Range", etag) == etag:
                start = int(asked[6:].partition("-")[0])
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("ETag", etag)
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if body:
                self._send(content[start:])

        def _send(self, content: bytes) -> None:
            try:
                if sources.stop_after and len(content) > sources.stop_after:
                    self.wfile.write(content[: sources.stop_after])
                    self.wfile.flush()
                    content = content[sources.stop_after :]
                    sources.waiting.set()
                    sources.go.wait(60)
                self.wfile.write(content)
            except OSError:
                # Whoever asked is gone.
                self.close_connection = True

        def _of_hub(self, path: str) -> bytes | None:
            if path.startswith("/api/models/"):
                name = path.removeprefix("/api/models/").partition("/revision/")[0]
                return _listing(name, sources.repositories[name]) if name in sources.repositories else None
            for name, files in sources.repositories.items():
                if path.startswith(f"/{name}/resolve/"):
                    return files.get(path.removeprefix(f"/{name}/resolve/").partition("/")[2])
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sources.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield sources
    finally:
        sources.go.set()
        server.shutdown()
        server.server_close()


def _listing(name: str, files: dict[str, bytes]) -> bytes:
    siblings = [
        {
            "rfilename": path,
            "size": len(content),
            "blobId": "0" * 40,
            **(
                {"lfs": {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}}
                if path.endswith(".safetensors")
                else {}
            ),
        }
        for path, content in files.items()
    ]
    return json.dumps({"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings}).encode()


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Files in a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder
