"""Which model answers a request. Pure: what is offered is given, nothing is asked or awaited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.kit.failures import ModelNotFound, Unavailable

Task = Literal["chat", "embedding"]
Status = Literal["starting", "ready", "down"]


@dataclass(frozen=True)
class Offer:
    """One model of one endpoint. `context_length` in tokens, 0 = unknown; `detail` says why it is not ready."""

    model: str
    endpoint: str
    task: Task
    status: Status
    detail: str = ""
    context_length: int = 0
    created: int = 0


def choose(offers: Sequence[Offer], wanted: str, task: Task, *, active: str) -> Offer:
    """The offer that answers: the one named `wanted`, or for "" the `active` one, else the first of the task.

    Raises `ModelNotFound` naming the field and the known models, `Unavailable` if there is none at all.
    """
    fitting = [offer for offer in offers if offer.task == task]
    if wanted:
        for offer in fitting:
            if offer.model == wanted:
                return offer
        raise ModelNotFound.of(wanted, (offer.model for offer in fitting), task=task)
    for offer in fitting:
        if offer.model == active:
            return offer
    if not fitting:
        raise Unavailable(f"no {task} model is set up", hint="Register a model first.")
    return fitting[0]
