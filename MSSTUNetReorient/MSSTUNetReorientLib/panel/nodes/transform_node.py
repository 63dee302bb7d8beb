"""The pose as a transform node: rotated and shifted by the handles in the views."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...geometry.pose import Pose
from ...geometry.pose import nearest_rotation
from ...scene.arrays import from_matrix4x4
from ...scene.arrays import to_matrix4x4

SAME = 1e-9
EDITOR = {
    "EditorScalingEnabled": False,
    "EditorScalingSliceEnabled": False,
    "EditorRotationEnabled": True,
    "EditorRotationSliceEnabled": True,
    "EditorTranslationEnabled": True,
    "EditorTranslationSliceEnabled": True,
}
"""What handles may do: turn and shift, never stretch."""


def write_pose(node: Any, pose: Pose) -> None:
    """Set the transform; nothing happens where it is that already, so that a handle in the reader's hand stays."""
    if not np.allclose(_matrix(node), pose.ras_matrix, rtol=0.0, atol=SAME):
        node.SetMatrixTransformToParent(to_matrix4x4(pose.ras_matrix))


def read_pose(node: Any) -> Pose | None:
    """The transform as a pose, made rigid; None if it is degenerate or not linear."""
    if not node.IsLinear():
        return None
    matrix = _matrix(node)
    if not np.isfinite(matrix).all() or abs(np.linalg.det(matrix[:3, :3])) < 1e-3:
        return None
    rigid = np.eye(4)
    rigid[:3, :3], rigid[:3, 3] = nearest_rotation(matrix[:3, :3]), matrix[:3, 3]
    return Pose.from_ras_matrix(rigid)


def show_handles(node: Any, visible: bool) -> None:
    """Show or hide the handles in the slice views and in 3D; they turn about the LV centre."""
    if node.GetDisplayNode() is None:
        node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    if display is None:
        return
    for name, value in EDITOR.items():
        if hasattr(display, f"Set{name}"):
            getattr(display, f"Set{name}")(value)
    node.SetCenterOfTransformation(0.0, 0.0, 0.0)
    display.SetEditorVisibility3D(visible)
    display.SetEditorSliceIntersectionVisibility(visible)
    display.SetEditorVisibility(visible)


def _matrix(node: Any) -> Any:
    matrix = to_matrix4x4(np.eye(4))
    node.GetMatrixTransformToParent(matrix)
    return from_matrix4x4(matrix)
