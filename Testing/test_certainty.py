"""The bound of the long axis: what it is made of, and that it is no bound without its measures."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.certainty import FEATURES
from MSSTUNetReorientLib.certainty import axis_bound_deg

SURE = {"axis_spread_deg": 0.7, "axis_disagreement_deg": 1.0, "cup_residual_mm": 0.7, "contrast": 3.0, "presence": 1.0}


def test_a_constant_bound() -> None:
    coefficients = [np.log(4.0), *np.zeros(len(FEATURES) - 1)]
    assert axis_bound_deg(SURE, coefficients) == pytest.approx(4.0)


def test_each_measure_moves_it() -> None:
    """By hand: (0.7 + 0.3) = 1 -> (1.7 + 0.3) = 2 doubles a bound with coefficient 1, and so on."""
    for name, value, feature, factor in (
        ("axis_spread_deg", 1.7, 1, 2.0),
        ("axis_disagreement_deg", 5.0, 2, 3.0),
        ("cup_residual_mm", 2.7, 3, 3.0),
        ("contrast", 6.0, 4, 2.0),
        ("presence", 0.5, 5, 2.0),
    ):
        coefficients = np.zeros(len(FEATURES))
        coefficients[feature] = 1.0
        moved = axis_bound_deg(SURE | {name: value}, coefficients)
        assert moved / axis_bound_deg(SURE, coefficients) == pytest.approx(factor), name


def test_no_bound_without_a_measure_or_a_calibration() -> None:
    assert np.isnan(axis_bound_deg({k: v for k, v in SURE.items() if k != "presence"}, np.ones(6)))
    assert np.isnan(axis_bound_deg(SURE | {"axis_disagreement_deg": float("nan")}, np.ones(6)))
    assert np.isnan(axis_bound_deg(SURE, np.full(6, np.nan)))


def test_a_bound_ends_at_ninety() -> None:
    assert axis_bound_deg(SURE, [50.0, 0, 0, 0, 0, 0]) == pytest.approx(90.0)
