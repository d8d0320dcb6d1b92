"""How often one user may ask a language model, counted by the bus, so exactly, whichever copy of the gateway is asked.

Every request puts a message under its owner's subject into a stream that keeps a minute's worth: JetStream refuses the
one that would be too many (`discard_new_per_subject`) and forgets each when its minute is over. So the limit holds in
every window of a minute, nothing has to be reset, and nobody is locked out by a counter that was left behind.
"""

# nats-py is typed in parts only.
# pyright: reportUnknownMemberType=false

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, BadRequestError, NoStreamResponseError

from services.kit import subjects
from services.kit.bus import Bus
from services.kit.failures import Failure, Unavailable

log = structlog.get_logger(__name__)

WINDOW_S = 60.0
# JetStream's words for it; its error code stands for everything that keeps a message from being stored.
_TOO_MANY = "maximum messages per subject"
_ANSWER_S = 5.0


@dataclass(frozen=True)
class Allowance:
    """What an owner may still do: `remaining` of `limit` requests now, one more after `reset_s` seconds."""

    limit: int
    remaining: int
    reset_s: float

    @property
    def headers(self) -> Mapping[str, str]:
        """As OpenAI names them."""
        return {
            "x-ratelimit-limit-requests": str(self.limit),
            "x-ratelimit-remaining-requests": str(self.remaining),
            "x-ratelimit-reset-requests": f"{math.ceil(self.reset_s)}s",
        }


class RateLimited(Failure):
    """A user asked too often."""

    code = "rate_limited"
    retryable = True

    def __init__(self, allowance: Allowance) -> None:
        # What is over the server forgets a moment later.
        wait_s = max(1, math.ceil(allowance.reset_s))
        super().__init__(
            f"You have used your {allowance.limit} requests per minute.",
            hint=f"Ask again in {wait_s} s.",
            retry_after_s=wait_s,
        )
        self.headers = allowance.headers


class RateLimit:
    """So many requests per owner in any minute."""

    def __init__(self, bus: Bus, limit: int, *, replicas: int = 1, window_s: float = WINDOW_S) -> None:
        """`limit` 0 = none. All copies of the gateway must be given the same."""
        self._bus = bus
        self._replicas = replicas
        self._limit = limit
        self._window_s = window_s

    async def start(self) -> None:
        """Make sure the stream is there, with this limit."""
        if not self._limit:
            return
        config = StreamConfig(
            name=subjects.RATE,
            subjects=[subjects.rate("*")],
            # A minute that a restart of the bus forgets is no harm; a disk write per request would be.
            storage=StorageType.MEMORY,
            num_replicas=self._replicas,
            discard=DiscardPolicy.NEW,
            discard_new_per_subject=True,
            max_msgs_per_subject=self._limit,
            max_age=self._window_s,
            allow_direct=True,
        )
        try:
            await self._bus.jetstream.add_stream(config)
        except BadRequestError:
            await self._bus.jetstream.update_stream(config)

    async def take(self, owner_id: str) -> Mapping[str, str]:
        """Count one request; returns headers for its answer. Raises `RateLimited`, or `Unavailable` without a bus."""
        if not self._limit:
            return {}
        try:
            granted = await self._count(owner_id)
            used, oldest = await self._used(owner_id)
        except (NatsError, TimeoutError) as error:
            raise Unavailable("The bus that counts requests is away.", retry_after_s=1) from error
        reset_s = min(self._window_s, max(0.0, oldest + self._window_s - time.time()))
        allowance = Allowance(self._limit, max(0, self._limit - used) if granted else 0, reset_s)
        if not granted:
            raise RateLimited(allowance)
        return allowance.headers

    async def _count(self, owner_id: str) -> bool:
        try:
            try:
                await self._put(owner_id)
            except NoStreamResponseError:
                # The bus was restarted and has forgotten what it kept in memory.
                await self.start()
                await self._put(owner_id)
        except APIError as error:
            if _TOO_MANY not in (error.description or ""):
                raise
            return False
        return True

    async def _put(self, owner_id: str) -> None:
        await self._bus.jetstream.publish(subjects.rate(owner_id), b"", timeout=_ANSWER_S)

    async def _used(self, owner_id: str) -> tuple[int, float]:
        """How many requests of an owner count now, and when the oldest of them came (Unix time)."""
        ask = orjson.dumps({"seq": 1, "next_by_subj": subjects.rate(owner_id), "batch": 1})
        answer = await self._bus.client.request(f"$JS.API.DIRECT.GET.{subjects.RATE}", ask, timeout=_ANSWER_S)
        headers = answer.headers or {}
        if "Nats-Time-Stamp" not in headers:
            return 0, time.time()
        return int(headers["Nats-Num-Pending"]) + 1, datetime.fromisoformat(headers["Nats-Time-Stamp"]).timestamp()
