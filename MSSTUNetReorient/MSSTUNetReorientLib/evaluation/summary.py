"""The rows of one method on one data set as figures: the source of all tables and of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from .measurement import Measurement
from .metrics import Agreement
from .metrics import Regression
from .metrics import agreement
from .metrics import regression
from .statistics import Lean
from .statistics import Spread
from .statistics import lean
from .statistics import spread

BOUNDS = {"bound_deg": "long_axis_deg", "centre_bound_mm": "centre_mm", "septum_bound_deg": "septum_deg"}
"""The bounds of a method, and the error that each should hold in nine of ten studies."""


@dataclass(frozen=True, eq=False)
class Summary:
    """One method on one data set."""

    data_set: str
    method: str
    rows: tuple[Measurement, ...]

    def values(self, name: str) -> list[float]:
        """A figure of :class:`.measurement.Measurement`, of the rows that have it."""
        return [value for row in self.rows if (value := getattr(row, name)) is not None]

    def spread(self, name: str) -> Spread | None:
        """Its statistics; a larger Dice coefficient is the better."""
        subjects = [row.subject for row in self.rows if getattr(row, name) is not None]
        return spread(self.values(name), subjects, large_is_good=name.startswith("dsc"))

    @cached_property
    def failures(self) -> tuple[int, int] | None:
        """How many were lost, of how many; None for a method that answers no pose."""
        told = [row.failed for row in self.rows if row.failed is not None]
        return (sum(told), len(told)) if told else None

    @cached_property
    def failures_passed(self) -> int | None:
        """How many of the lost ones the method's own verdict passed; None without a verdict."""
        if not any(row.verdict for row in self.rows):
            return None
        return sum(bool(row.failed) and row.verdict == "pass" for row in self.rows)

    def within(self, bound: str) -> tuple[int, int] | None:
        """How many err by no more than the method's own bound, of how many with one; None without any.

        Args:
            bound: one of :data:`BOUNDS`.
        """
        both = [(getattr(row, BOUNDS[bound]), getattr(row, bound)) for row in self.rows]
        told = [error <= limit for error, limit in both if error is not None and limit is not None]
        return (sum(told), len(told)) if told else None

    def lean(self, name: str) -> Lean | None:
        """Mean and SD by subject of a signed error."""
        return lean(self.values(name), [row.subject for row in self.rows if getattr(row, name) is not None])

    def regression(self, parameter: str) -> Regression | None:
        """Found over true values of one of the six parameters."""
        return regression(self.values(f"found_{parameter}"), self.values(f"true_{parameter}"))

    @cached_property
    def volume_regression(self) -> Regression | None:
        """Found over true LV-MY volumes, ml."""
        return regression(self.values("myocardium_ml"), self.values("true_myocardium_ml"))

    @cached_property
    def volume_agreement(self) -> Agreement | None:
        """Relative error of LV-MY volumes, %."""
        return agreement(self.values("myocardium_ml"), self.values("true_myocardium_ml"))

    def with_verdict(self, *verdicts: str) -> Summary:
        """The rows with one of these verdicts of the method's own quality control."""
        return Summary(self.data_set, self.method, tuple(row for row in self.rows if row.verdict in verdicts))

    @property
    def has_pose(self) -> bool:
        """Whether the method answers poses."""
        return bool(self.values("long_axis_deg"))

    @property
    def has_labels(self) -> bool:
        """Whether the method answers labels that could be compared."""
        return bool(self.values("dsc_myocardium"))

    @property
    def exact(self) -> bool:
        """Whether the truth holds whole poses."""
        return bool(self.values("true_alpha"))

    @property
    def of_counts(self) -> bool:
        """Whether all hearts are real counts in a technologist's frame, where no septum angle is known."""
        return self.exact and {r.kind for r in self.rows} == {"real-derived"} and not self.values("true_septum_deg")


def summaries(
    rows: Sequence[Measurement], data_sets: Sequence[str], methods: Sequence[str]
) -> dict[str, list[Summary]]:
    """By data set, methods in their order; nothing is pooled."""
    return {
        s: [Summary(s, m, tuple(r for r in rows if (r.data_set, r.method) == (s, m))) for m in methods]
        for s in data_sets
    }
