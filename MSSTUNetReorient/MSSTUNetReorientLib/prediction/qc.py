"""Quality control: a verdict on a pose and its labels.

All thresholds are defined here. A doubtful result is still returned, with its reasons; ``fail`` means that there is
nothing to show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Literal

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..geometry.labels import MYOCARDIUM
from ..geometry.labels import box_round
from ..geometry.labels import dilated
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from .anatomy import anatomy_measures
from .bounds import Bounds
from .count_faults import clipped_ml
from .count_faults import wrapped_voxels
from .good_to import GoodTo
from .good_to import whole
from .septum_estimate import Septum
from .septum_estimate import estimate_septum

NO_BOUNDS = Bounds({})
BOUND_MEASURES = {"axis_deg": "axis_bound_deg", "centre_mm": "centre_bound_mm"}
"""Names of the bounds among the measures, by attribute of :class:`.good_to.GoodTo`."""
SEPTUM_MEASURES = ("septum_deg", "septum_bound_deg", "septum_seen_deg")
"""The same for the attributes of :class:`.septum_estimate.Septum`, in their order."""

Status = Literal["pass", "review", "fail"]

MAX_AXIS_DISAGREEMENT_DEG = 10.0
"""Between the network's long axis and that of the labelled ellipsoid, fitted without the network's pose."""
MAX_AXIS_SPREAD_DEG = 6.0
"""Between the long axes that the network reaches from different starts."""
MAX_AXIS_BOUND_DEG = 12.0
"""In nine of ten studies the error is below the bound (:mod:`.bounds`). Contours of one heart drawn gate by gate give
axes within 9 degrees of the technologist's in 95 of 100; 15 degrees count as a failure."""
MIN_PRESENCE = 0.5
"""Probability that an LV is in view, as the network estimates it; below it the LV may be elsewhere."""
MYOCARDIUM_ML = (70.0, 450.0)
"""Plausible volume of the apparent wall (which looks thicker than it is)."""
BLOOD_POOL_ML = (2.0, 350.0)
"""Plausible volume of the pool inside the apparent wall."""
MAX_CUT_SHARE = 0.02
"""Share of the labelled LV that lies on the last voxel layer of the study's field of view, or beyond it."""
MIN_CONTRAST = 1.3
"""Mean count of the wall over that of the tissue round it."""
MAX_HOT_NEIGHBOUR = 1.5
"""The brightest 2 ml of tissue within 25 mm of the LV, over the bright part (95th centile) of its wall."""
HOT_ML = 2.0
MIN_LV_ML = 10.0
"""A smaller labelled LV counts as none."""
TINY = float(np.finfo(np.float32).tiny)
"""Counts have no unit: this only prevents a division by zero."""
MAX_AXIS_FROM_MEAN_DEG = 45.0
"""Of the long axis from the mean heart's: of 53 hearts seen by CT none lay further than 33."""
MIN_APEX_LEFT = 0.05
"""How far left of the base the apex lies, over their distance: 0.14 to 0.73 in those hearts."""
MIN_APEX_BELOW = -0.1
"""How far below the base, likewise: 0.21 in the median, below -0.04 in one of 53."""
MIN_BELOW_OVER_ABOVE = 0.7
"""Counts below a nearly horizontal heart over those above it: 1.5 to 2.9 in real studies, as liver and gut lie
below."""
MIN_APEX_CLOSED = 0.4
"""Counts of the apical cap over those of the mid wall: 0.7 and more in real studies, 0.25 to 0.6 where apex and base
are swapped."""
MAX_BASE_OPEN = 0.8
"""Counts at the middle of the basal end, likewise: up to 0.5 in real studies, 0.77 in others; about one where apex and
base are swapped, and in blobs, shells and kidneys."""
SEPTUM_DEG = (140.0, 210.0)
"""Of the septum angle that the network sees: hearts have 171 +- 7 (CT), 184.5 +- 7.2 (grooves in SA images)."""
MIN_APEX_OVER_BASE = 1.0
"""How closed the apex of the pose is, over its base: 1.05 and more in true hearts, mostly 0.3 to 0.8 where they are
swapped."""
MAX_ROLL_FROM_CLINIC_DEG = 30.0
"""Of the SA axes from those that follow from the long axis alone: 23 at most in those hearts."""
MAX_STATED_AXIS_DEG = 10.0
"""Between the long axis found and the one that a reoriented study states."""


@dataclass(frozen=True)
class Quality:
    """The verdict, its reasons and its measures.

    Attributes:
        status: "pass", "review" (check before use) or "fail" (nothing to show).
        reasons: one plain sentence each; empty for a pass.
        measures: the measured values, by name with the unit (e.g. ``axis_disagreement_deg``).
    """

    status: Status
    reasons: tuple[str, ...] = ()
    measures: dict[str, float] = field(default_factory=dict)

    @property
    def cut_off(self) -> bool:
        """Whether the field of view cuts a part of the LV off."""
        return self.measures.get("cut_share", 0.0) > MAX_CUT_SHARE

    @property
    def septum(self) -> Septum | None:
        """The septum angle; None where no LV was found, or in a result of an older version."""
        found = [self.measures.get(name, float("nan")) for name in SEPTUM_MEASURES]
        return Septum(*found) if np.isfinite(found).all() else None

    @property
    def good_to(self) -> GoodTo:
        """The bounds of long axis and centre, as far as they are known."""
        found = {name: self.measures.get(measure, float("nan")) for name, measure in BOUND_MEASURES.items()}
        return GoodTo(**{name: bound for name, bound in found.items() if np.isfinite(bound)})


def assess(
    study: Volume,
    short_axis: Volume,
    labels: Volume,
    pose: Pose,
    *,
    presence: float,
    axis_spread_deg: float,
    axis_disagreement_deg: float,
    cup_residual_mm: float,
    label_softness: float,
    septum_seen_deg: float,
    bounds: Bounds = NO_BOUNDS,
) -> Quality:
    """The verdict on one result.

    Args:
        study: the counts as read; warnings of the file reader become reasons.
        short_axis, labels: on one SA grid.
        pose: SA frame to LPS.
        presence: probability that an LV is in view.
        axis_spread_deg: see :data:`MAX_AXIS_SPREAD_DEG`.
        axis_disagreement_deg: see :data:`MAX_AXIS_DISAGREEMENT_DEG`; nan where no ellipsoid was found.
        cup_residual_mm: median distance of the labelled LV from the fitted ellipsoid; nan where there is none.
        label_softness: see :func:`.labelling.softness`.
        septum_seen_deg: the septum angle that the network sees.
        bounds: see :mod:`.bounds`; none for a model without calibration.
    """
    ml = labels.grid.voxel_ml
    my, bp = (float((labels.array == value).sum()) * ml for value in (1, 2))
    measures = {"presence": presence, "axis_spread_deg": axis_spread_deg, "myocardium_ml": my, "blood_pool_ml": bp}
    if my + bp < MIN_LV_ML:
        return Quality("fail", ("No left ventricle was found in this study.",), measures)
    measures |= {"axis_disagreement_deg": axis_disagreement_deg, "label_softness": label_softness}
    if np.isfinite(cup_residual_mm):
        measures["cup_residual_mm"] = cup_residual_mm
    measures |= _count_measures(short_axis, labels)
    measures["cut_share"] = cut_share(study, labels)
    measures |= anatomy_measures(study, short_axis, labels, pose)
    measures |= {"wrapped_voxels": wrapped_voxels(study.array), "clipped_ml": clipped_ml(study, labels)}
    found = bounds.of(measures)
    septum = estimate_septum(septum_seen_deg, found.get("septum_deg"))
    measures |= {
        "septum_deg": septum.angle_deg,
        "septum_bound_deg": septum.bound_deg,
        "septum_seen_deg": septum.seen_deg,
    }
    measures |= {renamed: found[name] for name, renamed in BOUND_MEASURES.items() if name in found}
    broken = [sentence(measures[name]) for name, is_broken, sentence in RULES if is_broken(measures.get(name))]
    reasons = (*(str(w) for w in study.info.get("warnings", ())), *broken)
    return Quality("review" if reasons else "pass", reasons, measures)


def _count_measures(short_axis: Volume, labels: Volume) -> dict[str, float]:
    """Contrast of the wall, and the brightest neighbour, within 25 mm of the LV."""
    reach = round(25.0 / labels.grid.spacing[0])
    gap = round(6.0 / labels.grid.spacing[0])
    box = box_round(labels.array, reach)
    counts, wall, lv = short_axis.array[box], labels.array[box] == MYOCARDIUM, labels.array[box] > 0
    near = dilated(lv, reach) & ~dilated(lv, gap)
    if not wall.any() or not near.any():
        return {"contrast": float("nan"), "hot_neighbour": float("nan")}
    bright = max(float(np.percentile(counts[wall], 95)), TINY)
    around = max(float(counts[near].mean()), TINY)
    voxels = min(max(int(HOT_ML / labels.grid.voxel_ml), 1), int(near.sum()))
    hot = float(np.partition(counts[near], -voxels)[-voxels:].mean())
    return {"contrast": float(counts[wall].mean()) / around, "hot_neighbour": hot / bright}


def cut_share(study: Volume, labels: Volume) -> float:
    """Share of the labelled LV on or beyond the last voxel layer of the study, or where a round field has no data.

    No data are zeros that reach the border of the volume; a cavity of zeros within the heart is none.
    """
    k, j, i = np.nonzero(labels.array)
    points = labels.grid.at(np.stack([i, j, k], axis=1))
    index = np.rint(study.grid.index_of(points)).astype(int)
    size = np.array(study.grid.size)
    inside = ((index > 0) & (index < size - 1)).all(axis=1)
    x, y, z = index[inside].T
    empty = study.array[z, y, x] == 0
    if empty.any():
        empty = _without_data(study.array)[z, y, x]
    return float(1 - (~empty).sum() / len(index))


def _without_data(counts: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Zeros ``(K, J, I)`` that are connected to the border."""
    zeros = np.pad(counts == 0, 1, constant_values=True).astype(np.uint8)
    parts = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(zeros)))
    return (parts == parts[0, 0, 0])[1:-1, 1:-1, 1:-1]


def _outside(limits: tuple[float, float]) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not limits[0] <= x <= limits[1]


def _above(limit: float) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not x <= limit


def _surely_below(limit: float) -> Callable[[float | None], bool]:
    """A measure that could not be taken breaks nothing."""
    return lambda x: x is not None and x < limit


def _below(limit: float) -> Callable[[float | None], bool]:
    return lambda x: x is not None and not x >= limit


def _up(bound: float) -> str:
    """A bound in a reason, as everywhere; nan as it is."""
    return f"{whole(bound)}" if np.isfinite(bound) else f"{bound:.0f}"


RULES: tuple[tuple[str, Callable[[float | None], bool], Callable[[float], str]], ...] = (
    ("presence", _below(MIN_PRESENCE),
     lambda x: f"The network doubts that this is a left ventricle (probability {x:.2f}): check the position."),
    ("axis_disagreement_deg", _above(MAX_AXIS_DISAGREEMENT_DEG),
     lambda x: "The long axis could not be checked against the segmentation." if np.isnan(x) else
     f"The long axis of the segmentation differs from the network's by {x:.0f} degrees: check the orientation."),
    ("axis_spread_deg", _above(MAX_AXIS_SPREAD_DEG),
     lambda x: f"The network's long axis varies by {x:.0f} degrees with the starting pose: check the orientation."),
    ("axis_bound_deg", _above(MAX_AXIS_BOUND_DEG),
     lambda x: f"The long axis may be off by {_up(x)} degrees in studies like this one: check the orientation."),
    ("myocardium_ml", _outside(MYOCARDIUM_ML),
     lambda x: f"The apparent myocardium is {x:.0f} ml, which is not plausible: check the segmentation."),
    ("blood_pool_ml", _outside(BLOOD_POOL_ML),
     lambda x: f"The blood pool is {x:.0f} ml, which is not plausible: check the segmentation."),
    ("cut_share", _above(MAX_CUT_SHARE),
     lambda x: f"{100 * x:.0f} % of the left ventricle lies at or beyond the edge of the field of view."),
    ("contrast", _below(MIN_CONTRAST),
     lambda x: f"The myocardium is hardly brighter than its surroundings (ratio {x:.1f})."),
    ("hot_neighbour", _above(MAX_HOT_NEIGHBOUR),
     lambda x: f"Activity beside the heart is {x:.1f} times as bright as the myocardium and may spill into it."),
    ("axis_from_mean_deg", _above(MAX_AXIS_FROM_MEAN_DEG),
     lambda x: f"The long axis is {x:.0f} degrees from that of the mean heart: check that the study is not rotated or "
     "mirrored."),
    ("apex_left", _below(MIN_APEX_LEFT),
     lambda x: "The apex is not left of the base: the study may be mirrored, or this is dextrocardia."),
    ("apex_below", _below(MIN_APEX_BELOW),
     lambda x: "The apex is above the base: check that head and feet are not swapped."),
    ("below_over_above", _surely_below(MIN_BELOW_OVER_ABOVE),
     lambda x: f"The counts below the heart are {x:.1f} times those above it: check that head and feet are not "
     "swapped."),
    ("apex_closed", _surely_below(MIN_APEX_CLOSED),
     lambda x: f"The presumed apex has {100 * x:.0f} % of the counts of the mid wall: apex and base may be swapped, or "
     "the apex has a large defect."),
    ("base_open", _above(MAX_BASE_OPEN),
     lambda x: "The openness of the base could not be checked." if np.isnan(x) else
     f"The middle of the presumed base has {100 * x:.0f} % of the counts of the wall: apex and base may be swapped, or "
     "this is not a left ventricle."),
    ("septum_seen_deg", _outside(SEPTUM_DEG),
     lambda x: f"The septum appears at {x:.0f} degrees (180 is image left): check which side the right ventricle is."),
    ("apex_over_base", _below(MIN_APEX_OVER_BASE),
     lambda x: "The presumed apex is less closed than the base: the study may be rotated or mirrored, or the "
     "apex has a large defect."),
    ("roll_from_clinic_deg", _above(MAX_ROLL_FROM_CLINIC_DEG),
     lambda x: f"The short axis is rolled by {x:.0f} degrees from the usual view (inferior down): check the septum."),
    ("stated_axis_deg", _above(MAX_STATED_AXIS_DEG),
     lambda x: f"The long axis differs by {x:.0f} degrees from the one stated in the reoriented study."),
    ("wrapped_voxels", _above(0),
     lambda x: f"{x:.0f} voxels jump between the highest and the lowest counts: the counts of the file are wrapped."),
    ("clipped_ml", _above(0),
     lambda x: f"{x:.1f} ml at the heart have the maximum count of the study: the counts are clipped."),
)  # fmt: skip
"""Measure, test whether it breaks its rule, and the reason to report."""
