"""Where the septum lies in a short-axis image, and the mark drawn there, against vectors made by hand."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry import septum
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.septum import septum_mark
from MSSTUNetReorientLib.geometry.septum import towards_septum

FORWARD = Pose(np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]), np.array([7.0, 8.0, 9.0]))
"""A heart that points straight forward: image right is the patient's left, image up the head."""
RIGHT_OF_THE_PATIENT_AND_UP = np.array([-np.cos(np.deg2rad(30)), 0.0, np.sin(np.deg2rad(30))])
"""Of a septum at 150 degrees, LPS."""


@pytest.mark.parametrize("roll", [0.0, 25.0, -90.0, 180.0])
def test_the_septum_stays_in_the_patient_whatever_the_roll(roll: float) -> None:
    pose = FORWARD.corrected(Correction(roll=roll))
    np.testing.assert_allclose(pose.rotation @ towards_septum(pose, 150.0), RIGHT_OF_THE_PATIENT_AND_UP, atol=1e-9)


@pytest.mark.parametrize(
    ("angle", "place"), [(0.0, (1, 0, 0)), (90.0, (0, -1, 0)), (180.0, (-1, 0, 0)), (270.0, (0, 1, 0))]
)
def test_angles_of_the_clinics_image(angle: float, place: tuple[int, int, int]) -> None:
    np.testing.assert_allclose(towards_septum(FORWARD, angle), place, atol=1e-9)


def test_the_mark_is_a_stroke_at_the_angle_and_an_arc_over_the_interval() -> None:
    stroke, arc = septum_mark(FORWARD, 170.0, 15.0, radius=60.0, length=6.0)
    for line in (stroke, arc):
        assert np.abs(line[:, 2]).max() < 1e-9
    np.testing.assert_allclose(np.hypot(*stroke[:, :2].T), (60.0, 54.0))
    np.testing.assert_allclose(np.hypot(*arc[:, :2].T), 60.0)
    turns = np.rad2deg(np.arctan2(-arc[:, 1], arc[:, 0])) % 360.0
    assert (turns[0], turns[-1]) == pytest.approx((155.0, 185.0))
    assert np.rad2deg(np.arctan2(-stroke[:, 1], stroke[:, 0])) == pytest.approx([170.0, 170.0])


def test_the_examples_give_their_numbers() -> None:
    found = doctest.testmod(septum)
    assert found.attempted > 1
    assert found.failed == 0
