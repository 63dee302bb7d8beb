"""Quality control: an honest verdict on a pose and its labels.

Every threshold is named here. A doubtful result is still given, and says why; ``fail`` is kept for where there is
nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .certainty import axis_bound_deg
from .labels import box_round
from .volume import Volume

Status = Literal["pass", "review", "fail"]

MAX_AXIS_DISAGREEMENT_DEG = 10.0
"""Between the network's long axis and that of the labelled cup, fitted without the network's pose."""
MAX_AXIS_SPREAD_DEG = 6.0
"""Between the long axes that the network reaches from different starts."""
MAX_AXIS_BOUND_DEG = 10.0
"""Nine in ten studies that look like this one err by less than their bound (:mod:`.certainty`)."""
MIN_PRESENCE = 0.5
"""Probability that an LV is in view, by the network's own judgement; below it the LV may be elsewhere."""
MYOCARDIUM_ML = (70.0, 450.0)
"""Plausible volume of the wall as it appears (it looks thicker than it is)."""
BLOOD_POOL_ML = (2.0, 350.0)
"""Plausible volume of the pool that remains inside the wall as it appears."""
MAX_CUT_SHARE = 0.02
"""Share of the labelled LV that lies on the last voxel layer of the study's field of view, or beyond it."""
MIN_CONTRAST = 1.3
"""Mean count of the wall over that of the tissue round it."""
MAX_HOT_NEIGHBOUR = 1.5
"""The brightest 2 ml of tissue within 25 mm of the LV, over the bright part (95th centile) of its wall."""
HOT_ML = 2.0
MIN_LV_ML = 10.0
"""Less labelled LV than this is none."""


@dataclass(frozen=True)
class Quality:
    """The verdict, its reasons in words, and what was measured for it.

    Attributes:
        status: "pass", "review" (look before you use it) or "fail" (nothing to show).
        reasons: one plain sentence each; empty for a pass.
        measures: the numbers behind it, by name with the unit (e.g. ``axis_disagreement_deg``).
    """

    status: Status
    reasons: tuple[str, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)


def assess(
    study: Volume,
    short_axis: Volume,
    labels: Volume,
    *,
    presence: float,
    axis_spread_deg: float,
    axis_disagreement_deg: float,
    cup_residual_mm: float,
    calibration: Sequence[float] = (),
) -> Quality:
    """The verdict on one result.

    Args:
        study: the counts as read; its reader's warnings become reasons.
        short_axis, labels: on one SA grid.
        presence: probability that an LV is in view.
        axis_spread_deg: see :data:`MAX_AXIS_SPREAD_DEG`.
        axis_disagreement_deg: see :data:`MAX_AXIS_DISAGREEMENT_DEG`; nan where no cup was found.
        cup_residual_mm: median distance of the labelled LV from the fitted cup; nan where there is none.
        calibration: coefficients of :mod:`.certainty`; none for a model that was never calibrated.
    """
    ml = labels.grid.voxel_ml
    my, bp = (float((labels.array == value).sum()) * ml for value in (1, 2))
    measures = {"presence": presence, "axis_spread_deg": axis_spread_deg, "myocardium_ml": my, "blood_pool_ml": bp}
    if my + bp < MIN_LV_ML:
        return Quality("fail", ("No left ventricle was found in this study.",), measures)
    measures["axis_disagreement_deg"] = axis_disagreement_deg
    if np.isfinite(cup_residual_mm):
        measures["cup_residual_mm"] = cup_residual_mm
    measures |= _count_measures(short_axis, labels)
    measures["cut_share"] = cut_share(study, labels)
    bound = axis_bound_deg(measures, calibration) if len(calibration) else float("nan")
    if np.isfinite(bound):
        measures["axis_bound_deg"] = bound
    broken = [sentence(measures[name]) for name, is_broken, sentence in RULES if is_broken(measures.get(name))]
    reasons = (*(str(w) for w in study.info.get("warnings", ())), *broken)
    return Quality("review" if reasons else "pass", reasons, measures)


def _count_measures(short_axis: Volume, labels: Volume) -> dict[str, float]:
    """Contrast of the wall, and the brightest neighbour, within 25 mm of the LV."""
    reach = round(25.0 / labels.grid.spacing[0])
    gap = round(6.0 / labels.grid.spacing[0])
    box = box_round(labels.array, reach)
    counts, wall, lv = short_axis.array[box], labels.array[box] == 1, labels.array[box] > 0
    near = dilated(lv, reach) & ~dilated(lv, gap)
    if not wall.any() or not near.any():
        return {"contrast": float("nan"), "hot_neighbour": float("nan")}
    bright = max(float(np.percentile(counts[wall], 95)), 1e-9)
    around = max(float(counts[near].mean()), 1e-9)
    voxels = min(max(int(HOT_ML / labels.grid.voxel_ml), 1), int(near.sum()))
    hot = float(np.partition(counts[near], -voxels)[-voxels:].mean())
    return {"contrast": float(counts[wall].mean()) / around, "hot_neighbour": hot / bright}


def dilated(mask: NDArray[np.bool_], voxels: int) -> NDArray[np.bool_]:
    """A mask grown by a box of ``voxels`` on each side, axis by axis."""
    out = mask.copy()
    for axis in range(3):
        line, reach = np.moveaxis(out, axis, 0), 0
        while reach < voxels:
            step = min(reach + 1, voxels - reach)  # longer ones leave gaps where the edge cuts
            before = line.copy()
            line[step:] |= before[:-step]
            line[:-step] |= before[step:]
            reach += step
    return out


def cut_share(study: Volume, labels: Volume) -> float:
    """Share of the labelled LV on or beyond the last voxel layer of the study, or where a round field has no data."""
    k, j, i = np.nonzero(labels.array)
    points = labels.grid.at(np.stack([i, j, k], axis=1))
    index = np.rint(study.grid.index_of(points)).astype(int)
    size = np.array(study.grid.size)
    inside = ((index > 0) & (index < size - 1)).all(axis=1)
    x, y, z = index[inside].T
    seen = study.array[z, y, x] != 0
    return float(1 - seen.sum() / len(index))


def _outside(limits: tuple[float, float]) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not limits[0] <= x <= limits[1]


def _above(limit: float) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not x <= limit


def _below(limit: float) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not x >= limit


RULES: tuple[tuple[str, Callable[[float | None], bool], Callable[[float], str]], ...] = (
    ("presence", _below(MIN_PRESENCE),
     lambda x: f"The network doubts that this is a left ventricle (probability {x:.2f}): check the position."),
    ("axis_disagreement_deg", _above(MAX_AXIS_DISAGREEMENT_DEG),
     lambda x: "The long axis could not be checked against the segmentation." if np.isnan(x) else
     f"The long axis of the segmentation differs from the network's by {x:.0f} degrees: check the orientation."),
    ("axis_spread_deg", _above(MAX_AXIS_SPREAD_DEG),
     lambda x: f"The network's long axis varies by {x:.0f} degrees with its start: check the orientation."),
    ("axis_bound_deg", _above(MAX_AXIS_BOUND_DEG),
     lambda x: f"The long axis of studies like this one may be off by {x:.0f} degrees: check the orientation."),
    ("myocardium_ml", _outside(MYOCARDIUM_ML),
     lambda x: f"The myocardium as it appears is {x:.0f} ml, which is not plausible: check the segmentation."),
    ("blood_pool_ml", _outside(BLOOD_POOL_ML),
     lambda x: f"The blood pool is {x:.0f} ml, which is not plausible: check the segmentation."),
    ("cut_share", _above(MAX_CUT_SHARE),
     lambda x: f"{100 * x:.0f} % of the left ventricle lie at or beyond the edge of the field of view."),
    ("contrast", _below(MIN_CONTRAST),
     lambda x: f"The myocardium is hardly brighter than its surroundings (ratio {x:.1f})."),
    ("hot_neighbour", _above(MAX_HOT_NEIGHBOUR),
     lambda x: f"Activity beside the heart is {x:.1f} times as bright as the myocardium and may reach into it."),
)  # fmt: skip
"""Measure, when it is broken, and what to say."""
