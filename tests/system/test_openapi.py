"""Every operation of the OpenAPI document, with what it allows and what it forbids, on the running stack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from infra.local.options import ROOT
from tests.api import PATIENCE_S
from tests.stack import Stack

EXAMPLES = 12
SLOW_OR_LARGE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
DOCUMENT = ROOT / "gateway" / "web" / "openapi.json"
# What is valid but would take long, made small: the largest value sent, by field.
SMALL = {
    "steps": 2,
    "duration_s": 3,
    "fps": 4,
    "width": 64,
    "height": 64,
    "count": 1,
    "n": 1,
    "max_tokens": 4,
    "max_completion_tokens": 4,
}
# What belongs to something that no random request names.
UNATTACHED = ("preset_variables",)
# Without a limit a model writes as much as its context holds.
MADE_SHORT = ("/v1/chat/completions", "/v1/completions", "/api/chat/compare", "/api/code/generate")
CHECKED_FURTHER = (
    "/v1/",
    "/api/chat/compare",
    "/api/assets",
    "/api/boards",
    "/api/code",
    "/api/datasets",
    "/api/endpoints",
    "/api/generate/grid",
    "/api/generate/image-to-image",
    "/api/generate/image-to-video",
    "/api/generate/inpaint",
    "/api/generate/upscale",
    "/api/presets",
    "/api/models",
    "/api/prompts",
    "/api/routing",
    "/api/suggestions/enhance",
    "/api/usage",
)

# `/api/events` never ends; what it refuses is in test_bad_input.
schema: Any = schemathesis.openapi.from_path(str(DOCUMENT)).exclude(operation_id="all_events")
# A text that is longer than its limit may make a body that is longer than any may be.
refusals = schema.config.checks.negative_data_rejection
refusals.expected_statuses = [*refusals.expected_statuses, "413"]


@pytest.fixture(scope="module")
def address(stack: Stack) -> Iterator[str]:
    """The stack with a language model that answers: one that still loads answers 503, as it should."""
    stack.wait_chat()
    yield stack.url
    # What was registered at random would answer the tests that follow.
    with httpx.Client(base_url=stack.url, trust_env=False) as client:
        for endpoint in client.get("/api/endpoints").json()["items"][1:]:
            client.delete(f"/api/endpoints/{endpoint['id']}").raise_for_status()
        client.put("/api/routing", json={}).raise_for_status()


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=SLOW_OR_LARGE)
def test_the_document_is_true(case: Any, address: str) -> None:
    if isinstance(case.body, dict):
        make_short(case.body, case.path)
        if case.meta.generation.mode is GenerationMode.POSITIVE:
            make_small(case.body)
    excluded = [positive_data_acceptance] if may_be_refused(case) else []
    case.call_and_validate(base_url=address, timeout=PATIENCE_S, excluded_checks=excluded)


def make_short(body: dict[str, Any], path: str) -> None:
    if path in MADE_SHORT and body.get("max_tokens") is None:
        body["max_tokens"] = SMALL["max_tokens"]


def make_small(body: dict[str, Any]) -> None:
    for name, most in SMALL.items():
        if isinstance(body.get(name), int | float) and body[name] > most:
            body[name] = most
    for name in UNATTACHED:
        body.pop(name, None)


def may_be_refused(case: Any) -> bool:
    """Of some things a schema cannot say which are right: cursors, keys that were used for another request, what a
    model takes, what a framework is for, names that are taken, what files are, what belongs to which action, addresses
    of endpoints and what refers to them, whether enough answers are rated for a dataset; and NUL is never taken."""
    known_elsewhere = "cursor" in (case.query or {}) or "Idempotency-Key" in (case.headers or {})
    return known_elsewhere or case.path.startswith(CHECKED_FURTHER) or "\0" in str(case.body)
