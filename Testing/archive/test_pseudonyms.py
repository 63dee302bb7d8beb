"""An anonymous export: nothing of the patient in any byte, and objects that still belong together."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pydicom
import pytest
from MSSTUNetReorientLib.archive.exporting import ExportOptions
from MSSTUNetReorientLib.archive.exporting import export_result
from MSSTUNetReorientLib.archive.pseudonyms import pseudonymous
from MSSTUNetReorientLib.archive.unique_ids import UniqueIds

from archive.exports import SECRETS
from archive.exports import header
from archive.exports import result_of_study
from archive.exports import write_result

UIDS = ("1.2.826.0.1.3680043.10.1.4711", "1.2.826.0.1.3680043.10.1.4712", "1.2.826.0.1.3680043.10.1.4713")


def files(case: SimpleNamespace) -> list[Path]:
    return [path for path in case.export.files if path.is_file()]


def test_the_secrets_would_be_found(nuclear: SimpleNamespace) -> None:
    content = (nuclear.out / "short_axis.dcm").read_bytes()
    assert all(secret.encode() in content for secret in ("Secret", "ID-4711", "19510203", "20240517", *UIDS))


def test_no_byte_holds_the_patient(anonymous: SimpleNamespace) -> None:
    assert len(files(anonymous)) >= 3
    source = pydicom.dcmread(anonymous.source)
    for path in files(anonymous):
        content = path.read_bytes()
        for secret in (*SECRETS, *UIDS, str(source.SOPInstanceUID)):
            assert secret.encode() not in content, (path.name, secret)


def test_today_is_not_told(anonymous: SimpleNamespace) -> None:
    for path in files(anonymous):
        for element in pydicom.dcmread(path).iterall():
            if element.VR in ("DA", "DT") and element.value:
                assert str(element.value)[:6] == "200001", (path.name, element.keyword)


def test_objects_belong_together(anonymous: SimpleNamespace) -> None:
    objects = [pydicom.dcmread(path) for path in files(anonymous)]
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientID", "PatientName"):
        assert len({str(ds[keyword].value) for ds in objects if keyword in ds}) == 1
    assert all(ds.PatientIdentityRemoved == "YES" for ds in objects if ds.Modality == "NM")


def test_what_matters_to_a_physicist_stays(anonymous: SimpleNamespace) -> None:
    ds = pydicom.dcmread(anonymous.out / "short_axis.dcm")
    drug = ds.RadiopharmaceuticalInformationSequence[0]
    assert (ds.PatientSex, float(ds.PatientWeight), ds.AcquisitionTime) == ("F", 71.0, "101500")
    assert (drug.Radiopharmaceutical, drug.RadionuclideTotalDose) == ("Sestamibi", 740)
    assert drug.RadiopharmaceuticalStartDateTime == "20000102091500"  # a day after the study, as in the source
    assert ds.EnergyWindowInformationSequence[0].EnergyWindowName == "Tc99m"


def test_the_same_study_gets_the_same_pseudonyms() -> None:
    study = result_of_study().study
    one, two = (pseudonymous(header("1.2.840.10008.5.1.4.1.1.20", "NM", study), UniqueIds(), "x") for _ in range(2))
    assert (one.PatientID, one.StudyInstanceUID) == (two.PatientID, two.StudyInstanceUID)
    assert one.SOPInstanceUID != two.SOPInstanceUID
    other = header("1.2.840.10008.5.1.4.1.1.20", "NM", study)
    other.StudyInstanceUID = "1.2.3"
    assert pseudonymous(other, UniqueIds(), "x").PatientID != one.PatientID


def test_words_of_a_local_code_are_removed() -> None:
    given = header("1.2.840.10008.5.1.4.1.1.20", "NM", result_of_study().study)
    item = pydicom.Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "7", "LOCAL", "Heart of Sophie"
    given.ProcedureCodeSequence = [item]
    assert not pseudonymous(given, UniqueIds(), "x").ProcedureCodeSequence


@pytest.mark.parametrize("modality", ["NM", "PT"])
def test_a_result_without_its_source(modality: str, tmp_path: Path) -> None:
    folder = write_result(result_of_study(modality), tmp_path / "result")
    done = export_result(folder, None, tmp_path / "out", ExportOptions(anonymous=True))
    ds = pydicom.dcmread(next(path for path in done.files if "short_axis" in str(path)))
    assert str(ds.PatientName).startswith("Pseudonym")
    assert "SourceImageSequence" not in ds
    assert ds.FrameOfReferenceUID
