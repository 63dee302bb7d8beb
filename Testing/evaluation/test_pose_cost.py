"""What a wrong pose costs: the wrong poses, tables from rows written by hand, and the command on small studies."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.evaluation import pose_cost_run
from MSSTUNetReorientLib.evaluation.pose_cost_page import CostRun
from MSSTUNetReorientLib.evaluation.pose_cost_page import cost_page
from MSSTUNetReorientLib.evaluation.pose_cost_run import NO_ERROR
from MSSTUNetReorientLib.evaluation.pose_cost_run import OWN
from MSSTUNetReorientLib.evaluation.pose_cost_run import TRUE
from MSSTUNetReorientLib.evaluation.pose_cost_run import Cost
from MSSTUNetReorientLib.evaluation.pose_cost_run import errors
from MSSTUNetReorientLib.evaluation.pose_cost_run import wrong
from MSSTUNetReorientLib.evaluation.pose_cost_tables import changes
from MSSTUNetReorientLib.evaluation.pose_cost_tables import class_table
from MSSTUNetReorientLib.evaluation.pose_cost_tables import cost_table
from results import POSE
from scipy import stats


def cost(
    study: str, error: str, amount: float, score: float | None, *, accepted: str = OWN, segments: str = "80.0 60.0",
    scar: float | None = 5.0, cavity: float | None = 50.0, verdict: str = "pass",
    ef: float | None = None,
) -> Cost:  # fmt: skip
    return Cost("spect", study, study, study, "w", accepted, error, amount, verdict, "now", "0", segments, score, scar,
                cavity, 100.0, ef)  # fmt: skip


def test_every_error_has_its_size_and_both_signs() -> None:
    told = list(errors())
    assert told[0] == (NO_ERROR, 0.0)
    assert len(told) == len(set(told)) == 1 + 3 * 4 * 2 + 3 * 3 * 2
    assert {abs(a) for name, a in told if name == "tilt"} == {2, 5, 10, 15}
    assert {abs(a) for name, a in told if name == "basal"} == {2, 5, 10}


@pytest.mark.parametrize(("error", "axis"), [("tilt", 0), ("swing", 1), ("roll", 2)])
@pytest.mark.parametrize("amount", [-10.0, 5.0])
def test_turns_are_about_the_short_axes(error: str, axis: int, amount: float) -> None:
    turned = wrong(POSE, error, amount)
    assert turned.rotation_error(POSE) == pytest.approx(abs(amount))
    np.testing.assert_allclose(turned.rotation[:, axis], POSE.rotation[:, axis], atol=1e-12)
    assert turned.centre_error(POSE) == 0


@pytest.mark.parametrize(("error", "axis"), [("lateral", 0), ("inferior", 1), ("basal", 2)])
def test_shifts_are_along_the_short_axes(error: str, axis: int) -> None:
    shifted = wrong(POSE, error, -5.0)
    np.testing.assert_allclose(shifted.centre - POSE.centre, -5 * POSE.rotation[:, axis])
    np.testing.assert_allclose(shifted.rotation, POSE.rotation)
    assert wrong(POSE, NO_ERROR, 0.0) is POSE


ROWS = [
    cost("a", NO_ERROR, 0.0, 3.0),
    cost("a", "tilt", -5.0, 4.0, segments="70.0 62.0", scar=7.0, cavity=55.0),
    cost("a", "tilt", 5.0, 3.0, verdict="review"),
    cost("a", "swing", 5.0, None, segments="", scar=None, cavity=None, verdict="fail"),
    cost("b", NO_ERROR, 0.0, 9.0),
    cost("b", "tilt", -5.0, 13.0),
    cost("b", "tilt", 5.0, 14.0),
    cost("b", "swing", 5.0, 8.0),
    cost("c", "tilt", 5.0, 8.0),
    cost("a", NO_ERROR, 0.0, 3.0, accepted=TRUE),
    cost("a", "tilt", 5.0, 3.0, accepted=TRUE),
]
"""Study c has no accepted pose: it was not measured to the end."""


def test_costs_are_against_the_accepted_pose_of_the_same_study() -> None:
    own = [c for c in changes(ROWS) if c.accepted.accepted == OWN]
    assert len(own) == 6
    table = cost_table(own)
    (tilted, swung) = (dict(zip(table.head, line, strict=True)) for line in reversed(table.rows))
    assert tilted["error"] == "about i (tilt), 5°"
    scores = [1.0, 0.0, 4.0, 5.0]
    assert tilted["summed score"] == f"{np.median(scores):.1f}; {np.percentile(scores, 95):.1f}"
    assert tilted["class changed"] == "2/4 (50 %)", "3 to 4, and 9 to 14; not 9 to 13"
    assert tilted["r of summed score"] == f"{stats.pearsonr([4, 3, 13, 14], [3, 3, 9, 9]).statistic:.3f}"
    assert tilted["segments (points)"] == f"0.0; {np.percentile([6, 0, 0, 0], 95):.1f}", "mean of 10 and 2"
    assert tilted["scar burden (points)"] == f"0.0; {np.percentile([2, 0, 0, 0], 95):.1f}"
    assert tilted["cavity (%)"] == f"0.0; {np.percentile([10, 0, 0, 0], 95):.1f}"
    assert (tilted["map withheld"], tilted["not passed by QC"]) == ("0", "1")
    assert swung["error"] == "about j (swing), 5°"
    assert (swung["poses"], swung["class changed"], swung["r of summed score"]) == ("2", "1/1 (100 %)", "-")
    assert (swung["map withheld"], swung["not passed by QC"]) == ("1", "1")


def test_classes_stand_beside_the_published_ones() -> None:
    table = class_table({"spect": changes(ROWS)})
    assert table.rows[0] == ("spect", OWN, "-", "3/5 (60 %)", "-", "-")
    assert table.rows[1] == ("spect", TRUE, "-", "0/1 (0 %)", "-", "-")
    assert [line[3] for line in table.rows[2:]] == ["6/50 (12 %)", "7/50 (14 %)"]


def test_the_page_names_what_it_rests_on() -> None:
    page = cost_page(CostRun("a command", "today", "compact 0.6", ROWS, held_out=False))
    assert "2, 5, 10 and 15°" in page
    assert "not all of them held out" in page
    assert "Accepted: the true pose." in page
    assert "2 studies of 2 subjects" in page
    assert "2 pass quality control, and 2 have a summed score: 1 normal, 0 mild, 1 moderate, 0 severe." in page


def test_the_command_measures_once_and_goes_on(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pose_cost_run, "TURNS", ("tilt",))
    monkeypatch.setattr(pose_cost_run, "TURNS_DEG", (5.0,))
    monkeypatch.setattr(pose_cost_run, "SHIFTS", ())
    asked = []
    monkeypatch.setattr(pose_cost_run, "predict", lambda study, model, real=pose_cost_run.predict: (
        asked.append(study), real(study, model=model))[1])  # fmt: skip
    arguments = ["pose-cost", str(simulated), "--out", str(tmp_path / "out"), "--studies", "1"]
    assert main([*arguments, "--quiet"]) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "pose_cost.csv").read_text(encoding="utf-8").splitlines()))
    assert [(r["accepted"], r["error"], float(r["amount"])) for r in rows] == [
        (accepted, error, amount)
        for accepted in (OWN, TRUE)
        for error, amount in (("none", 0), ("tilt", -5), ("tilt", 5))
    ]
    assert all(len(r["segments"].split()) == 17 for r in rows if r["verdict"] != "fail")
    page = (tmp_path / "out" / "pose_cost.md").read_text(encoding="utf-8")
    own = [float(r["summed_score"]) for r in rows if r["accepted"] == OWN]
    moved = [abs(score - own[0]) for score in own[1:]]
    assert f"| {np.median(moved):.1f}; {np.percentile(moved, 95):.1f} |" in page
    assert str(tmp_path) not in page
    picture = tmp_path / "out" / re.findall(r"\]\((\w+\.png)\)", page)[0]
    assert 1000 < picture.stat().st_size < 250_000
    assert main([*arguments, "--quiet"]) == 0
    assert len(asked) == 1, "what is measured is not measured again"


def test_real_studies_are_refused(real: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pose-cost", str(real), "--out", str(tmp_path / "out")]) == 2
    assert "must have exact poses" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_ejection_fraction_changes_in_points_and_only_in_gated_studies() -> None:
    gated = [
        cost("a", NO_ERROR, 0.0, 2.0, ef=60.0),
        cost("a", "tilt", 5.0, 2.0, ef=57.0),
        cost("a", "tilt", -5.0, 2.0, ef=61.0),
    ]
    ungated = [cost("b", NO_ERROR, 0.0, 2.0), cost("b", "tilt", 5.0, 2.0)]
    assert [change.ef for change in changes(gated)] == [-3.0, 1.0]
    column = cost_table(changes(gated)).head.index("EF (points)")
    assert cost_table(changes(gated)).rows[0][column] == "2.0; 2.9"
    assert cost_table(changes(ungated)).rows[0][column] == "-"
