"""A made-up answer for one study: an ellipsoid shell whose pose is known, for every test that needs a Result."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import Cube
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import short_axis_grid
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import ModelIdentity
from MSSTUNetReorientLib.prediction.result import Result
from numpy.typing import NDArray

POSE = Pose.from_euler(-1.0, -0.95, 1.2, (18.0, -35.0, 12.0))
"""An oblique, clinical pose; the LV centre lies off the middle of the study."""

FOUND = {
    "axis_bound_deg": 3.2,
    "centre_bound_mm": 2.4,
    "septum_deg": 172.0,
    "septum_bound_deg": 9.6,
    "septum_seen_deg": 176.0,
}
"""Measures of a study whose bounds and septum angle are known."""

OUTER_MM = np.array([32.03, 34.05, 45.07])
INNER_MM = np.array([18.03, 20.05, 31.07])
VALVE_MM = 24.3
"""Half axes of the shell along i, j, k, and the height of the valve plane above its centre: no voxel of a short axis
lies on them, which rounding would put on either side."""


def septum_in_image(pose: Pose, angle: float) -> tuple[float, float]:
    """Right and up on an SA picture of a septum at an angle, by vectors: up is towards the patient's head."""
    axis = pose.long_axis
    head = np.array([0.0, 0.0, 1.0])
    up = head - (head @ axis) * axis
    up /= np.linalg.norm(up)
    right = np.cross(axis, up)
    turn = np.deg2rad(angle)
    septum = np.cos(turn) * right + np.sin(turn) * up
    return float(septum @ pose.rotation[:, 0]), -float(septum @ pose.rotation[:, 1])


def shell(points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Labels of SA points ``(..., 3)`` mm: a truncated ellipsoid shell (1) and what it holds (2)."""
    below_valve = points[..., 2] <= VALVE_MM
    outer = (np.sum((points / OUTER_MM) ** 2, axis=-1) <= 1) & below_valve
    inner = (np.sum((points / INNER_MM) ** 2, axis=-1) <= 1) & below_valve
    return np.where(inner, BLOOD_POOL, np.where(outer, MYOCARDIUM, 0)).astype(np.uint8)


def counts(points: NDArray[np.float64]) -> NDArray[np.float32]:
    """Counts of SA points: wall 100, cavity 15, background 5; an inferior defect, so that the sides differ."""
    label = shell(points)
    value = np.choose(label, [5.0, 100.0, 15.0])
    defect = (label == MYOCARDIUM) & (points[..., 1] > 15.3) & (np.abs(points[..., 2]) < 15.3)
    return np.where(defect, 45.0, value).astype(np.float32)


def make_result(
    pose: Pose = POSE,
    *,
    size: tuple[int, int, int] = (48, 44, 40),
    spacing: tuple[float, float, float] = (5.0, 5.0, 6.0),
    quality: Quality | None = None,
    modality: str = "NM",
) -> Result:
    """The perfect answer for a study of the shell at ``pose``, axial and off centre, in LPS mm."""
    middle = np.array([5.0, -20.0, 0.0])
    origin = middle - np.multiply(spacing, np.subtract(size, 1)) / 2
    grid = Grid(size, np.array(spacing), origin)
    study = Volume(counts(pose.apply_inverse(grid.points())), grid, {"kind": "synthetic shell", "modality": modality})
    short = short_axis_grid(pose)
    points = pose.apply_inverse(short.points())
    return Result(
        study=study,
        pose=pose,
        cube=Cube(tuple(middle.tolist()), 115.0),
        short_axis=Volume(counts(points), short, study.info),
        labels=Volume(shell(points), short),
        quality=quality or Quality("review", ("The shell is synthetic.",), {"axis_disagreement_deg": 1.5}),
        model=ModelIdentity("synthetic", "0.1.0", "0" * 64),
        timing_s={"localise": 0.1, "segment": 0.2},
    )
