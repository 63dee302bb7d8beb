"""The long axis from the counts alone: a straight line through the middle of the wall in SA slices.

No model and no labels take part, so the estimate is independent of both, and of a surface fitted to the whole wall.
In each SA slice rays find the ridge of the wall; a circle fitted to the ridge gives its middle. A line through the
middles of the slices where the wall closes round is the axis. The slices are then taken across that axis, and again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

CUBE_SIZE, CUBE_SPACING = 85, 2.0
"""The SA cube from which the counts are read: voxels along an edge, and mm."""
ROUNDS = 3
RAYS = 48
RADII_MM: Array = np.arange(6.0, 48.0, 1.0)
"""Along a ray; the ridge of a wall lies 15 to 35 mm from the axis."""
HEIGHTS_MM: Array = np.arange(-54.0, 45.0, 3.0)
"""Of the slices, along the axis from the LV centre; all that are no part of the LV drop out."""
BLUR_MM = 3.0
"""Standard deviation of the smoothing before a ridge is looked for."""
NEAR_MM = 9.0
"""A ridge further than this from the typical radius of its slice is another organ's."""
LEAST_RIDGE = 0.5
"""A ridge below this share of the wall's typical one is a defect, or not the wall; it is dropped."""
LEAST_SHARE = 0.75
"""Of a slice's rays, that must show the wall."""
LEAST_PAIRS = 0.4
"""Of a slice's rays, that must show the wall together with the opposite ray."""
LEAST_SLICES = 5
HUBER_MM = 1.5
FIT_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Ridges:
    """The ridge along each ray of each slice.

    Attributes:
        radius: ``(slices, rays)`` mm; seen: whether it is a wall's.
    """

    radius: Array
    seen: Mask


def wall_line(study: Volume, start: Pose) -> Array | None:
    """The long axis ``(3,)``, apex to base, LPS; None where too few slices show a closed wall.

    Args:
        study: transaxial counts; start: a pose within some 15 degrees and 10 mm, of which only axis and centre count.
    """
    pose = Pose.from_long_axis(start.long_axis, start.centre)
    heart = resample(study, Grid.centred(CUBE_SIZE, CUBE_SPACING, pose))
    smooth = Volume(ndimage.gaussian_filter(heart.array, BLUR_MM / CUBE_SPACING), heart.grid)
    for _ in range(ROUNDS):
        found = _line(ridges(smooth, pose))
        if found is None:
            return None
        middle, slope = found
        k = pose.rotation @ np.array([*slope, 1.0])
        pose = Pose.from_long_axis(k, pose.apply([*middle, 0.0]))
    return pose.long_axis


def ridges(study: Volume, pose: Pose) -> Ridges:
    """Along each ray of each slice the highest counts near the typical radius of the slice."""
    profiles = _profiles(study, pose)
    wide = RADII_MM[profiles.argmax(axis=2)]
    typical = ndimage.median_filter(np.median(wide, axis=1), 5)[:, None, None]
    near = np.where(np.abs(RADII_MM - typical) <= NEAR_MM, profiles, -np.inf)
    index = near.argmax(axis=2)
    inner = np.clip(index, 1, len(RADII_MM) - 2)
    left, top, right = (np.take_along_axis(profiles, (inner + n)[..., None], 2)[..., 0] for n in (-1, 0, 1))
    peak = (index == inner) & (top > left) & (top >= right)
    bend = np.where(peak, left - 2 * top + right, -1.0)
    radius = RADII_MM[inner] + np.where(peak, (left - right) / (2 * bend), 0.0)
    bright = top > LEAST_RIDGE * np.percentile(top[peak], 75) if peak.any() else peak
    steady = np.abs(radius - ndimage.median_filter(radius, (1, 7), mode="wrap")) < NEAR_MM / 2
    return Ridges(radius, peak & bright & steady)


def _profiles(study: Volume, pose: Pose) -> Array:
    """Counts ``(slices, rays, radii)``."""
    height, angle, radius = np.meshgrid(HEIGHTS_MM, angles(), RADII_MM, indexing="ij")
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=-1)
    index = study.grid.index_of(pose.apply(points))
    return np.asarray(ndimage.map_coordinates(study.array, np.moveaxis(index[..., ::-1], -1, 0), order=1))


def angles() -> Array:
    """Of the rays, radians from ``i`` to ``j``."""
    return np.arange(RAYS) * 2 * np.pi / RAYS


def _line(found: Ridges) -> tuple[Array, Array] | None:
    """Middle at height 0 and slope ``(2,)`` of the line through the slices' middles; None with too few slices."""
    both = found.seen & np.roll(found.seen, RAYS // 2, axis=1)
    closed = (found.seen.mean(axis=1) >= LEAST_SHARE) & (both.mean(axis=1) >= LEAST_PAIRS)
    if closed.sum() < LEAST_SLICES:
        return None
    angle, slices = angles(), np.flatnonzero(closed)
    middles = np.array([circle(found.radius[n][found.seen[n]], angle[found.seen[n]]) for n in slices])
    fit = robust(np.stack([np.ones(len(slices)), HEIGHTS_MM[slices]], axis=1), middles)
    return fit[0], fit[1]


def circle(radius: Array, angle: Array) -> Array:
    """Middle ``(2,)`` of the circle fitted to points in polar coordinates, with Huber's weights."""
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    terms, squares = np.stack([2 * x, 2 * y, np.ones_like(x)], axis=1), x**2 + y**2
    weight, middle = np.ones_like(x), np.zeros(2)
    for _ in range(FIT_ROUNDS):
        fit = np.linalg.lstsq(terms * weight[:, None], squares * weight, rcond=None)[0]
        middle = np.asarray(fit[:2])
        size = np.sqrt(max(float(fit[2] + middle @ middle), 0.0))
        weight = _huber(np.hypot(x - middle[0], y - middle[1]) - size)
    return middle


def robust(terms: Array, values: Array) -> Array:
    """Least squares ``(M, D)`` of values ``(N, D)`` on terms ``(N, M)`` with Huber's weights."""
    weight = np.ones(len(terms))
    fit: Array = np.zeros((terms.shape[1], values.shape[1]))
    for _ in range(FIT_ROUNDS):
        fit = np.asarray(np.linalg.lstsq(terms * weight[:, None], values * weight[:, None], rcond=None)[0])
        weight = _huber(np.linalg.norm(values - terms @ fit, axis=1))
    return fit


def _huber(off: Array) -> Array:
    """Roots of the weights, by which rows of a linear system are multiplied."""
    return np.asarray(np.sqrt(np.minimum(1.0, HUBER_MM / np.maximum(np.abs(off), 1e-9))))
