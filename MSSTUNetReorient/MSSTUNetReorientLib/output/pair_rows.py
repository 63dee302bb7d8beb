"""Drawing a pair as readers read it: rows of slices, stress above rest, each in its own frame.

Short-axis slices that stand one above the other have the same distance from the labelled apex of their own heart, those
of the long axes from their own LV's middle. Counts are in percent of the study's own LV's maximum.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..geometry.views import View
from ..prediction.result import Result
from .colour_tables import DEFAULT
from .colour_tables import colour_map
from .figures import INK
from .figures import counts_text
from .figures import draw_bar
from .figures import new_figure
from .view_slices import display_maximum
from .view_slices import lv_box
from .view_slices import view_stack

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

COLUMNS = 10
SHORT_AXIS_ROWS = 2
"""Rows of short-axis slices of each study."""
MARGIN_MM = 10.0
"""Tissue shown round the larger LV."""
USUAL_LV_MM = ((-32.0, -32.0, -50.0), (32.0, 32.0, 40.0))
"""Where an LV mostly lies in its frame, where none was labelled."""
PIXEL_MM = 1.0
TIE_MM = 1e-3
"""A place midway between two slices always falls to the same one, whatever the pose's last digits are."""
GAP_PIXELS = 2
WIDTH_INCHES, LABEL_INCHES, SCALE_INCHES = 14.0, 0.65, 0.34
"""Width of the picture, room for the names of the rows, and for the scale below them."""
HEADING_INCHES = 0.2
"""Above each pair of rows: the places of its slices."""
_NUMBER: dict[str, Any] = {"fontsize": 7.5, "color": INK, "ha": "center", "va": "bottom"}


@dataclass(frozen=True, eq=False)
class Rows:
    """Two rows that belong together, stress above rest.

    Attributes:
        title: of the view.
        places: ``(COLUMNS,)`` what stands above each column.
        images: ``(2, height, width)`` in share of the LV's maximum.
    """

    title: str
    places: tuple[str, ...]
    images: NDArray[np.float32]


def pair_rows_figure(stress: Result, rest: Result, colours: str = DEFAULT) -> Figure:
    """All rows on one figure, with the scale and both maxima."""
    rows = pair_rows(stress, rest)
    height, width = rows[0].images.shape[1:]
    tall = (WIDTH_INCHES - LABEL_INCHES) * height / width
    whole = len(rows) * (2 * tall + HEADING_INCHES) + SCALE_INCHES
    figure = new_figure(WIDTH_INCHES, whole)
    left, top = LABEL_INCHES / WIDTH_INCHES, whole
    for pair in rows:
        top -= HEADING_INCHES
        for n, text in enumerate(pair.places):
            figure.text(left + (1 - left) * (n + 0.5) / COLUMNS, (top + 0.03) / whole, text, **_NUMBER)
        figure.text(0.004, (top + 0.03) / whole, pair.title, fontsize=8, color=INK, va="bottom", weight="bold")
        for name, image in zip(("Stress", "Rest"), pair.images, strict=True):
            top -= tall
            ax = figure.add_axes((left, top / whole, 1 - left, tall / whole))
            ax.imshow(image, cmap=colour_map(colours), vmin=0.0, vmax=1.0, aspect="auto", interpolation="bilinear")
            ax.set_axis_off()
            figure.text(0.004, (top + tall / 2) / whole, name, fontsize=9, color=INK, va="center")
    _scale(figure, stress, rest, colours)
    return figure


def pair_rows(stress: Result, rest: Result) -> tuple[Rows, ...]:
    """Short axis in two parts, vertical and horizontal long axis."""
    hearts = stress, rest
    boxes = [_box(result) for result in hearts]
    sizes = np.max([box[1] - box[0] for box in boxes], axis=0)
    half = float(sizes.max()) / 2 + MARGIN_MM
    short = (np.arange(SHORT_AXIS_ROWS * COLUMNS) + 0.5) * sizes[2] / (SHORT_AXIS_ROWS * COLUMNS)
    found = []
    for part in short.reshape(SHORT_AXIS_ROWS, COLUMNS):
        images = [_row(result, SA, box[0, 2] + part, box, half) for result, box in zip(hearts, boxes, strict=True)]
        found.append(_rows("SA", [f"{x:.0f} mm" for x in part], images))
    for view in (VLA, HLA):
        depth = float(np.abs(view.axes[:, 2]) @ sizes)
        part = ((np.arange(COLUMNS) + 0.5) / COLUMNS - 0.5) * depth
        images = [
            _row(result, view, float(box.mean(axis=0) @ view.axes[:, 2]) + part, box, half)
            for result, box in zip(hearts, boxes, strict=True)
        ]
        found.append(_rows(view.name, [f"{x:+.0f} mm" for x in part], images))
    return tuple(found)


def _rows(title: str, places: list[str], images: list[NDArray[np.float32]]) -> Rows:
    return Rows(title, tuple(places), np.stack(images))


def _box(result: Result) -> Array:
    box = lv_box(result.labels, result.pose)
    return np.array(USUAL_LV_MM) if box is None else box


def _row(result: Result, view: View, positions: Array, box: Array, half: float) -> NDArray[np.float32]:
    """``(height, width)``: squares of the slices nearest to positions along the reading order, of the LV's maximum."""
    stack = view_stack(result.short_axis, result.pose, view)
    maximum = np.float32(display_maximum(result.short_axis.array, result.labels.array))
    x, y = (box.mean(axis=0) @ view.axes)[:2].tolist()
    tiles = [_tile(stack.images[stack.nearest(at + TIE_MM)], stack.extent, x, y, half) for at in positions.tolist()]
    return np.hstack(tiles) / maximum


def _tile(image: NDArray[Any], extent: Any, x: float, y: float, half: float) -> NDArray[np.float32]:
    """A square round a point in finer pixels, nothing beyond the image; a gap at its right and lower edge."""
    from PIL import Image

    left, right, bottom, top = extent
    pixel = (right - left) / image.shape[1], (bottom - top) / image.shape[0]
    size = round(2 * half / PIXEL_MM)
    step = [PIXEL_MM / p for p in pixel]
    start = ((x - half - left) / pixel[0], (y - half - top) / pixel[1])
    drawn = Image.fromarray(np.ascontiguousarray(image, np.float32)).transform(
        (size, size), Image.Transform.AFFINE, (step[0], 0.0, start[0], 0.0, step[1], start[1]), Image.Resampling.BICUBIC
    )
    return np.pad(np.asarray(drawn), ((0, GAP_PIXELS), (0, GAP_PIXELS)), constant_values=np.nan)


def _scale(figure: Figure, stress: Result, rest: Result, colours: str) -> None:
    """0 to 100 percent of each LV's maximum, with the counts of both."""
    height = figure.bbox.height / figure.dpi
    ax = figure.add_axes((LABEL_INCHES / WIDTH_INCHES, 0.1 / height, 0.16, 0.1 / height))
    draw_bar(ax, colour_map(colours))
    counts = [counts_text(display_maximum(r.short_axis.array, r.labels.array)) for r in (stress, rest)]
    words = f"100 % of its own LV's maximum: stress {counts[0]}, rest {counts[1]} counts"
    for x, text, side in ((-0.02, "0", "right"), (1.02, words, "left")):
        ax.text(x, 0.5, text, fontsize=8, color=INK, ha=side, va="center", transform=ax.transAxes)
