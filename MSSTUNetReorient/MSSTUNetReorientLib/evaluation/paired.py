"""Two methods on the same studies: the mean difference of a figure, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .statistics import mean_interval
from .statistics import means_by_subject
from .summary import Summary


@dataclass(frozen=True)
class Difference:
    """Second minus first.

    Attributes:
        first, second: means over the studies that both answered; mean: of the differences by subject.
        low, high: 95 % interval of ``mean``, subjects drawn again; None with few subjects.
        studies: that both answered.
    """

    first: float
    second: float
    mean: float
    low: float | None
    high: float | None
    studies: int

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def difference(first: Summary, second: Summary, figure: str) -> Difference | None:
    """Of a figure of :class:`.measurement.Measurement`; None without a study that both answered by finite numbers."""
    theirs = {row.study: getattr(row, figure) for row in second.rows}
    both = [
        (row.subject, a, b)
        for row in first.rows
        if (a := getattr(row, figure)) is not None and (b := theirs.get(row.study)) is not None and np.isfinite(a + b)
    ]
    if not both:
        return None
    subjects, x, y = (np.array(column) for column in zip(*both, strict=True))
    means = means_by_subject(y - x, subjects)
    return Difference(float(x.mean()), float(y.mean()), float(means.mean()), *mean_interval(means), len(both))
