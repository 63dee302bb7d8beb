"""What is compared of two headers and never written."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.study_identity import UNKNOWN
from MSSTUNetReorientLib.io.study_identity import identity_of
from MSSTUNetReorientLib.io.study_identity import read_identity
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


def injected(**attributes: Any) -> Sequence:
    drug = Dataset()
    for keyword, value in attributes.items():
        setattr(drug, keyword, value)
    return Sequence([drug])


def test_the_patient_is_the_hash_of_id_and_birth_date(tmp_path: Path) -> None:
    found = read_identity(save(nuclear(), tmp_path / "a.dcm"))
    assert found.patient == hashlib.sha256(b"ID-4711|19510203").hexdigest()[:12]
    assert "4711" not in str(found)
    assert "1951" not in str(found)


def test_a_name_does_not_tell_patients_apart() -> None:
    one, other = (identity_of(nuclear(PatientName=name), "x") for name in ("Doe^Jane", "DOE^J"))
    assert one.patient == other.patient
    assert identity_of(nuclear(PatientBirthDate="19510204"), "x").patient != one.patient
    assert identity_of(nuclear(PatientID=None), "x").patient == ""


def test_times_dose_and_frame_of_reference() -> None:
    ds = nuclear(AcquisitionDate="20260102", AcquisitionTime="093000.5", FrameOfReferenceUID="1.2.3",
                 RadiopharmaceuticalInformationSequence=injected(RadiopharmaceuticalStartTime="084500",
                                                                 RadionuclideTotalDose="350"))  # fmt: skip
    found = identity_of(ds, "x")
    assert found.acquired == datetime(2026, 1, 2, 9, 30)
    assert found.injected == datetime(2026, 1, 2, 8, 45)
    assert (found.dose, found.frame) == (350.0, "1.2.3")


def test_a_date_and_time_in_one_value() -> None:
    drug = injected(RadiopharmaceuticalStartDateTime="20260102084500.00+0100", RadiopharmaceuticalStartTime="111111")
    ds = nuclear(AcquisitionDateTime="20260102093000", RadiopharmaceuticalInformationSequence=drug)
    found = identity_of(ds, "x")
    assert found.acquired == datetime(2026, 1, 2, 9, 30)
    assert found.injected == datetime(2026, 1, 2, 8, 45)
    assert found.dose is None


def test_what_is_not_stated_is_unknown(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.ones((20, 20, 20), np.float32))
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    assert read_identity(tmp_path / "a.nrrd") == UNKNOWN
    assert read_identity(tmp_path / "none") == UNKNOWN
    assert identity_of(nuclear(AcquisitionDate="yesterday", AcquisitionTime="noon", PatientID=None), "x") == UNKNOWN


def test_of_a_folder_with_two_series_the_one_that_is_named(tmp_path: Path) -> None:
    for number, patient in ((3, "one"), (4, "two")):
        save_series(pet_series(SeriesNumber=number, PatientID=patient)[0], tmp_path, seed=number)
    assert read_study(tmp_path, series="4").info["modality"] == "PT"
    assert read_identity(tmp_path, "3").patient != read_identity(tmp_path, "4").patient


@pytest.mark.parametrize("keyword", ["PatientID", "PatientBirthDate"])
def test_no_part_of_the_identity_is_in_the_volume(tmp_path: Path, keyword: str) -> None:
    path = save(nuclear(), tmp_path / "a.dcm")
    info = str(read_study(path).info)
    assert read_identity(path).patient not in info
    assert str(nuclear()[keyword].value) not in info
