"""Code and usage on the whole stack, with the real starter model."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any

import httpx
import openai

from tests.api import PATIENCE_S, until
from tests.stack import Stack

MODEL = "smollm2-135m-instruct"
HELLO = {
    "project_name": "Hello",
    "description": "Print the word hello.",
    "framework": "python",
    "target_type": "script",
    "max_tokens": 120,
    "temperature": 0,
}


async def test_the_starter_model_writes_a_script_and_changes_it(stack: Stack, studio: httpx.AsyncClient) -> None:
    await asyncio.to_thread(stack.wait_chat)
    answer = await studio.post("/api/code/generate", json=HELLO, timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made["status"] == "complete" and made["model_used"] == MODEL and made["endpoint"] == "Built in"
    assert made["latency_ms"] > 0 and [one["outcome"] for one in made["attempts"]] == ["answered"]
    first = made["files"][0]
    assert (first["path"], first["language"], first["checked"]) == ("main.py", "python", True)
    assert "print" in first["content"] and "hello" in first["content"].lower()
    path = f"/api/code/{made['id']}"
    with zipfile.ZipFile(io.BytesIO((await studio.get(f"{path}/download")).content)) as archive:
        assert archive.read("main.py").decode() == first["content"]
    change = {"instruction": "Print it in capitals.", "max_tokens": 120, "temperature": 0}
    changed = (await studio.post(f"{path}/refine", json=change, timeout=PATIENCE_S)).json()
    # A model this small may answer with words alone; that is said then, and nothing is lost.
    assert changed["version"] == 2 and changed["status"] in ("complete", "unusable")
    assert changed["files"][0]["path"] == "main.py" and changed["raw"]
    assert (await studio.get(path, params={"version": 1})).json()["files"] == made["files"]


async def used(studio: httpx.AsyncClient) -> tuple[int, int, int]:
    """Requests and tokens of the starter model, once nothing more comes in."""

    async def now() -> tuple[int, int, int]:
        items: list[dict[str, Any]] = (await studio.get("/api/usage")).json()["items"]
        ours = [item for item in items if item["model"] == MODEL]
        names = ("requests", "prompt_tokens", "completion_tokens")
        requests, read, written = (sum(item[name] for item in ours) for name in names)
        return requests, read, written

    async def settled() -> tuple[int, int, int] | None:
        before = await now()
        await asyncio.sleep(1.0)
        return before if await now() == before else None

    return await until(settled)


async def test_a_streamed_answer_is_counted_to_the_token(stack: Stack, studio: httpx.AsyncClient) -> None:
    await asyncio.to_thread(stack.wait_chat)
    before = await used(studio)
    async with openai.AsyncOpenAI(base_url=f"{stack.url}/v1", api_key="none", max_retries=0) as sdk:
        stream = await sdk.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Count to five."}],
            max_tokens=16,
            stream=True,
            stream_options={"include_usage": True},
        )
        usage = [chunk.usage async for chunk in stream][-1]
    assert usage is not None
    wanted = (before[0] + 1, before[1] + usage.prompt_tokens, before[2] + usage.completion_tokens)

    async def counted() -> bool:
        return await used(studio) == wanted

    await until(counted)
    embedded = (await studio.get("/api/endpoints/embedded")).json()
    assert embedded["session_count"] >= wanted[0] and embedded["last_used_at"] and embedded["mean_latency_ms"] > 0
