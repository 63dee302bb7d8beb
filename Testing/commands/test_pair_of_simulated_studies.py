"""The whole job on a simulated pair, with the shipped model: a heart with an inferior defect at stress alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.simulation.batch import at_rest
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render
from MSSTUNetReorientLib.simulation.scanner import Scanner
from MSSTUNetReorientLib.simulation.uptake import Defect
from MSSTUNetReorientLib.simulation.uptake import Perfusion

pytestmark = pytest.mark.slow
STUDY = Path("dicom") / "study.dcm"


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A quiet scanner and no gut beside the heart; folders of stress and rest."""
    drawn = draw_parameters("spect", 5, fast=True)
    assert isinstance(drawn.scanner, Scanner)
    scanner = replace(drawn.scanner, noise=0.02, streaks=0.0, shading=0.05, depth_loss=0.0, fwhm=12.0)
    inferior = Perfusion(tuple(Defect(n, 1.5, 0.7, 1.0) for n in (4, 10)))
    stress = replace(drawn, scanner=scanner, perfusion=inferior, spots=())
    folder = tmp_path_factory.mktemp("pair")
    write_study(render(stress), folder / "stress", dicom=True, phase="stress")
    write_study(render(at_rest(stress)), folder / "rest", dicom=True, phase="rest")
    return folder / "stress", folder / "rest"


def run(stress: Path, rest: Path, out: Path) -> dict:
    assert main(["run", str(stress / STUDY), "--rest", str(rest / STUDY), "--out", str(out), "--no-scene", "-q"]) == 0
    return dict(json.loads((out / "pair.json").read_text(encoding="utf-8")))


def test_ischaemia_is_found_where_it_was_drawn(studies: tuple[Path, Path], tmp_path: Path) -> None:
    found = run(*studies, tmp_path / "out")
    assert found["warnings"] == []
    assert (found["stress"]["study_phase"], found["rest"]["study_phase"]) == ("stress", "rest")
    segments = {s["number"]: s["difference"] for s in found["comparison"]["segments"]}
    assert min(segments[n] for n in (4, 10)) > 20
    assert max(segments[n] for n in (1, 2, 6, 7, 8, 12, 13)) < 10
    assert 8 < found["figures"]["reversible_extent_percent"]["value"] < 35
    assert 0.85 < found["figures"]["tid_ratio"]["value"] < 1.15
    assert found["poses"]["long_axis_deg"] < found["poses"]["long_axis_limit_deg"]
    assert (tmp_path / "out" / "stress" / "report.html").is_file()
    assert "polar maps" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8").lower()


def test_swapped_studies_are_told_by_their_headers(studies: tuple[Path, Path], tmp_path: Path) -> None:
    stress, rest = studies
    found = run(rest, stress, tmp_path / "out")
    assert found["verdict"] == "review"
    assert "probably swapped" in found["warnings"][0]
    assert found["comparison"]["segments"][9]["difference"] < -20
