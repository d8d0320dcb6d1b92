"""Checkpoints of a training loop: everything needed to go on as if it had not stopped, in safetensors, atomically.

``checkpoint-<steps>/`` appears by one rename, when every process has written its file into it; it then replaces the
one before. So whatever stops the training, and whenever, a whole checkpoint is there.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

_PARTIAL = ".partial"


@dataclass(frozen=True)
class Position:
    """How far a run has come: steps of one process, seconds of training, the running mean of the loss."""

    steps: int = 0
    seconds: float = 0.0
    loss: float | None = None


def latest(folder: Path) -> Path | None:
    """The newest whole checkpoint in ``folder``."""
    found = [path for path in folder.glob("checkpoint-*") if path.suffix != _PARTIAL]
    return max(found, key=lambda path: int(path.name.split("-")[1]), default=None)


def save_checkpoint(
    folder: Path,
    rank: int,
    modules: nn.ModuleDict,
    averaged: list[Tensor],
    optimizer: torch.optim.Optimizer,
    rng: torch.Generator,
    position: Position,
) -> None:
    """Write this process's share; call it in every process at the same step."""
    partial = folder / f"checkpoint-{position.steps}{_PARTIAL}"
    partial.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {"rng": rng.get_state()}
    for (name, parameter), average in zip(_trained(modules), averaged, strict=True):
        tensors[f"weight/{name}"] = parameter.detach()
        tensors[f"average/{name}"] = average
        for key, value in optimizer.state[parameter].items():
            tensors[f"optimizer/{key}/{name}"] = value
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, partial / f"worker-{rank}.safetensors", {"position": json.dumps(asdict(position))})
    if dist.is_initialized():
        dist.barrier()
    if rank == 0:
        final = partial.with_suffix("")
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        for older in folder.glob("checkpoint-*"):
            if older != final:
                shutil.rmtree(older)


def load_checkpoint(
    folder: Path,
    rank: int,
    modules: nn.ModuleDict,
    averaged: list[Tensor],
    optimizer: torch.optim.Optimizer,
    rng: torch.Generator,
) -> Position | None:
    """Put the newest checkpoint into the arguments, in place; None where there is none yet."""
    path = latest(folder)
    if path is None:
        return None
    file = path / f"worker-{rank}.safetensors"
    with safe_open(file, "pt") as opened:
        position = Position(**json.loads(opened.metadata()["position"]))
    tensors = load_file(file)
    rng.set_state(tensors["rng"])
    for (name, parameter), average in zip(_trained(modules), averaged, strict=True):
        with torch.no_grad():
            parameter.copy_(tensors[f"weight/{name}"])
            average.copy_(tensors[f"average/{name}"])
        # AdamW's state: the two moments lie where the parameter does, the step count where a fused optimizer wants it.
        optimizer.state[parameter] = {
            key: tensors[f"optimizer/{key}/{name}"].to(parameter.device) for key in ("step", "exp_avg", "exp_avg_sq")
        }
    return position


def _trained(modules: nn.ModuleDict) -> list[tuple[str, nn.Parameter]]:
    return [(name, parameter) for name, parameter in modules.named_parameters() if parameter.requires_grad]


def averaged_weights(folder: Path) -> dict[str, Tensor] | None:
    """The running average of the weights in the newest checkpoint, by parameter name; None where there is none."""
    path = latest(folder)
    if path is None:
        return None
    with safe_open(path / "worker-0.safetensors", "pt") as opened:
        names = [name for name in opened.keys() if name.startswith("average/")]  # noqa: SIM118 - not a mapping
        return {name.removeprefix("average/"): opened.get_tensor(name) for name in names}
