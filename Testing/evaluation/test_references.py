"""The reference of a real study: corrections and consensus computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation import references
from MSSTUNetReorientLib.evaluation.references import RIDGE_CORRECTION
from MSSTUNetReorientLib.evaluation.references import reference
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.volume import Volume
from numpy.typing import NDArray
from results import make_result

FORWARD = np.array([0.0, 1.0, 0.0])
"""The axis of a heart that points straight forward: its short-axis image shows the patient's left at the right (x), and
the feet at the bottom (-z)."""


def given_wall(monkeypatch: pytest.MonkeyPatch, axis: NDArray[np.float64] | None) -> Volume:
    monkeypatch.setattr(references, "wall_line", lambda *_: axis)
    return make_result().study


def corrected_by_hand() -> NDArray[np.float64]:
    """Tilt -4.8: the base goes to the feet; then swing -1.3 about the direction of the feet: it goes to the right."""
    s, t = np.deg2rad([1.3, 4.8])
    return np.array([-np.sin(s) * np.cos(t), np.cos(s) * np.cos(t), -np.sin(t)])


def turned(axis: NDArray[np.float64], degrees: float) -> NDArray[np.float64]:
    """By an angle towards a direction that is orthogonal to it."""
    side = np.cross(axis, [0.3, 0.2, 0.9])
    side /= np.linalg.norm(side)
    return np.cos(np.deg2rad(degrees)) * axis + np.sin(np.deg2rad(degrees)) * side


def test_a_ridge_fit_is_turned_to_the_technologists(monkeypatch: pytest.MonkeyPatch) -> None:
    study = given_wall(monkeypatch, None)
    found = reference(study, 2 * FORWARD, np.zeros(3), 5.0)
    assert (RIDGE_CORRECTION.swing, RIDGE_CORRECTION.tilt, RIDGE_CORRECTION.roll) == (-1.3, -4.8, 0)
    assert found.ellipsoid == pytest.approx(corrected_by_hand())
    assert found.axis == pytest.approx(corrected_by_hand())
    assert (found.wall, found.apart_deg, found.uncertainty_deg) == (None, None, 5.0)


@pytest.mark.parametrize(
    ("apart", "stated", "expected"),
    [(2.0, 5.0, 5.0 / 2**0.5), (10.0, 5.0, 5.0), (0.0, 8.0, 8.0 / 2**0.5), (3.0, None, 6.0 / 2**0.5)],
)
def test_the_consensus_lies_halfway(
    apart: float, stated: float | None, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall = turned(corrected_by_hand(), apart)
    found = reference(given_wall(monkeypatch, wall), FORWARD, np.zeros(3), stated)
    assert found.apart_deg == pytest.approx(apart, abs=1e-6)
    assert angle_between(found.axis, wall) == pytest.approx(apart / 2, abs=1e-6)
    assert angle_between(found.axis, found.ellipsoid) == pytest.approx(apart / 2, abs=1e-6)
    assert np.linalg.norm(found.axis) == pytest.approx(1.0)
    assert found.uncertainty_deg == pytest.approx(expected)


def test_without_an_uncertainty_it_is_that_of_a_single_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reference(given_wall(monkeypatch, None), FORWARD, np.zeros(3), None).uncertainty_deg == 6.0
