"""The whole job on a gated study: function in every file, and nothing of it for a single gate."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import pytest
from MSSTUNetReorientLib.commands.run_study import run_study
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render

SEED = 11
"""Of a parametric heart of middle size."""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("pydicom")
    folder = tmp_path_factory.mktemp("gated") / "study"
    write_study(render(draw_parameters("pet", SEED, fast=True, gates=8)), folder, dicom=True)
    return folder


def test_a_gated_study_is_quantified(study: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("slicer_core")
    truth = json.loads((study / "truth.json").read_text())["function"]
    out = tmp_path / "out"
    result = run_study(study / "dicom", out)
    found = json.loads((out / "result.json").read_text())["function"]
    assert found["withheld"] is None
    assert found["gates"] == 8
    assert found["interval_ms"] == 1000.0
    figures = {name: figure["value"] for name, figure in found["figures"].items()}
    assert figures["ef_percent"] == pytest.approx(truth["ef_percent"], abs=10)
    assert figures["edv_ml"] == pytest.approx(truth["edv_ml"], rel=0.25)
    assert figures["stroke_volume_ml"] == pytest.approx(figures["edv_ml"] - figures["esv_ml"], abs=0.11)
    assert figures["peak_filling_rate_edv_per_s"] == pytest.approx(figures["peak_filling_rate_edv_per_cycle"], abs=0.01)
    rows = list(csv.DictReader((out / "function.csv").read_text().splitlines()))
    assert [float(row["cavity_ml"]) for row in rows] == found["cavity_ml"]
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"{figures['ef_percent']:.0f} %" in page
    assert "data:image/gif" in page
    assert (out / "cine.gif").stat().st_size < 1_500_000
    with zipfile.ZipFile(out / "scene.mrb") as scene:
        assert any(name.endswith(".seq.nrrd") for name in scene.namelist())
    assert result.gates is not None


def test_one_gate_has_no_function(study: Path, tmp_path: Path) -> None:
    run_study(study / "dicom", tmp_path / "out", gate=3, scene=False, report=False)
    content = json.loads((tmp_path / "out" / "result.json").read_text())
    assert content["function"] is None
    assert content["input"]["gate"] == 3
    assert not (tmp_path / "out" / "function.csv").exists()
