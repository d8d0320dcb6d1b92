"""The OpenAPI document: kept in step, an example for every body, every error declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from gateway.app import create_app
from gateway.settings import GatewaySettings
from infra.local.options import ROOT

KEPT = ROOT / "gateway" / "web" / "openapi.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(GatewaySettings.model_construct()).openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_kept_copy_is_fresh(document: dict[str, Any]) -> None:
    again = "python -m gateway.openapi > gateway/web/openapi.json, then npm run client in gateway/web"
    assert json.loads(KEPT.read_text()) == json.loads(json.dumps(document)), again


def test_every_body_has_an_example_that_fits(document: dict[str, Any]) -> None:
    bodies = 0
    for name, operation in operations(document):
        for content_type, content in operation.get("requestBody", {}).get("content", {}).items():
            bodies += 1
            assert content.get("example"), f"{name} {content_type}"
            schema = {**content["schema"], "components": document["components"]}
            jsonschema.Draft202012Validator(schema).validate(content["example"])
    assert bodies >= 8


def test_every_operation_is_described_and_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(names) == len(set(names))
    for name, operation in operations(document):
        assert operation["summary"] and operation["description"] and operation["tags"], name
        for parameter in operation.get("parameters", []):
            assert parameter.get("description") or parameter["schema"].get("description"), (name, parameter["name"])


def test_every_error_is_declared_in_its_shape(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        path, responses = name.split()[1], operation["responses"]
        if not path.startswith(("/api/", "/v1/")):
            continue
        wanted = {"401", "403", "500", "503"} | ({"404"} if "{" in path else set())
        if "requestBody" in operation:
            wanted |= {"400", "413", "415"}
        assert wanted <= responses.keys(), name
        shape = (
            ("application/json", "OpenAIError") if path.startswith("/v1/") else ("application/problem+json", "Problem")
        )
        for status, response in responses.items():
            if status >= "400":
                schema = response["content"][shape[0]]["schema"]
                assert schema == {"$ref": f"#/components/schemas/{shape[1]}"}, (name, status)
        assert responses["503"]["headers"]["Retry-After"]["required"]


def test_limits_are_described_as_json_schema_has_them(document: dict[str, Any]) -> None:
    fields = document["components"]["schemas"]["TextToImageRequest"]["properties"]
    assert (fields["steps"]["minimum"], fields["steps"]["maximum"], fields["steps"]["default"]) == (1, 150, 20)
    width = fields["width"]["anyOf"][0]
    assert (width["minimum"], width["maximum"], width["multipleOf"]) == (64, 4096, 8)
    assert set(fields["sampler"]["enum"]) >= {"euler", "dpmpp_2m"}
