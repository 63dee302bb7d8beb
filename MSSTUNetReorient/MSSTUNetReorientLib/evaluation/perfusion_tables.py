"""Figures of perfusion as rows of text."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence

from .measurement import Measurement
from .perfusion_agreement import Pairs
from .perfusion_agreement import defects_found
from .perfusion_agreement import figure_pairs
from .perfusion_agreement import healthy_called_abnormal
from .perfusion_agreement import segment_pairs
from .perfusion_agreement import withheld
from .summary import Summary
from .tables import NONE
from .tables import Table
from .tables import number
from .tables import share


def agreement_table(summaries: Sequence[Summary]) -> Table:
    """Figures from a method's pose and labels against those from the true ones; without rows where there are none."""
    head = ("method", "figure", "values", "SD of the truth", "r", "mean absolute error", "95th centile", "bias ± SD")
    rows = []
    for s in summaries:
        figures = (
            ("summed score", figure_pairs(s.rows, "summed_score"), 2),
            ("scar burden (% of the LV surface)", figure_pairs(s.rows, "scar_percent"), 2),
            ("segments (% of the maximum)", segment_pairs(s.rows), 1),
            ("segments of drawn defects", segment_pairs(s.rows, drawn=True), 1),
            ("cavity, anatomical (errors in %)", figure_pairs(s.rows, "cavity_ml", relative=True), 1),
            ("wall, anatomical (errors in %)", figure_pairs(s.rows, "wall_ml", relative=True), 1),
        )
        rows += [(s.method, name, *_cells(pairs, digits)) for name, pairs, digits in figures if pairs.count]
    return Table(head, tuple(rows))


def known_table(summaries: Sequence[Summary]) -> Table:
    """Figures against what the simulator knows of the heart; without rows where it knows nothing.

    In brackets, what is found from the true pose and labels.
    """
    head = (
        "method", "segments: r; bias ± SD (%)", "wall: r; bias ± SD (%)", "marked defects found",
        "healthy called abnormal", "summed score withheld",
    )  # fmt: skip
    rows = [
        (
            s.method, _line(segment_pairs(s.rows, against="known")),
            _line(figure_pairs(s.rows, "wall_ml", against="known", relative=True)), _sides(s, defects_found),
            _sides(s, healthy_called_abnormal), share(withheld(s.rows)),
        )
        for s in summaries if s.values("known_wall_ml") and any(r.true_segments for r in s.rows)
    ]  # fmt: skip
    return Table(head, tuple(rows))


def _sides(s: Summary, of: Callable[[Sequence[Measurement], str], tuple[int, int] | None]) -> str:
    """By the method, and by the true pose and labels."""
    found, true = of(s.rows, "found"), of(s.rows, "true")
    return share(found) if true is None else f"{share(found)} ({share(true)})"


def _cells(pairs: Pairs, digits: int) -> tuple[str, ...]:
    return (
        str(pairs.count), number(pairs.spread, 1), number(pairs.r, 3), number(pairs.mean_absolute, digits),
        number(pairs.bad, digits), _bias(pairs, digits),
    )  # fmt: skip


def _line(pairs: Pairs) -> str:
    return f"{number(pairs.r, 3)}; {_bias(pairs, 1)}" if pairs.count else NONE


def _bias(pairs: Pairs, digits: int) -> str:
    return NONE if pairs.bias is None else f"{pairs.bias:+.{digits}f} ± {number(pairs.sd, digits)}"
