"""Integers out of JSON, which knows only numbers."""

from __future__ import annotations

import pytest

from atelier.v1.diffusion_pb2 import TextToImageRequest
from services.kit.contract import contract
from services.kit.failures import BadInput


def test_a_number_without_a_fraction_is_an_integer() -> None:
    request = contract.parse(TextToImageRequest, {"prompt": "a", "steps": 20.0, "seed": 4e9})
    assert isinstance(request, TextToImageRequest)
    assert (request.steps, request.seed) == (20, 4_000_000_000)


@pytest.mark.parametrize("value", [20.5, True, "20", 2.0**60, -(2.0**63), float("inf"), float("nan")])
def test_anything_else_is_not(value: object) -> None:
    with pytest.raises(BadInput) as caught:
        contract.parse(TextToImageRequest, {"prompt": "a", "steps": value})
    assert [fault.field for fault in caught.value.fields] == ["steps"]
