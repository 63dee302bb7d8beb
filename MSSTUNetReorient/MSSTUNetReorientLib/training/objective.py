"""What each family of networks is trained for: a module from a batch to its loss, the one thing that a step runs.

Being one module, it runs under one precision and one data-parallel wrapper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch import nn

from ..geometry.pose import euler_from_rotation
from ..networks.cascade import CNNSTN
from ..networks.cascade import Cascade
from ..networks.cascade import Stage
from ..networks.cascade import cascade_input
from ..networks.losses import cascade_loss
from ..networks.losses import deep_supervision_loss
from ..networks.losses import joint_loss
from ..networks.losses import pose_losses
from ..networks.msstn import MSSTN
from ..networks.scale import Scale
from ..networks.view import transaxial_labels
from ..networks.view import upright_labels
from ..networks.view import view
from .batches import Batch
from .compact_loss import compact_loss
from .recipe import Recipe

Parts = dict[str, Tensor]


class Objective(nn.Module):
    """A network and its loss.

    Args:
        network: as the recipe's configuration builds it.
        recipe: says family, frame and weights.

    Attributes:
        stage: what a three-stage form learns now; set it by :meth:`set_stage`.
    """

    def __init__(self, network: nn.Module, recipe: Recipe) -> None:
        super().__init__()
        self.network = network
        self.recipe = recipe
        self.stage: Stage = "both"

    def set_stage(self, stage: Stage) -> None:
        """Choose what is trained."""
        self.stage = stage
        if isinstance(self.network, Cascade):
            self.network.set_stage(stage)

    def forward(self, *fields: Tensor) -> tuple[Tensor, Parts]:
        """The loss of a :class:`~.batches.Batch`, given by its fields in their order, and its parts for the log."""
        batch = Batch(*fields)
        return {
            "compact": self._compact, "joint": self._joint, "omega": self._omega, "locate": self._locate,
            "segment": self._segment, "cascade": self._cascade,
        }[self.recipe.network.family](batch)  # fmt: skip

    def _compact(self, batch: Batch) -> tuple[Tensor, Parts]:
        return compact_loss(self.network, batch)  # type: ignore[arg-type]

    def _joint(self, batch: Batch) -> tuple[Tensor, Parts]:
        image = view(batch.cube, self._size)
        targets = upright_labels(batch.labels, self._label_scales, self._half_mm)
        angles = true_angles(batch)
        output = self.network(image)
        loss = joint_loss(
            output, image, targets, angles, batch.translation, self._scales, self.recipe.loss.mu
        )  # fmt: skip
        return loss.total, dict(zip(loss._fields[1:], loss[1:], strict=True))

    def _omega(self, batch: Batch) -> tuple[Tensor, Parts]:
        image = view(batch.cube, self._size)
        output = self.network(image)
        angles = true_angles(batch)
        turn, shift, threshold = pose_losses(output.located, image, angles, batch.translation, self._scales)
        targets = upright_labels(batch.labels, self._label_scales, self._half_mm)
        upright = deep_supervision_loss(output.logits, targets)
        lying = self._transaxial_labels(batch)
        first = deep_supervision_loss(output.first, lying)
        parts = {
            "rotation": turn,
            "translation": shift,
            "threshold": threshold,
            "segmentation": upright,
            "first": first,
        }
        return self.recipe.loss.mu * turn + shift + threshold + upright + first, parts

    def _locate(self, batch: Batch) -> tuple[Tensor, Parts]:
        image = view(batch.cube, self._size)
        located = cast(MSSTN, self.network).locate(image)
        turn, shift, threshold = pose_losses(located, image, true_angles(batch), batch.translation, self._scales)
        parts = {"rotation": turn, "translation": shift, "threshold": threshold}
        return self.recipe.loss.mu * turn + shift + threshold, parts

    def _segment(self, batch: Batch) -> tuple[Tensor, Parts]:
        if self.recipe.data.frame == "short-axis":
            image = view(batch.cube, self._size, batch.rotation, batch.translation)
            targets = upright_labels(batch.labels, self._label_scales, self._half_mm)
        else:
            image = view(batch.cube, self._size)
            targets = self._transaxial_labels(batch)
        logits = self.network(image)  # the finest alone where deep supervision is for training only
        loss = deep_supervision_loss(logits, targets[: len(logits)])
        return loss, {"segmentation": loss}

    def _cascade(self, batch: Batch) -> tuple[Tensor, Parts]:
        shape = self.recipe.network.shape  # type: ignore[attr-defined]
        turned = self.stage != "translation"
        output = cast(CNNSTN | Cascade, self.network).locate(*cascade_input(batch.cube, shape, self._half_mm), turned)
        true = (true_angles(batch), batch.translation)
        loss = cascade_loss(output.angles, output.translation, *true, self.stage, self.recipe.loss.mu)
        found = (output.angles, output.translation)
        parts = {name: cascade_loss(*found, *true, name) for name in ("rotation", "translation")}
        return loss, parts

    @property
    def _scales(self) -> Sequence[Scale]:
        """Of the samplers."""
        return cast(Sequence[Scale], self.network.scales)

    @property
    def _label_scales(self) -> Sequence[Scale]:
        """Of the answers."""
        return cast(Sequence[Scale], self.network.label_scales)

    def _transaxial_labels(self, batch: Batch) -> list[Tensor]:
        pose = batch.rotation, batch.translation
        return transaxial_labels(batch.labels, *pose, self._label_scales, self._half_mm)

    @property
    def _half_mm(self) -> float:
        return self.recipe.data.half_mm

    @property
    def _size(self) -> int:
        return int(self.recipe.network.size)  # type: ignore[attr-defined]


def true_angles(batch: Batch) -> Tensor:
    """(alpha, beta, gamma) of the truth, ``(B, 3)`` radians, of the two triples the nearer to the mean."""
    angles = [euler_from_rotation(r) for r in batch.rotation.detach().cpu().numpy()]
    return batch.rotation.new_tensor(np.array(angles))


def scalars(parts: Parts | dict[str, float]) -> dict[str, float]:
    """The parts as numbers, for the log."""
    return {name: float(torch.as_tensor(value).detach()) for name, value in parts.items()}
