"""The septum angle: where the right ventricle lies, seen from the LV axis, in the short-axis image.

The SA frame follows from the long axis alone (:func:`.pose.rotation_from_long_axis`), as in the clinic. The septum
angle is a finding of its own: 0 is image right (lateral), 90 image up (anterior), 180 image left. It always refers to
the clinic's frame of the long axis, whatever roll a reader has chosen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

from .pose import Correction
from .pose import Pose
from .pose import rotation_from_euler
from .pose import rotation_from_long_axis

Array = NDArray[np.float64]

LEFT_DEG = 180.0
"""Of a septum exactly at the left of the image."""
MEAN_DEG, SD_DEG = 171.0, 7.0
"""Of 53 hearts seen by CT: the prior where the RV is not seen."""
ARC_POINTS = 25
"""Of the arc that shows an interval."""


def septum_angle(long_axis: ArrayLike, towards_rv: ArrayLike) -> float:
    """The septum angle in [0, 360) degrees.

    Args:
        long_axis: ``(3,)`` apex to base, LPS.
        towards_rv: ``(3,)`` from the LV axis to the right ventricle, LPS; its part along the axis is ignored.

    The RV straight to the right of the patient and a heart that points forward:

    >>> septum_angle([0, 1, 0], [-1, 0, 0])
    180.0
    """
    right, down, _ = np.asarray(towards_rv, dtype=float) @ rotation_from_long_axis(long_axis)
    return float(np.rad2deg(np.arctan2(-down, right)) % 360.0)


def septal_frame(long_axis: ArrayLike, angle: float = MEAN_DEG) -> Array:
    """SA axes ``(3, 3)`` rolled so that ``i`` points away from a septum at this angle.

    The networks work in this frame: the roll that they find is the septum angle.
    """
    roll = np.deg2rad(LEFT_DEG - angle)
    return rotation_from_long_axis(long_axis) @ rotation_from_euler(0.0, 0.0, float(roll))


def septal_pose(pose: Pose) -> Pose:
    """Where the networks look from to see an LV at a pose: in their own roll, whatever that of the pose is."""
    return Pose(septal_frame(pose.long_axis), pose.centre)


def roll_to_septum(pose: Pose, angle: float) -> Correction:
    """The roll that turns a pose, whatever its own roll, so that the septum is exactly at the left."""
    return Correction(roll=pose.correction_to(Pose(septal_frame(pose.long_axis, angle), pose.centre)).roll)


def towards_septum(pose: Pose, angle: float) -> Array:
    """Where a septum at this angle lies in the SA frame of a pose, whatever the pose's own roll.

    In the clinic's frame the septum at 180 degrees is at ``-i``, at the left:

    >>> forward = Pose(rotation_from_long_axis([0, 1, 0]), np.zeros(3))
    >>> (towards_septum(forward, 180.0).round(6) + 0.0).tolist()
    [-1.0, 0.0, 0.0]

    Returns:
        A unit vector ``(3,)``.
    """
    turn = np.deg2rad(angle)
    in_clinic = np.array([np.cos(turn), -np.sin(turn), 0.0])
    return np.asarray(pose.rotation.T @ rotation_from_long_axis(pose.long_axis) @ in_clinic)


def septum_mark(pose: Pose, angle: float, bound: float, radius: float, length: float) -> list[Array]:
    """The septum angle and its interval as two lines at the rim of an SA image.

    Args:
        pose: whose SA frame the lines are in.
        angle, bound: degrees; the interval is ``angle - bound`` to ``angle + bound``.
        radius: of the arc about the LV centre, mm.
        length: of the stroke at the angle itself, mm; it begins on the arc and runs inwards.

    Returns:
        The stroke ``(2, 3)`` and the arc ``(n, 3)``, mm.
    """
    stroke = np.outer([radius, radius - length], towards_septum(pose, angle))
    arc = [radius * towards_septum(pose, turn) for turn in np.linspace(angle - bound, angle + bound, ARC_POINTS)]
    return [stroke, np.array(arc)]
