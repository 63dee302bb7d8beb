"""An upper bound of the long-axis error, learned from studies with truth, from the measures of the verdict.

``log(bound)`` is linear in a few measures, and its coefficients are those of a 90 % quantile regression (Koenker and
Bassett 1978, doi:10.2307/1913643): of ten studies like those it was learned from, nine err by less than their bound.
The coefficients belong to a set of weights and are kept in its file.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

SHARE = 0.9
"""Share of studies that err by less than their bound."""
FEATURES = ("constant", "log spread", "log disagreement", "log residual", "log contrast", "doubt", "log openness")
"""Openness is the labelled pool over the wall: where blur or a small heart closes it, less of the axis is seen."""
NEEDED = (
    "axis_spread_deg", "axis_disagreement_deg", "cup_residual_mm", "contrast", "presence", "myocardium_ml",
    "blood_pool_ml",
)  # fmt: skip
"""Measures of :mod:`.qc` that the features are made of."""


def features(measures: Mapping[str, float]) -> NDArray[np.float64] | None:
    """The ``(7,)`` numbers of :data:`FEATURES`; None where a measure is missing or not finite."""
    needed = [measures.get(name, float("nan")) for name in NEEDED]
    if not np.isfinite(needed).all():
        return None
    spread, apart, residual, contrast, presence, wall, pool = needed
    doubt = -np.log(np.clip(presence, 1e-3, 1.0))
    open_ = np.log((pool + 5.0) / max(wall, 5.0))
    logs = np.log([spread + 0.3, apart + 1.0, residual + 0.3, max(contrast, 0.5)])
    return np.array([1.0, *logs, doubt, open_])


def axis_bound_deg(measures: Mapping[str, float], coefficients: ArrayLike) -> float:
    """The bound in degrees, at most 90; nan if it cannot be determined or the model is not calibrated."""
    x = features(measures)
    if x is None:
        return float("nan")
    return float(np.exp(np.minimum(x @ np.asarray(coefficients, dtype=float), np.log(90.0))))
