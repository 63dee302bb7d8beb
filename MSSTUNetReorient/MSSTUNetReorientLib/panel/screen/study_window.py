"""The study's window and colours while the panel shows it: our display node in place of the study's own.

The study's own display node is never changed, so that whatever was set there is back when the panel is left. The window
runs from 0 to a share of the hottest count within the LV, so that a hot gut or liver does not dim the heart.
"""

from __future__ import annotations

from typing import Any

from ...scene.colours import ColourTable
from ...scene.colours import colour_node
from ...scene.nodes import PREFIX
from ...scene.nodes import set_counts
from ..nodes.record_node import link
from ..nodes.record_node import linked

OURS = "window"
"""Role of our display node for a record, and its own mark."""
OWN = "own_window"
"""Role of the study's own display node for ours, which so finds back without a record."""
HOTTEST = PREFIX + "LVMaximum"
"""Attribute of our display node: the hottest count within the LV, which is 100 %."""
FULL = 100.0


def make_window(scene: Any, record_node: Any, study: Any, hottest: float) -> None:
    """A display node of ours from 0 to ``hottest``; a reader's changes of it stay, in per cent of the LV's maximum."""
    node = linked(record_node, OURS)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode", f"{study.GetName()} LV window")
        node.SetAttribute(PREFIX + "Role", OURS)
        set_counts(scene, node, hottest)
        link(record_node, OURS, node)
        percent = FULL
    else:
        percent = percent_of(node)
    node.SetAttribute(HOTTEST, repr(float(hottest)))
    set_percent(node, percent)


def knows_lv(record_node: Any) -> bool:
    """Whether there is a window of ours that knows the LV's maximum."""
    return _hottest(linked(record_node, OURS)) > 0


def percent_of(display: Any) -> float:
    """Where the window of one of our display nodes ends, in per cent of the LV's maximum; 100 for any other node."""
    hottest = _hottest(display)
    return FULL * float(display.GetWindowLevelMax()) / hottest if hottest > 0 else FULL


def set_percent(display: Any, percent: float) -> None:
    """End the window of one of our display nodes at a share of the LV's maximum; it begins at 0."""
    hottest = _hottest(display)
    if hottest > 0 and (display.GetWindowLevelMin() != 0.0 or abs(percent_of(display) - percent) > 1e-6):
        display.SetWindowLevelMinMax(0.0, hottest * percent / FULL)


def set_table(scene: Any, display: Any, table: ColourTable) -> None:
    """Show a display node in another colour table."""
    node = colour_node(scene, table)
    if node is not None and display.GetColorNodeID() != node.GetID():
        display.SetAndObserveColorNodeID(node.GetID())


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


def _hottest(display: Any) -> float:
    """0 where it is not known: a scene of an older version, or a node of somebody else."""
    try:
        return float(display.GetAttribute(HOTTEST) or 0.0) if display is not None else 0.0
    except ValueError:
        return 0.0
