"""The three slice views: septum left, anterior up, apex first, whatever the pose."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.views import VIEWS
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import set_views
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.slice_views import slice_to_ras
from results import POSE

WALLS = {
    "septal": (-30, 0, 0),
    "lateral": (30, 0, 0),
    "anterior": (0, -30, 0),
    "inferior": (0, 30, 0),
    "apex": (0, 0, -40),
    "base": (0, 0, 30),
}
"""Markers in the SA frame, mm."""
NAMES = {"SA": "Red", "HLA": "Green", "VLA": "Yellow"}


def on_screen(node: Any, pose: Pose, wall: str) -> np.ndarray:
    """A wall's pixel (x right, y up, slice) from the middle of the view, by the slice node's own matrix."""
    left, posterior, superior = pose.apply(WALLS[wall])
    xy = np.linalg.inv(from_matrix4x4(node.GetXYToRAS())) @ [-left, -posterior, superior, 1]
    width, height, _ = node.GetDimensions()
    return xy[:3] - [width / 2, height / 2, 0]


@pytest.mark.parametrize(
    ("view", "left", "right", "up", "down"),
    [
        ("SA", "septal", "lateral", "anterior", "inferior"),
        ("HLA", "septal", "lateral", "apex", "base"),
        ("VLA", "base", "apex", "anterior", "inferior"),
    ],
)
def test_walls_lie_at_the_edges_readers_expect(
    scene: Any, result: Result, view: str, left: str, right: str, up: str, down: str
) -> None:
    add_result(scene, result)
    node = scene.GetNodeByID(f"vtkMRMLSliceNode{NAMES[view]}")
    for wall, axis, sign in ((left, 0, -1), (right, 0, 1), (up, 1, 1), (down, 1, -1)):
        x, y, _ = on_screen(node, POSE, wall)
        assert np.sign((x, y)[axis]) == sign
        assert abs((x, y)[1 - axis]) < 1e-6


@pytest.mark.parametrize(
    ("view", "first", "last"), [("SA", "apex", "base"), ("HLA", "inferior", "anterior"), ("VLA", "septal", "lateral")]
)
def test_scrolling_starts_where_readers_start(scene: Any, result: Result, view: str, first: str, last: str) -> None:
    add_result(scene, result)
    node = scene.GetNodeByID(f"vtkMRMLSliceNode{NAMES[view]}")
    middle = node.GetSliceOffset()
    for wall, sign in ((first, -1), (last, 1)):
        _, _, depth = on_screen(node, POSE, wall)
        assert np.sign(depth) == sign
        node.SetSliceOffset(middle + sign * abs(WALLS[wall][np.argmax(np.abs(WALLS[wall]))]))
        assert on_screen(node, POSE, wall)[2] == pytest.approx(0, abs=1e-6)
        node.SetSliceOffset(middle)


def picture(scene: Any, name: str, volume: Any) -> np.ndarray:
    """What a slice view shows of a volume, ``(row, column)`` from the top left, drawn by Slicer's own slice logic."""
    import slicer
    from vtkmodules.util.numpy_support import vtk_to_numpy

    composite = scene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
    composite.SetBackgroundVolumeID(volume.GetID())
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceNode(scene.GetNodeByID(f"vtkMRMLSliceNode{name}"))
    logic.SetSliceCompositeNode(composite)
    logic.UpdatePipeline()
    producer = logic.GetImageDataConnection().GetProducer()
    producer.Update()
    image = producer.GetOutputDataObject(0)
    width, height, _ = image.GetDimensions()
    pixels = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)
    return pixels[::-1, :, :3].mean(axis=-1)


@pytest.mark.parametrize("node", ["study", "short_axis"])
def test_pictures_drawn_by_slicer_show_the_ventricle_as_readers_expect(scene: Any, result: Result, node: str) -> None:
    """The shell is open at the base and has a defect in the inferior wall; the study was never turned."""
    volume = getattr(add_result(scene, result), node)
    pictures = {view: picture(scene, name, volume) for view, name in NAMES.items()}
    for shown in pictures.values():
        assert shown.shape == (256, 256)
    middle = 128
    sa = pictures["SA"]
    assert sa[:middle].sum() > 1.3 * sa[middle:].sum()  # anterior up: the defect is below
    rows, columns = np.nonzero(pictures["HLA"] > 150)
    assert middle - rows.min() > 1.5 * (rows.max() - middle)  # apex up
    rows, columns = np.nonzero(pictures["VLA"] > 150)
    assert columns.max() - middle > 1.5 * (middle - columns.min())  # apex right
    assert np.median(rows) < middle  # anterior up


def test_views_are_handed_as_slicers_own_axial_view() -> None:
    import slicer
    from vtkmodules.vtkCommonMath import vtkMatrix3x3

    axial = vtkMatrix3x3()
    slicer.vtkMRMLSliceNode.GetAxialSliceToRASMatrix(axial)
    for view in VIEWS:
        assert np.linalg.det(slice_to_ras(view, POSE)) == pytest.approx(axial.Determinant())


def test_views_show_the_short_axis_volume(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    for name in NAMES.values():
        composite = scene.GetNodeByID(f"vtkMRMLSliceCompositeNode{name}")
        assert composite.GetBackgroundVolumeID() == nodes.short_axis.GetID()
        assert composite.GetForegroundVolumeID() is None


def test_orientations_are_named_in_the_views_menu(scene: Any, result: Result) -> None:
    nodes = add_result(scene, result)
    for view, name in NAMES.items():
        assert scene.GetNodeByID(f"vtkMRMLSliceNode{name}").GetOrientation() == view
    other = Pose.from_euler(-0.5, -0.5, 0.5, (0.0, 0.0, 0.0))
    set_views(scene, other, nodes.short_axis)
    red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    assert red.GetOrientation() == "SA"
    np.testing.assert_allclose(from_matrix4x4(red.GetSliceToRAS()), slice_to_ras(VIEWS[0], other), atol=1e-9)


def test_existing_views_are_used_and_keep_their_shape(scene: Any, result: Result) -> None:
    import slicer

    red = slicer.vtkMRMLSliceNode()
    red.SetName("Red")
    red.SetLayoutName("Red")
    red = scene.AddNode(red)
    red.SetDimensions(600, 300, 1)
    add_result(scene, result)
    assert scene.GetNumberOfNodesByClass("vtkMRMLSliceNode") == 3
    assert red.GetFieldOfView()[:2] == pytest.approx((320, 160))
