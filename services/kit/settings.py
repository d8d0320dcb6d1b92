"""Settings every process shares, read from `ATELIER_…` environment variables."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from services.kit.failures import Failure

_PREFIX = "ATELIER_"


class Settings(BaseSettings):
    """Where the bus and the object storage are, and how this process presents itself."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, extra="ignore", frozen=True)

    home: Path = Field(Path(".atelier"), description="Folder for everything kept on this machine.")
    nats_url: str = Field("nats://127.0.0.1:4222", description="Bus server(s), comma-separated, with credentials.")
    stream_replicas: int = Field(1, ge=1, le=5, description="Copies of each stream in a bus cluster.")
    events_max_age_s: int = Field(7 * 86400, ge=60, description="How long the journal keeps events.")
    events_max_bytes: int = Field(2 * 1024**3, ge=1024**2, description="How large the journal may grow.")

    s3_endpoint: str = Field("127.0.0.1:8333", description="Host and port of the object storage.")
    s3_access_key: str = "atelier"
    s3_secret_key: SecretStr = SecretStr("")
    s3_bucket: str = Field("atelier", min_length=3)
    s3_secure: bool = False
    s3_region: str = "us-east-1"

    secret_key: SecretStr = Field(
        SecretStr(""), description="Key that encrypts stored secrets; empty = `secret.key` in the home folder."
    )

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"

    def s3_options(self) -> dict[str, object]:
        """Arguments of `minio.Minio`."""
        return {
            "endpoint": self.s3_endpoint,
            "access_key": self.s3_access_key,
            "secret_key": self.s3_secret_key.get_secret_value(),
            "secure": self.s3_secure,
            "region": self.s3_region,
        }


class ServiceSettings(Settings):
    """Settings of a process that hosts a service."""

    listen: str = Field("127.0.0.1", description="Address the gRPC and metrics servers bind to.")
    grpc_port: int = Field(0, ge=0, le=65535, description="0 = any free port.")
    metrics_port: int = Field(0, ge=0, le=65535, description="Port of /livez, /readyz and /metrics; 0 = any free port.")
    pool: str = Field("default", pattern=r"^[a-z0-9-]{1,32}$", description="Which pool's jobs this worker takes.")
    concurrency: int = Field(0, ge=0, le=10_000, description="Jobs at once; 0 = the largest hint among the methods.")
    drain_s: float = Field(30.0, ge=0, description="Seconds running work may take to end after SIGTERM.")


S = TypeVar("S", bound=Settings)


class BadSettings(Failure):
    """A variable of the environment does not fit; the message names it."""

    code = "bad_settings"


def read(settings_type: type[S]) -> S:
    """The settings of this process's environment; raises `BadSettings` naming every variable at fault."""
    try:
        return settings_type()  # pyright: ignore[reportCallIssue]  # every field has a default
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        named = (f"{_PREFIX}{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in faults)
        raise BadSettings("; ".join(named)) from None
    except SettingsError as error:
        # A list or table that is no JSON: the library's message names the field.
        raise BadSettings(f"{_PREFIX}…: {error}") from None
