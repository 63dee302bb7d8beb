"""The sample study that the extension ships, and the page that compares simulated with real studies."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.simulation import side_by_side
from MSSTUNetReorientLib.simulation.batch import BatchRequest
from MSSTUNetReorientLib.simulation.batch import make_studies
from MSSTUNetReorientLib.simulation.disk import TRUTH
from MSSTUNetReorientLib.simulation.sample import write_sample
from PIL import Image
from places import REPOSITORY

SHIPPED = REPOSITORY / "Resources" / "SampleData"


def test_the_shipped_sample_is_what_its_parameters_give(tmp_path: Path) -> None:
    """Labels and truth up to the rounding of another CPU; the kept study is a little smoother than one made now."""
    counts, labels, truth = write_sample(tmp_path)
    found, shipped = (read_study(f).array for f in (labels, SHIPPED / labels.name))
    assert np.mean(found != shipped) < 0.001
    found, shipped = (read_study(f).array.astype(float) for f in (counts, SHIPPED / counts.name))
    assert np.corrcoef(found.ravel(), shipped.ravel())[0, 1] > 0.995
    assert found.sum() == pytest.approx(shipped.sum(), rel=0.01)
    found, shipped = (json.loads(f.read_text(encoding="utf-8")) for f in (truth, SHIPPED / truth.name))
    for name in ("euler_yxz_rad", "centre_lps_mm"):
        np.testing.assert_allclose(found["pose"][name], shipped["pose"][name], atol=1e-9)
    assert found["volumes_ml"] == pytest.approx(shipped["volumes_ml"], rel=0.01)


def test_the_page_of_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of simulated studies, and one of them as if it were real."""
    made = list(make_studies(BatchRequest("spect", 3, tmp_path / "made", fast=True), 2))
    told = json.loads((made[0] / TRUTH).read_text(encoding="utf-8"))["pose"]
    reference = {"image": {"k_lps": told["axes_lps"]["k"], "centre_lps_mm": told["centre_lps_mm"]}}
    (made[0] / "reference_poses.json").write_text(json.dumps(reference), encoding="utf-8")
    out = tmp_path / "out"
    arguments = ["--real", str(made[0]), "--simulated", str(tmp_path / "made"), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", ["side_by_side", *arguments])
    side_by_side.main()
    head, _, real, simulated = (out / side_by_side.TABLE).read_text(encoding="utf-8").splitlines()
    assert head.count("|") == real.count("|") == simulated.count("|")
    assert real.startswith(f"| {made[0].name} image |")
    assert simulated.startswith("| simulated made (n = 2) |")
    assert 1.0 < float(real.split("|")[2]) < 50.0  # the LV is brighter than the background
    with Image.open(out / side_by_side.PAGE) as picture:
        assert np.asarray(picture.convert("L")).std() > 10
