"""Which models stay in memory when the budget is spent."""

import gc
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from services.diffusion.faults import CannotLoad
from services.diffusion.models import Models

BUDGET = 100


class Weights:
    """Stands for a loaded model."""

    def __init__(self, name: str) -> None:
        self.card = name


def shelf(weights: dict[str, int], load: Callable[[str, str], Any] | None = None, **options: Any) -> Models:
    """Models of these weights, in a budget of 100."""
    return Models(
        {name: name for name in weights},
        load or (lambda name, _source: Weights(name)),
        weigh=lambda _name, source: weights[source],
        budget=BUDGET,
        **options,
    )


def use(models: Models, name: str) -> None:
    with models.using(name) as found:
        found.result(10)


def held(models: Models) -> set[str]:
    return {state.name for state in models.placed() if state.status == "loaded"}


def test_the_one_longest_not_used_makes_room() -> None:
    models = shelf({"a": 40, "b": 40, "c": 40})
    for name in ("a", "b", "a", "c"):
        use(models, name)
    assert held(models) == {"a", "c"} and models.used == 80


def test_what_is_pinned_or_used_stays() -> None:
    models = shelf({"a": 40, "b": 40, "c": 40})
    use(models, "a")
    models.pin("a", True)
    use(models, "b")
    use(models, "c")
    assert held(models) == {"a", "c"}
    with models.using("c") as using:
        using.result(10)
        waiting = models.get("b")
        time.sleep(0.1)
        assert not waiting.done()
    assert waiting.result(10) is not None
    assert held(models) == {"a", "b"}


def test_room_that_only_pinned_models_have_is_not_waited_for() -> None:
    models = shelf({"a": 60, "b": 60})
    use(models, "a")
    models.pin("a", True)
    with pytest.raises(CannotLoad, match="pinned") as fault:
        models.get("b").result(10)
    assert "Unpin" in fault.value.hint


def test_what_can_never_fit_says_so_at_once() -> None:
    with pytest.raises(CannotLoad, match="takes 101 bytes, and models may take 100") as fault:
        shelf({"a": 101}).get("a").result(10)
    assert "ATELIER_DIFFUSION_MEMORY" in fault.value.hint


def test_room_that_does_not_come_is_given_up() -> None:
    models = shelf({"a": 60, "b": 60}, patience_s=0.2)
    with models.using("a") as using:
        using.result(10)
        with pytest.raises(CannotLoad, match="no room"):
            models.get("b").result(10)


def test_loading_one_does_not_keep_others_waiting() -> None:
    go = threading.Event()

    def load(name: str, _source: str) -> Any:
        assert name != "slow" or go.wait(10)
        return Weights(name)

    models = shelf({"a": 10, "slow": 10}, load)
    use(models, "a")
    slow = models.get("slow")
    for _ in range(10):
        use(models, "a")
    assert not slow.done() and models.loading
    go.set()
    assert slow.result(10) is not None


def test_unloading_gives_the_memory_back_and_not_while_it_is_used() -> None:
    given_back: list[bool] = []
    models = shelf({"a": 10}, give_back=lambda: given_back.append(True))
    with models.using("a") as found:
        kept = weakref.ref(found.result(10))
        assert not models.unload("a") and held(models) == {"a"}
    del found
    assert models.unload("a") and given_back == [True]
    gc.collect()
    assert kept() is None and models.used == 0


def test_when_memory_runs_out_all_idle_ones_but_one_go() -> None:
    models = shelf({"a": 20, "b": 20, "c": 20, "d": 20})
    for name in "abcd":
        use(models, name)
    models.pin("d", True)
    with models.using("c"):
        assert models.unload_idle("a") == 20
    assert held(models) == {"a", "c", "d"}


def test_a_registered_model_is_known_by_its_content() -> None:
    uri = f"s3://bucket/models/{'ab' * 32}"
    models = shelf({"a": 10, uri: 10})
    assert models.wanted(f"{uri}#one").key == models.wanted(f"{uri}#two").key == "ab" * 32
    assert models.wanted(f"{uri}#one").name == "one" and models.wanted(f"{uri}#one").source == uri
    first = models.get(f"{uri}#one").result(10)
    assert models.get(f"{uri}#two").result(10) is first
    with pytest.raises(KeyError):
        models.get("s3://bucket/other")
