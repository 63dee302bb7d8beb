"""DICOM NM: geometry against positions worked out by hand, gates, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_samples import POSITION
from dicom_samples import SLICES
from dicom_samples import counts
from dicom_samples import gated
from dicom_samples import nuclear
from dicom_samples import save
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence


def value_at(volume: Volume, lps: list[float]) -> float:
    index = volume.grid.index_of(lps)
    assert index == pytest.approx(np.round(index), abs=1e-4), "the point must be a voxel centre"
    i, j, k = np.round(index).astype(int)
    return float(volume.array[k, j, i])


def test_positive_spacing_stacks_along_the_normal(tmp_path: Path):
    volume = read_study(save(nuclear(), tmp_path / "a.dcm"))
    # frame 3, row 5, column 7: x = -60 + 7 * 4, y = -50 + 5 * 4.5, z = 400 + 3 * 4.25
    assert value_at(volume, [-32.0, -27.5, 412.75]) == counts(SLICES)[3, 5, 7]
    assert volume.array.dtype == np.float32
    stated = {"patient_position": "HFS", "study_phase": "rest"}
    assert volume.info == {"kind": "DICOM NM RECON TOMO", "modality": "NM", **stated}


def test_negative_spacing_stacks_against_the_normal_on_a_right_handed_grid(tmp_path: Path):
    volume = read_study(save(nuclear(SpacingBetweenSlices=-4.25), tmp_path / "a.dcm"))
    assert value_at(volume, [-32.0, -27.5, 387.25]) == counts(SLICES)[3, 5, 7]
    assert value_at(volume, POSITION) == counts(SLICES)[0, 0, 0]
    assert np.linalg.det(volume.grid.direction) == pytest.approx(1)


def test_oblique_orientation(tmp_path: Path):
    # rows run down (-z), columns run back (+y): the normal is (-z) x (+y) = +x
    ds = nuclear(ImageOrientationPatient=[0.0, 0.0, -1.0, 0.0, 1.0, 0.0], SpacingBetweenSlices=-4.25)
    volume = read_study(save(ds, tmp_path / "a.dcm"))
    assert value_at(volume, [-60 - 3 * 4.25, -50 + 5 * 4.5, 400 - 7 * 4.0]) == counts(SLICES)[3, 5, 7]


def test_slice_thickness_stands_in_for_a_missing_spacing(tmp_path: Path):
    volume = read_study(save(nuclear(SpacingBetweenSlices=None, SliceThickness=5.0), tmp_path / "a.dcm"))
    assert volume.grid.spacing.tolist() == [4.0, 4.5, 5.0]


def test_slice_vector_gives_the_order(tmp_path: Path):
    order = [1, *np.random.default_rng(1).permutation(np.arange(2, SLICES + 1)).tolist()]
    volume = read_study(save(nuclear(SliceVector=order), tmp_path / "a.dcm"))
    frame = order.index(4)
    assert value_at(volume, [-60, -50, 400 + 3 * 4.25]) == counts(SLICES)[frame, 0, 0]
    assert "warnings" not in volume.info


def test_geometry_at_the_top_level_is_found(tmp_path: Path):
    ds = nuclear(DetectorInformationSequence=None)
    ds.ImagePositionPatient, ds.ImageOrientationPatient = POSITION, [1, 0, 0, 0, 1, 0]
    assert read_study(save(ds, tmp_path / "a.dcm")).grid.origin.tolist() == POSITION


def test_signed_pixels_and_rescale(tmp_path: Path):
    pixels = counts(SLICES).astype(np.int16) - 20
    ds = nuclear(pixels=pixels, RescaleSlope=0.5, RescaleIntercept=3.0)
    volume = read_study(save(ds, tmp_path / "a.dcm"))
    assert volume.array == pytest.approx(pixels * 0.5 + 3.0)


def test_gates_are_summed_or_chosen(tmp_path: Path):
    ds, pixels = gated(4)
    path = save(ds, tmp_path / "a.dcm")
    summed = read_study(path)
    assert summed.array == pytest.approx(pixels.sum(axis=0))
    assert (summed.info["gates"], summed.info["gate"]) == (4, "sum")
    third = read_study(path, gate=3)
    assert third.array == pytest.approx(pixels[2])
    assert third.info["gate"] == 3


def test_gates_inside_slices(tmp_path: Path):
    slots = np.tile(np.arange(1, 5), SLICES).tolist()
    ds, _ = gated(4, TimeSlotVector=slots, SliceVector=np.repeat(np.arange(1, SLICES + 1), 4).tolist())
    volume = read_study(save(ds, tmp_path / "a.dcm"), gate=2)
    assert volume.array == pytest.approx(counts(4 * SLICES)[1::4])


def test_rr_intervals_are_added_up(tmp_path: Path):
    ds, pixels = gated(4, TimeSlotVector=[1] * (2 * SLICES) + [2] * (2 * SLICES), NumberOfTimeSlots=2)
    ds.RRIntervalVector = ([1] * SLICES + [2] * SLICES) * 2
    volume = read_study(save(ds, tmp_path / "a.dcm"), gate=2)
    assert volume.array == pytest.approx(pixels[2:].sum(axis=0))
    assert volume.info["gates"] == 2


def test_without_vectors_gates_follow_each_other(tmp_path: Path):
    ds, pixels = gated(4, TimeSlotVector=None, SliceVector=None, RRIntervalVector=None)
    assert read_study(save(ds, tmp_path / "a.dcm"), gate=4).array == pytest.approx(pixels[3])


def test_contradicting_position_is_warned_of(tmp_path: Path):
    modifier, code, gantry = Dataset(), Dataset(), Dataset()
    modifier.CodeMeaning, code.CodeMeaning, gantry.CodeMeaning = "supine", "recumbent", "feet-first"
    code.PatientOrientationModifierCodeSequence = Sequence([modifier])
    codes = {
        "PatientOrientationCodeSequence": Sequence([code]),
        "PatientGantryRelationshipCodeSequence": Sequence([gantry]),
    }
    agreeing = read_study(save(nuclear(PatientPosition="FFS", **codes), tmp_path / "a.dcm"))
    assert "warnings" not in agreeing.info
    (warning,) = read_study(save(nuclear(PatientPosition="FFP", **codes), tmp_path / "b.dcm")).info["warnings"]
    assert "FFP" in warning
    assert "supine" in warning


REFUSED = {
    "projections": (lambda: nuclear("TOMO"), "projections"),
    "gated projections": (lambda: nuclear("GATED TOMO"), "projections"),
    "planar": (lambda: nuclear("STATIC"), "found STATIC"),
    "whole body": (lambda: nuclear("WHOLE BODY"), "found WHOLE BODY"),
    "no image type": (lambda: nuclear(ImageType=None), "found none"),
    "transmission": (lambda: nuclear(ImageType=["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]), "transmission"),
    "no position": (lambda: nuclear(DetectorInformationSequence=None), "ImagePositionPatient is missing"),
    "half an orientation": (lambda: nuclear(ImageOrientationPatient=[1, 0, 0]), "6 values, but found 3"),
    "no pixel spacing": (lambda: nuclear(PixelSpacing=None), "PixelSpacing is missing"),
    "zero pixel spacing": (lambda: nuclear(PixelSpacing=[0, 4]), "voxel spacing"),
    "negative pixel spacing": (lambda: nuclear(PixelSpacing=[-4, 4]), "voxel spacing"),
    "zero slice spacing": (lambda: nuclear(SpacingBetweenSlices=0), "voxel spacing"),
    "no slice spacing": (lambda: nuclear(SpacingBetweenSlices=None, SliceThickness=None), "are missing"),
    "absurd spacing": (lambda: nuclear(PixelSpacing=[400, 400]), "voxel spacing"),
    "shared slice": (lambda: nuclear(SliceVector=[1, 1, *range(3, SLICES + 1)]), "no gaps"),
    "slice number gap": (lambda: nuclear(SliceVector=[*range(1, SLICES), SLICES + 9]), "no gaps"),
    "short vector": (lambda: nuclear(SliceVector=[1, 2, 3]), "28 frames, but has 3"),
    "missing gate frame": (lambda: gated(4, TimeSlotVector=[1] * (SLICES + 1) + [2] * (3 * SLICES - 1))[0], "counts 2"),
    "unknown gates": (lambda: gated(4, TimeSlotVector=None, NumberOfTimeSlots=None)[0], "cannot be determined"),
    "skewed axes": (lambda: nuclear(ImageOrientationPatient=[1, 0, 0, 0.5, 0.8, 0]), "orthogonal"),
    "colour": (lambda: nuclear(SamplesPerPixel=3), "colour"),
    "another modality": (lambda: nuclear(Modality="CT"), "found CT"),
    "no image": (lambda: nuclear(Rows=None), "no image"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_in_one_line(case: str, tmp_path: Path):
    make, words = REFUSED[case]
    path = save(make(), tmp_path / "study.dcm")
    with pytest.raises(InputError) as caught:
        read_study(path)
    message = str(caught.value)
    assert words in message
    assert message.startswith(str(path))
    assert "\n" not in message


def test_gate_out_of_range_and_gate_of_ungated(tmp_path: Path):
    path = save(gated(4)[0], tmp_path / "g.dcm")
    for gate in (0, 5, -1):
        with pytest.raises(InputError, match="1 to 4"):
            read_study(path, gate=gate)
    with pytest.raises(InputError, match="not gated"):
        read_study(save(nuclear(), tmp_path / "u.dcm"), gate=1)
