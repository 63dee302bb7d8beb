"""Drawing the function: volume curve with its slope, phase histogram, thickening and motion of the wall."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..perfusion.function import Function
from ..perfusion.phase import BIN_DEG
from ..perfusion.volume_curve import fine_curve
from ..perfusion.wall_motion import WallMotion
from .figures import INK
from .figures import new_figure
from .polar_picture import draw_polar_map

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

INCHES = (12.0, 6.4)
CURVE_COLOUR, SLOPE_COLOUR, BAR_COLOUR = "#1f6fb2", "#a85f00", "#4f6d8f"
MAP_COLOURS = "viridis"
MOST_THICKENING, MOST_MOTION_MM = 100.0, 12.0
"""Upper ends of the colour scales; the lower ones are 0."""


def function_figure(function: Function) -> Figure | None:
    """All curves and maps on one picture; None where the function is withheld."""
    motion, curve = function.motion, function.curve_ml
    if motion is None or curve is None:
        return None
    figure = new_figure(*INCHES)
    axes: Any = figure.subplots(2, 2, gridspec_kw={"width_ratios": [1.35, 1], "hspace": 0.34, "wspace": 0.08})
    figure.subplots_adjust(left=0.06, right=0.985, top=0.94, bottom=0.08)
    _draw_curve(axes[0, 0], function, curve)
    _draw_histogram(axes[1, 0], function)
    maps = (
        ("Thickening, % of counts", motion.thickening_percent, motion.segment_thickening_percent, MOST_THICKENING),
        ("Inward motion, mm", motion.motion_mm, motion.segment_motion_mm, MOST_MOTION_MM),
    )
    for ax, (title, values, means, top) in zip(axes[:, 1], maps, strict=True):
        _draw_map(figure, ax, motion, values, means, top)
        ax.set_title(title, fontsize=9, color=INK, pad=12)
    return figure


def _draw_curve(ax: Axes, function: Function, curve: Array) -> None:
    """Volume of each gate, the curve through the first harmonics, and its slope."""
    cycle, volume, slope = fine_curve(curve)
    ax.plot(100 * cycle, volume, color=CURVE_COLOUR, linewidth=1.6)
    ax.plot(100 * np.arange(len(curve)) / len(curve), curve, "o", color=CURVE_COLOUR, markersize=4.5)
    ax.set(xlim=(0, 100), ylim=(0, 1.12 * max(float(volume.max()), float(curve.max()))))
    ax.set_xlabel("Percent of the R-R interval", fontsize=8, color=INK)
    ax.set_ylabel("Cavity, ml", fontsize=8, color=CURVE_COLOUR)
    other = ax.twinx()
    other.plot(100 * cycle, slope, color=SLOPE_COLOUR, linewidth=1.0, linestyle="--")
    other.axhline(0.0, color=SLOPE_COLOUR, linewidth=0.4)
    limit = 1.3 * max(float(np.abs(slope).max()), 1e-6)
    other.set_ylim(-limit, limit)
    other.set_ylabel("Slope, EDV per cycle", fontsize=8, color=SLOPE_COLOUR)
    for drawn in (ax, other):
        drawn.tick_params(labelsize=8, labelcolor=INK)
    word = "" if function.verdict == "pass" else f" ({function.verdict})"
    ax.set_title(f"Volume over the heart beat{word}", fontsize=9, color=INK)


def _draw_histogram(ax: Axes, function: Function) -> None:
    phase = function.phase
    ax.set_title("Phase of wall thickening", fontsize=9, color=INK)
    ax.set(xlim=(0, 360), xticks=np.arange(0, 361, 60))
    ax.set_xlabel("Degrees of the R-R interval", fontsize=8, color=INK)
    ax.set_ylabel("Percent of the wall", fontsize=8, color=INK)
    ax.tick_params(labelsize=8, labelcolor=INK)
    if function.phase_reason:
        text = textwrap.fill(f"Withheld: {function.phase_reason}.", 50)
        ax.text(0.5, 0.5, text, transform=ax.transAxes, ha="center", fontsize=9, color=INK)
    elif phase is not None:
        ax.bar(np.arange(len(phase.histogram)) * BIN_DEG + BIN_DEG / 2, phase.histogram, BIN_DEG, color=BAR_COLOUR)


def _draw_map(figure: Figure, ax: Axes, motion: WallMotion, values: Array, means: Array, top: float) -> None:
    """A polar map with its scale."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    edges = np.concatenate([[0.0], (motion.along[1:] + motion.along[:-1]) / 2, [motion.along[-1]]])
    shown, colours = np.where(motion.counted, values, np.nan), colormaps[MAP_COLOURS]
    draw_polar_map(ax, np.minimum(edges, 1.0), shown, means, colours, (0.0, top))
    scale = figure.colorbar(ScalarMappable(Normalize(0.0, top), colours), ax=ax, fraction=0.04, pad=0.02)
    scale.ax.tick_params(labelsize=7, labelcolor=INK)
