"""The target figures and the results: reached or missed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .measurement import PARAMETERS
from .perfusion_agreement import Pairs
from .perfusion_agreement import defects_found
from .perfusion_agreement import figure_pairs
from .perfusion_agreement import healthy_called_abnormal
from .perfusion_agreement import segment_pairs
from .summary import Summary

Where = Literal["exact", "simulated", "counts", "real", "all", "PET", "SPECT"]
"""Data sets with whole poses; of these, those of simulated hearts or of real counts only; real ones; all; or those with
whole poses of one modality. None is asked of studies for looking only."""


@dataclass(frozen=True)
class Target:
    """One figure to reach.

    Attributes:
        what: in words.
        value: of a summary; None where it was not measured.
        least, most: the limits, both of them for a share that should be neither less nor more.
        where: on which data sets it is asked.
        digits: after the point.
    """

    what: str
    value: Callable[[Summary], float | None]
    least: float = -math.inf
    most: float = math.inf
    where: Where = "exact"
    digits: int = 1

    def applies(self, summary: Summary) -> bool:
        """Whether it is asked on the summary's data set."""
        kinds, modality = {row.kind for row in summary.rows}, {row.modality for row in summary.rows}
        asked = {
            "exact": summary.exact,
            "simulated": summary.exact and not summary.of_counts,
            "counts": summary.of_counts,
            "real": kinds == {"real"},
            "all": kinds != {"real, for looking"},
        }
        return asked.get(self.where, summary.exact and modality == {self.where})

    def only_stated(self, summary: Summary) -> bool:
        """Whether the figure is reported without a verdict: the overlap of real hearts in simulated SPECT."""
        return self.where == "SPECT" and all(row.kind == "real-derived" for row in summary.rows)

    def reached(self, value: float) -> bool:
        """Whether a value keeps the limits."""
        return self.least <= value <= self.most

    @property
    def limits(self) -> str:
        """In signs: "≤ 3", "≥ 0.9" or "85 to 95"."""
        if math.isinf(self.least):
            return f"≤ {self.most:g}"
        return f"≥ {self.least:g}" if math.isinf(self.most) else f"{self.least:g} to {self.most:g}"


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


def absolute_lean(name: str) -> Callable[[Summary], float | None]:
    """The mean of a signed error by subject, without its sign."""
    return lambda s: None if (found := s.lean(name)) is None else abs(found.mean)


def coverage_percent(bound: str) -> Callable[[Summary], float | None]:
    """Share of the errors within a bound of the method; None with fewer than :data:`MIN_COVERED` studies."""

    def value(summary: Summary) -> float | None:
        found = summary.within(bound)
        return None if found is None or found[1] < MIN_COVERED else 100 * found[0] / found[1]

    return value


def _volume_r_squared(summary: Summary) -> float | None:
    return None if summary.volume_regression is None else summary.volume_regression.r_squared


def _volume_bias(summary: Summary) -> float | None:
    return None if summary.volume_agreement is None else abs(summary.volume_agreement.bias)


def _volume_sd(summary: Summary) -> float | None:
    return None if summary.volume_agreement is None else summary.volume_agreement.sd


def perfusion_r(name: str) -> Callable[[Summary], float | None]:
    """Correlation of a figure of perfusion with that from the true pose and labels."""
    return lambda s: figure_pairs(s.rows, name).r


def perfusion_error(name: str) -> Callable[[Summary], float | None]:
    """Its mean absolute error."""
    return lambda s: figure_pairs(s.rows, name).mean_absolute


def _defect_error(summary: Summary) -> float | None:
    return segment_pairs(summary.rows, drawn=True).mean_absolute


def _found_percent(summary: Summary) -> float | None:
    return _percent(defects_found(summary.rows))


def _abnormal_percent(summary: Summary) -> float | None:
    return _percent(healthy_called_abnormal(summary.rows))


def _percent(of: tuple[int, int] | None) -> float | None:
    return None if of is None else 100 * of[0] / of[1]


def _known_wall(summary: Summary) -> Pairs:
    return figure_pairs(summary.rows, "wall_ml", against="known", relative=True)


def _known_wall_bias(summary: Summary) -> float | None:
    bias = _known_wall(summary).bias
    return None if bias is None else abs(bias)


CORRELATIONS = (0.994, 0.996, 0.996, 0.992, 0.997, 0.998)
"""Zhu 2022, in the order of :data:`.measurement.PARAMETERS`."""

MIN_COVERED = 20
"""With fewer studies the share within a bound says nothing: of 19, one more or less outside is 5 %."""
COVERED = (85.0, 95.0)
"""A bound that should hold in nine of ten studies, %."""

TARGETS: tuple[Target, ...] = (
    Target("long axis, median (deg)", median("long_axis_deg"), most=2.5, where="simulated"),
    Target("long axis, 95th centile (deg)", bad("long_axis_deg"), most=6.5, where="simulated"),
    Target("rotation, median (deg)", median("rotation_deg"), most=4.0, where="simulated"),
    Target("long axis, median (deg)", median("long_axis_deg"), most=4.0, where="counts"),
    Target("long axis, 95th centile (deg)", bad("long_axis_deg"), most=9.0, where="counts"),
    Target("mean swing by subject, without sign (deg)", absolute_lean("swing_deg"), most=1.5, where="counts"),
    Target("mean tilt by subject, without sign (deg)", absolute_lean("tilt_deg"), most=1.5, where="counts"),
    Target("long axis, median (deg)", median("long_axis_deg"), most=4.0, where="real"),
    Target("long axis, worst (deg)", worst("long_axis_deg"), most=10.0, where="real"),
    Target("gross failures (%)", failure_percent, most=0.0, where="real"),
    Target("failures (%)", failure_percent, most=1.0),
    Target("roll, median (deg)", median("roll_deg"), most=1.5),
    Target("centre, median (mm)", median("centre_mm"), most=3.0, where="all"),
    *(
        Target(f"{name} within its bound (%)", coverage_percent(bound), *COVERED, where="all")
        for name, bound in (("long axis", "bound_deg"), ("centre", "centre_bound_mm"),
                            ("septum angle", "septum_bound_deg"))
    ),
    Target("Rot-MSE, median (rad²)", median("rot_mse"), most=0.8e-2, digits=4),
    *(
        Target(f"r of {name}", correlation(name), least=limit, digits=3)
        for name, limit in zip(PARAMETERS, CORRELATIONS, strict=True)
    ),
    Target("DSC LV-MY, median", median("dsc_myocardium"), least=0.95, where="PET", digits=3),
    Target("DSC LV-BP, median", median("dsc_blood_pool"), least=0.96, where="PET", digits=3),
    Target("DSC LV-MY, median", median("dsc_myocardium"), least=0.93, where="SPECT", digits=3),
    Target("DSC LV-BP, median", median("dsc_blood_pool"), least=0.88, where="SPECT", digits=3),
    Target("HD95 LV-MY, median (mm)", median("hd95_myocardium_mm"), most=8.0),
    Target("HD95 LV-BP, median (mm)", median("hd95_blood_pool_mm"), most=4.0),
    Target("LV-MY volume, R²", _volume_r_squared, least=0.99, digits=3),
    Target("LV-MY volume, absolute bias (%)", _volume_bias, most=2.0),
    Target("LV-MY volume, SD (%)", _volume_sd, most=6.0),
    Target("summed score against the true pose and labels, r", perfusion_r("summed_score"), least=0.97, digits=3),
    Target("summed score, mean absolute error", perfusion_error("summed_score"), most=0.3, digits=2),
    Target("scar burden, r", perfusion_r("scar_percent"), least=0.97, digits=3),
    Target("scar burden, mean absolute error (points)", perfusion_error("scar_percent"), most=0.4, digits=2),
    Target("segments of drawn defects, mean absolute error (%)", _defect_error, most=5.0, where="simulated"),
    Target("marked defects found in their territory (%)", _found_percent, least=90.0, where="simulated", digits=0),
    Target("healthy hearts called abnormal (%)", _abnormal_percent, most=10.0, where="simulated", digits=0),
    Target("anatomical wall against the known, r", lambda s: _known_wall(s).r, least=0.97, where="simulated", digits=3),
    Target("anatomical wall, absolute bias (%)", _known_wall_bias, most=5.0, where="simulated"),
    Target("anatomical wall, SD (%)", lambda s: _known_wall(s).sd, most=8.0, where="simulated"),
    Target("DSC of the drawn wall, median", median("dsc_myocardium"), least=0.80, where="real", digits=3),
)  # fmt: skip
"""The targets of this project; medians over studies unless stated otherwise."""

MAX_SECONDS, MIN_RATIO = 0.25, 20.0
"""Pose and labels of one study on two cores; how much faster than the published network of full size."""
