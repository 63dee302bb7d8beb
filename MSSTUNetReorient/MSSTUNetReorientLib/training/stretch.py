"""A study turned and stretched along its own SA axes: another heart, another chest, and a pose still known exactly.

A stretch along the SA axes leaves these axes and the LV centre where they are, and acts on the labels alike.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class FieldOfView:
    """The cube that a study is read to.

    Attributes:
        size: voxels along an edge; half_mm: half its extent.
        place: ``(3,)`` mm from its middle where the LV centre comes to lie; None leaves it where it is.
    """

    size: int = CUBE_SIZE
    half_mm: float = HALF_MM
    place: Array | None = None


def warped(study: Sample, turn: Array, lengths: Array, field: FieldOfView | None = None) -> Sample:
    """The study turned and stretched.

    Args:
        turn: ``(3, 3)`` in the cube's axes, about the LV centre.
        lengths: ``(3,)`` new over old lengths along the SA axes.
        field: the new cube; by default one like the old.
    """
    field = field or FieldOfView()
    rotation = turn @ study.rotation
    back = study.rotation @ np.diag(1 / lengths) @ rotation.T
    centre = study.centre if field.place is None else field.place
    shift = (study.centre - back @ centre) / HALF_MM
    cube = _read(study.cube, back, shift, "bilinear", field.size, field.half_mm / HALF_MM).astype(np.float16)
    labels = _read(study.labels, np.diag(1 / lengths), np.zeros(3), "nearest", study.labels.shape[0]).astype(np.uint8)
    return replace(study, cube=cube, rotation=rotation, centre=centre, labels=labels)


def _read(
    volume: NDArray[np.generic], matrix: Array, shift: Array, mode: str, size: int, scale: float = 1.0
) -> NDArray[np.float32]:
    """A cube read at ``scale matrix g + shift`` for every ``g`` of a grid; ``scale`` is its extent over the cube's."""
    image = smoothed(torch.from_numpy(volume.astype(np.float32))[None, None], (round(size / scale),) * 3)
    m, t = (torch.from_numpy(x.astype(np.float32))[None] for x in (matrix, shift))
    return np.asarray(read(image, m, t, scale, size, mode)[0, 0].numpy(), np.float32)
