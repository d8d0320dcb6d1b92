"""Who is asking. Without tokens the gateway is in local mode: one owner, this machine only."""

import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problems import respond
from gateway.settings import GatewaySettings, is_loopback
from services.kit.failures import Failure

LOCAL_OWNER = "local"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# A browser cannot set headers on a WebSocket; the token travels as a subprotocol `bearer.<token>`.
_SUBPROTOCOL = "bearer."


@dataclass(frozen=True)
class Principal:
    """Whoever makes a request; everything is seen and made in the name of `owner_id`."""

    owner_id: str


class Authentication:
    """Finds the principal of every API request, or refuses it."""

    def __init__(self, app: ASGIApp, settings: GatewaySettings) -> None:
        """Wrap `app`."""
        self._app = app
        self._settings = settings
        self._tokens = [(token.get_secret_value().encode(), owner) for token, owner in settings.tokens.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry."""
        if scope["type"] not in ("http", "websocket") or not _is_api(scope["path"]):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            scope["principal"] = self._by_token(headers) if self._tokens else self._local(scope, headers)
        except Failure as failure:
            # Over WebSocket this is sent as the denial of the handshake.
            await _deny(scope, receive, send, failure)
            return
        await self._app(scope, receive, send)

    def _by_token(self, headers: Headers) -> Principal:
        given = _bearer(headers)
        owner = None
        # Every token is compared, in constant time each, so that timing tells nothing.
        for token, owner_id in self._tokens:
            if hmac.compare_digest(token, given):
                owner = owner_id
        if owner is None:
            message = "The bearer token is not valid." if given else "This server wants a bearer token."
            raise Failure(message, code="unauthorized", hint="Send it as `Authorization: Bearer <token>`.")
        return Principal(owner)

    def _local(self, scope: Scope, headers: Headers) -> Principal:
        # Pages of other sites reach loopback through the user's browser: by their own name resolving to it (DNS
        # rebinding), or by plain cross-site requests. Neither may act as the local owner.
        host = _host_name(headers.get("host", ""))
        if not (is_loopback(host) or host in self._settings.allowed_hosts):
            raise Failure(
                f"Local mode does not answer under the name {host!r}.",
                code="forbidden",
                hint="Open http://127.0.0.1, add the name to ATELIER_ALLOWED_HOSTS, or set ATELIER_TOKENS.",
            )
        origin = headers.get("origin")
        if origin is not None and (scope["type"] == "websocket" or scope["method"] not in _SAFE):
            name = (urlsplit(origin).hostname or "").lower()
            if not (is_loopback(name) or name == host):
                raise Failure(f"Requests from pages of {origin} are not taken.", code="forbidden")
        return Principal(LOCAL_OWNER)


def _is_api(path: str) -> bool:
    return path.startswith(("/api/", "/v1/")) or path in ("/api", "/v1")


def _bearer(headers: Headers) -> bytes:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip().encode()
    for protocol in headers.get("sec-websocket-protocol", "").split(","):
        if protocol.strip().startswith(_SUBPROTOCOL):
            return protocol.strip().removeprefix(_SUBPROTOCOL).encode()
    return b""


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


async def _deny(scope: Scope, receive: Receive, send: Send, failure: Failure) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": failure.message})
        return
    await respond(scope, failure)(scope, receive, send)


async def principal(connection: HTTPConnection) -> Principal:
    """The request's principal, for routes."""
    return connection.scope["principal"]
