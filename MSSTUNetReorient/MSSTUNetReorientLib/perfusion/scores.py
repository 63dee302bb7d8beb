"""Scores and extents of a polar map below normal limits.

The limit lies :data:`ABNORMAL_SDS` standard deviations below the mean of normal studies. How abnormal a segment is
follows from its uptake in percent of that limit. ``docs/perfusion.md`` has sources and measured accuracy.

>>> [score(percent, 60.0) for percent in (60.0, 59.0, 53.0, 40.0, 30.0)]
[0, 1, 2, 3, 4]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .aha_segments import SEGMENTS
from .aha_segments import TERRITORIES
from .normal_limits import NormalLimits
from .polar_map import PolarMap

Array = NDArray[np.float64]

ABNORMAL_SDS = 2.0
"""How many SDs below the normal mean the limit lies (ours): with these limits and :data:`CUT_OFFS` about one of ten
simulated normals has a summed score of 4 or more by the limits of the others."""
CUT_OFFS = (90.0, 80.0, 60.0)
"""Percent of the limit below which a segment scores 2, 3 and 4; from there to the limit, it scores 1 (ours).

Blur fills a defect with the counts of its surroundings: in SPECT a wall with hardly any uptake reads 20 to 40 %.
With these numbers summed scores are on average about those of the uptake that was drawn, if that scores 1 to 4 below
70, 50, 30 and 10 % of healthy. Chosen on simulated studies of the validation split.
"""
HIGHEST_SCORE = 1 + len(CUT_OFFS)
HIGHEST_SUM = HIGHEST_SCORE * len(SEGMENTS)
"""Largest possible score of a segment, and summed score."""

SCAR_PERCENT = 50.0
"""Wall below this percent of the study's own maximum counts as scar (J Am Coll Cardiol 1998;32:927)."""
FULL_DEFICIT = 0.7
"""A sample has its full part in the deficit where it lies this far below its limit, as a share of it, and none at
the limit. As in TPD (general professional knowledge; the principle is in PMC3412547)."""

LEAST_ABNORMAL = 4
"""A summed score from which a study is called abnormal."""
CLASSES = ((14, "severe"), (9, "moderate"), (LEAST_ABNORMAL, "mild"), (0, "normal"))
"""Least summed score of each class."""
OTHER_PROGRAMS = (
    "The classes of summed scores (0-3 normal, 4-8 mild, 9-13 moderate, 14 and more severe) were published for other "
    "programs and their normal limits."
)


@dataclass(frozen=True)
class BelowLimits:
    """The LV surface below normal limits, of that which has limits.

    Attributes:
        percent: share of the surface.
        cm2: its area, mid-wall.
        severity_sd: mean number of SDs below the normal mean there; None without any.
        deficit_percent: the share weighted with how far each sample lies below its limit, as TPD is.
    """

    percent: float
    cm2: float
    severity_sd: float | None
    deficit_percent: float


@dataclass(frozen=True)
class Scores:
    """All scores of one map; None where a segment that they need has no value.

    Attributes:
        segments: 17 scores, None where a segment has no value or no limits.
        summed: their sum, 0 to 68: SSS of a stress study, SRS of a rest study.
        percent_of_myocardium: the sum in percent of 68.
        territories: sum for each coronary territory.
        scar_percent: percent of the measured LV surface below 50 % of the study's maximum.
        below: the surface below normal limits.
    """

    segments: tuple[int | None, ...]
    summed: int | None
    percent_of_myocardium: float | None
    territories: dict[str, int | None]
    scar_percent: float
    below: BelowLimits

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the segments without a score."""
        return tuple(n + 1 for n, value in enumerate(self.segments) if value is None)

    @property
    def severity_class(self) -> str | None:
        """Class of the summed score; see :data:`OTHER_PROGRAMS`."""
        return None if self.summed is None else class_of(self.summed)


def score(percent: float, limit: float) -> int:
    """0 normal to 4 absent, for the uptake of a segment and its normal limit, both in percent of the maximum."""
    if percent >= limit:
        return 0
    return 1 + sum(percent < cut_off / 100 * limit for cut_off in CUT_OFFS)


def class_of(summed: int) -> str:
    """Class of a summed score.

    >>> [class_of(n) for n in (3, 4, 8, 9, 13, 14)]
    ['normal', 'mild', 'mild', 'moderate', 'moderate', 'severe']
    """
    return next(name for least, name in CLASSES if summed >= least)


def scores_of(polar_map: PolarMap, limits: NormalLimits) -> Scores:
    """Score a map against normal limits of studies that were sampled in the same way."""
    limit = _limit(limits.segment_mean, limits.segment_sd)
    segments = tuple(
        score(*one) if np.isfinite(one).all() else None
        for one in zip(polar_map.segments.tolist(), limit.tolist(), strict=True)
    )
    summed = _sum(segments)
    return Scores(
        segments=segments,
        summed=summed,
        percent_of_myocardium=None if summed is None else 100 * summed / HIGHEST_SUM,
        territories={name: _sum(tuple(segments[n - 1] for n in numbers)) for name, numbers in TERRITORIES.items()},
        scar_percent=extent(polar_map, SCAR_PERCENT),
        below=_below_limits(polar_map, limits),
    )


def extent(polar_map: PolarMap, percent: float) -> float:
    """Percent of the measured LV surface with less than ``percent`` of the maximum; no limits are needed."""
    area = np.where(polar_map.counted, polar_map.samples.area_mm2, 0.0)
    return float(100 * area[np.nan_to_num(polar_map.percent) < percent].sum() / area.sum())


def below_limits(polar_map: PolarMap, limits: NormalLimits) -> NDArray[np.bool_]:
    """``(ROWS, RAYS)`` samples that lie more than ``ABNORMAL_SDS`` below the normal mean; none where it is unknown."""
    limit = _limit(*limits.at(polar_map.samples))
    return polar_map.counted & (np.nan_to_num(polar_map.percent) < np.nan_to_num(limit))


def _limit(mean: Array, sd: Array) -> Array:
    return mean - ABNORMAL_SDS * sd


def _below_limits(polar_map: PolarMap, limits: NormalLimits) -> BelowLimits:
    mean, sd = limits.at(polar_map.samples)
    judged = polar_map.counted & np.isfinite(mean)
    area, percent = polar_map.samples.area_mm2[judged], polar_map.percent[judged]
    mean, sd = mean[judged], sd[judged]
    limit = _limit(mean, sd)
    below = percent < limit
    whole, defect = max(float(area.sum()), 1e-9), float(area[below].sum())
    depth = np.clip((1 - percent / np.maximum(limit, 1e-9)) / FULL_DEFICIT, 0.0, 1.0)
    deviation = (mean - percent) / sd
    return BelowLimits(
        percent=100 * defect / whole,
        cm2=defect / 100,
        severity_sd=float((area * deviation)[below].sum()) / defect if defect else None,
        deficit_percent=100 * float((area * depth).sum()) / whole,
    )


def _sum(scores: tuple[int | None, ...]) -> int | None:
    known = [value for value in scores if value is not None]
    return sum(known) if len(known) == len(scores) else None
