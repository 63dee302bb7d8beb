"""Studies that state that they are reoriented, by code or text, with and without a plausible geometry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_samples import SLICES
from dicom_samples import counts
from dicom_samples import nuclear
from dicom_samples import pet_series
from dicom_samples import save
from dicom_samples import save_series
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.io import read_study
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

SHORT, HORIZONTAL, VERTICAL = "short axis", "horizontal long axis", "vertical long axis"
I_AXIS, J_AXIS, K_AXIS = MEAN_ROTATION.T


def code(value: str, scheme: str, meaning: str = "") -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def oblique(rows: np.ndarray, columns: np.ndarray) -> list[float]:
    """ImageOrientationPatient: along a row, then along a column."""
    return np.round(np.concatenate([rows, columns]), 8).tolist()


BY_CODE = {
    "SNM3": ({"ViewCodeSequence": code("G-A186", "SNM3")}, SHORT),
    "SRT": ({"ViewCodeSequence": code("G-A186", "SRT", "Short Axis")}, SHORT),
    "99SDM": ({"ViewCodeSequence": code("G-A18B", "99SDM")}, HORIZONTAL),
    "SCT": ({"ViewCodeSequence": code("131185001", "SCT")}, VERTICAL),
    "meaning": ({"ViewCodeSequence": code("X", "99LOCAL", "vertical long axis")}, VERTICAL),
    "progression": ({"SliceProgressionDirection": "BASE_TO_APEX"}, SHORT),
    "progression of HLA": ({"SliceProgressionDirection": "INF_TO_ANT"}, HORIZONTAL),
    "image ID": ({"ImageID": "H Long Ax"}, HORIZONTAL),
    "image ID SA": ({"ImageID": "SA"}, SHORT),
}
BY_WORD = {"Stress SA": SHORT, "REST_SHORT_AXIS": SHORT, "sax-ac": SHORT, "Stress HLA": HORIZONTAL,
           "VLA": VERTICAL, "Vertical Long Axis": VERTICAL, "Horiz Long Axis": HORIZONTAL}  # fmt: skip


@pytest.mark.parametrize("name", BY_CODE)
def test_a_code_without_plausible_geometry_is_refused(name: str, tmp_path: Path):
    attributes, view = BY_CODE[name]
    for more in ({}, {"DetectorInformationSequence": None}):
        with pytest.raises(InputError, match=rf"already reoriented \({view}\)") as caught:
            read_study(save(nuclear(**attributes, **more), tmp_path / "a.dcm"))
        assert ("--short-axis" in str(caught.value)) == (view == SHORT)


def test_a_code_inside_the_detectors_item(tmp_path: Path):
    ds = nuclear()
    ds.DetectorInformationSequence[0].ViewCodeSequence = code("103340004", "SCT")
    with pytest.raises(InputError, match=SHORT):
        read_study(save(ds, tmp_path / "a.dcm"))


GEOMETRY = {SHORT: oblique(I_AXIS, J_AXIS), HORIZONTAL: oblique(I_AXIS, K_AXIS), VERTICAL: oblique(-K_AXIS, J_AXIS)}


@pytest.mark.parametrize("spacing", [4.25, -4.25])
@pytest.mark.parametrize("name", BY_CODE)
def test_a_code_with_geometry_gives_a_second_opinion(name: str, spacing: float, tmp_path: Path):
    attributes, view = BY_CODE[name]
    ds = nuclear(ImageOrientationPatient=GEOMETRY[view], SpacingBetweenSlices=spacing, **attributes)
    info = read_study(save(ds, tmp_path / "a.dcm")).info
    assert info["reoriented"]["view"] == view
    assert info["reoriented"]["assumed"] is False
    assert angle_between(info["reoriented"]["long_axis_lps"], K_AXIS) < 0.01
    assert f"already reoriented ({view})" in info["warnings"][0]


@pytest.mark.parametrize("description", BY_WORD)
def test_a_description_alone_is_only_a_warning(description: str, tmp_path: Path):
    volume = read_study(save(nuclear(SeriesDescription=description), tmp_path / "a.dcm"))
    assert BY_WORD[description] in volume.info["warnings"][0]
    assert "reoriented" not in volume.info
    turned = nuclear(SeriesDescription=description, ImageOrientationPatient=GEOMETRY[BY_WORD[description]])
    assert read_study(save(turned, tmp_path / "b.dcm")).info["reoriented"]["view"] == BY_WORD[description]


@pytest.mark.parametrize("description", ["Stress tomo", "Salomon", "SAMPLE", "Cardiac transaxial AC", "Nasal", "Oshla"])
def test_other_words_are_none(description: str, tmp_path: Path):
    info = read_study(save(nuclear(SeriesDescription=description, ImageID="Recon"), tmp_path / "a.dcm")).info
    assert "warnings" not in info


def test_pet_series_that_is_short_axis(tmp_path: Path):
    step = 4.5 * K_AXIS
    series, values = pet_series(SeriesDescription="SA AC", ImageOrientationPatient=GEOMETRY[SHORT])
    for n, ds in enumerate(series):
        ds.ImagePositionPatient = np.round(np.array([-60.0, -50.0, 400.0]) + n * step, 6).tolist()
    volume = read_study(save_series(series, tmp_path))
    np.testing.assert_allclose(volume.array, values, rtol=1e-6)
    assert volume.info["reoriented"]["view"] == SHORT


class TestShortAxisOnly:
    @pytest.mark.parametrize(("progression", "first"), [("APEX_TO_BASE", 0), ("BASE_TO_APEX", SLICES - 1), (None, 0)])
    @pytest.mark.parametrize("more", [{}, {"DetectorInformationSequence": None}, {"SpacingBetweenSlices": -4.25}])
    def test_laid_upright_apex_first(self, progression: str | None, first: int, more: dict, tmp_path: Path):
        ds = nuclear(SliceProgressionDirection=progression, ViewCodeSequence=code("G-A186", "SRT"), **more)
        volume = read_study(save(ds, tmp_path / "a.dcm"), short_axis=True)
        np.testing.assert_array_equal(volume.array[0], counts(SLICES)[first])
        np.testing.assert_allclose(volume.grid.direction, MEAN_ROTATION)
        np.testing.assert_allclose(volume.grid.centre, 0, atol=1e-9)
        assert volume.info["reoriented"] == {"view": SHORT, "long_axis_lps": K_AXIS.tolist(), "assumed": True}
        assert ("first slice as the apex" in volume.info["warnings"][0]) == (progression is None)

    def test_at_its_own_position_if_it_has_one(self, tmp_path: Path):
        ds = nuclear(ImageOrientationPatient=GEOMETRY[SHORT], ImageID="SA")
        path = save(ds, tmp_path / "a.dcm")
        volume = read_study(path, short_axis=True)
        np.testing.assert_array_equal(volume.grid.matrix, read_study(path).grid.matrix)
        assert volume.info["reoriented"]["assumed"] is False
        assert "warnings" not in volume.info

    def test_long_axes_cannot_be(self, tmp_path: Path):
        with pytest.raises(InputError, match="only a short-axis study"):
            read_study(save(nuclear(ImageID="VLA"), tmp_path / "a.dcm"), short_axis=True)

    def test_an_image_file_at_the_users_word(self, tmp_path: Path):
        image = sitk.GetImageFromArray(counts(SLICES))
        image.SetSpacing((4.0, 4.5, 5.0))
        sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
        volume = read_study(tmp_path / "a.nrrd", short_axis=True)
        np.testing.assert_array_equal(volume.array, counts(SLICES))
        np.testing.assert_allclose(volume.grid.direction, MEAN_ROTATION)


def test_real_horizontal_long_axis_without_geometry(shared_data: Path):
    (path,) = (shared_data / "nm_hla_picker_p3000").glob("*.dcm")
    with pytest.raises(InputError, match=rf"already reoriented \({HORIZONTAL}\), and it has no geometry"):
        read_study(path)
