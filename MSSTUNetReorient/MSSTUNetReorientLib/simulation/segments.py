"""The 17 segments of the left ventricle (Cerqueira 2002, doi:10.1161/hc0402.102975), on a heart of known shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .heart import Shape

Array = NDArray[np.float64]

SEGMENTS = 17
APEX = 17
SCORE_LIMITS = (0.70, 0.50, 0.30, 0.10)
"""Share of the best segment's mean below which a score of the five-point scale is at least 1, 2, 3, 4."""


def height(shape: Shape, p: Array) -> Array:
    """Way from the apex of the cavity (0) to the valve plane (1), at SA points ``(..., 3)`` mm; negative below."""
    apex = shape.cavity_apex()
    plane = p[..., 2] - shape.valve(p)
    return np.asarray((p[..., 2] - apex) / np.maximum(plane - apex, 1.0))


def direction(p: Array) -> Array:
    """Degrees from anterior by the septum to inferior (180) and lateral (270), in [0, 360), at SA points."""
    return np.asarray(np.rad2deg(np.arctan2(-p[..., 0], -p[..., 1])) % 360.0)


def segment_of(u: Array, degrees: Array) -> NDArray[np.int64]:
    """Number 1-17 of a height (see :func:`height`) and a direction: equal thirds above the apex of the cavity."""
    six = np.floor(((degrees + 30.0) % 360.0) / 60.0).astype(int)
    four = np.floor(((degrees + 45.0) % 360.0) / 90.0).astype(int)
    return np.select([u < 0, u < 1 / 3, u < 2 / 3], [np.full_like(six, APEX), 13 + four, 7 + six], 1 + six)


def centre_of_segment(number: int) -> tuple[float, float]:
    """(height, degrees) in the middle of a segment."""
    if number == APEX:
        return -0.1, 0.0
    if number >= 13:
        return 1 / 6, 90.0 * (number - 13)
    return (0.5, 60.0 * (number - 7)) if number >= 7 else (5 / 6, 60.0 * (number - 1))


def segment_means(values: Array, numbers: NDArray[np.int64], weights: Array) -> tuple[float, ...]:
    """Weighted mean of each of the 17 segments; NaN where one has no wall."""
    total = np.bincount(numbers.ravel(), weights.ravel(), SEGMENTS + 1)[1:]
    sums = np.bincount(numbers.ravel(), (values * weights).ravel(), SEGMENTS + 1)[1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        return tuple((sums / total).tolist())


def scores(means: tuple[float, ...]) -> tuple[int, ...]:
    """0 (normal) to 4 (no uptake) of each segment, by its share of the best one."""
    best = np.nanmax(means)
    return tuple(int(np.sum(np.nan_to_num(m / best, nan=1.0) < np.array(SCORE_LIMITS))) for m in means)
