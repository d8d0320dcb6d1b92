"""The gateway's settings, read from `ATELIER_…`."""

import ipaddress
import re
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from services.kit.settings import Settings

_OWNER = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


class GatewaySettings(Settings):
    """Where the gateway listens, what it keeps and how much it takes."""

    host: str = Field("127.0.0.1", description="Address to bind. Beyond loopback only with accounts or tokens.")
    port: int = Field(8080, ge=0, le=65535, description="0 = any free port.")
    database_url: str = Field("", description="Catalog; empty = SQLite in the home folder.")
    tokens: dict[SecretStr, str] = Field(
        default_factory=dict[SecretStr, str],
        description='Static bearer tokens, `{"<token>": "<owner id>"}`; empty = local mode.',
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Host names, comma-separated, under which local mode answers besides loopback's own."
    )

    max_json_bytes: int = Field(
        1024**2 + 65536, ge=1024, description="Largest JSON body: 1 MiB and room for its frame."
    )
    max_upload_bytes: int = Field(2 * 1024**3, ge=1024, description="Largest upload request.")
    max_model_bytes: int = Field(64 * 1024**3, ge=1024, description="Largest upload of a model.")
    max_upload_files: int = Field(100, ge=1, description="Most files in one upload request.")
    max_image_pixels: int = Field(100_000_000, ge=1, description="Largest picture that is decoded for a thumbnail.")

    rate_limit_per_min: int = Field(
        100, ge=0, description="Requests to language models that one user may make in any minute; 0 = no limit."
    )
    answer_cache_mb: int = Field(
        64, ge=0, description="Memory for answers to deterministic requests, kept for the next one; 0 = none are kept."
    )
    answer_cache_ttl_s: float = Field(600.0, gt=0, description="Seconds for which an answer is kept.")
    stream_buffer: int = Field(2000, ge=10, description="Events a client may lag behind before it is disconnected.")
    keep_alive_s: float = Field(15.0, gt=0, description="Seconds between comments on a quiet event stream.")
    drain_s: float = Field(10.0, ge=0, description="Seconds that requests may take to end after SIGTERM.")
    temporary_days: float = Field(
        7.0, gt=0, description="Days after which a file is deleted that only came with a request."
    )
    sweep_every_s: float = Field(60.0, gt=0, description="Seconds between two looks for what is to be deleted.")
    idempotency_hours: int = Field(24, ge=1, description="How long an Idempotency-Key is remembered.")
    reconcile_every_s: float = Field(10.0, gt=0, description="Seconds between two looks for jobs gone astray.")

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            tuple(part.strip().lower() for part in value.split(",") if part.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("tokens")
    @classmethod
    def _owners_fit(cls, tokens: dict[SecretStr, str]) -> dict[SecretStr, str]:
        for owner in tokens.values():
            if not _OWNER.match(owner):
                raise ValueError(f"owner id {owner!r}: 1 to 64 letters, digits, '_' or '-' are allowed")
        return tokens

    @property
    def catalog_url(self) -> str:
        """The catalog's URL, with the default filled in."""
        return self.database_url or f"sqlite:///{self.home / 'catalog.db'}"

    @property
    def loopback(self) -> bool:
        """True if only this machine can reach the address the gateway binds to."""
        return is_loopback(self.host)


def load() -> GatewaySettings:
    """The settings of this process's environment; raises pydantic's `ValidationError` for what does not fit."""
    return GatewaySettings()  # pyright: ignore[reportCallIssue]  # every field has a default


def is_loopback(host: str) -> bool:
    """True for `localhost`, 127.0.0.0/8 and ::1."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
