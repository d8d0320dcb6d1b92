"""How each kind of endpoint is spoken to, where it differs from OpenAI's API, and where it is unless told otherwise."""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from atelier.v1.endpoints_pb2 import EndpointKind as Kind
from atelier.v1.endpoints_pb2 import EndpointModel


@dataclass(frozen=True)
class Dialect:
    """One kind of endpoint."""

    kind: Kind
    label: str
    default_url: str
    """"" = there is none."""
    structured: bool = True
    """It can be made to answer by a JSON schema."""
    cloud: bool = False
    """It is nobody's own machine: it needs a key and more patience."""
    api_path: str = "v1"
    """Where OpenAI's paths begin, below the host, if the given address has no path."""
    models_path: str = "models"
    read_models: Callable[[Any], list[EndpointModel]] = lambda data: [_openai_model(entry) for entry in data["data"]]
    """The parsed list of models; raises KeyError, TypeError or ValueError for what is none."""

    def address(self, base_url: str) -> str:
        """Where OpenAI's paths begin, for whatever people write: with or without path or slash at the end."""
        url = (base_url or self.default_url).strip().rstrip("/")
        return url if urlsplit(url).path else f"{url}/{self.api_path}"


def dialect(kind: Kind) -> Dialect:
    """How to speak to an endpoint of a kind."""
    return _BY_KIND.get(kind, OPENAI_COMPATIBLE)


def is_local(kind: Kind, base_url: str) -> bool:
    """Whether an endpoint stands on this machine or network."""
    if dialect(kind).cloud:
        return False
    host = urlsplit(dialect(kind).address(base_url)).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        # A name without a dot is one of the local network or cluster.
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan", ".svc"))
    return address.is_private or address.is_loopback


def _openai_model(entry: Mapping[str, Any]) -> EndpointModel:
    return EndpointModel(
        id=str(entry["id"]),
        context_length=int(entry.get("max_model_len") or entry.get("context_length") or 0),
        created=int(entry.get("created") or 0),
    )


def _gemini_model(entry: Mapping[str, Any]) -> EndpointModel:
    # It lists "models/gemini-…" and is asked for "gemini-…".
    return EndpointModel(id=str(entry["id"]).removeprefix("models/"), created=int(entry.get("created") or 0))


def _ollama_model(entry: Mapping[str, Any]) -> EndpointModel:
    return EndpointModel(id=str(entry["name"]))


OPENAI_COMPATIBLE = Dialect(Kind.ENDPOINT_KIND_OPENAI_COMPATIBLE, "OpenAI-compatible", "", structured=False)

_DIALECTS = (
    Dialect(Kind.ENDPOINT_KIND_LM_STUDIO, "LM Studio", "http://127.0.0.1:1234/v1"),
    Dialect(
        Kind.ENDPOINT_KIND_OLLAMA,
        "Ollama",
        "http://127.0.0.1:11434/v1",
        # Its own list is there in every version; OpenAI's came later.
        models_path="../api/tags",
        read_models=lambda data: [_ollama_model(entry) for entry in data["models"]],
    ),
    Dialect(Kind.ENDPOINT_KIND_VLLM, "vLLM", "http://127.0.0.1:8000/v1"),
    Dialect(Kind.ENDPOINT_KIND_OPENAI, "OpenAI", "https://api.openai.com/v1", cloud=True),
    OPENAI_COMPATIBLE,
    Dialect(
        Kind.ENDPOINT_KIND_GEMINI,
        "Gemini",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        cloud=True,
        api_path="v1beta/openai",
        read_models=lambda data: [_gemini_model(entry) for entry in data["data"]],
    ),
)
# Those that people run on their own machine, at addresses they seldom change.
DISCOVERABLE = (Kind.ENDPOINT_KIND_LM_STUDIO, Kind.ENDPOINT_KIND_OLLAMA, Kind.ENDPOINT_KIND_VLLM)
_BY_KIND = {one.kind: one for one in _DIALECTS}
