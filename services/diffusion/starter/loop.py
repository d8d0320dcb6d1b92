"""The training loop: any objective, one or several processes, exact resumption.

Several processes train by local SGD (Stich 2019): each takes its own steps and every few of them the parameters are
averaged. Two CPU cores reach twice the speed of one that way, where two threads in one process do not; several GPUs
work the same way over NCCL. With a budget in samples a run is reproducible from its seed, and N samples, a stop and N
more equal 2N; with a budget in minutes the learning rate follows the clock instead.
"""

from __future__ import annotations

import contextlib
import json
import math
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

from services.diffusion.starter.checkpoint import Position, load_checkpoint, save_checkpoint


class Objective(Protocol):
    """What a stage trains: built once in every process."""

    def trained(self) -> nn.ModuleDict:
        """The modules whose parameters the loop changes."""
        ...

    def loss(self, batch: int, rng: torch.Generator) -> Tensor:
        """The scalar loss of ``batch`` examples. All randomness comes from ``rng``, a CPU generator."""
        ...


class Stage(Protocol):
    """A recipe that can be sent to another process, which builds its objective there."""

    def build(self, device: torch.device) -> Objective: ...


@dataclass(frozen=True)
class Budget:
    """How long to train: the first bound reached ends it; None is no bound."""

    samples: int | None
    minutes: float | None

    def spent(self, samples: int, seconds: float) -> float:
        """The share used up, 0..1; the learning rate follows it."""
        shares = [samples / self.samples if self.samples else 0.0, seconds / 60 / self.minutes if self.minutes else 0.0]
        return min(1.0, max(shares))


@dataclass(frozen=True)
class LoopSettings:
    """``batch`` is per process and step; ``learning_rate`` is the peak of a cosine after ``warmup`` steps."""

    budget: Budget
    learning_rate: float
    batch: int = 16
    warmup: int = 60
    weight_decay: float = 0.01
    average: float = 0.98  # decay of the running average of weights, per synchronisation
    sync_every: int = 8  # steps
    processes: int = 1
    threads: int = 1
    device: str = "cpu"
    dtype: str = "float32"  # of the arithmetic; parameters stay in float32
    checkpoint_seconds: float = 300.0
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    finished: bool  # False: stopped by a signal; the same call goes on from the checkpoint
    samples: int
    seconds: float
    loss: float


def pick_dtype(device: str) -> str:
    """bfloat16 where the hardware multiplies it; elsewhere it is emulated, ten times slower than float32."""
    if device.startswith("cuda"):
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "bfloat16" if torch.cpu._is_avx512_bf16_supported() else "float32"


def run(stage: Stage, settings: LoopSettings, folder: Path) -> Outcome:
    """Train ``stage``, or go on with it, keeping checkpoints and ``log.jsonl`` in ``folder``.

    The result is the checkpoint's averaged weights (`checkpoint.averaged_weights`). SIGTERM and SIGINT stop it at the
    next synchronisation with a checkpoint written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "outcome.json").unlink(missing_ok=True)
    (folder / "rendezvous").unlink(missing_ok=True)
    if settings.processes == 1:
        _work(0, stage, settings, folder)
    else:
        spawn(_work, args=(stage, settings, folder), nprocs=settings.processes)
    return Outcome(**json.loads((folder / "outcome.json").read_text()))


@contextlib.contextmanager
def _stop_signals() -> Iterator[list[int]]:
    received: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda number, _frame: received.append(number))
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@torch.no_grad()
def _average(
    tensors: list[nn.Parameter], stop: bool, due: bool, spent: float, device: torch.device
) -> tuple[bool, bool, float]:
    """Average the parameters over all processes in place, and agree whether to stop, to save, and on the share spent.

    Agreeing matters: a process that stopped or saved alone would leave the others waiting for it.
    """
    if not dist.is_initialized():
        return stop, due, spent
    world = dist.get_world_size()
    flags = torch.tensor([float(stop), float(due), spent], device=device)
    flat = torch.cat([*(tensor.reshape(-1) for tensor in tensors), flags])
    dist.all_reduce(flat)
    flat /= world
    offset = 0
    for tensor in tensors:
        tensor.copy_(flat[offset : offset + tensor.numel()].view_as(tensor))
        offset += tensor.numel()
    return flat[-3].item() > 0, flat[-2].item() > 0, flat[-1].item()


def _work(rank: int, stage: Stage, settings: LoopSettings, folder: Path) -> None:
    torch.set_num_threads(settings.threads)
    device = torch.device(f"cuda:{rank}" if settings.device == "cuda" else settings.device)
    if settings.processes > 1:
        dist.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            init_method=f"file://{(folder / 'rendezvous').resolve()}",
            rank=rank,
            world_size=settings.processes,
        )
    try:
        with _stop_signals() as signals:
            _train(rank, stage.build(device), settings, folder, device, signals)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def _train(
    rank: int, objective: Objective, settings: LoopSettings, folder: Path, device: torch.device, signals: list[int]
) -> None:
    modules = objective.trained().to(device).train()
    parameters = [parameter for parameter in modules.parameters() if parameter.requires_grad]
    averaged = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.AdamW(
        parameters, settings.learning_rate, betas=(0.9, 0.99), weight_decay=settings.weight_decay, fused=True
    )
    rng = torch.Generator().manual_seed(settings.seed * 1000 + rank)
    position = load_checkpoint(folder, rank, modules, averaged, optimizer, rng) or Position()
    steps = first = position.steps
    loss_average, before = position.loss, position.seconds
    precision = torch.autocast(device.type, getattr(torch, settings.dtype), enabled=settings.dtype != "float32")
    started = last_saved = time.monotonic()
    stop, spent = False, settings.budget.spent(steps * settings.batch * settings.processes, before)

    while spent < 1 and not stop:
        for _ in range(settings.sync_every):
            samples, seconds = steps * settings.batch * settings.processes, before + time.monotonic() - started
            cosine = 0.5 * (1 + math.cos(math.pi * settings.budget.spent(samples, seconds)))
            warm = min(1.0, (steps + 1) / settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * warm * (0.02 + 0.98 * cosine)
            with precision:
                loss = objective.loss(settings.batch, rng)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            steps += 1
            loss_average = loss.item() if loss_average is None else 0.98 * loss_average + 0.02 * loss.item()
        samples, seconds = steps * settings.batch * settings.processes, before + time.monotonic() - started
        stop, due, spent = _average(
            parameters,
            bool(signals),
            time.monotonic() - last_saved > settings.checkpoint_seconds,
            settings.budget.spent(samples, seconds),
            device,
        )
        syncs = steps // settings.sync_every
        with torch.no_grad():
            # A short memory at first, or the average would still hold the first, worst weights.
            share = 1 - min(settings.average, (syncs + 1) / (syncs + 10))
            for average, parameter in zip(averaged, parameters, strict=True):
                average.lerp_(parameter, share)
        position = Position(steps, seconds, loss_average)
        if due or stop or spent >= 1:
            save_checkpoint(folder, rank, modules, averaged, optimizer, rng, position)
            last_saved = time.monotonic()
        if rank == 0 and (syncs % 5 == 0 or stop or spent >= 1):
            rate = (steps - first) * settings.batch * settings.processes / (time.monotonic() - started)
            line = {"samples": samples, "seconds": round(seconds), "loss": round(loss_average or 0, 4)}
            line |= {"rate": round(rate, 1), "learning_rate": optimizer.param_groups[0]["lr"], "spent": round(spent, 4)}
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(line) + "\n")
    if rank == 0:
        outcome = Outcome(spent >= 1, steps * settings.batch * settings.processes, position.seconds, loss_average or 0)
        (folder / "outcome.json").write_text(json.dumps(asdict(outcome)))
