"""The slice views while a reader nudges: only matrices change, 3D Slicer reslices the study itself.

Where a reader has scrolled or panned to in a view is kept: the view moves with the heart.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.pose import Pose
from ...geometry.views import VIEWS
from ...scene.arrays import from_matrix4x4
from ...scene.host import mrml
from ...scene.slice_views import FIELD_MM
from ...scene.slice_views import SLICE_NAMES
from ...scene.slice_views import composite_node
from ...scene.slice_views import name_orientation
from ...scene.slice_views import set_field
from ...scene.slice_views import slice_node
from ...scene.slice_views import slice_to_ras
from ...scene.slice_views import turn_view
from .layout_description import TRANSAXIAL

TRANSAXIAL_COLOUR = (0.45, 0.60, 0.85)
ALIGNED = 1e-3
"""A view whose axes differ by more than this was turned by somebody; it is brought back."""
SAME_MM = 1e-6
TRANSAXIAL_FIELD_MM = 300.0


def show_transaxial(scene: Any, pose: Pose | None, study: Any) -> None:
    """The study as it was scanned, at the level of the LV centre."""
    node = slice_node(scene, TRANSAXIAL, TRANSAXIAL_COLOUR)
    turn_axial(node)
    set_field(node, TRANSAXIAL_FIELD_MM)
    composite_node(scene, TRANSAXIAL).SetBackgroundVolumeID(study.GetID())
    if pose is not None:
        node.JumpSliceByCentering(*pose.ras_matrix[:3, 3].tolist())


def fit_fields(scene: Any) -> None:
    """Views show as much as they should at their present sizes; a view that is resized keeps its mm per pixel."""
    for name in (TRANSAXIAL, *SLICE_NAMES):
        node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if node is not None:
            set_field(node, TRANSAXIAL_FIELD_MM if name == TRANSAXIAL else FIELD_MM)


def turn_axial(node: Any) -> None:
    """Turn a slice node to the patient's axes, as 3D Slicer's own axial view."""
    from vtkmodules.vtkCommonMath import vtkMatrix3x3

    if not node.HasSliceOrientationPreset("Axial"):
        matrix = vtkMatrix3x3()
        mrml().vtkMRMLSliceNode.GetAxialSliceToRASMatrix(matrix)
        node.AddSliceOrientationPreset("Axial", matrix)
    node.SetOrientation("Axial")


def set_background(scene: Any, background: Any) -> None:
    """What SA, HLA and VLA show: the study while it is adjusted, the short axis once it is accepted."""
    for name in SLICE_NAMES:
        composite = composite_node(scene, name)
        if composite.GetBackgroundVolumeID() != background.GetID():
            composite.SetBackgroundVolumeID(background.GetID())


def name_views(scene: Any, pose: Pose) -> None:
    """Let 3D Slicer call the views' orientations SA, HLA and VLA; another one it calls "Reformat"."""
    for view, name in zip(VIEWS, SLICE_NAMES, strict=True):
        node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if node is not None:
            name_orientation(node, view, slice_to_ras(view, pose))


def follow(scene: Any, old: Pose, new: Pose) -> None:
    """Move SA, HLA and VLA from one pose to another, each with its scroll and pan; the transaxial view by the shift."""
    _follow_centre(scene, new.ras_matrix[:3, 3] - old.ras_matrix[:3, 3])
    for view, name in zip(VIEWS, SLICE_NAMES, strict=True):
        node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
        if node is None:
            continue
        local = np.linalg.inv(slice_to_ras(view, old)) @ from_matrix4x4(node.GetSliceToRAS())
        matrix = slice_to_ras(view, new)
        if np.abs(local[:3, :3] - np.eye(3)).max() < ALIGNED:
            matrix[:3, 3] = (matrix @ [*local[:3, 3], 1.0])[:3]
        turn_view(node, matrix)


def _follow_centre(scene: Any, shift: NDArray[np.float64]) -> None:
    node = scene.GetSingletonNode(TRANSAXIAL, "vtkMRMLSliceNode")
    if node is None or np.abs(shift).max() < SAME_MM:
        return
    matrix = from_matrix4x4(node.GetSliceToRAS())
    matrix[:3, 3] += shift
    turn_view(node, matrix)
