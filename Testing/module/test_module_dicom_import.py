"""The DICOM plugin of the extension: what it offers, and what it loads, against the command line's own reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from archive.exports import gates_of
from archive.exports import nuclear_study
from archive.exports import pet_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import save_series
from MSSTUNetReorientLib.geometry.pose import ras_matrix_from_lps
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.panel.nodes.study_node import read_study_node
from places import REPOSITORY

from module import dicom_host
from module.conftest import Plugin

DATA = REPOSITORY.parent / "shared" / "data"
SAME_MM = 1e-6


def offers(plugin: Plugin, *files: Path) -> tuple[Any, list[Any]]:
    made = plugin(*files)
    return made, made.examineForImport([[str(file) for file in files]])


def check_same(node: Any, volume: Any) -> None:
    """Voxels and RAS places of a node are those of a volume, in LPS."""
    from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    matrix = vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    image = node.GetImageData()
    assert image.GetDimensions() == volume.grid.size
    voxels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(volume.array.shape)
    assert np.array_equal(voxels, volume.array)
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(volume.grid.size) - 1)
    found, wanted = (
        np.c_[corners, np.ones(8)] @ m.T for m in (from_matrix4x4(matrix), ras_matrix_from_lps(volume.grid.matrix))
    )
    assert np.abs(found - wanted).max() < SAME_MM


REAL = ["102843.dcm", "113412.dcm", "117076.dcm", "118564.dcm"]


@pytest.mark.parametrize("name", REAL)
def test_a_real_study_is_read_as_the_command_line_reads_it(plugin: Plugin, name: str) -> None:
    file = DATA / "physionet_mps" / name
    if not file.is_file():
        pytest.skip("the real studies of ../shared/data are not here")
    made, (offer,) = offers(plugin, file)
    node = made.load(offer)
    check_same(node, read_gates(file).total)
    header = pydicom.dcmread(file, stop_before_pixels=True)
    place = [float(x) for x in header.DetectorInformationSequence[0].ImagePositionPatient]
    first = np.array([*place[:2], place[2], 1.0]) * [-1, -1, 1, 1]  # LPS to RAS
    from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    matrix = vtkMatrix4x4()
    node.GetRASToIJKMatrix(matrix)
    index = (from_matrix4x4(matrix) @ first)[:3]
    last = np.array(node.GetImageData().GetDimensions()) - 1
    assert np.all((np.abs(index) < 1e-4) | (np.abs(index - last) < 1e-4)), "frame 1 lies in a corner of the volume"


def test_a_study_is_preferred_to_the_plain_volume_and_says_why(plugin: Plugin, tmp_path: Path) -> None:
    file = save(nuclear_study(result_of_study().study), tmp_path / "study.dcm")
    _, ours = offers(plugin, file)
    offer = dicom_host.chosen(ours)
    assert offer is not None
    assert offer.files == [str(file)]
    assert offer.name == "3: Rest Secret"
    assert offer.warning == ""
    assert "48 x 44 x 40" in offer.tooltip
    assert "plain scalar volume takes every frame for a slice" in offer.tooltip


def test_gates_are_a_sequence_in_their_order(plugin: Plugin, tmp_path: Path) -> None:
    import slicer

    study = result_of_study().study
    file = save(nuclear_study(study, gates_of(study)), tmp_path / "gated.dcm")
    made, (offer,) = offers(plugin, file)
    assert "4 gates" in offer.tooltip
    node = made.load(offer)
    read = read_gates(file)
    browser = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
    sequence = browser.GetSequenceNode(node)
    assert made.shown == [browser]
    assert [sequence.GetNthIndexValue(n) for n in range(4)] == ["1", "2", "3", "4"]
    for number, gate in enumerate(read.gates):
        check_same(sequence.GetNthDataNode(number), gate)
        browser.SetSelectedItemNumber(number)
        check_same(node, gate)
    assert np.array_equal(read_study_node(node).array, read.total.array), "the panel reads the sum of all gates"
    assert read_study_node(node).info["modality"] == "NM"


def test_more_than_nine_gates_keep_their_order(plugin: Plugin, tmp_path: Path) -> None:
    import slicer

    study = result_of_study().study
    gates = np.stack([np.round(study.array / 20) * n for n in range(1, 13)]).astype(np.uint16)
    made, (offer,) = offers(plugin, save(nuclear_study(study, gates), tmp_path / "gated.dcm"))
    made.load(offer)
    sequence = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSequenceNode")
    peaks = [sequence.GetNthDataNode(n).GetImageData().GetScalarRange()[1] for n in range(12)]
    assert peaks == [peaks[0] * n for n in range(1, 13)]


def test_the_node_lies_in_its_study_and_knows_its_file(plugin: Plugin, tmp_path: Path) -> None:
    import slicer
    from MSSTUNetReorientLib.panel.nodes.study_files import dicom_file_of

    file = save(nuclear_study(result_of_study().study), tmp_path / "study.dcm")
    made, (offer,) = offers(plugin, file)
    node = made.load(offer)
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    item = hierarchy.GetItemByDataNode(node)
    assert hierarchy.GetItemParent(item) == hierarchy.GetItemByUID("DICOM", "1.2.826.0.1.3680043.10.1.4711")
    assert dicom_file_of(node) == file
    assert slicer.app.applicationLogic().GetSelectionNode().GetActiveVolumeID() == node.GetID()
    file.unlink()
    assert dicom_file_of(node) is None


@pytest.mark.parametrize("kind", ["TOMO", "GATED TOMO", "STATIC", "WHOLE BODY", "DYNAMIC", "GATED"])
def test_projections_and_planar_images_are_not_offered(plugin: Plugin, tmp_path: Path, kind: str) -> None:
    ds = nuclear_study(result_of_study().study)
    ds.ImageType = ["ORIGINAL", "PRIMARY", kind, "EMISSION"]
    assert offers(plugin, save(ds, tmp_path / "other.dcm"))[1] == []


def test_a_transmission_map_is_not_offered(plugin: Plugin, tmp_path: Path) -> None:
    ds = nuclear_study(result_of_study().study)
    ds.ImageType = ["ORIGINAL", "PRIMARY", "RECON TOMO", "TRANSMISSION"]
    assert offers(plugin, save(ds, tmp_path / "map.dcm"))[1] == []


def test_real_projections_are_not_offered(plugin: Plugin) -> None:
    file = DATA / "rimd_projections" / "stress_tomo_projections.dcm"
    if not file.is_file():
        pytest.skip("the real projections of ../shared/data are not here")
    assert offers(plugin, file)[1] == []


def test_other_modalities_are_not_even_read(plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save_series(pet_study(result_of_study("PT").study), tmp_path / "pet")
    made = plugin(*sorted(folder.iterdir()))
    monkeypatch.setattr("MSSTUNetReorientLib.io.nuclear_series.nuclear_series", lambda files: pytest.fail("read"))
    assert made.examineForImport([[str(file) for file in sorted(folder.iterdir())]]) == []


def test_what_cannot_be_read_is_listed_with_its_reason_and_left_to_others(
    plugin: Plugin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    told: list[str] = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **_: told.append(text), raising=False)
    ds = nuclear_study(result_of_study().study)
    del ds.DetectorInformationSequence
    made, ours = offers(plugin, save(ds, tmp_path / "Secret Sophie.dcm"))
    assert dicom_host.chosen(ours) is None
    (offer,) = ours
    assert "ImagePositionPatient" in offer.warning
    assert made.load(offer) is False
    assert told == [offer.warning]
    for text in told:
        assert len(text.splitlines()) == 1
        assert "Secret" not in text
        assert str(tmp_path) not in text
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0


def test_a_header_that_cannot_be_understood_is_left_to_others(plugin: Plugin, tmp_path: Path) -> None:
    ds = nuclear_study(result_of_study().study)
    file = save(ds, tmp_path / "study.dcm")
    made = plugin(file)
    content = file.read_bytes().replace(b"RECON TOMO", b"RECON\xff\xfe\\\\\\")
    file.write_bytes(content)
    assert made.examineForImport([[str(file)]]) == []


def test_two_objects_of_one_series_are_two_studies(plugin: Plugin, tmp_path: Path) -> None:
    ds = nuclear_study(result_of_study().study)
    first = save(ds, tmp_path / "1.dcm")
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    _, ours = offers(plugin, first, save(ds, tmp_path / "2.dcm"))
    assert [one.name for one in ours] == ["3: Rest Secret (1)", "3: Rest Secret (2)"]
    assert [len(one.files) for one in ours] == [1, 1]


def test_a_list_of_files_is_read_once(plugin: Plugin, tmp_path: Path) -> None:
    made, first = offers(plugin, save(nuclear_study(result_of_study().study), tmp_path / "study.dcm"))
    assert made.examineForImport([first[0].files]) == first


def test_a_first_detector_without_geometry_is_no_obstacle(plugin: Plugin) -> None:
    """GDCM, which reads plain volumes, gives up there."""
    file = DATA / "cases" / "two_detectors" / "nm_two_detectors_first_empty.dcm"
    if not file.is_file():
        pytest.skip("the cases of ../shared/data are not here")
    made, ours = offers(plugin, file)
    check_same(made.load(dicom_host.chosen(ours)), read_gates(file).total)
