"""Proof that the engine moves: it beats whenever a block of a network has been computed.

A step of a big model on a CPU may take longer than a stalled job is waited for, so steps alone do not tell work from a
hang.
"""

import time
from typing import Any


class Pulse:
    """When the engine last did anything."""

    def __init__(self) -> None:
        """Just now."""
        self.at = time.monotonic()

    def beat(self) -> None:
        """Something was done."""
        self.at = time.monotonic()

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
        self.at = time.monotonic()
