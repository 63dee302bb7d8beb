"""Parameters: drawn from a seed alone, and the same after a trip through JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.pose import MEAN_ROTATION
from MSSTUNetReorientLib.pose import Pose
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.draw import draw_pose_rotation
from MSSTUNetReorientLib.simulation.parameters import StudyParameters


@pytest.mark.parametrize("kind", ["spect", "czt", "pet"])
@pytest.mark.parametrize("fast", [True, False])
def test_the_same_after_json(kind: str, fast: bool) -> None:
    for seed in range(5):
        drawn = draw_parameters(kind, seed, fast=fast)  # type: ignore[arg-type]
        assert StudyParameters.from_json(json.dumps(drawn.to_json())) == drawn
        assert draw_parameters(kind, seed, fast=fast) == drawn  # type: ignore[arg-type]


def test_another_seed_is_another_study() -> None:
    assert draw_parameters("spect", 1) != draw_parameters("spect", 2)


@pytest.mark.parametrize("content", ['{"type": "Nothing"}', '{"a": 1}', '{"type": "Defect", "segment": 1}'])
def test_foreign_json_is_refused(content: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        StudyParameters.from_json(content)


@pytest.mark.parametrize(
    ("kind", "gates", "message"), [("x", 0, "one of spect"), ("spect", 7, "8 or 16"), ("composite", 0, "--hearts")]
)
def test_impossible_requests(kind: str, gates: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        draw_parameters(kind, 0, gates=gates)  # type: ignore[arg-type]


def test_poses_spread_as_real_ones() -> None:
    rng = np.random.default_rng(0)
    mean = Pose(MEAN_ROTATION, np.zeros(3))
    errors = [mean.rotation_error(Pose(draw_pose_rotation(rng), np.zeros(3))) for _ in range(600)]
    assert 11 < np.median(errors) < 18
    assert 24 < np.percentile(errors, 95) < 45
