"""Would an endpoint work? And if not: why, in words its owner can act on."""

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import aiohttp

from atelier.v1.endpoints_pb2 import (
    DiscoveredEndpoint,
    DiscoverEndpointsResponse,
    EndpointHealth,
    EndpointModel,
    TestEndpointResponse,
)
from atelier.v1.endpoints_pb2 import Endpoint as Registered
from atelier.v1.endpoints_pb2 import EndpointKind as Kind
from services.chat.dialects import DISCOVERABLE, dialect
from services.chat.endpoint import Endpoint
from services.chat.health import Look, after, look
from services.chat.upstream import why_not_there
from services.kit.failures import Failure

Connect = Callable[[Registered], Endpoint]


async def diagnose(registered: Registered, connect: Connect) -> TestEndpointResponse:
    """Ask it for its models, if need be where the API of its kind usually is. Never raises for what is wrong there."""
    kind = dialect(registered.kind)
    given = kind.address(registered.base_url)
    seen, answer = await _try(registered, connect), TestEndpointResponse(base_url=given)
    usual = _usual(given, kind.api_path)
    if seen.failure is not None and seen.failure.code == "not_an_endpoint" and usual != given:
        elsewhere = Registered()
        elsewhere.CopyFrom(registered)
        elsewhere.base_url = usual
        found = await _try(elsewhere, connect)
        if found.failure is None:
            seen, answer.base_url = found, usual
    health = after(EndpointHealth(), seen, registered.model, 0.0)
    answer.status, answer.latency_ms = health.status, seen.latency_ms
    answer.models.extend(health.models)
    if seen.failure is None:
        answer.code, answer.detail = health.code, health.detail
        return answer
    answer.code, answer.detail, answer.hint = _explained(registered, seen.failure)
    return answer


async def discover(connect: Connect) -> DiscoverEndpointsResponse:
    """The endpoints that answer at the usual addresses of this machine."""
    candidates = [Registered(kind=kind, base_url=dialect(kind).default_url) for kind in DISCOVERABLE]
    seen = await asyncio.gather(*(_try(candidate, connect) for candidate in candidates))
    found = DiscoverEndpointsResponse()
    for candidate, one in zip(candidates, seen, strict=True):
        if one.failure is None:
            health = after(EndpointHealth(), one, "", 0.0)
            found.endpoints.append(
                DiscoveredEndpoint(
                    kind=candidate.kind, base_url=candidate.base_url, models=health.models, latency_ms=one.latency_ms
                )
            )
    return found


async def _try(registered: Registered, connect: Connect) -> Look:
    async def list_models() -> Sequence[EndpointModel]:
        way = connect(registered)
        try:
            return await way.models()
        finally:
            await way.close()

    return await look(list_models)


def _usual(address: str, api_path: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/{api_path}"


def _explained(registered: Registered, failure: Failure) -> tuple[str, str, str]:
    """Code, what failed, and what to do."""
    kind, cause = dialect(registered.kind), failure.__cause__
    if failure.code == "unreachable" and cause is not None:
        words = why_not_there(cause)
        sentence = f"{words[0].upper()}{words[1:]}."
        if isinstance(cause, aiohttp.ClientConnectorDNSError):
            return "unknown_host", sentence, "Check the spelling of the address."
        if isinstance(cause, aiohttp.ClientSSLError):
            return "unreachable", sentence, "Check whether it is http or https."
        return "unreachable", sentence, _start_hint(registered.kind)
    if failure.code == "endpoint_refused" and not registered.sealed_key:
        return "key_missing", f"{kind.label} wants an API key.", "Enter the key of your account."
    if failure.code == "endpoint_refused":
        return "key_refused", failure.message, "Check the API key: it may be mistyped, expired or of another account."
    if failure.code == "timed_out":
        return "timed_out", failure.message, "It may be busy loading a model; try again in a minute."
    return failure.code, failure.message, failure.hint


def _start_hint(kind: Kind) -> str:
    hints = {
        Kind.ENDPOINT_KIND_LM_STUDIO: "Start LM Studio, load a model and switch its server on (Developer → Status).",
        Kind.ENDPOINT_KIND_OLLAMA: "Start Ollama: `ollama serve`.",
        Kind.ENDPOINT_KIND_VLLM: "Start vLLM: `vllm serve <model>`.",
    }
    return hints.get(kind, "Check that it runs, and the port in the address.")
