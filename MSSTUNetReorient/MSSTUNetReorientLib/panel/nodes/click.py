"""The point of a reader's click, as a markup that 3D Slicer places."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...geometry.pose import lps_from_ras
from ...scene.nodes import PREFIX

HINT_COLOUR = (0.2, 0.9, 0.9)


def add_hint(scene: Any, name: str) -> Any:
    """A list for the one point at the LV centre."""
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
    if node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(True)
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    interaction = scene.GetFirstNodeByClass("vtkMRMLInteractionNode")
    if selection is None or interaction is None:
        return
    selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsFiducialNode")
    selection.SetActivePlaceNodeID(node.GetID())
    interaction.SetPlaceModePersistence(0)
    interaction.SetCurrentInteractionMode(interaction.Place)


def is_placing(scene: Any, node: Any) -> bool:
    """Whether the next click in a view places the point."""
    selection = scene.GetFirstNodeByClass("vtkMRMLSelectionNode")
    interaction = scene.GetFirstNodeByClass("vtkMRMLInteractionNode")
    if node is None or selection is None or interaction is None:
        return False
    placing = interaction.GetCurrentInteractionMode() == interaction.Place
    return placing and selection.GetActivePlaceNodeID() == node.GetID()


def end_placing(scene: Any, node: Any) -> None:
    """The next click is an ordinary one again."""
    if is_placing(scene, node):
        interaction = scene.GetFirstNodeByClass("vtkMRMLInteractionNode")
        interaction.SetCurrentInteractionMode(interaction.ViewTransform)


def hide_hint(node: Any) -> None:
    """The point has done its work and must not lie over the heart; it stays in the scene."""
    if node is not None and node.GetDisplayNode() is not None:
        node.GetDisplayNode().SetVisibility(False)


def hint_of(node: Any) -> list[float] | None:
    """The clicked point, LPS mm; None if there is none. The point that follows the mouse before a click is none."""
    defined = node.PositionDefined if node is not None else None
    for n in range(node.GetNumberOfControlPoints() if node is not None else 0):
        if node.GetNthControlPointPositionStatus(n) == defined:
            position = np.zeros(3)
            node.GetNthControlPointPositionWorld(n, position)
            return [float(x) for x in lps_from_ras(position)]
    return None
