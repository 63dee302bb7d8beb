"""The real studies beside the checkout: geometry against SimpleITK, the wall masks and the reference poses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study

STUDIES = ("102843", "113412", "117076", "118564")


@pytest.mark.parametrize("study", STUDIES)
def test_voxels_are_where_simpleitk_puts_them(study: str, shared_data: Path):
    path = shared_data / "physionet_mps" / f"{study}.dcm"
    volume, image = read_study(path), sitk.ReadImage(str(path))
    for index in ((0, 0, 0), (30, 40, 7), (69, 69, 49)):
        at = volume.grid.index_of(image.TransformIndexToPhysicalPoint(index))
        i, j, k = np.round(at).astype(int)
        assert at == pytest.approx([i, j, k], abs=1e-6)
        assert volume.array[k, j, i] == image[index]


@pytest.mark.parametrize("study", ["102843", "118564"])
def test_wall_masks_are_on_counts_near_the_reference_centre(study: str, shared_data: Path):
    folder = shared_data / "physionet_mps"
    volume = read_study(folder / f"{study}.dcm")
    mask = sitk.ReadImage(str(folder / f"{study}_lv_wall.nrrd"))
    inside = np.argwhere(sitk.GetArrayFromImage(mask) > 0)[:, ::-1]
    points = np.array([mask.TransformIndexToPhysicalPoint(i.tolist()) for i in inside])
    i, j, k = np.round(volume.grid.index_of(points)).astype(int).T
    assert np.median(volume.array[k, j, i]) > 4 * np.median(volume.array)
    reference = json.loads((folder / "reference_poses.json").read_text(encoding="utf-8"))[study]
    assert np.linalg.norm(points.mean(axis=0) - reference["centre_lps_mm"]) < 20


def test_orientation_of_the_prone_study_is_that_of_its_header(shared_data: Path):
    """A heart points to the left and front: so the header's orientation is that of the patient."""
    folder = shared_data / "physionet_mps"
    assert read_study(folder / "118564.dcm").info["patient_position"] == "FFP"
    for pose in json.loads((folder / "reference_poses.json").read_text(encoding="utf-8")).values():
        x, y, _ = pose["k_lps"]
        assert x < 0 < y


def test_projections_are_refused_and_their_reconstruction_read(shared_data: Path):
    with pytest.raises(InputError, match="projections"):
        read_study(shared_data / "rimd_projections" / "stress_tomo_projections.dcm")
    assert read_study(shared_data / "rimd_projections" / "stress_osem.nrrd").array.shape == (64, 64, 64)


def test_folder_of_real_studies_is_listed_and_one_chosen(shared_data: Path):
    with pytest.raises(InputError, match=r"has 4: 1 = NM RECON TOMO 70x70x50 \(102843.dcm\)"):
        read_study(shared_data / "physionet_mps")
    assert read_study(shared_data / "physionet_mps", series="4").info["patient_position"] == "FFP"


def test_real_info_has_no_identifier(shared_data: Path):
    path = shared_data / "physionet_mps" / "118564.dcm"
    header = pydicom.dcmread(path, stop_before_pixels=True)
    info = json.dumps(read_study(path).info)
    for keyword in ("PatientName", "PatientID", "AccessionNumber", "InstitutionName", "StudyInstanceUID"):
        assert str(header[keyword].value) not in info
