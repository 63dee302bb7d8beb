"""The command ``simulate``: exit codes and single lines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.geometry.pose import rotation_from_euler
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.simulation.disk import is_finished


@pytest.fixture
def maps(tmp_path: Path) -> dict[str, str]:
    """Folders: empty, with a label map that has no LV or is damaged, with counts that are not there; and a file."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "no_lv").mkdir()
    sitk.WriteImage(sitk.GetImageFromArray(np.full((20, 20, 20), 2, np.uint8)), str(tmp_path / "no_lv" / "a.nrrd"))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "a.nrrd").write_bytes(b"NRRD0005\nnothing")
    rows = {"no_columns": "name,counts\na,1\n", "no_files": "patient,state,gate,max_counts\na,rest,01,5\n"}
    for name, text in rows.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "volumes.csv").write_text(text)
    (tmp_path / "file").touch()
    return {path.name: str(path) for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kind", "mri"], "one of spect, conventional, czt, pet, composite"),
        (["--kind", "spect", "--anatomy", "{empty}"], "must contain label maps"),
        (["--kind", "spect", "--anatomy", "{no_lv}"], "must have an LV"),
        (["--kind", "composite"], "--hearts"),
        (["--kind", "composite", "--hearts", "{empty}"], "volumes.csv"),
        (["--kind", "spect", "--fast", "--gates", "7"], "8 or 16"),
        (["--kind", "spect", "--fast", "--poses", "mean"], "cta, table2"),
        (["--kind", "spect", "--anatomy", "{damaged}"], "cannot be read"),
        (["--kind", "spect", "--anatomy", "{file}/none"], "must contain label maps"),
        (["--kind", "composite", "--hearts", "{no_columns}"], "columns must be"),
        (["--kind", "composite", "--hearts", "{no_files}"], "cannot be read"),
        (["--kind", "spect", "--fast", "--out", "{file}"], "output folder"),
        (["--kind", "spect", "--count", "0"], "count"),
        (["--kind", "spect", "--split", "all"], "train, validation, test"),
        (["--kind", "spect", "--split", "test"], "needs real hearts"),
        (["--kind", "composite", "--rest"], "omit --rest"),
        (["--kind", "composite", "--healthy"], "omit --healthy"),
        (["--kind", "spect", "--fast", "--pose", "-1", "-1", "1", "200", "0", "0"], "field of view"),
        (["--kind", "spect", "--fast", "--pose", "-1", "-1", "1", "nan", "0", "0"], "finite"),
    ],
)
def test_impossible_requests(
    options: list[str], message: str, maps: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [option.format(**maps) for option in options]
    assert main(["simulate", "--out", str(tmp_path / "out"), *told]) == 2
    assert not any(path.is_dir() for path in (tmp_path / "out").glob("*"))
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_studies_are_made(tmp_path: Path) -> None:
    arguments = ["simulate", "--kind", "spect", "--fast", "--seed", "4", "--out", str(tmp_path), "--quiet"]
    assert main(arguments) == 0
    assert is_finished(tmp_path / "spect_4_00000")


def test_a_pose_asked_for_is_the_studys(tmp_path: Path) -> None:
    asked = ["-0.9", "-1.1", "1.2", "30", "-10", "5"]
    assert main(["simulate", "--kind", "spect", "--fast", "--pose", *asked, "--out", str(tmp_path), "--quiet"]) == 0
    told = json.loads((tmp_path / "spect_0_00000" / "truth.json").read_text(encoding="utf-8"))
    assert told["subject"] is None
    asked_axis = rotation_from_euler(-0.9, -1.1, 1.2)[:, 2]
    found = np.array([told["pose"]["axes_lps"][name] for name in "ijk"]).T
    np.testing.assert_allclose(found, rotation_from_long_axis(asked_axis), atol=1e-6)
    from_middle = np.array(told["pose"]["translation_normalized"]) * told["pose"]["cube"]["half_mm"]
    assert from_middle == pytest.approx([30, -10, 5], abs=1e-6)


def test_a_partner_at_rest_is_the_same_heart_without_its_defects(tmp_path: Path) -> None:
    common = ["simulate", "--kind", "spect", "--fast", "--seed", "3", "--dicom", "--quiet", "--out", str(tmp_path)]
    assert main([*common, "--rest"]) == 0
    stress, rest = tmp_path / "spect_3_00000", tmp_path / "spect_3_00000_rest"
    told = [json.loads((folder / "truth.json").read_text(encoding="utf-8")) for folder in (stress, rest)]
    drawn = [t["parameters"] for t in told]
    assert drawn[0]["perfusion"].pop("defects")
    assert drawn[1]["perfusion"].pop("defects") == []
    assert [d["scanner"].pop("acquisition") for d in drawn] == [0, 1]
    assert drawn[0] == drawn[1]
    assert told[0]["pose"] == told[1]["pose"]
    lowest = [min(t["segments"]["mean"]) for t in told]
    assert lowest[0] < lowest[1]
    images = [sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "image.nrrd"))).ravel() for folder in (stress, rest)]
    assert np.corrcoef(images)[0, 1] < 0.99
    headers = [pydicom.dcmread(folder / "dicom" / "study.dcm") for folder in (stress, rest)]
    assert [h.SeriesDescription for h in headers] == ["simulated NM stress", "simulated NM rest"]
    for name, same in (("PatientID", True), ("FrameOfReferenceUID", True), ("SeriesInstanceUID", False)):
        assert (headers[0][name].value == headers[1][name].value) == same
    assert main(common) == 2, "same options"


def ventricles(folder: Path, names: list[str]) -> Path:
    """Made-up hearts: a block of LV (1), one of RV (2) at its right side."""
    labels = np.zeros((44, 44, 44), np.uint8)
    labels[10:34, 12:32, 22:40] = 1
    labels[12:32, 14:30, 8:20] = 2
    image = sitk.GetImageFromArray(labels)
    image.SetSpacing([3.0] * 3)
    folder.mkdir()
    for name in names:
        sitk.WriteImage(image, str(folder / f"{name}.nrrd"))
    return folder


def test_a_split_has_its_subjects_alone(tmp_path: Path) -> None:
    folder = ventricles(tmp_path / "hearts", ["p002", "p003", "p004", "p007", "p012"])
    common = ["simulate", "--kind", "spect", "--fast", "--count", "5", "--anatomy", str(folder), "--quiet"]
    for split, allowed in (("train", {"p002", "p004"}), ("validation", {"p007"}), ("test", {"p003", "p012"})):
        assert main([*common, "--split", split, "--out", str(tmp_path / split)]) == 0
        told = [json.loads(f.read_text(encoding="utf-8")) for f in (tmp_path / split).glob("*/truth.json")]
        assert {t["subject"] for t in told} - {None} <= allowed
        assert any(t["subject"] for t in told)
        assert json.loads((tmp_path / split / "spect_0.json").read_text(encoding="utf-8"))["split"] == split


def test_what_is_refused_leaves_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    for refused in (["--kind", "composite"], ["--kind", "spect", "--anatomy", str(tmp_path / "none")]):
        assert main(["simulate", *refused, "--out", str(out)]) == 2
    assert not out.exists()
    (tmp_path / "file").write_text("")
    assert main(["simulate", "--kind", "spect", "--fast", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 3


def test_options_may_change_until_a_study_is_finished(tmp_path: Path) -> None:
    common = ["simulate", "--kind", "spect", "--fast", "--quiet", "--out", str(tmp_path), "--pose", "-1", "-1", "1"]
    assert main([*common, "900", "0", "0"]) == 2, "out of view"
    assert main([*common, "0", "0", "0"]) == 0
    assert main([*common, "5", "0", "0", "--count", "2"]) == 2, "same options"


@pytest.mark.slow
def test_processes_give_the_same(tmp_path: Path) -> None:
    common = ["simulate", "--kind", "czt", "--fast", "--count", "2", "--quiet"]
    assert main([*common, "--out", str(tmp_path / "one")]) == 0
    assert main([*common, "--out", str(tmp_path / "two"), "--jobs", "2"]) == 0
    for file in (tmp_path / "one").rglob("*.*"):
        assert file.read_bytes() == (tmp_path / "two" / file.relative_to(tmp_path / "one")).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_ctrl_c_stops_all_processes_and_loses_no_finished_study(tmp_path: Path) -> None:
    common = ["simulate", "--kind", "czt", "--fast", "--out", str(tmp_path)]
    script = (
        "import signal, sys; from MSSTUNetReorientLib.commands.cli import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background ignores it
        "if __name__ == '__main__': sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, *common, "--count", "60", "--jobs", "2"]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    waiting = time.monotonic() + 180
    while sum(map(is_finished, tmp_path.glob("czt_*_*"))) < 3:
        assert running.poll() is None
        assert time.monotonic() < waiting
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said == "msstunet-reorient: interrupted\n"
    finished = sorted(filter(is_finished, tmp_path.glob("czt_*_*")))
    assert 3 <= len(finished) < 60
    before = {f: f.stat().st_mtime_ns for folder in finished for f in folder.iterdir()}
    count = int(finished[-1].name.rsplit("_", 1)[1]) + 1
    assert main([*common, "--count", str(count), "--quiet"]) == 0
    assert all(is_finished(tmp_path / f"czt_0_{n:05d}") for n in range(count))
    assert {f: f.stat().st_mtime_ns for f in before} == before
