"""Help with prompts: completion from what owners asked, at every copy; enhancement by rules and by a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from gateway.catalog import phrases
from gateway.catalog.models import now
from gateway.suggestions.completing import Completer
from gateway.suggestions.learning import Learner
from services.kit.ids import new_ulid
from tests.api import submit, until
from tests.service.gateway_rig import Rig, Running, running

AUTOCOMPLETE = "/api/suggestions/autocomplete"
LEARNED = "/api/suggestions/learned"
ENHANCE = "/api/suggestions/enhance"


@dataclass
class Writer:
    """Somebody new, at two copies of the gateway."""

    owner: str
    gateway: Running
    here: httpx.AsyncClient
    there: httpx.AsyncClient

    async def ask(self, *prompts: str, **fields: Any) -> None:
        """Ask for pictures, and wait until that is learned."""
        before = (await self.here.get(LEARNED)).json()["prompts"]
        for prompt in prompts:
            await submit(self.here, prompt, **fields)

        async def learned() -> bool:
            return (await self.here.get(LEARNED)).json()["prompts"] == before + len(prompts)

        await until(learned)


async def completed(client: httpx.AsyncClient, q: str, **query: Any) -> list[str]:
    answer = await client.get(AUTOCOMPLETE, params={"q": q, **query})
    return [item["text"] for item in answer.raise_for_status().json()["items"]]


async def soon(client: httpx.AsyncClient, q: str, *wanted: str) -> None:
    """Waits until these are completed first: what a copy knows is a moment old."""

    async def there() -> bool:
        return (await completed(client, q))[: len(wanted)] == list(wanted)

    await until(there)


@pytest.fixture
async def writer(rig: Rig) -> AsyncIterator[Writer]:
    owner = new_ulid()
    settings = rig.make(tokens={f"token-of-{owner}": owner})
    async with AsyncExitStack() as stack:
        gateways = [await stack.enter_async_context(running(settings)) for _ in range(2)]
        clients = [await stack.enter_async_context(one.client(f"token-of-{owner}")) for one in gateways]
        yield Writer(owner, gateways[0], *clients)


async def test_the_built_in_phrases_are_completed(ann: httpx.AsyncClient) -> None:
    answer = (await ann.get(AUTOCOMPLETE, params={"q": "a cat, Cinematic li"})).json()
    assert answer["fragment"] == "Cinematic li"
    assert answer["items"][0] == {
        "text": "cinematic lighting",
        "source": "built_in",
        "category": "lighting",
        "description": "Contrast as in a film.",
        "uses": 0,
        "errors": 0,
    }
    assert (await completed(ann, "a cat, cinmatic li"))[0] == "cinematic lighting"
    assert len(await completed(ann, "s", limit=3)) == 3
    # What the prompt says already is not offered again.
    assert "golden hour" not in await completed(ann, "golden hour, gol")
    for bad in ({}, {"q": "x" * 8001}, {"q": "x", "limit": 0}, {"q": "x", "limit": 51}):
        assert (await ann.get(AUTOCOMPLETE, params=bad)).status_code == 422


async def test_ones_own_prompts_teach_at_every_copy(writer: Writer) -> None:
    await writer.ask("a glass harbour, golden hour", "a glass harbour, (zebra crossing:1.2)")
    for client in (writer.here, writer.there):
        await soon(client, "a gla", "a glass harbour")
        # In spite of a typing error, and by a word in the middle.
        assert (await completed(client, "a galss harb"))[0] == "a glass harbour"
        assert "zebra crossing" in await completed(client, "crossi")
    item = (await writer.here.get(AUTOCOMPLETE, params={"q": "a gla"})).json()["items"][0]
    assert (item["source"], item["uses"], item["category"]) == ("yours", 2, None)
    # A phrase of the vocabulary that one uses is one's own, and keeps what is said of it.
    item = (await writer.here.get(AUTOCOMPLETE, params={"q": "golden"})).json()["items"][0]
    assert (item["source"], item["category"]) == ("yours", "lighting")


async def test_what_is_used_more_comes_first(writer: Writer) -> None:
    await writer.ask("quiet river", "quiet rivulet", "quiet rivulet")
    await soon(writer.there, "quiet ri", "quiet rivulet", "quiet river")
    await writer.ask("quiet river", "quiet river")
    await soon(writer.there, "quiet ri", "quiet river", "quiet rivulet")
    await soon(writer.there, "quiet river, ", "quiet rivulet")


async def test_nobody_is_told_what_others_asked(writer: Writer, ann: httpx.AsyncClient) -> None:
    await writer.ask("xylophone in a quarry")
    await soon(writer.here, "xylo", "xylophone in a quarry")
    assert await completed(ann, "xylo") == []


async def test_a_job_teaches_once(writer: Writer) -> None:
    key = {"Idempotency-Key": new_ulid()}
    body = {"prompt": "a marble staircase", "seed": 1}
    first, second = [
        (await writer.here.post("/api/generate/text-to-image", json=body, headers=key)).json() for _ in range(2)
    ]
    assert first["id"] == second["id"]
    await submit(writer.there, "a marble fountain")
    parts = writer.gateway.parts
    # Several copies that look at once, and one that looks again.
    learners = [Learner(parts.database) for _ in range(4)]
    await asyncio.gather(*(one.catch_up() for one in (*learners, *learners)))
    # The gateways' own learners may have been at it too, and are done once they have told.

    async def learned() -> bool:
        return (await writer.here.get(LEARNED)).json() == {"prompts": 2, "phrases": 2}

    await until(learned)
    async with parts.database.read() as session:
        known = await phrases.known(session, writer.owner, ["a marble staircase", "a marble fountain"])
    assert {name: uses for name, (uses, _) in known.items()} == {"a marble staircase": 1, "a marble fountain": 1}


async def test_many_prompts_at_once_are_all_counted(writer: Writer) -> None:
    await asyncio.gather(
        *(submit(writer.here if n % 2 else writer.there, f"tall order, number {n} x") for n in range(60))
    )

    async def learned() -> bool:
        return (await writer.here.get(LEARNED)).json() == {"prompts": 60, "phrases": 61}

    await until(learned)
    async with writer.gateway.parts.database.read() as session:
        assert (await phrases.known(session, writer.owner, ["tall order"]))["tall order"][0] == 60


async def test_the_words_of_a_preset_are_not_ones_own(writer: Writer) -> None:
    await writer.ask("a lonely kiosk", preset="Anime Style")
    await soon(writer.here, "a lone", "a lonely kiosk")
    assert await completed(writer.here, "anime ill") == []


async def test_what_was_learned_can_be_forgotten(writer: Writer) -> None:
    await writer.ask("velvet curtain", "velvet rope")
    await soon(writer.here, "velvet", "velvet rope", "velvet curtain")
    await soon(writer.there, "velvet", "velvet rope", "velvet curtain")
    assert (await writer.here.delete(LEARNED)).status_code == 204
    assert (await writer.here.get(LEARNED)).json() == {"prompts": 0, "phrases": 0}
    for client in (writer.here, writer.there):

        async def gone(client: httpx.AsyncClient = client) -> bool:
            return await completed(client, "velvet") == []

        await until(gone)
    await writer.ask("velvet glove")
    await soon(writer.there, "velvet", "velvet glove")


async def test_too_many_phrases_push_out_the_coldest(writer: Writer) -> None:
    database = writer.gateway.parts.database
    await writer.ask("cold start", "warm start", "warm start")
    learner, completer = Learner(database, most_phrases=20), Completer(database)
    try:
        assert [m.entry.text for m in await completer.complete(writer.owner, "", 5)] == ["warm start", "cold start"]
        async with database.write() as session:
            for n in range(19):
                lesson = phrases.Lesson(writer.owner, f"line {n} x", now())
                await learner.teach(session, writer.owner, [lesson])
        async with database.read() as session:
            book = await phrases.book(session, writer.owner)
        assert book is not None and book.phrases <= 20 and book.edition > 0

        async def dropped() -> bool:
            kept = [m.entry.text for m in await completer.complete(writer.owner, "", 50)]
            return "warm start" in kept and "cold start" not in kept and len(kept) == book.phrases

        await until(dropped)
    finally:
        await completer.stop()


async def test_phrases_of_many_owners_make_room_for_each_other(writer: Writer) -> None:
    database = writer.gateway.parts.database
    await writer.ask("one thing, another thing, third thing")
    completer = Completer(database, most_kept=3)
    try:
        for _ in range(2):
            for owner in (writer.owner, "nobody"):
                await completer.complete(owner, "thi", 5)
        # Read anew where it had to go.
        found = await completer.complete(writer.owner, "third th", 5)
        assert [m.entry.text for m in found] == ["third thing"]
    finally:
        await completer.stop()


async def test_categories_and_their_suggestions(ann: httpx.AsyncClient) -> None:
    categories = (await ann.get("/api/suggestions/categories")).json()
    assert len(categories) == 7 and sum(one["count"] for one in categories) >= 150
    for one in categories:
        items = (await ann.get(f"/api/suggestions/by-category/{one['name']}")).json()
        assert len(items) == one["count"] and all(item["description"] for item in items)
    missing = await ann.get("/api/suggestions/by-category/smells")
    assert missing.status_code == 404 and "lighting" in missing.json()["hint"]


async def test_random_prompts_come_again_with_their_seed(ann: httpx.AsyncClient) -> None:
    made = (await ann.get("/api/suggestions/random", params={"count": 5})).json()
    assert len({item["prompt"] for item in made["items"]}) == 5
    again = (await ann.get("/api/suggestions/random", params={"count": 3, "seed": made["seed"]})).json()
    assert again["items"] == made["items"][:3]


async def test_rules_enhance_a_prompt(ann: httpx.AsyncClient) -> None:
    made = (await ann.post(ENHANCE, json={"prompt": "a lighthouse"})).json()
    assert made["prompt"] == ", ".join(["a lighthouse", *made["added"]]) and len(made["added"]) >= 3
    again = (await ann.post(ENHANCE, json={"prompt": "a lighthouse", "seed": made["seed"]})).json()
    assert again == made and (made["by"], made["model_used"]) == ("rules", "")
    refused = await ann.post(ENHANCE, json={"prompt": " \n "})
    assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == "prompt"


async def test_a_model_enhances_a_prompt(rig: Rig, ann: httpx.AsyncClient) -> None:
    made = (await ann.post(ENHANCE, json={"prompt": "a fox, golden hour", "by": "model", "seed": 9})).json()
    # The parrot says what it was asked.
    assert made["prompt"] == "a fox, golden hour" and made["added"] == []
    assert (made["model_used"], made["endpoint"], made["seed"]) == ("parrot", "test", 9)
    asked = rig.parrot.asked[-1]
    assert "picture" in asked.messages[0].content.string_value and asked.seed == 9
    (await ann.post(ENHANCE, json={"prompt": "a fox", "by": "model", "kind": "video"})).raise_for_status()
    assert "video" in rig.parrot.asked[-1].messages[0].content.string_value


async def test_no_model_is_told_plainly(ann: httpx.AsyncClient) -> None:
    away = await ann.post(ENHANCE, json={"prompt": "down", "by": "model"})
    assert away.status_code == 503 and away.headers["retry-after"] == "3"
    assert away.json()["detail"] == "the engine is starting"
    useless = await ann.post(ENHANCE, json={"prompt": "Prompt:", "by": "model"})
    assert useless.status_code == 503 and "rules" in useless.json()["hint"]
