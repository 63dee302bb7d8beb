"""A study turned and stretched along its own SA axes: another heart, another chest, and a pose still known exactly.

A stretch along the SA axes leaves these axes and the LV centre where they are, and acts on the labels alike.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ..networks.geometry import CUBE_SIZE
from ..networks.geometry import HALF_MM
from ..networks.sampler import sample as read
from ..networks.view import smoothed
from .pool import Sample

TURN_DEG = 8.0
"""Standard deviation of the turn, about a random axis."""
STRETCH = 0.07
"""Standard deviation of the logarithm of each axis' length."""
SHARP = "pet"
"""Studies of these kinds stay as they are: reading a sharp cube between its voxels thickens the wall, not its label."""

Array = NDArray[np.float64]


def stretched(study: Sample, rng: np.random.Generator) -> Sample:
    """The study turned about its LV centre and stretched along its SA axes, at random."""
    return study if study.kind.startswith(SHARP) else warped(study, *drawn_warp(rng))


def drawn_warp(rng: np.random.Generator) -> tuple[Array, Array]:
    """A random turn and random lengths for :func:`warped`."""
    turn = Rotation.from_rotvec(np.deg2rad(rng.normal(0, TURN_DEG / 3**0.5, 3))).as_matrix()
    return turn, np.exp(rng.normal(0, STRETCH, 3))


def warped(study: Sample, turn: Array, lengths: Array, size: int = CUBE_SIZE) -> Sample:
    """The study turned and stretched.

    Args:
        turn: ``(3, 3)`` in the cube's axes, about the LV centre.
        lengths: ``(3,)`` new over old lengths along the SA axes.
        size: voxels along an edge of the new cube, of the same extent.
    """
    rotation = turn @ study.rotation
    back = study.rotation @ np.diag(1 / lengths) @ rotation.T
    shift = (study.centre - back @ study.centre) / HALF_MM
    cube = _read(study.cube, back, shift, "bilinear", size).astype(np.float16)
    labels = _read(study.labels, np.diag(1 / lengths), np.zeros(3), "nearest", study.labels.shape[0]).astype(np.uint8)
    return replace(study, cube=cube, rotation=rotation, labels=labels)


def _read(volume: NDArray[np.generic], matrix: Array, shift: Array, mode: str, size: int) -> NDArray[np.float32]:
    """A cube read at ``matrix g + shift`` for every point ``g`` of a grid of the same extent."""
    image = smoothed(torch.from_numpy(volume.astype(np.float32))[None, None], (size,) * 3)
    m, t = (torch.from_numpy(x.astype(np.float32))[None] for x in (matrix, shift))
    return np.asarray(read(image, m, t, 1.0, size, mode)[0, 0].numpy(), np.float32)
