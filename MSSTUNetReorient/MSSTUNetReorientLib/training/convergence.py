"""When a validation curve is flat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LAST = 0.2
"""The share of the steps in which a flat curve no longer falls."""
LEAST_POINTS = 8
"""Points that this share must hold: fewer show noise."""
FALL = 0.02
"""A curve is flat when it falls by less than this share of its height over its last fifth."""


def is_flat(steps: Sequence[int], losses: Sequence[float], begin: int = 0) -> bool:
    """Whether a validation curve is flat over its last fifth, by the straight line fitted to that part.

    Args:
        steps: of the points, rising; losses: there, positive.
        begin: step before which another loss was trained, as in the stages of Zhu 2022; the fifth must lie behind it.
    """
    if not steps:
        return False
    first = (1 - LAST) * steps[-1]
    x, y = (np.array(v, dtype=float)[np.array(steps) >= first] for v in (steps, losses))
    if len(x) < LEAST_POINTS or first < begin:
        return False
    slope = float(np.polyfit(x - x.mean(), y, 1)[0])
    return -slope * LAST * steps[-1] < FALL * abs(float(y.mean()))
