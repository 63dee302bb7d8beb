"""The technologist's long axis, against tubes and cups whose centre lines are computed here by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.long_axis import axis_across
from MSSTUNetReorientLib.geometry.long_axis import centre_line
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.simulation.sources import load_counts
from MSSTUNetReorientLib.simulation.splits import COUNTS_SUBJECTS
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

UP = np.array([0.0, 0.0, 1.0])
SPACING = 2.0
CUBE = np.moveaxis(np.indices((80, 80, 80))[::-1] - 39.5, 0, -1) * SPACING


def tube(points: NDArray[np.float64], radius: float, lean: float, low: float, high: float) -> NDArray[np.bool_]:
    """A tube along z from ``low`` to ``high`` whose middle moves by ``lean`` mm in x for each mm in z."""
    x, y, z = np.moveaxis(points, -1, 0)
    return np.asarray((np.hypot(x - lean * z, y) < radius) & (z > low) & (z < high))


def lv(lean: float = 0.0, pool_lean: float = 0.0, pool_length: float = 60.0) -> NDArray[np.uint8]:
    """A wall that leans by one slope round a pool that leans by another."""
    labels = tube(CUBE, 32.0, lean, -40.0, 40.0).astype(np.uint8)
    labels[tube(CUBE, 18.0, pool_lean, 30.0 - pool_length, 30.0)] = 2
    return labels


def long_axis(labels: NDArray[np.uint8], spacing: float) -> NDArray[np.float64] | None:
    """With slices across the fitted ellipsoid."""
    ellipsoid = fit_ellipsoid(labels, spacing)
    return None if ellipsoid is None else axis_across(labels, spacing, ellipsoid.axis)


def degrees(axis: NDArray[np.float64]) -> float:
    return float(np.rad2deg(np.arctan2(axis[0], axis[2])))


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.2])
def test_a_centre_line_is_that_of_the_tube(slope: float) -> None:
    line = centre_line(CUBE[tube(CUBE, 20.0, slope, -30.0, 30.0)], SPACING, UP)
    assert line is not None
    np.testing.assert_allclose(line[:2] / line[2], [slope, 0.0], atol=0.01)


def test_small_slices_count_less() -> None:
    """A thin tube goes on at an angle: below a fifth of the area it counts nothing, at two fifths a half."""
    thick = tube(CUBE, 30.0, 0.0, -50.0, 20.0)

    def with_end(radius: float) -> float:
        x, y, z = np.moveaxis(CUBE, -1, 0)
        end = (np.hypot(x - (z - 20.0), y) < radius) & (z > 20.0) & (z < 50.0)
        line = centre_line(CUBE[thick | end], SPACING, UP)
        assert line is not None
        return degrees(line)

    assert with_end(30.0 * 0.15**0.5) == pytest.approx(0.0, abs=0.2)
    assert with_end(30.0 * 0.28**0.5) > 0.3
    assert 0.5 < with_end(30.0 * 0.4**0.5) < with_end(30.0 * 0.6**0.5)


def test_the_pool_counts_twice() -> None:
    """By hand: the line of the LV has slope 0.1, that of the pool -0.05."""
    found = axis_across(lv(0.1, -0.05), SPACING, UP)
    whole = np.array([0.1, 0.0, 1.0]) / np.hypot(0.1, 1.0)
    pool = np.array([-0.05, 0.0, 1.0]) / np.hypot(0.05, 1.0)
    assert angle_between(found, whole + 2 * pool) < 0.5


def test_a_short_pool_counts_less() -> None:
    """25 mm of 50: a quarter of the weight of two."""
    found = axis_across(lv(0.1, -0.2, pool_length=25.0), SPACING, UP)
    slope = (0.1 + 0.5 * -0.2) / 1.5
    assert degrees(found) == pytest.approx(np.rad2deg(np.arctan(slope)), abs=1.0)
    long = axis_across(lv(0.1, -0.2, pool_length=55.0), SPACING, UP)
    assert degrees(long) == pytest.approx(np.rad2deg(np.arctan((0.1 + 2 * -0.2) / 3)), abs=0.7)


def test_without_a_pool_the_lv_counts_alone_and_without_slices_nothing() -> None:
    labels = lv(0.1)
    assert degrees(axis_across(np.where(labels == 2, 1, labels), SPACING, UP)) == pytest.approx(5.7, abs=0.3)
    flat = np.zeros((20, 20, 20), np.uint8)
    flat[10:12, 5:15, 5:15] = 1
    np.testing.assert_array_equal(axis_across(flat, SPACING, UP), UP)
    assert long_axis(flat, SPACING) is None
    assert centre_line(np.zeros((0, 3)), SPACING, UP) is None


@pytest.mark.parametrize("angles", [(0.0, 0.0), (10.0, -6.0), (-15.0, 12.0)])
def test_the_frame_of_the_labels_does_not_matter(angles: tuple[float, float]) -> None:
    """A cup turned in its cube: the axis turns with it."""
    turn = Rotation.from_euler("YX", angles, degrees=True).as_matrix()
    x, y, z = np.moveaxis(CUBE @ turn, -1, 0)

    def inside(radius: float, length: float) -> NDArray[np.bool_]:
        return np.asarray((np.hypot(x, y) / radius) ** 2 + (np.minimum(z, 0) / length) ** 2 < 1)

    labels = (inside(32, 52) & (z < 28)).astype(np.uint8)
    labels[inside(18, 38) & (z < 28)] = 2
    found = long_axis(labels, SPACING)
    assert found is not None
    assert angle_between(found, turn[:, 2]) < 1.5


@pytest.mark.real_data
def test_it_is_near_the_axes_of_technologists(shared_data: Path) -> None:
    """Contours drawn in 13 patients, none of them a test subject; the ellipsoid leans by 5 degrees of tilt."""
    patients = {*COUNTS_SUBJECTS["train"], *COUNTS_SUBJECTS["validation"]}
    hearts = load_counts(shared_data / "lvseg_short_axis", patients)
    axes = [long_axis(hearts[name].labels, hearts[name].spacing) for name in hearts if name.endswith("_sum")]
    found = np.array([axis for axis in axes if axis is not None])
    assert len(found) == 26
    swing, tilt = np.rad2deg(np.arctan2(found[:, 0], found[:, 2])), np.rad2deg(-np.arcsin(found[:, 1]))
    assert abs(swing.mean()) < 1.0
    assert abs(tilt.mean()) < 1.5
    assert np.median([angle_between(axis, UP) for axis in found]) < 4.0
