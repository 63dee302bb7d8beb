"""The three standard views: what lies at each edge of the screen, and that no picture is mirrored."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.geometry.views import VIEWS
from MSSTUNetReorientLib.geometry.views import View
from MSSTUNetReorientLib.geometry.views import display_array
from MSSTUNetReorientLib.geometry.views import slice_to_lps

WALLS = {
    "septal": (-1, 0, 0),
    "lateral": (1, 0, 0),
    "anterior": (0, -1, 0),
    "inferior": (0, 1, 0),
    "apex": (0, 0, -1),
    "base": (0, 0, 1),
}
"""Where each wall lies in the SA frame, by its definition."""


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_edges_and_order_name_the_walls_that_lie_there(view: View) -> None:
    left, right, top, bottom = (WALLS[name] for name in view.edges)
    first, last = (WALLS[name] for name in view.order)
    assert view.right == right == tuple(-x for x in left)
    assert view.down == bottom == tuple(-x for x in top)
    assert view.normal == last == tuple(-x for x in first)


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_axes_are_a_proper_rotation(view: View) -> None:
    np.testing.assert_allclose(view.axes.T @ view.axes, np.eye(3))
    assert np.linalg.det(view.axes) == pytest.approx(1.0)


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
@pytest.mark.parametrize("wall", WALLS)
def test_display_array_puts_a_marked_wall_at_its_edge(view: View, wall: str) -> None:
    array = np.zeros((7, 9, 11))  # k, j, i: all different, so that a wrong transposition shows
    i, j, k = (np.array(array.shape[::-1]) // 2 + np.array(WALLS[wall]) * 2).tolist()
    array[k, j, i] = 1
    shown = display_array(array, view)
    ((depth, row, column),) = np.argwhere(shown) - np.array(shown.shape) // 2
    vertical = {view.edges[2]: -2, view.edges[3]: 2}.get(wall, 0)
    horizontal = {view.edges[0]: -2, view.edges[1]: 2}.get(wall, 0)
    along = {view.order[0]: -2, view.order[1]: 2}.get(wall, 0)
    assert (depth, row, column) == (along, vertical, horizontal)


def test_short_axis_array_is_shown_as_it_is() -> None:
    array = np.arange(60).reshape(3, 4, 5)
    np.testing.assert_array_equal(display_array(array, SA), array)


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_slice_matrix_takes_the_screen_to_the_patient(view: View) -> None:
    pose = Pose.from_euler(-1.0, -0.9, 1.2, (10.0, -20.0, 30.0))
    matrix = slice_to_lps(view, pose)
    top = pose.apply(np.multiply(WALLS[view.edges[2]], 40.0))
    np.testing.assert_allclose(matrix @ [0, 40, 0, 1], [*top, 1], atol=1e-9)


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_the_views_are_shared_and_cannot_be_changed(view: View) -> None:
    with pytest.raises(FrozenInstanceError):
        view.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_slice_matrix_is_left_handed_and_has_the_centre_at_zero(view: View) -> None:
    pose = Pose.from_euler(-1.0, -0.9, 1.2, (10.0, -20.0, 30.0))
    matrix = slice_to_lps(view, pose)
    assert np.linalg.det(matrix) == pytest.approx(-1.0)
    right, last = (pose.apply(np.multiply(WALLS[name], 25.0)) for name in (view.edges[1], view.order[1]))
    np.testing.assert_allclose(matrix @ [0, 0, 0, 1], [10, -20, 30, 1], atol=1e-9)
    np.testing.assert_allclose(matrix @ [25, 0, 0, 1], [*right, 1], atol=1e-9)
    np.testing.assert_allclose(matrix @ [0, 0, 25, 1], [*last, 1], atol=1e-9)
