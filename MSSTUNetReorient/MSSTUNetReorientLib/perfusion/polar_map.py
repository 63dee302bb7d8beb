"""The polar map: uptake of the myocardium in percent of the study's own maximum.

The maximum is no single count: it is the 95th centile of the samples by wall area. One hot voxel covers far less than
the remaining 5 % (some 6 of 120 cm2), and samples above the maximum count as 100.

Liver or gut beside the wall: a ray on which the counts do not fall off outside the epicardium says nothing about the
wall's maximum and is left out of it. Where they exceed every count of the ray's wall and even that maximum, the wall is
**outshone**: its own uptake cannot be separated from the spill, and its samples are left out of every figure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .aha_segments import measured
from .aha_segments import segment_means
from .aha_segments import shares
from .sampling import Samples

Array = NDArray[np.float64]

MAXIMUM_CENTILE = 95.0
"""Of the samples by area (ours; the quality control takes the same for the bright part of the wall)."""
FALLEN_OFF = 0.6
"""Counts 6 to 10 mm outside the epicardium over the largest in the wall, below which they fall off (ours): the edge is
drawn at about half the wall's counts."""
BASAL_RIM_MM = 6.0
"""Blur alone lowers the counts at the basal end of the wall (to half where the label ends): this much of it is drawn
but not counted. Half of 12 mm, a usual resolution of SPECT (ours)."""
LEAST_JUDGED = 0.25
"""Share of the wall's area from which counts must fall off, to know its maximum, and that must count (ours)."""


@dataclass(frozen=True, eq=False)
class PolarMap:
    """A map; arrays ``(ROWS, RAYS)`` as in :class:`.sampling.Samples`, segments ``(17,)``; nan where there is no value.

    Attributes:
        samples: the counts.
        maximum: the study's maximum, from the maxima along the rays, in counts.
        percent: maximum along each ray in percent of it, 100 at most.
        mid_wall_percent: mid-wall mean in percent of the maximum of these means, likewise.
        usable: samples with a wall that nothing outshines.
        counted: usable samples further than ``BASAL_RIM_MM`` from the wall's end; only they make figures.
        outshone: samples beside something hotter than the wall's maximum.
        segments: mean percent of each segment.
        mid_wall_segments: the same from the mid-wall means, in percent of their own maximum.
        measured: share of each segment that has usable samples.
    """

    samples: Samples
    maximum: float
    percent: Array
    mid_wall_percent: Array
    usable: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    outshone: NDArray[np.bool_]
    segments: Array
    mid_wall_segments: Array
    measured: Array


def polar_map(samples: Samples) -> PolarMap | None:
    """Map the samples; None where too little wall can be judged: no counts, a tiny wall, or hotter surroundings."""
    wall = np.isfinite(samples.maximum)
    beside, largest = np.nan_to_num(samples.beside), np.nan_to_num(samples.maximum)
    judged = wall & (beside <= FALLEN_OFF * largest)
    if samples.area_mm2[judged].sum() < LEAST_JUDGED * samples.area_mm2[wall].sum():
        return None
    maximum, mid_maximum = (_centile(v[judged], samples.area_mm2[judged]) for v in (samples.maximum, samples.mid_wall))
    if not (maximum > 0 and mid_maximum > 0):
        return None
    outshone = wall & (beside > np.maximum(largest, maximum))
    usable = wall & ~outshone
    counted = usable & (np.nan_to_num(samples.to_end_mm) > BASAL_RIM_MM)
    if samples.area_mm2[counted].sum() < LEAST_JUDGED * samples.area_mm2[wall].sum():
        return None
    percent, mid_percent = _percent(samples.maximum, maximum), _percent(samples.mid_wall, mid_maximum)
    share, area = shares(samples), samples.area_mm2
    there = measured(usable, share)
    return PolarMap(
        samples=samples,
        maximum=maximum,
        percent=percent,
        mid_wall_percent=mid_percent,
        usable=usable,
        counted=counted,
        outshone=outshone,
        segments=segment_means(percent, counted, area, share, there),
        mid_wall_segments=segment_means(mid_percent, counted, area, share, there),
        measured=there,
    )


def _percent(counts: Array, maximum: float) -> Array:
    return np.clip(100 * counts / maximum, 0.0, 100.0)


def _centile(values: Array, area: Array) -> float:
    """The value below which ``MAXIMUM_CENTILE`` of the area lies."""
    order = np.argsort(values)
    below = np.cumsum(area[order])
    return float(values[order][np.searchsorted(below, MAXIMUM_CENTILE / 100 * below[-1])])
