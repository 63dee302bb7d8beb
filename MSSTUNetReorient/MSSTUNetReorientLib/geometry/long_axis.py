"""The long axis that a technologist would give an LV, from its labels: the mean of two centre lines.

A technologist draws the axis through the middle of the LV so that the walls run parallel to it. The centre line of
the whole LV leans to the lateral wall, which is longer than the septum; that of the blood pool leans the other way,
less so. Their mean, the pool's counting twice, is nearest to the axes of the technologists in 13 patients with drawn
contours (``lvseg``, Zhu 2022; docs/training.md), without a constant fitted to them. This is the only definition of the
long axis of a heart that no technologist has reoriented: ground truth, training and results use it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .labels import BLOOD_POOL

Array = NDArray[np.float64]

POOL_WEIGHT = 2.0
"""Of the centre line of the blood pool, over that of the whole LV."""
LONG_POOL_MM = 50.0
"""A shorter pool determines its line less well, and its weight falls with the square of its length."""
LEAST_AREA, FULL_AREA = 0.2, 0.6
"""Slices count the more, the larger they are: not at all below the first share of the largest area, fully above the
second. The apex and the oblique end at the base have small slices."""
LEAST_SLICES = 4
"""Fewer slices do not determine a line."""


def axis_across(labels: NDArray[np.uint8], spacing: float, across: Array) -> Array:
    """The long axis ``(3,)`` of an LV, apex to base, in the frame of the labels' indices (i, j, k).

    Args:
        labels: ``(K, J, I)`` 0/1/2 in an SA image.
        spacing: isotropic voxel, mm.
        across: ``(3,)`` the axis that the slices lie across: that of a fitted ellipsoid or a mean with it, which does
            not depend on the frame of the labels. It is returned where there are too few slices.
    """
    lv = centre_line(_points(labels > 0, spacing), spacing, across)
    in_pool = _points(labels == BLOOD_POOL, spacing)
    pool = centre_line(in_pool, spacing, across)
    if lv is None or pool is None:
        return across if lv is None else lv
    length = float(np.ptp(in_pool @ across))
    mean = lv + POOL_WEIGHT * min(1.0, (length / LONG_POOL_MM) ** 2) * pool
    return np.asarray(mean / np.linalg.norm(mean))


def _points(mask: NDArray[np.bool_], spacing: float) -> Array:
    return np.asarray(np.argwhere(mask)[:, ::-1] * spacing, dtype=float)


def centre_line(points: Array, spacing: float, across: Array) -> Array | None:
    """Direction ``(3,)`` of the line fitted to the centroids of slices across an axis; None with too few slices.

    A straight tube that leans by 10 mm in 40 mm:

    >>> k, j, i = np.indices((40, 40, 40))
    >>> tube = np.argwhere(np.hypot(i - 10 - k / 4, j - 20) < 6)[:, ::-1]
    >>> line = centre_line(tube, 1.0, np.array([0.0, 0.0, 1.0]))
    >>> round(float(line[0] / line[2]), 2)
    0.25

    Args:
        points: ``(N, 3)`` mm; spacing: thickness of a slice, mm.
        across: ``(3,)`` unit vector.
    """
    if not len(points):
        return None
    height = points @ across / spacing
    lower = np.floor(height).astype(int)
    upper_share = height - lower
    lower -= lower.min()

    def by_slice(values: Array) -> Array:
        """Each point counts in the two slices that it lies between, so that no point jumps from one to the next."""
        size = int(lower.max()) + 2
        below, above = values * (1 - upper_share), values * upper_share
        return np.asarray(np.bincount(lower, below, size) + np.bincount(lower + 1, above, size), dtype=float)

    area = by_slice(np.ones(len(points)))
    weight = np.clip((area / area.max() - LEAST_AREA) / (FULL_AREA - LEAST_AREA), 0.0, 1.0)
    if (weight > 0).sum() < LEAST_SLICES:
        return None
    centres = np.stack([by_slice(x) for x in points.T], axis=1) / np.maximum(area, 1e-9)[:, None]
    centres -= weight @ centres / weight.sum()
    line = (weight * (centres @ across)) @ centres
    return np.asarray(line / np.linalg.norm(line))
