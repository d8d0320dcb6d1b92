"""A model that the chat service runs or was pointed to by its operator."""

from dataclasses import dataclass
from typing import Literal

Task = Literal["chat", "embedding"]
Status = Literal["starting", "ready", "down"]


@dataclass(frozen=True)
class Offer:
    """One model of one backend. `context_length` in tokens, 0 = unknown; `detail` says why it is not ready."""

    model: str
    task: Task
    status: Status
    detail: str = ""
    context_length: int = 0
    created: int = 0
