"""Drawing the perfusion: the polar map with its segments.

Its geometry is in :mod:`..perfusion.polar_drawing`. Grey: no wall, or wall left out beside hotter tissue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.aha_segments import Segment
from ..perfusion.polar_drawing import border
from ..perfusion.polar_drawing import mesh
from ..perfusion.polar_drawing import middle
from ..perfusion.polar_map import PolarMap
from ..perfusion.quantification import Perfusion
from .figures import COLOUR_MAP
from .figures import INK
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES = (5.2, 4.4)
NO_VALUE_COLOUR = "#9aa5b1"
LINE_COLOUR = "#ffffff"
EDGE_LETTERS = (("ANT", 0.0, 1.06, "center", "bottom"), ("INF", 0.0, -1.06, "center", "top"),
                ("SEP", -1.06, 0.0, "right", "center"), ("LAT", 1.06, 0.0, "left", "center"))  # fmt: skip
_BACKING = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1.4}


def perfusion_figure(perfusion: Perfusion) -> Figure | None:
    """The polar map with the colour scale; None where the perfusion is withheld."""
    mapped = perfusion.map
    if mapped is None:
        return None
    figure = new_figure(*INCHES)
    ax = figure.add_axes((0.03, 0.05, 0.74, 0.83))
    word = "" if perfusion.verdict == "pass" else f" ({perfusion.verdict})"
    draw_polar_map(ax, mapped)
    ax.set_title(f"Uptake, percent of the maximum{word}", fontsize=9, color=INK, pad=14)
    _draw_scale(figure.add_axes((0.87, 0.2, 0.03, 0.55)), mapped)
    return figure


def draw_polar_map(ax: Axes, mapped: PolarMap) -> None:
    """Every sample, the borders of the segments, and the mean of each in percent."""
    x, y = mesh(mapped.samples.edges)
    shown = np.ma.masked_where(~mapped.usable, np.nan_to_num(mapped.percent))
    ax.pcolormesh(x, y, shown, cmap=_colours(), vmin=0, vmax=100, shading="flat", edgecolors="none")
    _frame(ax)
    for segment, percent in zip(SEGMENTS, mapped.segments, strict=True):
        _outline(ax, segment)
        _text(ax, segment, f"{percent:.0f}" if np.isfinite(percent) else "–")


def _frame(ax: Axes) -> None:
    ax.set(xlim=(-1.2, 1.2), ylim=(-1.15, 1.15), aspect="equal", facecolor="none")
    ax.set_axis_off()
    for letters, x, y, across, along in EDGE_LETTERS:
        ax.text(x, y, letters, ha=across, va=along, fontsize=8, color=INK)


def _outline(ax: Axes, segment: Segment) -> None:
    x, y = border(segment)
    ax.plot(x, y, color=LINE_COLOUR, linewidth=0.9)


def _text(ax: Axes, segment: Segment, text: str) -> None:
    x, y = middle(segment)
    ax.text(x, y, text, color="white", fontsize=8, ha="center", va="center", bbox=_BACKING)


def _draw_scale(ax: Axes, mapped: PolarMap) -> None:
    """0 to 100 percent, and how many counts 100 percent are."""
    ax.imshow(np.linspace(1, 0, 256)[:, None], aspect="auto", cmap=COLOUR_MAP, extent=(0, 1, 0, 100))
    ax.set_xticks([])
    ax.yaxis.tick_right()
    ax.tick_params(labelsize=8, labelcolor=INK)
    counts = f"{mapped.maximum:,.0f}" if 1000 <= mapped.maximum < 1e7 else f"{mapped.maximum:.4g}"
    ax.set_title(f"%\n100 % = {counts}\ncounts", fontsize=8, color=INK, pad=6)


def _colours() -> Any:
    from matplotlib import colormaps

    return colormaps[COLOUR_MAP].with_extremes(bad=NO_VALUE_COLOUR)
