"""The command ``normals``: a folder of studies in, a file of limits and a report out."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.io import write_volume
from MSSTUNetReorientLib.output.normals_file import read_normals
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import ModelIdentity
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result
from walls import POSE
from walls import wall

MODEL = ModelIdentity("numbers", "1", "a" * 64)


def result_of(inferior: float, status: str = "pass", model: ModelIdentity = MODEL, sex: str = "F") -> Result:
    """A wall of 100 % with an inferior third of another value."""
    quality = Quality("pass") if status == "pass" else Quality(status, ("Look at it.",))  # type: ignore[arg-type]
    short_axis, labels, _ = wall(lambda h, a: np.where((a > 240) & (a < 300), inferior, 100.0) + 0 * h, spacing=3.0)
    base = make_result(POSE, quality=quality)
    info = {"kind": "DICOM NM RECON TOMO", "modality": "NM", "camera": "spect", "sex": sex}
    return replace(base, study=replace(base.study, info=info), short_axis=short_axis, labels=labels, model=model)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """21 results of normal studies, whose inferior wall has 70 to 90 %."""
    place = tmp_path_factory.mktemp("normals")
    for n in range(21):
        deliver(result_of(70.0 + n), place / f"r{n:02d}", scene=False, report=False)
    return place


@pytest.fixture
def folder(results: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return shutil.copytree(results, tmp_path / "in")


def test_limits_of_results(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that did not pass, one of another model, one unlike the others, one unreadable: each is left out and told."""
    deliver(result_of(80.0, "review"), folder / "s1", scene=False, report=False)
    deliver(result_of(80.0, model=ModelIdentity("other", "1", "b" * 64)), folder / "s2", scene=False, report=False)
    deliver(result_of(15.0), folder / "s3", scene=False, report=False)
    (folder / "s4").mkdir()
    (folder / "s4" / "result.json").write_text("{}", encoding="utf-8")
    assert main(["normals", str(folder), "--out", str(tmp_path / "n.npz")]) == 0
    page, found = capsys.readouterr().out, read_normals(tmp_path / "n.npz")
    assert [one.group.name for one in found.limits] == ["spect", "spect-female"]
    assert found.limits[0].studies == 21
    assert found.limits[0].source == "normal limits of the centre"
    assert found.limits[0].segment_mean[9] == pytest.approx(81.0, abs=1.5)  # 80 and its interpolated rim
    assert found.limits[0].segment_sd[9] == pytest.approx(np.std(np.arange(21), ddof=1), rel=0.08)
    assert [(s["study"], s["reason"].split(":")[0]) for s in found.about["left_out"]] == [
        (22, "its verdict is review"),
        (23, "its labels come from another model than most"),
        (24, "outlier"),
        (25, "it cannot be read"),
    ]
    assert "25 studies, 21 of them used" in page
    assert "left out: 24 s3: outlier: mid inferior lies" in page or "left out: 24 s3: outlier: " in page
    assert "SD below the median" in page
    assert "must have verdict, input and model" in page
    assert found.about["model"]["sha256"] == MODEL.sha256
    assert str(folder) not in json.dumps(found.about)
    assert "r00" not in json.dumps(found.about)


def test_a_study_given_twice_counts_once(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for n in (18, 19, 20):
        shutil.rmtree(folder / f"r{n}")
        shutil.copytree(folder / "r03", folder / f"r{n}")
    assert main(["normals", str(folder), "--out", str(tmp_path / "n.npz")]) == 2
    told = capsys.readouterr().err
    assert "found 18 that can be used (left out: it has the same counts as an earlier study: 3)" in told


def test_its_limits_serve_a_run(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["normals", str(folder), "--out", str(tmp_path / "n.npz"), "-q"]) == 0
    write_volume(make_result().study, tmp_path / "study.nrrd")
    predictor = SimpleNamespace(predict=lambda *_, **__: result_of(20.0))
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", predictor)  # type: ignore[arg-type]
    quick = ["--no-scene", "--no-report", "-q"]
    run = ["run", str(tmp_path / "study.nrrd"), *quick, "--limits"]
    assert main([*run, str(tmp_path / "n.npz"), "--out", str(tmp_path / "a")]) == 0
    content = json.loads((tmp_path / "a" / "result.json").read_text(encoding="utf-8"))["perfusion"]
    assert content["limits"]["source"] == "normal limits of the centre"
    assert content["segments"][9]["score"] >= 3
    assert main([*run, "none", "--out", str(tmp_path / "b")]) == 0
    content = json.loads((tmp_path / "b" / "result.json").read_text(encoding="utf-8"))["perfusion"]
    assert content["limits"] is None
    assert content["segments"][9]["score"] is None


def simulated(folder: Path, n: int, *, breast: bool, defects: list[Any], kind: str = "spect") -> None:
    (folder / f"t{n:02d}").mkdir(parents=True)
    write_volume(make_result().study, folder / f"t{n:02d}" / "image.nrrd")
    bodies = [["body", [0, 0, 0], [1, 1, 1], 0.0]] + [["breast", [0, 0, 0], [1, 1, 1], 0.0]] * breast
    drawn = {
        "kind": kind, "chest": {"bodies": bodies}, "scanner": {"corrected": True}, "perfusion": {"defects": defects},
    }  # fmt: skip
    truth = json.dumps({"seed": 100 + n, "parameters": drawn})
    (folder / f"t{n:02d}" / "truth.json").write_text(truth, encoding="utf-8")


def test_simulated_studies_tell_their_health_sex_and_correction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(24):
        kind = "composite" if n == 23 else "spect"
        simulated(tmp_path / "in", n, breast=n % 2 == 0, defects=[{"segment": 3}] if n in (3, 5) else [], kind=kind)
    shown = iter(range(24))
    predictor = SimpleNamespace(predict=lambda *_, **__: result_of(70.0 + next(shown)))
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", predictor)  # type: ignore[arg-type]
    assert main(["normals", str(tmp_path / "in"), "--out", str(tmp_path / "n.npz")]) == 0
    found = read_normals(tmp_path / "n.npz")
    assert [one.group.name for one in found.limits] == ["spect-ac"]
    assert found.limits[0].source == "simulated normals"
    assert found.about["seeds"] == [100 + n for n in range(23) if n not in (3, 5)]
    page = capsys.readouterr().out
    assert "left out: 4 t03: simulated with a defect" in page
    assert "left out: 24 t23: a real heart" in page


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of an error with exit code 2."""
    assert main(["normals", *arguments]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len([line for line in lines if line.startswith("msstunet-reorient: error") or "error" in line]) <= 1
    return lines[-1]


def test_bad_input_is_refused_in_one_line(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "n.npz")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "must be given as a folder" in refused(capsys, str(tmp_path / "nothing"), "--out", out)
    assert "has no studies" in refused(capsys, str(empty), "--out", out)
    assert "must end with .npz" in refused(capsys, str(folder), "--out", str(tmp_path / "n.json"))
    assert "existing folder" in refused(capsys, str(folder), "--out", str(tmp_path / "no" / "n.npz"))
    for n in range(3):
        deliver(result_of(80.0, "review"), folder / f"r{n:02d}", scene=False, report=False, overwrite=True)
    line = refused(capsys, str(folder), "--out", out)
    assert "need 20 studies of one kind of camera, but found 18 that can be used" in line
    assert "its verdict is review: 3" in line
    assert not Path(out).exists()
    Path(out).write_bytes(b"mine")
    assert "add --overwrite" in refused(capsys, str(folder), "--out", out)
    assert Path(out).read_bytes() == b"mine"


def test_a_wrong_name_of_limits_stops_a_run_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_volume(make_result().study, tmp_path / "study.nrrd")
    assert main(["run", str(tmp_path / "study.nrrd"), "--out", str(tmp_path / "o"), "--limits", "child"]) == 2
    assert "--limits child: normal limits must be auto, none, a file, or one of" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()
