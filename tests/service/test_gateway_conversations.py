"""Conversations: streamed, kept whatever happens, branching, searchable."""

from typing import Any

import httpx

from tests.api import until
from tests.service.gateway_rig import Rig
from tests.sse import Heard, events


async def ask(client: httpx.AsyncClient, conversation: str, **body: Any) -> list[Heard]:
    async with client.stream("POST", f"/api/conversations/{conversation}/messages", json=body) as response:
        assert response.status_code == 200, await response.aread()
        return [event async for event in events(response)]


async def begin(client: httpx.AsyncClient, **body: Any) -> str:
    response = await client.post("/api/conversations", json=body)
    assert response.status_code == 201
    return response.json()["id"]


async def test_an_answer_streams_and_is_kept(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann, system_prompt="be kind")
    told = await ask(ann, conversation, content="hello my friend", temperature=0.5, max_tokens=9)
    assert [event.event for event in told] == ["user", "start", "delta", "delta", "delta", "done"]
    user, start, done = told[0].data, told[1].data, told[-1].data
    assert start["status"] == "streaming" and start["parent_id"] == user["id"] and start["id"] == done["id"]
    assert "".join(event.data["content"] for event in told if event.event == "delta") == done["content"]
    assert done["status"] == "complete" and done["content"] == "hello my friend" and done["model"] == "parrot"
    assert done["usage"]["completion_tokens"] == 3 and done["latency_ms"] > 0
    asked = rig.parrot.asked[-1]
    assert [m.role for m in asked.messages] == ["system", "user"] and asked.temperature == 0.5 and asked.max_tokens == 9

    kept = (await ann.get(f"/api/conversations/{conversation}")).json()
    assert kept["title"] == "hello my friend" and kept["message_count"] == 2
    assert kept["messages"] == [user, done]

    await ask(ann, conversation, content="and again")
    assert [m.role for m in rig.parrot.asked[-1].messages] == ["system", "user", "assistant", "user"]


async def test_regenerating_makes_a_sibling(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    first = await ask(ann, conversation, content="tell me")
    question = first[0].data["id"]
    again = await ask(ann, conversation, parent_id=question)
    assert again[0].event == "start" and again[-1].data["parent_id"] == question
    kept = (await ann.get(f"/api/conversations/{conversation}")).json()
    assert [m["parent_id"] for m in kept["messages"]] == [None, question, question]
    # The next question follows the sibling it names, and the model sees that branch only.
    await ask(ann, conversation, content="more", parent_id=first[-1].data["id"])
    assert len(rig.parrot.asked[-1].messages) == 3


async def test_stopping_keeps_what_was_written(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    path = f"/api/conversations/{conversation}/messages"
    deltas = 0
    async with ann.stream("POST", path, json={"content": "long"}) as response:
        async for event in events(response):
            deltas += event.event == "delta"
            if deltas == 3:
                break

    async def kept() -> Any:
        messages = (await ann.get(f"/api/conversations/{conversation}")).json()["messages"]
        return messages[-1] if messages[-1]["status"] != "streaming" else None

    message = await until(kept)
    assert message["status"] == "stopped" and message["content"].startswith(" 0 1 2")
    assert rig.parrot.ended.is_set()


async def test_a_failure_keeps_what_was_written_and_says_why(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    told = await ask(ann, conversation, content="break")
    assert told[-1].event == "error" and told[-1].data["status"] == 503 and told[-1].data["code"] == "unavailable"
    kept = (await ann.get(f"/api/conversations/{conversation}")).json()["messages"][-1]
    assert kept["status"] == "failed" and kept["content"] == "one"
    assert kept["error"]["message"] == "the engine went away"
    early = await ask(ann, conversation, content="down")
    assert [event.event for event in early] == ["user", "start", "error"]


async def test_conversations_are_listed_searched_changed_and_deleted(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    ids = [await begin(ann, title=f"needle {number}") for number in range(3)]
    talked = await begin(ann, title="other")
    await ask(ann, talked, content="a NEEDLE in 100% of the hay_stack")
    first = (await ann.get("/api/conversations", params={"q": "needle", "limit": 2})).json()
    rest = (await ann.get("/api/conversations", params={"q": "needle", "cursor": first["next_cursor"]})).json()
    assert [c["id"] for c in first["items"] + rest["items"]] == [talked, *ids[::-1]]
    assert (await ann.get("/api/conversations", params={"q": "100%"})).json()["items"][0]["id"] == talked
    assert (await ann.get("/api/conversations", params={"q": "haystack"})).json()["items"] == []
    assert (await bob.get("/api/conversations", params={"q": "needle"})).json()["items"] == []

    changed = await ann.patch(f"/api/conversations/{ids[0]}", json={"title": "renamed"})
    assert changed.json()["title"] == "renamed"
    assert (await ann.get("/api/conversations")).json()["items"][0]["id"] == ids[0]
    assert (await bob.patch(f"/api/conversations/{ids[0]}", json={"title": "x"})).status_code == 404
    assert (await ann.delete(f"/api/conversations/{talked}")).status_code == 204
    assert (await ann.get(f"/api/conversations/{talked}")).status_code == 404
    assert (await ann.delete(f"/api/conversations/{talked}")).status_code == 404


async def test_bad_questions_are_refused_before_anything_is_stored(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    path = f"/api/conversations/{conversation}/messages"
    for body, field in (
        ({}, "content"),
        ({"content": ""}, "content"),
        ({"content": "x", "temperature": 9}, "temperature"),
        ({"content": "x", "parent_id": "nothing"}, "parent_id"),
        ({"content": "a\x00b"}, "content"),
        ({"content": "x", "surprise": 1}, "surprise"),
    ):
        response = await ann.post(path, json=body)
        assert response.status_code == 422 and response.json()["errors"][0]["field"] == field, response.text
    assert (await ann.get(f"/api/conversations/{conversation}")).json()["message_count"] == 0
    assert (await ann.post("/api/conversations/nothing/messages", json={"content": "x"})).status_code == 404
