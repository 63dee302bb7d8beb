"""The differentiable sampler of a spatial transformer (Ni 2023, eq. 1-5).

Two orders meet here. Arrays are ``(B, C, D, H, W)`` with axes (k, j, i); grid coordinates, rotations, translations
and half extents are given as (x, y, z) = (i, j, k). Grid coordinates are normalised: -1 and +1 are the **centres** of
the first and last voxel (``align_corners=True``, as in eq. 5).

An output point ``g`` in [-1, 1]^3 is read at ``s R g + t`` of the input. So the columns of ``R`` are the output (SA)
axes in the input's axes, ``t`` is the output's centre in units of the input's half extent, and ``s`` is
the output's half extent over the input's. The number of output voxels is independent of ``s``.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from .rotation import full_precision
from .rotation import no_autocast


def affine_grid(
    rotation: Tensor,
    translation: Tensor,
    scale: float | Tensor,
    size: int | Sequence[int],
    half_extent: Tensor | Sequence[float] | None = None,
) -> Tensor:
    """``G' = [S R, T] G`` (Ni 2023, eq. 2-4, and eq. 6 with differences of poses).

    Args:
        rotation: ``(B, 3, 3)``; columns are the output axes in the input's axes (x, y, z).
        translation: ``(B, 3)``, the output's centre along (x, y, z) over the input's half extents.
        scale: the output's half extent over the input's; a number or ``(B,)``.
        size: voxels of the output, one number for a cube or (D, H, W).
        half_extent: the input's half extents along (x, y, z) in any one unit, ``(3,)`` or ``(B, 3)``: half the
            distance between the centres of its first and last voxels. None means a cube. Where the input is no
            cube this is needed for the rotation to be one in mm; the output box is then ``scale`` times the
            input's box, turned.

    Returns:
        ``(B, D, H, W, 3)`` normalised (x, y, z), at least float32 (half precision would cost half a voxel).
    """
    depth, height, width = (size,) * 3 if isinstance(size, int) else size
    r, t = full_precision(rotation), full_precision(translation)
    matrix = r * torch.as_tensor(scale, dtype=r.dtype, device=r.device).reshape(-1, 1, 1)
    if half_extent is not None:
        h = torch.as_tensor(half_extent, dtype=r.dtype, device=r.device).reshape(-1, 3)
        matrix = matrix * h.unsqueeze(-2) / h.unsqueeze(-1)
    theta = torch.cat([matrix, t.to(r.dtype).unsqueeze(-1)], dim=-1)
    with no_autocast(theta):
        return F.affine_grid(theta, [theta.shape[0], 1, depth, height, width], align_corners=True)


def sample(
    image: Tensor,
    rotation: Tensor,
    translation: Tensor,
    scale: float | Tensor,
    size: int | Sequence[int],
    mode: str = "bilinear",
    padding: str = "zeros",
    half_extent: Tensor | Sequence[float] | None = None,
) -> Tensor:
    """The input read on a turned, shifted and scaled grid (Ni 2023, eq. 5).

    Args:
        image: ``(B, C, D, H, W)`` floating point, axes (k, j, i).
        rotation, translation, scale, size, half_extent: see :func:`affine_grid`.
        mode: "bilinear" (trilinear in 3D) or "nearest" (labels; no gradient to the pose).
        padding: value beyond the input: "zeros", "border" or "reflection".

    Returns:
        ``(B, C, *size)`` in the type of ``image``; gradients reach image, rotation, translation and scale.
    """
    grid = affine_grid(rotation, translation, scale, size, half_extent)
    values = image.to(torch.promote_types(image.dtype, grid.dtype))
    sampled = F.grid_sample(values, grid.to(values.dtype), mode=mode, padding_mode=padding, align_corners=True)
    return sampled.to(image.dtype)


def sample_upright(image: Tensor, scale: float, size: int) -> Tensor:
    """:func:`sample` without rotation and shift, of a cube to a cube: many times faster, as each axis goes by itself.

    Args:
        image: ``(B, C, N, N, N)`` floating point.
        scale: the output's half extent over the input's; size: voxels along an edge of the output.

    Returns:
        ``(B, C, size, size, size)`` in the type of ``image``; gradients reach the image.
    """
    count = image.shape[-1]
    if scale == 1 and size == count:
        return image
    at = (torch.linspace(-scale, scale, size, device=image.device) + 1) * (count - 1) / 2
    nearness = 1 - (at[:, None] - torch.arange(count, device=image.device)).abs()
    weights = nearness.clamp_min(0).to(image.dtype)  # (size, N): zero beyond the input, as in eq. 5
    for _ in range(3):
        image = torch.movedim(image @ weights.mT, -1, 2)
    return image
