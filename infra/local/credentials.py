"""Passwords of the inner servers, generated at the first start and kept readable by their owner only."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Credentials:
    nats_user: str = "atelier"
    nats_password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    s3_access_key: str = field(default_factory=lambda: secrets.token_hex(10))
    s3_secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(30), repr=False)

    @staticmethod
    def kept(file: Path) -> Credentials:
        """Those in the file; what is missing there is generated and added.

        Raises ValueError for a file that is not a JSON object of these names.
        """
        known = json.loads(file.read_text()) if file.is_file() else {}
        if not isinstance(known, dict) or not set(known) <= set(Credentials.__dataclass_fields__):
            raise ValueError(f"{file} does not hold what it should; move it away to have new passwords generated")
        credentials = Credentials(**known)
        if asdict(credentials) != known:
            write_private(file, json.dumps(asdict(credentials), indent=2) + "\n")
        return credentials


def write_private(file: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(file)
