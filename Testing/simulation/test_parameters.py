"""Parameters: drawn from a seed alone, and the same after a trip through JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import euler_from_rotation
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.heart import ParametricShape
from MSSTUNetReorientLib.simulation.parameters import StudyParameters
from MSSTUNetReorientLib.simulation.poses import draw_pose_rotation
from MSSTUNetReorientLib.simulation.poses import draw_published_rotation
from MSSTUNetReorientLib.simulation.uptake import AS_IN_PATIENTS
from MSSTUNetReorientLib.simulation.uptake import FOR_TRAINING

Vector = tuple[float, float, float]


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


def test_healthy_hearts_differ_by_their_defects_alone() -> None:
    for seed in range(12):
        usual, healthy = (draw_parameters("spect", seed, fast=True, healthy=h) for h in (False, True))
        assert healthy.perfusion == replace(usual.perfusion, defects=())
        heart = usual.heart
        if isinstance(heart, ParametricShape):
            heart = replace(heart, bulge=0.0)
        assert healthy == replace(usual, perfusion=healthy.perfusion, heart=heart)


def test_walls_for_training_are_more_uneven() -> None:
    drawn = [
        [draw_parameters("spect", seed, fast=True, unevenness=u).perfusion for seed in range(60)]
        for u in (AS_IN_PATIENTS, FOR_TRAINING)
    ]
    patients, training = ([p.swing for p in hearts] for hearts in drawn)
    assert max(patients) <= 0.08 < 0.15 < max(training) <= 0.22
    assert np.std([p.slope for p in drawn[0]]) < 0.5 * np.std([p.slope for p in drawn[1]])
    assert [p.defects for p in drawn[0]] == [p.defects for p in drawn[1]]


def test_poses_spread_as_real_ones() -> None:
    rng = np.random.default_rng(0)
    mean = Pose(MEAN_ROTATION, np.zeros(3))
    errors = [mean.rotation_error(Pose(draw_pose_rotation(rng), np.zeros(3))) for _ in range(600)]
    assert 11 < np.median(errors) < 18
    assert 24 < np.percentile(errors, 95) < 45


@pytest.mark.parametrize(
    ("modality", "mean", "sd", "least", "greatest"),
    [
        ("pet", (-0.79, -0.97, 1.21), (0.18, 0.21, 0.19), (-1.21, -1.69, 0.56), (-0.34, -0.48, 1.67)),
        ("spect", (-0.83, -1.14, 1.22), (0.22, 0.27, 0.27), (-1.49, -1.68, 0.66), (-0.26, -0.32, 1.80)),
    ],
)
def test_published_poses(modality: str, mean: Vector, sd: Vector, least: Vector, greatest: Vector) -> None:
    """The angles of drawn poses have the moments and the limits of Table 2."""
    rng = np.random.default_rng(0)
    rotations = [draw_published_rotation(rng, modality) for _ in range(800)]
    angles = np.array([euler_from_rotation(r, near=mean) for r in rotations])
    assert angles.mean(axis=0) == pytest.approx(mean, abs=0.05)
    assert angles.std(axis=0) == pytest.approx(sd, abs=0.05)
    assert (angles >= np.array(least) - 1e-6).all()
    assert (angles <= np.array(greatest) + 1e-6).all()


def test_other_poses_leave_all_else() -> None:
    seen, published = (draw_parameters("spect", 3, fast=True, poses=p) for p in ("cta", "table2"))  # type: ignore[arg-type]
    assert seen.placement.rotation != published.placement.rotation
    assert replace(published, placement=seen.placement) == seen
    with pytest.raises(InputError, match="cta, table2"):
        draw_parameters("spect", 3, poses="mean")  # type: ignore[arg-type]
