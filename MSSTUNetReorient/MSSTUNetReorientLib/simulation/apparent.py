"""The label that readers draw: the wall as it appears at the study's resolution, not as it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..labels import BLOOD_POOL
from ..labels import MYOCARDIUM
from .heart import Shape

Array = NDArray[np.float64]


def anatomical_labels(shape: Shape, p: Array) -> NDArray[np.uint8]:
    """0/1/2 at SA points ``(..., 3)`` mm: wall and cavity as they are, both ending at the valve plane."""
    below = shape.valve(p) < 0
    inner = shape.endocardium(p) < 0
    wall = (shape.epicardium(p) < 0) & ~inner & below
    return (MYOCARDIUM * wall + BLOOD_POOL * (inner & below)).astype(np.uint8)


def apparent_labels(
    shape: Shape, p: Array, spacing: float, fwhm: float, phases: Sequence[Shape] = ()
) -> NDArray[np.uint8]:
    """0/1/2 on a regular SA grid ``p`` ``(K, J, I, 3)`` mm of ``spacing``: the wall as it appears.

    LV-MY is where a uniformly perfused wall, blurred to ``fwhm`` mm, exceeds half of its local ridge; the ridge is
    its value at the nearest point of the mid-wall surface. LV-BP is what remains inside, up to the valve plane.

    Args:
        shape: the heart, or the middle of its motion; its surfaces say what is inside.
        phases: the shapes whose mean is seen, ``shape`` alone by default.
    """
    epi, endo, valve = shape.epicardium(p), shape.endocardium(p), shape.valve(p)
    below = valve < 0
    if phases:
        walls = [_wall(s.epicardium(p), s.endocardium(p), s.valve(p), spacing) for s in phases]
        wall = np.mean(walls, axis=0)
    else:
        wall = _wall(epi, endo, valve, spacing)
    blurred = ndimage.gaussian_filter(wall.astype(np.float32), fwhm / 2.355 / spacing, truncate=3.0)
    middle = (np.abs(epi + endo) < 1.2 * spacing) & (epi < 0) & (endo > -spacing) & below
    nearest = ndimage.distance_transform_edt(~middle, return_distances=False, return_indices=True)
    ridge = ndimage.maximum_filter(blurred, size=3)[tuple(nearest)]
    my = (blurred > 0.5 * ridge) & (epi < fwhm / 2)
    bp = (epi < 0) & below & ~my
    return (MYOCARDIUM * my + BLOOD_POOL * bp).astype(np.uint8)


def _wall(epi: Array, endo: Array, valve: Array, spacing: float) -> Array:
    return occupancy(np.maximum(epi, -endo), spacing) * occupancy(valve, spacing)


def occupancy(distance: Array, width: float) -> Array:
    """Share of a voxel of ``width`` mm inside a surface, from the signed distance (mm) of its centre."""
    return np.clip(0.5 - distance / width, 0.0, 1.0)
