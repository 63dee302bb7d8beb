"""A heart wall of numbers for perfusion: a hemisphere with a cylinder above it, counts given by a function of place.

Its areas, angles and heights are known by hand; nothing here shares code with what is tested.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from numpy.typing import NDArray

Array = NDArray[np.float64]
Counts = Callable[[Array, Array], Array]
"""Counts of the wall at heights above the apex (0 mid-wall apex, 1 valve plane) and angles (degrees from lateral,
counter-clockwise on the short-axis picture)."""

POSE = Pose.from_euler(-1.0, -0.95, 1.2, (18.0, -35.0, 12.0))
RADIUS_MM, THICKNESS_MM, BASE_MM = 28.0, 16.0, 41.0
LENGTH_MM = RADIUS_MM + BASE_MM
AREA_CM2 = 2 * np.pi * RADIUS_MM * LENGTH_MM / 100
"""Of the mid-wall surface, hemisphere and cylinder. The base lies on a border between voxels of 2 mm."""
EDGE_MM = 4.0
"""How far the wall's counts reach beyond its label, so that interpolation at the edge does not dim them."""
BACKGROUND = 5.0


def uniform(height: Array, angle: Array) -> Array:
    """The same everywhere."""
    return np.full(np.broadcast(height, angle).shape, 100.0)


def places(points: Array) -> tuple[Array, Array, Array]:
    """Of SA points: distance from the middle of the wall in mm, height and angle."""
    x, y, z = np.moveaxis(points, -1, 0)
    across = np.hypot(x, y)
    depth = np.where(z < 0, np.hypot(across, z), across) - RADIUS_MM
    foot = np.where(z < 0, z * RADIUS_MM / np.maximum(np.hypot(across, z), 1e-9), z)  # straight to the mid-wall surface
    return depth, (foot + RADIUS_MM) / LENGTH_MM, np.rad2deg(np.arctan2(-y, x)) % 360


def wall(counts: Counts = uniform, spacing: float = 2.0, pose: Pose = POSE, extent: float = 144.0) -> Study:
    """Counts and labels on a cube along the SA axes."""
    grid = Grid.centred(2 * int(extent / spacing / 2) + 1, spacing, pose)
    points = pose.apply_inverse(grid.points())
    depth, height, angle = places(points)
    below = points[..., 2] < BASE_MM
    labels = np.select(
        [below & (np.abs(depth) <= THICKNESS_MM / 2), below & (depth < 0)], [MYOCARDIUM, BLOOD_POOL], 0
    ).astype(np.uint8)  # fmt: skip
    lit = (np.abs(depth) <= THICKNESS_MM / 2 + EDGE_MM) & (points[..., 2] < BASE_MM + EDGE_MM)
    array = np.where(lit, counts(np.minimum(height, 1.0), angle), BACKGROUND)
    return Volume(array.astype(np.float32), grid), Volume(labels, grid), pose


Study = tuple[Volume, Volume, Pose]


def changed(study: Study, counts: NDArray[np.floating]) -> Study:
    """The same study with other counts."""
    return Volume(counts.astype(np.float32), study[0].grid), study[1], study[2]


def without(study: Study, missing: NDArray[np.bool_]) -> Study:
    """The same study with a part of its labels taken away."""
    labels = np.where(missing, 0, study[1].array).astype(np.uint8)
    return study[0], Volume(labels, study[1].grid), study[2]
