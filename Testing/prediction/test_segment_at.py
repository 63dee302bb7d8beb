"""Segmentation at a reader's pose: the pose is kept, and the labels lie round it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.volume import short_axis_grid
from MSSTUNetReorientLib.networks.configurations import build
from MSSTUNetReorientLib.prediction.models import save_weights
from MSSTUNetReorientLib.prediction.predictor import segment_at
from results import POSE
from results import make_result


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones: where labels come to lie is asked here, not how good they are."""
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    save_weights(build("compact"), "compact", path)
    return path


def test_the_readers_pose_is_kept(weights: Path) -> None:
    study, pose = make_result().study, POSE.corrected(Correction(swing=12.0, basal=7.0))
    result = segment_at(study, pose, model=weights, axis_spread_deg=3.0)
    np.testing.assert_array_equal(result.pose.matrix, pose.matrix)
    grid = short_axis_grid(pose)
    np.testing.assert_allclose(result.labels.grid.matrix, grid.matrix)
    np.testing.assert_allclose(result.short_axis.grid.matrix, grid.matrix)
    assert set(np.unique(result.labels.array)) <= {0, 1, 2}
    assert result.quality.measures["axis_spread_deg"] == 3.0
    assert result.model.name == "random"


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stn.npz"
    save_weights(build("paper-cnn-stn"), "paper-cnn-stn", path)
    with pytest.raises(InputError, match="needs a compact MS-ST-UNet"):
        segment_at(make_result().study, POSE, model=path)
