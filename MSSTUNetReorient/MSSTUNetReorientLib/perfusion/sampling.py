"""Sampling of the myocardium: rays from the long axis through the labelled wall.

Above a hinge point on the long axis the rays lie in short-axis slices; below it they leave the hinge like the radii of
a spherical cap, so that the apex is met at right angles too. On each ray the wall reaches from the labelled endocardium
to the epicardium. A ray without a labelled wall, as beyond the end of the septum at the base, has no sample (nan).

Rows run from apex to valve plane; angles of the rays as in the AHA model: 0 degrees is lateral (image right), then
counter-clockwise on the short-axis picture, so anterior is 90, the septum 180, inferior 270.

Edges are found between voxels and counts are interpolated, so samples do not depend on the voxel size.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.labels import box_round
from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .lookup import values_at
from .valve_plane import ValvePlane
from .valve_plane import valve_plane

Array = NDArray[np.float64]

RAYS = 72
"""Rays in a row, one every 5 degrees: twice as many as PMOD's one every 10 (PMOD PCARD manual, 3647), so that no ray
lies on a border between segments (multiples of 60 and of 45 degrees)."""
SLICES = 20
"""Short-axis slices between hinge and valve plane: PMOD's number (as above)."""
RINGS = 12
"""Rings of the cap, one every 7.5 degrees (ours): about as far apart as the slices. A cap below a cylinder as in
MyoLoom."""
ROWS = RINGS + SLICES
TIP_RINGS = 4
"""Rings, to 30 degrees from the axis, whose median radius says where the apex is: a single ring lies on one step of the
labels."""

DEPTHS = 13
"""Samples on a ray from endocardium to epicardium, both included: 1.5 mm apart in a wall of 18 mm (ours)."""
MID_WALL = (0.25, 0.75)
"""The mid-wall mean is that of the middle half of the wall, endocardium 0, epicardium 1 (ours: PMOD takes a mean about
the wall too, and does not publish its width)."""
BESIDE_MM = (6.0, 10.0)
"""Distances beyond the epicardium at which the neighbourhood is read (ours): there a wall's own blur, 8 to 20 mm wide,
has fallen below half."""
SEARCH_STEP_MM = 1.5
"""Step along a ray in the search for the edges; they are interpolated between steps."""
LEAST_LABELS = (MYOCARDIUM, BLOOD_POOL)
"""Least label of the LV and of its blood pool."""
LEAST_BASAL_SHARE = 0.25
"""The wall ends with the last slice that has at least this part of the middle slice's wall (ours). Blur lets it end 2
(PET) to 5 mm (SPECT) above the valve plane, so samples end at the plane through the top of the blood pool
(:mod:`.valve_plane`), and at the wall's end only where that plane is unknown or lies above it."""
SAME_SPACING = 0.02
"""The plane is looked for on labels whose voxels are cubes, to this relative difference (ours)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """The myocardium as sampled; arrays ``(ROWS, RAYS)``, apex first; nan where a ray meets no wall.

    Attributes:
        maximum: largest count along the ray within the wall.
        mid_wall: mean count of the middle half of the wall.
        beside: largest count just outside the epicardium.
        area_mm2: area of the mid-wall surface that a sample stands for; 0 where there is none.
        to_end_mm: way along the long axis to the basal end of the wall, on the ray's side of the heart.
        edges: ``(ROWS + 1,)`` where rows begin and end along the long axis: 0 mid-wall apex, 1 valve plane.
    """

    maximum: Array
    mid_wall: Array
    beside: Array
    area_mm2: Array
    to_end_mm: Array
    edges: Array


@dataclass(frozen=True, eq=False)
class _Extent:
    """The labelled wall in SA mm: hinge and valve plane along k, and between which lengths rays may meet the wall."""

    hinge: float
    base: float
    reach: float
    nearest: float = 0.0


@dataclass(frozen=True, eq=False)
class _Wall:
    """What follows from labels alone, at any pose.

    Attributes:
        share: ``(K, J, I)`` 1 in the wall.
        points: ``(N, 3)`` its voxels, LPS mm.
        plane: the valve plane, from the voxel ``plane_from`` (i, j, k); None where it is unknown.
    """

    share: NDArray[np.float32]
    points: Array
    plane: ValvePlane | None
    plane_from: Array


_WALLS: WeakKeyDictionary[Volume, _Wall | None] = WeakKeyDictionary()
"""Poses are compared on the same labels; freed with them."""


def angles() -> Array:
    """``(RAYS,)`` middle of each ray's sector, degrees: 2.5, 7.5, ..."""
    return (np.arange(RAYS) + 0.5) * 360 / RAYS


def cap_angles() -> Array:
    """``(RINGS,)`` angle of each ring of the cap from the long axis, rad."""
    return np.asarray((np.arange(RINGS) + 0.5) * np.pi / 2 / RINGS)


def rays_between(hinge: float, base: float) -> tuple[Array, Array]:
    """Starts ``(ROWS, RAYS, 3)`` and unit directions of the rays in SA mm.

    Args:
        hinge, base: heights along ``k`` between which the slices lie; the cap is below the hinge.
    """
    tilt = np.concatenate([cap_angles(), np.full(SLICES, np.pi / 2)])
    height = np.concatenate([np.full(RINGS, hinge), _slice_positions(hinge, base)])
    around = np.deg2rad(angles())
    across = np.stack([np.cos(around), -np.sin(around), np.zeros(RAYS)], axis=-1)
    down = np.array([0.0, 0.0, -1.0])
    directions = np.sin(tilt)[:, None, None] * across + np.cos(tilt)[:, None, None] * down
    return np.broadcast_to(height[:, None, None] * -down, directions.shape), directions


def in_voxels(grid: Grid, pose: Pose, starts: Array, directions: Array) -> tuple[Array, Array]:
    """Rays in SA mm as indices of a grid: start, and step for each mm; each coordinate lies together in memory."""
    start, end = (grid.index_of(pose.apply(points)) for points in (starts, starts + directions))
    begins, steps = (np.ascontiguousarray(np.moveaxis(x, -1, 0)) for x in (start, end - start))
    return np.moveaxis(begins, 0, -1), np.moveaxis(steps, 0, -1)


def sample(short_axis: Volume, labels: Volume, pose: Pose) -> Samples | None:
    """Sample the labelled myocardium; None where there is none.

    Args:
        short_axis: counts on any grid that holds the LV.
        labels: 1 LV myocardium, on any grid that holds it.
        pose: SA frame to LPS; its long axis is where the rays start.
    """
    wall = _wall_of(labels)
    if wall is None:
        return None
    extent = _extent(labels, wall, pose)
    origins, directions = rays_between(extent.hinge, extent.base)
    near, far = _edges_on_rays(wall.share, *in_voxels(labels.grid, pose, origins, directions), extent)
    if not np.isfinite(near).any():
        return None
    start, step = in_voxels(short_axis.grid, pose, origins, directions)
    depth = np.linspace(0.0, 1.0, DEPTHS)
    missing = np.isnan(near)
    inner, outer = np.nan_to_num(near), np.nan_to_num(far)
    way = np.concatenate([inner[..., None] + (outer - inner)[..., None] * depth, outer[..., None] + BESIDE_MM], axis=-1)
    counts = values_at(short_axis.array, start[..., None, :] + way[..., None] * step[..., None, :]).astype(float)
    counts[missing] = np.nan
    middle = counts[..., :DEPTHS][..., (depth >= MID_WALL[0]) & (depth <= MID_WALL[1])]
    ends = (middle[..., 0] + middle[..., -1]) / 2
    radius = (near + far) / 2
    return Samples(
        maximum=counts[..., :DEPTHS].max(axis=-1),
        mid_wall=(middle[..., 1:-1].sum(axis=-1) + ends) / (middle.shape[-1] - 1),
        beside=counts[..., DEPTHS:].max(axis=-1),
        area_mm2=np.nan_to_num(_areas(radius, extent)),
        to_end_mm=_to_end(radius, extent),
        edges=_row_edges(radius, extent),
    )


def _wall_of(labels: Volume) -> _Wall | None:
    """What follows from the labels alone; None where they have no myocardium."""
    if labels not in _WALLS:
        inside = labels.array == MYOCARDIUM
        points = labels.grid.at(np.argwhere(inside)[:, ::-1])
        plane, first = _plane_of(labels)
        _WALLS[labels] = _Wall(inside.astype(np.float32), points, plane, first) if len(points) else None
    return _WALLS[labels]


def _extent(labels: Volume, wall: _Wall, pose: Pose) -> _Extent:
    """Where the wall lies: from the apex to the valve plane, or to the wall's end if that is lower.

    The hinge is one radius of the epicardium above the apex, at most half the LV's length.
    """
    points = pose.apply_inverse(wall.points)
    z, step = points[:, 2], float(labels.grid.spacing.max())
    apex = float(z.min()) - step / 2
    slices = np.bincount(((z - apex) / step).astype(int))
    enough = np.flatnonzero(slices >= LEAST_BASAL_SHARE * np.median(slices[slices > 0]))
    end = apex + step * (int(enough[-1]) + 1)
    plane = _valve_height(labels, wall, pose)
    base = end if plane is None or not (apex + end) / 2 < plane < end else plane
    middle = (apex + base) / 2
    across = np.hypot(points[:, 0], points[:, 1])
    rough = _Extent(middle, base, max(float(across.max()), middle - apex) + 2 * step)
    origins, directions = rays_between(rough.hinge, rough.base)
    rows = [*range(TIP_RINGS), RINGS]
    _, far = _edges_on_rays(wall.share, *in_voxels(labels.grid, pose, origins[rows], directions[rows]), rough)
    tip, sides = far[:-1][np.isfinite(far[:-1])], far[-1][np.isfinite(far[-1])]
    apex = middle - float(np.median(tip)) if len(tip) else apex
    radius = float(np.median(sides)) if len(sides) else np.inf
    hinge = apex + min(radius, (base - apex) / 2)
    way = np.hypot(across, np.minimum(z - hinge, 0.0))
    return _Extent(hinge, base, max(float(across.max()), float(way.max())) + 2 * step, float(way.min()) - 2 * step)


def _plane_of(labels: Volume) -> tuple[ValvePlane | None, Array]:
    """The valve plane, and the index (i, j, k) from which it is measured; no plane without cubic voxels or a pool."""
    spacing, box = labels.grid.spacing, box_round(labels.array, 1)
    first = np.array([part.start or 0 for part in box[::-1]])
    if np.ptp(spacing) > SAME_SPACING * spacing.mean():
        return None, first
    lv, pool = (np.pad((labels.array[box] >= least).astype(float), ((0, 1), (0, 0), (0, 0))) for least in LEAST_LABELS)
    return valve_plane(lv, pool, float(spacing.mean())), first


def _valve_height(labels: Volume, wall: _Wall, pose: Pose) -> float | None:
    """Where the long axis meets the valve plane, mm along k; None without one."""
    plane, spacing = wall.plane, labels.grid.spacing
    if plane is None:
        return None
    start, ahead = ((labels.grid.index_of(pose.apply([0.0, 0.0, z])) - wall.plane_from) * spacing for z in (0.0, 1.0))
    step = ahead - start
    rise = step[2] - plane.slope_i * step[0] - plane.slope_j * step[1]
    return float((plane.at(start[0], start[1]) - start[2]) / rise) if rise > 0 else None


def _slice_positions(hinge: float, base: float) -> Array:
    return hinge + (np.arange(SLICES) + 0.5) * (base - hinge) / SLICES


def _edges_on_rays(wall: NDArray[np.float32], start: Array, step: Array, extent: _Extent) -> tuple[Array, Array]:
    """Endocardium and epicardium on each ray in mm from its start; nan where it meets no wall."""
    begin, end = max(extent.nearest // SEARCH_STEP_MM, 0.0), np.ceil(extent.reach / SEARCH_STEP_MM)
    way = np.arange(begin, end + 1) * SEARCH_STEP_MM
    share = values_at(wall, start[..., None, :] + way[:, None] * step[..., None, :])
    inside = share >= 0.5
    first = inside.argmax(axis=-1)
    last = len(way) - 1 - inside[..., ::-1].argmax(axis=-1)
    near = _crossing(share, way, first, first - 1)
    far = _crossing(share, way, last, last + 1)
    found = inside.any(axis=-1)
    return np.where(found, near, np.nan), np.where(found, far, np.nan)


def _crossing(share: NDArray[np.float32], way: Array, inside: NDArray[np.int64], outside: NDArray[np.int64]) -> Array:
    """Where the share of wall is a half, between a step inside the wall and the one beside it."""
    beside = np.clip(outside, 0, len(way) - 1)
    a = np.take_along_axis(share, inside[..., None], axis=-1)[..., 0].astype(float)
    b = np.take_along_axis(share, beside[..., None], axis=-1)[..., 0].astype(float)
    part = np.where(a > b, (a - 0.5) / np.where(a > b, a - b, 1.0), 0.0)
    return np.asarray(way[inside] + np.clip(part, 0.0, 1.0) * (way[beside] - way[inside]))


def _areas(radius: Array, extent: _Extent) -> Array:
    """Area of each sample: of a piece of a sphere in the cap, of a cylinder above it, and the slope of its row."""
    sector = 2 * np.pi / RAYS
    turn, rise = np.pi / 2 / RINGS, (extent.base - extent.hinge) / SLICES
    across = radius[:RINGS] * np.sin(cap_angles())[:, None]
    cap = across * np.hypot(radius[:RINGS], _change(radius[:RINGS]) / turn) * turn
    cylinder = radius[RINGS:] * np.hypot(rise, _change(radius[RINGS:]))
    return np.concatenate([cap, cylinder]) * sector


def _change(radius: Array) -> Array:
    """``(rows, 1)`` change of the typical radius from row to row, the steps of the labels smoothed; 0 where unknown."""
    typical = _row_medians(radius)
    smooth = np.convolve(np.pad(typical, 1, mode="edge"), np.full(3, 1 / 3), mode="valid")
    return np.nan_to_num(np.gradient(smooth))[:, None]


def _row_medians(radius: Array) -> Array:
    """``(rows,)`` of the finite values; nan where a row has none."""
    ordered, count = np.sort(radius, axis=1), np.isfinite(radius).sum(axis=1)  # nan comes last
    rows = np.arange(len(radius))
    return np.asarray((ordered[rows, np.maximum(count - 1, 0) // 2] + ordered[rows, count // 2]) / 2)


def _to_end(radius: Array, extent: _Extent) -> Array:
    """Height of the last wall above each sample at the same angle: half a slice more than between their middles."""
    slices = np.broadcast_to(_slice_positions(extent.hinge, extent.base)[:, None], (SLICES, RAYS))
    height = np.concatenate([extent.hinge - radius[:RINGS] * np.cos(cap_angles())[:, None], slices])
    height = np.where(np.isfinite(radius), height, np.nan)
    last = np.nan_to_num(height, nan=-np.inf).max(axis=0)
    return np.asarray(last - height + (extent.base - extent.hinge) / SLICES / 2)


def _row_edges(radius: Array, extent: _Extent) -> Array:
    """Borders between rows along the long axis, as a share of its length from mid-wall apex to valve plane."""
    known = np.isfinite(radius[:RINGS]).any(axis=1)
    if not known.any():
        return np.linspace(0.0, 1.0, ROWS + 1)
    means = _row_medians(radius[:RINGS][known])
    ring_radius = np.interp(np.arange(RINGS), np.flatnonzero(known), means)
    rings = extent.hinge - ring_radius * np.cos(cap_angles())
    middle = np.concatenate([rings, _slice_positions(extent.hinge, extent.base)])
    apex = float(extent.hinge - np.median(ring_radius[:TIP_RINGS]))
    middle = np.maximum.accumulate(np.maximum(middle, apex))
    edges = np.concatenate([[apex], (middle[1:] + middle[:-1]) / 2, [extent.base]])
    return np.asarray((edges - apex) / (extent.base - apex))
