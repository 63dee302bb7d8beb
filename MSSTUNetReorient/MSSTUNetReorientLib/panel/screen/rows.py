"""Rows as readers of perfusion studies read them: short axis from apex to base, then the long axes; stress over rest.

All studies of a page share their slice positions, in mm from the middle between apex and base, so that slices that
belong together stand one above the other; each is shown in per cent of its own LV's maximum. Tiles are the voxels of
the short-axis volume as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...geometry.labels import BACKGROUND
from ...geometry.labels import BLOOD_POOL
from ...geometry.pose import Pose
from ...geometry.views import HLA
from ...geometry.views import SA
from ...geometry.views import VLA
from ...geometry.views import View
from ...geometry.volume import Volume
from ...output.view_slices import display_maximum
from ...output.view_slices import lv_box
from ...output.view_slices import view_stack

Array = NDArray[np.float64]
COLUMNS = 8
MARGIN_MM = 16.0
"""Tissue shown round the LV."""
USUAL_LV_MM = ((-32.0, -32.0, -50.0), (32.0, 32.0, 40.0))
"""Where an LV mostly lies in its frame, where none was labelled."""
PIXEL_MM = 2.0
TIE_MM = 1e-3
"""A position midway between two slices always falls to the same one, whatever the pose's last digits are."""
STRESS = re.compile(r"stress|exerc|adeno|dipy|regad|dobut|\bstr\b", re.IGNORECASE)
REST = re.compile(r"rest|\brst\b|redist", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Heart:
    """One study for the rows.

    Attributes:
        name: of the study.
        pose: SA frame to LPS.
        counts, labels: ``(K, J, I)`` on one short-axis grid of the pose.
    """

    name: str
    pose: Pose
    counts: Volume
    labels: Volume

    @property
    def box(self) -> Array:
        """``(2, 3)`` lowest and highest corner of the labelled LV, SA mm."""
        box = lv_box(self.labels, self.pose)
        return np.array(USUAL_LV_MM) if box is None else box

    @cached_property
    def hottest(self) -> float:
        """The largest count within the LV; of the whole volume where none was labelled."""
        return display_maximum(self.counts.array, self.labels.array)


@dataclass(frozen=True)
class Row:
    """One row of tiles.

    Attributes:
        heart: index of its study.
        view: which way it is cut.
        positions: mm along the reading order, from the middle of the LV.
    """

    heart: int
    view: View
    positions: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Page:
    """The rows as one image.

    Attributes:
        percent: ``(row, column)`` of the LV's maximum.
        wall: the same, 1 within the LV (wall and pool); ``pool``: 1 within the pool.
        rows: from top to bottom.
        tile: pixels along an edge of a tile.
        names: of the studies.
    """

    percent: NDArray[np.float32]
    wall: NDArray[np.float32]
    pool: NDArray[np.float32]
    rows: tuple[Row, ...]
    tile: int
    names: tuple[str, ...]


def stress_first(names: Sequence[str]) -> list[int]:
    """Indices in reading order: stress above rest where names say which is which, else as they come."""

    def rank(n: int) -> int:
        name = names[n]
        return 0 if STRESS.search(name) else 2 if REST.search(name) else 1

    return sorted(range(len(names)), key=rank)


def make_page(hearts: Sequence[Heart]) -> Page:
    """Lay out one study or a pair."""
    boxes = np.array([heart.box for heart in hearts])
    middles, half = boxes.mean(axis=1), (boxes[:, 1] - boxes[:, 0]).max(axis=0) / 2
    rows = tuple(_rows(len(hearts), half))
    tile = int(np.ceil(2 * (half.max() + MARGIN_MM) / PIXEL_MM))
    images = [_tiles(hearts[row.heart], middles[row.heart], row, tile) for row in rows]
    percent, wall, pool = (np.vstack([image[n] for image in images]) for n in range(3))
    return Page(percent, wall, pool, rows, tile, tuple(heart.name for heart in hearts))


def _rows(hearts: int, half: Array) -> list[Row]:
    """SA in two parts, VLA, HLA; the studies one below the other in each."""
    across, down, along = half.tolist()
    short = _positions(along, 2 * COLUMNS)
    parts = [
        (SA, short[:COLUMNS]),
        (SA, short[COLUMNS:]),
        (VLA, _positions(across, COLUMNS)),
        (HLA, _positions(down, COLUMNS)),
    ]
    return [Row(heart, view, positions) for view, positions in parts for heart in range(hearts)]


def _positions(half: float, number: int) -> tuple[float, ...]:
    """Middles of equal parts of the length."""
    return tuple(float(x) for x in half * ((2 * np.arange(number) + 1) / number - 1))


def _tiles(heart: Heart, middle: Array, row: Row, tile: int) -> tuple[NDArray[np.float32], ...]:
    """``(tile, 8 tile)`` of counts in per cent, LV, and pool."""
    x, y, z = (middle @ row.view.axes).tolist()
    counts = view_stack(heart.counts, heart.pose, row.view)
    labels = view_stack(heart.labels, heart.pose, row.view).images
    pixel = (counts.extent[1] - counts.extent[0]) / counts.images.shape[2]
    column = round((x + TIE_MM - counts.extent[0]) / pixel) - tile // 2
    line = round((y + TIE_MM - counts.extent[3]) / pixel) - tile // 2
    found = []
    for position in row.positions:
        index = counts.nearest(z + position + TIE_MM)
        image = _cut(counts.images[index], line, column, tile) * np.float32(100.0 / heart.hottest)
        marks = _cut(labels[index], line, column, tile)
        found.append((image, marks != BACKGROUND, marks == BLOOD_POOL))
    return tuple(np.hstack([each[n] for each in found]).astype(np.float32) for n in range(3))


def _cut(image: NDArray[np.generic], line: int, column: int, size: int) -> NDArray[np.float32]:
    """A square of an image; 0 beyond its edges."""
    padded = np.pad(image.astype(np.float32), size)
    top, left = (int(np.clip(start + size, 0, side)) for start, side in zip((line, column), image.shape, strict=True))
    return padded[top : top + size, left : left + size]
