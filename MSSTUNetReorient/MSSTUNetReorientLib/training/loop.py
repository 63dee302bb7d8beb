"""The training loop: checkpoints beside and renamed, exact resume, curves as CSV."""

from __future__ import annotations

import copy
import csv
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ..networks.compact import CompactMSSTUNet
from .batches import draw_batch
from .compact_loss import compact_loss


@dataclass(frozen=True)
class Schedule:
    """How long, how fast.

    Attributes:
        iterations: steps in all; the last ``cooldown`` share of them lets the learning rate fall to zero.
        batch: studies a step.
        rate: learning rate of AdamW after ``warmup`` steps; decay: its weight decay.
        average: decay of the running average of the weights, which is what is kept.
        save_every: steps between checkpoints.
    """

    iterations: int = 4000
    batch: int = 4
    rate: float = 1e-3
    warmup: int = 100
    cooldown: float = 0.4
    decay: float = 1e-2
    average: float = 0.998
    save_every: int = 100
    seed: int = 0

    def rate_at(self, step: int) -> float:
        """Learning rate: a ramp, a plateau, a straight fall."""
        left = (self.iterations - step) / (self.cooldown * self.iterations)
        return self.rate * min(1.0, (step + 1) / self.warmup) * float(np.clip(left, 0.0, 1.0))


class Training:
    """The state of a run: model, its average, optimiser, step and random numbers."""

    def __init__(self, model: CompactMSSTUNet, schedule: Schedule) -> None:
        self.model = model.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.average = copy.deepcopy(model)
        self.schedule = schedule
        self.optimiser = torch.optim.AdamW(model.parameters(), schedule.rate, weight_decay=schedule.decay)
        self.step = 0
        self.rng = np.random.default_rng(schedule.seed)
        torch.manual_seed(schedule.seed)

    def advance(self, pool: Path) -> dict[str, float]:
        """One step; returns the parts of the loss."""
        batch = draw_batch(pool, self.schedule.batch, self.rng)
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.rate_at(self.step)
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16):
            loss, parts = compact_loss(self.model, batch)
        self.optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)
        if torch.isfinite(norm):
            self.optimiser.step()
        self._follow()
        self.step += 1
        return parts

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self.schedule.average, (self.step + 1) / (self.step + 10))
        for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "rng": self.rng.bit_generator.state,
            "torch_rng": torch.get_rng_state(),
            "schedule": asdict(self.schedule),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state`; the schedule stays the one given, so that a run can be made longer."""
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        self.rng.bit_generator.state = state["rng"]
        torch.set_rng_state(state["torch_rng"])


def save_checkpoint(training: Training, path: Path) -> None:
    """Written beside and renamed: a stop in mid-writing loses nothing."""
    temporary = path.with_suffix(".tmp")
    torch.save(training.state(), temporary)
    os.replace(temporary, path)  # noqa: PTH105


def run(training: Training, pool: Path, folder: Path, progress: Callable[[str], None]) -> None:
    """Train to the end of the schedule, from the folder's checkpoint if it holds one."""
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        training.restore(torch.load(checkpoint, weights_only=True))
        progress(f"resumed at step {training.step}")
    sums: dict[str, float] = {}
    started = time.monotonic()
    while training.step < training.schedule.iterations:
        for name, value in training.advance(pool).items():
            sums[name] = sums.get(name, 0.0) + value / 50
        if training.step % 50 == 0:
            speed = (time.monotonic() - started) / 50
            told = " ".join(f"{k}={v:.3f}" for k, v in sums.items())
            progress(f"step {training.step}/{training.schedule.iterations} {speed:.2f} s/step {told}")
            _log(folder / "curves.csv", training.step, sums)
            sums, started = {}, time.monotonic()
        if training.step % training.schedule.save_every == 0:
            save_checkpoint(training, checkpoint)
    save_checkpoint(training, checkpoint)


def _log(path: Path, step: int, sums: dict[str, float]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        table = csv.writer(file)
        if new:
            table.writerow(["step", *sums])
        table.writerow([step, *(f"{v:.5f}" for v in sums.values())])
