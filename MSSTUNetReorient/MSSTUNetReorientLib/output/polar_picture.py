"""Drawing the perfusion: polar maps with their segments, one or a pair with its difference.

Its geometry is in :mod:`..perfusion.polar_drawing`. Grey: no wall, or wall left out beside hotter tissue.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.aha_segments import Segment
from ..perfusion.comparison import Comparison
from ..perfusion.polar_drawing import EDGE_WORDS
from ..perfusion.polar_drawing import border
from ..perfusion.polar_drawing import mesh
from ..perfusion.polar_drawing import middle
from ..perfusion.polar_map import PolarMap
from ..perfusion.quantification import Perfusion
from .colour_tables import DEFAULT
from .colour_tables import DIFFERENCE
from .colour_tables import as_colour_map
from .colour_tables import colour_map
from .figures import INK
from .figures import counts_text
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

INCHES = (5.2, 4.4)
PAIR_INCHES = (14.0, 4.3)
NO_VALUE_COLOUR = "#9aa5b1"
LINE_COLOUR = "#ffffff"
EDGE = 1.06
"""Where the words at the edges begin, in radii of the disc."""
_BACKING = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1.4}
PERCENT = (0.0, 100.0)
POINTS = (-50.0, 50.0)
"""Ends of the scales of uptake and of its difference, whose middle is 0."""


def perfusion_figure(perfusion: Perfusion, colours: str = DEFAULT) -> Figure | None:
    """The polar map with the colour scale; None where the perfusion is withheld."""
    mapped = perfusion.map
    if mapped is None:
        return None
    figure = new_figure(*INCHES)
    word = "" if perfusion.verdict == "pass" else f" ({perfusion.verdict})"
    _draw_uptake(figure, (0.0, 1.0), mapped, f"Uptake, percent of the maximum{word}", colours)
    return figure


def pair_maps_figure(maps: Sequence[PolarMap | None], comparison: Comparison | None, colours: str = DEFAULT) -> Figure:
    """Polar maps of stress and rest, and their difference, side by side; what is withheld leaves its place empty."""
    figure = new_figure(*PAIR_INCHES)
    for n, (title, mapped) in enumerate(zip(("Stress", "Rest"), maps, strict=True)):
        if mapped is not None:
            _draw_uptake(figure, (n / 3, (n + 1) / 3), mapped, f"{title}, percent of its maximum", colours)
    if comparison is not None and maps[0] is not None:
        ax, bar = _places(figure, (2 / 3, 1.0))
        shown = np.where(comparison.compared, comparison.difference, np.nan)
        draw_polar_map(ax, maps[0].samples.edges, shown, comparison.segments, as_colour_map(DIFFERENCE), POINTS, "+d")
        ax.set_title("Difference: scaled rest minus stress", fontsize=9, color=INK, pad=14)
        _draw_scale(bar, as_colour_map(DIFFERENCE), POINTS, "points;\nred: rest\nis better")
    return figure


def draw_polar_map(
    ax: Axes, edges: Array, values: Array, segments: Array, colours: Any, limits: tuple[float, float], text: str = "d"
) -> None:
    """Every sample, the borders of the segments, and the value of each.

    Args:
        edges: ``(ROWS + 1,)`` of the rows along the long axis.
        values: ``(ROWS, RAYS)``, nan where there is none.
        segments: ``(17,)``, likewise.
        colours: a colour map; limits: the values of its ends; text: format of the segments' whole numbers.
    """
    x, y = mesh(edges)
    ax.pcolormesh(
        x, y, np.ma.masked_invalid(values), cmap=colours.with_extremes(bad=NO_VALUE_COLOUR), vmin=limits[0],
        vmax=limits[1], shading="flat", edgecolors="none",
    )  # fmt: skip
    _frame(ax)
    for segment, value in zip(SEGMENTS, segments, strict=True):
        _outline(ax, segment)
        _text(ax, segment, f"{round(value):{text}}" if np.isfinite(value) else "–")


def _draw_uptake(figure: Figure, span: tuple[float, float], mapped: PolarMap, title: str, colours: str) -> None:
    """One map with its title and its scale, between two shares of the figure's width."""
    ax, bar = _places(figure, span)
    shown = np.where(mapped.usable, mapped.percent, np.nan)
    draw_polar_map(ax, mapped.samples.edges, shown, mapped.segments, colour_map(colours), PERCENT)
    ax.set_title(title, fontsize=9, color=INK, pad=14)
    _draw_scale(bar, colour_map(colours), PERCENT, f"%\n100 % = {counts_text(mapped.maximum)}\ncounts")


def _places(figure: Figure, span: tuple[float, float]) -> tuple[Axes, Axes]:
    """Axes of a map, and of its scale at the right of it."""
    left, width = span[0], span[1] - span[0]
    ax = figure.add_axes((left + 0.03 * width, 0.05, 0.74 * width, 0.83))
    return ax, figure.add_axes((left + 0.85 * width, 0.2, 0.03 * width, 0.55))


def _frame(ax: Axes) -> None:
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.15, 1.15), aspect="equal", facecolor="none")
    ax.set_axis_off()
    across, along = {-1: "right", 0: "center", 1: "left"}, {-1: "top", 0: "center", 1: "bottom"}
    for word, (x, y) in EDGE_WORDS:
        ax.text(EDGE * x, EDGE * y, word, ha=across[int(x)], va=along[int(y)], fontsize=8, color=INK)


def _outline(ax: Axes, segment: Segment) -> None:
    x, y = border(segment)
    ax.plot(x, y, color=LINE_COLOUR, linewidth=0.9)


def _text(ax: Axes, segment: Segment, text: str) -> None:
    x, y = middle(segment)
    ax.text(x, y, text, color="white", fontsize=8, ha="center", va="center", bbox=_BACKING)


def _draw_scale(ax: Axes, colours: Any, limits: tuple[float, float], title: str) -> None:
    """A standing scale with its unit above it."""
    low, high = limits
    ax.imshow(np.linspace(1, 0, 256)[:, None], aspect="auto", cmap=colours, extent=(0, 1, low, high))
    ax.set_xticks([])
    ax.yaxis.tick_right()
    ax.tick_params(labelsize=8, labelcolor=INK)
    ax.set_title(title, fontsize=8, color=INK, pad=6)
