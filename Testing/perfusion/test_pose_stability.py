"""Poses on the bounds, and the ranges over them, against what geometry says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.perfusion.pose_stability import DIRECTIONS
from MSSTUNetReorientLib.perfusion.pose_stability import PoseStability
from MSSTUNetReorientLib.perfusion.pose_stability import Range
from MSSTUNetReorientLib.perfusion.pose_stability import pose_stability
from MSSTUNetReorientLib.perfusion.pose_stability import poses_within
from MSSTUNetReorientLib.perfusion.quantification import Perfusion
from MSSTUNetReorientLib.perfusion.quantification import quantify
from walls import POSE
from walls import wall

from perfusion.flat_limits import flat_limits

LIMITS = flat_limits(mean=100.0, limit=75.0)


def ranges(counts: Any, axis_deg: float, centre_mm: float) -> PoseStability:
    short_axis, labels, _ = wall(counts)
    found = pose_stability(
        POSE,
        lambda pose: quantify(short_axis, labels, pose, verdict="pass", limits=LIMITS),
        axis_deg=axis_deg,
        centre_mm=centre_mm,
    )
    assert found is not None
    return found


def apical_septum(height: Any, angle: Any) -> Any:
    """Cold beyond the apical septum's borders: the wall below 0.45 between 100 and 260 degrees."""
    return np.where((height < 0.45) & (angle > 100) & (angle < 260), 20.0, 100.0)


def test_all_poses_lie_on_the_bounds() -> None:
    poses = list(poses_within(POSE, 7.0, 4.0))
    assert len(poses) == DIRECTIONS + 6
    tilted, shifted = poses[:DIRECTIONS], poses[DIRECTIONS:]
    assert [p.long_axis_error(POSE) for p in tilted] == pytest.approx([7.0] * DIRECTIONS)
    assert [p.roll_error(POSE) for p in tilted] == pytest.approx([0.0] * DIRECTIONS, abs=1e-6)
    assert [p.centre_error(POSE) for p in tilted] == [0.0] * DIRECTIONS
    assert [p.centre_error(POSE) for p in shifted] == pytest.approx([4.0] * 6)
    assert [p.rotation_error(POSE) for p in shifted] == pytest.approx([0.0] * 6, abs=1e-6)
    np.testing.assert_allclose(sum(p.long_axis for p in tilted) / DIRECTIONS, np.cos(np.deg2rad(7)) * POSE.long_axis)
    np.testing.assert_allclose(np.mean([p.centre for p in shifted], axis=0), POSE.centre)


def test_an_even_wall_does_not_move() -> None:
    found = ranges(lambda height, _: 100.0 + 0 * height, 5.0, 3.0)
    assert found.summed_score == Range(0, 0, 0)
    assert found.segment_percent is not None
    assert found.segment_percent.low > 97
    assert (found.poses, found.withheld) == (14, 0)


def test_a_defect_moves_the_more_the_wider_the_bound() -> None:
    narrow, wide = ranges(apical_septum, 2.0, 1.0), ranges(apical_septum, 12.0, 6.0)
    for found in (narrow, wide):
        for one in (found.summed_score, found.scar_percent, found.segment_percent):
            assert one is not None
            assert one.low <= one.own <= one.high
    assert narrow.segment_percent is not None
    assert wide.segment_percent is not None
    assert wide.segment_percent.width > 2 * narrow.segment_percent.width
    assert wide.segment in (8, 9, 13, 14, 15, 17), "at the border of the defect"


def test_ranges_of_known_figures() -> None:
    """Summed scores by the pose's number, with one map withheld: the ranges are those of the list."""
    short_axis, labels, _ = wall(apical_septum)
    known = quantify(short_axis, labels, POSE, verdict="pass", limits=LIMITS)
    scores = iter([5, 6, 7, 4, *[5] * 11])

    class Told(Perfusion):
        @property
        def figures(self) -> Any:
            return {"summed_score": known.figures["summed_score"].__class__(self.score, "pass")}

    def quantified(pose: Pose) -> Perfusion:
        score = next(scores)
        if score == 4:
            return Perfusion("pass", "too little wall can be judged")
        told = Told("pass", "", known.map)
        object.__setattr__(told, "score", score)
        return told

    found = pose_stability(POSE, quantified, axis_deg=5.0, centre_mm=2.0)
    assert found is not None
    assert found.summed_score == Range(5.0, 5.0, 7.0)
    assert found.scar_percent is None
    assert found.withheld == 1


def test_nothing_is_told_of_a_withheld_map() -> None:
    assert pose_stability(POSE, lambda _: Perfusion("fail", "no LV"), axis_deg=5.0, centre_mm=2.0) is None
