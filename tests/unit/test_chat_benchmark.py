"""The figures of a benchmark."""

from __future__ import annotations

import pytest

from services.chat.benchmark import Sample, summed_up
from services.kit.failures import Unavailable


def test_figures_are_of_the_answers_that_came() -> None:
    samples = [Sample(100 * n, 1000 * n, 10, estimated=False) for n in (1, 2, 3)]
    found = summed_up(4, [*samples, Unavailable("gone")], seconds=2.0)
    assert (found.concurrency, found.requests, found.failed) == (4, 4, 1)
    assert (found.first_token_p50_ms, found.first_token_p95_ms, found.latency_p50_ms) == (200, 300, 2000)
    assert found.tokens_per_s == pytest.approx(15) and not found.estimated


def test_where_nothing_came_there_is_no_figure() -> None:
    found = summed_up(1, [Unavailable("gone")], seconds=2.0)
    assert (found.failed, found.tokens_per_s, found.first_token_p50_ms) == (1, 0, 0)
