"""The training loop: every step follows from seed and step alone, so an interrupted run resumes exactly.

Checkpoints are written beside and renamed; curves are CSV.
"""

from __future__ import annotations

import copy
import csv
import time
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from ..errors import InputError
from ..io.atomic_file import atomic_file
from .batches import Batch
from .batches import astuple
from .batches import draw_batch
from .convergence import is_flat
from .machine import machine
from .objective import Objective
from .objective import scalars
from .recipe import Recipe
from .reduced_pool import ReducedPool

CHECKPOINT, CURVES, VALIDATION_CURVE = "checkpoint.pt", "curves.csv", "validation_curve.csv"
LOSS = "loss"
"""The column of the validation curve that is watched: what is minimised, on the held-out studies."""
LOG_EVERY = 50
"""Steps between two rows of the curves."""
MEASURED_AT_ONCE = 20
"""Held-out studies in one batch."""
SAY_EVERY_S = 60.0
"""Seconds between progress lines of a slow run."""

BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Studies:
    """Folders of samples: simulated ones and, where a centre has given them, its own; or one reduced pool instead.

    Attributes:
        held_out: for the validation curve.
    """

    pools: Sequence[Path]
    own: Path | None = None
    reduced: ReducedPool | None = None
    held_out: ReducedPool | None = None


class Training:
    """The state of a run: network, its average, optimiser, step, seconds spent so far, and whether it learns no more.

    Args:
        recipe: of the run.
        network: where it begins; as the recipe builds it by default.
        fabric: the machine; one CPU process or what torchrun says by default.
    """

    def __init__(self, recipe: Recipe, network: nn.Module | None = None, fabric: Fabric | None = None) -> None:
        self.recipe = recipe
        self.fabric = fabric or machine(recipe.precision)
        torch.manual_seed(recipe.seed)
        network = network or recipe.network.build()
        for module in network.modules():
            if isinstance(module, BATCH_NORMS):
                module.momentum = recipe.schedule.momentum
        self.network = network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        objective = Objective(self.network, recipe)
        optimiser = recipe.schedule.optimiser_of(self.network.parameters())
        self.objective, self.optimiser = self.fabric.setup(objective, optimiser)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        self.step = 0
        self.seconds = 0.0
        self.flat = False

    def advance(self, studies: Studies) -> dict[str, float]:
        """One step; returns the parts of the loss."""
        batch = self._batch(studies)
        schedule = self.recipe.schedule
        for group in self.optimiser.param_groups:
            group["lr"] = schedule.rate_at(self.step)
        self.objective.train()
        self.objective.module.set_stage(self.recipe.stages.at(self.step / schedule.iterations))
        loss, parts = self.objective(*astuple(batch))
        self.optimiser.zero_grad()
        self.fabric.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), schedule.clip or torch.inf)
        if torch.isfinite(norm):
            self.optimiser.step()
        self._follow()
        self.step += 1
        return scalars(parts)

    def _batch(self, studies: Studies) -> Batch:
        """The batch of this step in this process; also sets the seed of the random numbers in the loss."""
        data = self.recipe.data
        rng = np.random.default_rng((self.recipe.seed, self.step, self.fabric.global_rank))
        torch.manual_seed(int(rng.integers(2**62)))
        if studies.reduced is not None:
            batch = studies.reduced.batch(rng.integers(len(studies.reduced), size=data.batch))
            return self._placed(batch)
        batch = draw_batch(
            studies.pools, data.batch, rng, changed=data.augment, own=studies.own, own_share=data.own_share,
            stretched_share=data.stretch, swapped_share=data.swap_background, neighbour_share=data.neighbour,
            heartless_share=data.heartless,
        )  # fmt: skip
        return self._placed(batch)

    def _placed(self, batch: Batch) -> Batch:
        return Batch(*(self.fabric.to_device(x) for x in astuple(batch)))

    @torch.no_grad()
    def measure(self, held_out: ReducedPool) -> dict[str, float]:
        """The loss of the averaged network on held-out studies, all parameters counting, and its parts."""
        objective = self.fabric.setup_module(Objective(self.average, self.recipe).eval())
        sums: dict[str, float] = {}
        for picked in np.array_split(np.arange(len(held_out)), -(-len(held_out) // MEASURED_AT_ONCE)):
            loss, parts = objective(*astuple(self._placed(held_out.batch(picked))))
            for name, value in scalars({LOSS: loss, **parts}).items():
                sums[name] = sums.get(name, 0.0) + value * len(picked)
        return {name: value / len(held_out) for name, value in sums.items()}

    @torch.no_grad()
    def _follow(self) -> None:
        """The running average of the weights; statistics of batch normalisation are averages already."""
        keep = min(self.recipe.schedule.average, (self.step + 1) / (self.step + 10))
        for slow, fast in zip(self.average.parameters(), self.network.parameters(), strict=True):
            slow.lerp_(fast, 1 - keep)
        for slow, fast in zip(self.average.buffers(), self.network.buffers(), strict=True):
            slow.copy_(fast)

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or the validation curve is flat."""
        return self.flat or self.step >= self.recipe.schedule.iterations

    def state(self) -> dict[str, Any]:
        """Everything that resuming needs."""
        return {
            "model": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "schedule": asdict(self.recipe.schedule),
            "identity": self.recipe.identity,
        }

    def restore(self, state: dict[str, Any], name: str) -> None:
        """Inverse of :meth:`state`; the schedule stays the one given, so that a run can be made longer.

        Raises:
            InputError: the checkpoint is of another architecture.
        """
        theirs, ours = (x.get("architecture", "compact") for x in (state.get("identity", {}), self.recipe.identity))
        try:
            if theirs != ours:
                _disagree(f"it is of {theirs}")
            self.network.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step = int(state["step"])
            self.seconds = float(state.get("seconds", 0.0))
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            reason = str(error).splitlines()[0][:120]
            msg = f"{name}: the checkpoint must be of {ours} as in {self.recipe.name}, but {reason}; choose another"
            raise InputError(msg) from error


def _disagree(how: str) -> None:
    raise ValueError(how)


def save_checkpoint(training: Training, path: Path) -> None:
    """Written beside and renamed: a stop or a full disk in mid-writing loses nothing.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    if training.fabric.is_global_zero:
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            torch.save(training.state(), file)


def load_checkpoint(training: Training, path: Path) -> None:
    """Go on from a checkpoint.

    Raises:
        InputError: it cannot be read, or is of another architecture.
    """
    try:
        state = torch.load(path, map_location=training.fabric.device, weights_only=True)
    except Exception as error:  # torch raises what the broken file provokes
        msg = f"{path}: the checkpoint cannot be read ({str(error).splitlines()[0][:120]}); remove it to start again"
        raise InputError(msg) from error
    training.restore(state, str(path))


def run(
    training: Training, studies: Studies, folder: Path, say: Say, keep_going: Callable[[], bool] = lambda: True
) -> bool:
    """Train to the end of the schedule, from the folder's checkpoint if it holds one.

    Args:
        keep_going: asked after every step; False saves a checkpoint and returns.

    Returns:
        Whether the training is finished: all steps done, or the validation curve flat.

    Raises:
        InputError: the disk is full, the checkpoint is of another architecture.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        load_checkpoint(training, checkpoint)
        say(f"resuming at step {training.step}")
    curves = Curves(folder / CURVES, training.step) if training.fabric.is_global_zero else None
    watch = Watch(training, studies, folder)
    total, began, said = training.recipe.schedule.iterations, time.monotonic(), time.monotonic()
    first, before = training.step, training.seconds
    while not training.finished:
        parts = training.advance(studies)
        training.seconds = before + time.monotonic() - began
        if curves is not None:
            curves.add(training.step, parts)
        watch.look()
        now = time.monotonic()
        if training.step % LOG_EVERY == 0 or now - said > SAY_EVERY_S:
            pace = (now - began) / (training.step - first)
            told = " ".join(f"{name} {value:.3f}" for name, value in parts.items())
            left = _left(pace * (total - training.step))
            say(f"step {training.step} of {total}, {pace:.2f} s per step, {left} left: {told}")
            said = now
        on = training.fabric.broadcast(keep_going()) if training.fabric.world_size > 1 else keep_going()
        if training.step % training.recipe.schedule.save_every == 0 or training.finished or not on:
            save_checkpoint(training, checkpoint)
        if not on:
            break
    return training.finished


def _left(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class Watch:
    """The validation curve of a run, kept as a CSV file; it tells the training when it is flat.

    Args:
        folder: of the run; a curve that was begun there is continued.
    """

    def __init__(self, training: Training, studies: Studies, folder: Path) -> None:
        schedule = training.recipe.schedule
        self.training, self.held_out, self.every = training, studies.held_out, schedule.check_every
        self.begin = round(training.recipe.stages.last * schedule.iterations)
        self.points: list[tuple[int, float]] = []
        if self.every:
            self.curve = Curves(folder / VALIDATION_CURVE, training.step, self.every)
            self.points = [(step, parts[LOSS]) for step, parts in self.curve.rows()]
            self._judge()

    def look(self) -> None:
        """Measure where a point is due."""
        if self.every and self.held_out is not None and self.training.step % self.every == 0:
            parts = self.training.measure(self.held_out)
            self.curve.add(self.training.step, parts)
            self.points.append((self.training.step, parts[LOSS]))
            self._judge()

    def _judge(self) -> None:
        steps, losses = zip(*self.points, strict=True) if self.points else ((), ())
        self.training.flat = is_flat(steps, losses, self.begin)


class Curves:
    """Means of the losses over some steps, as rows of a CSV file; resuming removes rows after its step."""

    def __init__(self, path: Path, step: int, every: int | None = None) -> None:
        self.path, self.every = path, every or LOG_EVERY
        self.sums: dict[str, float] = {}
        self.count = 0
        if path.exists():
            with path.open(newline="") as file:
                header, *rows = list(csv.reader(file)) or [[]]
            kept = [row for row in rows if row and int(row[0]) <= step]
            with atomic_file(path) as temporary, temporary.open("w", newline="") as file:
                csv.writer(file).writerows([header, *kept])

    def add(self, step: int, parts: dict[str, float]) -> None:
        """Take in a step; every so many, write a row."""
        self.count += 1
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + value
        if step % self.every:
            return
        new = not self.path.exists()
        try:
            with self.path.open("a", newline="") as file:
                table = csv.writer(file)
                if new:
                    table.writerow(["step", *self.sums])
                table.writerow([step, *(f"{value / self.count:.5f}" for value in self.sums.values())])
        except OSError as error:
            msg = f"{self.path}: the curves cannot be written ({error.strerror}); free disk space and run it again"
            raise InputError(msg) from error
        self.sums, self.count = {}, 0

    def rows(self) -> list[tuple[int, dict[str, float]]]:
        """Step and losses of every row."""
        if not self.path.exists():
            return []
        with self.path.open(newline="") as file:
            return [(int(row.pop("step")), {k: float(v) for k, v in row.items()}) for row in csv.DictReader(file)]
