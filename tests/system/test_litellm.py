"""The `litellm` client, as it comes from the package registry, in front of the whole stack.

It lives in an environment of its own, made once by `tests.bench.peers` and then kept in the cache folder: its
dependencies are many, and some are not those that are pinned here. Where it cannot be had, this is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.child import die_with
from tests.api import PATIENCE_S
from tests.bench.peers import LITELLM_CLIENT, PeerMissing, Peers
from tests.stack import Stack
from tests.system.test_chat import ENGINE_STARTS_S, MODEL

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer", "maximum": 120}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather of a city",
        # Else the engine asks for some JSON or other, and this model is small.
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 30}},
            "required": ["city"],
        },
    },
}


class Client:
    """`litellm.completion` in another process, on one server."""

    def __init__(self, process: subprocess.Popen[str], api_base: str) -> None:
        self._process = process
        self._api_base = api_base

    def ask(self, text: str, **arguments: Any) -> dict[str, Any]:
        """What came of it, see `litellm_client.py`."""
        call = {
            "model": f"openai/{MODEL}",
            "api_base": self._api_base,
            "api_key": "none",
            "messages": [{"role": "user", "content": text}],
            "temperature": 0,
            "max_retries": 0,
            "timeout": PATIENCE_S,
            **arguments,
        }
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the client's process has ended"
        return json.loads(line)

    def whole(self, text: str, **arguments: Any) -> dict[str, Any]:
        """The whole answer, an OpenAI object."""
        told = self.ask(text, **arguments)
        assert "answer" in told, told
        return told["answer"]

    def streamed(self, text: str, **arguments: Any) -> list[dict[str, Any]]:
        """The chunks of a streamed answer, OpenAI objects."""
        told = self.ask(text, **arguments, stream=True)
        assert "chunks" in told, told
        return told["chunks"]


@pytest.fixture(scope="module")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """Once the language model is there."""
    try:
        python = Peers().python(LITELLM_CLIENT)
    except PeerMissing as reason:
        pytest.skip(f"no litellm: {reason}")
    stack.wait_chat(ENGINE_STARTS_S)
    home = tmp_path_factory.mktemp("litellm")
    process = subprocess.Popen(
        [str(python), str(Path(__file__).with_name("litellm_client.py"))],
        # Its prices come with the package; else it asks the net for newer ones at every start.
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(home / "stderr.log").open("wb"),
        text=True,
        preexec_fn=die_with(os.getpid()),
    )
    yield Client(process, f"{stack.url}/v1")
    process.kill()
    process.wait()


def test_a_question_is_answered(client: Client) -> None:
    answer = client.whole("What is the capital of France? Answer in one sentence.", max_tokens=32)
    assert "Paris" in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


def test_a_streamed_answer_is_the_whole_one_in_pieces(client: Client) -> None:
    words = "Write two sentences about the sea."
    whole = client.whole(words, max_tokens=40)
    chunks = client.streamed(words, max_tokens=40, stream_options={"include_usage": True})
    pieces = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"]]
    assert "".join(pieces) == whole["choices"][0]["message"]["content"]
    assert sum(bool(piece) for piece in pieces) > 5
    usage = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    assert usage[-1]["completion_tokens"] == whole["usage"]["completion_tokens"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_tool_is_called(client: Client, stream: bool) -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    asked = {"tools": [WEATHER], "tool_choice": choice, "max_tokens": 60}
    words = "What is the weather in Paris?"
    if stream:
        deltas = [chunk["choices"][0]["delta"] for chunk in client.streamed(words, **asked) if chunk["choices"]]
        calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
    else:
        calls = client.whole(words, **asked)["choices"][0]["message"]["tool_calls"]
    assert [name for call in calls if (name := call["function"]["name"])] == ["get_weather"]
    arguments = json.loads("".join(call["function"]["arguments"] or "" for call in calls))
    assert list(arguments) == ["city"] and "Paris" in arguments["city"]


def test_the_form_of_the_answer_can_be_given(client: Client) -> None:
    answer = client.whole(
        "Ann is 31 years old. Describe her as JSON.",
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}},
        max_tokens=80,
    )
    person = json.loads(answer["choices"][0]["message"]["content"])
    assert list(person) == ["name", "age"] and isinstance(person["age"], int)


def test_what_cannot_be_done_is_told_as_what_it_is(client: Client) -> None:
    unknown = client.ask("hi", model="openai/nobody")
    assert (unknown["error"], unknown["status"]) == ("NotFoundError", 404)
    too_much = client.ask("hi", max_tokens=500_000)
    assert (too_much["error"], too_much["status"]) == ("BadRequestError", 400)
    assert "max_tokens" in too_much["message"]
