"""Beside plain conversations: several models at once, attachments, ratings, files to take away, prompt templates."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import httpx
import pytest
from google.protobuf import json_format
from PIL import Image

from atelier.v1.chat_pb2 import ChatMessage
from gateway.templates import fill, gaps
from services.kit.failures import BadInput
from services.kit.ids import new_ulid
from tests.api import until
from tests.service.gateway_rig import Rig, png
from tests.service.test_gateway_conversations import ask, begin
from tests.sse import Heard, events


async def compare(client: httpx.AsyncClient, **body: Any) -> list[Heard]:
    async with client.stream("POST", "/api/chat/compare", json=body) as response:
        assert response.status_code == 200, await response.aread()
        return [event async for event in events(response)]


async def upload(client: httpx.AsyncClient, name: str, content: bytes) -> str:
    answer = await client.post("/api/assets/upload", files={"files": (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.json()["items"][0]["id"]


def parts_of(message: ChatMessage) -> list[dict[str, Any]]:
    """The content parts of a question."""
    return [json_format.MessageToDict(part) for part in message.content.list_value.values]


# --- several models at once -------------------------------------------------------------------------------------------


async def test_one_question_is_answered_by_several_models_side_by_side(rig: Rig, ann: httpx.AsyncClient) -> None:
    told = await compare(ann, content="hello you", models=["red", "blue", ""], system_prompt="be kind")
    assert [event.event for event in told[:5]] == ["conversation", "user", "start", "start", "start"]
    conversation, question = told[0].data, told[1].data
    assert conversation["title"] == "hello you" and conversation["system_prompt"] == "be kind"
    ids = {event.data["id"]: event.data["model"] for event in told if event.event == "start"}
    assert sorted(ids.values()) == ["", "blue", "red"]
    for message_id, model in ids.items():
        said = "".join(e.data["content"] for e in told if e.event == "delta" and e.data["message_id"] == message_id)
        done = next(e.data for e in told if e.event == "done" and e.data["id"] == message_id)
        assert said == done["content"] == "hello you" and done["model"] == (model or "parrot")
        assert done["parent_id"] == question["id"] and done["answered_by"]["endpoint"] == "test"
        assert [attempt["outcome"] for attempt in done["answered_by"]["attempts"]] == ["answered"]
    kept = (await ann.get(f"/api/conversations/{conversation['id']}")).json()
    assert kept["message_count"] == 4 and {m["status"] for m in kept["messages"]} == {"complete"}
    assert [m.role for m in rig.parrot.asked[-1].messages] == ["system", "user"]


async def test_all_models_are_asked_before_the_first_has_answered(rig: Rig, ann: httpx.AsyncClient) -> None:
    before = len(rig.parrot.asked)
    body = {"content": "wait 0.5", "models": ["a", "b", "c", "d"]}
    async with ann.stream("POST", "/api/chat/compare", json=body) as response:
        first = await anext(event async for event in events(response) if event.event == "delta")
    assert first.data["content"] and len(rig.parrot.asked) == before + 4


async def test_what_one_model_cannot_answer_the_others_do(ann: httpx.AsyncClient, rig: Rig) -> None:
    conversation = await begin(ann)
    told = await compare(ann, content="break", models=["a", "b"], conversation_id=conversation)
    assert [event.event for event in told if event.event == "error"] == ["error", "error"]
    assert len({event.data["message_id"] for event in told if event.event == "error"}) == 2
    kept = (await ann.get(f"/api/conversations/{conversation}")).json()["messages"]
    assert [m["status"] for m in kept] == ["complete", "failed", "failed"]


async def test_stopping_a_comparison_stops_every_answer(ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    body = {"content": "long", "models": ["a", "b"], "conversation_id": conversation}
    async with ann.stream("POST", "/api/chat/compare", json=body) as response:
        async for event in events(response):
            if event.event == "delta":
                break

    async def stopped() -> bool:
        messages = (await ann.get(f"/api/conversations/{conversation}")).json()["messages"]
        return [m["status"] for m in messages] == ["complete", "stopped", "stopped"]

    await until(stopped)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"models": ["a"]}, "models"), ({"models": ["a"] * 2}, "models"), ({"models": list("abcde")}, "models")],
)
async def test_a_comparison_that_cannot_be_is_refused_by_name(
    ann: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    answer = await ann.post("/api/chat/compare", json={"content": "hi", "models": ["a", "b"], **change})
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
    answer = await ann.post(
        "/api/chat/compare", json={"content": "hi", "models": ["a", "b"], "conversation_id": new_ulid()}
    )
    assert answer.status_code == 404


# --- attachments ------------------------------------------------------------------------------------------------------


async def test_a_text_is_put_into_the_question_and_a_picture_beside_it(rig: Rig, ann: httpx.AsyncClient) -> None:
    conversation = await begin(ann)
    text, picture = await upload(ann, "notes.txt", b"buy apples"), await upload(ann, "red.png", png(200, 3000, 1500))
    told = await ask(ann, conversation, content="what is this", attachments=[text, picture])
    shown = told[0].data["attachments"]
    assert [(one["name"], one["kind"]) for one in shown] == [("notes.txt", "text"), ("red.png", "image")]
    image, said = parts_of(rig.parrot.asked[-1].messages[-1])
    assert said["text"] == "what is this\n\nnotes.txt:\n```\nbuy apples\n```"
    head, _, data = image["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as sent:
        assert sent.size == (1024, 512)
    # It stays part of what was said, also once the file is gone.
    await ann.delete(f"/api/assets/{text}")
    await ask(ann, conversation, content="and now")
    question = parts_of(rig.parrot.asked[-1].messages[0])[1]
    assert question["text"] == "what is this\n\n[The file notes.txt is no longer there.]"


async def test_what_cannot_be_attached_is_refused_by_name(
    rig: Rig, ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    conversation, path = await begin(ann), ""
    path = f"/api/conversations/{conversation}/messages"
    good = await upload(ann, "a.txt", b"a")
    for bad in (
        await upload(bob, "b.txt", b"b"),
        await upload(ann, "c.zip", b"PK\x03\x04rest"),
        await upload(ann, "long.txt", b"x" * 300_000),
        new_ulid(),
    ):
        answer = await ann.post(path, json={"content": "hi", "attachments": [good, bad]})
        assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "attachments.1"
    assert (await ann.get(f"/api/conversations/{conversation}")).json()["message_count"] == 0


# --- ratings and files ------------------------------------------------------------------------------------------------


async def test_answers_are_rated_and_taken_away_as_a_dataset(rig: Rig, ann: httpx.AsyncClient) -> None:
    before = (await ann.get("/api/chat/ratings")).json()
    conversation = await begin(ann, system_prompt="be kind")
    question, *_, answer = await ask(ann, conversation, content=f"hello {conversation}")
    path = f"/api/conversations/{conversation}/messages"
    assert (await ann.patch(f"{path}/{answer.data['id']}", json={"rating": 1})).json()["rating"] == 1
    counted = (await ann.get("/api/chat/ratings")).json()
    assert counted == {**before, "good": before["good"] + 1} and counted["needed"] > 0
    exported = await ann.get("/api/chat/ratings/export")
    line = next(line for line in map(json.loads, exported.text.splitlines()) if conversation in str(line))
    assert line == {
        "messages": [
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": f"hello {conversation}"},
            {"role": "assistant", "content": f"hello {conversation}"},
        ],
        "rating": 1,
        "model": "parrot",
    }
    assert (await ann.patch(f"{path}/{answer.data['id']}", json={"rating": None})).json()["rating"] is None
    assert (await ann.get("/api/chat/ratings")).json() == before
    assert (await ann.patch(f"{path}/{question.data['id']}", json={"rating": 1})).status_code == 409
    assert (await ann.patch(f"{path}/{new_ulid()}", json={"rating": 1})).status_code == 404
    assert (await ann.patch(f"{path}/{answer.data['id']}", json={"rating": 2})).status_code == 422
    nothing = (await ask(ann, conversation, content="down"))[1].data
    assert (await ann.patch(f"{path}/{nothing['id']}", json={"rating": 1})).status_code == 409


async def test_a_conversation_is_downloaded_to_read_or_whole(ann: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    conversation = await begin(ann, title="Äpfel & Birnen", system_prompt="be kind")
    first = await ask(ann, conversation, content="one")
    await ask(ann, conversation, content="two", parent_id=None)
    path = f"/api/conversations/{conversation}/export"
    newest = await ann.get(path)
    assert newest.headers["content-type"].startswith("text/markdown")
    assert "filename*=UTF-8''%C3%84pfel%20%26%20Birnen.md" in newest.headers["content-disposition"]
    assert newest.text == "# Äpfel & Birnen\n\n> be kind\n\n## You\n\ntwo\n\n## parrot\n\ntwo\n"
    branch = await ann.get(path, params={"leaf": first[-1].data["id"]})
    assert "one" in branch.text and "two" not in branch.text
    whole = (await ann.get(path, params={"format": "json"})).json()
    assert len(whole["messages"]) == 4 and whole["system_prompt"] == "be kind"
    assert (await ann.get(path, params={"leaf": new_ulid()})).status_code == 422
    assert (await bob.get(path)).status_code == 404


# --- prompt templates -------------------------------------------------------------------------------------------------


def test_gaps_are_found_and_filled_once() -> None:
    text = "Tell {{who}} about {{ topic | the sea }} and {{topic}}, not {{ 1 }} or { who }."
    assert gaps(text) == {"who": None, "topic": "the sea"}
    assert fill(text, {"who": "{{topic}}"}) == "Tell {{topic}} about the sea and the sea, not {{ 1 }} or { who }."
    assert fill(text, {"who": "me", "topic": ""}) == "Tell me about  and , not {{ 1 }} or { who }."
    with pytest.raises(BadInput) as fault:
        fill(text, {"whom": "me"})
    assert [one.field for one in fault.value.fields] == ["variables.who", "variables.whom"]


async def test_templates_are_kept_found_changed_filled_and_deleted(
    ann: httpx.AsyncClient, bob: httpx.AsyncClient
) -> None:
    name = f"Explain {new_ulid()}"
    body = {"name": name, "text": "Explain {{topic}} to a child of {{age|six}}.", "tags": ["learning"]}
    made = (await ann.post("/api/prompts", json=body)).json()
    assert made["variables"] == [{"name": "topic", "default": None}, {"name": "age", "default": "six"}]
    path = f"/api/prompts/{made['id']}"
    assert (await ann.get(path)).json() == made
    assert (await ann.get("/api/prompts", params={"q": name.lower()})).json()["items"] == [made]
    again = await ann.post("/api/prompts", json=body)
    assert again.status_code == 422 and again.json()["errors"][0]["field"] == "name"
    filled = (await ann.post(f"{path}/fill", json={"variables": {"topic": "rain"}})).json()
    assert filled["text"] == "Explain rain to a child of six."
    missing = await ann.post(f"{path}/fill", json={"variables": {}})
    assert missing.status_code == 422 and missing.json()["errors"][0]["field"] == "variables.topic"
    changed = (await ann.patch(path, json={"text": "Say {{word}}", "purpose": "system"})).json()
    assert [one["name"] for one in changed["variables"]] == ["word"] and changed["purpose"] == "system"
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await bob.request(method, path, json=body)).status_code == 404
    assert (await ann.delete(path)).status_code == 204
    assert (await ann.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": " ", "text": "a"}, "name"),
        ({"name": "a"}, "text"),
        ({"name": "a", "text": "a", "purpose": "x"}, "purpose"),
    ],
)
async def test_a_template_that_cannot_be_is_refused_by_name(
    ann: httpx.AsyncClient, body: dict[str, str], field: str
) -> None:
    answer = await ann.post("/api/prompts", json=body)
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == field
