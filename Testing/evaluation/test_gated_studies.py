"""Function of gated studies on the results page, by rows written by hand and by one simulated study."""

from __future__ import annotations

from pathlib import Path

import pytest
from MSSTUNetReorientLib.evaluation.candidates import candidates
from MSSTUNetReorientLib.evaluation.gated_studies import FILE
from MSSTUNetReorientLib.evaluation.gated_studies import GatedRow
from MSSTUNetReorientLib.evaluation.gated_studies import measure_gated
from MSSTUNetReorientLib.evaluation.gated_studies import table
from MSSTUNetReorientLib.evaluation.perfusion_agreement import figure_pairs
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render

KNOWN = ("set", "study", "subject", "a", "method", "b", "now", "1")


def row(found: float | None, true: float, edv: tuple[float, float] = (110.0, 100.0), esv: float = 40.0) -> GatedRow:
    return GatedRow(*KNOWN, found_ef_percent=found, true_ef_percent=true, found_edv_ml=edv[0], true_edv_ml=edv[1],
                    true_esv_ml=esv)  # fmt: skip


def test_the_ejection_fraction_is_compared_in_points_and_volumes_in_percent() -> None:
    rows = [row(61.0, 60.0), row(42.0, 40.0), row(53.0, 50.0), row(None, 70.0)]
    fraction, volume = figure_pairs(rows, "ef_percent"), figure_pairs(rows, "edv_ml", relative=True)
    assert fraction.count == 3
    assert fraction.bias == pytest.approx(2.0)
    assert fraction.sd == pytest.approx(1.0)
    assert volume.bias == pytest.approx(10.0)


def test_a_bias_above_two_points_misses_the_target() -> None:
    good = [row(60.5, 60.0), row(41.0, 40.0), row(52.0, 50.0)]
    biased = [row(63.0, 60.0), row(43.5, 40.0), row(54.0, 50.0)]
    assert table(good).rows[0][-1] == "reached"
    assert table(biased).rows[0][-1] == "**missed**"


def test_small_hearts_have_lines_without_them() -> None:
    rows = [row(61.0, 60.0), row(42.0, 40.0), row(90.0, 70.0, esv=10.0)]
    names = [line[0] for line in table(rows).rows if line[3] == "EF (points)"]
    assert names == ["set", "set, ESV ≥ 20 ml"]


def test_a_gated_study_is_measured_once(tmp_path: Path) -> None:
    write_study(render(draw_parameters("pet", 11, fast=True, gates=8)), tmp_path / "in" / "study")
    found = read_set(tmp_path / "in", "gated")
    assert len(found.studies[0].gates) == 8
    calls: list[tuple[int, int]] = []

    def measured() -> GatedRow:
        (only,) = measure_gated([found], candidates(["compact"], None)[0], tmp_path, jobs=1, again=False,
                                report=lambda *n: calls.append(n))  # fmt: skip
        return only

    first = measured()
    assert first.withheld == ""
    assert first.found_ef_percent == pytest.approx(first.true_ef_percent, abs=10)
    assert first.found_edv_ml == pytest.approx(first.true_edv_ml, rel=0.25)
    assert first.true_wall_ml is not None
    assert (tmp_path / FILE).is_file()
    calls.clear()
    assert measured() == first
    assert calls == []
    (ungated,) = candidates(["mean-pose"], None)
    assert measure_gated([found], ungated, tmp_path, jobs=1, again=False, report=lambda *_: None) == []
