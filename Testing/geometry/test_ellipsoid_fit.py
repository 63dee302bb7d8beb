"""The long axis from labels, against cups drawn by hand at known tilts."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_cup
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import angle_between
from phantoms import SPACING
from phantoms import cup
from scipy.spatial.transform import Rotation


@pytest.mark.parametrize("turn", [(0, 0), (12, 0), (0, -15), (9, 9), (-20, 6)])
def test_axis_is_found_without_knowing_the_tilt(turn: tuple[float, float]) -> None:
    rotation = Rotation.from_euler("xy", turn, degrees=True)
    found = fit_cup(cup(rotation), SPACING)
    assert found is not None
    assert angle_between(found.axis, rotation.as_matrix()[:, 2]) < 2.0
    assert found.residual_mm < 2.0


def test_axis_holds_when_a_wall_is_shorter_than_the_other() -> None:
    labels = cup(Rotation.identity())
    k, _, i = (np.indices(labels.shape) - 31) * SPACING
    labels[(k > 10 + 0.5 * i) & (k > 0)] = 0
    found = fit_cup(labels, SPACING)
    assert found is not None
    assert angle_between(found.axis, [0, 0, 1]) < 4.0


def test_too_little_of_a_surface_gives_no_axis() -> None:
    labels = np.zeros((63, 63, 63), np.uint8)
    assert fit_cup(labels, SPACING) is None
    labels[30:32, 30:32, 30:32] = MYOCARDIUM
    assert fit_cup(labels, SPACING) is None
