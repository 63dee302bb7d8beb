"""The SPECT studies among DICOM files, and messages without their paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from dicom_samples import gated
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io.nuclear_series import nuclear_series
from MSSTUNetReorientLib.io.nuclear_series import without_path


def test_studies_are_found_among_other_files(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no DICOM")
    pet = save(pet_series()[0][0], tmp_path / "pet.dcm")
    plain, beating = save(nuclear(), tmp_path / "a.dcm"), save(gated(4)[0], tmp_path / "b.dcm")
    projections = save(nuclear("TOMO"), tmp_path / "c.dcm")
    found = nuclear_series([text, pet, plain, beating, projections, tmp_path / "gone.dcm"])
    assert [(one.kind, one.gates, one.paths, one.fault) for one in found] == [
        ("RECON TOMO", 1, (plain,), ""),
        ("RECON GATED TOMO", 4, (beating,), ""),
    ]
    assert {one.size for one in found} == {read_study(plain).grid.size}


def test_a_study_that_cannot_be_read_has_a_reason_without_its_path(tmp_path: Path) -> None:
    ds = nuclear()
    ds.PixelData = ds.PixelData[:100]
    (found,) = nuclear_series([save(ds, tmp_path / "Doe John.dcm")])
    assert "pixel data" in found.fault
    assert "Doe" not in found.fault
    assert found.size == ()


def test_warnings_are_told(tmp_path: Path) -> None:
    slices = list(range(1, len(nuclear().SliceVector) + 1))
    (found,) = nuclear_series([save(nuclear(SliceVector=slices[::-1]), tmp_path / "study.dcm")])
    assert any("slice order" in warning for warning in found.warnings)


@pytest.mark.parametrize("text", ["{0}: too small", "it lies in {0}", "{0}: it lies in {0}"])
def test_no_path_is_left_in_a_message(text: str) -> None:
    path = Path("/archive/Doe John/1.dcm")
    assert "Doe" not in without_path(InputError(text.format(path)), [path])
