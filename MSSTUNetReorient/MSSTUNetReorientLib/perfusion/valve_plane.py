"""The valve plane of an LV: the plane through the top of its blood pool.

In small hearts blur may close the blood pool at the base, so that its top lies far below the valve plane. There the
plane follows the top of the wall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
T = TypeVar("T", float, NDArray[np.floating[Any]])

TOP_MM = 12.0
"""Columns of the blood pool that end this far below the highest do not reach the valve plane."""
LOW_MM = 3.0
"""Columns this far below the fitted plane are left out of the next fit."""
STEADY_MM4 = 5000.0
"""Steadies the slope of a plane with few columns: second moment of area of a level disc of 9 mm radius."""
HALF = 0.5
"""Share of a voxel at which a surface lies."""
FITS = 4
CLOSED_BASE_MM = 8.0
"""Where the wall ends higher than this above the blood pool, the pool does not reach the valve plane (it is 0 to 5 mm
in hearts with an open base)."""
OVER_MM = 2.5
"""A blurred wall appears to end this far above the valve plane."""


@dataclass(frozen=True)
class ValvePlane:
    """A plane ``k = middle + slope_i * i + slope_j * j``, mm from voxel (0, 0, 0)."""

    middle: float
    slope_i: float
    slope_j: float

    def at(self, i: T, j: T) -> T:
        """``k`` of the plane at positions, mm."""
        return self.middle + self.slope_i * i + self.slope_j * j

    def height(self, shape: tuple[int, ...], spacing: float) -> Array:
        """``(K, J, I)`` mm along ``k`` above the plane, for every voxel of an array of this shape."""
        k, j, i = (np.arange(n) * spacing for n in shape)
        return np.asarray(
            k[:, None, None] - self.middle - self.slope_j * j[None, :, None] - self.slope_i * i[None, None, :]
        )


def valve_plane(lv: Array, pool: Array, spacing: float) -> ValvePlane | None:
    """The valve plane of an LV.

    Args:
        lv, pool: shares ``(K, J, I)`` of voxels within the LV and within its blood pool.
        spacing: isotropic voxel, mm.

    Returns:
        None for an empty blood pool.
    """
    base, wall = top_plane(pool, spacing), top_plane(lv, spacing)
    if base is None or wall is None:
        return None
    j, i = (float(n.mean()) * spacing for n in np.nonzero((lv > HALF).any(axis=0)))
    above = wall.at(i, j) - base.at(i, j)
    return base if above < CLOSED_BASE_MM else ValvePlane(wall.middle - OVER_MM, wall.slope_i, wall.slope_j)


def top_plane(inside: Array, spacing: float) -> ValvePlane | None:
    """The plane through the top of a region, given as shares ``(K, J, I)`` of voxels; None for an empty one.

    Columns that end lower, where the region narrows, are left out step by step.
    """
    columns = (inside > HALF).any(axis=0)
    if not columns.any():
        return None
    top, (j, i) = _tops(inside[:, columns]) * spacing, (n * spacing for n in np.nonzero(columns))
    kept = top > top.max() - TOP_MM
    for _ in range(FITS):
        plane = _fitted(i[kept], j[kept], top[kept], spacing)
        better = top > plane.at(i, j) - LOW_MM
        if (better == kept).all():
            break
        kept = better
    return plane


def _tops(columns: Array) -> Array:
    """``(N,)`` where the shares ``(K, N)`` of a column fall below one half for the last time, in voxels."""
    last = len(columns) - 1 - np.argmax(columns[::-1] > HALF, axis=0)
    n = np.arange(columns.shape[1])
    here, above = columns[last, n], columns[np.minimum(last + 1, len(columns) - 1), n]
    return np.asarray(last + (here - HALF) / np.maximum(here - above, 1e-6))


def _fitted(i: Array, j: Array, top: Array, spacing: float) -> ValvePlane:
    x = np.stack([i - i.mean(), j - j.mean()], axis=1)
    steady = STEADY_MM4 / spacing**2 * np.eye(2)
    slope_i, slope_j = np.linalg.solve(x.T @ x + steady, x.T @ (top - top.mean())).tolist()
    return ValvePlane(float(top.mean() - slope_i * i.mean() - slope_j * j.mean()), slope_i, slope_j)
