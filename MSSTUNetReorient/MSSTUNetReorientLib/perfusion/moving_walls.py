"""The moving inner and outer surface of the wall, as it appears in each gate, on rays that stand still.

The rays are those of the polar map: from a hinge point on the long axis into a spherical cap, and from the axis above
it in short-axis slices. On each ray the outer edge is where the share of the LV falls to a half, the inner edge where
that of the blood pool does; the valve plane moves along the long axis. Radii and plane are smoothed over the cycle: a
wall moves smoothly and noise does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from ..geometry.volume import Grid
from .lookup import values_at
from .sampling import RAYS
from .sampling import RINGS
from .sampling import SLICES
from .sampling import in_voxels
from .sampling import rays_between

Array = NDArray[np.float64]
Shares = NDArray[np.float32]

HARMONICS = 2
"""Of the heart beat that smoothed movements keep: the second lets the ejection be shorter than the filling (ours)."""
HALF = 0.5
"""Share of wall or pool at which a surface lies."""
STEP_MM = 1.0
"""Along a ray in the search for the edges; they are interpolated between steps."""
BEYOND_MM = 10.0
"""Room on the rays outside of the LV."""
CORE_SHARE = 0.5
"""The valve plane is looked for above the middle of the LV: within this part of its radius."""
RIM_MM = 6.0
"""The pool's top is rounded by blur this far below the valve plane (ours)."""


@dataclass(frozen=True, eq=False)
class Rays:
    """Rays that stand still during the cycle; SA mm.

    Attributes:
        hinge: height of the hinge along ``k``; top: of the upper end of the last row.
        starts, directions: ``(ROWS, RAYS, 3)``.
        reach: length of the rays.
    """

    hinge: float
    top: float
    starts: Array
    directions: Array
    reach: float

    @property
    def row_mm(self) -> float:
        """Height of a row above the hinge."""
        return (self.top - self.hinge) / SLICES

    @property
    def heights(self) -> Array:
        """``(SLICES,)`` middle of each row above the hinge, along ``k``."""
        return np.asarray(self.hinge + (np.arange(SLICES) + 0.5) * self.row_mm, dtype=float)

    def volume_ml(self, radius: Array, plane: Array) -> Array:
        """``(G,)`` volume inside radii ``(G, ROWS, RAYS)`` below valve planes at heights ``(G,)``."""
        sector = 2 * np.pi / RAYS
        polar = np.arange(RINGS + 1) * np.pi / 2 / RINGS
        cap = np.clip(radius[:, :RINGS], 0, None) ** 3 / 3 * -np.diff(np.cos(polar))[:, None] * sector
        slices = np.clip(radius[:, RINGS:], 0, None) ** 2 / 2 * sector * self.row_mm
        below = np.clip((plane[:, None] - self.heights) / self.row_mm + 0.5, 0, 1)
        total = cap.sum(axis=(1, 2)) + (slices.sum(axis=2) * below).sum(axis=1)
        return np.asarray(total / 1000, dtype=float)


@dataclass(frozen=True, eq=False)
class MovingWalls:
    """The surfaces as they appear; arrays ``(G, ROWS, RAYS)``, apex first, mm along the rays.

    Attributes:
        rays: where they were found.
        outer: the epicardium; nowhere missing.
        inner: the endocardium; 0 where the blood pool has closed.
        plane: ``(G,)`` height of the valve plane on the long axis.
    """

    rays: Rays
    outer: Array
    inner: Array
    plane: Array


def harmonics(values: Array, kept: int = HARMONICS) -> Array:
    """A periodic series ``(G, ...)`` with its mean and its first harmonics only.

    >>> harmonics(np.array([1.0, -1.0] * 4)).round(6).tolist()
    [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    """
    spectrum = np.fft.rfft(values, axis=0)
    spectrum[kept + 1 :] = 0
    return np.asarray(np.fft.irfft(spectrum, n=len(values), axis=0))


def moving_walls(shares: Shares, grid: Grid, pose: Pose) -> MovingWalls | None:
    """Find the surfaces in every gate; None where no gate has an LV.

    Args:
        shares: ``(G, 2, K, J, I)`` of wall and blood pool.
        grid: of the shares.
        pose: SA frame to LPS; its long axis is where the rays start.
    """
    mean = shares.mean(axis=0)
    rays = _rays_for(mean.sum(axis=0), grid, pose)
    if rays is None:
        return None
    whole = shares.sum(axis=1)
    plane = harmonics(_planes(whole, grid, pose, rays))
    outer = np.stack([_filled(_last_edge(lv, grid, pose, rays)) for lv in whole])
    inner = np.stack([np.nan_to_num(_last_edge(pool, grid, pose, rays)) for pool in shares[:, 1]])
    inner = _continued(inner, rays, plane)
    return MovingWalls(rays, np.clip(harmonics(outer), 0, None), np.clip(harmonics(inner), 0, None), plane)


def _rays_for(lv: Shares, grid: Grid, pose: Pose) -> Rays | None:
    """The hinge is one radius of the epicardium above the apex, at most half the length of the LV."""
    index = np.argwhere(lv > HALF)[:, ::-1]
    if not len(index):
        return None
    points = pose.apply_inverse(grid.at(index))
    half_voxel = float(grid.spacing.max()) / 2
    apex, top = float(points[:, 2].min()) - half_voxel, float(points[:, 2].max()) + half_voxel
    radius = float(np.sqrt(np.percentile((points[:, :2] ** 2).sum(axis=1), 98)))
    hinge = apex + min(radius, (top - apex) / 2)
    reach = max(radius, hinge - apex) + 2 * BEYOND_MM
    top += BEYOND_MM
    return Rays(hinge, top, *rays_between(hinge, top), reach)


def _profiles(share: Shares, grid: Grid, pose: Pose, rays: Rays) -> tuple[Array, Array]:
    """Shares ``(ROWS, RAYS, N)`` along the rays, and the way ``(N,)`` in mm."""
    way = np.arange(0.0, rays.reach, STEP_MM)
    start, step = in_voxels(grid, pose, rays.starts, rays.directions)
    return values_at(share, start[..., None, :] + way[:, None] * step[..., None, :]).astype(float), way


def _last_edge(share: Shares, grid: Grid, pose: Pose, rays: Rays) -> Array:
    """``(ROWS, RAYS)`` where a share falls below a half for the last time; nan where it is nowhere above."""
    return _last_crossing(*_profiles(share, grid, pose, rays))


def _last_crossing(profile: Array, way: Array) -> Array:
    """Where profiles ``(..., N)`` at steps ``(N,)`` fall below a half for the last time; nan if nowhere above."""
    inside = profile > HALF
    last = np.minimum(len(way) - 1 - inside[..., ::-1].argmax(axis=-1), len(way) - 2)
    here, next_ = (np.take_along_axis(profile, n[..., None], axis=-1)[..., 0] for n in (last, last + 1))
    part = np.where(here > next_, (here - HALF) / np.where(here > next_, here - next_, 1.0), 0.0)
    return np.where(inside.any(axis=-1), way[last] + STEP_MM * np.clip(part, 0.0, 1.0), np.nan)


def _filled(radius: Array) -> Array:
    """Missing radii are those of the row below at the same angle; without one, the median of all."""
    out = radius.copy()
    middle = np.nanmedian(radius) if np.isfinite(radius).any() else 0.0
    out[0] = np.where(np.isfinite(out[0]), out[0], middle)
    for row in range(1, len(out)):
        out[row] = np.where(np.isfinite(out[row]), out[row], out[row - 1])
    return out


def _planes(whole: Shares, grid: Grid, pose: Pose, rays: Rays) -> Array:
    """``(G,)`` height of the valve plane: the median top of the LV above its middle."""
    across = np.linspace(-1, 1, 9) * rays.reach / 2 * CORE_SHARE
    x, y = (v.ravel() for v in np.meshgrid(across, across))
    keep = np.hypot(x, y) <= across[-1]
    x, y = x[keep], y[keep]
    z = np.arange(rays.hinge, rays.top, STEP_MM)
    points = np.stack(np.broadcast_arrays(x[:, None], y[:, None], z), axis=-1)
    index = grid.index_of(pose.apply(points))
    return np.array([_top(values_at(lv, index).astype(float), z) for lv in whole])


def _top(columns: Array, z: Array) -> float:
    """Median of where columns ``(N, Z)`` end; the lowest place where none is inside."""
    tops = _last_crossing(columns, z)
    return float(np.nanmedian(tops)) if np.isfinite(tops).any() else float(z[0])


def _continued(radius: Array, rays: Rays, plane: Array) -> Array:
    """Near and above the valve plane, where its top is rounded, the pool is as wide as in the last row below."""
    out = radius.copy()
    for gate, height in enumerate(plane):
        rim = np.flatnonzero(rays.heights > height - RIM_MM)
        if len(rim) and rim[0] > 0:
            out[gate, RINGS + rim[0] :] = out[gate, RINGS + rim[0] - 1]
    return out
