"""The commands ``export`` and ``run --dicom-out``: one line of result or refusal, and pseudonyms on request only."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
import SimpleITK as sitk
from archive.exports import nuclear_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import write_result
from MSSTUNetReorientLib.commands import send
from MSSTUNetReorientLib.commands.cli import main
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.result import Result


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return save(nuclear_study(result_of_study().study), tmp_path / "study.dcm")


@pytest.fixture
def predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A predictor that knows the pose."""

    def predict(volume: Volume, **_: object) -> Result:
        return replace(result_of_study(), study=volume)

    module = SimpleNamespace(predict=predict)
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", module)  # type: ignore[arg-type]


def refused(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> str:
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_export(study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write_result(result_of_study(), tmp_path / "result")
    arguments = ["export", str(folder), "--source", str(study), "--out", str(tmp_path / "dicom")]
    assert main([*arguments, "--long-axes", "--uid-root", "1.2.999", "--description", "{view} new"]) == 0
    assert "with the patient's name, ID and dates" in capfd.readouterr().out
    ds = pydicom.dcmread(tmp_path / "dicom" / "horizontal_long_axis.dcm")
    assert (str(ds.PatientName), ds.SeriesDescription) == ("Secret^Sophie", "HLA new")
    assert ds.SOPInstanceUID.startswith("1.2.999.")
    assert "new or empty folder" in refused(arguments, capfd)


def test_export_with_pseudonyms(study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write_result(result_of_study(), tmp_path / "result")
    out = tmp_path / "dicom"
    assert main(["export", str(folder), "--source", str(study), "--out", str(out), "--anonymous"]) == 0
    assert "pseudonyms" in capfd.readouterr().out
    assert b"Secret" not in (out / "short_axis.dcm").read_bytes()


@pytest.mark.parametrize(("to", "package"), [("PACS@host:104", "pynetdicom"), ("https://pacs/x", "dicomweb_client")])
def test_sending_without_its_package(
    to: str, package: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "find_spec", lambda name: None if name == package else object())
    words = f"needs the package {package}, which is not installed; run pip install 'msstunet-reorient[dicom]'"
    assert words in refused(["send", str(tmp_path), to], capfd)
    run = ["run", "study.dcm", "--out", str(tmp_path / "out"), "--dicom-out", str(tmp_path / "dicom"), "--send", to]
    assert words in refused(run, capfd)


def test_help_says_that_the_patient_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("export", "run"):
        main([command, "--help"])
        assert "name, ID and dates" in " ".join(capsys.readouterr().out.replace("│", " ").split())


@pytest.mark.usefixtures("predicted")
def test_run_writes_dicom_on_request_only(study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run = ["run", str(study), "--no-scene", "--no-report", "--out"]
    assert main([*run, str(tmp_path / "plain")]) == 0
    assert not [path for path in (tmp_path / "plain").iterdir() if b"Secret" in path.read_bytes()]
    assert main([*run, str(tmp_path / "out"), "--dicom-out", str(tmp_path / "dicom")]) == 0
    assert str(pydicom.dcmread(tmp_path / "dicom" / "short_axis.dcm").PatientName) == "Secret^Sophie"
    assert not [path for path in (tmp_path / "out").iterdir() if b"Secret" in path.read_bytes()]


@pytest.mark.usefixtures("predicted")
def test_run_refuses_before_any_work(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = tmp_path / "study.nrrd"
    sitk.WriteImage(result_of_study().study.to_sitk(), str(image))
    out = ["--out", str(tmp_path / "out"), "--no-scene", "--no-report"]
    dicom = ["--dicom-out", str(tmp_path / "dicom")]
    assert "image file" in refused(["run", str(image), *out, *dicom], capfd)
    assert "--dicom-out is not given" in refused(["run", str(study), *out, "--anonymous"], capfd)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study.dcm", "study.nrrd"]
    assert main(["run", str(image), *out, *dicom, "--anonymous"]) == 0
    assert str(pydicom.dcmread(tmp_path / "dicom" / "short_axis.dcm").PatientName).startswith("Pseudonym")


@pytest.mark.usefixtures("predicted")
def test_a_result_that_cannot_be_exported_is_written(
    study: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from MSSTUNetReorientLib.archive import exporting

    def fail(*_: object) -> None:
        msg = "it must fail"
        raise InputError(msg)

    monkeypatch.setattr(exporting, "short_axis_volumes", fail)
    out = ["--out", str(tmp_path / "out"), "--no-scene", "--no-report"]
    line = refused(["run", str(study), *out, "--dicom-out", str(tmp_path / "dicom")], capfd)
    assert "the result was written to" in line
    assert "it must fail" in line
    assert (tmp_path / "out" / "result.json").is_file()
    assert not (tmp_path / "dicom").exists()


def test_a_pair_is_exported_into_two_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from MSSTUNetReorientLib.commands import run_pair as pairs

    calls: list[tuple[object, ...]] = []
    checked: Callable[..., None] = lambda *arguments: calls.append(arguments)  # noqa: E731
    monkeypatch.setattr(pairs, "check_dicom_out", checked)
    monkeypatch.setattr(pairs, "write_dicom", checked)
    made = result_of_study()
    other = replace(made.study, array=made.study.array[:, :, ::-1].copy())
    paths = [
        save(nuclear_study(study), tmp_path / f"{name}.dcm")
        for name, study in (("stress", made.study), ("rest", other))
    ]

    def result_of(found: object, **_: object) -> Result:
        return result_of_study()

    monkeypatch.setattr(pairs, "result_of", result_of)
    pairs.run_pair(*paths, tmp_path / "out", scene=False, report=False, dicom_out=tmp_path / "dicom")
    assert [call[3] for call in calls[1:]] == [tmp_path / "dicom" / "stress", tmp_path / "dicom" / "rest"]
    assert [call[0] for call in calls[1:]] == [tmp_path / "out" / "stress", tmp_path / "out" / "rest"]
