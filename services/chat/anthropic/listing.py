"""What every request to Anthropic carries, and its list of models."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from atelier.v1.endpoints_pb2 import EndpointModel

# The longest page there is; without a limit there are 20. Anthropic offers a few dozen models.
MODELS_PATH = "models?limit=1000"
# Of the API, not of a model: https://platform.claude.com/docs/en/api/versioning. The next one, 2026-10-21, takes
# temperature and top_p for no model at all; this one leaves it to the model.
_VERSION = "2023-06-01"


def headers(key: str) -> Mapping[str, str]:
    """For an API key; "" = none."""
    return {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})


def read_models(data: Any) -> list[EndpointModel]:
    """The parsed list; raises KeyError, TypeError or ValueError for what is none."""
    return [_model(entry) for entry in data["data"]]


def _model(entry: Mapping[str, Any]) -> EndpointModel:
    told = entry.get("created_at")
    created = datetime.fromisoformat(told) if isinstance(told, str) else None
    return EndpointModel(
        id=str(entry["id"]),
        context_length=int(entry.get("max_input_tokens") or 0),
        # Where the day is not known it says the epoch.
        created=int(created.timestamp()) if created is not None else 0,
    )
