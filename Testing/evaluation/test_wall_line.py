"""The line through the middle of the wall: shapes whose axis is known, and technologists' axes of real counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation.wall_line import circle
from MSSTUNetReorientLib.evaluation.wall_line import robust
from MSSTUNetReorientLib.evaluation.wall_line import wall_line
from MSSTUNetReorientLib.geometry.pose import MEAN_LONG_AXIS
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.simulation.sources import load_counts
from MSSTUNetReorientLib.simulation.splits import COUNTS_SUBJECTS
from numpy.typing import NDArray
from results import POSE

Points = NDArray[np.float64]
RADIUS_MM, APEX_MM, WALL_MM = 25.0, -45.0, 7.0


def tube(p: Points) -> NDArray[np.float64]:
    """A wall of revolution about k: a cylinder above 0, an ellipsoid below; the septum ends at 15 mm, not at 30."""
    x, y, z = np.moveaxis(p, -1, 0)
    around, below = np.hypot(x, y), np.minimum(z, 0.0)
    g = np.hypot(around / RADIUS_MM, below / APEX_MM) + 1e-9
    distance = np.hypot(around, below) * (1 - 1 / g)
    base = np.where(x < 0, 15.0, 30.0)
    return 100 * np.exp(-((distance / WALL_MM) ** 2) / 2) / (1 + np.exp((z - base) / 2.0))


def with_defect(p: Points) -> NDArray[np.float64]:
    """A fifth of the wall is missing, inferiorly and below the middle."""
    x, y, z = np.moveaxis(p, -1, 0)
    gone = (np.abs(np.arctan2(x, y)) < 0.6) & (z < 5)
    return np.asarray(tube(p) * np.where(gone, 0.2, 1.0))


def with_liver(p: Points) -> NDArray[np.float64]:
    """Three times as hot as the wall, wide, 20 mm from it and below the apical half only."""
    x, y, z = np.moveaxis(p, -1, 0)
    return np.asarray(tube(p) + 300 * np.exp(-((x / 20) ** 2 + ((y - 45) / 5) ** 2 + ((z + 20) / 9) ** 2) / 2))


def study_of(shape: Callable[[Points], NDArray[np.float64]], pose: Pose = POSE) -> Volume:
    grid = Grid((56, 52, 46), np.array([4.0, 4.0, 5.0]), pose.centre - [100.0, 110.0, 120.0])
    return Volume(shape(pose.apply_inverse(grid.points())).astype(np.float32), grid)


@pytest.mark.parametrize(("swing", "tilt"), [(0.0, 0.0), (8.0, 0.0), (-5.0, 9.0), (0.0, -10.0)])
@pytest.mark.parametrize(("shape", "within"), [(tube, 0.6), (with_defect, 1.5), (with_liver, 1.0)])
def test_a_known_axis_from_any_start(
    shape: Callable[[Points], NDArray[np.float64]], within: float, swing: float, tilt: float
) -> None:
    start = POSE.corrected(Correction(swing=swing, tilt=tilt, roll=40.0, lateral=4.0, inferior=-3.0, basal=5.0))
    axis = wall_line(study_of(shape), start)
    assert axis is not None
    assert np.linalg.norm(axis) == pytest.approx(1.0)
    assert angle_between(axis, POSE.long_axis) < within


def test_no_wall_no_line() -> None:
    blob = study_of(lambda p: 100 * np.exp(-((p**2).sum(-1) / 20.0**2) / 2))
    assert wall_line(blob, POSE) is None
    empty = Volume(np.zeros(blob.array.shape, np.float32), blob.grid)
    assert wall_line(empty, POSE) is None


def test_the_middle_of_a_circle_without_a_third_of_it_and_with_a_stray_point() -> None:
    along = np.deg2rad(np.arange(-120.0, 121.0, 10.0))
    x, y = 3 + 25 * np.cos(along), -2 + 25 * np.sin(along)
    x[7] += 9.0
    assert circle(np.hypot(x, y), np.arctan2(y, x)) == pytest.approx([3, -2], abs=0.4)


def test_a_line_with_a_stray_slice() -> None:
    height = np.arange(-30.0, 31.0, 3.0)
    middles = np.stack([1 + 0.1 * height, 2 - 0.2 * height], axis=1)
    middles[-1] += [12.0, 0.0]
    fit = robust(np.stack([np.ones_like(height), height], axis=1), middles)
    assert fit == pytest.approx(np.array([[1, 2], [0.1, -0.2]]), abs=0.12)
    plain = np.polyfit(height, middles[:, 0], 1)[0]
    assert abs(fit[1, 0] - 0.1) < 0.5 * abs(plain - 0.1)


def test_technologists_axes_of_real_counts(shared_data: Path) -> None:
    """Training and validation patients, rest and stress, from the lean of an ellipsoid: docs/evaluation.md."""
    patients = set(COUNTS_SUBJECTS["train"]) | set(COUNTS_SUBJECTS["validation"])
    hearts = load_counts(shared_data / "lvseg_short_axis", patients)
    placed = Pose(rotation_from_long_axis(MEAN_LONG_AXIS), np.zeros(3))
    found: dict[str, list[list[float]]] = {}
    for name in (n for n in hearts if n.endswith("_sum")):
        heart = hearts[name]
        size, half = heart.counts.shape[::-1], (np.array(heart.counts.shape[::-1]) - 1) / 2 * heart.spacing
        grid = Grid(size, np.full(3, heart.spacing), placed.apply(-half), placed.rotation)  # type: ignore[arg-type]
        centre = grid.at(np.argwhere(heart.labels > 0)[:, ::-1].mean(axis=0))
        start = Pose(placed.rotation, centre).corrected(Correction(swing=1.3, tilt=4.8))
        axis = wall_line(Volume(heart.counts, grid), start)
        assert axis is not None, name
        turned = placed.correction_to(Pose(rotation_from_long_axis(axis), np.zeros(3)))
        found.setdefault(heart.subject, []).append([turned.swing, turned.tilt])
    by_patient = np.array([np.mean(each, axis=0) for each in found.values()])
    assert len(by_patient) == 13
    assert np.abs(by_patient.mean(axis=0)).max() < 1.5
    assert by_patient.std(axis=0, ddof=1).max() < 3.0
