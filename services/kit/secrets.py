"""Secrets at rest: what is kept in the catalog or travels over the bus is encrypted with a key that is in neither."""

import contextlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from services.kit.failures import Failure
from services.kit.settings import Settings

_FILE = "secret.key"


class SecretBox:
    """Seals and opens secrets. Fernet: AES-128-CBC with HMAC-SHA256."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """The first key seals, all of them open; put a new one before the old ones to change it. Raises `Failure`."""
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise Failure(
                f"the secret key is not one: {error}",
                code="bad_settings",
                hint="ATELIER_SECRET_KEY must be 32 random bytes in URL-safe base64, or several of them with commas.",
            ) from error

    @classmethod
    def of(cls, settings: Settings) -> "SecretBox":
        """With the key of the settings, else the one in the data folder, which is made if there is none."""
        given = settings.secret_key.get_secret_value()
        keys = given or _kept(settings.home / _FILE)
        return cls(tuple(part.strip() for part in keys.split(",") if part.strip()))

    def seal(self, secret: str) -> bytes:
        """Encrypt; an empty secret stays empty."""
        return self._fernet.encrypt(secret.encode()) if secret else b""

    def open(self, sealed: bytes) -> str:
        """Decrypt. Raises `Failure` if it was sealed with a key that is not here."""
        if not sealed:
            return ""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as error:
            raise Failure(
                "a stored secret was encrypted with another key",
                code="secret_lost",
                hint="Enter it again, or bring back the secret.key it was made with.",
            ) from error


def _kept(file: Path) -> str:
    """The key in a file. Of processes that make it at the same time one wins and the others read what it wrote."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_bytes(Fernet.generate_key())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()
