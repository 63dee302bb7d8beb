"""The mid-wall surface of cups whose surface is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.perfusion.mid_wall import MidWall
from MSSTUNetReorientLib.perfusion.mid_wall import mid_wall
from MSSTUNetReorientLib.perfusion.valve_plane import top_plane

from perfusion.cups import HALF_BALL
from perfusion.cups import HALF_ELLIPSOID
from perfusion.cups import TUBE
from perfusion.cups import Cup

CUPS = {"half ball": HALF_BALL, "half ellipsoid": HALF_ELLIPSOID, "tube": TUBE}
each_cup = pytest.mark.parametrize("cup", CUPS.values(), ids=CUPS)


def surface_of(cup: Cup, spacing: float = 2.0) -> MidWall:
    found = mid_wall(cup.labels(spacing, shift=0.3))
    assert found is not None
    return found


@each_cup
@pytest.mark.parametrize("spacing", [1.6, 3.2])
def test_it_lies_half_way_between_the_surfaces_of_a_thin_wall(cup: Cup, spacing: float) -> None:
    found = surface_of(cup, spacing)
    assert found.volume_ml() == pytest.approx(cup.ml(), rel=0.03)
    assert found.apparent_mm == pytest.approx(cup.wall, abs=0.9)
    assert found.apex_to_plane_mm == pytest.approx(cup.apex + cup.base, abs=1.6)


def test_the_formula_of_parallel_surfaces_is_right_for_a_ball() -> None:
    assert HALF_BALL.parallel_ml(5.0) == pytest.approx(HALF_BALL.ml(5.0), rel=1e-4)
    assert HALF_ELLIPSOID.parallel_ml(0.0) == pytest.approx(HALF_ELLIPSOID.ml(), rel=1e-4)


@each_cup
@pytest.mark.parametrize("offset", [-5.0, 5.0, 19.0])
def test_it_can_be_moved_by_mm(cup: Cup, offset: float) -> None:
    assert surface_of(cup).volume_ml(offset) == pytest.approx(cup.parallel_ml(offset), rel=0.04)


def test_a_thick_wall_has_it_nearer_to_the_epicardium() -> None:
    """Half way would be 9 mm below the epicardium; the rule for blurred walls says 2.6 + 18 / 4."""
    cup = replace(TUBE, radius=40.0, apex=40.0, wall=18.0)
    assert surface_of(cup).volume_ml() == pytest.approx(cup.ml(9.0 - 7.1), rel=0.03)


def test_a_pool_that_has_closed_at_the_apex_does_not_move_it() -> None:
    closed = surface_of(replace(TUBE, closed=25.0))
    assert closed.volume_ml() == pytest.approx(TUBE.ml(), rel=0.03)
    assert closed.apex_to_plane_mm == pytest.approx(70.0, abs=2.0)


def test_a_pool_that_has_closed_at_the_base_does_not_shorten_it() -> None:
    labels = TUBE.labels(2.0)
    array = labels.array.copy()
    k = np.arange(len(array))[:, None, None]
    top = int(np.flatnonzero((array == 2).any(axis=(1, 2)))[-1])
    array[(array == 2) & (k > top - 10)] = 1
    found = mid_wall(Volume(array, labels.grid))
    assert found is not None
    assert found.apex_to_plane_mm == pytest.approx(70.0, abs=4.0)


@pytest.mark.parametrize("missing", [1, 2])
def test_there_is_none_without_a_pool_or_a_wall(missing: int) -> None:
    labels = TUBE.labels(3.2)
    array = np.where(labels.array == missing, 0, labels.array).astype(np.uint8)
    assert mid_wall(Volume(array, labels.grid)) is None


def test_a_tiny_pool_is_no_error() -> None:
    labels = TUBE.labels(3.2)
    array = np.minimum(labels.array, 1)
    array[24:26, 24:26, 24:26] = 2
    found = mid_wall(Volume(array, labels.grid))
    assert found is not None
    assert np.isfinite(found.volume_ml())


def test_the_valve_plane_may_be_tilted() -> None:
    pool = (replace(TUBE, tilt=0.2).labels(2.0).array == 2).astype(float)
    plane = top_plane(pool, 2.0)
    assert plane is not None
    assert plane.slope_i == pytest.approx(0.2, abs=0.03)
    assert plane.slope_j == pytest.approx(0.0, abs=0.02)
    assert surface_of(replace(TUBE, tilt=0.2)).volume_ml() == pytest.approx(TUBE.ml(), rel=0.03)
