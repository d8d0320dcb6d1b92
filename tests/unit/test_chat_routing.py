"""Routing: who is asked in which order, and what a failure of one means for the next."""

from __future__ import annotations

from typing import Any

import pytest

from services.chat.routing import EMBEDDED, Consequence, Known, Plan, Rules, catalog, consequence, plan
from services.kit.failures import BadInput, Failure, ModelNotFound, Overloaded, TimedOut, Unavailable

NOW = 1_000.0
SMOL = Known(EMBEDDED, "SmolLM2", models=("smollm2",), health="healthy")
GEMMA = Known("e1", "My Gemma", model="gemma-2b", models=("gemma-2b", "gemma-9b"), health="healthy")
LLAMA = Known("e2", "Ollama", models=("llama3", "google/gemma-2b"), health="healthy")
CLOUD = Known("e3", "Gemini", local=False, model="gemini-flash", health="unknown")
ALL = (SMOL, GEMMA, LLAMA, CLOUD)
RULES = Rules(active="e1", fallback=("e3", EMBEDDED))


def changed(one: Known, **values: Any) -> Known:
    return Known(**{name: values.get(name, getattr(one, name)) for name in Known.__dataclass_fields__})


def routed(*known: Known, rules: Rules = RULES, model: str = "", tasks: tuple[Any, ...] = ("chat",)) -> Plan:
    return plan(known or ALL, rules, model=model, tasks=tasks, now=NOW)


def order(found: Plan) -> list[tuple[str, str, str]]:
    return [(one.endpoint, one.model, one.why) for one in found.candidates]


CHAIN = [("e3", "gemini-flash", "fallback"), (EMBEDDED, "smollm2", "fallback")]


@pytest.mark.parametrize("model", ["", "auto"])
def test_without_a_model_the_active_endpoint_is_asked_and_then_the_fallback_chain(model: str) -> None:
    assert order(routed(model=model)) == [("e1", "gemma-2b", "active"), *CHAIN]


@pytest.mark.parametrize(
    ("model", "first"),
    [
        ("My Gemma", [("e1", "gemma-2b", "asked")]),
        ("my gemma", [("e1", "gemma-2b", "asked")]),
        ("e2", [("e2", "llama3", "asked")]),
        ("gemma-9b", [("e1", "gemma-9b", "asked")]),
        ("google/gemma-2b", [("e2", "google/gemma-2b", "asked")]),
        ("Ollama/llama3", [("e2", "llama3", "asked")]),
        ("Ollama/not-listed", [("e2", "not-listed", "asked")]),
        ("my gemma/gemma-9b", [("e1", "gemma-9b", "asked")]),
    ],
)
def test_a_request_may_name_an_endpoint_a_model_or_both(model: str, first: list[Any]) -> None:
    assert order(routed(model=model)) == [*first, *CHAIN]


@pytest.mark.parametrize(
    ("model", "first"),
    [("My Gemma", "e1"), ("my gemma", "e9"), ("My Gemma/x", "e1"), ("my gemma/x", "e9"), ("MY GEMMA", "e9")],
)
def test_names_that_differ_in_capitals_are_told_apart_as_they_are_written(model: str, first: str) -> None:
    small = changed(LLAMA, id="e9", name="my gemma")
    assert order(routed(small, GEMMA, model=model))[0][0] == first


def test_a_model_that_several_have_is_asked_of_the_active_one_first() -> None:
    twin = changed(LLAMA, models=("gemma-2b",))
    assert order(routed(SMOL, twin, GEMMA, model="gemma-2b")) == [
        ("e1", "gemma-2b", "asked"),
        ("e2", "gemma-2b", "asked"),
        (EMBEDDED, "smollm2", "fallback"),
    ]


def test_a_model_nobody_has_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ModelNotFound, match=r"gryphon.*known: smollm2, gemma-2b, gemma-9b, llama3") as told:
        routed(model="gryphon")
    assert told.value.fields[0].field == "model"


def test_a_rule_for_the_request_s_task_goes_before_the_active_endpoint() -> None:
    rules = Rules(active="e1", fallback=("e1",), tasks={"code": ("e2", "llama3-code"), "vision": ("gone", "")})
    assert order(routed(rules=rules, tasks=("code", "chat"))) == [
        ("e2", "llama3-code", "task"),
        ("e1", "gemma-2b", "active"),
    ]
    # A rule for an endpoint that is not there any more rules nothing.
    assert order(routed(rules=rules, tasks=("vision",))) == [("e1", "gemma-2b", "active")]


def test_an_active_endpoint_that_is_gone_leaves_the_embedded_one() -> None:
    assert order(routed(rules=Rules(active="gone"))) == [(EMBEDDED, "smollm2", "active")]


def test_what_is_in_the_cloud_has_a_limit_of_its_own() -> None:
    rules = Rules(active="e1", fallback=("e3",), local_first_token_s=3, cloud_first_token_s=7)
    assert [one.first_token_s for one in routed(rules=rules).candidates] == [3, 7]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"enabled": False}, "disabled"),
        ({"health": "offline", "detail": "nobody listens"}, "offline"),
        ({"cooling_until": NOW + 10, "cooling_reason": "it gave no first token"}, "cooling_down"),
    ],
)
def test_who_cannot_answer_is_passed_over_and_that_is_said(change: dict[str, Any], outcome: str) -> None:
    found = routed(SMOL, changed(GEMMA, **change), CLOUD)
    assert order(found) == CHAIN
    assert [(one.endpoint, one.outcome) for one in found.passed] == [("e1", outcome)]


def test_one_that_has_cooled_down_is_asked_again() -> None:
    assert order(routed(SMOL, changed(GEMMA, cooling_until=NOW - 1), CLOUD))[0] == ("e1", "gemma-2b", "active")


def test_when_nobody_else_is_left_those_that_seem_away_are_asked_all_the_same() -> None:
    rules = Rules(active="e1", fallback=("e2",))
    found = routed(
        changed(GEMMA, health="offline"),
        changed(LLAMA, cooling_until=NOW + 5),
        changed(SMOL, enabled=False),
        rules=rules,
    )
    assert [one.endpoint for one in found.candidates] == ["e1", "e2"] and not found.passed


@pytest.mark.parametrize("known", [(), (changed(SMOL, enabled=False),)])
def test_nobody_at_all_is_said_with_what_to_do(known: tuple[Known, ...]) -> None:
    with pytest.raises(Unavailable) as told:
        plan(known, Rules(), model="", tasks=("chat",), now=NOW)
    assert told.value.code == "no_endpoint" and "Register" in told.value.hint


def test_the_names_that_may_be_written_are_listed_once() -> None:
    assert list(catalog([SMOL, GEMMA, changed(LLAMA, enabled=False), GEMMA])) == ["smollm2", "gemma-2b", "gemma-9b"]


COOL = Rules(cool_down_s=30, retries=1)


@pytest.mark.parametrize(
    ("failure", "tried", "expected"),
    [
        (BadInput.of("temperature", "too high"), 1, Consequence()),
        (BadInput("too long", code="context_length_exceeded"), 1, Consequence(next=True)),
        (BadInput("n: one answer only", code="not_supported"), 1, Consequence(next=True)),
        (ModelNotFound.told("no such model here"), 1, Consequence(next=True)),
        (Failure("no", code="endpoint_refused"), 1, Consequence(next=True, cool_s=30)),
        (Overloaded("busy", retry_after_s=4), 1, Consequence(next=True, cool_s=4)),
        (Overloaded("busy", retry_after_s=3600), 1, Consequence(next=True, cool_s=30)),
        (Overloaded("busy"), 1, Consequence(next=True, cool_s=30)),
        (TimedOut("no first token"), 1, Consequence(next=True, cool_s=30)),
        (Unavailable("broke off"), 1, Consequence(again=True)),
        (Unavailable("broke off"), 2, Consequence(next=True, cool_s=30)),
        (Failure("a fault of ours"), 1, Consequence()),
    ],
)
def test_what_a_failure_means(failure: Failure, tried: int, expected: Consequence) -> None:
    assert consequence(failure, COOL, tried=tried) == expected
