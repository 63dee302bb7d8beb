"""The classical methods on shells whose pose is known."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.evaluation.mean_heart import Heart
from MSSTUNetReorientLib.evaluation.mean_heart import average
from MSSTUNetReorientLib.evaluation.metrics import dice
from MSSTUNetReorientLib.evaluation.template import MeanPose
from MSSTUNetReorientLib.evaluation.template import TemplateRegistration
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.volume import resample
from results import make_result


def test_the_template_finds_a_turned_heart() -> None:
    hearts = [make_result(Pose(MEAN_ROTATION, np.array(c))) for c in ((0, -20, 0), (10, -30, 5))]
    mean = average((Heart(r.study, r.labels, r.pose) for r in hearts), "shells")
    pose = Pose(MEAN_ROTATION, np.array([25.0, -35.0, 14.0])).corrected(Correction(swing=12.0, tilt=-9.0))
    sought = make_result(pose)
    answer = TemplateRegistration(mean).answer(sought.study)
    assert answer.pose is not None
    assert answer.labels is not None
    assert answer.pose.long_axis_error(pose) < 2.0
    assert answer.pose.centre_error(pose) < 2.0
    np.testing.assert_allclose(answer.pose.rotation, rotation_from_long_axis(answer.pose.long_axis), atol=1e-9)
    seen = resample(answer.labels, sought.labels.grid, order=0).array
    assert dice(seen == 1, sought.labels.array == 1) > 0.85


def test_the_mean_pose_lies_at_the_centroid_of_the_counts() -> None:
    study = make_result().study
    answer = MeanPose().answer(study)
    assert answer.pose is not None
    assert np.allclose(answer.pose.rotation, MEAN_ROTATION)
    points, weights = study.grid.points().reshape(-1, 3), study.array.ravel()
    assert np.allclose(answer.pose.centre, np.average(points, axis=0, weights=weights), atol=1e-3)
    assert answer.labels is None
