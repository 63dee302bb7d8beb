"""Counts as whole numbers: nothing is lost that matters."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.archive.stored_counts import stored


def counts(peak: float) -> np.ndarray:
    made = np.random.default_rng(1).random((4, 5, 6)) * peak
    made[0, 0, 0], made[0, 0, 1] = peak, -0.1 * peak
    return made.astype(np.float32)


@pytest.mark.parametrize("peak", [1e-4, 0.7, 141.0, 1999.0, 2000.0, 32767.0, 32768.0, 5e8])
def test_they_are_read_back_to_a_quarter_of_a_thousandth_of_the_maximum(peak: float) -> None:
    given = counts(peak)
    found = stored(given)
    assert found.pixels.dtype == np.uint16
    assert found.pixels.max() <= 32767
    assert np.abs(found.pixels * found.slope - np.maximum(given, 0)).max() <= peak / 4000 * 1.001


@pytest.mark.parametrize(("peak", "kept"), [(1999.0, False), (2000.0, True), (32767.0, True), (40000.0, False)])
def test_counts_are_kept_where_they_fit(peak: float, kept: bool) -> None:
    assert (stored(counts(peak)).slope == 1.0) is kept


def test_no_counts() -> None:
    found = stored(np.zeros((1, 2, 2, 2), np.float32))
    assert (found.slope, int(found.pixels.max())) == (1.0, 0)
