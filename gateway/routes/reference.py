"""The API reference as a page, readable without the internet."""

from pathlib import Path

from starlette.responses import FileResponse

from gateway.routing import router
from gateway.web import SECURITY

routes = router("health")

_PAGE = Path(__file__).parent.parent / "reference.html"
# The page is one file, script and style included.
_CSP = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'"


@routes.get("/docs", include_in_schema=False)
@routes.get("/redoc", include_in_schema=False)
async def reference() -> FileResponse:
    """Reads `/openapi.json` and shows it."""
    return FileResponse(_PAGE, media_type="text/html", headers={**SECURITY, "Content-Security-Policy": _CSP})
