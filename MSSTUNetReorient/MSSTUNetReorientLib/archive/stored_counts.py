"""Counts as the whole numbers that DICOM stores, and how to read them back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LARGEST = 32767
"""Fits the readers that take every pixel for a signed number."""
LEAST_PEAK = 2000.0
"""Counts with a lower maximum are scaled up: rounding them would cost more than a quarter of a thousandth of it."""


@dataclass(frozen=True, eq=False)
class StoredCounts:
    """Pixels.

    Attributes:
        pixels: unsigned 16 bits, the shape of the counts.
        slope: counts of one step of a pixel; 1 where counts are stored as they are.
    """

    pixels: NDArray[np.uint16]
    slope: float


def stored(counts: NDArray[np.float32]) -> StoredCounts:
    """Counts, rounded; with a slope where their range needs one. Undershoots of the interpolation become zero."""
    peak = float(counts.max())
    slope = 1.0 if LEAST_PEAK <= peak <= LARGEST else float(f"{peak / LARGEST:.10g}") or 1.0
    pixels = np.clip(np.round(counts / slope), 0, LARGEST)
    return StoredCounts(pixels.astype(np.uint16), slope)
