"""Drawing the perfusion: the polar map with its segments.

Apex in the middle, anterior up, septum left. AHA does not fix the radii: here the rings of cap, apical, mid-ventricular
and basal segments are equally wide. Grey: no wall, or wall left out beside hotter tissue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..perfusion.aha_segments import APICAL_SHARE
from ..perfusion.aha_segments import CAP_SHARE
from ..perfusion.aha_segments import MID_SHARE
from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.aha_segments import Segment
from ..perfusion.polar_map import PolarMap
from ..perfusion.quantification import Perfusion
from ..perfusion.sampling import RAYS
from .figures import COLOUR_MAP
from .figures import INK
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

INCHES = (5.2, 4.4)
RINGS = ((0.0, CAP_SHARE, APICAL_SHARE, MID_SHARE, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))
"""Borders of the rings along the long axis, and their radii in the drawing."""
NO_VALUE_COLOUR = "#9aa5b1"
LINE_COLOUR = "#ffffff"
EDGE_LETTERS = (("ANT", 0.0, 1.06, "center", "bottom"), ("INF", 0.0, -1.06, "center", "top"),
                ("SEP", -1.06, 0.0, "right", "center"), ("LAT", 1.06, 0.0, "left", "center"))  # fmt: skip
_BACKING = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1.4}
STEP_DEG = 3.0
"""Step of an arc."""


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
    radius = np.interp(mapped.samples.edges, *RINGS)
    around = np.deg2rad(np.arange(RAYS + 1) * 360 / RAYS)
    x, y = np.outer(radius, np.cos(around)), np.outer(radius, np.sin(around))
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
    x, y = _border(segment)
    ax.plot(x, y, color=LINE_COLOUR, linewidth=0.9)


def _text(ax: Axes, segment: Segment, text: str) -> None:
    x, y = _middle(segment)
    ax.text(x, y, text, color="white", fontsize=8, ha="center", va="center", bbox=_BACKING)


def _border(segment: Segment) -> tuple[Array, Array]:
    """The outline of a segment, closed; of the cap, its circle."""
    inner, outer = np.interp(segment.along, *RINGS)
    first, last = segment.sector
    around = np.deg2rad(np.arange(first, last + STEP_DEG, STEP_DEG))
    radius, angle = np.full(len(around), outer), around
    if inner > 0:
        radius = np.concatenate([radius, np.full(len(around), inner), [outer]])
        angle = np.concatenate([around, around[::-1], around[:1]])
    return radius * np.cos(angle), radius * np.sin(angle)


def _middle(segment: Segment) -> tuple[float, float]:
    if segment.along[0] == 0:
        return 0.0, 0.0
    radius = float(np.interp(segment.along, *RINGS).mean())
    angle = np.deg2rad(sum(segment.sector) / 2)
    return radius * float(np.cos(angle)), radius * float(np.sin(angle))


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
