"""A real study goes out and comes back: `run` finds the heart in its short axis where it put it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest
from MSSTUNetReorientLib.commands.run_study import run_study
from MSSTUNetReorientLib.io import read_pose
from MSSTUNetReorientLib.io import read_study


@pytest.fixture(scope="module")
def case(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source, and the folder with its result and its DICOM objects."""
    study = shared_data / "physionet_mps" / "102843.dcm"
    if not study.is_file():
        pytest.skip("physionet_mps is not beside this checkout")
    folder = tmp_path_factory.mktemp("real")
    run_study(study, folder / "result", scene=False, report=False, dicom_out=folder / "dicom")
    return study, folder


def test_it_lies_where_the_result_lies(case: tuple[Path, Path]) -> None:
    pose, volume = read_pose(case[1] / "result" / "pose.tfm"), read_study(case[1] / "dicom" / "short_axis.dcm")
    assert volume.grid.centre == pytest.approx(pose.centre, abs=0.1)
    assert volume.grid.direction == pytest.approx(pose.rotation, abs=0.001)


def test_it_is_not_reoriented_twice(case: tuple[Path, Path], tmp_path: Path) -> None:
    short = case[1] / "dicom" / "short_axis.dcm"
    pose = read_pose(case[1] / "result" / "pose.tfm")
    kept = run_study(short, tmp_path / "kept", short_axis=True, scene=False, report=False)
    assert kept.pose.rotation_error(pose) < 0.1
    found = run_study(short, tmp_path / "found", scene=False, report=False)
    assert found.pose.rotation_error(pose) < 1.0
    assert found.quality.status == "review"
    assert any("already reoriented" in reason for reason in found.quality.reasons)


def test_the_patient_of_the_source(case: tuple[Path, Path]) -> None:
    source = pydicom.dcmread(case[0], stop_before_pixels=True)
    ds = pydicom.dcmread(case[1] / "dicom" / "short_axis.dcm")
    assert (ds.PatientID, ds.StudyInstanceUID) == (source.PatientID, source.StudyInstanceUID)


@pytest.mark.parametrize("name", ["short_axis", "segmentation"])
def test_dciodvfy_finds_no_error(case: tuple[Path, Path], name: str) -> None:
    program, path = shutil.which("dciodvfy"), case[1] / "dicom" / f"{name}.dcm"
    if program is None or not path.is_file():
        pytest.skip("dciodvfy or highdicom is not installed (Debian: apt-get install dicom3tools; extra dicom)")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert [line for line in found if line.startswith("Error")] == []
