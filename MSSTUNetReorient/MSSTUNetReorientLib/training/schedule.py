"""Steps and learning rate: the papers' poly schedule, and ours with warm-up, plateau and linear decay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import nn

from ..networks.cascade import Stage
from ..networks.config_table import limited


@dataclass(frozen=True)
class Schedule:
    """One run.

    Attributes:
        iterations: steps in all, or the most where ``check_every`` is set.
        check_every: steps between two points of the validation curve; training ends when it is flat
            (:mod:`.convergence`). 0 measures none and trains all steps.
        optimiser: "adamw", or "adam" as in the papers.
        rate: learning rate at its highest.
        shape: "poly", ``(1 - t / t_max) ** power`` (Ni 2023, section 4.4), or "plateau": a ramp over ``warmup`` steps,
            a plateau, and a straight fall over the last ``cooldown`` share of the steps.
        decay: weight decay.
        average: decay of the running average of the weights, which is what is kept; 0 keeps the weights themselves.
        clip: largest norm of the gradient; 0 leaves it as it is.
        momentum: share of a batch in the running statistics of batch normalisation.
        save_every: steps between checkpoints.
    """

    iterations: int = 4000
    check_every: int = limited(0, 0, 10**6)
    optimiser: Literal["adam", "adamw"] = "adamw"
    rate: float = limited(1e-3, 1e-8, 1.0)
    shape: Literal["plateau", "poly"] = "plateau"
    power: float = limited(0.9, 0.0, 10.0)
    warmup: int = 100
    cooldown: float = limited(0.4, 0.0, 1.0)
    decay: float = limited(1e-2, 0.0, 1.0)
    average: float = limited(0.998, 0.0, 0.99999)
    clip: float = limited(2.0, 0.0, 1e6)
    momentum: float = limited(0.1, 1e-4, 1.0)
    save_every: int = 100

    def rate_at(self, step: int) -> float:
        """Learning rate of a step, from 0."""
        if self.shape == "poly":
            return self.rate * max(1.0 - step / self.iterations, 0.0) ** self.power
        if self.cooldown == 0:
            return self.rate * min(1.0, (step + 1) / self.warmup)
        left = (self.iterations - step) / (self.cooldown * self.iterations)
        return self.rate * min(1.0, (step + 1) / self.warmup) * float(np.clip(left, 0.0, 1.0))

    def optimiser_of(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """A new optimiser."""
        kind = torch.optim.AdamW if self.optimiser == "adamw" else torch.optim.Adam
        return kind(parameters, self.rate, weight_decay=self.decay)


@dataclass(frozen=True)
class Stages:
    """Shares of the steps that train the translation alone, then the rotation alone; the rest trains both.

    Zhu 2022 gives them 80, 80 and 40 of 200 epochs. It is for the three-stage forms only.
    """

    translation: float = limited(0.0, 0.0, 1.0)
    rotation: float = limited(0.0, 0.0, 1.0)

    @property
    def last(self) -> float:
        """The share of the steps after which both are trained."""
        return self.translation + self.rotation

    def at(self, share: float) -> Stage:
        """The stage when this share of the steps is done."""
        if share < self.translation:
            return "translation"
        return "rotation" if share < self.last else "both"
