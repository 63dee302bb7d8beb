"""Scores and extents of a polar map, relative to the study's own maximum.

There is no normal database yet, so every cut-off is in percent of the study's own maximum, never of normal limits. A
healthy heart can score above 0 where breast or diaphragm attenuates, so the published classes of summed scores (normal,
mild, moderate, severe), which are for scores from normal limits, are not given; see ``docs/perfusion.md``.

>>> [score(percent) for percent in (85.0, 65.0, 45.0, 20.0, 5.0)]
[0, 1, 2, 3, 4]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .aha_segments import SEGMENTS
from .aha_segments import TERRITORIES
from .polar_map import PolarMap

Array = NDArray[np.float64]

CUT_OFFS = (70.0, 50.0, 30.0, 10.0)
"""Percent of the maximum below which a segment scores at least 1, 2, 3 and 4.

- 50: below it, tetrofosmin uptake counts as non-viable against FDG (J Am Coll Cardiol 1998;32:927).
- 70, 30 and 10: general professional knowledge, without a public source that we could check. The truth of simulated
  studies is scored with the same four numbers.
"""
HIGHEST_SCORE = len(CUT_OFFS)

SCAR_PERCENT = 50.0
"""Wall below it counts as scar (J Am Coll Cardiol 1998;32:927)."""
DEFECT_PERCENT = CUT_OFFS[0]
"""Wall below it counts as defect: where scores begin."""


@dataclass(frozen=True)
class Scores:
    """All scores of one map; None where a segment that they need has no value.

    Attributes:
        segments: 17 scores, None where a segment has no value.
        summed: their sum, 0 to 68: SSS of a stress study, SRS of a rest study.
        percent_of_myocardium: the sum in percent of 68.
        territories: sum for each coronary territory.
        scar_percent: percent of the measured LV surface below 50 % of the maximum.
        defect_percent: the same below 70 %.
        defect_cm2: area of that wall, mid-wall.
    """

    segments: tuple[int | None, ...]
    summed: int | None
    percent_of_myocardium: float | None
    territories: dict[str, int | None]
    scar_percent: float
    defect_percent: float
    defect_cm2: float

    @property
    def missing(self) -> tuple[int, ...]:
        """Numbers of the segments without a value."""
        return tuple(n + 1 for n, value in enumerate(self.segments) if value is None)


def score(percent: float) -> int:
    """0 normal to 4 absent, for the uptake of a segment in percent of the maximum."""
    return sum(percent < cut_off for cut_off in CUT_OFFS)


def scores_of(polar_map: PolarMap) -> Scores:
    """Score a map."""
    segments = tuple(score(p) if np.isfinite(p) else None for p in polar_map.segments.tolist())
    summed = _sum(segments)
    return Scores(
        segments=segments,
        summed=summed,
        percent_of_myocardium=None if summed is None else 100 * summed / (HIGHEST_SCORE * len(SEGMENTS)),
        territories={name: _sum(tuple(segments[n - 1] for n in numbers)) for name, numbers in TERRITORIES.items()},
        scar_percent=extent(polar_map, SCAR_PERCENT),
        defect_percent=extent(polar_map, DEFECT_PERCENT),
        defect_cm2=_area_below(polar_map, DEFECT_PERCENT) / 100,
    )


def extent(polar_map: PolarMap, percent: float) -> float:
    """Percent of the measured LV surface with less than ``percent`` of the maximum."""
    whole = float(polar_map.samples.area_mm2[polar_map.counted].sum())
    return 100 * _area_below(polar_map, percent) / whole


def _area_below(polar_map: PolarMap, percent: float) -> float:
    below = polar_map.counted & (np.nan_to_num(polar_map.percent) < percent)
    return float(polar_map.samples.area_mm2[below].sum())


def _sum(scores: tuple[int | None, ...]) -> int | None:
    known = [value for value in scores if value is not None]
    return sum(known) if len(known) == len(scores) else None
