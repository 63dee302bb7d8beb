"""The study's window and colours while the panel shows it: a display node of ours, exchanged for the study's own.

The study's own display node is never changed, so that whatever was set there is back when the panel is left.
"""

from __future__ import annotations

from typing import Any

from ..scene.nodes import PREFIX
from ..scene.nodes import set_counts
from .record_node import link
from .record_node import linked

OURS = "window"
"""Role of our display node for a record, and its own mark."""
OWN = "own_window"
"""Role of the study's own display node for ours, which so finds back without a record."""


def make_window(scene: Any, record_node: Any, study: Any, hottest: float) -> None:
    """A display node of ours from 0 to ``hottest``; a reader's changes of it stay."""
    if linked(record_node, OURS) is not None:
        return
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode", f"{study.GetName()} LV window")
    node.SetAttribute(PREFIX + "Role", OURS)
    set_counts(scene, node, hottest)
    link(record_node, OURS, node)


def show_ours(record_node: Any, study: Any) -> None:
    """Show the study by our window, if there is one."""
    ours = linked(record_node, OURS)
    if ours is None or study.GetDisplayNode() is ours:
        return
    if study.GetDisplayNode() is None:
        study.CreateDefaultDisplayNodes()
    link(ours, OWN, study.GetDisplayNode())
    study.SetAndObserveDisplayNodeID(ours.GetID())


def show_own(study: Any) -> None:
    """Show the study as it was shown before; nothing happens where somebody else changed that meanwhile."""
    ours = study.GetDisplayNode()
    if ours is None or ours.GetAttribute(PREFIX + "Role") != OURS:
        return
    own = linked(ours, OWN)
    study.SetAndObserveDisplayNodeID(own.GetID() if own is not None else None)
    if own is None:
        study.CreateDefaultDisplayNodes()
