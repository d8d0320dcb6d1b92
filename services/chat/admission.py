"""How many requests are let in. What is over the limit is turned away at once, with a word on when to come again."""

import contextlib
from collections.abc import Iterator

from services.kit.failures import Overloaded


class Admission:
    """Counts the requests of one model, running and queued ones alike; the engine decides which of them run."""

    def __init__(self, what: str, capacity: int, *, retry_after_s: float = 2.0) -> None:
        """`what` names the thing in the message."""
        self._what = what
        self._capacity = capacity
        self._retry_after_s = retry_after_s
        self.inside = 0

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place; raises `Overloaded` if there is none."""
        if self.inside >= self._capacity:
            raise Overloaded(
                f"{self._what} has {self.inside} requests, which is all it takes at once",
                hint="Come again in a moment.",
                retry_after_s=self._retry_after_s,
            )
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
