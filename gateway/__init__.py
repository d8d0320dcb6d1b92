"""The HTTP face of Atelier: API, event streams, web UI and the catalog behind them."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("atelier")
except PackageNotFoundError:
    # Run from a checkout that was not installed.
    VERSION = "0.1.0"
