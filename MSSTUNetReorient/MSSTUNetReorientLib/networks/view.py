"""Input of the papers' networks: the cube of a study, on their own grid and normalised alike for all of them.

The cube's corner voxels stay where they are, so translations have one unit (the cube's half extent, see
:mod:`.compact`) whatever the grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .compact import TINY
from .geometry import HALF_MM
from .geometry import LABEL_HALF_MM
from .sampler import sample
from .sampler import sample_upright
from .scale import Scale

TOP = 0.998
"""The centile that counts are scaled to."""


def normalised(cube: Tensor) -> Tensor:
    """Square root of the counts over a high centile, at most 1.22: a hot liver leaves the heart visible.

    Args:
        cube: ``(B, 1, N, N, N)`` counts.
    """
    counts = cube.float().clamp_min(0)
    flat = counts.flatten(1)
    top = flat.kthvalue(round(TOP * (flat.shape[1] - 1)) + 1, dim=1).values.clamp_min(TINY)  # quantile sorts them all
    return (counts / top[:, None, None, None, None]).clamp_max(1.5).sqrt()


def reduced(cube: Tensor, size: int | Sequence[int]) -> Tensor:
    """The counts on ``size`` voxels (one number, or (D, H, W)), each the mean of an odd box that is no larger than it.

    Args:
        cube: ``(B, 1, N, N, N)`` counts; one that has this size stays as it is.
    """
    shape = (size,) * 3 if isinstance(size, int) else tuple(size)
    if tuple(cube.shape[2:]) == shape:
        return cube
    return sample(smoothed(cube, shape), *_nowhere(cube), 1.0, shape)


def smoothed(cube: Tensor, shape: Sequence[int]) -> Tensor:
    """The counts before they are read on a coarser grid ``(D, H, W)`` of the same extent."""
    if all(n < 2 * s for n, s in zip(cube.shape[2:], shape, strict=True)):
        return cube
    boxes = [max((n // s - 1) // 2 * 2 + 1, 1) for n, s in zip(cube.shape[2:], shape, strict=True)]
    return F.avg_pool3d(cube, boxes, 1, [box // 2 for box in boxes], count_include_pad=False)


def view(
    cube: Tensor, size: int | Sequence[int], rotation: Tensor | None = None, translation: Tensor | None = None
) -> Tensor:
    """The cube on ``size`` voxels (one number, or (D, H, W)), normalised: transaxial, or reoriented at a pose.

    It is reoriented as a spatial transformer does it, from the voxels of the transaxial view.

    Args:
        cube: ``(B, 1, N, N, N)`` counts.
        rotation, translation: ``(B, 3, 3)`` and ``(B, 3)``, both or neither; the output covers the extent of the cube.
    """
    image = normalised(reduced(cube, size))
    if rotation is None or translation is None:
        return image
    return sample(image, rotation, translation, 1.0, size)


def upright_labels(shares: Tensor, scales: Sequence[Scale], half_mm: float = HALF_MM) -> list[Tensor]:
    """Labels in the true short-axis frame on the grids of several scales, int64 ``(B, n, n, n)`` each.

    Args:
        shares: ``(B, 2, 48, 48, 48)`` shares of LV-MY and LV-BP in the SA frame, 3.2 mm.
        half_mm: half extent of the cube whose scales these are.
    """
    unit = half_mm / LABEL_HALF_MM
    return [_labels(sample_upright(shares, s.scale * unit, s.size)) for s in scales]


def transaxial_labels(
    shares: Tensor, rotation: Tensor, translation: Tensor, scales: Sequence[Scale], half_mm: float = HALF_MM
) -> list[Tensor]:
    """The same labels in the frame of the cube, with the LV at this pose."""
    unit = half_mm / LABEL_HALF_MM
    back = rotation.mT
    shift = -(back @ translation[..., None])[..., 0] * unit
    return [_labels(sample(shares, back, shift, s.scale * unit, s.size)) for s in scales]


def _labels(shares: Tensor) -> Tensor:
    """The greatest share; of equal ones the first of background, LV-MY, LV-BP."""
    wall, pool = shares.unbind(1)
    ground = 1 - wall - pool
    return torch.where((pool > wall) & (pool > ground), 2, (wall > ground).long())


def _nowhere(like: Tensor) -> tuple[Tensor, Tensor]:
    """The pose that changes nothing."""
    eye = torch.eye(3, device=like.device, dtype=like.dtype).expand(len(like), 3, 3)
    return eye, eye.new_zeros(len(like), 3)
