"""Tables and targets from rows written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.pose_tables import coverage
from MSSTUNetReorientLib.evaluation.pose_tables import leans
from MSSTUNetReorientLib.evaluation.pose_tables import own_pose
from MSSTUNetReorientLib.evaluation.pose_tables import references
from MSSTUNetReorientLib.evaluation.references import Reference
from MSSTUNetReorientLib.evaluation.summary import Summary
from MSSTUNetReorientLib.evaluation.tables import targets
from MSSTUNetReorientLib.evaluation.targets import Target
from MSSTUNetReorientLib.evaluation.targets import coverage_percent
from MSSTUNetReorientLib.evaluation.timing import Timing
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.evaluation.true_study import TrueStudy
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis

NO_TIME = Timing({}, {}, None, {}, "none", 0)


def row(study: str, subject: str = "s", kind: str = "simulated", **figures: Any) -> Measurement:
    return Measurement("set", study, subject, kind, "SPECT", study, "m", "w", "now", "0", **figures)


def summary(*rows: Measurement) -> Summary:
    return Summary("set", "m", rows)


def counts(number: int, **figures: Any) -> Summary:
    """Real counts in a simulated chest: whole poses, no septum angle."""
    return summary(*(row(str(n), f"p{n % 2}", "real-derived", true_alpha=0.1, **figures) for n in range(number)))


def reached(found: Summary) -> dict[tuple[str, str], str]:
    return {(what, limit): cell for what, limit, cell in targets([found], NO_TIME).rows}


def test_rotation_and_septum_angle_have_columns() -> None:
    found = own_pose([summary(*(row(str(n), long_axis_deg=1.0, centre_mm=0.0, rotation_deg=2.0 + n, septum_deg=8.0 * n)
                                for n in range(3)))])  # fmt: skip
    told = dict(zip(found.head, found.rows[0], strict=True))
    assert told["rotation (deg)"] == "3.0; 3.9; 4.0"
    assert told["septum angle (deg)"] == "8.0; 15.2; 16.0"


def test_leans_have_their_sign() -> None:
    rows = [row("1", "a", swing_deg=-3.0, tilt_deg=1.0), row("2", "a", swing_deg=-1.0, tilt_deg=1.0),
            row("3", "b", swing_deg=-6.0, tilt_deg=0.0)]  # fmt: skip
    assert leans([summary(*rows), summary(row("4"))]).rows == (("m", "-4.0 ± 2.8", "+0.5 ± 0.7", "2"),)
    assert leans([summary(row("1", swing_deg=0.3, tilt_deg=-0.04))]).rows == (("m", "+0.3", "-0.0", "1"),)


def test_coverage_of_three_bounds() -> None:
    rows = [
        row(str(n), long_axis_deg=float(n), bound_deg=2.0, centre_mm=1.0, centre_bound_mm=0.5 * n) for n in range(5)
    ]
    table = coverage({"x": [summary(*rows), summary(row("9", long_axis_deg=1.0))]})
    assert table.rows == (("x", "m", "3/5 (60 %)", "2.0", "3/5 (60 %)", "1.0", "-", "-"),)


@pytest.mark.parametrize(
    ("least", "most", "limits", "kept", "broken"),
    [
        (-np.inf, 3.0, "≤ 3", (3.0, -9.0), (3.1,)),
        (0.92, np.inf, "≥ 0.92", (0.92, 9.0), (0.91,)),
        (85.0, 95.0, "85 to 95", (85.0, 95.0), (84.9, 95.1)),
    ],
)
def test_targets_have_one_limit_or_two(
    least: float, most: float, limits: str, kept: tuple[float, ...], broken: tuple[float, ...]
) -> None:
    target = Target("x", lambda _: None, least, most)
    assert target.limits == limits
    assert all(target.reached(value) for value in kept)
    assert not any(target.reached(value) for value in broken)


def test_a_share_of_few_studies_is_no_evidence() -> None:
    value = coverage_percent("bound_deg")
    assert value(counts(19, long_axis_deg=1.0, bound_deg=2.0)) is None
    assert value(counts(20, long_axis_deg=1.0, bound_deg=2.0)) == 100


def test_targets_of_real_counts_and_of_simulated_hearts() -> None:
    figures = {"long_axis_deg": 4.0, "bound_deg": 5.0, "rotation_deg": 4.1, "swing_deg": -2.0, "tilt_deg": 1.0,
               "centre_mm": 1.0, "roll_deg": 1.0}  # fmt: skip
    ours = reached(counts(20, **figures))
    assert ours["long axis, median (deg)", "≤ 4"] == "4.0 reached"
    assert ours["long axis, 95th centile (deg)", "≤ 9"] == "4.0 reached"
    assert ours["mean swing by subject, without sign (deg)", "≤ 1.5"] == "2.0 **missed**"
    assert ours["mean tilt by subject, without sign (deg)", "≤ 1.5"] == "1.0 reached"
    assert ours["long axis within its bound (%)", "85 to 95"] == "100.0 **missed**"
    assert ours["roll, median (deg)", "≤ 1.5"] == "1.0 reached"
    assert not {limit for what, limit in ours if what == "rotation, median (deg)"}
    simulated = reached(summary(row("1", true_alpha=0.1, true_septum_deg=171.0, **figures)))
    assert simulated["long axis, median (deg)", "≤ 2.5"] == "4.0 **missed**"
    assert simulated["long axis, 95th centile (deg)", "≤ 6.5"] == "4.0 reached"
    assert simulated["rotation, median (deg)", "≤ 4"] == "4.1 **missed**"
    assert simulated["long axis within its bound (%)", "85 to 95"] == "-"
    assert ("mean tilt by subject, without sign (deg)", "≤ 1.5") not in simulated


def test_real_shapes_are_no_real_counts() -> None:
    """Their septum angle is known, so that the axis follows from the shape and no technologist gave it."""
    shapes = summary(row("1", "p003", "real-derived", true_alpha=0.1, true_septum_deg=171.0, long_axis_deg=4.0))
    assert reached(shapes)["long axis, median (deg)", "≤ 2.5"] == "4.0 **missed**"
    assert ("long axis, median (deg)", "≤ 4") not in reached(shapes)


def test_targets_of_real_studies_and_none_of_those_for_looking() -> None:
    real = reached(summary(row("1", kind="real", long_axis_deg=11.5, centre_mm=2.0)))
    assert real["long axis, median (deg)", "≤ 4"] == "11.5 **missed**"
    assert real["long axis, worst (deg)", "≤ 10"] == "11.5 **missed**"
    assert real["gross failures (%)", "≤ 0"] == "0.0 reached"
    looking = reached(summary(row("1", kind="real, for looking", long_axis_deg=11.5, centre_mm=2.0)))
    assert [what for what, _ in looking] == ["prediction (s)", "speed relative to the published network"]


def test_the_references_of_real_studies() -> None:
    a, b = np.array([0.0, 1.0, 0.0]), np.array([np.sin(0.1), np.cos(0.1), 0.0])
    told = Reference(a, b, 5.0)
    study = TrueStudy("set", "1", "1", "real", "SPECT", Path("1"), None, Pose(rotation_from_long_axis(a), np.zeros(3)),
                      None, None, told, True, "1")  # fmt: skip
    found = row("1", kind="real", long_axis_deg=3.0, ellipsoid_axis_deg=2.0, wall_axis_deg=6.04)
    data_set = DataSet("set", Path(), (study,))
    apart = f"{np.rad2deg(0.1):.1f}"
    assert references(data_set, summary(found)).rows == (("1", apart, "5.0", "2.0", "6.0", "3.0"),)
    assert references(data_set, summary(row("2"))).rows == ()
