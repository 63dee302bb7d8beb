"""Anatomical plausibility of a pose: position of the apex, closed end, roll.

A study whose data are rotated or mirrored against its header gives a normal-looking pose; only anatomy and
the patient's axes reveal it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.pose import nearest_rotation
from ..geometry.pose import rotation_from_long_axis
from ..geometry.volume import Volume

Array = NDArray[np.float64]

CORE_MM = 10.0
"""Radius about the long axis within which the ends of the LV are looked at: wall at the apex, opening at the base."""
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
        ``stated_axis_deg``: from the long axis that the study states, where it does.
    """
    clinic = rotation_from_long_axis(pose.long_axis)
    measures = {
        "axis_from_mean_deg": angle_between(pose.long_axis, MEAN_ROTATION[:, 2]),
        "apex_left": -float(pose.long_axis[0]),
        "apex_below": float(pose.long_axis[2]),
        "roll_from_clinic_deg": angle_between(pose.rotation[:, 0], clinic[:, 0]),
        "apex_over_base": apex_over_base(short_axis, labels),
    }
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
    _, j, i = np.argwhere(lv).mean(axis=0)
    spacing = labels.grid.spacing[0]
    rows, columns = np.indices(lv.shape[1:])
    core = np.hypot(rows - j, columns - i) * spacing <= CORE_MM
    profile = short_axis.array[:, core].mean(axis=1)
    levels = np.flatnonzero(lv.any(axis=(1, 2)))
    beyond = round(BEYOND_MM / spacing)
    first, middle, last = max(levels[0] - beyond, 0), (levels[0] + levels[-1] + 1) // 2, levels[-1] + beyond + 1
    apex, base = float(profile[first:middle].max()), float(profile[middle:last].max())
    return apex / base if base > 0 else float("inf")


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
