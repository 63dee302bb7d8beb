"""Drawing a result: short axis, long axes, and the study as acquired with the long axis in it.

One colour table, from zero to the largest count inside the LV, so that a bright gut or liver never dims the heart; its
scale is on every picture.
Matplotlib is loaded when the first figure is made, and without pyplot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..geometry.labels import BACKGROUND
from ..geometry.labels import BLOOD_POOL
from ..geometry.septum import septum_mark
from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..prediction.result import Result
from .colour_tables import DEFAULT
from .colour_tables import colour_map
from .view_slices import Array
from .view_slices import Extent
from .view_slices import display_maximum
from .view_slices import long_axis_range
from .view_slices import lv_window
from .view_slices import study_slice
from .view_slices import view_stack

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

EPICARDIUM_COLOUR, ENDOCARDIUM_COLOUR, AXIS_COLOUR = "#4fd1ff", "#ffffff", "#7dff9b"
INK, PAPER = "#1d2733", "#ffffff"

SHORT_AXIS_ROWS, SHORT_AXIS_COLUMNS = 2, 6
CONTOUR_SIGMA_VOXELS = 0.9
"""Smooths the voxel steps of a label's outline, for display only."""
SEPTUM_INSET_MM, SEPTUM_STROKE_MM = 3.0, 5.0
"""Distance of the septum mark from the picture's edge, and the length of its stroke."""
AXIS_OVERSHOOT_MM = 6.0
"""How far the dotted long axis is drawn beyond apex and base."""

STUDY_PLANES: tuple[tuple[str, tuple[float, ...], tuple[float, ...], str], ...] = (
    ("Transaxial", (1, 0, 0), (0, 1, 0), "RLAP"),
    ("Coronal", (1, 0, 0), (0, 0, -1), "RLSI"),
    ("Sagittal", (0, 1, 0), (0, 0, -1), "APSI"),
)
"""Title; screen-right and screen-down in LPS; letters at the left, right, top and bottom edge."""

_LETTERS = {"septal": "SEP", "lateral": "LAT", "anterior": "ANT", "inferior": "INF", "apex": "APEX", "base": "BASE"}
_TITLE: dict[str, Any] = {"fontsize": 9, "color": INK, "pad": 4}
_BACKING = {"facecolor": "black", "alpha": 0.4, "edgecolor": "none", "pad": 1.2}
"""Behind letters, so that they are readable on bright counts too."""
_LAYOUT = {"left": 0.005, "right": 0.995, "bottom": 0.07, "top": 0.93, "wspace": 0.03, "hspace": 0.03}
_SCALE_INCHES = (0.2, 0.06, 1.5, 0.09)
"""The scale below a picture: left, bottom, width, height."""


def draw_short_axis(figure: Any, result: Result, colours: str = DEFAULT) -> None:
    """Short-axis slices on a figure or subfigure, from apex to base in reading order."""
    counts, labels = (view_stack(v, result.pose, SA) for v in (result.short_axis, result.labels))
    apex, base = long_axis_range(result)
    number = SHORT_AXIS_ROWS * SHORT_AXIS_COLUMNS
    step = (base - apex) / number
    window = lv_window(result, SA)
    grid = figure.subplots(SHORT_AXIS_ROWS, SHORT_AXIS_COLUMNS, gridspec_kw=_LAYOUT)
    for n, ax in enumerate(grid.flat):
        index = counts.nearest(apex + (n + 0.5) * step)
        _show(ax, counts.images[index], counts.extent, result, colours)
        _contours(ax, labels.images[index], labels.extent)
        _crop(ax, window)
        _corner(ax, f"{n + 1}", f"{counts.positions[index]:+.0f} mm")
        if n == 0:
            _edge_letters(ax, [_LETTERS[e] for e in SA.edges])
        else:
            _septum_mark(ax, result, window)
    _heading(figure, "Short axis, apex to base")
    _scale_below(figure, ax, result, colours)


def draw_long_axes(figure: Any, result: Result, colours: str = DEFAULT) -> None:
    """The horizontal and vertical long axis through the LV centre, on a figure or subfigure."""
    axes = figure.subplots(1, 2, gridspec_kw=_LAYOUT)
    for ax, view in zip(axes, (HLA, VLA), strict=True):
        counts, labels = (view_stack(v, result.pose, view) for v in (result.short_axis, result.labels))
        index = counts.nearest(0.0)
        _show(ax, counts.images[index], counts.extent, result, colours)
        _contours(ax, labels.images[index], labels.extent)
        k = np.array([0.0, 0.0, 1.0]) @ view.axes
        apex, base = long_axis_range(result)
        ends = np.outer([apex - AXIS_OVERSHOOT_MM, base + AXIS_OVERSHOOT_MM], k)
        ax.plot(ends[:, 0], ends[:, 1], color=AXIS_COLOUR, linewidth=0.9, linestyle=(0, (1, 3)))
        _axis_bound(ax, ends[:, :2], result)
        _crop(ax, lv_window(result, view))
        _edge_letters(ax, [_LETTERS[e] for e in view.edges])
        ax.set_title(view.title, **_TITLE)
    _scale_below(figure, ax, result, colours)


def draw_study(figure: Any, result: Result, colours: str = DEFAULT) -> None:
    """The study as acquired, in three planes through the LV centre, with the long axis projected on each."""
    axes = figure.subplots(1, len(STUDY_PLANES), gridspec_kw=_LAYOUT)
    tips = np.outer(long_axis_range(result), result.pose.long_axis)
    for ax, (title, right, down, letters) in zip(axes, STUDY_PLANES, strict=True):
        plane = study_slice(result.study, result.pose.centre, np.array(right), np.array(down))
        _show(ax, plane.images[0], plane.extent, result, colours)
        x, y = tips @ np.array(right), tips @ np.array(down)
        ax.plot(x, y, color=AXIS_COLOUR, linewidth=1.6, solid_capstyle="round")
        ax.plot(x[:1], y[:1], "o", color=AXIS_COLOUR, markersize=4.5)
        ax.annotate("apex", (x[0], y[0]), textcoords="offset points", xytext=(5, 4), color=AXIS_COLOUR, fontsize=8)
        _crop(ax, plane.extent)
        _edge_letters(ax, letters)
        ax.set_title(title, **_TITLE)
    _scale_below(figure, ax, result, colours)


def counts_text(count: float) -> str:
    """A number of counts, as it is stated beside a scale.

    >>> counts_text(12345.6), counts_text(0.01234)
    ('12,346', '0.01234')
    """
    return f"{count:,.0f}" if 1000 <= count < 1e7 else f"{count:.4g}"


def draw_bar(ax: Axes, colours: Any) -> None:
    """A lying colour bar without numbers, from 0 to 1."""
    ax.imshow(np.linspace(0, 1, 256)[None], aspect="auto", cmap=colours, extent=(0, 1, 0, 1))
    ax.set_yticks([])
    ax.set_xticks([])


def _scale_below(figure: Any, picture: Axes, result: Result, colours: str) -> None:
    """The colour scale, from zero to the largest count inside the LV, at the left below the pictures of a figure."""
    width, height = figure.bbox.size / figure.dpi
    place = tuple(np.array(_SCALE_INCHES) / [width, height, width, height])
    ax = picture.inset_axes(place, transform=figure.transSubfigure)
    draw_bar(ax, colour_map(colours))
    _beside(ax, -0.03, "0", "right")
    _beside(ax, 1.03, f"{counts_text(_maximum(result))} counts, the LV's maximum", "left")


def _beside(ax: Axes, x: float, text: str, side: str) -> None:
    ax.text(x, 0.5, text, fontsize=8, color=INK, ha=side, va="center", transform=ax.transAxes)


def _maximum(result: Result) -> float:
    return display_maximum(result.short_axis.array, result.labels.array)


def new_figure(width: float, height: float) -> Figure:
    """An Agg figure in inches, outside pyplot's state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor=PAPER)
    FigureCanvasAgg(figure)
    return figure


def _heading(figure: Any, text: str) -> None:
    figure.text(0.006, 0.955, text, fontsize=9, color=INK, va="bottom")


def _show(ax: Axes, image: NDArray[Any], extent: Extent, result: Result, colours: str) -> None:
    ax.imshow(
        image, cmap=colour_map(colours), vmin=0.0, vmax=_maximum(result), extent=extent, interpolation="bicubic",
        interpolation_stage="data",
    )  # fmt: skip
    ax.set_axis_off()
    ax.set_anchor("N")


def _crop(ax: Axes, window: Extent) -> None:
    ax.set_xlim(window[0], window[1])
    ax.set_ylim(window[2], window[3])


def _contours(ax: Axes, labels: NDArray[Any], extent: Extent) -> None:
    """The outlines of the LV and of its blood pool."""
    draw_contour(ax, labels != BACKGROUND, extent, EPICARDIUM_COLOUR)
    draw_contour(ax, labels == BLOOD_POOL, extent, ENDOCARDIUM_COLOUR)


def _septum_mark(ax: Axes, result: Result, window: Extent) -> None:
    """A stroke at the septum angle and an arc over its interval, at the rim of an SA picture."""
    septum = result.septum
    if septum is not None:
        radius = min(abs(edge) for edge in window) - SEPTUM_INSET_MM
        for line in septum_mark(result.pose, septum.angle_deg, septum.bound_deg, radius, SEPTUM_STROKE_MM):
            ax.plot(line[:, 0], line[:, 1], color=AXIS_COLOUR, linewidth=1.2, solid_capstyle="butt")


def _axis_bound(ax: Axes, axis: Array, result: Result) -> None:
    """The long axis ``(2, 2)`` turned about the LV centre by its bound, to either side."""
    bound = result.quality.good_to.axis_deg or 0.0
    for turn in np.deg2rad([-bound, bound]) if bound else ():
        ends = axis @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        ax.plot(ends[:, 0], ends[:, 1], color=AXIS_COLOUR, linewidth=0.6, alpha=0.7)


def draw_contour(
    ax: Axes, inside: NDArray[np.bool_], extent: Sequence[float], colour: str, width: float = 1.1, style: str = "-"
) -> None:
    """The outline of a mask ``(rows, columns)``, at half height of the smoothed mask; nothing where it is empty."""
    if inside.any():
        rows, columns = inside.shape
        left, right, bottom, top = extent
        dx, dy = (right - left) / columns, (bottom - top) / rows
        x, y = left + dx * (np.arange(columns) + 0.5), top + dy * (np.arange(rows) + 0.5)
        ax.contour(x, y, _smooth(inside), levels=[0.5], colors=[colour], linewidths=width, linestyles=[style])


def _smooth(inside: NDArray[np.bool_]) -> Array:
    image = sitk.GetImageFromArray(inside.astype(np.float32))
    return sitk.GetArrayFromImage(sitk.DiscreteGaussian(image, [CONTOUR_SIGMA_VOXELS**2] * 2))


def _edge_letters(ax: Axes, letters: Sequence[str]) -> None:
    """Letters at the left, right, top and bottom edge."""
    places = (
        (0.02, 0.5, "left", "center"),
        (0.98, 0.5, "right", "center"),
        (0.5, 0.98, "center", "top"),
        (0.5, 0.02, "center", "bottom"),
    )
    for text, (x, y, horizontal, vertical) in zip(letters, places, strict=True):
        style: dict[str, Any] = {"ha": horizontal, "va": vertical, "weight": "bold", "fontsize": 8}
        ax.text(x, y, text, transform=ax.transAxes, color="white", bbox=_BACKING, **style)


def _corner(ax: Axes, left: str, right: str) -> None:
    for x, text, side in ((0.03, left, "left"), (0.97, right, "right")):
        ax.text(x, 0.03, text, transform=ax.transAxes, ha=side, va="bottom", color="white", fontsize=7, bbox=_BACKING)
