"""The wall or side at each edge of a slice view, from its orientation, never from its name."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HEART = ("SEP", "LAT", "ANT", "INF", "APEX", "BASE")
"""Where -i, +i, -j, +j, -k, +k of the short-axis frame point."""
PATIENT = ("L", "R", "P", "A", "I", "S")
"""Where -x, +x, -y, +y, -z, +z of RAS point."""
LEAST_COSINE = float(np.cos(np.deg2rad(35.0)))
"""A direction further from every axis gets no name rather than a wrong one."""

Edges = tuple[str, str, str, str]
"""Left, right, top, bottom."""


def edge_words(slice_to_ras: NDArray[np.float64], axes: NDArray[np.float64], words: tuple[str, ...]) -> Edges:
    """The words at the edges of a view.

    Args:
        slice_to_ras: ``(4, 4)``; its columns are the directions right, up and through the screen.
        axes: ``(3, 3)``, columns the named axes in RAS, orthonormal.
        words: for minus and plus of each axis.
    """
    right, up = (axes.T @ slice_to_ras[:3, column] for column in (0, 1))
    return _word(-right, words), _word(right, words), _word(up, words), _word(-up, words)


def _word(direction: NDArray[np.float64], words: tuple[str, ...]) -> str:
    unit = direction / max(float(np.linalg.norm(direction)), 1e-12)
    nearest = int(np.argmax(np.abs(unit)))
    if abs(unit[nearest]) < LEAST_COSINE:
        return ""
    return words[2 * nearest + int(unit[nearest] > 0)]
