"""The losses of both papers: pose, thresholded image, segmentation, and their sums.

Every loss is a mean over the batch. Angles are radians, translations are in units of the input's half extent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from typing import NamedTuple

import torch
from torch import Tensor

from .joint import JointOutput
from .msstn import MSSTNOutput
from .rotation import rotation_from_euler
from .rotation import wrap
from .sampler import sample
from .scale import Scale

MU = 10.0
"""Weight of the rotation loss (Ni 2023, eq. 9)."""
ETA = 3.0
"""Weight of the myocardium (Ni 2023, eq. 11)."""
CLASS_WEIGHTS = (1.0, ETA, 1.0)
"""Background, LV-MY, LV-BP (Ni 2023, eq. 11)."""
DICE_SMOOTHING = 1e-5
"""Added above and below: a class that is nowhere and is found nowhere costs nothing."""


# --- pose ---


def rotation_loss(angles: Tensor, true: Tensor) -> Tensor:
    """Mean absolute difference of ``(B, 3)`` angles, wrapped to [-pi, pi) (Ni 2023, eq. 7)."""
    return wrap(true - angles).abs().mean()


def translation_loss(translation: Tensor, true: Tensor) -> Tensor:
    """Mean absolute difference of ``(B, 3)`` translations (Ni 2023, eq. 8)."""
    return (true - translation).abs().mean()


def reorientation_loss(
    angles: Tensor, translation: Tensor, true_angles: Tensor, true_translation: Tensor, mu: float = MU
) -> Tensor:
    """``mu * L_rot + L_tran`` of one regressor (Ni 2023, eq. 9)."""
    return mu * rotation_loss(angles, true_angles) + translation_loss(translation, true_translation)


# --- the thresholded image ---


def binarise(image: Tensor) -> Tensor:
    """1 where a volume ``(B, C, D, H, W)`` exceeds its own mean, else 0 (Ni 2023, section 3.2)."""
    return (image > image.mean(dim=(2, 3, 4), keepdim=True)).to(image.dtype)


def threshold_loss(
    image: Tensor,
    angles: Tensor,
    translation: Tensor,
    true_angles: Tensor,
    true_translation: Tensor,
    scale: Scale,
) -> Tensor:
    """Dice loss between the binarised input in the predicted and in the true short-axis frame (Ni 2023, eq. 10).

    The input is binarised first and sampled after, so the loss is differentiable in the pose. Interpolation leaves
    fractions at the edges: the sizes in eq. 10 are therefore sums of squares, the same for a binary image, and
    the loss is zero at the true pose and nowhere below.

    Args:
        image: ``(B, C, N, N, N)``, the network's input.
        angles, translation, true_angles, true_translation: ``(B, 3)`` each.
        scale: the sampler's grid.
    """
    binary = binarise(image)
    found = sample(binary, rotation_from_euler(angles), translation, scale.scale, scale.size)
    true = sample(binary, rotation_from_euler(true_angles), true_translation, scale.scale, scale.size)
    return dice_loss(found, true, squared=True).mean()


# --- segmentation ---


def dice_loss(found: Tensor, true: Tensor, squared: bool = False) -> Tensor:
    """Soft Dice loss per volume and channel (Ni 2023, eq. 10).

    Args:
        found, true: ``(B, C, D, H, W)`` in [0, 1].
        squared: sizes as sums of squares (Milletari 2016) instead of sums.

    Returns:
        ``(B, C)`` in [0, 1], computed in float32 at least.
    """
    found, true = (x.to(torch.promote_types(x.dtype, torch.float32)).flatten(2) for x in (found, true))
    overlap = (found * true).sum(-1)
    sizes = (found.square() + true.square() if squared else found + true).sum(-1)
    return 1 - (2 * overlap + DICE_SMOOTHING) / (sizes + DICE_SMOOTHING)


def segmentation_loss(logits: Tensor, labels: Tensor, weights: Sequence[float] = CLASS_WEIGHTS) -> Tensor:
    """``eta * DL(MY) + DL(BP) + DL(BG)`` (Ni 2023, eq. 11).

    Args:
        logits: ``(B, C, D, H, W)``, before the softmax.
        labels: ``(B, D, H, W)`` int64.
        weights: of the classes, in the order of the labels.
    """
    probabilities = torch.softmax(logits.to(torch.promote_types(logits.dtype, torch.float32)), dim=1)
    classes = torch.arange(logits.shape[1], device=labels.device).reshape(-1, 1, 1, 1)
    true = (labels.unsqueeze(1) == classes).to(probabilities.dtype)
    return (dice_loss(probabilities, true).mean(0) * probabilities.new_tensor(weights)).sum()


def deep_supervision_loss(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> Tensor:
    """Eq. 11 at every level, each deeper level weighing half, the weights summing to one.

    The paper names deep supervision and gives no weights; these are those of nnU-Net.

    Args:
        logits, labels: per level, finest first; see :func:`segmentation_loss`.
    """
    weights = [0.5**n for n in range(len(logits))]
    losses = [w * segmentation_loss(x, y) for w, x, y in zip(weights, logits, labels, strict=True)]
    return torch.stack(losses).sum() / sum(weights)


# --- the joint model ---


class JointLoss(NamedTuple):
    """The total of eq. 12 and its parts, scalars; ``total`` is what is minimised, the rest is for the log."""

    total: Tensor
    rotation: Tensor
    translation: Tensor
    threshold: Tensor
    segmentation: Tensor


def pose_losses(
    located: MSSTNOutput, image: Tensor, true_angles: Tensor, true_translation: Tensor, scales: Sequence[Scale]
) -> tuple[Tensor, Tensor, Tensor]:
    """Rotation, translation and threshold loss (Ni 2023, eq. 7, 8, 10), each the mean over the scales.

    Args:
        located: output of an MSSTN for ``image``.
        image: ``(B, 1, N, N, N)``.
        true_angles, true_translation: ``(B, 3)`` each.
        scales: the samplers'.
    """
    true = (true_angles, true_translation)
    rotation = _mean([rotation_loss(a, true_angles) for a in located.angles])
    translation = _mean([translation_loss(t, true_translation) for t in located.translations])
    poses = zip(located.angles, located.translations, scales, strict=True)
    return rotation, translation, _mean([threshold_loss(image, a, t, *true, s) for a, t, s in poses])


def joint_loss(
    output: JointOutput,
    image: Tensor,
    targets: Sequence[Tensor],
    true_angles: Tensor,
    true_translation: Tensor,
    scales: Sequence[Scale],
    mu: float = MU,
) -> JointLoss:
    """``L = L_reo + L_thres + L_seg`` (Ni 2023, eq. 12); pose and threshold losses are means over the scales.

    Args:
        output: of the joint model.
        image: ``(B, 1, N, N, N)``, its input.
        targets: per level of the answer, int64 ``(B, n, n, n)`` in the **true** short-axis frame, as
            :func:`~.scale.sample_labels` makes them.
        true_angles, true_translation: ``(B, 3)`` each.
        scales: of the samplers.
        mu: weight of the rotation loss.
    """
    rotation, translation, threshold = pose_losses(output.located, image, true_angles, true_translation, scales)
    segmentation = deep_supervision_loss(output.logits, targets)
    total = mu * rotation + translation + threshold + segmentation
    return JointLoss(total, rotation, translation, threshold, segmentation)


def _mean(losses: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(losses)).mean()


# --- the cascade ---


def cascade_loss(
    angles: Tensor,
    translation: Tensor,
    true_angles: Tensor,
    true_translation: Tensor,
    stage: Literal["translation", "rotation", "both"] = "both",
    mu: float = 1.0,
) -> Tensor:
    """Mean absolute error of the translation and mean square error of the rotation (Zhu 2022, eq. 1-3).

    Args:
        angles, translation, true_angles, true_translation: ``(B, 3)`` each.
        stage: which of the two counts; "both" is eq. 3, ``MSE + mu * MAE``.
        mu: weight of the translation. The paper gives no value.

    Angles are wrapped, which Zhu 2022 does not need to: within the clinical range it changes nothing.
    """
    shift = translation_loss(translation, true_translation)
    turn = wrap(true_angles - angles).square().mean()
    return {"translation": shift, "rotation": turn, "both": turn + mu * shift}[stage]
