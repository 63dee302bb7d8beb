"""Studies that lose their heart: erased, or the field of view ends before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .parameters import CUBE

Array = NDArray[np.float64]
Field = NDArray[np.float32]

ERASED_MM = (62.0, 80.0)
"""How far from the LV centre a heart is erased: LV and RV."""


LINE_MM = (np.arange(CUBE.size[0]) - (CUBE.size[0] - 1) / 2) * CUBE.spacing
"""Positions of the voxels along each axis of the cube."""


def distance_from(centre: Array) -> Field:
    """mm from a point (x, y, z) in the cube, ``(96, 96, 96)``."""
    x, y, z = (np.square(LINE_MM - c).astype(np.float32) for c in centre)
    return np.asarray(np.sqrt(x + y[:, None] + z[:, None, None]), np.float32)


def erased(cube: Field, centre: Array, rng: np.random.Generator) -> Field:
    """Counts ``(96, 96, 96)`` round the LV centre replaced by a smooth continuation of those around.

    Args:
        centre: ``(3,)`` (x, y, z) mm from the middle of the cube.
    """
    radius = rng.uniform(*ERASED_MM)
    gone = 1 / (1 + np.exp(np.minimum((distance_from(centre) - radius) / CUBE.spacing, 50)))
    few = (slice(None, None, 4),) * 3
    kept = 1 - gone[few]
    around = ndimage.gaussian_filter(cube[few] * kept, 2.0) / (ndimage.gaussian_filter(kept, 2.0) + 1e-3)
    last = (CUBE.size[0] - 1) / 4
    index = np.indices(cube.shape, dtype=np.float32) / 4
    fill = ndimage.map_coordinates(around, np.minimum(index, last), order=1, mode="nearest")
    return np.asarray(cube + gone * (fill - cube), np.float32)


def cropped_before(cube: Field, centre: Array, rng: np.random.Generator) -> Field:
    """As :func:`erased`: nothing is left from the plane on that lies before the heart, across one axis of the cube."""
    axis, side = int(rng.integers(3)), int(rng.choice([-1, 1]))
    kept = side * (LINE_MM - centre[axis]) < -rng.uniform(*ERASED_MM)
    shape = [1, 1, 1]
    shape[2 - axis] = -1
    return np.asarray(cube * kept.reshape(shape), np.float32)
