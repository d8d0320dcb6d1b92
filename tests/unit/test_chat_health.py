"""How an endpoint is after each look at it."""

from __future__ import annotations

import pytest

from atelier.v1.endpoints_pb2 import EndpointHealth, EndpointModel
from atelier.v1.endpoints_pb2 import EndpointStatus as Status
from services.chat.health import Look, after, cooled, seconds
from services.kit.failures import Failure, Overloaded, TimedOut, Unavailable

GOOD = Look(120.0, (EndpointModel(id="gemma-2b", context_length=8192),))
GONE = Look(failure=Unavailable("nobody listens", code="unreachable"))
LATE = Look(failure=TimedOut("no list within 5 s"))
HEALTHY, DEGRADED, OFFLINE = (
    Status.ENDPOINT_STATUS_HEALTHY,
    Status.ENDPOINT_STATUS_DEGRADED,
    Status.ENDPOINT_STATUS_OFFLINE,
)


def seen(*looks: Look, model: str = "") -> EndpointHealth:
    health = EndpointHealth()
    for number, look in enumerate(looks):
        health = after(health, look, model, 1000.0 + number)
    return health


def test_a_good_look_tells_latency_and_models() -> None:
    health = seen(GOOD)
    assert health.status == HEALTHY and health.latency_ms == 120 and not health.code
    assert [(m.id, m.context_length) for m in health.models] == [("gemma-2b", 8192)]
    assert seconds(health.checked_at) == 1000


def test_one_that_is_away_keeps_its_last_good_list() -> None:
    health = seen(GOOD, GONE)
    assert health.status == OFFLINE and (health.code, health.detail) == ("unreachable", "nobody listens")
    assert [m.id for m in health.models] == ["gemma-2b"] and health.latency_ms == 0


def test_one_late_answer_of_a_good_one_is_no_end() -> None:
    assert seen(GOOD, LATE).status == DEGRADED
    assert seen(GOOD, LATE, LATE).status == OFFLINE
    assert seen(LATE).status == OFFLINE


def test_after_a_failure_it_must_be_steady_again() -> None:
    assert seen(GOOD, GONE, GOOD).code == "unsteady"
    assert seen(GOOD, GONE, GOOD, GOOD).status == DEGRADED
    assert seen(GOOD, GONE, GOOD, GOOD, GOOD).status == HEALTHY


@pytest.mark.parametrize(
    ("look", "model", "code"),
    [
        (Look(10.0, ()), "", "no_models"),
        (GOOD, "gryphon", "no_such_model"),
        (Look(2500.0, GOOD.models), "", "slow"),
    ],
)
def test_one_that_answers_but_not_well_is_degraded(look: Look, model: str, code: str) -> None:
    health = seen(look, model=model)
    assert (health.status, health.code) == (DEGRADED, code) and health.detail


def test_history_is_bounded_and_latency_the_mean_of_the_last_looks() -> None:
    health = seen(*(Look(float(n), GOOD.models) for n in range(1, 201)))
    assert len(health.history) == 120 and health.history[-1].latency_ms == 200
    assert health.latency_ms == 199


def test_a_longer_pause_is_not_cut_short() -> None:
    health = cooled(EndpointHealth(), Overloaded("quota"), 2000.0)
    health = cooled(health, Failure("other", code="other"), 1500.0)
    assert seconds(health.cooling_until) == 2000 and health.cooling_code == "overloaded"


def test_only_a_pause_for_being_unreachable_ends_with_a_good_look() -> None:
    unreachable = cooled(seen(GOOD), Unavailable("gone", code="unreachable"), 9e9)
    assert not after(unreachable, GOOD, "", 1001.0).HasField("cooling_until")
    slow = cooled(seen(GOOD), TimedOut("no first token"), 9e9)
    assert after(slow, GOOD, "", 1001.0).HasField("cooling_until")
