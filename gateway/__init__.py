"""The HTTP face of Atelier: API, event streams, web UI and the catalog behind them."""

from importlib.metadata import PackageNotFoundError, version


def _version() -> str:
    try:
        return version("atelier")
    except PackageNotFoundError:
        # Run from a checkout that was not installed.
        return "0.1.0"


VERSION = _version()
