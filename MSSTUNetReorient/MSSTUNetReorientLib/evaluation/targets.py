"""The target figures and the results: reached or missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .measurement import PARAMETERS
from .summary import Summary

Where = Literal["exact", "real", "all", "PET", "SPECT"]
"""Data sets with whole poses, real ones, all; or those with whole poses of one modality."""


@dataclass(frozen=True)
class Target:
    """One figure to reach.

    Attributes:
        what: in words; limit: the number; at_most: whether less is better.
        value: of a summary; None where it was not measured.
        where: on which data sets it is asked.
        digits: after the point.
    """

    what: str
    limit: float
    at_most: bool
    value: Callable[[Summary], float | None]
    where: Where = "exact"
    digits: int = 1

    def applies(self, summary: Summary) -> bool:
        """Whether it is asked on the summary's data set."""
        modality = summary.rows[0].modality if summary.rows else ""
        asked = {"exact": summary.exact, "real": not summary.exact, "all": True}
        return asked.get(self.where, summary.exact and modality == self.where)

    def only_stated(self, summary: Summary) -> bool:
        """Whether the figure is reported without a verdict: the overlap of real hearts in simulated SPECT."""
        return self.where == "SPECT" and all(row.kind == "real-derived" for row in summary.rows)

    def reached(self, value: float) -> bool:
        """Whether a value keeps the limit."""
        return value <= self.limit if self.at_most else value >= self.limit


def median(name: str) -> Callable[[Summary], float | None]:
    """The median of a figure."""
    return lambda s: None if (found := s.spread(name)) is None else found.median


def bad(name: str) -> Callable[[Summary], float | None]:
    """The bad 5 % of a figure."""
    return lambda s: None if (found := s.spread(name)) is None else found.bad


def worst(name: str) -> Callable[[Summary], float | None]:
    """The worst of a figure."""
    return lambda s: None if (found := s.spread(name)) is None else found.worst


def failure_percent(summary: Summary) -> float | None:
    """Share of the studies in which the LV was lost."""
    return None if summary.failures is None else 100 * summary.failures[0] / summary.failures[1]


def correlation(parameter: str) -> Callable[[Summary], float | None]:
    """Pearson's r of a parameter."""
    return lambda s: None if (found := s.regression(parameter)) is None else found.r


def _volume_r_squared(summary: Summary) -> float | None:
    return None if summary.volume_regression is None else summary.volume_regression.r_squared


def _volume_bias(summary: Summary) -> float | None:
    return None if summary.volume_agreement is None else abs(summary.volume_agreement.bias)


def _volume_sd(summary: Summary) -> float | None:
    return None if summary.volume_agreement is None else summary.volume_agreement.sd


CORRELATIONS = (0.994, 0.996, 0.996, 0.992, 0.997, 0.998)
"""Zhu 2022, in the order of :data:`.measurement.PARAMETERS`."""

TARGETS: tuple[Target, ...] = (
    Target("long axis, median (deg)", 3.5, True, median("long_axis_deg")),
    Target("long axis, 95th centile (deg)", 8.0, True, bad("long_axis_deg")),
    Target("long axis, median (deg)", 4.0, True, median("long_axis_deg"), "real"),
    Target("long axis, worst (deg)", 10.0, True, worst("long_axis_deg"), "real"),
    Target("gross failures (%)", 0.0, True, failure_percent, "real"),
    Target("failures (%)", 1.0, True, failure_percent),
    Target("roll, median (deg)", 5.0, True, median("roll_deg")),
    Target("centre, median (mm)", 3.0, True, median("centre_mm"), "all"),
    Target("Rot-MSE, median (rad²)", 1.3e-2, True, median("rot_mse"), digits=4),
    *(
        Target(f"r of {name}", limit, False, correlation(name), digits=3)
        for name, limit in zip(PARAMETERS, CORRELATIONS, strict=True)
    ),
    Target("DSC LV-MY, median", 0.92, False, median("dsc_myocardium"), "PET", 3),
    Target("DSC LV-BP, median", 0.97, False, median("dsc_blood_pool"), "PET", 3),
    Target("DSC LV-MY, median", 0.95, False, median("dsc_myocardium"), "SPECT", 3),
    Target("DSC LV-BP, median", 0.97, False, median("dsc_blood_pool"), "SPECT", 3),
    Target("HD95 LV-MY, median (mm)", 8.0, True, median("hd95_myocardium_mm")),
    Target("HD95 LV-BP, median (mm)", 4.0, True, median("hd95_blood_pool_mm")),
    Target("LV-MY volume, R²", 0.99, False, _volume_r_squared, digits=3),
    Target("LV-MY volume, absolute bias (%)", 1.0, True, _volume_bias),
    Target("LV-MY volume, SD (%)", 3.0, True, _volume_sd),
    Target("DSC of the drawn wall, median", 0.80, False, median("dsc_myocardium"), "real", 3),
)
"""The targets of this project; medians over studies unless stated otherwise."""

MAX_SECONDS, MIN_RATIO = 0.3, 20.0
"""Pose and labels of one study on two cores; how much faster than the published network of full size."""
