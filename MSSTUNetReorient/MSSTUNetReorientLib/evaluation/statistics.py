"""Medians, bad centiles, intervals and means by subject: several studies of one heart are not independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 2000
SEED = 20231
CONFIDENCE = 95.0
MIN_SUBJECTS = 5
"""With fewer subjects no confidence interval is given: it would not be reliable."""


@dataclass(frozen=True)
class Spread:
    """How a figure is spread over the studies of a data set.

    Attributes:
        median: over studies; low, high: its 95 % confidence interval by subject, None with few subjects.
        bad: the 95th centile of what should be small, the 5th of what should be large.
        worst: the largest or the smallest; best: the other end.
        mean: over studies, as the papers tell it.
        count: studies; subjects: their subjects.
    """

    median: float
    low: float | None
    high: float | None
    bad: float
    worst: float
    best: float
    mean: float
    count: int
    subjects: int


def spread(values: Sequence[float], subjects: Sequence[str], *, large_is_good: bool = False) -> Spread | None:
    """Statistics of a figure; None without values.

    Args:
        values: one a study; infinite ones (a surface that is missing) count as the worst.
        subjects: whose study each is.
        large_is_good: as a Dice coefficient is.
    """
    if not values:
        return None
    x = np.asarray(values, dtype=float)
    low, high = median_interval(x, subjects)
    ends = (float(x.min()), float(x.max()))
    worst, best = ends if large_is_good else ends[::-1]
    return Spread(
        float(np.median(x)), low, high, centile(x, 5 if large_is_good else 95), worst, best, float(x.mean()), len(x),
        len(set(subjects)),
    )  # fmt: skip


def centile(x: Array, percent: float) -> float:
    """Interpolated linearly; between a finite and an infinite value it is infinite."""
    with np.errstate(invalid="ignore"):
        found = float(np.percentile(x, percent))
    return float("inf") if np.isnan(found) else found


def median_interval(x: Array, subjects: Sequence[str]) -> tuple[float | None, float | None]:
    """95 % interval of the median by the cluster bootstrap: subjects are drawn again with all their studies.

    Returns:
        The percentile interval of :data:`DRAWS` draws with a fixed seed; (None, None) below :data:`MIN_SUBJECTS`.
    """
    names, of = np.unique(np.asarray(subjects), return_inverse=True)
    if len(names) < MIN_SUBJECTS:
        return None, None
    rng = np.random.default_rng(SEED)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=DRAWS)
    order = np.argsort(x, kind="stable")
    medians = weighted_medians(x[order], times[:, of[order]])
    tail = (100 - CONFIDENCE) / 2
    low, high = np.percentile(medians, [tail, 100 - tail], method="nearest")
    return float(low), float(high)


def mean_interval(means: Array) -> tuple[float | None, float | None]:
    """95 % interval of the mean of the subjects' means, who are drawn again; (None, None) of few, as above."""
    if len(means) < MIN_SUBJECTS:
        return None, None
    draws = np.random.default_rng(SEED).integers(len(means), size=(DRAWS, len(means)))
    tail = (100 - CONFIDENCE) / 2
    low, high = np.percentile(means[draws].mean(1), [tail, 100 - tail])
    return float(low), float(high)


def means_by_subject(values: Sequence[float] | Array, subjects: Sequence[str] | NDArray[np.str_]) -> Array:
    """``(subjects,)`` each subject's mean, whatever the number of its studies."""
    x, of = np.asarray(values, dtype=float), np.asarray(subjects)
    return np.array([x[of == name].mean() for name in np.unique(of)])


def weighted_medians(ordered: Array, times: NDArray[np.int64]) -> Array:
    """Medians of values in ascending order ``(N,)`` that occur ``times`` ``(draws, N)`` times each."""
    reached = np.cumsum(times, axis=1)
    total = reached[:, -1:]
    lower = (reached >= (total + 1) // 2).argmax(axis=1)
    upper = (reached >= total // 2 + 1).argmax(axis=1)
    return (ordered[lower] + ordered[upper]) / 2


@dataclass(frozen=True)
class Lean:
    """A signed error by subject: the mean of the subjects' means, and their SD (None for one subject)."""

    mean: float
    sd: float | None
    subjects: int


def lean(values: Sequence[float], subjects: Sequence[str]) -> Lean | None:
    """The mean over subjects, each counting the same whatever its studies; None without values."""
    if not values:
        return None
    means = means_by_subject(values, subjects)
    return Lean(float(means.mean()), float(means.std(ddof=1)) if len(means) > 1 else None, len(means))


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Under the ROC curve: the probability that a positive one has the higher value; of equals, a half.

    >>> area_under_curve([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    a, b = np.asarray(positive, dtype=float)[:, None], np.asarray(negative, dtype=float)
    return float(np.mean((a > b) + 0.5 * (a == b)))
