"""The label that readers draw: the wall as it appears at the study's resolution, not as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from .heart import Shape

Array = NDArray[np.float64]

BASE_MM = 10.0
"""The wall's image fades over this much before its end at the valve plane: its ridge is taken from below (ours)."""


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

    LV-MY is where a uniformly perfused wall, blurred to ``fwhm`` mm, exceeds half of its local ridge; see
    :func:`labels_where_seen`.

    Args:
        shape: the heart, or the middle of its motion; its surfaces say what is inside.
        phases: the shapes whose mean is seen, ``shape`` alone by default.
    """
    surfaces = Surfaces.of(shape, p)
    walls = [_wall(Surfaces.of(s, p) if phases else surfaces, spacing) for s in phases or (shape,)]
    wall = np.mean(walls, axis=0) if phases else walls[0]
    blurred = ndimage.gaussian_filter(wall.astype(np.float32), fwhm / 2.355 / spacing, truncate=3.0)
    return labels_where_seen(surfaces, blurred, spacing, fwhm / 2)


def labels_where_seen(
    surfaces: Surfaces, seen: NDArray[np.floating[Any]], spacing: float, reach: float
) -> NDArray[np.uint8]:
    """0/1/2 from an image of a uniformly perfused wall alone.

    LV-MY is where the image exceeds half of its ridge, which is its value at the nearest point of the mid-wall
    surface that is not at the end of the wall: half of a ridge that has fallen to half there lies far beyond the valve
    plane. LV-BP is what remains inside of the mid-wall, up to the valve plane.

    Args:
        surfaces: of the heart on a regular SA grid of ``spacing`` mm.
        seen: ``(K, J, I)`` image on that grid.
        reach: mm beyond the epicardium where nothing is wall any more.
    """
    epi, endo, valve = surfaces
    below = valve < 0
    middle = (np.abs(epi + endo) < 1.2 * spacing) & (epi < 0) & (endo > -spacing) & (valve < -BASE_MM)
    nearest = ndimage.distance_transform_edt(~middle, return_distances=False, return_indices=True)
    ridge = ndimage.maximum_filter(seen, size=3)[tuple(nearest)]
    my = (seen > 0.5 * ridge) & (epi < reach)
    bp = (epi + endo < 0) & below & ~my
    return (MYOCARDIUM * my + BLOOD_POOL * bp).astype(np.uint8)


class Surfaces(NamedTuple):
    """Signed distances in mm to the surfaces of a heart at some points."""

    epicardium: Array
    endocardium: Array
    valve: Array

    @classmethod
    def of(cls, shape: Shape, p: Array) -> Surfaces:
        """At SA points ``(..., 3)`` mm."""
        return cls(shape.epicardium(p), shape.endocardium(p), shape.valve(p))


def _wall(surfaces: Surfaces, spacing: float) -> Array:
    epi, endo, valve = surfaces
    return occupancy(np.maximum(epi, -endo), spacing) * occupancy(valve, spacing)


def occupancy(distance: Array, width: float) -> Array:
    """Share of a voxel of ``width`` mm inside a surface, from the signed distance (mm) of its centre."""
    return np.clip(0.5 - distance / width, 0.0, 1.0)
