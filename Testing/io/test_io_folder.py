"""DICOM PET series and the choice within a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_samples import POSITION
from dicom_samples import enhanced_pet
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.io import read_study


def test_pet_series_is_sorted_and_each_slice_rescaled(tmp_path: Path):
    series, values = pet_series()
    volume = read_study(save_series(series, tmp_path))
    assert volume.array == pytest.approx(values, rel=1e-6)
    # slice 3, row 5, column 7
    assert volume.grid.at([7, 5, 3]) == pytest.approx([-60 + 28, -50 + 22.5, 400 + 13.5])
    stated = {"patient_position": "HFS", "study_phase": "rest"}
    assert volume.info == {"kind": "DICOM PT series", "modality": "PT", **stated}


def test_one_slice_stands_for_its_series(tmp_path: Path):
    series, values = pet_series()
    other, _ = pet_series()
    save_series(series, tmp_path, seed=5)
    save_series(other, tmp_path, seed=6)
    (tmp_path / "notes.txt").write_text("not DICOM")
    assert read_study(tmp_path / "IM5_0003").array == pytest.approx(values, rel=1e-6)


def test_slices_without_an_identity_are_counted_once(tmp_path: Path):
    """Each slice of a series that was stripped of its instance UIDs is its own, the named one too."""
    series, values = pet_series(SOPInstanceUID=None)
    folder = save_series(series, tmp_path)
    (folder / "screenshots").mkdir()
    assert read_study(folder / "IM5_0003").array == pytest.approx(values, rel=1e-6)
    assert read_study(folder).array == pytest.approx(values, rel=1e-6)


def test_series_stored_head_first_is_the_same_volume(tmp_path: Path):
    flipped = [1.0, 0.0, 0.0, 0.0, -1.0, 0.0]  # the normal points to the feet
    series, values = pet_series(ImageOrientationPatient=flipped)
    volume = read_study(save_series(series, tmp_path))
    assert np.linalg.det(volume.grid.direction) == pytest.approx(1)
    assert volume.array == pytest.approx(values[::-1], rel=1e-6)
    assert volume.grid.at([0, 0, len(values) - 1]) == pytest.approx(POSITION)


def test_enhanced_pet(tmp_path: Path):
    ds, values = enhanced_pet()
    volume = read_study(save(ds, tmp_path / "e.dcm"))
    assert volume.array == pytest.approx(values, rel=1e-6)
    assert volume.grid.origin[2] == pytest.approx(400 - 27 * 4.5)
    assert volume.info["modality"] == "PT"


@pytest.mark.parametrize(
    ("element", "value"), [(b"\x28\x00\x08\x00IS\x02\x00", b"28"), (b"\x20\x00\x11\x00IS\x02\x00", b"1 ")]
)
def test_a_damaged_neighbour_is_no_reason_to_refuse_the_study(element: bytes, value: bytes, tmp_path: Path):
    """One whose NumberOfFrames or SeriesNumber is no number."""
    series, values = pet_series()
    folder = save_series(series, tmp_path)
    other = save(nuclear(), folder / "other.dcm")
    content = other.read_bytes()
    assert content.count(element + value) == 1
    other.write_bytes(content.replace(element + value, element + b"x?"))
    assert read_study(folder).array == pytest.approx(values, rel=1e-6)
    assert read_study(folder / "IM5_0003").array == pytest.approx(values, rel=1e-6)


def test_missing_slice_is_refused(tmp_path: Path):
    series, _ = pet_series()
    del series[11]
    with pytest.raises(InputError, match=r"gaps of 4\.50 to 9\.00 mm"):
        read_study(save_series(series, tmp_path))


def test_missing_end_is_refused_where_the_header_states_the_count(tmp_path: Path):
    series, _ = pet_series(NumberOfSlices=28)
    with pytest.raises(InputError, match="28 slices, but found 27"):
        read_study(save_series(series[1:], tmp_path))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SeriesType": ["GATED", "IMAGE"]}, "GATED"),
        ({"SeriesType": ["DYNAMIC", "IMAGE"]}, "DYNAMIC"),
        ({"ImagePositionPatient": POSITION}, "share one"),
        ({"ImagePositionPatient": None}, "ImagePositionPatient is missing"),
        ({"PixelSpacing": [0.0, 4.0]}, "voxel spacing"),
        ({"Modality": "CT"}, "found CT"),
        ({"Modality": "MR"}, "found MR"),
    ],
)
def test_refused_series(change: dict, words: str, tmp_path: Path):
    series, _ = pet_series(**change)
    with pytest.raises(InputError, match=words) as caught:
        read_study(save_series(series, tmp_path))
    assert "\n" not in str(caught.value)


def test_slices_of_unlike_size_or_place_are_refused(tmp_path: Path):
    series, _ = pet_series()
    series[4].ImageOrientationPatient = [0.0, 1.0, 0.0, -1.0, 0.0, 0.0]
    with pytest.raises(InputError, match="same orientation"):
        read_study(save_series(series, tmp_path / "a"))
    series, _ = pet_series()
    series[4].PixelSpacing = [2.0, 2.0]
    with pytest.raises(InputError, match="same size and pixel spacing"):
        read_study(save_series(series, tmp_path / "b"))
    series, _ = pet_series()
    series[4].ImagePositionPatient = [0.0, 0.0, 400 + 4 * 4.5]
    with pytest.raises(InputError, match="stacked straight"):
        read_study(save_series(series, tmp_path / "c"))


def test_gate_of_pet_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="not gated"):
        read_study(save_series(pet_series()[0], tmp_path), gate=1)


def gated_pet(gates: int = 3) -> tuple[list, list[np.ndarray]]:
    """A gated series, slice by slice within a gate, and the values of each gate."""
    images, values = [], []
    for slot in range(gates):
        series, shown = pet_series(SeriesType=["GATED", "IMAGE"], NumberOfTimeSlots=gates, NumberOfRRIntervals=1)
        for place, ds in enumerate(series):
            ds.NumberOfSlices, ds.ImageIndex = len(series), slot * len(series) + place + 1
            ds.SeriesInstanceUID = images[0].SeriesInstanceUID if images else ds.SeriesInstanceUID
            ds.RescaleSlope = float(ds.RescaleSlope) * (slot + 1)
        images += series
        values.append(shown * (slot + 1))
    return images, values


def test_gates_of_pet(tmp_path: Path):
    images, values = gated_pet()
    folder = save_series(images, tmp_path / "whole")
    np.testing.assert_allclose(read_study(folder).array, sum(values), rtol=1e-4)
    np.testing.assert_allclose(read_study(folder, gate=2).array, values[1], rtol=1e-4)
    assert read_study(folder).info["gates"] == 3
    with pytest.raises(InputError, match="1 to 3"):
        read_study(folder, gate=4)
    with pytest.raises(InputError, match="cannot be determined"):
        read_study(save_series(images[:-1], tmp_path / "short"))


def test_several_series_are_listed_and_chosen_by_number(tmp_path: Path):
    first, values = pet_series()
    second, _ = pet_series(SeriesNumber=8)
    save_series(first, tmp_path / "pet")
    save_series(second, tmp_path / "pet_nac")
    save(nuclear(SeriesNumber=20), tmp_path / "spect.dcm")
    with pytest.raises(InputError) as caught:
        read_study(tmp_path)
    message = str(caught.value)
    assert "3 = PT 32x30x28; 8 = PT 32x30x28; 20 = NM RECON TOMO 32x30x28 (spect.dcm)" in message
    assert "--series N" in message
    assert "Sophie" not in message
    assert read_study(tmp_path, series="3").array == pytest.approx(values, rel=1e-6)
    assert read_study(tmp_path, series="20").info["modality"] == "NM"
    with pytest.raises(InputError, match="there is no series 4"):
        read_study(tmp_path, series="4")


def test_series_of_the_same_number_are_chosen_by_place(tmp_path: Path):
    save(nuclear("TOMO"), tmp_path / "a.dcm")
    save(nuclear(), tmp_path / "b.dcm")
    with pytest.raises(InputError, match=r"1 = NM TOMO .*; 2 = NM RECON TOMO"):
        read_study(tmp_path)
    assert read_study(tmp_path, series="2").info["modality"] == "NM"


def test_folder_with_one_multiframe_object(tmp_path: Path):
    save(nuclear(), tmp_path / "deep" / "er" / "a")
    (tmp_path / "README").write_text("hello")
    assert read_study(tmp_path).info["kind"] == "DICOM NM RECON TOMO"


def test_folder_without_dicom(tmp_path: Path):
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "empty.dcm").touch()
    with pytest.raises(InputError, match="no DICOM image among 2 file"):
        read_study(tmp_path)


def test_series_of_a_file_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="this is a file"):
        read_study(save(nuclear(), tmp_path / "a.dcm"), series="1")
