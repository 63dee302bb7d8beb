"""Metrics of a result against the truth, as the papers or the field define them.

Angles and distances of poses are those of :class:`..geometry.pose.Pose`; here are the overlaps, the regressions and the
errors of volumes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import Pose
from ..geometry.pose import wrap
from ..geometry.volume import Grid

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

FAILURE_DEG, FAILURE_MM = 15.0, 20.0
"""A long axis or a centre further off than this is a failure."""


def is_failure(long_axis_deg: float, centre_mm: float) -> bool:
    """Whether the LV was lost: the long axis above 15 degrees, or the centre above 20 mm, or either not finite."""
    return not (long_axis_deg <= FAILURE_DEG and centre_mm <= FAILURE_MM)


def dice(found: Mask, true: Mask) -> float:
    """Dice similarity coefficient, 0 to 1; 1 where both are empty."""
    total = int(found.sum()) + int(true.sum())
    return 2 * int((found & true).sum()) / total if total else 1.0


def hausdorff_95(found: Mask, true: Mask, spacing: ArrayLike) -> float:
    """95 % Hausdorff distance in mm: the 95th centile of surface distances, the larger of both directions.

    A surface is made of the voxels of a mask with a face neighbour outside of it; distances go from voxel centre to
    voxel centre.

    Args:
        found, true: ``(K, J, I)`` on one grid.
        spacing: ``(3,)`` mm along i, j, k.

    Returns:
        mm; infinite where one mask is empty, 0 where both are.
    """
    if not (found.any() and true.any()):
        return 0.0 if not (found.any() or true.any()) else float("inf")
    box = _box(found | true)
    sampling = np.asarray(spacing, dtype=float)[::-1]
    a, b = surface(found[box]), surface(true[box])
    to_true = ndimage.distance_transform_edt(~b, sampling=sampling)[a]
    to_found = ndimage.distance_transform_edt(~a, sampling=sampling)[b]
    return float(max(np.percentile(to_true, 95), np.percentile(to_found, 95)))


def surface(mask: Mask) -> Mask:
    """The voxels of a mask with a face neighbour outside of it; beyond the array is outside."""
    return np.asarray(mask & ~ndimage.binary_erosion(mask))


def _box(mask: Mask) -> tuple[slice, ...]:
    return tuple(ndimage.find_objects(mask.astype(np.uint8))[0])


def comparison_grid(true: Grid, extent_mm: float = 300.0) -> Grid:
    """The common grid of two labellings: that of the true labels, grown by whole voxels to at least ``extent_mm``.

    Grown, so that what an answer labels far from the heart counts too.
    """
    more = np.maximum(np.ceil((extent_mm / true.spacing - np.array(true.size)) / 2), 0).astype(int)
    size = np.array(true.size) + 2 * more
    return Grid((int(size[0]), int(size[1]), int(size[2])), true.spacing, true.at(-more), true.direction)


def angles_of(found: Pose, true: Pose) -> tuple[Array, Array]:
    """(alpha, beta, gamma) of both poses, ``(3,)`` radians each, without jumps.

    A rotation has two triples: the true one is taken near the mean of the hearts seen by CT, the found one near the
    true one, and unwrapped, so that a regression sees no jump of 2 pi.
    """
    expected = np.array(true.euler())
    return expected + wrap(np.array(found.euler(near=expected)) - expected), expected


def rot_mse(found: Pose, true: Pose) -> float:
    """Mean square of the three wrapped differences of Euler angles, rad^2 (Ni 2023, Rot-MSE with eq. 7)."""
    seen, expected = angles_of(found, true)
    return float(np.mean(wrap(seen - expected) ** 2))


@dataclass(frozen=True)
class Regression:
    """A straight line through found over true values.

    Attributes:
        r: Pearson's correlation; r_squared: its square, the line's coefficient of determination.
        slope, intercept: of the line.
        spread: standard deviation of the true values, without which r means nothing.
        count: number of values.
    """

    r: float
    r_squared: float
    slope: float
    intercept: float
    spread: float
    count: int


def regression(found: ArrayLike, true: ArrayLike) -> Regression | None:
    """Found over true values by least squares; None with fewer than three, or where either does not vary."""
    y, x = np.asarray(found, dtype=float), np.asarray(true, dtype=float)
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    r = float(np.corrcoef(x, y)[0, 1])
    slope = r * float(y.std() / x.std())
    return Regression(r, r * r, slope, float(y.mean() - slope * x.mean()), float(x.std(ddof=1)), len(x))


@dataclass(frozen=True)
class Agreement:
    """Bland and Altman's relative error of volumes, %: bias (mean) and SD."""

    bias: float
    sd: float
    count: int


def relative_error(found: ArrayLike, true: ArrayLike) -> Array:
    """``100 (found - true) / true``, %."""
    x = np.asarray(true, dtype=float)
    return 100.0 * (np.asarray(found, dtype=float) - x) / x


def agreement(found: ArrayLike, true: ArrayLike) -> Agreement | None:
    """Bias and SD of the relative error; None with fewer than two values."""
    error = relative_error(found, true)
    return Agreement(float(error.mean()), float(error.std(ddof=1)), len(error)) if len(error) > 1 else None
