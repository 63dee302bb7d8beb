"""The long axis that a technologist would give an LV, from its labels: the mean of two centre lines.

A technologist draws the axis through the middle of the LV so that the walls run parallel to it. The centre line of
the whole LV leans to the lateral wall, which is longer than the septum; that of the blood pool leans the other way,
less so. Their mean, the pool's counting twice, is nearest to the axes of the technologists in 13 patients with drawn
contours (``lvseg``, Zhu 2022; docs/training.md), without a constant fitted to them. This is the only definition of the
long axis of a heart that no technologist has reoriented: ground truth, training, references and results use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .ellipsoid_fit import fit_ellipsoid
from .labels import BLOOD_POOL

Array = NDArray[np.float64]

POOL_WEIGHT = 2.0
"""Of the centre line of the blood pool, over that of the whole LV."""
LEAST_AREA = 0.3
"""Slices with less than this share of the largest area are left out: the apex and the oblique end at the base."""
LEAST_SLICES = 4
"""Fewer slices do not determine a line."""


def long_axis(labels: NDArray[np.uint8], spacing: float) -> Array | None:
    """The long axis ``(3,)`` of an LV, apex to base, in the frame of the labels' indices (i, j, k).

    The slices are taken across the axis of the fitted ellipsoid, so that the frame of the labels does not matter.

    Args:
        labels: ``(K, J, I)`` 0/1/2 in an SA image, so that the axis is within some 40 degrees of ``k``.
        spacing: isotropic voxel, mm.

    Returns:
        A unit vector, or None where too little of an LV is labelled.
    """
    ellipsoid = fit_ellipsoid(labels, spacing)
    return None if ellipsoid is None else axis_across(labels, spacing, ellipsoid.axis)


def axis_across(labels: NDArray[np.uint8], spacing: float, across: Array) -> Array:
    """As :func:`long_axis`, with slices across a given axis ``(3,)``, which is returned where there are too few."""
    lv = centre_line(labels > 0, spacing, across)
    pool = centre_line(labels == BLOOD_POOL, spacing, across)
    if lv is None or pool is None:
        return across if lv is None else lv
    mean = lv + POOL_WEIGHT * pool
    return np.asarray(mean / np.linalg.norm(mean))


def centre_line(mask: NDArray[np.bool_], spacing: float, across: Array) -> Array | None:
    """Direction ``(3,)`` of the line fitted to the centroids of slices across an axis; None with too few slices.

    A straight tube that leans by 10 mm in 40 mm:

    >>> k, j, i = np.indices((40, 40, 40))
    >>> tube = np.hypot(i - 10 - k / 4, j - 20) < 6
    >>> line = centre_line(tube, 1.0, np.array([0.0, 0.0, 1.0]))
    >>> round(float(line[0] / line[2]), 2)
    0.25
    """
    points = np.argwhere(mask)[:, ::-1] * float(spacing)
    if not len(points):
        return None
    slices = np.rint(points @ across / spacing).astype(int)
    slices -= slices.min()
    area = np.bincount(slices)
    counted = area > LEAST_AREA * area.max()
    if counted.sum() < LEAST_SLICES:
        return None
    sums = np.stack([np.bincount(slices, points[:, n]) for n in range(3)], axis=1)[counted]
    centres = sums / area[counted][:, None]
    centres -= centres.mean(axis=0)
    line = centres.T @ (centres @ across)
    return np.asarray(line / np.linalg.norm(line))
