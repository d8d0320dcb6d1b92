"""What the API takes and gives about endpoints. Routing is derived from the contract; see `routes/endpoints.py`."""

import ipaddress
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from services.kit.schema import WHOLE

EndpointKind = Literal["lm_studio", "ollama", "vllm", "openai", "openai_compatible", "gemini"]
Kind = Annotated[EndpointKind, Field(examples=["lm_studio"])]
EndpointStatus = Literal["healthy", "degraded", "offline", "unknown"]

_ULID = "01K9ZC1Q5V8M3T7R2N4B6D0XYA"
# What requests may write into `model` for something else.
_RESERVED = ("auto", "embedded", "built in")


def _address(url: str) -> str:
    if not url:
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must begin with http:// or https:// and name a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be an address alone, without user, query or fragment; the key has a field of its own")
    try:
        _ = parts.port
        host = ipaddress.ip_address(parts.hostname)
    except ValueError as error:
        if "port" in str(error).lower():
            raise ValueError("has no valid port") from error
        return url.rstrip("/")
    # Where clouds keep the credentials of the machine, and what is no single machine.
    if host.is_link_local or host.is_multicast or host.is_unspecified:
        raise ValueError("is not the address of a server")
    return url.rstrip("/")


def _free(name: str) -> str:
    if name.strip().casefold() in _RESERVED:
        raise ValueError(f"{name.strip()!r} means something else in requests")
    if not name.strip():
        raise ValueError("must not be blank")
    return name.strip()


Name = Annotated[str, Field(min_length=1, max_length=100, examples=["My Gemma"]), AfterValidator(_free)]
Address = Annotated[
    str,
    Field(
        max_length=2000,
        description="Where it is; empty = where its kind usually is.",
        examples=["http://127.0.0.1:1234/v1"],
    ),
    AfterValidator(_address),
]
Model = Annotated[
    str, Field(max_length=256, description="Empty = the first model it lists.", examples=["gemma-2-2b-it"])
]
Key = Annotated[SecretStr, Field(max_length=4096, description="Kept encrypted, never told again.")]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=20)]


class EndpointCreate(BaseModel):
    """A server that answers chat requests."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    kind: Kind
    base_url: Address = ""
    model: Model = ""
    api_key: Key = SecretStr("")
    tags: Tags = Field(default_factory=list[str])
    enabled: bool = True


class EndpointPatch(BaseModel):
    """What to change of an endpoint; fields that are not given stay."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name | None = None
    base_url: Address | None = None
    model: Model | None = None
    api_key: Key | None = Field(None, description="Empty = forget the key.")
    tags: Tags | None = None
    enabled: bool | None = Field(None, description="False = never asked.")


class EndpointTry(BaseModel):
    """An endpoint that may be registered."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Kind
    base_url: Address = ""
    model: Model = ""
    api_key: Key = SecretStr("")


class BenchmarkCreate(BaseModel):
    """How to measure an endpoint."""

    model_config = ConfigDict(extra="forbid", strict=True)

    model: Model = ""
    tokens: Annotated[int, Field(ge=8, le=1024), WHOLE] = Field(64, description="Length of each answer.")
    concurrency: list[Annotated[int, Field(ge=1, le=64), WHOLE]] = Field(
        default_factory=lambda: [1, 4, 16], min_length=1, max_length=5, description="How many requests at once."
    )


class EndpointModel(BaseModel):
    """A model an endpoint lists."""

    id: str = Field(examples=["gemma-2-2b-it"])
    context_length: int = Field(description="Tokens; 0 = it does not say.", ge=0)


class EndpointHealth(BaseModel):
    """How an endpoint is."""

    status: EndpointStatus
    latency_ms: float | None = Field(description="To list its models, mean of the last looks.")
    checked_at: datetime | None
    code: str = Field(description="Stable word for what is wrong.", examples=["unreachable"])
    detail: str = Field(description="What is wrong, for people.")
    cooling_until: datetime | None = Field(description="Requests pass it over until then.")
    cooling_reason: str


class HealthSample(BaseModel):
    """One look."""

    time: datetime
    status: EndpointStatus
    latency_ms: float | None


class Endpoint(BaseModel):
    """A server that answers chat requests."""

    id: str = Field(description="`embedded` for the language model Atelier runs itself.", examples=[_ULID])
    name: str = Field(examples=["My Gemma"])
    kind: EndpointKind | Literal["embedded"]
    base_url: str
    model: str = Field(description="Empty = the first model it lists.")
    has_key: bool
    tags: list[str]
    enabled: bool
    active: bool = Field(description="Whether it answers requests that name no model.")
    models: list[EndpointModel] = Field(description="Of the last good look; they stay while it is away.")
    health: EndpointHealth
    session_count: int = Field(description="Requests it has answered.")
    last_used_at: datetime | None
    tokens: int = Field(description="Read and written, in all its answers.")
    mean_latency_ms: float | None = Field(description="Of its answers, to their end.")
    created_at: datetime | None = Field(description="Null for the embedded one.")


class EndpointHistory(EndpointHealth):
    """How an endpoint is and was."""

    history: list[HealthSample] = Field(description="The last looks, oldest first.")


class EndpointTest(BaseModel):
    """What came of a test."""

    status: EndpointStatus
    latency_ms: float | None
    models: list[EndpointModel]
    code: str = Field(description="Stable word for what failed; empty = nothing.", examples=["key_missing"])
    detail: str = Field(description="What failed, for people.")
    hint: str = Field(description="What to do about it.")
    base_url: str = Field(description="Where it answers.")


class DiscoveredEndpoint(BaseModel):
    """An endpoint that runs on this machine."""

    kind: EndpointKind
    base_url: str
    models: list[EndpointModel]
    latency_ms: float
    registered: bool = Field(description="Whether you have it already.")
