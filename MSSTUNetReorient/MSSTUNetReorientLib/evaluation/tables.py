"""Figures as rows of text: our own table, and those of both papers in their layout."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from ..prediction.qc import Status
from .candidates import Candidate
from .measurement import PARAMETERS
from .metrics import Regression
from .statistics import Spread
from .summary import Summary
from .targets import MAX_SECONDS
from .targets import MIN_RATIO
from .targets import TARGETS
from .targets import Target
from .timing import Timing

NONE = "-"
INFINITE = "∞"


@dataclass(frozen=True)
class Table:
    """A head and rows of cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """The first column to the left, numbers to the right."""
        rule = ["---", *["---:"] * (len(self.head) - 1)]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in (self.head, rule, *self.rows))


def number(value: float | None, digits: int) -> str:
    """A number, nothing, or infinity where a label was missing."""
    if value is None or np.isnan(value):
        return NONE
    return INFINITE if np.isinf(value) else f"{value:.{digits}f}"


def typical(found: Spread | None, digits: int) -> str:
    """Median with its interval, bad 5 %, worst."""
    if found is None:
        return NONE
    interval = "" if found.low is None else f" [{number(found.low, digits)}, {number(found.high, digits)}]"
    return f"{number(found.median, digits)}{interval}; {number(found.bad, digits)}; {number(found.worst, digits)}"


def ranged(found: Spread | None, digits: int, factor: float = 1.0) -> str:
    """Mean with the least and the largest, as Ni's tables tell it."""
    if found is None:
        return NONE
    low, high = sorted((found.worst, found.best))
    return f"{number(factor * found.mean, digits)} [{number(factor * low, digits)}, {number(factor * high, digits)}]"


def share(of: tuple[int, int] | None) -> str:
    """n/N."""
    return NONE if of is None else f"{of[0]}/{of[1]}"


def own_labels(summaries: Sequence[Summary]) -> Table:
    """Overlaps: median [interval]; bad 5 %; worst. Volume: R², bias and SD of the relative error."""
    head = ("method", "DSC LV-MY", "DSC LV-BP", "HD95 LV-MY (mm)", "HD95 LV-BP (mm)", "LV-MY volume: R²; bias ± SD (%)")
    rows = [
        (
            s.method, typical(s.spread("dsc_myocardium"), 3), typical(s.spread("dsc_blood_pool"), 3),
            typical(s.spread("hd95_myocardium_mm"), 1), typical(s.spread("hd95_blood_pool_mm"), 1), _volume(s),
        )
        for s in summaries if s.has_labels
    ]  # fmt: skip
    return Table(head, tuple(rows))


def _volume(s: Summary) -> str:
    if s.volume_agreement is None:
        return NONE
    r_squared = None if s.volume_regression is None else s.volume_regression.r_squared
    return f"{number(r_squared, 3)}; {number(s.volume_agreement.bias, 1)} ± {number(s.volume_agreement.sd, 1)}"


def ni_table_3(summaries: Sequence[Summary]) -> Table:
    """Ni 2023, Table 3: DSC (%) and HD95 (mm) of both labels, Rot-MSE (10⁻² rad²); means with [least, largest]."""
    head = ("method", "LV-MY DSC", "LV-MY HD95", "LV-BP DSC", "LV-BP HD95", "Rot-MSE (10⁻²)")
    rows = [
        (
            s.method, ranged(s.spread("dsc_myocardium"), 2, 100), ranged(s.spread("hd95_myocardium_mm"), 2),
            ranged(s.spread("dsc_blood_pool"), 2, 100), ranged(s.spread("hd95_blood_pool_mm"), 2),
            ranged(s.spread("rot_mse"), 2, 100),
        )
        for s in summaries if s.has_labels or s.has_pose
    ]  # fmt: skip
    return Table(head, tuple(rows))


def ni_table_4(by_set: Mapping[str, Sequence[Summary]]) -> Table:
    """Ni 2023, Table 4: DSC (%) of both labels, the data sets side by side."""
    sets = [name for name, found in by_set.items() if any(s.has_labels for s in found)]
    methods = [s.method for s in next(iter(by_set.values()))] if by_set else []
    rows = []
    for n, method in enumerate(methods):
        each = [by_set[name][n] for name in sets]
        if any(s.has_labels for s in each):
            pairs = [(s.spread("dsc_myocardium"), s.spread("dsc_blood_pool")) for s in each]
            rows.append((method, *(ranged(found, 2, 100) for pair in pairs for found in pair)))
    return Table(("method", *(f"{label} {name}" for name in sets for label in ("LV-MY", "LV-BP"))), tuple(rows))


def zhu_table_1(summaries: Sequence[Summary], candidates: Sequence[Candidate], timing: Timing) -> Table:
    """Zhu 2022, Table 1: r of the six parameters, parameters of the network, training and prediction times."""
    by_name = {c.name: c for c in candidates}
    shown = [s for s in summaries if s.has_pose and s.exact]
    first = next(iter(timing.seconds.values()), None)
    spreads = {p: next((r.spread for s in shown if (r := s.regression(p)) is not None), None) for p in PARAMETERS}
    rows = [(f"r of {p} (spread {number(spreads[p], 3)})", *(_r(s.regression(p)) for s in shown)) for p in PARAMETERS]
    seconds = [timing.seconds.get(s.method) for s in shown]
    rows += [
        ("parameters", *(f"{by_name[s.method].method.parameters:,}" for s in shown)),
        ("training (min)", *(number(by_name[s.method].training_minutes, 0) for s in shown)),
        ("prediction (s)", *(number(x, 2) for x in seconds)),
        ("total with all other steps (s)", *(number(timing.whole.get(s.method), 2) for s in shown)),
        ("prediction, ratio to the first", *(number(x / first if x and first else None, 2) for x in seconds)),
    ]
    return Table(("", *(s.method for s in shown)), tuple(rows))


def _r(found: Regression | None) -> str:
    return NONE if found is None else f"{found.r:.3f} ({found.r_squared:.3f})"


def calibration(summaries: Sequence[Summary]) -> Table:
    """Reliability of the verdict: how many pass, the failures among them, and the errors on either side."""
    head = (
        "method", "pass", "review", "fail", "failures", "failures passed", "long axis of passed (deg)",
        "long axis of the others (deg)", "DSC LV-MY of passed", "DSC LV-MY of the others",
    )  # fmt: skip
    rows = []
    for s in summaries:
        if any(row.verdict for row in s.rows):
            passed, others = s.with_verdict("pass"), s.with_verdict("review", "fail")
            cells = [typical(side.spread("long_axis_deg"), 1) for side in (passed, others)]
            cells += [typical(side.spread("dsc_myocardium"), 3) for side in (passed, others)]
            told = (str(len(s.with_verdict(verdict).rows)) for verdict in get_args(Status))
            counts = (*told, share(s.failures), number(s.failures_passed, 0))
            rows.append((s.method, *counts, *cells))
    return Table(head, tuple(rows))


def targets(of_method: Sequence[Summary], timing: Timing) -> Table:
    """Each target, and on each data set what was reached."""
    rows = [
        (target.what, target.limits, *(_reached(target, s) for s in of_method))
        for target in TARGETS if any(target.applies(s) for s in of_method)
    ]  # fmt: skip
    seconds = timing.seconds.get(of_method[0].method) if of_method else None
    ratio = timing.paper_size / seconds if timing.paper_size and seconds else None
    blank = ("",) * (len(of_method) - 1)
    fast = _verdict(seconds, 2, seconds is not None and seconds <= MAX_SECONDS)
    rows.append(("prediction (s)", f"≤ {MAX_SECONDS:g}", fast, *blank))
    faster = _verdict(ratio, 0, ratio is not None and ratio >= MIN_RATIO)
    rows.append(("speed relative to the published network", f"≥ {MIN_RATIO:g}", faster, *blank))
    return Table(("target", "limit", *(s.data_set for s in of_method)), tuple(rows))


def _reached(target: Target, summary: Summary) -> str:
    if not target.applies(summary):
        return ""
    value = target.value(summary)
    if target.only_stated(summary):
        return number(value, target.digits)
    return _verdict(value, target.digits, value is not None and target.reached(value))


def _verdict(value: float | None, digits: int, reached: bool) -> str:
    return NONE if value is None else f"{number(value, digits)} {'reached' if reached else '**missed**'}"
