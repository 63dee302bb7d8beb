"""A left ventricle of numbers, with an axis that is known."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

SPACING = 3.0


def cup(turn: Rotation, radius: float = 35.0, apex: float = 52.0, base: float = 35.0) -> NDArray[np.uint8]:
    """Half an ellipsoid with a cylinder above it, wall 18 mm as it appears, cut square to its axis."""
    k, j, i = (np.indices((63, 63, 63)) - 31) * SPACING
    x, y, z = np.moveaxis(np.stack([i, j, k], axis=-1) @ turn.as_matrix(), -1, 0)
    below = np.minimum(z, 0)

    def inside(inset: float) -> NDArray[np.bool_]:
        return ((x**2 + y**2) / (radius - inset) ** 2 + (below / (apex - inset)) ** 2 < 1) & (z < base)

    return (MYOCARDIUM * (inside(0) & ~inside(18)) + BLOOD_POOL * inside(18)).astype(np.uint8)
