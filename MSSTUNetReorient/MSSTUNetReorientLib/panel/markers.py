"""What the panel draws into the views besides the segmentation: the long axis, and the point of a reader's click."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..pose import Pose
from ..pose import lps_from_ras
from ..scene.nodes import PREFIX
from .layout_description import TRANSAXIAL

AXIS_COLOUR = (1.0, 0.85, 0.2)
HINT_COLOUR = (0.2, 0.9, 0.9)


def add_long_axis(scene: Any, name: str) -> Any:
    """A locked line for the transaxial view, where the slice cuts it or not."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", f"{name} long axis")
    node.SetLocked(True)
    node.SetAttribute(PREFIX + "Role", "axis")
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    if display is not None:
        display.SetColor(*AXIS_COLOUR)
        display.SetSelectedColor(*AXIS_COLOUR)
        display.SetPropertiesLabelVisibility(False)
        display.SetPointLabelsVisibility(False)
        display.SetGlyphScale(0.8)
        display.SetSliceProjection(True)
        display.AddViewNodeID(f"vtkMRMLSliceNode{TRANSAXIAL}")
    return node


def move_long_axis(node: Any, pose: Pose, axis_mm: tuple[float, float]) -> None:
    """Draw it from apex to base."""
    ends = lps_from_ras(pose.apply([(0.0, 0.0, k) for k in axis_mm]))
    if node.GetNumberOfControlPoints() == len(ends):
        for n, end in enumerate(ends.tolist()):
            node.SetNthControlPointPosition(n, *end)
        return
    node.RemoveAllControlPoints()
    for end in ends.tolist():
        node.AddControlPoint(*end)


def add_hint(scene: Any, name: str) -> Any:
    """A list for the one point that tells where the LV centre is."""
    node = scene.AddNewNodeByClass("vtkMRMLMarkupsFiducialNode", f"{name} LV centre")
    node.SetAttribute(PREFIX + "Role", "hint")
    node.SetMaximumNumberOfControlPoints(1)
    node.CreateDefaultDisplayNodes()
    if node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetSelectedColor(*HINT_COLOUR)
        node.GetDisplayNode().SetPointLabelsVisibility(False)
    return node


def place_hint(scene: Any, node: Any) -> None:
    """The next click in a view places the point."""
    node.RemoveAllControlPoints()
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    interaction = scene.GetFirstNodeByClass("vtkMRMLInteractionNode")
    if selection is None or interaction is None:
        return
    selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
    selection.SetActivePlaceNodeID(node.GetID())
    interaction.SetPlaceModePersistence(0)
    interaction.SetCurrentInteractionMode(interaction.Place)


def hint_of(node: Any) -> list[float] | None:
    """The clicked point, LPS mm; None if there is none."""
    if node is None or node.GetNumberOfControlPoints() == 0:
        return None
    position = np.zeros(3)
    node.GetNthControlPointPositionWorld(0, position)
    return [float(x) for x in lps_from_ras(position)]
