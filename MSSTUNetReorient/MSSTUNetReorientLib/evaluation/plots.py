"""Figures of one method on one data set: regressions of the six parameters and of the volume, Bland and Altman."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from ..output.figures import INK
from ..output.figures import new_figure
from .measurement import PARAMETERS
from .metrics import Regression
from .metrics import relative_error
from .summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
LIMITS_SD = 1.96
"""Limits of agreement: so many SD to both sides of the bias."""
COLOURS = 128
"""Of a stored picture: a palette takes a third of the room."""
DOT, LINE, GREY = "#2a6f97", "#c1443c", "#9aa5b1"
LETTERS = {"alpha": "α", "beta": "β", "gamma": "γ", "tx": "$t_x$", "ty": "$t_y$", "tz": "$t_z$"}
SIZE: dict[str, Any] = {"fontsize": 8, "color": INK}


def regressions(summary: Summary) -> bytes | None:
    """A PNG with Ni's Figures 4 and 6 of a method; None where the truth holds no whole poses."""
    if not summary.exact:
        return None
    figure = new_figure(11.0, 5.4)
    axes = figure.subplots(2, 4).ravel().tolist()
    for ax, parameter in zip(axes, PARAMETERS, strict=False):
        title = f"{LETTERS[parameter]}{' (rad)' if parameter in ('alpha', 'beta', 'gamma') else ''}"
        found, true = (summary.values(f"{who}_{parameter}") for who in ("found", "true"))
        _scatter(ax, true, found, summary.regression(parameter), title)
    volumes = summary.values("true_myocardium_ml"), summary.values("myocardium_ml")
    _scatter(axes[6], *volumes, summary.volume_regression, "LV-MY (ml)")
    _bland_altman(axes[7], summary)
    figure.suptitle(f"{summary.method}: {summary.data_set}", fontsize=10, color=INK, x=0.01, ha="left")
    figure.tight_layout(pad=0.6)
    return png(figure)


def _scatter(ax: Axes, true: list[float], found: list[float], line: Regression | None, title: str) -> None:
    ax.set_title(title, **SIZE)
    ax.tick_params(labelsize=7)
    ax.set_xlabel("true", **SIZE)
    ax.set_ylabel("found", **SIZE)
    if not true:
        ax.set_axis_off()
        return
    ends = np.array([min(*true, *found), max(*true, *found)])
    ax.plot(ends, ends, color=GREY, linewidth=0.8, linestyle="--")
    ax.plot(true, found, "o", color=DOT, markersize=3, alpha=0.7, markeredgewidth=0)
    if line is not None:
        ax.plot(ends, line.slope * ends + line.intercept, color=LINE, linewidth=1.0)
        text = f"$R^2$ {line.r_squared:.3f}, spread {line.spread:.3g}"
        ax.text(0.03, 0.97, text, transform=ax.transAxes, va="top", **SIZE)


def _bland_altman(ax: Axes, summary: Summary) -> None:
    ax.tick_params(labelsize=7)
    found, true = (np.array(summary.values(n)) for n in ("myocardium_ml", "true_myocardium_ml"))
    agreed = summary.volume_agreement
    if agreed is None:
        ax.set_axis_off()
        return
    ax.plot((found + true) / 2, relative_error(found, true), "o", color=DOT, markersize=3, alpha=0.7, markeredgewidth=0)
    for times, style in ((0.0, "-"), (-LIMITS_SD, "--"), (LIMITS_SD, "--")):
        ax.axhline(agreed.bias + times * agreed.sd, color=LINE, linewidth=1.0, linestyle=style)
    ax.set_xlabel("mean of both (ml)", **SIZE)
    ax.set_title(f"LV-MY, relative error: {agreed.bias:.1f} ± {agreed.sd:.1f} %", **SIZE)


def png(figure: Figure, dpi: int = DPI) -> bytes:
    """A figure as a small PNG with a palette."""
    from PIL import Image

    drawn, stored = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(COLOURS).save(stored, format="png", optimize=True)
    return stored.getvalue()
