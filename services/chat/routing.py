"""Which endpoints a request is put to, in which order, and what a failure of one means for the next.

Pure: what is known is given, nothing is asked or awaited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from atelier.v1.chat_pb2 import ChatCompletionRequest, ChatMessage, CompletionRequest
from services.chat.refusals import NOT_SUPPORTED
from services.kit.failures import BadInput, Failure, ModelNotFound, Overloaded, Unavailable

Task = Literal["chat", "code", "long_context", "vision", "tools"]
Health = Literal["unknown", "healthy", "degraded", "offline"]

# The endpoint that Atelier runs itself; every owner has it.
EMBEDDED = "embedded"
EMBEDDED_NAME = "Built in"
# What clients that must name a model write to leave the choice to the routing.
AUTO = frozenset({"", "auto"})
_BYTES_PER_TOKEN = 4


@dataclass(frozen=True)
class Known:
    """An endpoint as far as it is known. Times are Unix seconds."""

    id: str
    name: str
    local: bool = True
    """On this machine or network, as opposed to in a cloud."""
    structured: bool = False
    """It can be made to answer by a JSON schema."""
    model: str = ""
    """The model it is asked for unless the request names one; "" = the first it lists."""
    models: tuple[str, ...] = ()
    enabled: bool = True
    health: Health = "unknown"
    detail: str = ""
    cooling_until: float = 0.0
    cooling_reason: str = ""

    @property
    def own_model(self) -> str:
        """The model it answers with when nobody names one; "" = it is not known to have any."""
        return self.model or (self.models[0] if self.models else "")

    def serves(self, model: str) -> bool:
        """Whether it is known to have a model."""
        return model == self.model or model in self.models


@dataclass(frozen=True)
class Rules:
    """An owner's routing; see `Routing` in the contract."""

    active: str = EMBEDDED
    fallback: tuple[str, ...] = ()
    tasks: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """Task → endpoint and its model ("" = the endpoint's own)."""
    local_first_token_s: float = 30.0
    cloud_first_token_s: float = 60.0
    retries: int = 1
    cool_down_s: float = 30.0
    long_context_tokens: int = 8000


@dataclass(frozen=True)
class Candidate:
    """An endpoint to ask, for which model, and how long to wait for the first content token."""

    endpoint: str
    name: str
    model: str
    first_token_s: float
    local: bool
    structured: bool
    why: str
    """ "asked", "task", "active" or "fallback"."""


@dataclass(frozen=True)
class Passed:
    """An endpoint that is not asked; `outcome` is "disabled", "offline" or "cooling_down"."""

    endpoint: str
    name: str
    outcome: str
    detail: str


@dataclass(frozen=True)
class Plan:
    """Whom to ask in turn, and who was passed over."""

    candidates: tuple[Candidate, ...]
    passed: tuple[Passed, ...] = ()


def plan(known: Sequence[Known], rules: Rules, *, model: str, tasks: Sequence[Task], now: float) -> Plan:
    """Whom to ask for a request that names `model` ("" or "auto" = none) and is of these tasks, the most telling first.

    Endpoints that are switched off are never asked; those that are offline or cool down only when there is no other:
    asking in vain says more than not asking. Raises `ModelNotFound` naming the field and the known models,
    `Unavailable` if there is no endpoint at all.
    """
    by_id = {one.id: one for one in known}
    wanted = [(one, name, "asked") for one, name in _named(known, rules, model)] if model not in AUTO else []
    if not wanted:
        wanted = [(one, name, why) for one, name, why in _chosen(by_id, rules, tasks)]
    wanted += [(by_id[an_id], "", "fallback") for an_id in rules.fallback if an_id in by_id]
    candidates: list[Candidate] = []
    passed: list[Passed] = []
    last_resort: list[Candidate] = []
    seen: set[str] = set()
    for one, name, why in wanted:
        if one.id in seen:
            continue
        seen.add(one.id)
        limit = rules.local_first_token_s if one.local else rules.cloud_first_token_s
        candidate = Candidate(one.id, one.name, name or one.own_model, limit, one.local, one.structured, why)
        obstacle = _obstacle(one, now)
        if obstacle is None:
            candidates.append(candidate)
            continue
        passed.append(obstacle)
        if obstacle.outcome != "disabled":
            last_resort.append(candidate)
    if candidates:
        return Plan(tuple(candidates), tuple(passed))
    if not last_resort:
        names = ", ".join(one.name for one, _, _ in wanted)
        what = f"{names} is switched off" if names else "no endpoint is set up"
        raise Unavailable(what, code="no_endpoint", hint="Register an endpoint first, or switch one on, under Models.")
    asked = {candidate.endpoint for candidate in last_resort}
    return Plan(tuple(last_resort), tuple(one for one in passed if one.endpoint not in asked))


def _named(known: Sequence[Known], rules: Rules, model: str) -> list[tuple[Known, str]]:
    """The endpoints a request's `model` means: an endpoint's name or id, a model some have, or `<endpoint>/<model>`."""
    # As it is written first: names may differ in nothing but capitals.
    for written in (str, str.casefold):
        for one in known:
            if written(model) in (written(one.name), written(one.id)):
                return [(one, "")]
    order = [rules.active, *rules.fallback]
    having = [one for one in known if one.serves(model)]
    if having:
        # Among several that have it the routing's own order decides.
        having.sort(key=lambda one: order.index(one.id) if one.id in order else len(order))
        return [(one, model) for one in having]
    for written in (str, str.casefold):
        for one in known:
            for prefix in (one.name, one.id):
                if written(model).startswith(f"{written(prefix)}/"):
                    return [(one, model[len(prefix) + 1 :])]
    raise ModelNotFound.of(model, catalog(known), task="chat")


def catalog(known: Iterable[Known]) -> dict[str, Known]:
    """Every model of every endpoint that is switched on; one that several have belongs to the first of them."""
    found: dict[str, Known] = {}
    for one in known:
        for model in (one.own_model, *one.models) if one.enabled else ():
            if model:
                found.setdefault(model, one)
    return found


def _chosen(by_id: dict[str, Known], rules: Rules, tasks: Sequence[Task]) -> list[tuple[Known, str, str]]:
    chosen: list[tuple[Known, str, str]] = []
    for task in tasks:
        endpoint, name = rules.tasks.get(task, ("", ""))
        if endpoint in by_id:
            chosen.append((by_id[endpoint], name, "task"))
            break
    # A rule's endpoint that cannot answer is followed by the active one, then by the fallback chain.
    active = by_id.get(rules.active) or by_id.get(EMBEDDED)
    return [*chosen, *([(active, "", "active")] if active is not None else [])]


def _obstacle(one: Known, now: float) -> Passed | None:
    if not one.enabled:
        return Passed(one.id, one.name, "disabled", "it is switched off")
    if one.cooling_until > now:
        left = one.cooling_until - now
        return Passed(one.id, one.name, "cooling_down", f"{one.cooling_reason}; asked again in {left:.0f} s")
    if one.health == "offline":
        return Passed(one.id, one.name, "offline", one.detail)
    return None


def tasks_of(request: ChatCompletionRequest | CompletionRequest, long_context_tokens: int) -> tuple[Task, ...]:
    """What a request is about, the most telling first."""
    if isinstance(request, CompletionRequest):
        return ("chat",)
    tasks: list[Task] = []
    if any(_shows_a_picture(message) for message in request.messages):
        tasks.append("vision")
    if request.tools:
        tasks.append("tools")
    # Counted by a tokenizer it would be exact; which one is not known before the model is.
    if request.ByteSize() > long_context_tokens * _BYTES_PER_TOKEN:
        tasks.append("long_context")
    return (*tasks, "chat")


def _shows_a_picture(message: ChatMessage) -> bool:
    parts = message.content.list_value.values if message.content.HasField("list_value") else ()
    fields = [part.struct_value.fields for part in parts]
    return any("type" in one and one["type"].string_value == "image_url" for one in fields)


@dataclass(frozen=True)
class Consequence:
    """What a failure before the first token means: ask the same endpoint again, go on to the next, or neither, and how
    long the endpoint is passed over from now on."""

    again: bool = False
    next: bool = False
    cool_s: float = 0.0


# Nobody else would answer differently.
_FINAL = Consequence()


def consequence(failure: Failure, rules: Rules, *, tried: int) -> Consequence:
    """What follows from a failure of an endpoint that was asked `tried` times for this request."""
    if isinstance(failure, BadInput):
        # A longer context window, or an API that can do more, may be next in line; all else is the request's own fault.
        return Consequence(next=True) if failure.code in ("context_length_exceeded", NOT_SUPPORTED) else _FINAL
    if isinstance(failure, ModelNotFound):
        return Consequence(next=True)
    if failure.code == "endpoint_refused":
        return Consequence(next=True, cool_s=rules.cool_down_s)
    if isinstance(failure, Overloaded):
        # It says itself when it can be asked again.
        return Consequence(next=True, cool_s=min(failure.retry_after_s or rules.cool_down_s, rules.cool_down_s))
    if failure.code == "starting":
        # It says itself when it is there.
        return Consequence(next=True)
    if failure.code == "timed_out":
        # Its time was up: to ask again would double the wait.
        return Consequence(next=True, cool_s=rules.cool_down_s)
    if failure.retryable:
        if tried <= rules.retries:
            return Consequence(again=True)
        return Consequence(next=True, cool_s=rules.cool_down_s)
    return _FINAL
