"""An owner's own endpoints: looked at, routed to, fallen back from and returned to, on a real bus."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from atelier.v1.chat_pb2 import (
    ChatCompletionRequest,
    ChatMessage,
    CompletionRequest,
    EmbeddingRequest,
    ListModelsRequest,
    StreamOptions,
    UsageRecord,
)
from atelier.v1.common_pb2 import Event
from atelier.v1.endpoints_pb2 import (
    BenchmarkEndpointRequest,
    BenchmarkResult,
    DiscoverEndpointsRequest,
    Endpoint,
    EndpointHealth,
    OwnerEndpoints,
    Routing,
    TaskRule,
)
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from atelier.v1.endpoints_pb2 import TestEndpointRequest as Question
from services.chat.accumulate import Accumulator
from services.kit import subjects
from services.kit.bucket import BucketWatch
from services.kit.bus import Bus
from services.kit.call import CallClient
from services.kit.failures import Failure
from services.kit.ids import new_ulid
from services.kit.journal import Journal, is_terminal
from services.kit.secrets import SecretBox
from services.kit.settings import Settings
from tests.api import until
from tests.service.chat_site import KIND, answering, chatting, hello
from tests.service.stand_ins import KEY, Fault, StandIn, standing_in
from tests.unit.chat_rig import serving

LOOK_S = 0.2


def reply_of(chunks: list[dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """The words of an answer, streamed or whole, and its `atelier` object."""
    last = chunks[-1]
    if last["object"] == "chat.completion":
        return last["choices"][0]["message"]["content"].strip(), last["atelier"]
    said = [choice["delta"].get("content") or "" for chunk in chunks for choice in chunk["choices"]]
    return "".join(said).strip(), [chunk["atelier"] for chunk in chunks if "atelier" in chunk][-1]


@dataclass
class House:
    """A chat service, a local and a cloud endpoint of one owner, and what the bus says of their health."""

    bus: Bus
    calls: CallClient
    secrets: SecretBox
    owner: str
    local: StandIn
    cloud: StandIn
    ids: dict[str, str]
    health: dict[str, EndpointHealth]

    async def ask(self, *, model: str = "", stream: bool = True, **fields: Any) -> tuple[str, dict[str, Any]]:
        return reply_of(await self.chunks(model=model, stream=stream, **fields))

    async def chunks(self, *, model: str = "", stream: bool = True, **fields: Any) -> list[dict[str, Any]]:
        """OpenAI's objects, in order."""
        request = ChatCompletionRequest(model=model, messages=[ChatMessage(role="user")], stream=stream, **fields)
        request.messages[0].content.string_value = "hi"
        answers = self.calls.stream(KIND, request, owner=self.owner)
        return [json.loads(part) async for chunk in answers for part in chunk.json]

    async def route(self, **routing: Any) -> None:
        """Register both endpoints, the local one active and the cloud as its fallback unless told otherwise."""
        given = {"active": self.ids["local"], "fallback": [self.ids["cloud"]], "retries": 1, "cool_down_s": 30}
        given |= {"local_first_token_s": 0.4, "cloud_first_token_s": 0.6, **routing}
        endpoints = [
            self.local.registered(self.ids["local"], name="Local"),
            self.cloud.registered(self.ids["cloud"], name="Cloud", sealed_key=self.secrets.seal(KEY)),
        ]
        told = OwnerEndpoints(endpoints=endpoints, routing=Routing(**given))
        bucket = await self.bus.jetstream.key_value(subjects.ENDPOINTS_BUCKET)
        await bucket.put(self.owner, told.SerializeToString())
        await self.until_status(Status.ENDPOINT_STATUS_HEALTHY, "local", "cloud")

    async def until_status(self, status: int, *which: str) -> None:
        async def so() -> bool:
            return all(self.ids[one] in self.health and self.health[self.ids[one]].status == status for one in which)

        await until(so)


@pytest.fixture
async def house(kit_settings: Settings) -> AsyncIterator[House]:
    async with opened(kit_settings) as found:
        await found.route()
        yield found


@asynccontextmanager
async def opened(kit: Settings, cloud: StandIn | None = None) -> AsyncIterator[House]:
    local = StandIn("lm_studio", ["gemma-2b"], "from the local model")
    cloud = cloud or StandIn("gemini", ["gemini-flash"], "from the cloud")
    health: dict[str, EndpointHealth] = {}

    def on_health(endpoint_id: str, told: EndpointHealth | None) -> None:
        health[endpoint_id] = told or EndpointHealth()

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(standing_in(local, cloud))
        embedded = await stack.enter_async_context(serving(answering(hello)))
        await stack.enter_async_context(chatting(kit, embedded.url, chat_health_every_s=LOOK_S))
        bus = await Bus.connect(kit, "test-house")
        stack.push_async_callback(bus.close)
        watch = BucketWatch(bus, subjects.HEALTH_BUCKET, EndpointHealth, on_health)
        await watch.start()
        stack.push_async_callback(watch.stop)
        ids = {"local": new_ulid(), "cloud": new_ulid()}
        owner = f"owner-{new_ulid()}"
        yield House(bus, CallClient(bus), SecretBox.of(kit), owner, local, cloud, ids, health)
        bucket = await bus.jetstream.key_value(subjects.ENDPOINTS_BUCKET)
        await bucket.purge(owner)


async def test_the_active_endpoint_answers_and_says_so(house: House) -> None:
    said, atelier = await house.ask()
    assert said == "from the local model"
    assert (atelier["endpoint"], atelier["model"]) == ("Local", "gemma-2b")
    assert [(one["endpoint"], one["outcome"]) for one in atelier["attempts"]] == [("Local", "answered")]


async def test_one_that_nobody_has_looked_at_yet_is_asked_for_its_first_model(house: House) -> None:
    async with standing_in(fresh := StandIn("lm_studio", ["llama3", "other"], "from the new one")):
        endpoint = fresh.registered("unseen", name="New")
        told = OwnerEndpoints(endpoints=[endpoint], routing=Routing(active="unseen"))
        bucket = await house.bus.jetstream.key_value(subjects.ENDPOINTS_BUCKET)
        await bucket.put(house.owner, told.SerializeToString())

        async def answered() -> bool:
            said, atelier = await house.ask()
            assert not said.startswith("from the new") or (atelier["model"], atelier["endpoint"]) == ("llama3", "New")
            return said == "from the new one"

        await until(answered)


async def test_a_request_may_name_an_endpoint_or_a_model(house: House) -> None:
    assert (await house.ask(model="Cloud"))[0] == "from the cloud"
    assert (await house.ask(model="gemini-flash"))[1]["endpoint"] == "Cloud"
    # The one Atelier runs itself, here the server its operator named.
    assert (await house.ask(model="m"))[0] == "hello you"
    with pytest.raises(Failure, match="gemma-2b") as unknown:
        await house.ask(model="gryphon")
    assert unknown.value.code == "model_not_found"


async def test_a_rule_sends_a_kind_of_request_elsewhere(house: House) -> None:
    await house.route(task_rules=[TaskRule(task="tools", endpoint_id=house.ids["cloud"])])
    tool = {"type": "function", "function": {"name": "now"}}
    assert (await house.ask(tools=[tool]))[1]["endpoint"] == "Cloud"
    assert (await house.ask())[1]["endpoint"] == "Local"


async def test_another_owner_sees_none_of_it(house: House) -> None:
    models = await house.calls.unary("chat.list_models", ListModelsRequest(), owner=house.owner)
    assert {model.id for model in models.models} == {"m", "gemma-2b", "gemini-flash"}
    models = await house.calls.unary("chat.list_models", ListModelsRequest(), owner="someone-else")
    assert {model.id for model in models.models} == {"m"}


BEFORE_THE_FIRST_TOKEN: list[tuple[Fault, str]] = [
    ("refuse", "unreachable"),
    ("hang", "timed_out"),
    ("hang_after_headers", "timed_out"),
    ("keep_alive_only", "timed_out"),
    ("500", "unavailable"),
    ("429", "overloaded"),
    ("garbage", "unavailable"),
]


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("fault", "outcome"), BEFORE_THE_FIRST_TOKEN)
async def test_what_fails_before_its_first_token_is_followed_by_the_next(
    house: House, fault: Fault, outcome: str, stream: bool
) -> None:
    house.local.fault = fault
    if fault == "refuse":
        await house.local.stop()
    said, atelier = await house.ask(stream=stream)
    assert said == "from the cloud" and atelier["endpoint"] == "Cloud" and atelier["model"] == "gemini-flash"
    *failed, answered = atelier["attempts"]
    # A look may have found it gone before the request did.
    assert {one["endpoint"] for one in failed} == {"Local"} and failed[-1]["outcome"] in (outcome, "offline")
    assert failed[-1]["message"] and (answered["endpoint"], answered["outcome"]) == ("Cloud", "answered")
    # The next request does not try it again.
    said, atelier = await house.ask(stream=stream)
    assert said == "from the cloud"
    assert [one["outcome"] for one in atelier["attempts"]] in (["cooling_down", "answered"], ["offline", "answered"])


async def test_after_recovery_the_local_endpoint_answers_again(house: House) -> None:
    await house.local.stop()
    assert (await house.ask())[0] == "from the cloud"
    await house.until_status(Status.ENDPOINT_STATUS_OFFLINE, "local")
    models = await house.calls.unary("chat.list_models", ListModelsRequest(), owner=house.owner)
    # The last good list stays.
    assert ("gemma-2b", "down") in {(model.id, model.status) for model in models.models}
    await house.local.start()

    async def back() -> bool:
        return (await house.ask())[0] == "from the local model"

    await until(back)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_an_answer_that_breaks_off_is_not_gone_on_with_by_another(house: House, stream: bool) -> None:
    house.local.fault = "die"
    with pytest.raises(Failure, match="broke off") as broken:
        await house.ask(stream=stream)
    assert broken.value.retryable
    assert (await house.ask(stream=stream))[0] == "from the cloud"


async def test_slow_tokens_are_no_fault(house: House) -> None:
    house.local.fault = "slow"
    house.local.words = "one word after the other and none of them in a hurry"
    assert (await house.ask())[0] == house.local.words


async def test_when_all_fail_every_attempt_is_told_with_its_reason(house: House) -> None:
    house.local.fault, house.cloud.fault = "500", "429"
    with pytest.raises(Failure) as told:
        await house.ask()
    assert told.value.code == "all_failed" and told.value.retryable
    assert "Local: Local failed: CUDA error" in told.value.message
    assert "Cloud: Cloud is at its capacity: quota exceeded" in told.value.message
    asked = [(attempt.endpoint, attempt.outcome) for attempt in told.value.attempts]
    assert asked == [("Local", "unavailable"), ("Local", "unavailable"), ("Cloud", "overloaded")]
    assert told.value.retry_after_s == 2


async def used(house: House) -> UsageRecord:
    """What the newest answer used."""

    async def told() -> UsageRecord | None:
        data = await house.bus.last(subjects.USAGE, subjects.usage(house.owner))
        return UsageRecord.FromString(data) if data else None

    return await until(told)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_what_an_answer_used_is_written_down(house: House, stream: bool) -> None:
    await house.ask(stream=stream)
    told = await used(house)
    assert (told.owner_id, told.endpoint_id, told.endpoint) == (house.owner, house.ids["local"], "Local")
    assert (told.model, told.task, told.outcome, told.local) == ("gemma-2b", "chat", "complete", True)
    assert (told.prompt_tokens, told.completion_tokens, told.estimated) == (3, 4, False)
    assert 0 < told.first_token_ms <= told.latency_ms and told.id and told.HasField("time")


async def test_an_answer_of_the_fallback_is_written_to_the_fallback(house: House) -> None:
    house.local.fault = "500"
    await house.ask()
    told = await used(house)
    assert (told.endpoint, told.model, told.local) == ("Cloud", "gemini-flash", False)


async def test_what_an_endpoint_does_not_say_is_estimated(house: House) -> None:
    house.local.tells_usage = False
    await house.ask()
    told = await used(house)
    assert told.estimated and told.outcome == "complete" and told.prompt_tokens > 0
    assert 4 <= told.completion_tokens <= 6


async def test_an_answer_that_was_stopped_or_broke_off_used_something_too(house: House) -> None:
    house.local.fault, house.local.words = "slow", "one two three four five six seven eight nine ten"
    request = ChatCompletionRequest(messages=[ChatMessage(role="user")], stream=True)
    async with aclosing(house.calls.stream(KIND, request, owner=house.owner)) as answers:
        await anext(answers)
    told = await used(house)
    assert told.outcome == "stopped" and told.estimated and 0 < told.completion_tokens < 10
    house.local.fault = "die"
    with pytest.raises(Failure):
        await house.ask()

    async def broke_off() -> bool:
        return (await used(house)).outcome == "failed"

    await until(broke_off)


async def test_looking_costs_no_tokens_and_one_dead_endpoint_holds_nobody_up(house: House) -> None:
    house.local.list_fault = True
    await house.until_status(Status.ENDPOINT_STATUS_OFFLINE, "local")
    found = house.health[house.ids["local"]]
    assert "out of order" in found.detail and [model.id for model in found.models] == ["gemma-2b"]
    cloud = house.health[house.ids["cloud"]]
    assert cloud.status == Status.ENDPOINT_STATUS_HEALTHY and cloud.latency_ms > 0 and cloud.history
    assert not any(path.endswith("completions") for path in house.local.asked + house.cloud.asked)
    house.local.list_fault = False
    await house.until_status(Status.ENDPOINT_STATUS_HEALTHY, "local")


async def test_copies_of_the_service_share_one_look(house: House, kit_settings: Settings) -> None:
    async with serving(answering(hello)) as other, chatting(kit_settings, other.url, chat_health_every_s=LOOK_S):
        before, history = house.cloud.looks, len(house.health[house.ids["cloud"]].history)

        async def looked() -> bool:
            return len(house.health[house.ids["cloud"]].history) >= history + 8

        await until(looked)
        seen = len(house.health[house.ids["cloud"]].history) - history
        # Each look was told; none was made twice. One may be under way.
        assert house.cloud.looks - before - seen in (0, 1)


# --- how quick is it? ------------------------------------------------------------------------------------------------


async def ended(house: House, endpoint_id: str, **fields: Any) -> Event:
    """The last event of a benchmark."""
    request = BenchmarkEndpointRequest(endpoint_id=endpoint_id, tokens=8, **fields)
    job_id = new_ulid()
    headers = {subjects.MSG_ID: f"{job_id}:1"}
    subject = subjects.job("chat.benchmark_endpoint", "default", 0, 0, house.owner)
    await house.bus.store(subject, request.SerializeToString(), headers=headers)

    async def over() -> Event | None:
        last = await Journal(house.bus).last(job_id)
        return last if last is not None and is_terminal(last) else None

    return await until(over)


async def test_a_benchmark_measures_one_and_several_at_once(house: House) -> None:
    event = await ended(house, house.ids["local"], concurrency=[1, 5])
    result = BenchmarkResult()
    assert event.completed.result.Unpack(result), event
    assert (result.endpoint, result.model) == ("Local", "gemma-2b")
    assert [(one.concurrency, one.requests, one.failed) for one in result.levels] == [(1, 3, 0), (5, 5, 0)]
    assert all(0 < one.first_token_p50_ms <= one.first_token_p95_ms for one in result.levels)
    assert all(one.tokens_per_s > 0 and not one.estimated for one in result.levels)
    assert (await used(house)).task == "benchmark"


async def test_a_benchmark_of_what_does_not_answer_says_why(house: House) -> None:
    house.local.fault = "500"
    event = await ended(house, house.ids["local"])
    assert "CUDA error" in event.failed.error.message
    event = await ended(house, "someone-elses")
    assert event.failed.error.fields[0].field == "endpoint_id"


# --- one that speaks another API --------------------------------------------------------------------------------------

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
async def anthropic(kit_settings: Settings) -> AsyncIterator[House]:
    """The cloud endpoint is Anthropic's and active; the local one stands behind it."""
    async with opened(kit_settings, StandIn("anthropic", ["claude-opus"], "from the messages API")) as found:
        # Nothing here waits for its return, so a busy machine may take its time to the second request.
        await found.route(active=found.ids["cloud"], fallback=[found.ids["local"]], cool_down_s=30)
        yield found


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_anthropic_answers_like_any_other(anthropic: House, stream: bool) -> None:
    said, atelier = await anthropic.ask(stream=stream, max_tokens=9)
    assert said == "from the messages API"
    assert (atelier["endpoint"], atelier["model"]) == ("Cloud", "claude-opus") and atelier["first_token_ms"] > 0
    assert [one["outcome"] for one in atelier["attempts"]] == ["answered"]
    assert anthropic.cloud.bodies[-1] == {
        "model": "claude-opus",
        "max_tokens": 9,
        "stream": True,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    }
    told = await used(anthropic)
    assert (told.endpoint, told.model, told.outcome, told.local) == ("Cloud", "claude-opus", "complete", False)
    assert (told.prompt_tokens, told.completion_tokens, told.estimated) == (3, 4, False)


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_anthropic_calls_tools(anthropic: House, stream: bool) -> None:
    accumulator = Accumulator(chat=True)
    chunks = await anthropic.chunks(stream=stream, tools=[TOOL])
    if stream:
        for chunk in chunks:
            accumulator.add(chunk)
    choice = (accumulator.result() if stream else chunks[-1])["choices"][0]
    (called,) = choice["message"]["tool_calls"]
    assert called["id"] == "toolu_1" and called["function"] == {"name": "weather", "arguments": '{"city": "Bern"}'}
    assert (choice["finish_reason"], choice["message"]["content"]) == ("tool_calls", "Looking. ")


async def test_the_usage_of_anthropic_is_told_to_who_asks_for_it(anthropic: House) -> None:
    *_, last = await anthropic.chunks(stream_options=StreamOptions(include_usage=True))
    assert last["choices"] == [] and last["usage"]["total_tokens"] == 7
    assert all(chunk.get("usage") is None for chunk in await anthropic.chunks())


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("fault", "outcome"), BEFORE_THE_FIRST_TOKEN)
async def test_anthropic_is_fallen_back_from_before_its_first_token(
    anthropic: House, fault: Fault, outcome: str, stream: bool
) -> None:
    anthropic.cloud.fault = fault
    if fault == "refuse":
        await anthropic.cloud.stop()
    said, atelier = await anthropic.ask(stream=stream)
    assert said == "from the local model" and atelier["endpoint"] == "Local"
    *failed, answered = atelier["attempts"]
    assert {one["endpoint"] for one in failed} == {"Cloud"} and failed[-1]["outcome"] in (outcome, "offline")
    assert failed[-1]["message"] and answered["outcome"] == "answered"
    _, atelier = await anthropic.ask(stream=stream)
    assert [one["outcome"] for one in atelier["attempts"]] in (["cooling_down", "answered"], ["offline", "answered"])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("fault", "words"), [("die", "broke off"), ("overloaded", "at its capacity: Overloaded")])
async def test_anthropic_breaking_off_in_mid_answer_is_told(
    anthropic: House, fault: Fault, words: str, stream: bool
) -> None:
    anthropic.cloud.fault = fault
    with pytest.raises(Failure, match=words) as broken:
        await anthropic.ask(stream=stream)
    assert broken.value.retryable
    assert (await anthropic.ask(stream=stream))[0] == "from the local model"


async def test_slow_tokens_of_anthropic_are_no_fault(anthropic: House) -> None:
    anthropic.cloud.fault, anthropic.cloud.words = "slow", "one word after the other and no hurry"
    assert (await anthropic.ask())[0] == anthropic.cloud.words


async def test_what_anthropic_cannot_do_another_does(anthropic: House) -> None:
    said, atelier = await anthropic.ask(n=2)
    assert said == "from the local model" and not anthropic.cloud.bodies
    assert [one["outcome"] for one in atelier["attempts"]] == ["not_supported", "answered"]
    # It is not passed over for that.
    assert (await anthropic.ask())[0] == "from the messages API"
    text = CompletionRequest(stream=True)
    text.prompt.string_value = "Once upon a time"
    answers = anthropic.calls.stream("chat.create_completion", text, owner=anthropic.owner)
    chunks = [json.loads(part) async for chunk in answers for part in chunk.json]
    assert chunks[0]["atelier"]["endpoint"] == "Local"


async def test_what_no_model_of_anthropic_does_is_said_with_the_field(anthropic: House) -> None:
    await anthropic.route(active=anthropic.ids["cloud"], fallback=[])
    with pytest.raises(Failure) as told:
        await anthropic.ask(logprobs=True)
    assert told.value.code == "not_supported" and told.value.fields[0].field == "logprobs"


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "whole"])
async def test_a_model_of_anthropic_that_takes_no_temperature_answers_without(anthropic: House, stream: bool) -> None:
    said, atelier = await anthropic.ask(model="Cloud/claude-new", temperature=0.5, stream=stream)
    assert said == "from the messages API" and [one["outcome"] for one in atelier["attempts"]] == ["answered"]
    assert "temperature" not in anthropic.cloud.bodies[-1]
    await anthropic.ask(temperature=0.5, stream=stream)
    assert anthropic.cloud.bodies[-1]["temperature"] == 0.5


async def test_anthropic_has_no_embeddings_and_says_so(anthropic: House) -> None:
    request = EmbeddingRequest(model="claude-opus")
    request.input.string_value = "a cat"
    with pytest.raises(Failure, match="Anthropic has no embeddings") as told:
        await anthropic.calls.unary("chat.create_embedding", request, owner=anthropic.owner)
    assert told.value.code == "not_supported" and told.value.fields[0].field == "model"


# --- would it work? ---------------------------------------------------------------------------------------------------


async def diagnosed(house: House, endpoint: Endpoint) -> Any:
    return await house.calls.unary("chat.test_endpoint", Question(endpoint=endpoint), owner=house.owner)


async def test_an_endpoint_that_works_is_tested_with_its_models(house: House) -> None:
    found = await diagnosed(house, house.local.registered(""))
    assert found.status == Status.ENDPOINT_STATUS_HEALTHY and found.code == "" and found.latency_ms > 0
    assert [model.id for model in found.models] == ["gemma-2b"]
    async with standing_in(ollama := StandIn("ollama", ["llama3:latest"], "hi")):
        found = await diagnosed(house, ollama.registered(""))
        assert [model.id for model in found.models] == ["llama3:latest"]
    found = await diagnosed(house, house.cloud.registered("", sealed_key=house.secrets.seal(KEY)))
    assert [model.id for model in found.models] == ["gemini-flash"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"base_url": "http://127.0.0.1:9/v1"}, "unreachable", "127.0.0.1:9"),
        ({"base_url": "http://no-such-host.invalid/v1"}, "unknown_host", "no-such-host.invalid"),
        ({"model": "gryphon"}, "no_such_model", "gryphon"),
    ],
)
async def test_what_is_wrong_with_an_endpoint_is_explained(
    house: House, change: dict[str, str], code: str, words: str
) -> None:
    found = await diagnosed(house, house.local.registered("", **change))
    assert found.code == code and words in found.detail


async def test_a_key_that_is_missing_or_wrong_is_told_apart(house: House) -> None:
    found = await diagnosed(house, house.cloud.registered(""))
    assert found.code == "key_missing" and found.hint
    found = await diagnosed(house, house.cloud.registered("", sealed_key=house.secrets.seal("sk-wrong")))
    assert found.code == "key_refused" and "API key" in found.hint
    found = await diagnosed(house, house.cloud.registered("", sealed_key=b"not sealed by us"))
    assert found.code == "secret_lost"


async def test_a_key_of_anthropic_is_asked_for_refused_or_good(house: House) -> None:
    async with standing_in(anthropic := StandIn("anthropic", ["claude-opus"], "hi")):
        found = await diagnosed(house, anthropic.registered(""))
        assert found.code == "key_missing" and "Anthropic" in found.detail
        found = await diagnosed(house, anthropic.registered("", sealed_key=house.secrets.seal("sk-wrong")))
        assert found.code == "key_refused" and "invalid x-api-key" in found.detail
        root = anthropic.base_url.removesuffix("/v1")
        for given in (root, anthropic.base_url, f"{root}/api"):
            right = anthropic.registered("", base_url=given, sealed_key=house.secrets.seal(KEY))
            found = await diagnosed(house, right)
            assert found.code == "" and found.base_url == anthropic.base_url, given
            assert [model.id for model in found.models] == ["claude-opus"]


async def test_an_address_that_is_nearly_right_is_put_right(house: House) -> None:
    root = house.local.base_url.removesuffix("/v1")
    for given in (root, f"{root}/", f"{root}/v1/", f"{root}/api"):
        found = await diagnosed(house, house.local.registered("", base_url=given))
        assert found.code == "" and found.base_url == f"{root}/v1", given


async def test_looking_around_finds_nothing_where_nothing_is(house: House) -> None:
    found = await house.calls.unary("chat.discover_endpoints", DiscoverEndpointsRequest(), owner=house.owner)
    # At the usual ports of this machine; what runs there is not ours to say.
    assert all(one.models or one.latency_ms for one in found.endpoints)
