"""Calibration of the error bounds (:mod:`..prediction.bounds`) on studies that a model was not trained on."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from ..errors import InputError
from ..evaluation.true_study import DataSet
from ..evaluation.true_study import TrueStudy
from ..geometry.pose import wrap_degrees
from ..io.atomic_file import write_text
from ..prediction.bounds import ERRORS
from ..prediction.bounds import SHARE
from ..prediction.bounds import Bounds
from ..prediction.bounds import as_json
from ..prediction.bounds import bounds_file
from ..prediction.bounds import features
from ..prediction.models import load_compact
from ..prediction.predictor import predict
from ..prediction.result import Result

Array = NDArray[np.float64]
Say = Callable[[str], None]
Coverage = Mapping[str, Mapping[str, float]]

LIMITS = ((None, None), (0.0, None), (None, 0.0), (None, 0.0), (0.5, 3.0), (0.0, None))
"""Of the coefficients: disagreement, cut and softness only widen a bound, contrast and openness only narrow it. Few of
the studies are cut, so what a cut means is limited: a tenth of the LV widens the bound by 1.6 to 20 times."""
LEAST = 0.2
"""Smaller errors count as this."""
FOLDS = 10
LEAST_SHARE = 0.85
"""Of the studies of every data set."""
MIN_STUDIES, MIN_OF_A_SET = 40, 20


@dataclass(frozen=True)
class Measured:
    """One study: its kind and subject, :data:`..prediction.bounds.FEATURES` and the errors by name."""

    kind: str
    subject: str
    x: Array
    errors: Mapping[str, float]


def calibrate_bounds(weights: Path, sets: Sequence[DataSet], say: Say) -> tuple[Path, Coverage]:
    """Measure a model, fit its bounds and write them beside its weight file.

    Returns:
        The file, and by error and kind of study the share within the bound.

    Raises:
        InputError: too few studies, another architecture, or a full disk.
    """
    identity = load_compact(weights, "the calibration")[1]
    rows = list(measure(weights, sets, say))
    if len(rows) < MIN_STUDIES:
        msg = f"a calibration needs {MIN_STUDIES} studies with an LV found, but there are {len(rows)}; add studies"
        raise InputError(msg)
    bounds, coverage = fit(rows)
    path = bounds_file(weights)
    write_text(path, as_json(bounds, identity.sha256, coverage))
    return path, coverage


def measure(weights: Path, sets: Sequence[DataSet], say: Say) -> Iterator[Measured]:
    """The errors of a model and what they are predicted from, study by study."""
    for data_set in sets:
        say(f"{data_set.name}: {len(data_set.studies)} studies")
        for true in data_set.studies:
            found = _measured(data_set.name, true, predict(true.read(), model=weights))
            if found is not None:
                yield found


def _measured(kind: str, true: TrueStudy, result: Result) -> Measured | None:
    x = features(result.quality.measures)
    if x is None:
        return None
    errors = {"axis_deg": result.pose.long_axis_error(true.pose), "centre_mm": result.pose.centre_error(true.pose)}
    if true.septum_deg is not None:
        errors["septum_deg"] = abs(float(wrap_degrees(result.quality.measures["septum_seen_deg"] - true.septum_deg)))
    return Measured(kind, true.subject, x, errors)


def fit(rows: Sequence[Measured]) -> tuple[Bounds, Coverage]:
    """The bounds of all errors, and by error and kind the share within them."""
    coefficients, coverage = dict[str, tuple[float, ...]](), dict[str, Mapping[str, float]]()
    for name in ERRORS:
        known = [row for row in rows if name in row.errors]
        x, errors = np.array([row.x for row in known]), np.array([row.errors[name] for row in known])
        kinds, subjects = (np.array([getattr(row, which) for row in known]) for which in ("kind", "subject"))
        b = conformal(x, errors, kinds, subjects)
        coefficients[name] = tuple(b.tolist())
        within = errors <= np.exp(x @ b) + 1e-9
        coverage[name] = {str(kind): float(within[kinds == kind].mean()) for kind in np.unique(kinds)}
    return Bounds(coefficients), coverage


def conformal(x: Array, errors: Array, kinds: NDArray[np.str_], subjects: NDArray[np.str_]) -> Array:
    """Coefficients of a bound that holds for subjects that it was not fitted to.

    Every kind counts the same. The residuals of the regression are taken by cross-validation over subjects. The
    constant is then raised or lowered until nine in ten of the studies are within, each kind counting the same, and
    no kind has less than :data:`LEAST_SHARE` (conformal prediction by group).

    Args:
        x: ``(N, F)`` features; errors: ``(N,)``; kinds, subjects: ``(N,)``.
    """
    beyond, weights = np.empty(len(x)), equal_weights(kinds)
    names = np.unique(subjects)
    for fold in range(FOLDS):
        left_out = np.isin(subjects, names[fold::FOLDS])
        if left_out.any():
            b = quantile_regression(x[~left_out], errors[~left_out], weights[~left_out])
            beyond[left_out] = _log(errors[left_out]) - x[left_out] @ b
    all_in = quantile_regression(x, errors, weights)
    large = [name for name, n in zip(*np.unique(kinds, return_counts=True), strict=True) if n >= MIN_OF_A_SET]
    least = [float(np.quantile(beyond[kinds == name], LEAST_SHARE)) for name in large]
    all_in[0] += max([weighted_quantile(beyond, weights, SHARE), *least])
    return all_in


def equal_weights(kinds: NDArray[np.str_]) -> Array:
    """Weights ``(N,)`` with which every kind counts the same; their mean is one."""
    names, place, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    return np.asarray(len(kinds) / len(names) / counts[place])


def weighted_quantile(values: Array, weights: Array, share: float) -> float:
    """The smallest value up to which the values have at least this share of the weight."""
    order = np.argsort(values)
    heaped = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(heaped, share - 1e-12)), len(values) - 1)])


def _log(errors: Array) -> Array:
    return np.asarray(np.log(np.maximum(errors, LEAST)))


def quantile_regression(x: Array, errors: Array, weights: Array) -> Array:
    """Regression of the 90 % quantile of ``log(error)``, limited coefficients, as a linear programme.

    Args:
        x: ``(N, F)``; errors, weights: ``(N,)``.

    Returns:
        ``(F,)`` coefficients.
    """
    n, m = x.shape
    cost = np.concatenate([np.zeros(m), SHARE * weights, (1 - SHARE) * weights])
    equal = np.hstack([x, np.eye(n), -np.eye(n)])
    solved = linprog(cost, A_eq=equal, b_eq=_log(errors), bounds=[*LIMITS, *[(0, None)] * (2 * n)])
    return np.asarray(solved.x[:m])


def coverage_table(coverage: Coverage) -> str:
    """Lines of text: the share of the studies within each bound, by kind."""
    lines = [f"{name}: " + ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in by.items())
             for name, by in coverage.items()]  # fmt: skip
    return "\n".join(lines)
