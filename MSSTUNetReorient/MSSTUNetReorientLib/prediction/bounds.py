"""Upper bounds of the errors of a result: nine in ten of the studies that it was calibrated on err by less.

A bound is ``exp(x @ b)``, linear in a few measures of the verdict, the difficulty of a study. Its coefficients come
from a quantile regression (Koenker and Bassett 1978, doi:10.2307/1913643) and are then widened until the bound
holds in each kind of study (split conformal prediction; Lei et al. 2018, doi:10.1080/01621459.2017.1307116). See
``training/fit_bounds.py``. They belong to a weight file and are stored beside it, in ``NAME.bounds.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

SHARE = 0.9
"""Share of studies that err by less than their bound."""
FEATURES = ("constant", "log disagreement", "log contrast", "log openness", "cut", "softness")
"""Openness is the labelled pool over the wall: where blur or a small heart closes it, less of the axis is seen.
Softness is that of the labels' edge (:func:`.labelling.softness`): most of what is known of the error of the centre."""
NEEDED = ("axis_disagreement_deg", "contrast", "myocardium_ml", "blood_pool_ml", "cut_share", "label_softness")
"""Measures of :mod:`.qc` that the features are made of."""
CUT, MOST_CUT = 10.0, 2.0
"""The share of the LV that is cut off counts ten times, up to a fifth."""
ERRORS = ("axis_deg", "centre_mm", "septum_deg")
"""Errors that are bounded: of the long axis, of the LV centre, and of the septum angle that the network sees."""
LARGEST = {"axis_deg": 90.0, "centre_mm": 100.0, "septum_deg": 90.0}
SUFFIX = ".bounds.json"


def features(measures: Mapping[str, float]) -> NDArray[np.float64] | None:
    """The numbers of :data:`FEATURES`; None where a measure is missing or not finite."""
    needed = [measures.get(name, float("nan")) for name in NEEDED]
    if not np.isfinite(needed).all():
        return None
    apart, contrast, wall, pool, cut, soft = needed
    openness = (pool + 5.0) / max(wall, 5.0)
    return np.array([1.0, *np.log([apart + 1.0, max(contrast, 0.5), openness]), min(CUT * cut, MOST_CUT), soft])


@dataclass(frozen=True)
class Bounds:
    """The calibrated bounds of one weight file.

    Attributes:
        coefficients: by name of :data:`ERRORS`, one number for each of :data:`FEATURES`.
    """

    coefficients: Mapping[str, tuple[float, ...]]

    def of(self, measures: Mapping[str, float]) -> dict[str, float]:
        """The bound of each error, in its unit; empty where the difficulty cannot be determined."""
        x = features(measures)
        if x is None:
            return {}
        return {name: bounded(x, np.array(b), LARGEST[name]) for name, b in self.coefficients.items()}


def bounded(x: NDArray[np.float64], coefficients: NDArray[np.float64], largest: float) -> float:
    """``exp(x @ coefficients)``, at most ``largest``."""
    return float(np.exp(np.minimum(x @ coefficients, np.log(largest))))


def bounds_file(weights: Path) -> Path:
    """Where the bounds of a weight file are stored."""
    return weights.with_name(weights.stem + SUFFIX)


def read_bounds(weights: Path, sha256: str) -> Bounds:
    """The bounds of a weight file; without any if they are missing or belong to other weights.

    Raises:
        InputError: the file is damaged.
    """
    path = bounds_file(weights)
    if not path.is_file():
        return Bounds({})
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        found = {name: tuple(float(b) for b in told["coefficients"][name]) for name in ERRORS}
        fits = told["weights_sha256"] == sha256 and tuple(told["features"]) == FEATURES
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path}: the bounds of a weight file must be as `bounds` writes them, but: {error!r}; run `bounds` again"
        raise InputError(msg) from error
    return Bounds(found) if fits and all(len(b) == len(FEATURES) for b in found.values()) else Bounds({})


def as_json(bounds: Bounds, sha256: str, coverage: Mapping[str, Mapping[str, float]]) -> str:
    """The content of a bounds file.

    Args:
        sha256: of the weights.
        coverage: by error and kind of study, the share within the bound among the studies it was calibrated on.
    """
    content = {
        "weights_sha256": sha256,
        "features": FEATURES,
        "coefficients": {name: [round(x, 5) for x in b] for name, b in bounds.coefficients.items()},
        "coverage": {name: {kind: round(x, 3) for kind, x in by.items()} for name, by in coverage.items()},
    }
    return json.dumps(content, indent=1) + "\n"
