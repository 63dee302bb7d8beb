"""Slices, extents and colour limits of the pictures of a result.

Short-axis pictures are the voxels of the SA volume as they are; a picture of the study is one cubic interpolation
of it. Positions are mm from the LV centre, to the right and **down** on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.labels import BACKGROUND
from ..geometry.labels import largest_count
from ..geometry.pose import Pose
from ..geometry.views import SA
from ..geometry.views import View
from ..geometry.views import display_array
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..prediction.result import Result

Array = NDArray[np.float64]
Extent = tuple[float, float, float, float]

MARGIN_MM = 26.0
"""Tissue shown round the LV."""
LEAST_HALF_WIDTH_MM = 50.0
"""Half the width of a picture of a small LV."""
MISSING_LV_HALF_LENGTH_MM = 45.0
"""Half the length of the long axis drawn where no LV was labelled."""
STUDY_SPACING_MM = 2.0
"""Pixel of a picture of the study."""
STUDY_HALF_WIDTH_MM = 210.0
"""Largest distance from the LV centre shown of the study."""


@dataclass(frozen=True)
class Stack:
    """The slices of one view, in reading order.

    Attributes:
        images: ``(slice, row, column)``, row 0 at the top of the screen, column 0 at its left.
        extent: left, right, bottom and top edge in mm from the LV centre; down is positive.
        positions: ``(slice,)`` mm from the LV centre in reading order.
    """

    images: NDArray[Any]
    extent: Extent
    positions: Array

    def nearest(self, position: float) -> int:
        """Index of the slice nearest to a position in mm."""
        return int(np.argmin(np.abs(self.positions - position)))


def view_stack(volume: Volume, pose: Pose, view: View) -> Stack:
    """An SA volume as a view shows it, without interpolation.

    Args:
        volume: ``(K, J, I)`` isotropic voxels along the SA axes of ``pose``.
        pose: SA frame to LPS.
        view: one of the standard views.
    """
    grid = volume.grid
    half = grid.spacing[0] / 2
    corners = pose.apply_inverse(grid.at(np.array([(0, 0, 0), grid.size]) - [[0], [1]])) @ view.axes
    (left, top, first), (right, bottom, last) = corners.min(axis=0), corners.max(axis=0)
    images = display_array(volume.array, view)
    extent = (left - half, right + half, bottom + half, top - half)
    return Stack(images, extent, np.linspace(first, last, len(images)))


def study_slice(study: Volume, centre: Array, right: Array, down: Array) -> Stack:
    """The one slice of the study through a point, cubic interpolation, at most 420 mm wide.

    Args:
        study: ``(K, J, I)`` counts, LPS mm.
        centre: ``(3,)`` LPS mm; zero of the extent.
        right, down: ``(3,)`` unit vectors in LPS.
    """
    axes = np.stack([right, down, np.cross(right, down)], axis=1).astype(float)
    box = study.grid.corners(beyond=0.5) - centre
    low = np.maximum((box @ axes).min(axis=0), -STUDY_HALF_WIDTH_MM)
    high = np.minimum((box @ axes).max(axis=0), STUDY_HALF_WIDTH_MM)
    columns, rows = (int(n) for n in np.ceil((high - low)[:2] / STUDY_SPACING_MM))
    first = (np.array([low[0], low[1], 0.0]) + STUDY_SPACING_MM / 2) * [1, 1, 0]
    grid = Grid((columns, rows, 1), np.full(3, STUDY_SPACING_MM), centre + axes @ first, axes)
    width, height = columns * STUDY_SPACING_MM, rows * STUDY_SPACING_MM
    extent = (float(low[0]), float(low[0] + width), float(low[1] + height), float(low[1]))
    return Stack(resample(study, grid).array, extent, np.zeros(1))


def display_maximum(counts: NDArray[Any], labels: NDArray[Any] | None) -> float:
    """The largest count inside the LV; of all counts where no LV is labelled; 1 where there are no counts."""
    largest = largest_count(counts, np.zeros(1) if labels is None else labels)
    return largest if largest > 0 else 1.0


def long_axis_range(result: Result) -> tuple[float, float]:
    """Apex and base of the labelled LV along k, mm from its centre."""
    present = np.flatnonzero((result.labels.array != BACKGROUND).any(axis=(1, 2)))
    if not present.size:
        return -MISSING_LV_HALF_LENGTH_MM, MISSING_LV_HALF_LENGTH_MM
    positions = view_stack(result.labels, result.pose, SA).positions
    return float(positions[present[0]]), float(positions[present[-1]])


def lv_box(labels: Volume, pose: Pose) -> NDArray[np.float64] | None:
    """``(2, 3)`` lowest and highest corner of the labelled LV, SA mm; None where no LV is labelled."""
    index = np.argwhere(labels.array != BACKGROUND)[:, ::-1]
    if not len(index):
        return None
    return np.sort(pose.apply_inverse(labels.grid.at(np.array([index.min(axis=0), index.max(axis=0)]))), axis=0)


def lv_window(result: Result, view: View) -> Extent:
    """Left, right, bottom, top in mm: a square round the labelled LV with a margin, centred on it."""
    box = lv_box(result.labels, result.pose)
    if box is None:
        half = MISSING_LV_HALF_LENGTH_MM + MARGIN_MM
        return -half, half, half, -half
    ends = box @ view.axes
    low, high = ends.min(axis=0)[:2], ends.max(axis=0)[:2]
    half = max(float((high - low).max()) / 2 + MARGIN_MM, LEAST_HALF_WIDTH_MM)
    half = min(half, float(result.labels.grid.extent.min()) / 2)
    x, y = ((low + high) / 2).tolist()
    return x - half, x + half, y + half, y - half
