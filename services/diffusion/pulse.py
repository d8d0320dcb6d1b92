"""Proof that the engine moves: it beats whenever a block of a network has been computed.

A step of a big model on a CPU may take longer than a stalled job is waited for, so steps alone do not tell work from a
hang.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Pulse:
    """When the engine last did anything."""

    def __init__(self) -> None:
        """Just now."""
        self._at = time.monotonic()
        self._held = 0
        self._lock = threading.Lock()

    @property
    def at(self) -> float:
        """When that was, monotonic seconds."""
        return time.monotonic() if self._held else self._at

    def beat(self) -> None:
        """Something was done."""
        self._at = time.monotonic()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, it counts as beating: what is done takes long and cannot tell of itself."""
        with self._lock:
            self._held += 1
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
            self.beat()

    def watch(self, network: Any) -> None:
        """Beat for every block of a torch module, i.e. the members of its module lists."""
        import torch

        for module in network.modules():
            if isinstance(module, torch.nn.ModuleList):
                for block in module:
                    # Left-out parts stand in the lists as None.
                    if block is not None:
                        block.register_forward_hook(self._on_block)

    def _on_block(self, module: Any, arguments: Any, output: Any) -> None:
        import torch

        # A clock in a compiled network would part it at every block.
        if not torch.compiler.is_compiling():
            self._at = time.monotonic()
