"""What a chat service makes of the registered endpoints the bus tells it of."""

from __future__ import annotations

from typing import cast

import pytest
from cryptography.fernet import Fernet

from atelier.v1.endpoints_pb2 import Endpoint, EndpointKind, OwnerEndpoints, Routing
from services.chat.dialects import dialect, is_local
from services.chat.directory import Directory
from services.kit.bus import Bus
from services.kit.failures import Unavailable
from services.kit.secrets import SecretBox

OLLAMA, GEMINI, ANTHROPIC, OTHER = (
    EndpointKind.ENDPOINT_KIND_OLLAMA,
    EndpointKind.ENDPOINT_KIND_GEMINI,
    EndpointKind.ENDPOINT_KIND_ANTHROPIC,
    EndpointKind.ENDPOINT_KIND_OPENAI_COMPATIBLE,
)


def directory(*endpoints: Endpoint, **routing: object) -> Directory:
    found = Directory(cast(Bus, None), SecretBox((Fernet.generate_key().decode(),)), between_s=60)
    told = OwnerEndpoints(endpoints=endpoints, routing=Routing(**routing))  # pyright: ignore[reportArgumentType]
    found._on_owner("ann", told)  # pyright: ignore[reportPrivateUsage]
    return found


def test_an_owners_endpoints_are_known_to_that_owner_alone() -> None:
    found = directory(Endpoint(id="e1", name="Mine", kind=OLLAMA, enabled=True))
    (known,) = found.known("ann")
    assert (known.id, known.name, known.local, known.health) == ("e1", "Mine", True, "unknown")
    assert found.known("bob") == []


def test_one_that_was_removed_meanwhile_is_a_failure_the_next_can_follow() -> None:
    with pytest.raises(Unavailable, match="removed"):
        directory().way("ann", "e1")


def test_no_routing_means_the_defaults() -> None:
    rules = directory().rules("bob")
    assert (rules.active, rules.fallback, rules.local_first_token_s) == ("embedded", (), 30)
    rules = directory(active="e1", fallback=["embedded"], cloud_first_token_s=5).rules("ann")
    assert (rules.active, rules.fallback, rules.cloud_first_token_s) == ("e1", ("embedded",), 5)


@pytest.mark.parametrize(
    ("kind", "given", "address"),
    [
        (OLLAMA, "", "http://127.0.0.1:11434/v1"),
        (OLLAMA, "http://den:11434", "http://den:11434/v1"),
        (OTHER, "https://llm.example/api/v2/", "https://llm.example/api/v2"),
        (GEMINI, "", "https://generativelanguage.googleapis.com/v1beta/openai"),
        (GEMINI, "http://127.0.0.1:9", "http://127.0.0.1:9/v1beta/openai"),
        (ANTHROPIC, "", "https://api.anthropic.com/v1"),
        (ANTHROPIC, "https://api.anthropic.com", "https://api.anthropic.com/v1"),
    ],
)
def test_an_address_leads_to_where_the_api_begins(kind: EndpointKind, given: str, address: str) -> None:
    assert dialect(kind).address(given) == address


@pytest.mark.parametrize(
    ("kind", "address", "local"),
    [
        (OLLAMA, "", True),
        (GEMINI, "http://127.0.0.1:9", False),
        (ANTHROPIC, "", False),
        (OTHER, "http://192.168.1.20:8000/v1", True),
        (OTHER, "http://den:8000/v1", True),
        (OTHER, "http://llm.models.svc/v1", True),
        (OTHER, "https://llm.example.com/v1", False),
        (OTHER, "http://8.8.8.8/v1", False),
    ],
)
def test_what_is_local_has_less_patience_coming(kind: EndpointKind, address: str, local: bool) -> None:
    assert is_local(kind, address) is local
