"""Spreads and intervals against plain resampling."""

from __future__ import annotations

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation.statistics import lean
from MSSTUNetReorientLib.evaluation.statistics import median_interval
from MSSTUNetReorientLib.evaluation.statistics import spread
from MSSTUNetReorientLib.evaluation.statistics import weighted_medians


def test_weighted_medians_are_medians_of_repeated_values() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.normal(size=9))
    times = rng.integers(0, 4, size=(50, 9))
    times[:, 0] += 1
    expected = [np.median(np.repeat(x, t)) for t in times]
    assert weighted_medians(x, times) == pytest.approx(expected)


def test_interval_is_that_of_drawing_subjects_with_all_their_studies() -> None:
    rng = np.random.default_rng(2)
    of_subject = {f"s{n}": rng.normal(rng.normal(0, 3), 0.3, size=rng.integers(1, 6)) for n in range(12)}
    names = list(of_subject)
    values = np.concatenate([of_subject[n] for n in names])
    subjects = [n for n in names for _ in of_subject[n]]
    low, high = median_interval(values, subjects)
    draws = [
        np.median(np.concatenate([of_subject[names[k]] for k in rng.integers(0, 12, size=12)])) for _ in range(4000)
    ]
    assert low is not None
    assert high is not None
    assert [low, high] == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.7)


def test_repeating_a_subjects_studies_narrows_nothing() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=10)
    names = [f"s{n}" for n in range(10)]
    once = median_interval(x, names)
    assert median_interval(np.repeat(x, 20), list(np.repeat(names, 20))) == pytest.approx(once, abs=0.5)
    naive = median_interval(np.repeat(x, 20), [str(n) for n in range(200)])
    assert naive[1] - naive[0] < 0.6 * (once[1] - once[0])  # type: ignore[operator]


def test_the_same_every_time_and_none_of_few_subjects() -> None:
    x, names = np.arange(6.0), list("abcdef")
    assert median_interval(x, names) == median_interval(x, names)
    assert median_interval(x, list("aabbcc")) == (None, None)


def test_spread_knows_what_is_good() -> None:
    x = [float(n) for n in range(101)]
    names = [str(n) for n in range(101)]
    small, large = spread(x, names), spread(x, names, large_is_good=True)
    assert small is not None
    assert large is not None
    assert (small.median, small.bad, small.worst, small.best) == (50, 95, 100, 0)
    assert (large.median, large.bad, large.worst, large.best) == (50, 5, 0, 100)
    assert small.count == small.subjects == 101
    assert spread([], []) is None


def test_an_infinite_value_is_the_worst() -> None:
    found = spread([1.0, 2.0, float("inf")], ["a", "b", "c"])
    assert found is not None
    assert (found.median, found.bad, found.worst) == (2.0, np.inf, np.inf)


def test_a_lean_counts_each_subject_once() -> None:
    """Means of the subjects: 2, -4 and 5."""
    found = lean([1.0, 3.0, -4.0, 5.0, 5.0, 5.0], ["a", "a", "b", "c", "c", "c"])
    assert found is not None
    assert (found.mean, found.sd, found.subjects) == pytest.approx((1.0, np.sqrt((1 + 25 + 16) / 2), 3))
    alone = lean([1.0, 3.0], ["a", "a"])
    assert alone is not None
    assert (alone.mean, alone.sd, alone.subjects) == (2.0, None, 1)
    assert lean([], []) is None
