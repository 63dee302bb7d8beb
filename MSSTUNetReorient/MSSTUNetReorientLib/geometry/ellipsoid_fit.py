"""The long axis of a left ventricle from its labels alone: half an ellipsoid of revolution fitted to its surface."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from .labels import BLOOD_POOL
from .labels import MYOCARDIUM
from .labels import box_round

Array = NDArray[np.float64]

MIN_SURFACE_VOXELS = 60
"""Fewer outer voxels than this do not determine an axis."""
MAX_POINTS = 800
"""Surface points that the fit uses."""
BASE_MARGIN_MM = 8.0
"""Points this near to the open end are left out: the cut at the base is no part of the ellipsoid's form."""
MAX_UPWARD = 0.25
"""Surface that faces the base more than this (cosine) belongs to the rim of the open end, not to the ellipsoid."""
FIT_STEPS = 60
OUTLIER_MM = 2.0
"""Points farther from the surface have a bounded pull (Huber): outliers of a label do not turn the axis."""
SCALE = (0.1, 0.1, 5.0, 5.0, 5.0, 0.1, 0.1)
"""Of the parameters: tilts of the axis, centre (mm), logarithms of radius and length."""


@dataclass(frozen=True, eq=False)
class EllipsoidFit:
    """The result of the fit.

    Attributes:
        axis: ``(3,)`` unit vector apex to base, in the frame of the labels' indices (i, j, k).
        residual_mm: median distance of the surface from the fitted one.
    """

    axis: Array
    residual_mm: float


def fit_ellipsoid(labels: NDArray[np.uint8], spacing: float) -> EllipsoidFit | None:
    """Fit an ellipsoid of revolution to the outer surface of the LV.

    Args:
        labels: ``(K, J, I)`` 0/1/2 in an SA image, so that the axis is within some 40 degrees of ``k``.
        spacing: isotropic voxel, mm.

    Returns:
        The ellipsoid, or None where too little of a surface is there.
    """
    points = _outer_points(labels, spacing)
    if len(points) < MIN_SURFACE_VOXELS:
        return None
    middle = points.mean(axis=0)
    radius = float(np.median(np.hypot(*(points - middle)[:, :2].T)))
    length = float(np.ptp(points[:, 2]))
    centre = middle + np.array([0.0, 0.0, length / 4])
    state = np.array([0.0, 0.0, *centre, np.log(max(radius, 5.0)), np.log(max(0.7 * length, 10.0))])
    fit = least_squares(
        _residuals, state, args=(points,), loss="huber", f_scale=OUTLIER_MM, x_scale=SCALE, max_nfev=FIT_STEPS,
        xtol=1e-6, ftol=1e-6, gtol=1e-6,
    )  # fmt: skip
    return EllipsoidFit(_axis(fit.x), float(np.median(np.abs(_residuals(fit.x, points)))))


def _outer_points(labels: NDArray[np.uint8], spacing: float) -> Array:
    """Voxels ``(N, 3)`` (i, j, k) mm, from any origin, of LV-MY at the epicardium; without the rim of the open base."""
    labels = labels[box_round(labels, 4)]
    lv = np.pad((labels > 0).astype(float), 1)
    for _ in range(2):
        for axis in range(3):
            lv = (np.roll(lv, 1, axis) + 2 * lv + np.roll(lv, -1, axis)) / 4
    gradient = np.stack([g[1:-1, 1:-1, 1:-1] for g in np.gradient(lv)[::-1]], axis=-1)
    steep = np.linalg.norm(gradient, axis=-1)
    upward = -gradient[..., 2] / np.maximum(steep, 1e-6)
    share = lv[1:-1, 1:-1, 1:-1]
    surface = (labels == MYOCARDIUM) & (share < 0.75) & (steep > 0.05) & (upward < MAX_UPWARD)
    points = np.argwhere(surface)[:, ::-1] * spacing
    pool = np.argwhere(labels == BLOOD_POOL)[:, ::-1] * spacing
    if not len(points):
        return points.astype(float)
    base = pool if len(pool) else points
    points = points[points[:, 2] < np.percentile(base[:, 2], 98) - BASE_MARGIN_MM]
    stride = max(1, len(points) // MAX_POINTS)
    return points[::stride].astype(float)


def _axis(state: Array) -> Array:
    axis = np.array([state[0], state[1], 1.0])
    return axis / np.linalg.norm(axis)


def _residuals(state: Array, points: Array) -> Array:
    """Radial distance of points from the surface, mm; above the shoulder the ellipsoid is a cylinder."""
    axis = _axis(state)
    q = points - state[2:5]
    along = q @ axis
    across = np.linalg.norm(q - along[:, None] * axis, axis=1)
    below = np.minimum(along, 0.0)
    g = np.sqrt((across / np.exp(min(state[5], 5.0))) ** 2 + (below / np.exp(min(state[6], 6.0))) ** 2) + 1e-9
    return np.asarray(np.hypot(across, below) * (1 - 1 / g))
