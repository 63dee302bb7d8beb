"""A simulated study: a heart at a drawn pose in a chest, seen by a scanner, with its true pose and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ..pose import MEAN_ROTATION
from ..pose import Pose
from . import scanner as camera
from .apparent import apparent_labels
from .apparent import occupancy
from .heart import RV_WALL_MM
from .heart import Shape
from .scanner import Scanner
from .torso import Activity
from .torso import Deformation
from .torso import Ellipsoids
from .torso import Field
from .torso import OrganMap
from .torso import render_ellipsoids
from .torso import render_map

Array = NDArray[np.float64]

LABEL_SIZE, LABEL_SPACING = 48, 3.2
"""The SA cube in which the true labels are kept: voxels along an edge, and mm."""
CLEARANCE_MM = (-4.0, 7.0)
"""Soft tissue between the heart and its neighbours; below zero they touch."""


@dataclass(frozen=True)
class Defect:
    """A perfusion defect: its place on the LV (angle in the SA plane, height k mm), extents, and depth (0..1)."""

    angle: float
    height: float
    width: float
    length: float
    depth: float


@dataclass(frozen=True)
class Spot:
    """Extracardiac activity: an ellipsoid, mm from the LV centre, LPS."""

    centre: tuple[float, float, float]
    semi: tuple[float, float, float]
    angle: float
    value: float


@dataclass(frozen=True, eq=False)
class Truth:
    """What is known of a simulated study.

    Attributes:
        pose: SA frame to the study's frame (mm from the middle of its cube, LPS axes).
        labels: ``(48, 48, 48)`` uint8 of the wall as it appears, in the SA frame of ``pose``, 3.2 mm.
    """

    pose: Pose
    labels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Study:
    """Counts on a cube ``(N, N, N)`` of ``spacing`` mm, and the truth."""

    image: Field
    spacing: float
    truth: Truth
    kind: str


def draw_rotation(rng: np.random.Generator, mean: Array = MEAN_ROTATION, degrees: float = 13.0) -> Array:
    """A rotation about the mean pose: normal, with one in six from tails twice as wide."""
    spread = degrees * (2.0 if rng.random() < 1 / 6 else 1.0)
    vector = rng.normal(0.0, np.deg2rad(spread), 3)
    length = np.linalg.norm(vector)
    vector *= min(1.0, np.deg2rad(60.0) / (length + 1e-9))
    return np.asarray(Rotation.from_rotvec(vector).as_matrix() @ mean)


def draw_offset(rng: np.random.Generator, kind: str) -> Array:
    """LV centre relative to the middle of the field of view, mm LPS: near it for a dedicated camera."""
    if kind == "czt":
        return rng.normal([-15.0, 10.0, -8.0], [22.0, 22.0, 18.0])
    return rng.normal([42.0, -10.0, -5.0], [30.0, 32.0, 38.0])


def draw_defects(rng: np.random.Generator) -> tuple[Defect, ...]:
    """None in half of the hearts, else one to three."""
    count = 0 if rng.random() < 0.5 else int(rng.integers(1, 4))
    return tuple(
        Defect(rng.uniform(-np.pi, np.pi), rng.uniform(-55, 35), rng.uniform(0.3, 1.1), rng.uniform(12, 35),
               rng.uniform(0.15, 0.95))
        for _ in range(count)
    )  # fmt: skip


def draw_spots(rng: np.random.Generator) -> tuple[Spot, ...]:
    """Gut, stomach and liver edge below the inferior wall, often touching it, now and then hotter than the heart."""
    count = int(rng.choice([0, 1, 2, 3, 5], p=[0.25, 0.3, 0.2, 0.15, 0.1]))
    spots = []
    for _ in range(count):
        centre = (rng.uniform(-90, 90), rng.uniform(-60, 70), -rng.uniform(34, 105))
        semi = tuple(float(x) for x in np.exp(rng.normal(np.log([22, 13, 11]), 0.45)))
        value = float(np.clip(0.9 * np.exp(rng.normal(0, 0.9)), 0.1, 6.0))
        spots.append(Spot(centre, semi, rng.uniform(-1.5, 1.5), value))  # type: ignore[arg-type]
    return tuple(spots)


def centre_of(shape: Shape, fwhm: float) -> Array:
    """Centroid of the LV as it appears (wall and pool), in the shape's own frame, mm."""
    p = camera.points_of_cube(LABEL_SIZE, LABEL_SPACING).astype(float)
    inside = apparent_labels(shape, p, LABEL_SPACING, fwhm) > 0
    return np.asarray(p[inside].mean(axis=0))


def render_study(
    rng: np.random.Generator,
    shape: Shape,
    rotation: Array,
    offset: Array,
    chest: tuple[OrganMap, Deformation] | Ellipsoids,
    activity: Activity,
    scanner: Scanner,
    *,
    size: int = 96,
    spacing: float = 4.0,
) -> Study:
    """A heart in a chest as a scanner shows it.

    Args:
        rng: for defects, extracardiac spots and the unevenness of tissues.
        shape: the heart.
        rotation: ``(3, 3)`` SA axes in LPS.
        offset: ``(3,)`` LV centre, mm from the middle of the field of view.
        chest: a placed organ map, or ellipsoids.
        activity, scanner: what to show and how.
        size, spacing: of the rendered cube.
    """
    anatomical = centre_of(shape, scanner.fwhm)
    labels = apparent_labels(shape, _label_points() + anatomical, LABEL_SPACING, scanner.fwhm)
    pose = Pose(rotation, np.asarray(offset, dtype=float))
    points = camera.points_of_cube(size, spacing)
    local = points - offset.astype(np.float32)
    image = _chest(chest, activity, local)
    image *= 1 + activity.unevenness * camera.smooth_noise(rng, 12, size)[0]
    for spot in draw_spots(rng):
        _paint_spot(image, spot, local)
    _paint_heart(rng, image, shape, local, pose.rotation, anatomical, activity, spacing)
    image = camera.blur(np.maximum(image, 0.0), scanner.fwhm, spacing)
    image = camera.attenuate(image, scanner, local)
    return Study(_finish(image, scanner, points, spacing), spacing, Truth(pose, labels), scanner.kind)


def _label_points() -> Array:
    return camera.points_of_cube(LABEL_SIZE, LABEL_SPACING).astype(float)


def _chest(chest: tuple[OrganMap, Deformation] | Ellipsoids, activity: Activity, local: Field) -> Field:
    if isinstance(chest, Ellipsoids):
        return render_ellipsoids(chest, activity, local)
    return render_map(chest[0], activity, chest[1], local)


def _finish(image: Field, scanner: Scanner, points: Field, spacing: float) -> Field:
    image = camera.add_noise(image, scanner, spacing)
    image = camera.limit_field(image, scanner, points)
    return camera.resolve(image, scanner.voxel, spacing)


def _paint_spot(image: Field, spot: Spot, local: Field) -> None:
    q = local - np.array(spot.centre, np.float32)
    c, s = np.cos(spot.angle), np.sin(spot.angle)
    x, y = q[..., 0] * c + q[..., 2] * s, q[..., 2] * c - q[..., 0] * s
    g = (x / spot.semi[0]) ** 2 + (q[..., 1] / spot.semi[1]) ** 2 + (y / spot.semi[2]) ** 2
    weight = np.clip((1 - g) * 2 + 0.5, 0, 1)
    image += (weight * (spot.value - image)).astype(np.float32)


def _paint_heart(
    rng: np.random.Generator,
    image: Field,
    shape: Shape,
    local: Field,
    rotation: Array,
    anatomical: Array,
    activity: Activity,
    spacing: float,
) -> None:
    """Put wall, cavities and the tissue round them into the chest, in place."""
    near = np.flatnonzero((np.abs(local) < 105).all(axis=-1))
    p = local.reshape(-1, 3)[near].astype(float) @ rotation + anatomical
    epi, endo, rv, valve = shape.epicardium(p), shape.endocardium(p), shape.right_cavity(p), shape.valve(p)
    values = image.reshape(-1)[near].astype(float)
    blood, body = activity.values["blood"], activity.values["body"]
    around = np.minimum(np.maximum(epi, valve - 25.0), rv)
    values += occupancy(around - rng.uniform(*CLEARANCE_MM), 8.0) * (rng.uniform(0.7, 1.2) * body - values)
    values += occupancy(np.minimum(np.maximum(epi, valve - 30.0), rv), spacing) * (blood - values)
    rv_wall = occupancy(np.maximum(rv - RV_WALL_MM, -rv), spacing) * (epi > 0)
    values += rv_wall * (float(np.clip(rng.normal(0.3, 0.15), 0.0, 0.8)) - values)
    wall = occupancy(np.maximum(epi, -endo), spacing) * occupancy(valve, spacing)
    values += wall * (perfusion(rng, p) - values)
    image.reshape(-1)[near] = values.astype(np.float32)


def perfusion(rng: np.random.Generator, p: Array) -> Array:
    """Uptake of the wall at SA points ``(..., 3)`` mm: 1 where healthy, less in defects, smoothly uneven."""
    angle = np.arctan2(p[..., 1], p[..., 0])
    uptake = 1 + rng.uniform(0, 0.12) * np.cos(angle - rng.uniform(-np.pi, np.pi))
    uptake = uptake * (1 + rng.normal(0, 0.002) * p[..., 2])
    for defect in draw_defects(rng):
        across = np.angle(np.exp(1j * (angle - defect.angle))) / defect.width
        along = (p[..., 2] - defect.height) / defect.length
        uptake = uptake * (1 - defect.depth / (1 + np.exp(8 * (np.hypot(across, along) - 1))))
    return np.asarray(uptake)


def place_counts(
    rng: np.random.Generator,
    counts: Field,
    labels: NDArray[np.uint8],
    counts_spacing: float,
    rotation: Array,
    offset: Array,
    chest: tuple[OrganMap, Deformation] | Ellipsoids,
    activity: Activity,
    scanner: Scanner,
    *,
    size: int = 96,
    spacing: float = 4.0,
) -> Study:
    """A real short-axis count volume put into a simulated chest by the inverse transform, in one resampling.

    Args:
        rng: for extracardiac spots and the unevenness of tissues.
        counts: ``(32, 32, 32)`` in the SA image frame, its cylinder round the long axis valid.
        labels: same grid, 0/1/2.
        counts_spacing: mm.
        rotation, offset, chest, activity, scanner, size, spacing: see :func:`render_study`; the scanner adds no
            blur to the heart, which has its own.
    """
    half = (counts.shape[0] - 1) / 2
    own = (np.argwhere(labels > 0)[:, ::-1].mean(axis=0) - half) * counts_spacing
    pose = Pose(rotation, np.asarray(offset, dtype=float))
    points = camera.points_of_cube(size, spacing)
    local = points - offset.astype(np.float32)
    image = _chest(chest, activity, local)
    image *= 1 + activity.unevenness * camera.smooth_noise(rng, 12, size)[0]
    near = np.flatnonzero((np.abs(local) < 85).all(axis=-1))
    p = local.reshape(-1, 3)[near].astype(float) @ rotation + own
    index = np.moveaxis(p[..., ::-1] / counts_spacing + half, -1, 0)
    hot = np.zeros_like(image)
    for spot in draw_spots(rng):
        _paint_spot(hot, spot, local)
    ventricle = ndimage.map_coordinates((labels > 0).astype(np.float32), index, order=1)
    hot.reshape(-1)[near] *= (1 - ventricle).astype(np.float32)
    image = camera.blur(np.maximum(image, 0.0), scanner.fwhm, spacing)
    heart = ndimage.map_coordinates(counts, index, order=1, mode="nearest") / np.percentile(counts[labels == 1], 90)
    limit = min(48.0, half * counts_spacing)
    inside = np.minimum(limit - np.hypot(p[..., 0], p[..., 1]), half * counts_spacing - np.abs(p[..., 2]))
    weight = np.clip(inside / rng.uniform(8, 16), 0, 1)
    values = image.reshape(-1)[near]
    image.reshape(-1)[near] = (values + weight * (heart - values)).astype(np.float32)
    image = camera.attenuate(image + camera.blur(hot, scanner.fwhm, spacing), scanner, local)
    return Study(
        _finish(image, scanner, points, spacing), spacing,
        Truth(pose, _resampled_labels(labels, counts_spacing, own)), scanner.kind,
    )  # fmt: skip


def _resampled_labels(labels: NDArray[np.uint8], spacing: float, centre: Array) -> NDArray[np.uint8]:
    index = (_label_points() + centre) / spacing + (labels.shape[0] - 1) / 2
    coordinates = np.moveaxis(index[..., ::-1], -1, 0)
    shares = [
        ndimage.map_coordinates((labels == v).astype(np.float32), coordinates, order=1, cval=float(v == 0))
        for v in range(3)
    ]
    return np.argmax(shares, axis=0).astype(np.uint8)
