"""The joint loss of the compact model: all three scales and the labels in one step.

Each scale learns from the pose it would meet in use (the scale before it, detached) and from the truth disturbed at
random, which is also what makes the labels hold when a reader nudges the pose.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from ..geometry.septum import LEFT_DEG
from ..geometry.septum import MEAN_DEG
from ..networks.compact import CompactMSSTUNet
from ..networks.compact import ScaleEstimate
from ..networks.compact import expected_position
from ..networks.geometry import CLOSE_SCALE
from ..networks.geometry import CLOSE_SIZE
from ..networks.geometry import HALF_MM
from ..networks.losses import dice_loss
from ..networks.rotation import geodesic_angle
from ..networks.rotation import rotation_from_euler
from ..networks.sampler import sample
from .batches import Batch
from .batches import astuple

WIDE_REACH_MM, CLOSE_REACH_MM = 55.0, 30.0
"""How far from the LV centre a look may start for its pose to be asked of it; from further away it is no LV's look."""
SHIFT_UNIT_MM = 20.0
"""A shift of this many mm weighs as much as a radian."""


def pose_loss(look: ScaleEstimate, batch: Batch, mask: Tensor) -> Tensor:
    """Geodesic angle plus shift, over the samples of ``mask`` ``(B,)``."""
    angle = geodesic_angle(look.rotation, batch.rotation)
    shift = (look.translation - batch.translation).norm(dim=1) * (HALF_MM / SHIFT_UNIT_MM)
    return mean_over(angle * 2 + shift, mask)


def disturbed(batch: Batch, degrees: float, mm: float) -> tuple[Tensor, Tensor]:
    """The true pose, turned by about ``degrees`` and shifted by about ``mm``."""
    size = len(batch.rotation)
    device = batch.rotation.device
    vector = torch.randn(size, 3, device=device) * (degrees / 57.3 / 3**0.5)
    x, y, z = vector.unbind(1)
    zero = torch.zeros_like(x)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(-1, 3, 3)
    turn = torch.linalg.matrix_exp(skew)
    shift = torch.randn(size, 3, device=device) * (mm / 3**0.5 / HALF_MM)
    return batch.rotation @ turn, batch.translation + shift


def mixed(
    first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor], share: float
) -> tuple[tuple[Tensor, Tensor], Tensor]:
    """Per sample one of two poses, ``share`` of them the first; also which."""
    pick = torch.rand(len(first[0]), device=first[0].device) < share
    rotation = torch.where(pick[:, None, None], first[0], second[0])
    return (rotation, torch.where(pick[:, None], first[1], second[1])), pick


def heat_loss(heat: Tensor, translation: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of a heat map ``(B, n, n, n)`` with a Gaussian of 12 mm at the LV centre, plus the distance.

    The mean over the samples of ``mask`` ``(B,)``.
    """
    n = heat.shape[-1]
    pitch = 2 * (HALF_MM + 2.0) / n
    line = (torch.arange(n, device=heat.device) - (n - 1) / 2) * pitch
    d = [torch.exp(-(((line - translation[:, a : a + 1] * HALF_MM) / 12.0) ** 2) / 2) for a in range(3)]
    target = (d[2][:, :, None, None] * d[1][:, None, :, None] * d[0][:, None, None, :]).flatten(1)
    target = target / target.sum(1, keepdim=True).clamp_min(1e-6)
    log = heat.flatten(1).log_softmax(1)
    distance = (expected_position(log.exp(), n) - translation).norm(dim=1) * (HALF_MM / SHIFT_UNIT_MM)
    return mean_over(0.5 * distance - (target * log).sum(1), mask)


def true_shares(batch: Batch, rotation: Tensor, translation: Tensor) -> Tensor:
    """Shares of background, LV-MY, LV-BP on the label grid at another pose, ``(B, 3, 48, 48, 48)``."""
    back = batch.rotation.mT
    shift = (back @ (translation - batch.translation)[..., None])[..., 0] / CLOSE_SCALE
    inside = sample(batch.labels, back @ rotation, shift, 1.0, CLOSE_SIZE)
    return torch.cat([1 - inside.sum(1, keepdim=True), inside], 1)


def label_loss(logits: Tensor, shares: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy plus the Dice loss of Ni 2023, eq. 11 (LV-MY weighs three), the latter for ``mask`` ``(B,)``.

    Without an LV, all is background: the cross-entropy says so, while a Dice coefficient would mean nothing.
    """
    weight = logits.new_tensor([1.0, 3.0, 1.0]).reshape(1, 3, 1, 1, 1)
    entropy = -(shares * logits.log_softmax(1) * weight).sum(1).mean()
    dice = dice_loss(logits.softmax(1), shares)
    return entropy + mean_over((dice[:, 0] + 3 * dice[:, 1] + dice[:, 2]) / 5, mask)


def mean_over(values: Tensor, mask: Tensor) -> Tensor:
    """Mean of values ``(B,)`` where ``mask`` is 1; 0 where it is nowhere."""
    return (values * mask).sum() / mask.sum().clamp_min(1)


def in_septal_frame(batch: Batch) -> Batch:
    """Poses and labels rolled so that ``i`` points away from the RV: the roll that the network learns is the septum's.

    Where the septum angle is not known, as in real counts, it is that of the mean heart.
    """
    roll = torch.deg2rad(LEFT_DEG - torch.nan_to_num(batch.septum_deg, nan=MEAN_DEG))
    zero = torch.zeros_like(roll)
    turn = rotation_from_euler(torch.stack([zero, zero, roll], 1))
    labels = sample(batch.labels, turn, torch.zeros_like(batch.translation), 1.0, CLOSE_SIZE)
    return replace(batch, rotation=batch.rotation @ turn, labels=labels, septum_deg=torch.full_like(roll, LEFT_DEG))


def compact_loss(model: CompactMSSTUNet, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
    """One step's loss, and its parts for the log; samples without labels have no heart, and only that is learned."""
    present = (batch.labels.flatten(1).amax(1) > 0).float()
    batch = in_septal_frame(batch)
    first, heat = model.locate(batch.cube)
    found = (first.rotation.detach(), first.translation.detach())
    twice = Batch(*(torch.cat([x, x]) for x in astuple(batch)))

    start, _ = mixed((found[0].repeat(2, 1, 1), found[1].repeat(2, 1)), disturbed(twice, 22.0, 22.0), 0.4)
    start, _ = mixed(start, (start[0], _elsewhere(twice)), 0.8)
    wide = model.wide(twice.cube, *start)
    near, _ = mixed((wide.rotation.detach(), wide.translation.detach()), disturbed(twice, 11.0, 8.0), 0.4)
    close = model.close(twice.cube, *near)
    there = present.repeat(2)
    seen = there * within(twice, start[1], WIDE_REACH_MM)
    close_seen = there * within(twice, near[1], CLOSE_REACH_MM)

    size = len(batch.cube)
    last = (close.rotation[:size], close.translation[:size])
    at, _ = mixed((last[0].detach(), last[1].detach()), disturbed(batch, 9.0, 6.0), 0.6)
    look = ScaleEstimate(wide.rotation, wide.translation, wide.presence, wide.features[:size])
    logits, auxiliary = model.segment(batch.cube, look, (start[0][:size], start[1][:size]), at)
    shares = true_shares(batch, *at)

    parts = {
        "heat": heat_loss(heat, batch.translation, present),
        "turn": mean_over(geodesic_angle(first.rotation, batch.rotation), present),
        "wide": pose_loss(wide, twice, seen),
        "close": 1.5 * pose_loss(close, twice, close_seen),
        "overlap": 0.5 * overlap_loss(batch, last, close_seen[:size]),
        "presence": presence_loss(wide.presence, seen) + presence_loss(close.presence, close_seen),
        "labels": label_loss(logits.float(), shares, present),
        "labels/2": 0.4 * label_loss(auxiliary.float(), F.avg_pool3d(shares, 2), present),
    }
    return torch.stack(list(parts.values())).sum(), parts


def overlap_loss(batch: Batch, pose: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
    """Dice loss between the true LV read at the predicted pose and at the true one (Ni 2023, eq. 10).

    The paper binarises the counts at their mean, which a hot liver or an empty field of view makes meaningless; the
    true wall and pool say the same of the pose alone.
    """
    read = true_shares(batch, *pose)[:, 1:]
    return mean_over(dice_loss(read, batch.labels).mean(1), mask)


def within(batch: Batch, translation: Tensor, reach: float) -> Tensor:
    """1 where a start is within ``reach`` mm of the LV centre, ``(B,)``."""
    return ((translation - batch.translation).norm(dim=1) * HALF_MM < reach).float()


def presence_loss(logit: Tensor, there: Tensor) -> Tensor:
    """Cross-entropy of "an LV is in view"."""
    return 0.3 * F.binary_cross_entropy_with_logits(logit.float(), there)


def _elsewhere(batch: Batch) -> Tensor:
    """Translations 55 to 140 mm away from the LV centre."""
    direction = F.normalize(torch.randn_like(batch.translation), dim=1)
    distance = 55.0 + 85.0 * torch.rand(len(direction), 1, device=direction.device)
    return batch.translation + direction * distance / HALF_MM
