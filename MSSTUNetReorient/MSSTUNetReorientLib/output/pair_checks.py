"""Whether two studies belong together, in sentences: every one of them makes the verdict of the pair "review".

Nothing here refuses a pair, because a reader may have reasons. What a header does not state is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from ..io.study_identity import UNKNOWN
from ..io.study_identity import StudyIdentity
from ..prediction.result import Result

AXIS_MOTION_DEG = 6.0
"""How far the long axis turns between two acquisitions, as the patient lies down again and breathes otherwise (ours);
added to the bounds of both results by their squares."""
CENTRE_MOTION_MM = 15.0
"""The same for the LV centre, where both studies state one frame of reference: the patient stayed in place (ours)."""
CENTRE_REPOSITIONED_MM = 50.0
"""The same from the middle of the field of view, where they do not: the patient lay down again (ours)."""
UNKNOWN_AXIS_BOUND_DEG, UNKNOWN_CENTRE_BOUND_MM = 12.0, 10.0
"""Stand in for the bounds of a model without calibration (ours; the largest axis bound of a ``pass``)."""
SPACING_TOLERANCE = 0.1
"""Relative difference of voxel sizes that means nothing (ours)."""
ONE_SESSION = timedelta(hours=12)
"""Two acquisitions within this time are one session (ours): after it, technetium has lost three quarters."""


@dataclass(frozen=True, eq=False)
class Side:
    """One study of a pair."""

    result: Result
    identity: StudyIdentity = UNKNOWN

    @property
    def info(self) -> dict[str, Any]:
        """What was read of the study."""
        return self.result.study.info


@dataclass(frozen=True)
class PoseDifference:
    """How two poses differ, and up to where motion and the bounds of both explain it.

    Attributes:
        axis_deg, axis_limit_deg: between the long axes.
        centre_mm, centre_limit_mm: between the LV centres.
        one_frame: centres are compared in the patient; otherwise each from the middle of its field of view.
    """

    axis_deg: float
    axis_limit_deg: float
    centre_mm: float
    centre_limit_mm: float
    one_frame: bool


def pose_difference(stress: Side, rest: Side) -> PoseDifference:
    """Compare the poses of two results."""
    poses = stress.result.pose, rest.result.pose
    one_frame = stress.identity.frame == rest.identity.frame != ""
    if one_frame:
        centre = poses[0].centre_error(poses[1])
    else:
        centre = float(np.linalg.norm(_from_middle(stress.result) - _from_middle(rest.result)))
    bounds = [side.result.quality.good_to for side in (stress, rest)]
    axis = [UNKNOWN_AXIS_BOUND_DEG if b.axis_deg is None else b.axis_deg for b in bounds]
    centres = [UNKNOWN_CENTRE_BOUND_MM if b.centre_mm is None else b.centre_mm for b in bounds]
    return PoseDifference(
        axis_deg=poses[0].long_axis_error(poses[1]),
        axis_limit_deg=float(np.linalg.norm([*axis, AXIS_MOTION_DEG])),
        centre_mm=centre,
        centre_limit_mm=float(np.linalg.norm([*centres, CENTRE_MOTION_MM if one_frame else CENTRE_REPOSITIONED_MM])),
        one_frame=one_frame,
    )


def pair_warnings(stress: Side, rest: Side) -> tuple[str, ...]:
    """Why the pair must be checked, one sentence each."""
    checks = (_phases, _order, _patients, _images, _acquisitions)
    found = [sentence for check in checks for sentence in check(stress, rest)]
    if "fail" not in (stress.result.quality.status, rest.result.quality.status):
        found += _poses(pose_difference(stress, rest))
    return tuple(found)


def incomparable_volumes(stress: Side, rest: Side) -> str:
    """Why cavity volumes of the two cannot be divided, as of different states of the heart; empty if they can."""
    if _differ(stress.identity.patient, rest.identity.patient):
        return "the headers state two different patients"
    if {side.info.get("modality") for side in (stress, rest)} == {"NM", "PT"}:
        return "one study is SPECT and the other PET"
    states = [side.info.get("gate", "sum") for side in (stress, rest)]
    return "" if states[0] == states[1] else "one study is a single gate and the other is not, or another gate"


def _phases(stress: Side, rest: Side) -> Iterator[str]:
    stated = stress.info.get("study_phase"), rest.info.get("study_phase")
    if stated == ("rest", "stress"):
        yield "The headers state the opposite, rest as stress and stress as rest: the two studies are probably swapped."
    elif stated[0] == "rest":
        yield "The study given as stress states that it is a rest study."
    elif stated[1] == "stress":
        yield "The study given as rest states that it is a stress study."


def _order(stress: Side, rest: Side) -> Iterator[str]:
    a, b = stress.identity, rest.identity
    if a.acquired is None or b.acquired is None:
        return
    if a.injected is not None and a.injected == b.injected and b.acquired < a.acquired:
        yield "Both studies have the same injection, and the one given as rest was acquired first: they may be swapped."
    elif a.injected != b.injected and a.dose and b.dose and abs(a.acquired - b.acquired) < ONE_SESSION:
        first, second = (a, b) if a.acquired < b.acquired else (b, a)
        if _is_technetium(stress) and _is_technetium(rest) and (second.dose or 0) <= (first.dose or 0):
            yield "The second injection of the day is not larger than the first, whose activity is still in the image."


def _is_technetium(side: Side) -> bool:
    return str(side.info.get("tracer", "")).startswith("Tc-99m")


def _patients(stress: Side, rest: Side) -> Iterator[str]:
    if _differ(stress.identity.patient, rest.identity.patient):
        yield "The headers state two different patients."
    elif _differ(stress.info.get("sex"), rest.info.get("sex")):
        yield "The headers state patients of different sex."


def _images(stress: Side, rest: Side) -> Iterator[str]:
    a, b = stress.info, rest.info
    kinds = a.get("modality", "unknown"), b.get("modality", "unknown")
    if "unknown" not in kinds and kinds[0] != kinds[1]:
        yield "One study is SPECT and the other PET: uptake and volumes of the two cannot be compared."
    tracers = str(a.get("tracer", "")), str(b.get("tracer", ""))
    if all(tracers) and not (tracers[0].startswith(tracers[1]) or tracers[1].startswith(tracers[0])):
        yield f"The tracers differ: {tracers[0]} at stress, {tracers[1]} at rest."
    corrected = a.get("attenuation_corrected"), b.get("attenuation_corrected")
    if bool(corrected[0]) != bool(corrected[1]):
        which, other = ("stress", "rest") if corrected[0] else ("rest", "stress")
        doubt = "" if None not in corrected else f", which the {other} study does not state"
        yield (f"Attenuation is corrected in the {which} study only{doubt}: the inferior wall differs by that alone.")
    if _differ(a.get("camera"), b.get("camera")):
        yield "The two studies were acquired with different cameras."
    spacings = stress.result.study.grid.spacing, rest.result.study.grid.spacing
    if (np.abs(np.sort(spacings[0]) / np.sort(spacings[1]) - 1) > SPACING_TOLERANCE).any():
        voxels = [" x ".join(f"{x:.3g}" for x in s) for s in spacings]
        yield f"The voxels differ: {voxels[0]} mm at stress, {voxels[1]} mm at rest."


def _acquisitions(stress: Side, rest: Side) -> Iterator[str]:
    a, b = stress.info, rest.info
    if ("gates" in a) != ("gates" in b):
        which = "stress" if "gates" in a else "rest"
        yield f"Only the {which} study is gated: motion blurs the two walls alike only if all gates are summed."
    if a.get("gate", "sum") != b.get("gate", "sum"):
        yield "The two studies show different parts of the heart beat (different gates, or one gate and a sum)."
    if _differ(a.get("patient_position"), b.get("patient_position")):
        yield "The position of the patient differs between the two studies, and with it the attenuation."


def _poses(found: PoseDifference) -> Iterator[str]:
    remedy = "check both poses, and whether the studies belong together"
    if found.axis_deg > found.axis_limit_deg:
        yield (
            f"The long axes differ by {found.axis_deg:.0f} degrees, more than motion and the bounds of both explain "
            f"({found.axis_limit_deg:.0f}): {remedy}."
        )
    if found.centre_mm > found.centre_limit_mm:
        where = "in the patient" if found.one_frame else "in the field of view"
        yield (
            f"The LV centres lie {found.centre_mm:.0f} mm apart {where}, more than motion and the bounds of both "
            f"explain ({found.centre_limit_mm:.0f}): {remedy}."
        )


def _from_middle(result: Result) -> Any:
    return result.pose.centre - result.study.grid.centre


def _differ(a: object, b: object) -> bool:
    """Both are stated, and are not the same."""
    return bool(a) and bool(b) and a != b
