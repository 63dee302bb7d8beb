"""Voxels half as large, against scipy's spline."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.refine import refined
from MSSTUNetReorientLib.geometry.refine import resized
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from scipy import ndimage

POSE = Pose.from_euler(-0.4, 0.3, 0.2, (7.0, -3.0, 40.0))


def test_a_refined_volume_is_the_spline_through_it_where_it_was() -> None:
    rng = np.random.default_rng(0)
    grid = Grid((20, 18, 17), np.array([6.0, 2.0, 5.0]), np.array([3.0, -8.0, 9.0]), POSE.rotation)
    study = Volume(rng.uniform(-0.2, 1.0, (17, 18, 20)).astype(np.float32), grid)
    fine = refined(study, 3.0)
    assert fine.grid.size == (39, 18, 33)
    np.testing.assert_allclose(fine.grid.at([38, 17, 32]), grid.at([19, 17, 16]))
    expected = ndimage.zoom(study.array.astype(float), (33 / 17, 1, 39 / 20), order=3, mode="mirror")
    np.testing.assert_allclose(fine.array, np.maximum(expected, study.array.min()), atol=1e-5)
    assert refined(study, 6.5) is study


def test_a_wall_is_read_without_the_blur_of_linear_interpolation() -> None:
    """A Gaussian ridge of 15 mm FWHM on voxels of 6.4 mm, read half a voxel beside its middle."""
    grid = Grid((32, 32, 32), np.full(3, 6.4), np.full(3, -15.3 * 6.4))
    ridge = np.exp(-4 * np.log(2) * (grid.points()[..., 0] / 15.0) ** 2).astype(np.float32)
    fine = refined(Volume(ridge, grid), 3.0)
    expected = np.exp(-4 * np.log(2) * (fine.grid.points()[..., 0] / 15.0) ** 2)
    assert np.abs(fine.array - expected)[:, :, 8:-8].max() < 0.02


def test_no_weight_is_so_small_that_a_processor_calculates_slowly() -> None:
    weights = np.abs(resized(np.eye(96, dtype=np.float32), 0, 191))
    assert weights[weights > 0].min() > 1e-30
