"""The labels of the network on any grid, and the pose that follows from the labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geometry.ellipsoid_fit import fit_ellipsoid
from ..geometry.labels import likeliest
from ..geometry.long_axis import axis_across
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.volume import Grid
from ..networks.compact import CompactMSSTUNet
from ..networks.geometry import LABEL_HALF_MM
from ..networks.geometry import LABEL_SPACING
from ..networks.sampler import sample
from .search import Located

Array = NDArray[np.float64]

ELLIPSOID_WEIGHT, TRUST_DEG = 2.0, 12.0
"""The weight of the ellipsoid's axis over the network's, and the angle between them at which it is half of that."""
SHARP, SOFT = 1.2, 1.5
"""Softness of the labels up to which they alone say the long axis, and from which the network's own counts as much."""


def label_shares(model: CompactMSSTUNet, cube: Tensor, located: Located) -> Tensor:
    """Probabilities of LV-MY and LV-BP ``(2, 48, 48, 48)`` on the network's own label grid at the located pose."""
    at = (located.rotation, located.translation)
    logits = model.segment(cube, located.wide, located.wide_pose, at)[0]
    return logits.float().softmax(1)[0, 1:]


def labels_on(shares: Tensor, grid: Grid, offset: Array, turn: Array | None = None) -> NDArray[np.uint8]:
    """Labels ``(K, J, I)`` on another SA grid than that of the shares.

    Args:
        shares: see :func:`label_shares`.
        grid: a cube.
        offset: of its middle from that of the shares, mm along their i, j, k.
        turn: ``(3, 3)`` its axes (columns) in those of the shares; None where they are the same.
    """
    seen_from_shares = Pose(np.eye(3) if turn is None else turn, offset)
    target = Grid.centred(grid.size[0], float(grid.spacing[0]), seen_from_shares)
    labels = np.zeros(grid.size[::-1], np.uint8)
    reach = _reach(shares, target)
    if reach is None:
        return labels
    (first, last), half = reach, LABEL_HALF_MM
    matrix = torch.as_tensor(target.direction * ((last - first) / 2 * target.spacing / half)).to(shares)[None]
    shift = torch.as_tensor(target.at((first + last) / 2) / half).to(shares)[None]
    size = (last - first + 1)[::-1].tolist()
    wall, pool = sample(shares[None], matrix, shift, 1.0, size)[0].cpu().numpy()
    box = tuple(slice(a, b + 1) for a, b in zip(first[::-1], last[::-1], strict=True))
    labels[box] = largest_ventricle(likeliest(wall, pool))
    return labels


def _own_grid(shares: Tensor) -> Grid:
    """The grid of the shares in their own frame."""
    return Grid.centred(shares.shape[-1], LABEL_SPACING, Pose(np.eye(3), np.zeros(3)))


def _reach(shares: Tensor, grid: Grid) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """First and last index (i, j, k) of a grid in the frame of the shares where labels can be, None without any.

    That is within a voxel of where background is the rarer.
    """
    inside = np.argwhere(shares.sum(0).cpu().numpy() > 0.5)[:, ::-1]
    if not len(inside):
        return None
    index = grid.index_of(_own_grid(shares).at(inside))
    margin, end = np.ceil(LABEL_SPACING * 3**0.5 / grid.spacing), np.array(grid.size) - 1
    first, last = np.floor(index.min(0) - margin), np.ceil(index.max(0) + margin)
    if (last < 0).any() or (first > end).any():  # the grid is wholly beside the LV
        return None
    return np.clip(first, 0, end).astype(int), np.clip(last, 0, end).astype(int)


@dataclass(frozen=True, eq=False)
class LabelPose:
    """Centre and long axis once more, from the labels: they are nearer to the truth than the regressed ones.

    Attributes:
        offset: ``(3,)`` centroid of the labelled LV, mm along i, j, k from the middle of the label grid.
        axis: ``(3,)`` the long axis in the axes of the label grid.
        disagreement_deg: between the axis of the ellipsoid and the network's; nan where there is no ellipsoid.
        residual_mm: median distance of the outer surface from the fitted ellipsoid; nan where there is none.
        softness: of the labels, see :func:`softness`.
    """

    offset: Array
    axis: Array
    disagreement_deg: float
    residual_mm: float
    softness: float


def pose_from_labels(shares: Tensor) -> LabelPose:
    """Centre and long axis of what was labelled, on the network's own label grid.

    The centroid is the LV centre by definition, and the long axis is the one that a technologist would give these
    labels (:mod:`..geometry.long_axis`). Its slices lie across the mean of two axes that err independently: the
    network's and that of the ellipsoid. The ellipsoid's is the more accurate one, but the larger the angle between
    them, the more probably it is the ellipsoid that errs, so its weight falls. Where the network is unsure of the
    labels, their axis is averaged with its own (docs/training.md).
    """
    grid, along = _own_grid(shares), np.array([0.0, 0.0, 1.0])
    labels = labels_on(shares, grid, np.zeros(3))
    inside = np.argwhere(labels > 0)[:, ::-1]
    offset = grid.at(inside.mean(axis=0)) if len(inside) else np.zeros(3)
    ellipsoid, soft = fit_ellipsoid(labels, LABEL_SPACING), softness(shares)
    if ellipsoid is None:
        return LabelPose(offset, along, float("nan"), float("nan"), soft)
    apart = angle_between(ellipsoid.axis, along)
    across = along + ellipsoid.axis * ELLIPSOID_WEIGHT / (1 + (apart / TRUST_DEG) ** 2)
    doubt = np.clip((soft - SHARP) / (SOFT - SHARP), 0.0, 1.0)
    axis = axis_across(labels, LABEL_SPACING, across / np.linalg.norm(across)) + doubt * along
    return LabelPose(offset, axis / np.linalg.norm(axis), apart, ellipsoid.residual_mm, soft)


def softness(shares: Tensor) -> float:
    """How unsure the network is of the extent of the LV, whatever its size: 0 for labels without a doubt.

    The probability of the rarer of LV and background, summed over the voxels, over the two thirds power of their
    number in the LV, as its surface grows. Blur and noise widen the soft edge: 1.1 in PET, 1.7 in conventional SPECT.
    """
    ventricle = shares.sum(0)
    voxels = float((ventricle > 0.5).sum())
    return float(torch.minimum(ventricle, 1 - ventricle).clamp_min(0).sum()) / max(voxels, 1.0) ** (2 / 3)


def largest_ventricle(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The labels with everything but the largest connected LV (wall and pool together) removed."""
    parts = sitk.ConnectedComponent(sitk.GetImageFromArray((labels > 0).astype(np.uint8)))
    ordered = sitk.GetArrayFromImage(sitk.RelabelComponent(parts))
    return np.where(ordered == 1, labels, 0).astype(np.uint8)
