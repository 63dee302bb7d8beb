"""The short axis as an oblique PET series."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.archive.exporting import export_result
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.pose import nearest_rotation
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.io import read_study

from archive.exports import SIZE
from archive.exports import enhanced_pet_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import write_result


def first(case: SimpleNamespace) -> pydicom.Dataset:
    return pydicom.dcmread(case.out / "short_axis" / "0001.dcm")


@pytest.mark.parametrize("kind", ["pet", "gated_pet"])
def test_every_attribute_that_the_standard_requires(kind: str, request: pytest.FixtureRequest) -> None:
    pytest.importorskip("highdicom")
    from archive.module_tables import faults

    ds = first(request.getfixturevalue(kind))
    more = ("pet-multi-gated-acquisition",) if kind == "gated_pet" else ()
    assert faults(ds, more) == []


@pytest.mark.parametrize("kind", ["pet", "gated_pet"])
def test_dciodvfy_finds_no_error(kind: str, request: pytest.FixtureRequest) -> None:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian: apt-get install dicom3tools)")
    path = request.getfixturevalue(kind).out / "short_axis" / "0002.dcm"
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    found = (done.stdout + done.stderr).splitlines()
    assert "PETImage" in found
    assert [line for line in found if line.startswith("Error")] == []


def test_it_is_read_again_as_the_short_axis_at_the_pose(pet: SimpleNamespace) -> None:
    volume = read_study(pet.out / "short_axis")
    pose: Pose = pet.result.pose
    found = Pose(nearest_rotation(volume.grid.direction), volume.grid.centre)
    assert volume.info["reoriented"]["view"] == "short axis"
    assert found.rotation_error(pose) < 0.1
    assert found.centre_error(pose) < 0.1
    wanted = pet.result.short_axis.array
    assert np.abs(volume.array - np.maximum(wanted, 0)).max() <= 0.001 * wanted.max()


def test_simpleitk_reads_the_same_geometry(pet: SimpleNamespace) -> None:
    folder = str(pet.out / "short_axis")
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(folder))
    ours = read_study(pet.out / "short_axis")
    assert image.GetSize() == ours.grid.size
    corner = [n - 1 for n in image.GetSize()]
    assert image.TransformIndexToPhysicalPoint(corner) == pytest.approx(ours.grid.at(corner), abs=0.01)


def test_every_image_is_an_object_of_its_own(gated_pet: SimpleNamespace) -> None:
    images = [pydicom.dcmread(path) for path in sorted((gated_pet.out / "short_axis").iterdir())]
    assert [ds.InstanceNumber for ds in images] == [ds.ImageIndex for ds in images] == list(range(1, 4 * SIZE + 1))
    uids = {ds.SOPInstanceUID for ds in images}
    assert len(uids) == 4 * SIZE
    assert {ds.file_meta.MediaStorageSOPInstanceUID for ds in images} == uids
    assert len({tuple(ds.ImagePositionPatient) for ds in images}) == SIZE


def test_what_pet_measures_with_is_taken_over(pet: SimpleNamespace) -> None:
    ds = first(pet)
    assert (ds.Units, ds.CountsSource, ds.DecayCorrection, ds.FrameReferenceTime) == ("CNTS", "EMISSION", "NONE", 1000)
    assert list(ds.SeriesType) == ["STATIC", "IMAGE"]
    assert ds.ViewCodeSequence[0].CodeValue == "103340004"
    assert len(ds.SourceImageSequence) == 40


def test_time_frames_that_were_summed(pet: SimpleNamespace) -> None:
    from MSSTUNetReorientLib.archive.new_object import NewSeries
    from MSSTUNetReorientLib.archive.oblique_views import oblique_view
    from MSSTUNetReorientLib.archive.pet_object import pet_objects
    from MSSTUNetReorientLib.archive.source_study import read_source
    from MSSTUNetReorientLib.archive.unique_ids import UniqueIds

    ids = UniqueIds()
    source, view = read_source(pet.source, anonymous=False, ids=ids), oblique_view("SA", (pet.result.short_axis,))
    made = pet_objects(view, source, NewSeries("1.2", 1, "", "PT"), ids, description="", summed=True)
    assert next(made)["ActualFrameDuration"].is_empty
    assert first(pet).ActualFrameDuration == 600000


def test_a_source_of_another_kind(tmp_path: Path) -> None:
    """Enhanced PET states little of what PET requires."""
    result = result_of_study("PT")
    ds = enhanced_pet_study(result.study)
    source = save(ds, tmp_path / "source.dcm")
    folder = write_result(result, tmp_path / "result")
    export_result(folder, source, tmp_path / "out")
    found = pydicom.dcmread(tmp_path / "out" / "short_axis" / "0001.dcm")
    assert (found.Units, found.CountsSource, found.DecayCorrection) == ("PROPCNTS", "EMISSION", "NONE")
    assert found.SourceImageSequence[0].ReferencedSOPClassUID == ds.SOPClassUID


def test_every_gate_is_the_gate_of_the_source(gated_pet: SimpleNamespace) -> None:
    study = read_gates(gated_pet.out / "short_axis")
    shares = [float(gate.array.sum()) / float(study.total.array.sum()) for gate in study.gates]
    assert shares == pytest.approx([0.25, 0.15, 0.35, 0.25], abs=0.001)
    last = pydicom.dcmread(gated_pet.out / "short_axis" / f"{4 * SIZE:04d}.dcm")
    assert len(last.SourceImageSequence) == 40  # the slices of its own gate
    source = {item.ReferencedSOPInstanceUID for item in last.SourceImageSequence}
    assert pydicom.dcmread(gated_pet.source / "0159.dcm").SOPInstanceUID in source
    assert (last.TriggerTime, last.FrameTime, last.NumberOfTimeSlots) == (675, 225, 4)
