"""Code through the gateway: streamed or whole, every version kept, changed, compared and taken away."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import pytest

from services.kit.ids import new_ulid
from tests.api import until
from tests.service.gateway_rig import Rig
from tests.sse import Heard, events

TWO = "### a.py\n```python\nx = 1\n```\n### lib/b.py\n```python\ny = (\n```\n"
STREAM = {"accept": "text/event-stream"}


def asked(description: str = TWO, **fields: Any) -> dict[str, Any]:
    known = {"project_name": "Numbers", "framework": "python", "target_type": "script"}
    return {**known, "description": description, **fields}


async def write(client: httpx.AsyncClient, description: str = TWO) -> dict[str, Any]:
    answer = await client.post("/api/code/generate", json=asked(description))
    assert answer.status_code == 200, answer.text
    return answer.json()


async def heard(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> list[Heard]:
    async with client.stream("POST", path, json=body, headers=STREAM) as response:
        assert response.status_code == 200, await response.aread()
        return [event async for event in events(response)]


async def test_files_are_written_checked_and_kept(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    made = await write(ann)
    first, second = made["files"]
    assert (first["path"], first["content"], first["language"]) == ("a.py", "x = 1\n", "python")
    assert first["checked"] and first["complete"] and first["changed"] and first["faults"] == []
    assert second["path"] == "lib/b.py" and second["faults"][0]["line"] == 1
    assert made["model_used"] == "parrot" and made["endpoint"] == "test" and made["latency_ms"] > 0
    assert [attempt["outcome"] for attempt in made["attempts"]] == ["answered"]
    assert (made["version"], made["status"]) == (1, "complete") and made["raw"] == TWO
    path = f"/api/code/{made['id']}"
    assert (await ann.get(path)).json() == made
    listed = (await ann.get("/api/code", params={"q": "lib/b.py"})).json()["items"]
    assert made["id"] in {one["id"] for one in listed}
    for method, end, body in (
        ("GET", "", None),
        ("DELETE", "", None),
        ("POST", "/refine", {}),
        ("GET", "/download", None),
    ):
        assert (await bob.request(method, path + end, json=body)).status_code == 404
    assert (await ann.delete(path)).status_code == 204 and (await ann.get(path)).status_code == 404


async def test_files_stream_while_they_are_written(ann: httpx.AsyncClient) -> None:
    told = await heard(ann, "/api/code/generate", asked())
    assert [event.event for event in told] == [
        "project", "file", "delta", "file_end", "file", "delta", "file_end", "done"
    ]  # fmt: skip
    assert told[1].data == {"index": 0, "path": "a.py", "language": "python"}
    assert told[2].data == {"index": 0, "text": "x = 1\n"} and told[3].data["complete"] is True
    assert told[-1].data == (await ann.get(f"/api/code/{told[0].data['id']}")).json()


async def test_a_change_makes_a_version_beside_the_others(ann: httpx.AsyncClient) -> None:
    made = await write(ann)
    path = f"/api/code/{made['id']}"
    instruction = "### lib/b.py\n```python\ny = 2\n```\n### c.py\n```python\nz = 3\n```\n"
    changed = (await ann.post(f"{path}/refine", json={"instruction": instruction})).json()
    assert [(file["path"], file["changed"]) for file in changed["files"]] == [
        ("a.py", False), ("lib/b.py", True), ("c.py", True)
    ]  # fmt: skip
    assert changed["version"] == 2 and [one["number"] for one in changed["versions"]] == [1, 2]
    assert (await ann.get(path, params={"version": 1})).json()["files"] == made["files"]
    assert (await ann.get(path, params={"version": 3})).status_code == 404
    diff = (await ann.get(f"{path}/diff", params={"since": 1})).json()["items"]
    assert [(one["path"], one["change"]) for one in diff] == [("c.py", "added"), ("lib/b.py", "changed")]
    assert "-y = (\n+y = 2\n" in diff[1]["diff"]
    begun = (await ann.get(f"{path}/diff", params={"since": 0, "until": 1})).json()["items"]
    assert {one["change"] for one in begun} == {"added"}
    # Anew: from the description, with nothing of what was there.
    anew = (await ann.post(f"{path}/refine", json={})).json()
    assert [file["path"] for file in anew["files"]] == ["a.py", "lib/b.py"] and anew["version"] == 3
    # From an earlier one.
    from_first = (await ann.post(f"{path}/refine", json={"instruction": instruction, "version": 1})).json()
    assert len(from_first["files"]) == 3 and from_first["version"] == 4
    zipped = await ann.get(f"{path}/download", params={"version": 2})
    with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
        assert archive.namelist() == ["a.py", "c.py", "lib/b.py"] and archive.read("c.py") == b"z = 3\n"
    assert zipped.content == (await ann.get(f"{path}/download", params={"version": 2})).content


async def test_an_answer_without_files_is_kept_and_said_to_be_unusable(ann: httpx.AsyncClient) -> None:
    made = await write(ann, "I cannot write code.")
    assert made["status"] == "unusable" and made["files"] == [] and made["reason"]
    assert made["raw"] == "I cannot write code." and made["model_used"] == "parrot"


async def test_going_away_stops_the_model_and_keeps_what_was_written(rig: Rig, ann: httpx.AsyncClient) -> None:
    body = asked("### a.py\n```python\nx = 1\nwait\nmore\n```")
    async with ann.stream("POST", "/api/code/generate", json=body, headers=STREAM) as response:
        told = events(response)
        project = (await anext(told)).data["id"]
        async for event in told:
            if event.event == "delta":
                break

    async def stopped() -> dict[str, Any] | None:
        shown = (await ann.get(f"/api/code/{project}")).json()
        return shown if shown["status"] == "stopped" else None

    shown = await until(stopped)
    assert rig.parrot.ended.is_set()
    assert shown["files"][0]["content"].startswith("x = 1") and shown["files"][0]["complete"] is False


async def test_a_client_that_does_not_stream_stops_it_too(rig: Rig, ann: httpx.AsyncClient) -> None:
    name = new_ulid()
    with pytest.raises(httpx.ReadTimeout):
        await ann.post("/api/code/generate", json=asked("wait\n", project_name=name), timeout=1)
    await until(lambda: _is_set(rig))
    (one,) = (await ann.get("/api/code", params={"q": name})).json()["items"]

    async def stopped() -> bool:
        return (await ann.get(f"/api/code/{one['id']}")).json()["status"] == "stopped"

    await until(stopped)


async def _is_set(rig: Rig) -> bool:
    return rig.parrot.ended.is_set()


async def test_a_failure_is_told_and_kept(ann: httpx.AsyncClient) -> None:
    answer = await ann.post("/api/code/generate", json=asked("down"))
    assert answer.status_code == 503 and answer.json()["detail"] == "the engine is starting"
    told = await heard(ann, "/api/code/generate", asked("down"))
    assert [event.event for event in told] == ["project", "error"] and told[-1].data["status"] == 503
    shown = (await ann.get(f"/api/code/{told[0].data['id']}")).json()
    assert shown["status"] == "failed" and shown["error"]["message"] == "the engine is starting"
    assert told[-1].data["retry_after_s"] >= 1 and shown["error"]["retry_at"] > shown["created_at"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"project_name": ""}, "project_name"),
        ({"framework": "cobol"}, "framework"),
        ({"target_type": "poem"}, "target_type"),
        ({"framework": "react", "target_type": "api"}, "target_type"),
        ({"description": "x" * 20_001}, "description"),
    ],
)
async def test_what_cannot_be_written_is_refused_by_name(
    ann: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    before = (await ann.get("/api/code")).json()["items"]
    answer = await ann.post("/api/code/generate", json=asked(**change))
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
    assert (await ann.get("/api/code")).json()["items"] == before


async def test_the_options_say_what_each_framework_is_for(ann: httpx.AsyncClient) -> None:
    options = {one["name"]: one for one in (await ann.get("/api/code/options")).json()["items"]}
    assert len(options) == 9 and options["react"]["targets"] == ["component", "page"]
