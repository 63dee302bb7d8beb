"""Studies cut to a field round the heart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.evaluation.cropped_studies import cropped
from MSSTUNetReorientLib.evaluation.cropped_studies import cut
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.geometry.pose import Cube
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume

TURN = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.parametrize("direction", [np.eye(3), TURN, np.diag([-1.0, 1, -1])])
def test_every_voxel_stays_where_it_was(direction: np.ndarray) -> None:
    counts = np.random.default_rng(1).random((20, 24, 28)).astype(np.float32)
    study = Volume(counts, Grid((28, 24, 20), np.array([4.0, 5, 6]), np.array([7.0, -30, 11]), direction))
    field = Cube(tuple((study.grid.centre + 3.0).tolist()), 30.0)
    part = cut(study, field)
    np.testing.assert_allclose(part.grid.centre, field.centre, atol=3.0)
    assert (part.grid.extent >= 2 * 30.0).all()
    moved = sitk.Resample(study.to_sitk(), part.to_sitk(), sitk.Transform(), sitk.sitkNearestNeighbor)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(moved), part.array)


def test_beyond_the_study_are_zeros() -> None:
    study = Volume(np.ones((10, 10, 10), np.float32), Grid((10,) * 3, np.full(3, 4.0), np.zeros(3), np.eye(3)))
    part = cut(study, Cube((0.0, 18.0, 18.0), 12.0))
    points = part.grid.points()
    inside = ((points >= 0) & (points <= 9 * 4.0)).all(axis=-1)
    assert not inside.all()
    np.testing.assert_array_equal(part.array, inside.astype(np.float32))


def test_a_cropped_set_has_the_same_truth_in_a_field_of_its_own(simulated: Path) -> None:
    whole = read_set(simulated, "SPECT")
    near = cropped(whole, 60.0)
    for a, b, again in zip(whole.studies, near.studies, cropped(whole, 60.0).studies, strict=True):
        assert b.cube == again.cube
        assert b.cube is not None
        assert b.cube.half == 60.0
        assert a.sha256 != b.sha256 == again.sha256
        assert a.pose is b.pose
        assert np.abs(b.pose.centre - np.array(b.cube.centre)).max() < 5 * 0.08 * 60
        counts = b.read()
        assert counts.array.size < a.read().array.size
        assert counts.info == a.read().info
