"""Perfusion figures of a method held against those of the truth, and against what the simulator knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..perfusion.scores import LEAST_ABNORMAL
from .measurement import Measurement
from .metrics import regression
from .perfusion_figures import from_text

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """A figure as found and as it should be, ``(N,)`` each; N may be 0.

    Attributes:
        relative: errors are in percent of what should be, not in the figure's own unit.
    """

    found: Array
    true: Array
    relative: bool = False

    @property
    def count(self) -> int:
        """Number of pairs."""
        return len(self.true)

    @property
    def errors(self) -> Array:
        """Signed, ``(N,)``."""
        error = self.found - self.true
        return 100 * error / self.true if self.relative else error

    @property
    def r(self) -> float | None:
        """Pearson's correlation; None with fewer than three pairs, or where either side does not vary."""
        line = regression(self.found, self.true)
        return None if line is None else line.r

    @property
    def spread(self) -> float | None:
        """SD of what should be, without which r means nothing."""
        return float(self.true.std(ddof=1)) if self.count > 1 else None

    @property
    def mean_absolute(self) -> float | None:
        """Of the errors."""
        return float(np.abs(self.errors).mean()) if self.count else None

    @property
    def bias(self) -> float | None:
        """Mean signed error."""
        return float(self.errors.mean()) if self.count else None

    @property
    def sd(self) -> float | None:
        """Of the signed errors."""
        return float(self.errors.std(ddof=1)) if self.count > 1 else None

    @property
    def bad(self) -> float | None:
        """95th centile of the errors without their sign."""
        return float(np.percentile(np.abs(self.errors), 95)) if self.count else None


def figure_pairs(rows: Sequence[object], name: str, *, against: str = "true", relative: bool = False) -> Pairs:
    """Of a figure that both sides have.

    Args:
        rows: of measurements, or of another kind with fields "found_..." and "true_...".
        name: without "found_" and "true_"; against: "true" or "known".
    """
    both = [(getattr(r, f"found_{name}"), getattr(r, f"{against}_{name}")) for r in rows]
    kept = [(a, b) for a, b in both if a is not None and b is not None and (b or not relative)]
    return _pairs(kept, relative)


def segment_pairs(rows: Sequence[Measurement], *, against: str = "true", drawn: bool = False) -> Pairs:
    """Of the means of all segments of all studies, in percent of the maximum.

    Args:
        against: "true" or "known"; drawn: only of the segments round which a defect was drawn.
    """
    kept = []
    for row in rows:
        wanted = {int(word) for word in row.drawn_defects.split() if word != "none"} if drawn else set(range(1, 18))
        both = zip(from_text(row.found_segments), from_text(getattr(row, f"{against}_segments")), strict=False)
        kept += [(a, b) for n, (a, b) in enumerate(both, 1) if n in wanted and a is not None and b is not None]
    return _pairs(kept, relative=False)


def defects_found(rows: Sequence[Measurement], by: str = "found") -> tuple[int, int] | None:
    """How many marked defects are found: called abnormal, and the worst territory is that of the worst defect.

    Of how many whose true pose and labels give a summed score, or that the method refused: a score that only the method
    withholds does not find its defect. None without any.

    Args:
        by: "found", or "true" for what the true pose and labels find.
    """
    asked = [r for r in rows if r.drawn_territory and (r.true_summed_score is not None or r.refused)]
    found = sum(_is_abnormal(r, by) and r.drawn_territory in getattr(r, f"{by}_territory").split("+") for r in asked)
    return (found, len(asked)) if asked else None


def healthy_called_abnormal(rows: Sequence[Measurement], by: str = "found") -> tuple[int, int] | None:
    """How many healthy hearts are called abnormal, of how many with a summed score; None without any.

    Args:
        by: "found", or "true" for what the true pose and labels give.
    """
    asked = [r for r in rows if r.drawn_defects == "none" and getattr(r, f"{by}_summed_score") is not None]
    return (sum(_is_abnormal(r, by) for r in asked), len(asked)) if asked else None


def withheld(rows: Sequence[Measurement]) -> tuple[int, int] | None:
    """Of how many studies the method's summed score is withheld where the truth has one; None without any."""
    asked = [r for r in rows if r.true_summed_score is not None]
    return (sum(r.found_summed_score is None for r in asked), len(asked)) if asked else None


def _is_abnormal(row: Measurement, by: str) -> bool:
    score: float | None = getattr(row, f"{by}_summed_score")
    return score is not None and score >= LEAST_ABNORMAL


def _pairs(kept: Sequence[tuple[float, float]], relative: bool) -> Pairs:
    found, true = np.array(kept, dtype=float).reshape(-1, 2).T
    return Pairs(found, true, relative)
