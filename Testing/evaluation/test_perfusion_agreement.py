"""Agreement of perfusion figures, from rows written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.evaluation.known_heart import acquisition
from MSSTUNetReorientLib.evaluation.known_heart import known_heart
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.perfusion_agreement import defects_found
from MSSTUNetReorientLib.evaluation.perfusion_agreement import figure_pairs
from MSSTUNetReorientLib.evaluation.perfusion_agreement import healthy_called_abnormal
from MSSTUNetReorientLib.evaluation.perfusion_agreement import segment_pairs
from MSSTUNetReorientLib.evaluation.perfusion_agreement import withheld
from MSSTUNetReorientLib.evaluation.perfusion_figures import as_text
from MSSTUNetReorientLib.evaluation.perfusion_figures import from_text
from MSSTUNetReorientLib.evaluation.perfusion_tables import agreement_table
from MSSTUNetReorientLib.evaluation.perfusion_tables import known_table
from MSSTUNetReorientLib.evaluation.summary import Summary
from MSSTUNetReorientLib.evaluation.tables import targets
from MSSTUNetReorientLib.evaluation.timing import Timing
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from scipy import stats


def row(study: str = "1", **figures: Any) -> Measurement:
    return Measurement("set", study, study, "simulated", "SPECT", study, "m", "w", "now", "0", **figures)


SCORED = [
    row(str(n), found_summed_score=found, true_summed_score=true)
    for n, (found, true) in enumerate([(0.0, 0.0), (6.0, 5.0), (12.0, 14.0), (3.0, None), (None, 8.0)])
]


def test_summed_scores_by_scipy() -> None:
    pairs = figure_pairs(SCORED, "summed_score")
    assert pairs.r == pytest.approx(stats.pearsonr([0, 6, 12], [0, 5, 14]).statistic)
    assert (pairs.count, pairs.mean_absolute) == (3, 1.0)
    assert pairs.bias == pytest.approx(-1 / 3)
    assert pairs.sd == pytest.approx(np.std([0, 1, -2], ddof=1))
    assert pairs.bad == pytest.approx(1.9), "between 1 and 2 of 0, 1, 2"
    assert withheld(SCORED) == (1, 4)


def test_relative_errors_and_no_values() -> None:
    rows = [row(found_wall_ml=110.0, known_wall_ml=100.0), row(found_wall_ml=95.0, known_wall_ml=100.0), row()]
    pairs = figure_pairs(rows, "wall_ml", against="known", relative=True)
    assert pairs.errors.tolist() == pytest.approx([10, -5])
    assert pairs.r is None
    nothing = figure_pairs([row()], "cavity_ml", relative=True)
    assert (nothing.count, nothing.r, nothing.mean_absolute, nothing.bias, nothing.sd, nothing.bad) == (0, *[None] * 5)


def test_segments_come_back_from_their_text() -> None:
    values = (70.04, None, *(float(n) for n in range(15)))
    assert from_text(as_text(values)) == (70.0, None, *(float(n) for n in range(15)))


def test_segments_of_drawn_defects_are_told_apart() -> None:
    found, true = [80.0] * 17, [80.0] * 17
    found[2], true[2] = 50.0, 40.0
    true[7] = float("nan")
    texts = {
        "found_segments": as_text(tuple(found)),
        "true_segments": as_text(tuple(None if x != x else x for x in true)),
    }
    hit, healthy = row(**texts, drawn_defects="3 8"), row(**texts, drawn_defects="none")
    assert segment_pairs([hit, healthy, row()]).count == 32
    assert segment_pairs([hit, healthy]).mean_absolute == pytest.approx(20 / 32)
    assert segment_pairs([hit, healthy, row()], drawn=True).errors.tolist() == [10.0]


def marked(score: float | None, found: str, drawn: str = "RCA", refused: str = "") -> Measurement:
    return row(
        found_summed_score=score, found_territory=found, drawn_territory=drawn, drawn_defects="3", refused=refused,
        true_summed_score=None if refused else 9.0, true_territory="" if refused else "LAD",
    )  # fmt: skip


def test_a_defect_is_found_by_score_and_territory() -> None:
    rows = [
        marked(4.0, "RCA"),
        marked(9.0, "LAD+RCA"),
        marked(9.0, "LAD"),
        marked(9.0, "LCX"),
        marked(3.0, "RCA"),
        marked(None, ""),
        marked(None, "", refused="no"),
        marked(9.0, "LAD", drawn=""),
    ]
    assert defects_found(rows) == (2, 7)
    assert defects_found(rows, "true") == (0, 7), "the true pose and labels say LAD"
    assert defects_found([marked(9.0, "LAD", drawn="LAD")], "true") == (1, 1)
    assert defects_found([row(drawn_territory="RCA")]) is None, "no normal limits, or a method without labels"
    assert healthy_called_abnormal(rows) is None
    healthy = [row(drawn_defects="none", found_summed_score=score) for score in (3.0, 4.0, None)]
    assert healthy_called_abnormal(healthy) == (1, 2)


def test_what_the_simulator_knows() -> None:
    def defect(segment: int, extent: float, depth: float, transmurality: float = 1.0) -> dict[str, float]:
        return {"segment": segment, "extent": extent, "depth": depth, "transmurality": transmurality}

    def told(*defects: dict[str, float]) -> dict[str, Any]:
        return {
            "segments": {"mean": [0.5, None, *[1.25] * 15]},
            "parameters": {"perfusion": {"defects": list(defects)}},
            "volumes_ml": {"anatomical": {"myocardium": 120.0}},
        }

    healthy = known_heart(told())
    assert healthy is not None
    assert healthy.segments == (40.0, None, *[100.0] * 15)
    assert (healthy.healthy, healthy.territory, healthy.marked, healthy.wall_ml) == (True, "", False, 120.0)
    worst_last = known_heart(told(defect(12, 0.8, 0.9), defect(3, 2.0, 0.6)))
    assert worst_last is not None
    assert (worst_last.drawn, worst_last.territory, worst_last.marked) == ((3, 12), "RCA", True)
    for faint in (defect(3, 2.0, 0.49), defect(3, 0.9, 0.9), defect(3, 2.0, 0.9, 0.5)):
        found = known_heart(told(faint))
        assert found is not None
        assert not found.marked
    assert known_heart({"parameters": {}}) is None, "real counts"


def test_tables_and_targets_give_the_figures() -> None:
    rows = tuple(
        row(
            str(n), true_alpha=0.1 * n, found_alpha=0.1 * n, true_septum_deg=170.0, found_summed_score=4.0 * n,
            true_summed_score=4.0 * n + n % 2, found_scar_percent=float(n), true_scar_percent=n + 0.5,
            known_wall_ml=100.0 + 10 * n,
            found_wall_ml=104.0 + 10.4 * n, true_wall_ml=100.0, true_segments="80.0", found_segments="78.0",
            known_segments="90.0", drawn_defects="none" if n else "1", drawn_territory="" if n else "LAD",
        )
        for n in range(4)
    )  # fmt: skip
    found = Summary("set", "m", rows)
    lines = {line[1]: line[2:] for line in agreement_table([found]).rows}
    truth = [0.0, 5.0, 8.0, 13.0]
    r = stats.pearsonr([0, 4, 8, 12], truth).statistic
    spread = np.std(truth, ddof=1)
    assert lines["summed score"] == ("4", f"{spread:.1f}", f"{r:.3f}", "0.50", "1.00", "-0.50 ± 0.58")
    assert lines["segments of drawn defects"] == ("1", "-", "-", "2.0", "2.0", "-2.0 ± -")
    assert known_table([found]).rows == (("m", "-; -12.0 ± 0.0", "1.000; +4.0 ± 0.0", "0/1 (0/1)", "3/3 (3/3)", "0/4"),)
    cells = {what: cell for what, _, cell in targets([found], Timing({}, {}, None, {}, "none", 0)).rows}
    assert cells["summed score against the true pose and labels, r"] == f"{r:.3f} reached"
    assert cells["summed score, mean absolute error"] == "0.50 **missed**"
    assert cells["scar burden, mean absolute error (points)"] == "0.50 **missed**"
    assert cells["segments of drawn defects, mean absolute error (%)"] == "2.0 reached"
    assert cells["marked defects found in their territory (%)"] == "0 **missed**"
    assert cells["healthy hearts called abnormal (%)"] == "100 **missed**"
    assert cells["anatomical wall, absolute bias (%)"] == "4.0 reached"


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("conventional", {"camera": "spect", "attenuation_corrected": False}),
        ("czt", {"camera": "czt", "attenuation_corrected": False}),
        ("pet", {"attenuation_corrected": True}),
    ],
)
def test_conventional_spect_is_held_against_the_limits_of_parallel_holes(kind: str, known: dict[str, object]) -> None:
    drawn = draw_parameters(kind, 2, fast=True).to_json()  # type: ignore[arg-type]
    found = acquisition(drawn)
    assert found.pop("sex") in ("F", "M")
    assert found == known
