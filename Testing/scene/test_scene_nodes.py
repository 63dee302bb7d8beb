"""A result as nodes: where the voxels lie, what the nodes say, and the way back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib import __version__
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.io.terminology import SEGMENTS
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import pose_of
from MSSTUNetReorientLib.scene import read_result_nodes
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from MSSTUNetReorientLib.scene.arrays import volume_of
from MSSTUNetReorientLib.scene.table import read_table
from results import FOUND
from results import POSE
from results import make_result

VOXEL = (3, 5, 7)


def ijk_to_ras(node: Any) -> np.ndarray:
    matrix = to_matrix4x4(np.eye(4))
    node.GetIJKToRASMatrix(matrix)
    return from_matrix4x4(matrix)


def labels_of(segmentation: Any) -> np.ndarray:
    """All segments painted with their label values, ``(K, J, I)``, through MRML's own export."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    painted: np.ndarray | None = None
    for style in SEGMENTS:
        image = segmentation.GetSegmentation().GetSegment(style.id).GetRepresentation("Binary labelmap")
        array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
        value = segmentation.GetSegmentation().GetSegment(style.id).GetLabelValue()
        painted = np.zeros_like(array) if painted is None else painted
        painted[array == value] = style.label_value
    assert painted is not None
    return painted


def terminology_of(segment: Any) -> str:
    from vtkmodules.vtkCommonCore import reference

    entry = reference("")
    segment.GetTag("TerminologyEntry", entry)
    return str(entry)


def test_known_voxel_of_the_study_lies_where_it_was(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    # axial: LPS = origin + index * spacing; RAS flips its first two
    left, posterior, superior = result.study.grid.origin + np.multiply(VOXEL, (5.0, 5.0, 6.0))
    ras = ijk_to_ras(nodes.study) @ [*VOXEL, 1]
    np.testing.assert_allclose(ras, [-left, -posterior, superior, 1], atol=1e-9)
    assert nodes.study.GetImageData().GetScalarComponentAsDouble(*VOXEL, 0) == result.study.array[VOXEL[::-1]]


def test_known_voxel_of_the_short_axis_lies_where_the_pose_says(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    grid = result.short_axis.grid
    in_sa_mm = (np.array(VOXEL) - (np.array(grid.size) - 1) / 2) * 2.0  # the middle voxel is the LV centre
    left, posterior, superior = POSE.rotation @ in_sa_mm + POSE.centre
    ras = ijk_to_ras(nodes.short_axis) @ [*VOXEL, 1]
    np.testing.assert_allclose(ras, [-left, -posterior, superior, 1], atol=1e-9)
    assert nodes.short_axis.GetTransformNodeID() is None


def test_volumes_come_back_as_they_went_in(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    for node, volume in ((nodes.study, result.study), (nodes.short_axis, result.short_axis)):
        back = volume_of(node)
        np.testing.assert_array_equal(back.array, volume.array)
        np.testing.assert_allclose(back.grid.matrix, volume.grid.matrix, atol=1e-9)


def test_window_is_set_by_the_ventricle_not_by_the_gut(scene: Any) -> None:
    result = make_result()
    result.short_axis.array[0, 0, 0] = 10_000
    display = add_result(scene, result).short_axis.GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == (0, 100)
    assert not display.GetAutoWindowLevel()
    assert display.GetColorNode() is not None


def test_segments_keep_their_voxels_names_codes_and_colours(scene: Any, result: Result) -> None:
    node = add_result(scene, result).segmentation
    np.testing.assert_array_equal(labels_of(node), result.labels.array)
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == len(SEGMENTS) == 2
    for style in SEGMENTS:
        segment = segmentation.GetSegment(style.id)
        assert segment.GetName() == style.name
        assert segment.GetColor() == pytest.approx(style.colour_rgb01)
        assert terminology_of(segment) == style.terminology


def test_segments_lie_on_the_short_axis_grid_and_show_surfaces(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    segmentation = nodes.segmentation.GetSegmentation()
    image = segmentation.GetSegment(SEGMENTS[0].id).GetRepresentation("Binary labelmap")
    matrix = to_matrix4x4(np.eye(4))
    image.GetImageToWorldMatrix(matrix)
    np.testing.assert_allclose(from_matrix4x4(matrix), ijk_to_ras(nodes.short_axis), atol=1e-9)
    assert nodes.segmentation.GetTransformNodeID() is None
    assert nodes.segmentation.GetNodeReference("referenceImageGeometryRef") is nodes.short_axis
    surface = segmentation.GetSegment(SEGMENTS[0].id).GetRepresentation("Closed surface")
    left, posterior, superior = POSE.centre
    np.testing.assert_allclose(surface.GetCenter(), (-left, -posterior, superior), atol=25)
    display = nodes.segmentation.GetDisplayNode()
    assert display.GetVisibility2DOutline()
    assert not display.GetVisibility2DFill()
    assert display.GetPreferredDisplayRepresentationName3D() == "Closed surface"


def test_pose_node_takes_the_short_axis_to_the_patient(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    matrix = to_matrix4x4(np.eye(4))
    nodes.pose.GetMatrixTransformToParent(matrix)
    apex_sa_ras = [0, 0, -40, 1]  # apex along -k; k keeps its sign in RAS
    left, posterior, superior = POSE.centre - 40 * POSE.rotation[:, 2]
    np.testing.assert_allclose(from_matrix4x4(matrix) @ apex_sa_ras, [-left, -posterior, superior, 1], atol=1e-9)
    assert nodes.pose.GetAttribute("MSSTUNetReorient.Direction") == "short axis to patient"


def test_pose_of_follows_the_transform(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    np.testing.assert_allclose(pose_of(nodes).matrix, POSE.matrix, atol=1e-9)
    moved = Pose.from_euler(0.3, -0.2, 0.1, (1.0, 2.0, 3.0))
    nodes.pose.SetMatrixTransformToParent(to_matrix4x4(moved.ras_matrix))
    np.testing.assert_allclose(pose_of(nodes).matrix, moved.matrix, atol=1e-9)


def test_table_tells_the_six_parameters_the_volumes_and_the_model(scene: Any, result: Result) -> None:
    rows = {(row.name, row.unit): row.value for row in read_table(add_result(scene, result).parameters)}
    assert float(rows["alpha", "rad"]) == pytest.approx(-1.0)
    assert float(rows["beta", "deg"]) == pytest.approx(np.rad2deg(-0.95))
    assert float(rows["tx", "1"]) == pytest.approx((18.0 - 5.0) / 115.0)
    assert float(rows["LV centre P (LPS)", "mm"]) == pytest.approx(-35.0)
    assert float(rows["axis k apex to base, S (LPS)", "1"]) == pytest.approx(POSE.rotation[2, 2])
    assert float(rows["LV myocardium volume", "ml"]) == pytest.approx(result.volumes_ml["myocardium"])
    assert rows["QC status", ""] == "review"
    assert rows["QC reason 1", ""] == "The shell is synthetic."
    assert rows["model sha256", ""] == "0" * 64
    assert rows["software version", ""] == __version__


def test_table_tells_the_frame_the_bounds_and_the_septum_angle(scene: Any) -> None:
    nodes = add_result(scene, make_result(quality=Quality("pass", (), FOUND)))
    rows = {row.name: (row.value, row.unit) for row in read_table(nodes.parameters)}
    assert rows["SA frame"] == ("long axis of a technologist, roll of the clinic", "")
    assert rows["long axis good to"] == ("3.2", "deg")
    assert rows["LV centre good to"] == ("2.4", "mm")
    assert rows["septum angle"] == ("172.0", "deg")
    assert rows["septum angle good to"] == ("9.6", "deg")
    assert rows["septum angle seen by the network"] == ("176.0", "deg")


def test_table_leaves_out_what_is_not_known(scene: Any, result: Result) -> None:
    names = [row.name for row in read_table(add_result(scene, result).parameters)]
    assert not any(name.startswith(("long axis good", "LV centre good", "septum")) for name in names)


def test_nodes_share_a_folder(scene: Any, result: Result) -> None:
    import slicer

    nodes = add_result(scene, result, "Rest")
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    assert hierarchy.GetItemName(nodes.folder) == "Rest LV reorientation"
    for node in (nodes.study, nodes.short_axis, nodes.segmentation, nodes.pose, nodes.parameters):
        assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == nodes.folder


def test_loaded_study_is_not_made_again(scene: Any, result: Result) -> None:
    loaded = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "5: FBP")
    nodes = add_result(scene, result, study_node=loaded)
    assert nodes.study is loaded
    assert loaded.GetName() == "5: FBP"
    assert loaded.GetDisplayNode() is None
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2


def test_folder_is_made_beside_a_loaded_study_which_stays(scene: Any, result: Result) -> None:
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    patient = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "loaded from DICOM")
    loaded = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "5: FBP")
    item = hierarchy.CreateItem(patient, loaded)
    nodes = add_result(scene, result, study_node=loaded)
    assert hierarchy.GetItemParent(item) == patient
    assert hierarchy.GetItemParent(nodes.folder) == patient


def test_two_studies_are_kept_apart(scene: Any, result: Result) -> None:
    other = make_result(Pose.from_euler(-0.8, -1.1, 1.0, (0.0, 0.0, 0.0)))
    first, second = add_result(scene, result, "Stress"), add_result(scene, other, "Rest")
    found = read_result_nodes(scene)
    assert [n.parameters for n in found] == [first.parameters, second.parameters]
    assert [n.folder for n in found] == [first.folder, second.folder]
    np.testing.assert_allclose(pose_of(found[0]).matrix, result.pose.matrix, atol=1e-9)
    np.testing.assert_allclose(pose_of(found[1]).matrix, other.pose.matrix, atol=1e-9)


def test_cleared_scene_holds_no_result_and_takes_a_new_one(scene: Any, result: Result) -> None:
    add_result(scene, result)
    scene.Clear(False)
    assert read_result_nodes(scene) == []
    add_result(scene, result)
    assert len(read_result_nodes(scene)) == 1


def test_result_without_its_pose_is_left_out(scene: Any, result: Result) -> None:
    scene.RemoveNode(add_result(scene, result).pose)
    assert read_result_nodes(scene) == []


def test_result_without_its_study_is_still_found(scene: Any, result: Result) -> None:
    scene.RemoveNode(add_result(scene, result).study)
    (nodes,) = read_result_nodes(scene)
    assert nodes.study is None


def test_empty_labels_make_a_result_too(scene: Any) -> None:
    result = make_result()
    result.labels.array[:] = 0
    nodes = add_result(scene, result)
    assert nodes.segmentation.GetSegmentation().GetNumberOfSegments() == 2


def test_adding_a_result_says_nothing(scene: Any, result: Result, capfd: pytest.CaptureFixture[str]) -> None:
    add_result(scene, result)
    pose_of(read_result_nodes(scene)[0])
    assert capfd.readouterr() == ("", "")
