"""The volume curve of a heart beat, a periodic one through two harmonics, and its peak rates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .moving_walls import harmonics

Array = NDArray[np.float64]

FINE = 200
"""Points of the cycle at which rates are looked for."""


@dataclass(frozen=True)
class Rates:
    """Peak ejection and filling.

    Attributes:
        ejection, filling: largest fall and rise, in EDV per cycle.
        to_peak_filling: share of the cycle from end-systole to the largest rise.
    """

    ejection: float
    filling: float
    to_peak_filling: float


def rates_of(cavity_ml: Array) -> Rates:
    """Rates of a volume curve ``(G,)`` over one cycle.

    A cavity of 100 ml that changes by 25 ml as a cosine: the steepest slope is 2 pi 25 ml a cycle.

    >>> found = rates_of(75 + 25 * np.cos(2 * np.pi * np.arange(16) / 16))
    >>> round(found.ejection, 2), round(found.filling, 2), round(found.to_peak_filling, 2)
    (1.57, 1.57, 0.25)
    """
    _, curve, slope = fine_curve(cavity_ml)
    wait = (slope.argmax() - curve.argmin()) % FINE / FINE
    return Rates(float(-slope.min()), float(slope.max()), float(wait))


def fine_curve(cavity_ml: Array) -> tuple[Array, Array, Array]:
    """Places in the cycle ``(FINE,)``, the volume there in ml, and its slope in EDV per cycle."""
    spectrum = np.fft.rfft(harmonics(cavity_ml)) / len(cavity_ml)
    order, cycle = np.arange(len(spectrum)), np.arange(FINE) / FINE
    waves = np.exp(2j * np.pi * np.outer(cycle, order)) * spectrum * np.where(order == 0, 1.0, 2.0)
    slope = (waves * 2j * np.pi * order).real.sum(axis=1) / cavity_ml.max()
    return cycle, waves.real.sum(axis=1), slope
