"""`/v1` with the official SDK as the judge, over a chat service that really answers on the bus."""

import asyncio

import httpx
import openai
import pytest
from google.protobuf.json_format import MessageToDict
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from tests.api import until
from tests.service.gateway_rig import Rig


@pytest.fixture
def sdk(rig: Rig) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{rig.gateway.url}/v1", api_key="token-of-ann", max_retries=0)


def said(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


async def test_a_whole_answer(rig: Rig, sdk: openai.AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(model="parrot", messages=said("hello my friend"))
    assert answer.choices[0].message.content == "hello my friend"
    assert answer.usage is not None and answer.usage.completion_tokens == 3


async def test_a_streamed_answer_with_usage(rig: Rig, sdk: openai.AsyncOpenAI) -> None:
    stream = await sdk.chat.completions.create(
        model="parrot",
        messages=said("hello my friend"),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "hello my friend"
    assert chunks[-1].usage is not None and chunks[-1].usage.total_tokens == 8


async def test_a_stream_is_framed_as_openai_frames_it(rig: Rig, ann: httpx.AsyncClient) -> None:
    body = {"messages": said("a b"), "stream": True}
    response = await ann.post("/v1/chat/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    frames = response.text.split("\n\n")
    assert frames[-1] == "" and frames[-2] == "data: [DONE]"
    assert all(frame.startswith("data: {") for frame in frames[:-2])


async def test_every_field_reaches_the_service(rig: Rig, sdk: openai.AsyncOpenAI) -> None:
    tool: ChatCompletionToolParam = {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {}}},
    }
    await sdk.chat.completions.create(
        model="parrot",
        messages=[
            {"role": "system", "content": "be brief"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "1", "content": "42"},
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
        ],
        temperature=0,
        seed=7,
        stop=["x", "y"],
        tools=[tool],
        tool_choice="auto",
        response_format={"type": "json_object"},
        logit_bias={"50": -100},
        extra_body={"top_k": 40, "repetition_penalty": 1.1},
    )
    assert rig.parrot.asked[-1].HasField("temperature")
    asked = MessageToDict(rig.parrot.asked[-1], preserving_proto_field_name=True)
    assert asked["temperature"] == 0 and asked["seed"] == "7" and asked["stop"] == ["x", "y"]
    assert asked["tools"] == [tool] and asked["tool_choice"] == "auto"
    assert asked["response_format"] == {"type": "json_object"}
    assert asked["extra"] == {"top_k": 40, "repetition_penalty": 1.1, "logit_bias": {"50": -100}}
    assert asked["messages"][1]["tool_calls"][0]["id"] == "1" and asked["messages"][2]["tool_call_id"] == "1"
    assert asked["messages"][3]["content"] == [{"type": "text", "text": "hi"}]


async def test_completions_embeddings_and_models(rig: Rig, sdk: openai.AsyncOpenAI) -> None:
    text = await sdk.completions.create(model="parrot", prompt="once upon")
    assert text.choices[0].text == "once upon"
    stream = await sdk.completions.create(model="parrot", prompt="once upon", stream=True)
    assert "".join([chunk.choices[0].text async for chunk in stream]) == "once upon"
    vectors = await sdk.embeddings.create(model="parrot", input=["a", "bcd"], encoding_format="float")
    assert [v.embedding for v in vectors.data] == [[1.0, 1.0], [3.0, 1.0]]
    models = [model async for model in sdk.models.list()]
    assert [model.id for model in models] == ["parrot"]
    assert (await sdk.models.retrieve("parrot")).id == "parrot"
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve("no/such")


@pytest.mark.parametrize("stream", [False, True])
async def test_errors_before_the_first_byte_are_http_errors(rig: Rig, sdk: openai.AsyncOpenAI, stream: bool) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await sdk.chat.completions.create(model="parrot", messages=said("full"), stream=stream)  # type: ignore[call-overload]
    assert caught.value.status_code == 503 and caught.value.response.headers["retry-after"] == "7"
    assert caught.value.body == {
        "message": "all slots are taken",
        "type": "server_error",
        "param": None,
        "code": "overloaded",
    }


async def test_an_error_after_the_first_byte_is_a_last_frame(rig: Rig, sdk: openai.AsyncOpenAI) -> None:
    got = ""
    with pytest.raises(openai.APIError, match="the engine went away"):
        async for chunk in await sdk.chat.completions.create(
            model="parrot",
            messages=said("break"),
            stream=True,
        ):
            got += chunk.choices[0].delta.content or ""
    assert got == "one"


async def test_bad_requests_are_told_with_the_field(rig: Rig, sdk: openai.AsyncOpenAI, ann: httpx.AsyncClient) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await sdk.chat.completions.create(model="parrot", messages=said("x"), temperature=3)
    assert caught.value.param == "temperature" and caught.value.type == "invalid_request_error"
    for body, param in (({}, "messages"), ({"messages": []}, "messages"), ({"messages": "x"}, "messages")):
        response = await ann.post("/v1/chat/completions", json=body)
        assert response.status_code == 400 and response.json()["error"]["param"] == param
    assert (await ann.post("/v1/chat/completions", content=b"{")).status_code == 415
    malformed = await ann.post("/v1/chat/completions", content=b"{", headers={"Content-Type": "application/json"})
    assert malformed.status_code == 400 and malformed.json()["error"]["code"] == "malformed"
    unknown = await ann.get("/v1/nothing")
    assert unknown.status_code == 404 and "error" in unknown.json()
    wrong = await ann.get("/v1/chat/completions")
    assert wrong.status_code == 405 and wrong.headers["allow"] == "POST" and "error" in wrong.json()


async def test_without_a_token_the_sdk_hears_so(rig: Rig) -> None:
    stranger = openai.AsyncOpenAI(base_url=f"{rig.gateway.url}/v1", api_key="wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        await stranger.models.list()


@pytest.mark.parametrize("text", ["long", "wait 30"])
async def test_a_client_that_goes_away_ends_the_work(rig: Rig, ann: httpx.AsyncClient, text: str) -> None:
    body = {"messages": said(text), "stream": True}
    before = len(rig.parrot.asked)

    async def ask() -> None:
        async with ann.stream("POST", "/v1/chat/completions", json=body) as response:
            async for _ in response.aiter_bytes():
                pass

    asking = asyncio.create_task(ask())

    async def began() -> bool:
        return len(rig.parrot.asked) > before

    await until(began)
    await asyncio.sleep(0.2)
    assert not rig.parrot.ended.is_set()
    asking.cancel()
    async with asyncio.timeout(3):
        await rig.parrot.ended.wait()
