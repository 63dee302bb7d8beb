"""Figures of the pose as rows of text: errors, signed errors, bounds, and the references of real studies."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence

import numpy as np

from .statistics import Lean
from .summary import BOUNDS
from .summary import Summary
from .tables import NONE
from .tables import Table
from .tables import number
from .tables import share
from .tables import typical
from .true_study import DataSet


def own_pose(summaries: Sequence[Summary]) -> Table:
    """Errors of the pose: median [interval]; bad 5 %; worst. Failures, and how many of them passed."""
    head = (
        "method", "long axis (deg)", "rotation (deg)", "roll (deg)", "septum angle (deg)", "centre (mm)", "failures",
        "failures passed by QC",
    )  # fmt: skip
    rows = [
        (
            s.method, typical(s.spread("long_axis_deg"), 1), typical(s.spread("rotation_deg"), 1),
            typical(s.spread("roll_deg"), 1), typical(s.spread("septum_deg"), 1), typical(s.spread("centre_mm"), 1),
            share(s.failures), number(s.failures_passed, 0),
        )
        for s in summaries if s.failures is not None
    ]  # fmt: skip
    return Table(head, tuple(rows))


def leans(summaries: Sequence[Summary]) -> Table:
    """How the long axis is turned on average: mean and SD of the subjects' means, with their sign."""
    head = ("method", "swing (deg)", "tilt (deg)", "subjects")
    rows = [
        (s.method, signed(s.lean("swing_deg")), signed(s.lean("tilt_deg")), str(found.subjects))
        for s in summaries if (found := s.lean("swing_deg")) is not None
    ]  # fmt: skip
    return Table(head, tuple(rows))


def signed(found: Lean | None) -> str:
    """Mean ± SD, the mean with its sign; without SD of one subject."""
    if found is None:
        return NONE
    return f"{found.mean:+.1f}" if found.sd is None else f"{found.mean:+.1f} ± {number(found.sd, 1)}"


def coverage(by_set: Mapping[str, Sequence[Summary]]) -> Table:
    """Of each data set and method with bounds: how many errors lie within them, and the median bound."""
    head = ("data set", "method", "long axis", "bound (deg)", "centre", "bound (mm)", "septum angle", "bound (deg)")
    rows = []
    for name, found in by_set.items():
        for s in (s for s in found if any(s.values(bound) for bound in BOUNDS)):
            cells = (cell for bound in BOUNDS for cell in (_percent(s.within(bound)), _median(s.values(bound))))
            rows.append((name, s.method, *cells))
    return Table(head, tuple(rows))


def _percent(of: tuple[int, int] | None) -> str:
    """n/N and the share."""
    return NONE if of is None else f"{share(of)} ({100 * of[0] / of[1]:.0f} %)"


def _median(values: Sequence[float]) -> str:
    return number(float(np.median(values)), 1) if values else NONE


def references(data_set: DataSet, of_first: Summary) -> Table:
    """Of each real study: both estimates of its reference, and the first method's error against each and against both.

    Without rows where no study has a reference.
    """
    head = (
        "study", "angle between both estimates (deg)", "uncertainty (deg)", "error against the ellipsoid (deg)",
        "error against the line through the wall (deg)", "error against the consensus (deg)",
    )  # fmt: skip
    by_study = {row.study: row for row in of_first.rows}
    rows = []
    for study in data_set.studies:
        row, told = by_study.get(study.name), study.reference
        if row is not None and told is not None:
            errors = (row.ellipsoid_axis_deg, row.wall_axis_deg, row.long_axis_deg)
            rows.append((study.name, *(number(x, 1) for x in (told.apart_deg, told.uncertainty_deg, *errors))))
    return Table(head, tuple(rows))
