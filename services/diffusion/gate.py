"""Sampling and loading take turns: building a model changes torch's process-wide defaults for a moment."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Gate:
    """Many short passages, and now and then one long closure that is not kept waiting by them."""

    def __init__(self) -> None:
        """Open."""
        self._open = threading.Event()
        self._open.set()
        self._passage = threading.Lock()
        self._closing = threading.Lock()

    @property
    def open(self) -> bool:
        """False while a closure is wanted or under way."""
        return self._open.is_set()

    @contextmanager
    def passing(self) -> Iterator[None]:
        """For one sampling step; waits while the gate is closed."""
        self._open.wait()
        with self._passage:
            yield

    @contextmanager
    def closed(self) -> Iterator[None]:
        """For loading a model; waits for the passage under way."""
        with self._closing:
            self._open.clear()
            try:
                with self._passage:
                    yield
            finally:
                self._open.set()
