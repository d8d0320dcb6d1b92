"""What every answer has in common: errors, ids, limits, health, metrics, the web UI's place, who may ask."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from gateway.web import WebApp
from tests.api import submit, until
from tests.service.gateway_rig import Rig, running

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": "x" * 8001}, "prompt"),
        ({"prompt": "x", "steps": 0}, "steps"),
        ({"prompt": "x", "steps": "20"}, "steps"),
        ({"prompt": "x", "width": 65}, "width"),
        ({"prompt": "x", "height": 8192}, "height"),
        ({"prompt": "x", "sampler": "magic"}, "sampler"),
        ({"prompt": "x", "cfg_scale": 31}, "cfg_scale"),
        ({"prompt": "x", "seed": -2}, "seed"),
        ({"prompt": "x", "surprise": 1}, "surprise"),
        ({"prompt": "a\u0000b"}, "prompt"),
        ({"prompt": "x", "project_id": "a b"}, "project_id"),
    ],
)
async def test_bad_fields_are_named(rig: Rig, ann: httpx.AsyncClient, body: dict[str, object], field: str) -> None:
    response = await ann.post("/api/generate/text-to-image", json=body)
    assert response.status_code == 422 and response.headers["content-type"] == PROBLEM
    problem = response.json()
    assert problem["errors"][0]["field"] == field and problem["code"] == "bad_input"
    assert problem["instance"] == "/api/generate/text-to-image" and re.fullmatch("[0-9a-f]{32}", problem["trace_id"])


async def test_bad_bodies_are_refused_by_kind(rig: Rig, ann: httpx.AsyncClient) -> None:
    path, as_json = "/api/generate/text-to-image", {"Content-Type": "application/json"}
    for content, headers, status in (
        (b"{", as_json, 400),
        (b'{"prompt": NaN}', as_json, 400),
        (b'{"prompt": "\\ud800"}', as_json, 400),
        (b"[" * 100_000, as_json, 400),
        (b"[]", as_json, 422),
        (b"null", as_json, 422),
        (b"", as_json, 422),
        (b'{"prompt":"x"}', {"Content-Type": "text/plain"}, 415),
        (b'{"prompt":"x"}', {}, 415),
        (b'{"prompt":"' + b"x" * 1_200_000 + b'"}', as_json, 413),
        (b'{"prompt":"' + b"x" * 1_000_000 + b'"}', as_json, 422),
    ):
        response = await ann.post(path, content=content, headers=headers)
        assert response.status_code == status, (content[:30], headers, response.text[:300])
        assert response.headers["content-type"] == PROBLEM and response.json()["status"] == status

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    chunked = await ann.post(path, content=endless(), headers=as_json)
    assert chunked.status_code == 413


async def test_what_is_no_request_of_ours_ends_in_a_problem_too(rig: Rig) -> None:
    port = int(rig.gateway.url.rsplit(":", 1)[1])
    get, end = b"GET /api/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"\r\n\r\n"
    head = get + b"Authorization: Bearer token-of-ann\r\nX-Long: "
    for raw, status in (
        (b"garbage" + end, 400),
        (b"GET /" + b"x" * 100_000 + b" HTTP/1.1" + end, 400),
        (get + b"Content-Length: -1" + end, 400),
        (head + b"x" * 60_000 + end, 200),
        (head + b"x" * 70_000 + end, 431),
        # Never complete, and refused long before it could be.
        (head + b"x" * 5_000_000, 431),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            writer.write(raw)
            await writer.drain()
        async with asyncio.timeout(5):
            answer = (await reader.read(4096)).decode()
        writer.close()
        assert answer.startswith(f"HTTP/1.1 {status} "), (raw[:60], answer)
        assert status == 200 or "content-type: application/problem+json" in answer.lower()


async def test_unknown_addresses_and_methods(rig: Rig, ann: httpx.AsyncClient) -> None:
    for path in ("/api/nothing", "/api/jobs/nothing", "/api/jobs/%00", "/api/assets/nothing/content", "/api"):
        response = await ann.get(path)
        assert response.status_code == 404 and response.headers["content-type"] == PROBLEM, path
    wrong = await ann.put("/api/jobs")
    assert wrong.status_code == 405 and wrong.headers["allow"] == "GET" and wrong.headers["content-type"] == PROBLEM
    both = await ann.post("/api/jobs/01K9ZC1Q5V8M3T7R2N4B6D0XYA")
    assert both.status_code == 405 and both.headers["allow"] == "GET, PATCH"
    assert (await ann.put("/api/generate/text-to-image")).headers["allow"] == "POST"
    nul = await ann.get("/api/jobs?kind=%00")
    assert nul.status_code == 422 and nul.json()["errors"][0]["field"] == "kind"
    assert (await ann.post("/nothing")).status_code == 404


async def test_requests_carry_their_ids(rig: Rig, ann: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"X-Request-Id": "mine-1", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    response = await ann.post("/api/generate/text-to-image", json={"prompt": "x"}, headers=headers)
    assert response.headers["x-request-id"] == "mine-1" and response.json()["trace_id"] == trace
    problem = await ann.get("/api/jobs/nothing", headers=headers)
    assert problem.json()["trace_id"] == trace
    other = await ann.get("/health", headers={"X-Request-Id": "bad id"})
    assert re.fullmatch("[0-9A-Z]{26}", other.headers["x-request-id"])


async def test_only_who_has_a_token_may_ask(rig: Rig) -> None:
    async with rig.gateway.client() as stranger:
        for response in (
            await stranger.get("/api/jobs"),
            await stranger.get("/api/jobs", headers={"Authorization": "Bearer wrong"}),
            await stranger.get("/api/nothing"),
        ):
            assert response.status_code == 401 and response.headers["www-authenticate"] == "Bearer"
            assert response.json()["code"] == "unauthorized"
        assert (await stranger.get("/health")).status_code == 200


async def test_local_mode_has_one_owner_and_no_foreign_pages(rig: Rig) -> None:
    async with running(rig.make(tokens={})) as gateway, gateway.client() as client:
        assert (await client.get("/api/jobs")).status_code == 200
        assert (await submit(client))["owner_id"] == "local"
        rebound = await client.get("/api/jobs", headers={"Host": "evil.example"})
        assert rebound.status_code == 403 and rebound.json()["code"] == "forbidden"
        job = "/api/jobs/01K9ZC1Q5V8M3T7R2N4B6D0XYA/cancel"
        for origin, status in (("https://evil.example", 403), ("null", 403), ("http://localhost:5173", 404)):
            assert (await client.post(job, headers={"Origin": origin})).status_code == status


async def test_health_readiness_and_metrics(rig: Rig, ann: httpx.AsyncClient) -> None:
    health = (await ann.get("/health")).json()
    assert health["status"] == "ok" and health["app"] == "Atelier"
    assert (await ann.get("/livez")).text == "ok\n"
    ready = await ann.get("/readyz")
    assert ready.status_code == 200 and {name: c["ok"] for name, c in ready.json()["checks"].items()} == {
        "bus": True,
        "catalog": True,
        "objects": True,
    }
    await ann.get("/api/jobs/nothing")
    metrics = (await ann.get("/metrics")).text
    line = 'atelier_gateway_requests_total{method="GET",route="/api/jobs/{job_id}",status="404"}'
    assert line in metrics and "atelier_gateway_response_start_seconds_bucket" in metrics


async def test_services_and_options_are_shown(rig: Rig, ann: httpx.AsyncClient) -> None:
    services = (await ann.get("/api/monitoring/services")).json()["items"]
    assert {(s["name"], s["state"]) for s in services} >= {("chat", "ready"), ("diffusion", "ready")}
    options = (await ann.get("/api/generate/options")).json()
    assert options["available"] and options["models"][0]["name"] == "painter"
    assert options["samplers"] == [
        {"name": "euler", "label": "Euler"},
        {"name": "dpmpp_2m", "label": "DPM-Solver++ 2M"},
    ]
    assert options["sizes"][0] == {"label": "Square", "width": 64, "height": 64}
    assert options["formats"] == ["png", "jpeg", "webp"]
    assert options["limits"]["width"] | {"description": ""} == {
        "type": "integer",
        "required": False,
        "minimum": 64,
        "maximum": 4096,
        "multiple_of": 8,
        "max_length": None,
        "default": None,
        "choices": None,
        "unit": "px",
        "description": "",
    }
    assert options["limits"]["steps"]["default"] == 20
    modes = {mode["name"]: mode for mode in options["modes"]}
    assert modes["text-to-image"]["fields"] == options["limits"]
    assert modes["inpaint"]["kind"] == "diffusion.inpaint" and modes["inpaint"]["fields"]["mask"]["required"]
    assert {"name": "stretch", "label": "Stretch to the size"} in modes["image-to-image"]["fields"]["fit"]["choices"]


async def test_the_document_and_its_reader_are_served(rig: Rig, ann: httpx.AsyncClient) -> None:
    document = (await ann.get("/openapi.json")).json()
    assert document["info"]["title"] == "Atelier"
    for path in ("/docs", "/redoc"):
        page = await ann.get(path)
        assert page.status_code == 200 and "/openapi.json" in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]


async def test_the_web_ui_answers_every_page_address(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html>studio")
    (tmp_path / "assets" / "main-4f2a.js").write_text("1")
    (tmp_path.parent / "secret.txt").write_text("no")
    app = httpx.ASGITransport(WebApp(tmp_path))
    async with httpx.AsyncClient(transport=app, base_url="http://127.0.0.1") as client:
        for path in ("/", "/jobs", "/chat/01K9ZC"):
            page = await client.get(path)
            assert page.text.endswith("studio") and page.headers["cache-control"] == "no-cache"
            assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        script = await client.get("/assets/main-4f2a.js")
        assert "immutable" in script.headers["cache-control"]
    assert WebApp(tmp_path / "nowhere").respond("/").status_code == 503


async def test_a_bus_that_is_away_is_said_at_once_and_found_again(rig: Rig, ann: httpx.AsyncClient) -> None:
    rig.bus_server.process.kill()

    async def status(path: str) -> int:
        return (await ann.get(path)).status_code

    try:

        async def unready() -> bool:
            return await status("/readyz") == 503

        await until(unready, 10)
        checks = (await ann.get("/readyz")).json()["checks"]
        assert not checks["bus"]["ok"] and checks["catalog"]["ok"]
        refused = await ann.post("/api/generate/text-to-image", json={"prompt": "x"})
        assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
        assert await status("/livez") == 200 and await status("/api/jobs") == 200
        chat = await ann.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "x"}]})
        assert chat.status_code in (503, 504) and "error" in chat.json()
    finally:
        await asyncio.to_thread(rig.bus_server.process.start)

    async def is_ready() -> bool:
        return await status("/readyz") == 200

    await until(is_ready)
    chat = await ann.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "x"}]})
    assert chat.status_code == 200
