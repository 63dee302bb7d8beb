"""Stress against rest on walls whose answer is worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.perfusion.comparison import LEAST_NORMAL
from MSSTUNetReorientLib.perfusion.comparison import Comparison
from MSSTUNetReorientLib.perfusion.comparison import compare
from MSSTUNetReorientLib.perfusion.comparison import weighted_quantiles
from MSSTUNetReorientLib.perfusion.polar_map import PolarMap
from MSSTUNetReorientLib.perfusion.quantification import quantify
from MSSTUNetReorientLib.perfusion.scores import below_limits
from numpy.typing import NDArray
from walls import LENGTH_MM
from walls import Counts
from walls import uniform
from walls import wall

from perfusion.flat_limits import flat_limits

Array = NDArray[np.float64]
RIM_MM = 6.0
"""Wall at its basal end that counts in no figure."""
FIRST, LAST = 0.3, 1 - RIM_MM / LENGTH_MM
EXTENT = 100 * 60 / 360 * (LAST - FIRST) / LAST
"""Percent of the counted surface of a sector of 60 degrees from 0.3 of the axis on: rings of equal height on a sphere
and on a cylinder have equal areas."""
EXACT = 0.25
"""Rows of 2 mm and their borders allow so much."""


def cold(percent: float) -> Counts:
    """A cold inferior sector of 60 degrees above the apical segments."""
    return lambda height, angle: np.where((height > FIRST) & (angle >= 240) & (angle < 300), percent, 100.0)


def mapped(counts: Counts = uniform) -> PolarMap:
    found = quantify(*wall(counts), verdict="pass").map
    assert found is not None
    return found


NORMAL, ISCHAEMIC, SCARRED = mapped(), mapped(cold(30.0)), mapped(cold(60.0))


def compared(stress: PolarMap, rest: PolarMap) -> Comparison:
    found = compare(stress, rest)
    assert found is not None
    return found


def test_a_map_against_itself_has_no_difference() -> None:
    for same in (NORMAL, ISCHAEMIC):
        found = compared(same, same)
        assert found.scale == 1.0
        assert np.nanmax(np.abs(found.difference)) == 0
        assert found.reversible_percent == 0
        assert np.nanmax(np.abs(found.segments)) == 0
        assert np.array_equal(found.compared, same.counted)


def test_a_wall_cold_at_stress_alone_is_reversible() -> None:
    found = compared(ISCHAEMIC, NORMAL)
    assert found.scale == pytest.approx(1.0, abs=1e-3)
    assert found.reversible_percent == pytest.approx(EXTENT, abs=EXACT)
    assert found.fixed_percent == 0
    assert found.worse_percent == 0
    inside = found.reversible
    assert found.difference[inside].min() > 50, "half of a border sample is cold"
    assert np.median(found.difference[inside]) == pytest.approx(70.0, abs=0.1)
    assert found.difference[found.compared & ~inside] == pytest.approx(0.0, abs=0.1)
    assert [n + 1 for n in np.flatnonzero(found.segments > 5)] == [4, 10]


def test_a_wall_cold_in_both_is_fixed() -> None:
    found = compared(ISCHAEMIC, ISCHAEMIC)
    assert found.fixed_percent == pytest.approx(EXTENT, abs=EXACT)
    assert found.reversible_percent == 0


def test_a_part_that_comes_back_is_reversible() -> None:
    found = compared(ISCHAEMIC, SCARRED)
    assert found.reversible_percent == pytest.approx(EXTENT, abs=EXACT)
    assert np.median(found.difference[found.reversible]) == pytest.approx(30.0, abs=0.1)


def test_a_gain_below_the_threshold_is_fixed() -> None:
    found = compared(mapped(cold(52.0)), SCARRED)
    assert found.reversible_percent == 0
    assert found.fixed_percent == pytest.approx(EXTENT, abs=EXACT)


def test_swapped_studies_have_the_opposite_difference() -> None:
    found, swapped = compared(ISCHAEMIC, NORMAL), compared(NORMAL, ISCHAEMIC)
    assert swapped.difference[swapped.compared] == pytest.approx(-found.difference[found.compared])
    assert swapped.reversible_percent == 0
    assert swapped.worse_percent == pytest.approx(EXTENT, abs=EXACT)
    assert [n + 1 for n in np.flatnonzero(swapped.segments < -5)] == [4, 10]


@pytest.mark.parametrize(("limit", "abnormal"), [(25.0, 0.0), (60.0, EXTENT)])
def test_normal_limits_say_what_is_abnormal(limit: float, abnormal: float) -> None:
    within = below_limits(ISCHAEMIC, flat_limits(80.0, limit))
    assert compared(ISCHAEMIC, NORMAL).reversible_within(within) == pytest.approx(abnormal, abs=EXACT)
    assert compared(ISCHAEMIC, ISCHAEMIC).reversible_within(within) == 0
    nowhere = below_limits(ISCHAEMIC, flat_limits(80.0, limit, from_height=1.0))
    assert compared(ISCHAEMIC, NORMAL).reversible_within(nowhere) == 0


@settings(max_examples=20, deadline=None)
@given(factor=st.floats(1e-3, 1e4), other=st.floats(1e-3, 1e4))
def test_the_unit_of_the_counts_does_not_matter(factor: float, other: float) -> None:
    usual, found = compared(ISCHAEMIC, SCARRED), compared(in_unit(ISCHAEMIC, factor), in_unit(SCARRED, other))
    assert found.difference == pytest.approx(usual.difference, nan_ok=True)
    assert found.reversible_percent == usual.reversible_percent


def in_unit(found: PolarMap, factor: float) -> PolarMap:
    """The same map of counts in another unit."""
    samples = replace(found.samples, maximum=factor * found.samples.maximum)
    return replace(found, samples=samples, maximum=factor * found.maximum)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_a_maximum_that_is_not_normal_wall_is_scaled_away(factor: float) -> None:
    """One study's maximum is another part of the wall: what is normal in both still agrees."""
    rest = replace(NORMAL, maximum=factor * NORMAL.maximum)
    stress = ISCHAEMIC if factor < 1 else replace(ISCHAEMIC, maximum=ISCHAEMIC.maximum * 1.1)
    found = compared(stress, rest)
    assert found.scale == pytest.approx(factor / (stress.maximum / ISCHAEMIC.maximum), rel=1e-3)
    assert found.reversible_percent == pytest.approx(EXTENT, abs=EXACT)
    assert found.difference[found.compared & ~found.reversible] == pytest.approx(0.0, abs=0.1)


def test_too_little_normal_wall_withholds_the_comparison() -> None:
    """Half of the wall is cold at stress and the other half at rest: nothing is normal in both."""
    left, right = (mapped(lambda h, a, s=side: np.where((a < 180) == s, 40.0, 100.0)) for side in (True, False))  # type: ignore[misc]
    assert compare(left, right) is None
    assert compare(left, left) is not None
    assert LEAST_NORMAL < 0.5


def test_walls_that_differ_unevenly_are_not_scaled() -> None:
    """Rest brighter by a third on one side and dimmer by a quarter on the other: no scale fits both."""
    left, right = (mapped(lambda h, a, s=side: np.where((a < 180) == s, 74.0, 100.0)) for side in (True, False))  # type: ignore[misc]
    assert compare(left, right) is None
    near = mapped(lambda h, a: np.where(a < 180, 92.0, 100.0))
    assert compare(near, NORMAL) is not None


def test_samples_are_compared_at_their_place_along_the_axis() -> None:
    """The rows of the rest map end at other heights; a cold base that begins at the same height is the same."""
    stress = mapped(lambda height, angle: np.where(height > 0.5, 40.0, 100.0))
    edges, samples = stress.samples.edges, stress.samples
    moved = np.interp(edges, [0, 0.5, 1], [0, 0.6, 1])
    rows = np.interp((moved[1:] + moved[:-1]) / 2, edges, np.arange(len(edges))).astype(int)
    samples = replace(samples, edges=moved, maximum=samples.maximum[rows], area_mm2=samples.area_mm2[rows])
    rest = replace(stress, samples=samples, counted=stress.counted[rows], usable=stress.usable[rows])
    found = compared(stress, rest)
    assert np.nanmedian(np.abs(found.difference)) == 0
    assert found.reversible_percent + found.worse_percent < 4.0, "one row"
    plain = compared(stress, replace(rest, samples=replace(samples, edges=edges)))
    assert plain.reversible_percent + plain.worse_percent == pytest.approx(100 * (0.5 - 0.5 / 1.2) / LAST, abs=4.5), (
        "and one row"
    )


def test_samples_that_one_study_lacks_are_not_compared() -> None:
    known = NORMAL.counted.copy()
    known[20:, :9] = False
    found = compared(ISCHAEMIC, replace(NORMAL, counted=known))
    assert not found.compared[20:, :9].any()
    assert np.isnan(found.difference[20:, :9]).all()
    assert np.array_equal(found.compared, ISCHAEMIC.counted & known)


@given(
    st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 9)), min_size=1, max_size=30),
)
def test_weighted_quantiles_are_those_of_repeated_values(pairs: list[tuple[int, int]]) -> None:
    values, weights = (np.array(x, dtype=float) for x in zip(*pairs, strict=True))
    repeated = np.repeat(values, weights.astype(int))
    assert weighted_quantiles(values, weights, [0.5]) == [np.median(repeated)]
    low, high = weighted_quantiles(values, weights, [0.25, 0.75])
    averaged = [np.quantile(repeated, q, method="averaged_inverted_cdf") for q in (0.25, 0.75)]
    assert [low, high] == averaged
