"""The 17 segments: geometry against the AHA's own table, one cold segment at a time, hot voxel and hot gut."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.perfusion.aha_segments import SEGMENTS
from MSSTUNetReorientLib.perfusion.aha_segments import shares
from MSSTUNetReorientLib.perfusion.polar_map import PolarMap
from MSSTUNetReorientLib.perfusion.polar_map import polar_map
from MSSTUNetReorientLib.perfusion.sampling import sample
from numpy.typing import NDArray
from walls import LENGTH_MM
from walls import POSE
from walls import RADIUS_MM
from walls import THICKNESS_MM
from walls import Counts
from walls import Study
from walls import changed
from walls import places
from walls import wall
from walls import without

Array = NDArray[np.float64]

BORDERS = {
    1: (0.65, 1, 60, 120), 2: (0.65, 1, 120, 180), 3: (0.65, 1, 180, 240), 4: (0.65, 1, 240, 300),
    5: (0.65, 1, 300, 360), 6: (0.65, 1, 0, 60), 7: (0.3, 0.65, 60, 120), 8: (0.3, 0.65, 120, 180),
    9: (0.3, 0.65, 180, 240), 10: (0.3, 0.65, 240, 300), 11: (0.3, 0.65, 300, 360), 12: (0.3, 0.65, 0, 60),
    13: (0.15, 0.3, 45, 135), 14: (0.15, 0.3, 135, 225), 15: (0.15, 0.3, 225, 315), 16: (0.15, 0.3, 315, 405),
    17: (0, 0.15, 0, 360),
}  # fmt: skip
"""Lower and upper height, first and last angle of each segment, typed from the convention."""


def cold(number: int, depth: float = 40.0) -> Counts:
    low, high, first, last = BORDERS[number]

    def counts(height: Array, angle: Array) -> Array:
        inside = (height >= low) & (height <= high) & ((angle - first) % 360 < last - first)
        return np.where(inside, depth, 100.0)

    return counts


def mapped(study: Study) -> PolarMap:
    samples = sample(*study)
    assert samples is not None
    found = polar_map(samples)
    assert found is not None
    return found


def test_a_uniform_wall_has_100_everywhere() -> None:
    found = mapped(wall())
    assert found.segments == pytest.approx(100.0, abs=1.0)
    assert found.mid_wall_segments == pytest.approx(100.0, abs=1.0)
    assert found.maximum == pytest.approx(100.0, abs=0.5)
    assert found.measured == pytest.approx(1.0)


@pytest.mark.parametrize("number", BORDERS)
def test_one_cold_segment_is_exactly_that_segment(number: int) -> None:
    for values in (mapped(wall(cold(number))).segments, mapped(wall(cold(number))).mid_wall_segments):
        others = np.delete(values, number - 1)
        assert values[number - 1] < 53.0
        assert others.min() > 94.0


@pytest.mark.parametrize("depth", [20.0, 50.0, 80.0])
def test_a_cold_segment_is_as_deep_as_it_was_drawn(depth: float) -> None:
    """Its interior; its rim is interpolated over a voxel."""
    found = mapped(wall(cold(10, depth), spacing=1.5))
    height = (found.samples.edges[1:] + found.samples.edges[:-1]) / 2
    inner = found.percent[(height > 0.35) & (height < 0.6)][:, 52:56]  # 262.5 to 277.5 degrees
    assert inner == pytest.approx(depth, abs=0.5)
    assert found.segments[9] == pytest.approx(depth, abs=0.12 * (100 - depth))


def test_names_and_territories_are_those_of_the_convention() -> None:
    territories = {"LAD": {1, 2, 7, 8, 13, 14, 17}, "RCA": {3, 4, 9, 10, 15}, "LCX": {5, 6, 11, 12, 16}}
    assert [s.number for s in SEGMENTS] == list(range(1, 18))
    assert {name: {s.number for s in SEGMENTS if s.territory == name} for name in territories} == territories
    assert [SEGMENTS[n].name for n in (0, 3, 7, 10, 13, 15, 16)] == [
        "basal anterior", "basal inferior", "mid anteroseptal", "mid inferolateral", "apical septal", "apical lateral",
        "apex",
    ]  # fmt: skip


def test_every_sample_belongs_to_the_segments_once() -> None:
    assert shares(mapped(wall()).samples).sum(axis=0) == pytest.approx(1.0)


@pytest.mark.parametrize("edge", [1, 3])
def test_a_hot_voxel_moves_nothing(edge: int) -> None:
    """Twenty times the wall: one voxel of the short axis (2 mm), and one of the study (6 mm)."""
    study = wall(cold(10))
    counts = study[0].array.copy()
    _, height, angle = places(POSE.apply_inverse(study[0].grid.points()))
    depth = places(POSE.apply_inverse(study[0].grid.points()))[0]
    k, j, i = np.unravel_index(np.argmin(np.abs(height - 0.5) * 68 + np.abs(angle - 30) + np.abs(depth)), depth.shape)
    counts[k : k + edge, j : j + edge, i : i + edge] = 2000.0
    before, after = mapped(study), mapped(changed(study, counts))
    assert np.nanmax(after.samples.maximum) > 300
    assert after.maximum == pytest.approx(before.maximum, rel=0.01)
    assert after.segments == pytest.approx(before.segments, abs=1.0)


def with_gut(study: Study, activity: float) -> Study:
    """A blurred ball of gut that touches the mid inferior wall from below."""
    points = POSE.apply_inverse(study[0].grid.points())
    centre = np.array([0.0, RADIUS_MM + THICKNESS_MM / 2 + 14.0, 5.0])
    ball = activity * np.exp(-np.sum((points - centre) ** 2, axis=-1) / (2 * 8.0**2))
    return changed(study, study[0].array + ball)


def test_gut_beside_the_wall_does_not_dim_the_rest() -> None:
    clean, gut = mapped(wall()), mapped(with_gut(wall(), 400.0))
    assert np.nanmax(gut.samples.maximum) > 150  # what the largest count would have made of it
    assert gut.maximum == pytest.approx(clean.maximum, rel=0.02)
    assert np.delete(gut.segments, 9) == pytest.approx(np.delete(clean.segments, 9), abs=2.5)
    assert gut.outshone.any()


def test_wall_beside_hot_gut_is_left_out_rather_than_believed() -> None:
    """A cold mid inferior wall, filled up by gut: what is shone on is not counted."""
    found = mapped(with_gut(wall(cold(10)), 400.0))
    share = shares(found.samples)
    believed = (share[9] > 0.99) & found.usable
    assert found.measured[9] < 0.7
    assert found.percent[believed].min() < 45
    assert np.isnan(found.segments[9]) or found.segments[9] < 75
    assert np.delete(found.segments, 9) == pytest.approx(100.0, abs=6.0)


def test_a_dim_wall_between_brighter_tissue_has_no_maximum() -> None:
    study = wall()
    depth, _, _ = places(POSE.apply_inverse(study[0].grid.points()))
    samples = sample(*changed(study, np.where(depth > THICKNESS_MM / 2 + 2, 300.0, 100.0)))
    assert samples is not None
    assert polar_map(samples) is None


def test_a_wall_without_counts_has_no_map() -> None:
    study = wall()
    for counts in (np.zeros_like(study[0].array), -study[0].array):
        samples = sample(*changed(study, counts))
        assert samples is not None
        assert polar_map(samples) is None


def test_a_segment_without_a_wall_has_no_value_and_the_next_ones_keep_theirs() -> None:
    study = wall(cold(3))
    _, height, angle = places(POSE.apply_inverse(study[0].grid.points()))
    found = mapped(without(study, (height > 0.7) & (angle > 120) & (angle < 180)))
    assert np.isnan(found.segments[1])
    assert found.measured[1] < 0.3
    assert found.segments[2] < 53
    assert np.isfinite(np.delete(found.segments, 1)).all()


def dim_end(height: Array, angle: Array) -> Array:
    """The last 5 mm of the wall as blur leaves them."""
    return np.where(height * LENGTH_MM > LENGTH_MM - 5, 50.0, 100.0) + 0 * angle


def test_the_blurred_end_of_the_wall_is_drawn_and_not_counted() -> None:
    found = mapped(wall(dim_end))
    assert found.percent[-1].max() < 60
    assert found.segments == pytest.approx(100.0, abs=1.0)


def test_the_blurred_end_of_a_shorter_septum_is_not_counted() -> None:
    """The septum ends at 0.85 of the length, dim in its last 5 mm; the lateral wall goes on."""
    limit = 0.85 * LENGTH_MM

    def counts(height: Array, angle: Array) -> Array:
        septum = np.abs(angle - 180) < 60
        return np.where(septum & (height * LENGTH_MM > limit - 5), 50.0, 100.0)

    study = wall(counts)
    _, height, angle = places(POSE.apply_inverse(study[0].grid.points()))
    found = mapped(without(study, (height > 0.85) & (np.abs(angle - 180) < 60)))
    assert found.segments == pytest.approx(100.0, abs=2.0)


def test_means_are_weighted_by_area() -> None:
    """In the cap, rings near the tip are small: a cold tip of a third of its height is a third of its area."""

    def cold_tip(height: Array, angle: Array) -> Array:
        return np.where(height < 0.05, 0.0, 100.0) + 0 * angle

    assert mapped(wall(cold_tip, spacing=1.5)).segments[16] == pytest.approx(100 * 2 / 3, abs=5.0)
