"""The drawn polar map: what lies where on the disc."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.perfusion.aha_segments import SEGMENTS
from MSSTUNetReorientLib.perfusion.polar_drawing import border
from MSSTUNetReorientLib.perfusion.polar_drawing import mesh
from MSSTUNetReorientLib.perfusion.polar_drawing import middle
from MSSTUNetReorientLib.perfusion.polar_drawing import sample_at
from MSSTUNetReorientLib.perfusion.polar_drawing import segment_at
from MSSTUNetReorientLib.perfusion.sampling import RAYS
from MSSTUNetReorientLib.perfusion.sampling import ROWS

HAND = {1: (0.0, 0.9), 4: (0.0, -0.9), 2: (-0.8, 0.4), 6: (0.8, 0.4), 7: (0.0, 0.6), 10: (0.0, -0.6), 13: (0.0, 0.35),
        14: (-0.35, 0.0), 15: (0.0, -0.35), 16: (0.35, 0.0), 17: (0.1, -0.1)}  # fmt: skip
"""By eye, on a picture of the 17 segments: anterior up, septum left."""


@pytest.mark.parametrize(("number", "point"), HAND.items())
def test_segments_lie_where_readers_expect(number: int, point: tuple[float, float]) -> None:
    found = segment_at(*point)
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize("segment", SEGMENTS, ids=lambda s: s.name)
def test_the_middle_of_a_segment_lies_in_it_and_its_border_round_it(segment: object) -> None:
    x, y = middle(segment)
    assert segment_at(x, y) is segment
    edge = np.stack(border(segment), axis=1)
    np.testing.assert_allclose(edge[0], edge[-1], atol=1e-9)  # closed
    nearer = (x, y) + 0.98 * (edge - (x, y))
    inside = [segment_at(*point) for point in nearer]
    assert sum(found is segment for found in inside) > 0.85 * len(inside)  # chords of an inner arc cut the neighbour


def test_nothing_lies_outside() -> None:
    assert segment_at(0.8, 0.8) is None
    assert sample_at(0.8, 0.8, np.linspace(0, 1, ROWS + 1)) is None


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 1.0), min_size=ROWS, max_size=ROWS), st.integers(0, ROWS - 1), st.integers(0, RAYS - 1))
def test_the_sample_under_a_point_is_the_one_drawn_there(widths: list[float], row: int, ray: int) -> None:
    edges = np.concatenate([[0.0], np.cumsum(widths)]) / np.sum(widths)
    x, y = mesh(edges)
    radius = np.hypot(x, y)[row : row + 2, ray].mean()
    angle = 2 * np.pi * (ray + 0.5) / RAYS
    assert sample_at(radius * np.cos(angle), radius * np.sin(angle), edges) == (row, ray)


def test_the_mesh_covers_the_disc_once() -> None:
    x, y = mesh(np.linspace(0, 1, ROWS + 1))
    cells = (
        np.stack([x[:-1, :-1], x[1:, :-1], x[1:, 1:], x[:-1, 1:]]),
        np.stack([y[:-1, :-1], y[1:, :-1], y[1:, 1:], y[:-1, 1:]]),
    )
    area = (cells[0] * np.roll(cells[1], -1, axis=0) - cells[1] * np.roll(cells[0], -1, axis=0)).sum(axis=0) / 2
    assert (area >= 0).all()
    polygon = RAYS / 2 * np.sin(2 * np.pi / RAYS)
    assert area.sum() == pytest.approx(polygon)
