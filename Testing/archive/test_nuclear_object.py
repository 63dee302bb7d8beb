"""The views as NM objects: what the standard requires, where the voxels lie, and what our own reader makes of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import nearest_rotation
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.io import read_study
from pydicom.dataset import Dataset

from archive.exports import SIZE

VIEWS = {
    "short_axis": ("103340004", "APEX_TO_BASE"),
    "vertical_long_axis": ("131185001", "SEPTUM_TO_WALL"),
    "horizontal_long_axis": ("131186000", "INF_TO_ANT"),
}


def opened(case: SimpleNamespace, name: str = "short_axis") -> Dataset:
    return pydicom.dcmread(case.out / f"{name}.dcm")


@pytest.mark.parametrize("name", VIEWS)
def test_every_attribute_that_the_standard_requires(nuclear: SimpleNamespace, name: str) -> None:
    pytest.importorskip("highdicom")
    from archive.module_tables import faults

    assert faults(opened(nuclear, name)) == []


def test_every_attribute_of_a_gated_object(gated: SimpleNamespace) -> None:
    pytest.importorskip("highdicom")
    from archive.module_tables import faults

    ds = opened(gated)
    assert faults(ds, ("nm-multi-gated-acquisition",)) == []
    assert (ds.NumberOfTimeSlots, ds.NumberOfRRIntervals, ds.NumberOfFrames) == (4, 1, 4 * SIZE)
    assert [tag.group for tag in ds.FrameIncrementPointer] == [0x54] * 3
    assert ds.GatedInformationSequence[0].DataInformationSequence[0].FrameTime == 225


def test_the_tables_find_what_is_missing(nuclear: SimpleNamespace) -> None:
    pytest.importorskip("highdicom")
    from archive.module_tables import faults

    ds = opened(nuclear)
    del ds.CountsAccumulated, ds.DetectorInformationSequence[0].ImagePositionPatient
    ds.ImageType = None
    assert len(faults(ds)) == 3


@pytest.mark.parametrize("name", VIEWS)
def test_dciodvfy_finds_no_error(nuclear: SimpleNamespace, name: str) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian: apt-get install dicom3tools)")
    done = subprocess.run([program, str(nuclear.out / f"{name}.dcm")], capture_output=True, text=True, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert "NMImage" in found
    assert [line for line in found if line.startswith("Error")] == []


def test_dciodvfy_on_a_gated_object(gated: SimpleNamespace) -> None:
    test_dciodvfy_finds_no_error(gated, "short_axis")


@pytest.mark.parametrize("name", VIEWS)
def test_the_view_is_stated(nuclear: SimpleNamespace, name: str) -> None:
    ds = opened(nuclear, name)
    view = ds.DetectorInformationSequence[0].ViewCodeSequence[0]
    assert (view.CodeValue, ds.SliceProgressionDirection) == VIEWS[name]
    assert list(ds.ImageType) == ["DERIVED", "PRIMARY", "RECON TOMO", "EMISSION"]
    assert ds.FrameIncrementPointer == 0x00540080
    assert float(ds.SpacingBetweenSlices) > 0
    assert len(ds.ImageID) <= 16


def test_it_lies_beside_its_source_in_the_archive(nuclear: SimpleNamespace) -> None:
    source, ds = pydicom.dcmread(nuclear.source), opened(nuclear)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "FrameOfReferenceUID",
                    "StudyDate", "AcquisitionTime", "AccessionNumber", "CountsAccumulated"):  # fmt: skip
        assert ds[keyword].value == source[keyword].value, keyword
    assert ds.SeriesInstanceUID != source.SeriesInstanceUID
    assert ds.SOPInstanceUID != source.SOPInstanceUID
    assert ds.SeriesDescription == "SA Rest Secret"
    reference = ds.SourceImageSequence[0]
    assert (reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID) == (
        source.SOPClassUID,
        source.SOPInstanceUID,
    )
    assert ds.DerivationCodeSequence[0].CodeValue == "113072"
    assert ds.ContributingEquipmentSequence[0].Manufacturer == "MSSTUNetReorient"


def test_how_it_was_acquired_is_taken_over(nuclear: SimpleNamespace) -> None:
    ds = opened(nuclear)
    drug, window = ds.RadiopharmaceuticalInformationSequence[0], ds.EnergyWindowInformationSequence[0]
    assert drug.Radiopharmaceutical == "Sestamibi"
    assert drug.RadionuclideCodeSequence[0].CodeValue == "72454008"
    assert window.EnergyWindowRangeSequence[0].EnergyWindowUpperLimit == 154.5
    assert ds.RotationInformationSequence[0].NumberOfFramesInRotation == 60
    assert ds.DetectorInformationSequence[0].CollimatorType == "PARA"
    modifier = ds.PatientOrientationCodeSequence[0].PatientOrientationModifierCodeSequence[0]
    assert (modifier.CodeMeaning, ds.PatientGantryRelationshipCodeSequence[0].CodeMeaning) == ("supine", "headfirst")
    assert "PatientPosition" not in ds
    assert not [element for element in ds.iterall() if element.tag.is_private]


def test_our_reader_takes_it_for_a_short_axis_at_the_pose_of_the_source(nuclear: SimpleNamespace) -> None:
    volume = read_study(nuclear.out / "short_axis.dcm")
    pose: Pose = nuclear.result.pose
    found = Pose(nearest_rotation(volume.grid.direction), volume.grid.centre)
    assert volume.info["reoriented"]["view"] == "short axis"
    assert volume.info["reoriented"]["assumed"] is False
    assert found.rotation_error(pose) < 0.1
    assert found.centre_error(pose) < 0.1
    assert (volume.info["camera"], volume.info["study_phase"], volume.info["tracer"]) == (
        "czt",
        "rest",
        "Tc-99m sestamibi",
    )
    wanted = nuclear.result.short_axis.array
    assert np.abs(volume.array - np.maximum(wanted, 0)).max() <= 0.001 * wanted.max()


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_shows_the_same_heart_at_the_same_place(nuclear: SimpleNamespace, name: str) -> None:
    volume = read_study(nuclear.out / f"{name}.dcm")
    brightest = volume.grid.at(np.unravel_index(volume.array.argmax(), volume.array.shape)[::-1])
    study = nuclear.result.short_axis
    place = study.grid.index_of(brightest).round().astype(int)
    assert np.abs(study.grid.at(place) - brightest).max() < 0.01
    assert study.array[tuple(place[::-1])] == pytest.approx(volume.array.max(), rel=1e-3)


def test_its_axes_are_kept_if_it_is_only_segmented(nuclear: SimpleNamespace) -> None:
    volume = read_study(nuclear.out / "short_axis.dcm", short_axis=True)
    assert Pose(nearest_rotation(volume.grid.direction), volume.grid.centre).rotation_error(nuclear.result.pose) < 0.1
    assert not volume.info.get("warnings")


def test_reorienting_it_again_is_not_silent(nuclear: SimpleNamespace) -> None:
    [warning] = read_study(nuclear.out / "short_axis.dcm").info["warnings"]
    assert "already reoriented (short axis)" in warning


def test_every_gate_is_the_gate_of_the_source(gated: SimpleNamespace) -> None:
    study = read_gates(gated.out / "short_axis.dcm")
    assert len(study.gates) == 4
    assert study.gates[0].info["interval_ms"] == 900.0
    peak = float(gated.result.short_axis.array.max())
    total = np.maximum(gated.result.short_axis.array, 0)
    assert np.abs(study.total.array - total).max() < 0.02 * peak  # undershoots are cut off gate by gate
    shares = [float(gate.array.sum()) / float(study.total.array.sum()) for gate in study.gates]
    assert shares == pytest.approx([0.25, 0.15, 0.35, 0.25], abs=0.001)


@pytest.mark.parametrize("name", VIEWS)
def test_simpleitk_reads_the_same_geometry(nuclear: SimpleNamespace, name: str) -> None:
    """GDCM, which ITK reads with, is another implementation of the geometry of NM objects."""
    image, ours = sitk.ReadImage(str(nuclear.out / f"{name}.dcm")), read_study(nuclear.out / f"{name}.dcm")
    assert image.GetSize() == ours.grid.size
    corner = [n - 1 for n in image.GetSize()]
    assert image.TransformIndexToPhysicalPoint(corner) == pytest.approx(ours.grid.at(corner), abs=0.001)
    assert image.GetOrigin() == pytest.approx(ours.grid.origin, abs=0.001)
    assert sitk.GetArrayFromImage(image) == pytest.approx(ours.array, rel=1e-6)


def test_it_can_be_written_strictly(nuclear: SimpleNamespace, tmp_path: Path) -> None:
    from pydicom import config

    former = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.RAISE
    try:
        for name in VIEWS:
            ds = opened(nuclear, name)
            assert len(list(ds.iterall())) > 100  # converts, and so checks, every value
            ds.save_as(tmp_path / f"{name}.dcm", enforce_file_format=True)
    finally:
        config.settings.reading_validation_mode = former
