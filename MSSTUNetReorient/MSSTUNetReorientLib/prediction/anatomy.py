"""Anatomical plausibility of a pose: position of the apex, a cup with a closed and an open end, liver below, roll.

A study whose data are rotated or mirrored against its header gives a normal-looking pose; only anatomy and
the patient's axes reveal it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.pose import nearest_rotation
from ..geometry.pose import rotation_from_long_axis
from ..geometry.volume import Volume

Array = NDArray[np.float64]

CORE_MM = 10.0
"""Radius about the long axis within which the ends of the LV are looked at: wall at the apex, opening at the base."""
CAP_MM = 14.0
"""Length of the apical cap, whose wall is compared with the mid wall."""
RIM_MM = 10.0
"""Length of the basal end that must be open."""
MID_WALL = (0.35, 0.7)
"""Part of the LV's length, from the apex, whose wall is the mid wall."""
HORIZONTAL = 0.1
"""A long axis that rises by less than this share of its length says little about head and feet."""
NEAR_MM, FAR_MM, ROUND_MM = 45.0, 100.0, 130.0
"""Distances above and below the LV centre between which counts are compared, and how far from it sideways."""
LEAST_VOXELS = 200
"""Fewer of them are no comparison."""
BEYOND_MM = 4.0
"""How far beyond the labels an end may reach."""
AXIS_TOLERANCE = 0.99
"""Cosine from which an axis of the grid counts as the long axis that the study states."""


def anatomy_measures(study: Volume, short_axis: Volume, labels: Volume, pose: Pose) -> dict[str, float]:
    """The measures of the rules on anatomy, by name.

    Args:
        study: the counts as read, LPS mm; its ``info["reoriented"]`` holds the long axis that it states, if any.
        short_axis, labels: ``(K, J, I)`` on one SA grid.
        pose: SA frame to LPS.

    Returns:
        ``axis_from_mean_deg``: of the long axis from that of the mean heart. ``apex_left``, ``apex_below``: how far
        the apex lies left of and below the base, over their distance. ``roll_from_clinic_deg``: of the SA axes from
        the clinic's for this long axis (conventions). ``apex_over_base``: see :func:`apex_over_base`.
        ``apex_closed``, ``base_open``: see :func:`cup_measures`. ``below_over_above``: of a nearly horizontal heart,
        see :func:`below_over_above`. ``stated_axis_deg``: from the long axis that the study states, where it does.
    """
    clinic = rotation_from_long_axis(pose.long_axis)
    measures = {
        "axis_from_mean_deg": angle_between(pose.long_axis, MEAN_ROTATION[:, 2]),
        "apex_left": -float(pose.long_axis[0]),
        "apex_below": float(pose.long_axis[2]),
        "roll_from_clinic_deg": angle_between(pose.rotation[:, 0], clinic[:, 0]),
        "apex_over_base": apex_over_base(short_axis, labels),
        **cup_measures(short_axis, labels),
    }
    if measures["apex_below"] < HORIZONTAL:
        measures["below_over_above"] = below_over_above(study, pose)
    stated = stated_long_axis(study)
    if stated is not None:
        measures["stated_axis_deg"] = angle_between(pose.long_axis, stated)
    return measures


def apex_over_base(short_axis: Volume, labels: Volume) -> float:
    """How closed the LV is at its apex, over how closed at its base.

    Each is the highest mean count near the long axis in that half of the LV: wall at a closed end, blood at an open
    one. Where the pose has apex and base swapped the ratio is below one.

    Args:
        short_axis, labels: ``(K, J, I)`` on one SA grid, k from apex to base.

    Returns:
        The ratio; nan without a labelled LV, infinite without counts at the base.
    """
    lv = labels.array > 0
    if not lv.any():
        return float("nan")
    spacing = labels.grid.spacing[0]
    profile = short_axis.array[:, _core(labels)].mean(axis=1)
    levels = np.flatnonzero(lv.any(axis=(1, 2)))
    beyond = round(BEYOND_MM / spacing)
    first, middle, last = max(levels[0] - beyond, 0), (levels[0] + levels[-1] + 1) // 2, levels[-1] + beyond + 1
    apex, base = float(profile[first:middle].max()), float(profile[middle:last].max())
    return apex / base if base > 0 else float("inf")


def cup_measures(short_axis: Volume, labels: Volume) -> dict[str, float]:
    """Whether the labelled LV is a cup: closed at the apex, open at the base.

    Args:
        short_axis, labels: ``(K, J, I)`` on one SA grid, k from apex to base.

    Returns:
        ``apex_closed``: mean count of the wall in the apical cap over that of the mid wall. ``base_open``: mean count
        near the long axis at the labelled base over the same; a blob or a shell has wall there. nan without a mid wall.
    """
    levels = np.flatnonzero((labels.array > 0).any(axis=(1, 2)))
    nothing = {"apex_closed": float("nan"), "base_open": float("nan")}
    if not len(levels):
        return nothing
    spacing, wall = labels.grid.spacing[0], labels.array == MYOCARDIUM
    first, length = levels[0], levels[-1] + 1 - levels[0]
    low, high = (first + int(share * length) for share in MID_WALL)
    counts, mid = short_axis.array, short_axis.array[low:high][wall[low:high]]
    cap = slice(first, first + round(CAP_MM / spacing))
    if not mid.size or not wall[cap].any() or np.median(mid) <= 0:
        return nothing
    rim = counts[levels[-1] + 1 - round(RIM_MM / spacing) : levels[-1] + 1, _core(labels)]
    middle = float(np.median(mid))
    return {"apex_closed": float(counts[cap][wall[cap]].mean()) / middle, "base_open": float(rim.mean()) / middle}


def below_over_above(study: Volume, pose: Pose) -> float:
    """Mean count below the heart over that above it: liver and gut lie below.

    Returns:
        The ratio; nan where the field of view ends before; infinite without counts above.
    """
    x, y, z = np.moveaxis(study.grid.points() - pose.centre, -1, 0)
    beside = np.hypot(x, y) < ROUND_MM
    parts = [study.array[beside & (side * z > NEAR_MM) & (side * z < FAR_MM)] for side in (-1, 1)]
    if min(part.size for part in parts) < LEAST_VOXELS:
        return float("nan")
    below, above = (float(part.mean()) for part in parts)
    return below / above if above > 0 else float("inf")


def _core(labels: Volume) -> NDArray[np.bool_]:
    """Pixels ``(J, I)`` near the long axis of a labelled LV."""
    _, j, i = np.argwhere(labels.array > 0).mean(axis=0)
    rows, columns = np.indices(labels.array.shape[1:])
    return np.asarray(np.hypot(rows - j, columns - i) * labels.grid.spacing[0] <= CORE_MM)


def stated_long_axis(study: Volume) -> Array | None:
    """The long axis ``(3,)``, apex to base in LPS, of a study that states it is reoriented; None if it states none."""
    axis = (study.info.get("reoriented") or {}).get("long_axis_lps")
    return None if axis is None else np.asarray(axis, dtype=float)


def short_axis_rotation(study: Volume) -> Array:
    """SA axes ``(3, 3)`` of a study that is already short axis: those of its grid, as readers see its slices.

    Raises:
        InputError: the study states no long axis.
    """
    axis = stated_long_axis(study)
    if axis is None:
        msg = "the axes of a study can be kept only if it is short axis, but this one states no long axis"
        raise InputError(msg)
    own = study.grid.direction
    if own[:, 2] @ axis > AXIS_TOLERANCE:
        return nearest_rotation(own)
    return rotation_from_long_axis(axis)
