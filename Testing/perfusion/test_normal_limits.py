"""Normal limits against means and deviations that are known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.perfusion.normal_limits import LEAST_SD
from MSSTUNetReorientLib.perfusion.normal_limits import LEAST_STUDIES
from MSSTUNetReorientLib.perfusion.normal_limits import LEVELS
from MSSTUNetReorientLib.perfusion.normal_limits import Group
from MSSTUNetReorientLib.perfusion.normal_limits import deviations
from MSSTUNetReorientLib.perfusion.normal_limits import limits_of
from MSSTUNetReorientLib.perfusion.normal_limits import on_levels
from MSSTUNetReorientLib.perfusion.normal_limits import outliers
from MSSTUNetReorientLib.perfusion.normal_limits import spread
from MSSTUNetReorientLib.perfusion.polar_map import PolarMap
from MSSTUNetReorientLib.perfusion.polar_map import polar_map
from MSSTUNetReorientLib.perfusion.quantification import quantify
from MSSTUNetReorientLib.perfusion.sampling import RAYS
from MSSTUNetReorientLib.perfusion.sampling import sample
from numpy.typing import NDArray
from walls import POSE
from walls import wall
from walls import without

Array = NDArray[np.float64]
GROUP = Group("spect", False)


def with_inferior_wall(percent: float) -> PolarMap:
    """A wall of 100 % whose inferior third, 240 to 300 degrees, has less from half its height upward."""
    samples = sample(*wall(lambda h, a: np.where((h > 0.5) & (a > 240) & (a < 300), percent, 100.0), spacing=3.0))
    assert samples is not None
    found = polar_map(samples)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def maps() -> list[PolarMap]:
    """Normal studies whose inferior wall has 60, 61, ... 79 %: mean 69.5, SD 5.916."""
    return [with_inferior_wall(60.0 + n) for n in range(LEAST_STUDIES)]


def test_mean_and_sd_are_those_drawn(maps: list[PolarMap]) -> None:
    limits = limits_of(maps, GROUP, "numbers")
    rows = (np.arange(LEVELS) + 0.5) / LEVELS
    inside = limits.mean[(rows > 0.6) & (rows < 0.85)][:, 50:58]  # 252 to 288 degrees
    assert inside == pytest.approx(69.5, abs=0.3)
    assert limits.sd[(rows > 0.6) & (rows < 0.85)][:, 50:58] == pytest.approx(np.std(np.arange(20), ddof=1), abs=0.1)
    assert limits.segment_mean[0] == pytest.approx(100.0, abs=0.5)
    assert limits.segment_sd[0] == LEAST_SD
    assert limits.studies == LEAST_STUDIES


def test_limits_lie_where_the_heart_has_them_however_long_it_is(maps: list[PolarMap]) -> None:
    """The septum of a study ends early, so that its rows lie elsewhere; the limits at its samples do not."""
    study = wall(spacing=3.0)
    points = POSE.apply_inverse(study[0].grid.points())
    samples = sample(*without(study, points[..., 2] < -22.0))
    assert samples is not None
    mean, sd = limits_of(maps, GROUP, "numbers").at(samples)
    height = (samples.edges[1:] + samples.edges[:-1]) / 2
    assert np.isfinite(sd[height < 0.85]).all()
    assert mean[(height > 0.58) & (height < 0.85)][:, 50:58] == pytest.approx(69.5, abs=0.5)
    assert mean[(height > 0.05) & (height < 0.42)] == pytest.approx(100.0, abs=1.0)


def test_a_study_like_the_normal_ones_is_normal_and_a_deep_one_is_not(maps: list[PolarMap]) -> None:
    limits = limits_of(maps, GROUP, "numbers")

    def summed(percent: float) -> int | None:
        study = wall(lambda h, a: np.where((h > 0.5) & (a > 240) & (a < 300), percent, 100.0), spacing=3.0)
        scores = quantify(*study, verdict="pass", limits=limits).scores
        assert scores is not None
        return scores.summed

    assert summed(69.5) == 0
    assert summed(100.0) == 0
    assert (summed(30.0) or 0) >= 3


def test_too_few_studies_make_no_limits(maps: list[PolarMap]) -> None:
    with pytest.raises(ValueError, match="need 20 studies, but there are 19"):
        limits_of(maps[1:], GROUP, "numbers")


def test_a_place_that_few_studies_have_has_no_limits() -> None:
    values = np.array([[50.0, 60.0], [70.0, np.nan], [60.0, np.nan], [60.0, np.nan]])
    mean, sd = spread(values)
    assert mean.tolist()[0] == 60.0
    assert sd[0] == pytest.approx(np.std([50, 70, 60, 60], ddof=1))
    assert np.isnan([mean[1], sd[1]]).all()


def test_every_level_of_a_whole_wall_has_a_value() -> None:
    levels = on_levels(with_inferior_wall(70.0))
    assert levels.shape == (LEVELS, RAYS)
    known = np.isfinite(levels).all(axis=1)
    assert known[: int(0.88 * LEVELS)].all()  # the last 6 mm of 69 count in nothing
    assert not known[-1]


def test_a_deviation_is_in_robust_standard_deviations() -> None:
    """Median 80, median absolute deviation 4: a standard deviation of 5.93."""
    segments = np.full((5, 17), 80.0) + np.array([[6.0], [4.0], [0.0], [-4.0], [-40.0]])
    assert deviations(segments)[:, 3] == pytest.approx(np.array([6.0, 4.0, 0.0, -4.0, -40.0]) / 5.9304)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 16), st.integers(0, 19))
def test_the_odd_study_is_found(seed: int, segment: int, odd: int) -> None:
    values = np.clip(np.random.default_rng(seed).normal(80, 6, (20, 17)), 66, 94)
    values[odd, segment] = 5.0
    found = {o.study: o for o in outliers(values)}
    assert found[odd].segment == segment + 1
    assert found[odd].deviation < -5


def test_normal_studies_stay() -> None:
    """Of 40 drawn studies 0.1 % lie so far off by chance."""
    drawn = np.random.default_rng(2).normal(80, 6, (50, 40, 17))
    assert np.mean([len(outliers(values)) / 40 for values in drawn]) < 0.005


def test_odd_studies_do_not_hide_each_other() -> None:
    values = np.random.default_rng(1).normal(80, 4, (20, 17))
    values[3, 4], values[7, 4], values[9, 4] = 20.0, 30.0, 25.0
    assert [o.study for o in outliers(values)] == [3, 7, 9]


@pytest.mark.parametrize(
    ("group", "name"),
    [(Group("spect"), "spect"), (Group("spect", True, "M"), "spect-ac-male"), (Group("czt", False), "czt-nc")],
)
def test_names_of_groups(group: Group, name: str) -> None:
    assert group.name == name
