"""The scales at which the MSSTN samples and the MSUNet segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .sampler import sample


@dataclass(frozen=True)
class Scale:
    """One sampler's output.

    Attributes:
        size: voxels along an edge of the cube.
        scale: its half extent over the input's, ``s`` of Ni 2023, eq. 3.
    """

    size: int
    scale: float


NESTED = (Scale(128, 1.0), Scale(64, 0.5), Scale(32, 0.25))
"""Ni 2023, section 3.1.1, as eq. 2 reads: ever smaller cubes round the LV, at (almost) one voxel size.

Voxel centres sit on the corners of a cube, so the voxel of 64 at s = 0.5 is 127/126 of that of 128 at s = 1.
"""

PYRAMID = (Scale(128, 1.0), Scale(64, 1.0), Scale(32, 1.0))
"""The other reading ("128, 64, 32" of the tables): one field of view, ever coarser voxels."""


def halved(size: int, levels: int, nested: bool) -> tuple[Scale, ...]:
    """Scales of ``size``, ``size / 2``, ... voxels: ever smaller cubes, or one field of view for all of them."""
    return tuple(Scale(size // 2**n, 0.5**n if nested else 1.0) for n in range(levels))


def pooled(scale: Scale, levels: int) -> tuple[Scale, ...]:
    """Grids of a scale after pooling by two 0, 1, ... times: the outer voxels' centres move inward."""
    edge = scale.size - 1
    return tuple(Scale(scale.size // f, scale.scale * (scale.size - f) / edge) for f in (2**n for n in range(levels)))


def sample_labels(labels: Tensor, rotation: Tensor, translation: Tensor, scales: Sequence[Scale]) -> list[Tensor]:
    """A label map in the short-axis frame, at every scale: the targets of the MSUNet's outputs.

    Args:
        labels: ``(B, D, H, W)`` integers, a cube, in the frame of the network's input.
        rotation, translation: ``(B, 3, 3)`` and ``(B, 3)``, the **true** pose.
        scales: the model's.

    Returns:
        ``(B, size, size, size)`` int64 for each scale; background beyond the input.
    """
    image = labels.unsqueeze(1).float()
    sampled = (sample(image, rotation, translation, s.scale, s.size, mode="nearest") for s in scales)
    return [x.squeeze(1).round().to(torch.int64) for x in sampled]


def require_cube(image: Tensor) -> None:
    """Refuse a volume in whose normalised coordinates a rotation would be a shear.

    Raises:
        ValueError: ``image`` ``(B, C, D, H, W)`` is no cube.
    """
    if image.dim() != 5 or len(set(image.shape[2:])) != 1:
        msg = f"the network needs a cube (B, C, N, N, N) of cubic voxels, got {tuple(image.shape)}"
        raise ValueError(msg)
