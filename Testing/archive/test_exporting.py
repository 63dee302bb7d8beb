"""What can be chosen, what is refused, and that nothing half-written is left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from MSSTUNetReorientLib.archive import exporting
from MSSTUNetReorientLib.archive.exporting import ExportOptions
from MSSTUNetReorientLib.archive.exporting import export_result
from MSSTUNetReorientLib.archive.unique_ids import UniqueIds
from MSSTUNetReorientLib.errors import InputError
from pydicom.dataset import Dataset

from archive.exports import nuclear_study
from archive.exports import save

Change = Callable[[Dataset], None]


@pytest.fixture
def folder(nuclear: SimpleNamespace, tmp_path: Path) -> Path:
    """A result to be changed."""
    return Path(shutil.copytree(nuclear.folder, tmp_path / "result"))


def refusal(folder: Path, source: Path | None, out: Path, **options: object) -> str:
    """The one line of a refusal, after which nothing is there."""
    before = sorted(out.parent.iterdir())
    with pytest.raises(InputError) as caught:
        export_result(folder, source, out, ExportOptions(**options))  # type: ignore[arg-type]
    assert sorted(out.parent.iterdir()) == before
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_what_can_be_set(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    options = ExportOptions(uid_root="1.2.999", description="Short {view} of {source}")
    export_result(nuclear.folder, nuclear.source, tmp_path / "out", options)
    ds = pydicom.dcmread(tmp_path / "out" / "short_axis.dcm")
    assert ds.SeriesDescription == "Short SA of Rest Secret"
    assert ds.SOPInstanceUID.startswith("1.2.999.")
    assert ds.SeriesInstanceUID.startswith("1.2.999.")
    assert ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID
    assert not (tmp_path / "out" / "vertical_long_axis.dcm").exists()


def test_series_are_numbered_after_the_source(nuclear: SimpleNamespace) -> None:
    numbers = [pydicom.dcmread(path).SeriesNumber for path in nuclear.export.files]
    assert len(set(numbers)) == len(numbers)
    assert all(300 < number < 400 for number in numbers)


@pytest.mark.parametrize("root", ["1.2.", "a.b", "3.1", "1.02", "1." + "2" * 40])
def test_a_root_that_is_none(root: str) -> None:
    with pytest.raises(InputError, match="--uid-root"):
        UniqueIds(root)


def without_patient(ds: Dataset) -> None:
    del ds.PatientName, ds.PatientID


def without_frame(ds: Dataset) -> None:
    del ds.FrameOfReferenceUID


def without_study(ds: Dataset) -> None:
    del ds.StudyInstanceUID


def with_another_heart(ds: Dataset) -> None:
    ds.PixelData = bytes(reversed(ds.PixelData))


def with_another_place(ds: Dataset) -> None:
    ds.DetectorInformationSequence[0].ImagePositionPatient = [0, 0, 0]


def in_a_private_transfer_syntax(ds: Dataset) -> None:
    ds.file_meta.TransferSyntaxUID = "1.2.826.0.1.3680043.10.1.99"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without_patient, "no patient module"),
        (without_frame, "no frame of reference"),
        (without_study, "no study"),
        (with_another_heart, "was not made from this study"),
        (with_another_place, "was not made from this study"),
        (in_a_private_transfer_syntax, "pixel data"),
    ],
)
def test_a_source_that_cannot_be_used(nuclear: SimpleNamespace, tmp_path: Path, change: Change, words: str) -> None:
    ds = nuclear_study(nuclear.result.study)
    change(ds)
    ds.save_as(tmp_path / "source.dcm", enforce_file_format=True, implicit_vr=False, little_endian=True)
    line = refusal(nuclear.folder, tmp_path / "source.dcm", tmp_path / "out")
    assert words in line
    assert line.startswith(str(tmp_path / "source.dcm"))
    assert "Secret" not in line


def test_a_source_without_a_patient_can_be_exported_anonymously(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    ds = nuclear_study(nuclear.result.study)
    without_patient(ds)
    source = save(ds, tmp_path / "source.dcm")
    assert export_result(nuclear.folder, source, tmp_path / "out", ExportOptions(anonymous=True)).files


def test_no_source_without_pseudonyms(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    assert "--source" in refusal(nuclear.folder, None, tmp_path / "out")


def test_an_image_file_as_source(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    assert "image file" in refusal(nuclear.folder, nuclear.folder / "labels.nrrd", tmp_path / "out")


def test_an_output_that_exists(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "short_axis.dcm").write_text("mine")
    assert "new or empty folder" in refusal(nuclear.folder, nuclear.source, out)
    assert (out / "short_axis.dcm").read_text() == "mine"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("schema_version", 0, "another version"),
        ("qc", {"status": "fail"}, "no left ventricle"),
        ("input", {"modality": "NM", "reoriented": {"assumed": True}}, "no position in the patient"),
        ("input", {}, "damaged"),
    ],
)
def test_a_result_that_cannot_be_exported(
    nuclear: SimpleNamespace, folder: Path, tmp_path: Path, key: str, value: object, words: str
) -> None:
    content = json.loads((folder / "result.json").read_text())
    (folder / "result.json").write_text(json.dumps(content | {key: value}))
    assert words in refusal(folder, nuclear.source, tmp_path / "out")


def test_a_result_with_a_file_missing(nuclear: SimpleNamespace, folder: Path, tmp_path: Path) -> None:
    (folder / "labels.nrrd").unlink()
    assert "missing" in refusal(folder, nuclear.source, tmp_path / "out")


def test_no_result_and_a_pair(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no result.json" in refusal(tmp_path / "empty", nuclear.source, tmp_path / "out")
    (tmp_path / "empty" / "pair.json").write_text("{}")
    assert "this is a pair" in refusal(tmp_path / "empty", nuclear.source, tmp_path / "out")


def test_a_failure_in_between_leaves_nothing(
    nuclear: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[Path] = []

    def fail(ds: Dataset, path: Path, name: object) -> Path:
        if written:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(b"x")
        return path

    monkeypatch.setattr(exporting, "save", fail)
    line = refusal(nuclear.folder, nuclear.source, tmp_path / "out", long_axes=True)
    assert "No space left" in line
    assert written


def test_a_missing_package_leaves_out_what_needs_it(
    nuclear: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(name="highdicom")

    monkeypatch.setattr(exporting, "segmentation_object", missing)
    done = export_result(nuclear.folder, nuclear.source, tmp_path / "out")
    assert "msstunet-reorient[dicom]" in done.left_out["segmentation"]
    assert (tmp_path / "out" / "short_axis.dcm").is_file()


def test_a_value_that_highdicom_refuses(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    ds = nuclear_study(nuclear.result.study)
    ds.PatientSex = "U"
    done = export_result(nuclear.folder, save(ds, tmp_path / "source.dcm"), tmp_path / "out")
    assert "highdicom refuses" in done.left_out["segmentation"]
    assert (tmp_path / "out" / "short_axis.dcm").is_file()


def test_two_exports_of_one_result_are_two_series(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    export_result(nuclear.folder, nuclear.source, tmp_path / "out")
    one, two = (pydicom.dcmread(f / "short_axis.dcm", stop_before_pixels=True) for f in (nuclear.out, tmp_path / "out"))
    assert one.SeriesInstanceUID != two.SeriesInstanceUID
