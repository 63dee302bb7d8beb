"""The long axis from labels, against cups drawn by hand at known tilts."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry import ellipsoid_fit
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_ellipsoid
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.labels import box_round
from MSSTUNetReorientLib.geometry.pose import angle_between
from phantoms import SPACING
from phantoms import cup
from scipy import ndimage
from scipy.spatial.transform import Rotation


@pytest.mark.parametrize("turn", [(0, 0), (12, 0), (0, -15), (9, 9), (-20, 6)])
def test_axis_is_found_without_knowing_the_tilt(turn: tuple[float, float]) -> None:
    rotation = Rotation.from_euler("xy", turn, degrees=True)
    found = fit_ellipsoid(cup(rotation), SPACING)
    assert found is not None
    assert angle_between(found.axis, rotation.as_matrix()[:, 2]) < 2.0
    assert found.residual_mm < 2.0


def test_axis_holds_when_a_wall_is_shorter_than_the_other() -> None:
    labels = cup(Rotation.identity())
    k, _, i = (np.indices(labels.shape) - 31) * SPACING
    labels[(k > 10 + 0.5 * i) & (k > 0)] = 0
    found = fit_ellipsoid(labels, SPACING)
    assert found is not None
    assert angle_between(found.axis, [0, 0, 1]) < 4.0


def test_too_little_of_a_surface_gives_no_axis() -> None:
    labels = np.zeros((63, 63, 63), np.uint8)
    assert fit_ellipsoid(labels, SPACING) is None
    labels[30:32, 30:32, 30:32] = MYOCARDIUM
    assert fit_ellipsoid(labels, SPACING) is None


def test_size_of_the_cup_does_not_matter() -> None:
    """A small heart and a large one, whose apex is longer than the fit starts from."""
    rotation = Rotation.from_euler("xy", (7, -11), degrees=True)
    for radius, apex in ((26.0, 36.0), (42.0, 60.0)):
        found = fit_ellipsoid(cup(rotation, radius=radius, apex=apex), SPACING)
        assert found is not None
        assert angle_between(found.axis, rotation.as_matrix()[:, 2]) < 2.0


def half_ellipsoid(axis: np.ndarray, number: int = 400) -> np.ndarray:
    """Points on a cup of 30 mm radius and 45 mm length that is open towards its axis, its centre at (5, -3, 8) mm."""
    rng = np.random.default_rng(0)
    polar, round_ = np.arccos(-rng.random(number)), rng.uniform(0, 2 * np.pi, number)
    own = np.stack([30 * np.sin(polar) * np.cos(round_), 30 * np.sin(polar) * np.sin(round_), 45 * np.cos(polar)], 1)
    turn, _ = Rotation.align_vectors([axis], [[0.0, 0.0, 1.0]])
    return turn.apply(own) + [5.0, -3.0, 8.0]


def test_exact_points_give_the_exact_axis(monkeypatch: pytest.MonkeyPatch) -> None:
    axis = np.array([0.2, -0.3, 1.0]) / np.linalg.norm([0.2, -0.3, 1.0])
    points = half_ellipsoid(axis)
    monkeypatch.setattr(ellipsoid_fit, "_outer_points", lambda *_: points)
    found = fit_ellipsoid(np.zeros((3, 3, 3), np.uint8), SPACING)
    assert found is not None
    assert angle_between(found.axis, axis) < 0.01
    assert found.residual_mm < 0.01
    points[::10] += np.random.default_rng(1).normal(0, 20, (40, 3))  # a tenth of them belongs to something else
    found = fit_ellipsoid(np.zeros((3, 3, 3), np.uint8), SPACING)
    assert found is not None
    assert angle_between(found.axis, axis) < 2.0
    assert found.residual_mm < 0.5


@pytest.mark.parametrize(("number", "enough"), [(59, False), (60, True)])
def test_points_that_determine_an_axis(number: int, enough: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    points = half_ellipsoid(np.array([0.0, 0.0, 1.0]), number)
    monkeypatch.setattr(ellipsoid_fit, "_outer_points", lambda *_: points)
    assert (fit_ellipsoid(np.zeros((3, 3, 3), np.uint8), SPACING) is not None) == enough


def test_the_rim_of_the_open_end_is_no_surface_of_the_cup() -> None:
    """Of a cup that stands upright: all points on its outside, none within 8 mm of its cut."""
    radius, apex, base = 35.0, 52.0, 35.0
    points = ellipsoid_fit._outer_points(cup(Rotation.identity(), radius, apex, base), SPACING)
    x, y, z = (points - [points[:, 0].mean(), points[:, 1].mean(), points[:, 2].max() - (base - 8.0)]).T
    outside = np.hypot(np.hypot(x, y) / radius, np.minimum(z, 0) / apex)
    assert 0.85 < outside.min() < outside.max() < 1.05
    assert np.ptp(points[:, 2]) == pytest.approx(apex + base - 8.0, abs=1.5 * SPACING)


def test_surface_that_faces_the_base_by_a_cosine_of_a_quarter_is_left_out() -> None:
    """Of an oblique cup, whose sides face the base; SciPy smooths it and gives its normals."""
    labels = cup(Rotation.from_euler("xy", (-20, 6), degrees=True))
    labels = labels[box_round(labels, 4)]
    smooth = (labels > 0).astype(float)
    for axis in (0, 1, 2, 0, 1, 2):
        smooth = ndimage.convolve1d(smooth, [0.25, 0.5, 0.25], axis, mode="constant")
    slope = [ndimage.convolve1d(smooth, [0.5, 0.0, -0.5], axis, mode="constant") for axis in range(3)]
    cosine = -slope[0] / np.maximum(np.linalg.norm(slope, axis=0), 1e-9)
    points = np.rint(ellipsoid_fit._outer_points(labels, SPACING) / SPACING).astype(int)
    kept = np.zeros(labels.shape, bool)
    kept[tuple(points[:, ::-1].T)] = True
    outside = (labels == MYOCARDIUM) & (smooth < 0.7)
    outside[points[:, 2].max() - 3 :] = False  # the open base and the margin below it
    assert (outside & (cosine > 0.25) & (cosine < 0.275)).sum() >= 5, "else the limit is not tested"
    assert (outside & (cosine > 0.225) & (cosine < 0.25)).sum() >= 5
    assert cosine[kept].max() < 0.25
    assert kept[outside & (cosine > 0.225) & (cosine < 0.25)].all()
