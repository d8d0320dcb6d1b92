"""Answers that are kept: only what would be given again, only to whom it was given, and said to be so."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from services.kit.ids import new_ulid
from tests.api import until
from tests.service.gateway_rig import Rig, running


def question(words: str = "", **fields: Any) -> dict[str, Any]:
    """One that nobody has asked before."""
    content = words or f"hello {new_ulid()}"
    return {"messages": [{"role": "user", "content": content}], "temperature": 0, **fields}


async def ask(client: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> tuple[str, str, dict[str, Any]]:
    """The words of the answer, what is said of the cache, and the `atelier` object."""
    answer = await client.post("/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    if not body.get("stream"):
        told = answer.json()
        return told["choices"][0]["message"]["content"], answer.headers.get("x-atelier-cache", ""), told["atelier"]
    *lines, done = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert done == "[DONE]"
    chunks = [json.loads(line) for line in lines]
    said = "".join(choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"])
    return said, answer.headers.get("x-atelier-cache", ""), [c["atelier"] for c in chunks if "atelier" in c][-1]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize("fields", [{}, {"temperature": 0.9, "seed": 7}], ids=["temperature 0", "seed"])
async def test_what_is_asked_twice_is_answered_once(
    rig: Rig, ann: httpx.AsyncClient, stream: bool, fields: dict[str, Any]
) -> None:
    body = question(stream=stream, **fields)
    asked = len(rig.parrot.asked)
    said, cache, atelier = await ask(ann, body)
    assert (cache, atelier["latency_ms"], "cached" in atelier) == ("miss", 2, False)
    again, cache, atelier = await ask(ann, body)
    assert again == said == body["messages"][0]["content"] and cache == "hit"
    assert atelier["cached"] is True and atelier["latency_ms"] == 0 and atelier["endpoint"] == "test"
    assert len(rig.parrot.asked) == asked + 1


@pytest.mark.parametrize("fields", [{"temperature": 0.1}, {"temperature": None}], ids=["warm", "unsaid"])
async def test_what_is_left_to_chance_is_asked_again(rig: Rig, ann: httpx.AsyncClient, fields: dict[str, Any]) -> None:
    body, asked = question(**fields), len(rig.parrot.asked)
    assert [(await ask(ann, body))[1] for _ in range(2)] == ["", ""]
    assert len(rig.parrot.asked) == asked + 2


async def test_a_fresh_answer_can_be_asked_for_and_is_kept_in_its_turn(ann: httpx.AsyncClient) -> None:
    body = question()
    assert [(await ask(ann, body))[1] for _ in range(2)] == ["miss", "hit"]
    assert (await ask(ann, body, **{"cache-control": "no-cache"}))[1] == "miss"
    assert (await ask(ann, body))[1] == "hit"


async def test_another_owner_is_not_given_it(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    body = question()
    await ask(ann, body)
    assert (await ask(bob, body))[1] == "miss"


async def test_under_another_routing_it_is_asked_again(ann: httpx.AsyncClient) -> None:
    body = question()
    await ask(ann, body)
    await ann.put("/api/routing", json={"retries": 3})

    async def asked_again() -> bool:
        return (await ask(ann, body))[1] == "miss"

    try:
        await until(asked_again)
    finally:
        await ann.put("/api/routing", json={})


async def test_what_a_fallback_answered_is_not_kept(ann: httpx.AsyncClient) -> None:
    body = question(f"fallback {new_ulid()}")
    assert [(await ask(ann, body))[1] for _ in range(2)] == ["miss", "miss"]


async def test_what_broke_off_is_not_kept(rig: Rig, ann: httpx.AsyncClient) -> None:
    asked = len(rig.parrot.asked)
    for _ in range(2):
        answer = await ann.post("/v1/chat/completions", json=question("break", stream=True))
        assert "[DONE]" not in answer.text and "error" in answer.text
    assert len(rig.parrot.asked) == asked + 2


async def test_a_kept_answer_does_not_count_against_the_rate_limit_but_is_counted(rig: Rig) -> None:
    settings = rig.make(rate_limit_per_min=1, tokens={"t": f"owner-{new_ulid()}"})
    async with running(settings) as gateway, gateway.client("t") as client:
        body = question()
        assert [(await ask(client, body))[1] for _ in range(3)] == ["miss", "hit", "hit"]
        assert (await client.post("/v1/chat/completions", json=question())).status_code == 429

        async def counted() -> bool:
            (item, *_) = (await client.get("/api/usage")).json()["items"] or [{"cached": 0}]
            return item["cached"] == 2 and item["prompt_tokens"] == 0 and item["cost"] == 0

        await until(counted)


async def test_a_gateway_without_room_keeps_nothing(rig: Rig) -> None:
    async with running(rig.make(answer_cache_mb=0)) as gateway, gateway.client("token-of-ann") as ann:
        body = question()
        assert [(await ask(ann, body))[1] for _ in range(2)] == ["", ""]
