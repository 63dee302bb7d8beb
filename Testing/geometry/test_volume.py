"""Geometry of volumes, the check of an input, and the one resampling, against SimpleITK and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.labels import box_round
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import check_volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.geometry.volume import resample_labels
from MSSTUNetReorientLib.geometry.volume import short_axis_grid
from scipy.spatial.transform import Rotation

OBLIQUE = Grid((20, 24, 28), [5.0, 6.0, 7.0], [-40.0, 12.0, 300.0], MEAN_ROTATION)


def volume(array: np.ndarray | None = None, spacing: float = 6.0, size: tuple[int, int, int] = (20, 24, 28)) -> Volume:
    counts = np.random.default_rng(0).random(size[::-1]) if array is None else array
    return Volume(counts, Grid(size, [spacing] * 3, [0, 0, 0]))


class TestGrid:
    def test_positions_are_simpleitks(self) -> None:
        image = Volume(np.zeros(OBLIQUE.size[::-1]), OBLIQUE).to_sitk()
        for index in [(0, 0, 0), (3, 11, 27), (19, 0, 5)]:
            expected = image.TransformIndexToPhysicalPoint(index)
            np.testing.assert_allclose(OBLIQUE.at(index), expected)
            np.testing.assert_allclose(OBLIQUE.index_of(expected), index, atol=1e-9)
            np.testing.assert_allclose((OBLIQUE.matrix @ [*index, 1])[:3], expected)

    def test_points_are_in_array_order(self) -> None:
        np.testing.assert_allclose(OBLIQUE.points()[7, 5, 3], OBLIQUE.at([3, 5, 7]))

    def test_centred_cube_has_its_middle_voxel_at_the_pose(self) -> None:
        pose = Pose(MEAN_ROTATION, np.array([50.0, -20.0, 400.0]))
        grid = Grid.centred(63, 3.0, pose)
        np.testing.assert_allclose(grid.at([31, 31, 31]), pose.centre)
        np.testing.assert_allclose(grid.centre, pose.centre)
        np.testing.assert_allclose(grid.at([31, 31, 41]) - pose.centre, 30 * pose.long_axis)

    def test_simpleitk_round_trip(self) -> None:
        counts = np.random.default_rng(1).random(OBLIQUE.size[::-1])
        again = Volume.from_sitk(Volume(counts, OBLIQUE).to_sitk())
        np.testing.assert_allclose(again.array, counts)
        np.testing.assert_allclose(again.grid.matrix, OBLIQUE.matrix)


class TestCheck:
    def test_a_study_passes_as_float32(self) -> None:
        checked = check_volume(volume(), "study")
        assert checked.array.dtype == np.float32

    def test_negative_counts_are_allowed(self) -> None:
        counts = np.random.default_rng(0).normal(1, 2, (28, 24, 20))
        assert check_volume(volume(counts), "study").array.min() < 0

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_counts_must_be_finite(self, bad: float) -> None:
        counts = np.ones((28, 24, 20))
        counts[3, 4, 5] = bad
        with pytest.raises(InputError, match=r"s\.nrrd: counts must be finite, but found 1 NaN"):
            check_volume(volume(counts), "s.nrrd")

    @pytest.mark.parametrize("value", [0.0, 7.0])
    def test_a_constant_volume_is_refused(self, value: float) -> None:
        with pytest.raises(InputError, match="every voxel is"):
            check_volume(volume(np.full((28, 24, 20), value)), "s.nrrd")

    @pytest.mark.parametrize("spacing", [0.0, -4.0, 20.5, np.nan])
    def test_spacing(self, spacing: float) -> None:
        with pytest.raises(InputError, match="voxel spacing must be in"):
            check_volume(volume(spacing=spacing), "s.nrrd")

    @pytest.mark.parametrize("size", [(15, 24, 28), (20, 24, 1025)])
    def test_size(self, size: tuple[int, int, int]) -> None:
        with pytest.raises(InputError, match="16 to 1024 voxels"):
            check_volume(volume(size=size), "s.nrrd")

    def test_field_of_view(self) -> None:
        with pytest.raises(InputError, match="at least 100 mm"):
            check_volume(volume(spacing=4.0), "s.nrrd")


def test_a_part_lies_where_it_was() -> None:
    whole = Volume(np.random.default_rng(1).random(OBLIQUE.size[::-1]), OBLIQUE)
    part = whole.part(np.array([2, 5, 1]), np.array([9, 5, 20]))
    assert part.grid.size == (8, 1, 20)
    np.testing.assert_allclose(part.grid.at([1, 0, 3]), OBLIQUE.at([3, 5, 4]))
    assert part.array[3, 0, 1] == whole.array[4, 5, 3]


class TestResample:
    @pytest.mark.parametrize("order", [0, 1, 3])
    def test_identity(self, order: int) -> None:
        study = volume(np.random.default_rng(2).random((28, 24, 20)).astype(np.float32))
        np.testing.assert_allclose(resample(study, study.grid, order=order).array, study.array, atol=1e-5)

    def test_a_blob_lands_where_the_pose_says(self) -> None:
        grid = Grid((64, 64, 40), [6.4] * 3, [-200, -200, 0])
        pose = Pose(MEAN_ROTATION, np.array([30.0, -20.0, 120.0]))
        spot = pose.apply([12.0, -9.0, 21.0])
        counts = np.exp(-((grid.points() - spot) ** 2).sum(-1) / (2 * 12.0**2))
        sa = resample(Volume(counts.astype(np.float32), grid), short_axis_grid(pose))
        weight = sa.array * (sa.array > 0.05)
        k, j, i = np.indices(weight.shape)
        mean = np.array([(weight * axis).sum() / weight.sum() for axis in (i, j, k)])
        half = (sa.grid.size[0] - 1) / 2
        np.testing.assert_allclose((mean - half) * sa.grid.spacing, [12.0, -9.0, 21.0], atol=0.3)

    @pytest.mark.parametrize("shape", [(28, 24, 20), (90, 70, 80)])
    @pytest.mark.parametrize("shift", [(0, 0, 0), (70, -60, 80), (-150, 0, 0)])
    def test_cubic_is_simpleitks_bspline(self, shape: tuple[int, int, int], shift: tuple[float, float, float]) -> None:
        """Wherever the grid lies, though far voxels are left out."""
        study = volume(np.random.default_rng(3).random(shape).astype(np.float32), size=shape[::-1])
        target = Grid.centred(17, 3.3, Pose(MEAN_ROTATION, study.grid.centre + shift))
        image = study.to_sitk()
        expected = sitk.GetArrayFromImage(
            sitk.Resample(image, Volume(np.zeros((17, 17, 17)), target).to_sitk(), sitk.Transform(), sitk.sitkBSpline3)
        )
        np.testing.assert_allclose(resample(study, target).array, expected, atol=1e-5)

    def test_outside_is_zero(self) -> None:
        study = volume(np.ones((28, 24, 20), np.float32) * 5)
        far = Grid((16, 16, 16), [6.0] * 3, [5000, 0, 0])
        assert (resample(study, far).array == 0).all()


def shell(grid: Grid) -> np.ndarray:
    """Wall from 18 to 30 mm round the origin, and the pool inside."""
    r = np.linalg.norm(grid.points(), axis=-1)
    return np.where(r < 18, 2, np.where(r < 30, 1, 0)).astype(np.uint8)


def test_labels_read_between_voxels_are_nearer_than_the_nearest() -> None:
    turn = Rotation.from_rotvec([0.2, -0.1, 0.15]).as_matrix()
    fine, coarse = (
        Grid.centred(61, 2.0, Pose(turn, np.array([0.3, -0.6, 0.4]))),
        Grid.centred(48, 3.2, Pose(np.eye(3), np.zeros(3))),
    )
    answer, truth = Volume(shell(fine), fine), shell(coarse)
    read, nearest = resample_labels(answer, coarse).array, resample(answer, coarse, order=0).array
    for value in (1, 2):
        near, far = ((x == value) != (truth == value) for x in (read, nearest))
        assert near.sum() < 0.8 * far.sum()
    assert read.dtype == np.uint8


def test_labels_read_on_their_own_voxels_are_themselves() -> None:
    grid = Grid.centred(40, 2.5, Pose(Rotation.from_rotvec([0.2, -0.1, 0.15]).as_matrix(), np.array([5.0, 6.0, 7.0])))
    labels = np.random.default_rng(0).integers(0, 3, (40, 40, 40)).astype(np.uint8)
    np.testing.assert_array_equal(resample_labels(Volume(labels, grid), grid).array, labels)


def test_the_short_axis_holds_the_ventricle_finer_than_studies_are() -> None:
    grid = short_axis_grid(Pose(np.eye(3), np.array([10.0, -20.0, 30.0])))
    np.testing.assert_allclose(grid.spacing, 2.0)
    np.testing.assert_allclose(grid.at(np.array(grid.size) // 2), [10.0, -20.0, 30.0])
    assert 155 <= grid.extent[0] <= 165


def test_the_box_round_labels_holds_them_and_their_margin() -> None:
    labels = np.zeros((20, 22, 24), np.uint8)
    labels[5:9, 1:4, 20:23] = 2
    assert box_round(labels, 3) == (slice(2, 12), slice(0, 7), slice(17, 26))
    assert labels[box_round(labels, 3)].shape == (10, 7, 7)
    assert labels[box_round(labels * 0, 3)].shape == labels.shape
