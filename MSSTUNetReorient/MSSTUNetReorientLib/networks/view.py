"""Input of the papers' networks: the cube of a study, normalised alike for all of them, on their own grid.

The cube's corner voxels stay where they are, so translations have one unit (the cube's half extent, see
:mod:`.compact`) whatever the grid.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .compact import TINY
from .geometry import CLOSE_SCALE
from .sampler import sample
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


def view(
    cube: Tensor, size: int | Sequence[int], rotation: Tensor | None = None, translation: Tensor | None = None
) -> Tensor:
    """The normalised cube on ``size`` voxels (one number, or (D, H, W)): transaxial, or reoriented at a pose.

    Args:
        cube: ``(B, 1, N, N, N)`` counts.
        rotation, translation: ``(B, 3, 3)`` and ``(B, 3)``, both or neither; the output covers the extent of the cube.
    """
    image = normalised(cube)
    if rotation is None or translation is None:
        rotation, translation = _nowhere(image)
    return sample(image, rotation, translation, 1.0, size)


def upright_labels(shares: Tensor, scales: Sequence[Scale]) -> list[Tensor]:
    """Labels in the true short-axis frame on the grids of several scales, int64 ``(B, n, n, n)`` each.

    Args:
        shares: ``(B, 2, 48, 48, 48)`` shares of LV-MY and LV-BP in the SA frame, 3.2 mm.
    """
    still = _nowhere(shares)
    return [_labels(sample(shares, *still, s.scale / CLOSE_SCALE, s.size)) for s in scales]


def transaxial_labels(shares: Tensor, rotation: Tensor, translation: Tensor, scales: Sequence[Scale]) -> list[Tensor]:
    """The same labels in the frame of the cube, with the LV at this pose."""
    back = rotation.mT
    shift = -(back @ translation[..., None])[..., 0] / CLOSE_SCALE
    return [_labels(sample(shares, back, shift, s.scale / CLOSE_SCALE, s.size)) for s in scales]


def _labels(shares: Tensor) -> Tensor:
    """The greatest share."""
    return torch.cat([1 - shares.sum(1, keepdim=True), shares], 1).argmax(1)


def _nowhere(like: Tensor) -> tuple[Tensor, Tensor]:
    """The pose that changes nothing."""
    eye = torch.eye(3, device=like.device, dtype=like.dtype).expand(len(like), 3, 3)
    return eye, eye.new_zeros(len(like), 3)
