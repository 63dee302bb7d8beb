"""Stress against rest: two polar maps of one heart, sample by sample.

Each study has its own maximum, so the two are made comparable by what is normal in both: rest is scaled by the median
ratio of stress to rest over the wall that is bright in both. The difference is scaled rest minus stress, in percentage
points of the stress maximum: above 0 where rest is better, as in ischaemia.

Samples that belong together have the same angle and the same place along the axis, from each study's own mid-wall apex
(0) to its own valve plane (1), whatever the poses and sizes of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .aha_segments import measured
from .aha_segments import segment_means
from .aha_segments import shares
from .polar_map import PolarMap

Array = NDArray[np.float64]

ABNORMAL_PERCENT = 70.0
"""Percent of its own maximum below which a study is abnormal (general professional knowledge; no public source was
checked). What is not abnormal in either study is normal in both. Below normal limits is another measure:
:meth:`Comparison.reversible_within`."""
LEAST_NORMAL = 0.15
"""Share of the compared wall that must be normal in both to scale by it (ours): one sector of 60 degrees is about as
much."""
MOST_SPREAD = 0.25
"""Width of the middle half of the ratios of stress to rest there, over their median, above which the two are too
different to be scaled (ours). Six of 87 simulated pairs were above it; the scale of five of them was wrong by 12 to
42 %."""
REVERSIBLE_POINTS = 10.0
"""Percentage points by which rest must be better than stress to be called reversible (ours; docs/pairs.md has how much
of a wall without a defect exceeds it)."""
HIGH_RISK_PERCENT = 10.0
"""Ischaemic share of the myocardium above which high risk is published (BMC Med Imaging 2014;14:5)."""
SAME_PLACE = 0.5
"""Share of a sample of the stress map that the rest map must know (ours)."""

NOT_COMPARABLE = (
    f"the wall that has {ABNORMAL_PERCENT:.0f} % of the maximum and more in both studies is too small, or the two "
    "differ too unevenly in it, to scale one to the other"
)
METHOD = (
    "rest is multiplied by the area-weighted median ratio of stress to rest over the wall that has "
    f"{ABNORMAL_PERCENT:.0f} % of its own maximum and more in both studies; the difference is scaled rest minus "
    "stress, in percentage points of the stress maximum"
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two maps compared; arrays ``(ROWS, RAYS)`` on the samples of the stress map, nan where nothing is compared.

    Attributes:
        scale: what rest, in percent of its own maximum, is multiplied by.
        normal_share: share of the compared wall that is normal in both and makes the scale.
        rest: scaled rest in percent of the stress maximum, 100 at most.
        difference: ``rest`` minus stress, percentage points.
        compared: samples that count in both studies.
        segments: ``(17,)`` mean difference of each segment; nan where too little of it is compared.
        area_mm2: of the samples that are compared, else 0.
        reversible: samples that are abnormal at stress and better at rest by ``REVERSIBLE_POINTS`` and more.
        fixed: the other ones that are abnormal at stress.
        reversible_percent, fixed_percent: percent of the compared surface.
        worse_percent: percent that is abnormal at rest and better at stress by as much: reversible if the studies were
            swapped.
    """

    scale: float
    normal_share: float
    rest: Array
    difference: Array
    compared: NDArray[np.bool_]
    segments: Array
    area_mm2: Array
    reversible: NDArray[np.bool_]
    fixed: NDArray[np.bool_]
    reversible_percent: float
    fixed_percent: float
    worse_percent: float

    def reversible_within(self, abnormal: NDArray[np.bool_]) -> float:
        """Percent of the compared surface that is better at rest, of another abnormal part of the stress map."""
        better = abnormal & (np.nan_to_num(self.difference) >= REVERSIBLE_POINTS)
        return 100 * float(self.area_mm2[better].sum() / self.area_mm2.sum())


def compare(stress: PolarMap, rest: PolarMap) -> Comparison | None:
    """Compare rest with stress; None where they cannot be scaled to each other (:data:`NOT_COMPARABLE`)."""
    at_stress, (at_rest, known) = _percent(stress), _at_places_of(stress, rest)
    compared = stress.counted & known
    area = np.where(compared, stress.samples.area_mm2, 0.0)
    normal = compared & (at_stress >= ABNORMAL_PERCENT) & (at_rest >= ABNORMAL_PERCENT)
    whole = float(area.sum())
    if not whole > 0 or area[normal].sum() < LEAST_NORMAL * whole:
        return None
    low, scale, high = weighted_quantiles(at_stress[normal] / at_rest[normal], area[normal], (0.25, 0.5, 0.75))
    if high - low > MOST_SPREAD * scale:
        return None
    scaled = np.where(known, np.minimum(scale * at_rest, 100.0), np.nan)
    difference = np.where(compared, scaled - np.minimum(at_stress, 100.0), np.nan)
    gain, share = np.nan_to_num(difference), shares(stress.samples)
    abnormal = compared & (at_stress < ABNORMAL_PERCENT)
    reversible = abnormal & (gain >= REVERSIBLE_POINTS)
    fixed, worse = abnormal & ~reversible, compared & (at_rest < ABNORMAL_PERCENT) & (gain <= -REVERSIBLE_POINTS)
    of_surface = {name: 100 * float(area[part].sum()) / whole
                  for name, part in (("reversible", reversible), ("fixed", fixed), ("worse", worse))}  # fmt: skip
    return Comparison(
        scale=scale,
        normal_share=float(area[normal].sum()) / whole,
        rest=scaled,
        difference=difference,
        compared=compared,
        segments=segment_means(difference, compared, stress.samples.area_mm2, share, measured(compared, share)),
        area_mm2=area,
        reversible=reversible,
        fixed=fixed,
        reversible_percent=of_surface["reversible"],
        fixed_percent=of_surface["fixed"],
        worse_percent=of_surface["worse"],
    )


def weighted_quantiles(values: Array, weights: Array, shares: Sequence[float]) -> list[float]:
    """The values below which these shares of the weight lie; between two values, their mean.

    >>> weighted_quantiles(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), (0.3, 0.5))
    [2.0, 2.0]
    >>> weighted_quantiles(np.array([1.0, 2.0]), np.array([1.0, 1.0]), (0.5,))
    [1.5]
    """
    order = np.argsort(values)
    below, wanted = np.cumsum(weights[order]), np.array(shares) * weights.sum()
    low, high = np.searchsorted(below, wanted, "left"), np.searchsorted(below, wanted, "right")
    last = len(values) - 1
    found = (values[order][np.minimum(low, last)] + values[order][np.minimum(high, last)]) / 2
    return [float(x) for x in found]


def _percent(mapped: PolarMap) -> Array:
    """Percent of the maximum, not cut at 100, which would bend the ratio of the two."""
    return np.nan_to_num(100 * mapped.samples.maximum / mapped.maximum)


def _at_places_of(stress: PolarMap, rest: PolarMap) -> tuple[Array, NDArray[np.bool_]]:
    """The rest map on the rows of the stress map, by their places along the axis, and where it is known."""
    part = _overlap(stress.samples.edges, rest.samples.edges)
    known = part @ rest.counted
    values = part @ np.where(rest.counted, _percent(rest), 0.0)
    return values / np.where(known > 0, known, 1.0), known >= SAME_PLACE


def _overlap(edges: Array, others: Array) -> Array:
    """``(rows, rows)`` part of each row that lies in each row of the other map; the same rows give the identity."""
    apart = 1e-9 * np.arange(len(edges))  # rows of no height stay rows
    a, b = edges + apart, others + apart
    both = np.minimum(a[1:, None], b[None, 1:]) - np.maximum(a[:-1, None], b[None, :-1])
    return np.asarray(np.clip(both, 0.0, None) / np.diff(a)[:, None])
