"""The long axis from labels, against cups drawn by hand at known tilts."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.ellipsoid_fit import fit_cup
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import angle_between
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

SPACING = 3.0


def cup(turn: Rotation, radius: float = 35.0, apex: float = 52.0, base: float = 35.0) -> NDArray[np.uint8]:
    """Half an ellipsoid with a cylinder above it, wall 18 mm as it appears, cut square to its axis."""
    k, j, i = (np.indices((63, 63, 63)) - 31) * SPACING
    x, y, z = np.moveaxis(np.stack([i, j, k], axis=-1) @ turn.as_matrix(), -1, 0)
    below = np.minimum(z, 0)

    def inside(inset: float) -> NDArray[np.bool_]:
        return ((x**2 + y**2) / (radius - inset) ** 2 + (below / (apex - inset)) ** 2 < 1) & (z < base)

    return (MYOCARDIUM * (inside(0) & ~inside(18)) + BLOOD_POOL * inside(18)).astype(np.uint8)


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
