"""What the wall of each segment does during a beat: inward motion in mm, thickening in percent, and its counts.

Motion is the way of the endocardium along the rays from end-diastole to end-systole. Thickening is measured from
the counts: where the camera does not resolve the wall, its largest count along a ray grows in proportion to its
thickness (partial volume: Galt, IEEE Trans Med Imaging 1990;9:144). A camera that resolves the wall shows less of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from .aha_segments import LEAST_MEASURED
from .aha_segments import SEGMENTS
from .lookup import values_at
from .moving_walls import HARMONICS
from .moving_walls import MovingWalls
from .moving_walls import Rays
from .moving_walls import harmonics
from .polar_map import BASAL_RIM_MM
from .sampling import RINGS
from .sampling import angles
from .sampling import cap_angles
from .sampling import in_voxels

Array = NDArray[np.float64]

DEPTHS = 9
"""Samples on a ray from the inner to the outer surface."""
RAYS_BESIDE, ROWS_BESIDE = 2, 1
"""Neighbours on each side with which the counts of a sample are averaged: about 12 mm, what cameras resolve (ours)."""
LEAST_UPTAKE = 0.2
"""Wall with less of the largest mean count has no motion of its counts that noise would not have (ours)."""


@dataclass(frozen=True, eq=False)
class WallMotion:
    """Arrays ``(ROWS, RAYS)`` on the rays of the moving walls; segments ``(17,)``, nan where there is no value.

    Attributes:
        along: ``(ROWS,)`` place of each row on the long axis, 0 mid-wall apex, 1 valve plane, both at end-diastole.
        area_mm2: of each sample at end-diastole.
        counted: samples that are wall in every gate.
        counts: ``(G, ROWS, RAYS)`` largest count along each ray, smoothed over the cycle.
        noise: standard deviation of these counts in one gate before they are smoothed, from what does not beat.
        motion_mm: inward motion of the endocardium, end-diastole to end-systole.
        thickening_percent: gain of counts, end-diastole to end-systole.
        segment_motion_mm, segment_thickening_percent: means of the segments by area.
    """

    along: Array
    area_mm2: Array
    counted: NDArray[np.bool_]
    counts: Array
    noise: float
    motion_mm: Array
    thickening_percent: Array
    segment_motion_mm: Array
    segment_thickening_percent: Array


def wall_motion(
    gates: Sequence[Volume], pose: Pose, walls: MovingWalls, endocardium: Array, diastole: int, systole: int
) -> WallMotion:
    """Follow the wall of every segment.

    Args:
        gates: counts of each gate on any grid that holds the LV.
        pose: SA frame to LPS.
        walls: as they appear in these gates.
        endocardium: ``(G, ROWS, RAYS)`` mm along the rays.
        diastole, systole: index of the gate with the largest and the smallest cavity.
    """
    rays = walls.rays
    seen = np.stack([blurred(_largest(gate, pose, walls, n)) for n, gate in enumerate(gates)])
    counts = harmonics(seen)
    middle = (walls.outer + walls.inner)[diastole] / 2
    mean = counts.mean(axis=0)
    counted = _below(rays, float(walls.plane.min()) - BASAL_RIM_MM) & (mean > LEAST_UPTAKE * mean.max())
    motion = endocardium[diastole] - endocardium[systole]
    start = np.where(counted, counts[diastole], 1.0)
    thickening = 100 * (counts[systole] / np.where(start > 0, start, 1.0) - 1)
    along, area = _along(rays, middle, float(walls.plane[diastole])), _areas(rays, middle)
    return WallMotion(
        along=along,
        area_mm2=area,
        counted=counted,
        counts=counts,
        noise=noise_of(seen, counts, counted),
        motion_mm=motion,
        thickening_percent=thickening,
        segment_motion_mm=segment_means(motion, counted, along, area),
        segment_thickening_percent=segment_means(thickening, counted, along, area),
    )


def segment_means(values: Array, counted: NDArray[np.bool_], along: Array, area: Array) -> Array:
    """``(17,)`` means of samples by area; nan for a segment of which less than a third counts."""
    means = []
    for segment in SEGMENTS:
        low, high = segment.along
        first, last = segment.sector
        rows = (along >= low) & ((along < high) | (high == 1.0) & (along <= 1.0))
        inside = rows[:, None] & ((angles() - first) % 360 < last - first)
        weight = np.where(inside & counted, area, 0.0)
        enough = weight.sum() >= LEAST_MEASURED * max(float(np.where(inside, area, 0.0).sum()), 1e-9)
        means.append(float((weight * values).sum() / weight.sum()) if enough and weight.sum() > 0 else np.nan)
    return np.array(means)


def _largest(gate: Volume, pose: Pose, walls: MovingWalls, n: int) -> Array:
    """``(ROWS, RAYS)`` largest count between the surfaces of a gate."""
    depth = np.linspace(0.0, 1.0, DEPTHS)
    way = walls.inner[n][..., None] + (walls.outer - walls.inner)[n][..., None] * depth
    start, step = in_voxels(gate.grid, pose, walls.rays.starts, walls.rays.directions)
    found = values_at(gate.array, start[..., None, :] + way[..., None] * step[..., None, :])
    return np.asarray(found.max(axis=-1), dtype=float)


def noise_of(seen: Array, smooth: Array, counted: NDArray[np.bool_]) -> float:
    """Standard deviation of counts ``(G, ROWS, RAYS)`` round their first harmonics; nan where none are left out."""
    free = len(seen) - 1 - 2 * HARMONICS
    if free < 1 or not counted.any():
        return float("nan")
    return float(np.sqrt(((seen - smooth)[:, counted] ** 2).sum(axis=0).mean() / free))


def blurred(values: Array) -> Array:
    """Samples ``(ROWS, RAYS)`` averaged over their neighbours: round the heart, and to both ends as far as they go."""
    around = np.mean([np.roll(values, n, axis=1) for n in range(-RAYS_BESIDE, RAYS_BESIDE + 1)], axis=0)
    padded = np.pad(around, ((ROWS_BESIDE, ROWS_BESIDE), (0, 0)), mode="edge")
    return np.asarray(np.mean([padded[n : n + len(values)] for n in range(2 * ROWS_BESIDE + 1)], axis=0))


def _below(rays: Rays, height: float) -> NDArray[np.bool_]:
    """``(ROWS, 1)`` rows below a height; the cap always."""
    return np.concatenate([np.ones(RINGS, dtype=bool), rays.heights < height])[:, None]


def _along(rays: Rays, middle: Array, plane: float) -> Array:
    """``(ROWS,)`` height of the mid-wall of each row, as a share of the way from its apex to the valve plane."""
    radius = np.median(middle[:RINGS], axis=1)
    height = np.concatenate([rays.hinge - radius * np.cos(cap_angles()), rays.heights])
    apex = rays.hinge - float(radius[0])
    return np.asarray(np.clip((height - apex) / (plane - apex), 0.0, None))


def _areas(rays: Rays, middle: Array) -> Array:
    """``(ROWS, RAYS)`` mm2 of the mid-wall: of a piece of a sphere in the cap, of a cylinder above it."""
    sector = 2 * np.pi / middle.shape[1]
    polar = np.arange(RINGS + 1) * np.pi / 2 / RINGS
    cap = middle[:RINGS] ** 2 * -np.diff(np.cos(polar))[:, None]
    return np.concatenate([cap, middle[RINGS:] * rays.row_mm]) * sector
