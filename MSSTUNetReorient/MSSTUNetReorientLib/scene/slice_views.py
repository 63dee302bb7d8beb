"""The three slice views of 3D Slicer, turned to the short axis and the two long axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from ..geometry.pose import ras_matrix_from_lps
from ..geometry.views import VIEWS
from ..geometry.views import View
from ..geometry.views import slice_to_lps
from .arrays import to_matrix4x4
from .host import mrml
from .host import quiet
from .view_camera import add_camera

SLICE_NAMES = ("Red", "Green", "Yellow")
"""Layout names of 3D Slicer's slice views, in the order of :data:`MSSTUNetReorientLib.geometry.views.VIEWS`."""
SLICE_COLOURS = ((0.953, 0.290, 0.200), (0.431, 0.690, 0.294), (0.929, 0.835, 0.298))
"""Their colours in 3D Slicer."""
FIELD_MM = 160.0
"""Least edge of what a view shows: an LV with room round it."""


def slice_to_ras(view: View, pose: Pose) -> NDArray[np.float64]:
    """``(4, 4)`` SliceToRAS of a view through the LV centre: right, up, and on to the next slice to be read.

    Its determinant is -1, like that of 3D Slicer's own axial view: the offset slider runs away from the viewer.
    """
    return ras_matrix_from_lps(slice_to_lps(view, pose))


def set_views(scene: Any, pose: Pose, background: Any) -> None:
    """Turn the Red, Green and Yellow views to SA, HLA and VLA of a pose and show a volume there.

    Args:
        scene: its slice nodes are made where they are missing (outside 3D Slicer).
        pose: which heart.
        background: volume node to show.
    """
    for view, name, colour in zip(VIEWS, SLICE_NAMES, SLICE_COLOURS, strict=True):
        node = slice_node(scene, name, colour)
        matrix = slice_to_ras(view, pose)
        name_orientation(node, view, matrix)
        turn_view(node, matrix)
        set_field(node)
        composite_node(scene, name).SetBackgroundVolumeID(background.GetID())
    if scene.GetFirstNodeByClass("vtkMRMLLayoutNode") is None:
        _ask_for_four_views(scene)
        add_camera(scene, pose)


def turn_view(node: Any, matrix: NDArray[np.float64]) -> None:
    """Give a slice node another SliceToRAS ``(4, 4)``."""
    node.GetSliceToRAS().DeepCopy(to_matrix4x4(matrix))
    node.UpdateMatrices()


def name_orientation(node: Any, view: View, matrix: NDArray[np.float64]) -> None:
    """Put an orientation under a view's name into the menu of a slice view."""
    if node.HasSliceOrientationPreset(view.name):
        node.RemoveSliceOrientationPreset(view.name)
    node.AddSliceOrientationPreset(view.name, _matrix3x3(matrix))


def _ask_for_four_views(scene: Any) -> None:
    """Outside 3D Slicer: have the file open with the three slice views and the 3D view."""
    layout = mrml().vtkMRMLLayoutNode()
    with quiet():  # the node warns that no layout has that number; the application has one
        layout.SetSingletonTag("vtkMRMLLayoutNode")
        layout.SetViewArrangement(layout.SlicerLayoutFourUpView)
        scene.AddNode(layout)


def slice_node(scene: Any, name: str, colour: tuple[float, float, float]) -> Any:
    """The slice view of a layout name; made where it is missing (outside 3D Slicer)."""
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    if node is None:
        node = mrml().vtkMRMLSliceNode()
        node.SetName(name)
        node.SetLayoutName(name)
        node.SetLayoutLabel(name[0])
        node.SetLayoutColor(*colour)
        node = scene.AddNode(node)
    return node


def composite_node(scene: Any, name: str) -> Any:
    """The node with the contents of a slice view; its singleton tag is the layout name, as that of the slice node."""
    node = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if node is None:
        node = mrml().vtkMRMLSliceCompositeNode()
        node.SetName(name)
        node.SetLayoutName(name)
        node.SetSingletonTag(name)
        node = scene.AddNode(node)
    return node


def set_field(node: Any, field_mm: float = FIELD_MM) -> None:
    """Show so many mm along the shorter edge of the view; the view's own size sets the other."""
    width, height, _ = node.GetDimensions()
    pixel = field_mm / max(min(width, height), 1)
    node.SetFieldOfView(width * pixel, height * pixel, node.GetFieldOfView()[2])


def _matrix3x3(matrix: NDArray[np.float64]) -> Any:
    from vtkmodules.vtkCommonMath import vtkMatrix3x3

    result = vtkMatrix3x3()
    for i in range(3):
        for j in range(3):
            result.SetElement(i, j, float(matrix[i, j]))
    return result
