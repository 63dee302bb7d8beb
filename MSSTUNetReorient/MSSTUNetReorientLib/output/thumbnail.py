"""One small picture of a result, for a list of many: short axis, horizontal and vertical long axis side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..geometry.views import View
from ..prediction.result import Result
from ..scene.colours import entries
from .colour_tables import DEFAULT
from .colour_tables import table_named
from .view_slices import display_maximum
from .view_slices import long_axis_range
from .view_slices import lv_window
from .view_slices import view_stack

EDGE = 96
"""Pixels of the edge of each of the three views."""
NAME = "thumbnail.png"


def thumbnail(result: Result, colours: str = DEFAULT) -> NDArray[np.uint8]:
    """``(EDGE, 3 EDGE, 3)`` RGB: the slices through the middle of the LV, from zero to its largest count."""
    table = np.rint(255 * entries(table_named(colours))).astype(np.uint8)
    largest = display_maximum(result.short_axis.array, result.labels.array)
    middle = sum(long_axis_range(result)) / 2
    shown = [_nearest_pixels(result, view, at) for view, at in ((SA, middle), (HLA, 0.0), (VLA, 0.0))]
    level = np.clip(np.hstack(shown) / largest, 0.0, 1.0)
    return table[np.rint(255 * level).astype(int)]


def _nearest_pixels(result: Result, view: View, position: float) -> NDArray[np.float32]:
    """The window round the LV in one slice, by nearest voxels."""
    stack = view_stack(result.short_axis, result.pose, view)
    image = stack.images[stack.nearest(position)]
    left, right, bottom, top = lv_window(result, view)
    first_x, last_x, last_y, first_y = stack.extent
    centres = (np.arange(EDGE) + 0.5) / EDGE
    columns = _index(left + centres * (right - left), first_x, last_x, image.shape[1])
    rows = _index(top + centres * (bottom - top), first_y, last_y, image.shape[0])
    return np.asarray(image[np.ix_(rows, columns)], np.float32)


def _index(places: NDArray[np.float64], first: float, last: float, count: int) -> NDArray[np.int_]:
    return np.clip(((places - first) / (last - first) * count).astype(int), 0, count - 1)


def write_thumbnail(result: Result, path: Path, colours: str = DEFAULT) -> None:
    """Write :func:`thumbnail` as a PNG."""
    from PIL import Image

    Image.fromarray(thumbnail(result, colours)).save(path, format="png", optimize=False)
