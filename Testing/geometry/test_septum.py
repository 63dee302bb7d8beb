"""The septum angle, against directions written down by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry.pose import MEAN_LONG_AXIS
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.septum import roll_to_septum
from MSSTUNetReorientLib.geometry.septum import septal_frame
from MSSTUNetReorientLib.geometry.septum import septum_angle

FORWARD = [0.0, 1.0, 0.0]
"""A heart whose apex points straight forward; in its SA image, left is the patient's right and up is superior."""


@pytest.mark.parametrize(
    ("towards", "angle"),
    [([-1, 0, 0], 180), ([1, 0, 0], 0), ([0, 0, 1], 90), ([0, 0, -1], 270), ([-1, 5, 1], 135), ([-1, 0, -1], 225)],
)
def test_directions_by_hand(towards: list[float], angle: float) -> None:
    """The part along the axis (the 5) does not count."""
    assert septum_angle(FORWARD, towards) == pytest.approx(angle, abs=1e-9)


angles = st.floats(90.0, 270.0)
axes = st.tuples(st.floats(-0.7, 0.7), st.floats(-0.7, 0.7)).map(lambda a: np.array([a[0], 1.0, a[1]]))


@given(axes, angles)
def test_the_septal_frame_has_the_septum_at_the_left(axis: np.ndarray, angle: float) -> None:
    frame = septal_frame(axis, angle)
    np.testing.assert_allclose(frame[:, 2], axis / np.linalg.norm(axis), atol=1e-12)
    assert septum_angle(axis, -frame[:, 0]) == pytest.approx(angle, abs=1e-6)


@given(axes, angles, st.floats(-80.0, 80.0))
def test_rolling_to_the_septum_from_any_roll(axis: np.ndarray, angle: float, roll: float) -> None:
    pose = Pose(rotation_from_long_axis(axis), np.zeros(3)).corrected(Correction(roll=roll))
    turned = pose.corrected(roll_to_septum(pose, angle))
    np.testing.assert_allclose(turned.rotation, septal_frame(axis, angle), atol=1e-9)


def test_a_septum_that_lies_anterior_is_rolled_down() -> None:
    """171 degrees is 9 above image left; a positive roll takes i towards inferior and the septum up in the patient."""
    pose = Pose(rotation_from_long_axis(MEAN_LONG_AXIS), np.zeros(3))
    assert roll_to_septum(pose, 171.0).roll == pytest.approx(9.0)
