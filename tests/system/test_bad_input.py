"""What clients get wrong, on the running stack: a problem that names the field, in OpenAI's shape under `/v1`."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import openai
import pytest

from tests.api import PATIENCE_S, ended, submit
from tests.stack import Stack

GENERATE = "/api/generate/text-to-image"
CHAT = "/v1/chat/completions"
JSON = {"Content-Type": "application/json"}
MEGABYTE = "x" * 1024**2
NO_JOB = "/api/jobs/01K9ZC1Q5V8M3T7R2N4B6D0XYA"


def problem(response: httpx.Response, status: int, field: str | None = None) -> dict[str, Any]:
    """The problem of a response, checked for what every problem has."""
    assert response.status_code == status, (response.status_code, response.text[:500])
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status and body["title"] and body["detail"] and len(body["trace_id"]) == 32
    assert body["instance"] == response.request.url.path
    assert len(response.content) < 20_000
    if field is not None:
        assert field in [error["field"] for error in body["errors"]], body
        assert field in body["detail"]
    return body


def openai_error(response: httpx.Response, status: int, param: str | None = None) -> dict[str, Any]:
    """The error of a response under `/v1`."""
    assert response.status_code == status, (response.status_code, response.text[:500])
    error = response.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"} and error["message"] and error["param"] == param
    return error


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"prompt": 7}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": MEGABYTE}, "prompt"),
        ({"negative_prompt": MEGABYTE}, "negative_prompt"),
        ({"width": "64"}, "width"),
        ({"width": 63}, "width"),
        ({"width": 65}, "width"),
        ({"height": 4104}, "height"),
        ({"height": -64}, "height"),
        ({"height": 64.5}, "height"),
        ({"steps": 0}, "steps"),
        ({"steps": 151}, "steps"),
        ({"steps": 1e300}, "steps"),
        ({"steps": True}, "steps"),
        ({"cfg_scale": 30.5}, "cfg_scale"),
        ({"seed": -2}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"count": 17}, "count"),
        ({"sampler": "wizard"}, "sampler"),
        ({"format": "bmp"}, "format"),
        ({"colour": "red"}, "colour"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:40],
)
async def test_a_field_at_fault_is_named(
    stack: Stack, studio: httpx.AsyncClient, fields: dict[str, Any], field: str
) -> None:
    body = {"prompt": "a red apple", **fields}
    problem(await studio.post(GENERATE, json=body), 413 if len(str(body)) > 1.05 * 1024**2 else 422, field)


async def test_several_faults_are_all_named(stack: Stack, studio: httpx.AsyncClient) -> None:
    answer = await studio.post(GENERATE, json={"prompt": "", "steps": 0, "width": 1})
    fields = [error["field"] for error in problem(answer, 422, "steps")["errors"]]
    assert sorted(fields) == ["prompt", "steps", "width"]


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"prompt": "a', JSON, 400),
        (b"{'prompt': 'a'}", JSON, 400),
        (b'{"prompt": "\xff"}', JSON, 400),
        (b"[" * 50_000, JSON, 400),
        (b'{"prompt": "a", "steps": NaN}', JSON, 400),
        (b'["a"]', JSON, 422),
        (b'"a"', JSON, 422),
        (b"", JSON, 422),
        (b'{"prompt": "a"}', {"Content-Type": "text/plain"}, 415),
        (b"prompt=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b'{"prompt": "' + b"x" * 3 * 1024**2 + b'"}', JSON, 413),
    ],
    ids=lambda value: repr(value)[:40],
)
async def test_a_body_that_is_no_json_object_is_refused(
    stack: Stack, studio: httpx.AsyncClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    problem(await studio.post(GENERATE, content=content, headers=headers), status)


async def test_a_model_that_is_not_there_is_refused_by_name(stack: Stack, studio: httpx.AsyncClient) -> None:
    answer = await studio.post(GENERATE, json={"prompt": "a red apple", "model": "no-such-model"})
    told = problem(answer, 404, "model")
    assert told["code"] == "model_not_found"
    assert "no-such-model" in told["detail"] and "starter" in told["detail"]
    assert (await submit(studio, model="starter", steps=1))["params"]["model"] == "starter"


async def test_a_size_that_the_model_cannot_make_fails_the_job(stack: Stack, studio: httpx.AsyncClient) -> None:
    job = await ended(studio, (await submit(studio, width=4096, height=4096))["id"], PATIENCE_S)
    assert job["status"] == "failed" and job["error"]["code"] and "4096" in job["error"]["message"]


async def test_what_is_not_there_is_not_found(stack: Stack, studio: httpx.AsyncClient) -> None:
    for path in (NO_JOB, f"{NO_JOB}/events", "/api/jobs/x", "/api/assets/x", "/api/conversations/x", "/api/nothing"):
        problem(await studio.get(path), 404)
    for action in ("cancel", "pause", "resume", "retry"):
        problem(await studio.post(f"{NO_JOB}/{action}"), 404)
    problem(await studio.patch(NO_JOB, json={"priority": 1}), 404)
    problem(await studio.get("/api/jobs/" + "x" * 5000), 404)


async def test_a_method_that_is_not_there_is_not_allowed(stack: Stack, studio: httpx.AsyncClient) -> None:
    for method, path, allowed in (
        ("DELETE", "/api/jobs", "GET"),
        ("PUT", NO_JOB, "GET, PATCH"),
        ("PUT", GENERATE, "POST"),
        ("GET", f"{NO_JOB}/cancel", "POST"),
        ("PATCH", "/api/generate/options", "GET"),
    ):
        answer = await studio.request(method, path)
        problem(answer, 405)
        assert answer.headers["allow"] == allowed
    wrong = await studio.get(CHAT)
    openai_error(wrong, 405)
    assert wrong.headers["allow"] == "POST"


async def test_bad_queries_and_headers_are_named(stack: Stack, studio: httpx.AsyncClient) -> None:
    for path, field in (
        ("/api/jobs?limit=0", "limit"),
        ("/api/jobs?limit=201", "limit"),
        ("/api/jobs?limit=many", "limit"),
        ("/api/jobs?status=odd", "status.0"),
        ("/api/jobs?cursor=nonsense", "cursor"),
        ("/api/assets?cursor=W10", "cursor"),
        ("/api/conversations?cursor=" + "x" * 501, "cursor"),
        ("/api/jobs?kind=%00", "kind"),
        ("/api/events?after=-1", "after"),
    ):
        problem(await studio.get(path), 422, field)
    for path, header, value in (
        ("/api/events", "Last-Event-ID", "yesterday"),
        ("/api/events", "Last-Event-ID", str(2**70)),
        (f"{NO_JOB}/events", "Last-Event-ID", "-1"),
    ):
        problem(await studio.get(path, headers={header: value}), 422, header)
    for key in ("x" * 256, "a b"):
        problem(await studio.post(GENERATE, json={"prompt": "a"}, headers={"Idempotency-Key": key}), 422)
    problem(await studio.get("/api/jobs", headers={"X-Long": "x" * 70_000}), 431)


async def test_bad_uploads_are_refused(stack: Stack, studio: httpx.AsyncClient) -> None:
    problem(await studio.post("/api/assets/upload", json={}), 415)
    problem(await studio.post("/api/assets/upload", files={"other": b"x"}), 422, "files")
    broken = {"files": ("a.png", b"\x89PNG\r\n\x1a\nbroken", "image/png")}
    problem(await studio.post("/api/assets/upload", files=broken), 422)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "king", "content": "hello"}]}, "messages.0.role"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"n": 17}, "n"),
        ({"stream": "yes"}, "stream"),
    ],
    ids=lambda value: value if isinstance(value, str) else str(value)[:40],
)
async def test_under_v1_a_field_at_fault_is_named_as_openai_does(
    stack: Stack, studio: httpx.AsyncClient, fields: dict[str, Any], param: str
) -> None:
    body = {"model": "any", "messages": [{"role": "user", "content": "hello"}], **fields}
    error = openai_error(await studio.post(CHAT, json=body), 400, param)
    assert error["type"] == "invalid_request_error"


async def test_under_v1_bad_bodies_and_addresses_have_openais_shape(stack: Stack, studio: httpx.AsyncClient) -> None:
    openai_error(await studio.post(CHAT, content=b"{", headers=JSON), 400)
    openai_error(await studio.post(CHAT, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    huge = b'{"messages":"' + b"x" * 3 * 1024**2 + b'"}'
    openai_error(await studio.post(CHAT, content=huge, headers=JSON), 413)
    openai_error(await studio.get("/v1/nothing"), 404)
    openai_error(await studio.post("/v1/embeddings", json={"model": "x"}), 400, "input")


async def test_a_language_model_that_is_not_there_is_said_so(stack: Stack, studio: httpx.AsyncClient) -> None:
    await asyncio.to_thread(stack.wait_chat)
    sdk = openai.AsyncOpenAI(base_url=f"{stack.url}/v1", api_key="none", max_retries=0)
    with pytest.raises(openai.NotFoundError, match="no-such-model"):
        await sdk.chat.completions.create(model="no-such-model", messages=[{"role": "user", "content": "hello"}])
    await sdk.close()
