"""The mid-wall surface of an LV, from its labels as they appear.

Blur thickens the wall to both sides, so that the surface half way between the apparent endo- and epicardium stays near
the middle of the true wall. Where blur has closed the blood pool, mostly at the apex, there is no endocardium: the
surface then lies as deep below the epicardium as it does where the pool is open.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.labels import box_round
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from .valve_plane import HALF
from .valve_plane import valve_plane

Array = NDArray[np.float64]

FINE_MM = 1.5
"""Voxel in which surfaces are found, whatever that of the labels is."""
MARGIN_MM = 20.63
"""Room round the labels, and above the valve plane, so that no distance feels the edge. Not a round number: no fine
voxel lies on the face of a voxel of the labels, where it would belong to neither side."""
RIM_MM = 4.0
"""Labels less than this below the valve plane are rounded by blur; those just below take their place."""
BLURRED_DEPTH_MM = 2.6
"""Of a wall that appears thicker than 10.4 mm, the inner surface is moved more than the outer: the blur of the walls
round a cavity adds up. Calibrated, see docs/volumes.md."""
THICK_MM = 18.0
"""Apparent thickness where the blood pool is too small to measure it."""
NEAR_VOXELS = 2
"""Fine voxels round the LV in which depths are needed: with one more than none, the nearest voxels beyond a surface are
among them."""
REACH_VOXELS = 14
"""Fine voxels round the mid-wall surface whose distances are measured: no wall is 40 mm thick."""
NEAR_GAP, FAR_GAP = 0.55, 0.2
"""From a smooth surface to the nearest voxel behind it, in voxels, seen from close by and from afar (a sphere)."""


@dataclass(frozen=True, eq=False)
class MidWall:
    """The mid-wall surface as distances on a grid of :data:`FINE_MM`; it continues above the valve plane.

    Attributes:
        distance: ``(K, J, I)`` mm to the surface, negative inside.
        below: ``(K, J, I)`` share of each voxel below the valve plane.
        apex_to_plane_mm: along ``k``, from the lowest point of the surface to the valve plane.
        apparent_mm: thickness of the wall as it appears, median over the surface of the blood pool.
    """

    distance: Array
    below: Array
    apex_to_plane_mm: float
    apparent_mm: float

    def volume_ml(self, offset: float = 0.0) -> float:
        """Volume below the valve plane, inside the surface moved outward by ``offset`` mm."""
        share = np.clip(0.5 - (self.distance - offset) / FINE_MM, 0.0, 1.0)
        return float((share * self.below).sum()) * FINE_MM**3 / 1000

    def sections_mm2(self) -> Array:
        """``(N,)`` area inside the surface in each slice, from the apex to the valve plane on the axis."""
        share = np.clip(0.5 - self.distance / FINE_MM, 0.0, 1.0)
        area = share.sum(axis=(1, 2)) * FINE_MM**2
        first = int(np.flatnonzero(area > 0)[0])
        return np.asarray(area[first : first + round(self.apex_to_plane_mm / FINE_MM)], dtype=float)


def mid_wall(labels: Volume) -> MidWall | None:
    """The mid-wall surface of the labels of an SA image; None without a blood pool or a wall, or with too little."""
    if not (labels.array == BLOOD_POOL).any() or not (labels.array == MYOCARDIUM).any():
        return None
    lv, pool = (_fine(labels, labels.array >= least) for least in (MYOCARDIUM, BLOOD_POOL))
    plane = valve_plane(lv, pool, FINE_MM)
    if plane is None:
        return None
    height = plane.height(pool.shape, FINE_MM)
    masks = [_continued(share, height) > HALF for share in (lv, pool)]
    near = box_round(masks[0] | masks[1], NEAR_VOXELS)
    depth, from_pool = (_distance(mask[near]) * sign for mask, sign in zip(masks, (-1, 1), strict=True))
    thickness = _apparent_mm(depth, from_pool, height[near])
    inside = np.zeros(lv.shape, dtype=bool)
    inside[near] = depth > mid_wall_depth(np.minimum(depth + from_pool, thickness))
    if not (inside & (height < 0)).any():
        return None
    round_it = box_round(inside, REACH_VOXELS)
    distance, height = _distance(inside[round_it]), height[round_it]
    below = np.clip(HALF - height / FINE_MM, 0.0, 1.0)
    return MidWall(distance, below, _length(distance, height), thickness)


def mid_wall_depth(apparent_mm: Array) -> Array:
    """Depth of the mid-wall below the apparent epicardium, mm, from the thickness of the wall as it appears.

    >>> mid_wall_depth(np.array([9.0, 18.0])).tolist()
    [4.5, 7.1]
    """
    return np.minimum(apparent_mm / 2, BLURRED_DEPTH_MM + apparent_mm / 4)


def _fine(labels: Volume, mask: NDArray[np.bool_]) -> Array:
    """Share of a mask ``(K, J, I)`` round the LV, on isotropic voxels of :data:`FINE_MM` along the same axes."""
    grid = labels.grid
    box = box_round(labels.array, 0)[::-1]
    first = np.array([s.start or 0 for s in box]) * grid.spacing - MARGIN_MM
    last = np.array([(s.stop or n) - 1 for s, n in zip(box, grid.size, strict=True)]) * grid.spacing + MARGIN_MM
    i, j, k = (int(n) for n in np.ceil((last - first) / FINE_MM) + 1)
    fine = Grid((i, j, k), np.full(3, FINE_MM), grid.at(first / grid.spacing), grid.direction)
    return np.asarray(resample(Volume(mask.astype(np.float32), grid), fine, order=1).array, dtype=float)


def _continued(share: Array, height: Array) -> Array:
    """Shares with each column above the rim like its last voxel below it: a cup without an end."""
    above = height > -RIM_MM
    last = np.clip((~above).sum(axis=0) - 1, 0, len(share) - 1)
    return np.where(above, np.take_along_axis(share, last[None], axis=0), share)


def _distance(mask: NDArray[np.bool_]) -> Array:
    """``(K, J, I)`` mm to the surface of a mask, which lies between the voxels on its two sides; negative inside."""
    outward, near = _to(mask), box_round(mask, 1)  # the nearest voxel outside lies within the box round the mask
    outward[near] = np.where(mask[near], _to(~mask[near]), outward[near])
    gap = FINE_MM * (FAR_GAP + (NEAR_GAP - FAR_GAP) * np.exp(-(outward / FINE_MM - 1) / 2))
    return np.where(mask, gap - outward, outward - gap)


def _to(mask: NDArray[np.bool_]) -> Array:
    """``(K, J, I)`` mm to the nearest voxel of a mask; not to be read inside it."""
    image = sitk.GetImageFromArray(mask.astype(np.uint8))
    squared = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=True, useImageSpacing=False)
    return np.sqrt(np.abs(sitk.GetArrayViewFromImage(squared)), dtype=float) * FINE_MM


def _apparent_mm(depth: Array, from_pool: Array, height: Array) -> float:
    """Median depth of the surface of the blood pool, mm."""
    surface = (np.abs(from_pool) < FINE_MM) & (height < -RIM_MM)
    found = depth[surface] + from_pool[surface]
    return float(np.median(found)) if len(found) else THICK_MM


def _length(distance: Array, height: Array) -> float:
    """mm along ``k`` from the lowest point of the surface to the valve plane above its middle."""
    inside = distance < 0
    k, j, i = np.nonzero(inside & (height < 0))
    column = height[:, round(float(j.mean())), round(float(i.mean()))]
    top = float(np.interp(0.0, column, np.arange(len(column))))
    return (top - (float(k.min()) - 0.5)) * FINE_MM
