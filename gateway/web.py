"""The web UI: its built files, and the one page all of its addresses lead to."""

import asyncio
import html
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import Receive, Scope, Send

DIST = Path(__file__).parent / "web" / "dist"

# Everything comes from here; pictures also from data and blob URLs (previews), styles also inline (components do that).
CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY = {
    "Content-Security-Policy": CSP,
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
# Built files under this folder carry a hash of their content in their name.
_HASHED = "assets"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
# What lives under these never is a page, so an unknown address there is an error rather than the UI.
_NOT_PAGES = ("/api", "/v1", "/health", "/livez", "/readyz", "/metrics", "/openapi.json")


class WebApp:
    """Answers every address no route answers."""

    def __init__(self, dist: Path = DIST) -> None:
        """`dist`: folder of the built UI."""
        self._dist = dist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry, as the router's last resort."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
            return
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD") or any(path == p or path.startswith(p + "/") for p in _NOT_PAGES):
            raise HTTPException(404)
        response = await asyncio.to_thread(self.respond, path)
        await response(scope, receive, send)

    def respond(self, path: str) -> Response:
        """The answer for a path; raises `HTTPException` for a file that is not there."""
        file = self._file(path)
        if file is not None:
            hashed = file.relative_to(self._dist).parts[0] == _HASHED
            return FileResponse(file, headers={**SECURITY, "Cache-Control": _FOREVER if hashed else _ASK_FIRST})
        if "." in path.rsplit("/", 1)[-1]:
            raise HTTPException(404)
        index = self._dist / "index.html"
        if index.is_file():
            return FileResponse(index, headers={**SECURITY, "Cache-Control": _ASK_FIRST})
        return HTMLResponse(_not_built(), 503, {**SECURITY, "Cache-Control": "no-store"})

    def _file(self, path: str) -> Path | None:
        if "\0" in path:
            return None
        root = self._dist.resolve()
        file = (root / path.lstrip("/")).resolve()
        return self._dist / file.relative_to(root) if file.is_relative_to(root) and file.is_file() else None


def _not_built() -> str:
    title = html.escape("Atelier: the web UI is not built yet")
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.6 system-ui;max-width:40rem;margin:15vh auto;padding:0 1rem}}
code{{background:#8882;padding:.1em .3em}}</style>
<h1>The web UI is not built yet</h1>
<p>The gateway runs and its API answers. <code>make run</code> builds the UI and starts everything;
to build it alone, run <code>npm ci &amp;&amp; npm run build</code> in <code>gateway/web</code>, then reload.</p>
<p>The API is described at <a href="/docs">/docs</a>.</p></html>"""
