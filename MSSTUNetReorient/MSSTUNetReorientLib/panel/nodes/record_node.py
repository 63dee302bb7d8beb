"""Records in the scene: a scripted-module node for each study, and one for the panel itself.

Nodes are known by reference (by ID), never by name, so renaming one does no harm, and of a deleted one the reference
is simply empty. A scene that the command line wrote has no record; it is adopted from its table and transform.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import InputError
from ...geometry.pose import Correction
from ...geometry.pose import Cube
from ...geometry.pose import Pose
from ...prediction.qc import Quality
from ...prediction.result import ModelIdentity
from ...scene.host import mrml
from ...scene.nodes import PREFIX
from ...scene.nodes import ROLES
from ...scene.nodes import SceneNodes
from ...scene.nodes import pose_of
from ...scene.nodes import read_result_nodes
from ...scene.nodes import referred
from ...scene.table import FRAME
from ...scene.table import read_table
from ..i18n import tr as _
from ..state.adjustment import Adjustment
from ..state.record import STATES
from ..state.record import Record

NODE_CLASS, LABELMAP = "vtkMRMLScriptedModuleNode", "vtkMRMLLabelMapVolumeNode"
STATE = "State"
"""Parameter that holds the record as JSON."""
TABLE, AXIS, HINT, PAIRED = "table", "axis", "hint", "paired"
PANEL_TAG = "MSSTUNetReorientPanel"
RUN_AT_ONCE = "RunAtOnce"
TABLE_DIGITS = 5
"""Decimals of degrees and mm that survive the table and the transform's file."""


def panel_node(scene: Any, *, make: bool = False) -> Any:
    """The panel's own node: which study is chosen, and its one setting.

    Asking for it never changes the scene, which may be closing just then; None if there is none yet.
    """
    node = scene.GetSingletonNode(PANEL_TAG, NODE_CLASS)
    if node is None and make:
        node = mrml().vtkMRMLScriptedModuleNode()
        node.SetSingletonTag(PANEL_TAG)
        node.SetName("MSSTUNet Reorient panel")
        node.SetModuleName("MSSTUNetReorient")
        node.SetHideFromEditors(True)
        node = scene.AddNode(node)
    return node


def find_record(scene: Any, study: Any) -> Any:
    """The record node of a study; None if it was never run."""
    for node in record_nodes(scene):
        if linked(node, "study") is study:
            return node
    return None


def short_axes(scene: Any) -> dict[Any, Any]:
    """The short-axis volumes that we made, and the study of each; None for one whose study is gone."""
    found = {nodes.short_axis: nodes.study for nodes in read_result_nodes(scene)}
    found |= {linked(node, "short_axis"): linked(node, "study") for node in record_nodes(scene)}
    return {volume: study for volume, study in found.items() if volume is not None}


def studies(scene: Any) -> list[Any]:
    """The scalar volumes that can be a study, in the order they were added."""
    ours = short_axes(scene)
    found = scene.GetNodesByClass("vtkMRMLScalarVolumeNode")
    volumes = (found.GetItemAsObject(n) for n in range(found.GetNumberOfItems()))
    return [v for v in volumes if v not in ours and not v.GetHideFromEditors() and not v.IsA(LABELMAP)]


def first_study(scene: Any) -> Any:
    """The first volume that can be a study; None if there is none."""
    return next(iter(studies(scene)), None)


def new_record(scene: Any, study: Any) -> Any:
    """An empty record node for a study."""
    node = mrml().vtkMRMLScriptedModuleNode()
    node.SetName(f"{study.GetName()} LV record")
    node.SetModuleName("MSSTUNetReorient")
    node.SetHideFromEditors(True)
    node.SetAttribute(PREFIX + "Role", "record")
    node = scene.AddNode(node)
    link(node, "study", study)
    return node


def linked(node: Any, role: str) -> Any:
    """The node that plays a role for a record; None if there is none, not any more, or one that cannot."""
    return referred(node, role) if node is not None else None


def link(node: Any, role: str, other: Any) -> None:
    """Let a node play a role."""
    node.SetNodeReferenceID(PREFIX + role, other.GetID() if other is not None else None)


def write_record(node: Any, record: Record) -> None:
    """Keep a record in the scene; written only where it changed, so that the scene is not marked as modified."""
    text = record.to_json()
    if node.GetParameter(STATE) != text:
        node.SetParameter(STATE, text)


def read_record(node: Any) -> Record | None:
    """The record of a node; None if it holds none yet.

    Raises:
        InputError: it is damaged, or a newer version wrote it.
    """
    text = node.GetParameter(STATE) if node is not None else ""
    return Record.from_json(text) if text else None


def adopt(scene: Any, study: Any) -> Any:
    """Make a record of a result that the command line or an older version left in the scene; None if there is none.

    Raises:
        InputError: its table or its transform is damaged; the scene stays as it is.
    """
    for nodes in read_result_nodes(scene):
        if nodes.study is study:
            try:
                record = _record_of(nodes)
            except (KeyError, ValueError, OverflowError) as error:
                text = _("The result of this study in the scene is damaged ({0}): run Reorient & Segment again.")
                raise InputError(text.format(_words(error))) from error
            node = new_record(scene, study)
            link_result(node, nodes)
            write_record(node, record)
            return node
    return None


def _words(error: Exception) -> str:
    """What is wrong with a table or a transform."""
    if isinstance(error, KeyError):
        name = error.args[0][0] if isinstance(error.args[0], tuple) else error.args[0]
        return _("{0} is missing in its table").format(name)
    return str(error).splitlines()[0][:100]


def link_result(node: Any, nodes: SceneNodes) -> None:
    """Let the nodes of a result play their roles."""
    for role in ROLES[1:]:
        link(node, role, getattr(nodes, role))
    link(node, TABLE, nodes.parameters)
    for role, figures in nodes.figures.items():
        link(node, role, figures)


def _record_of(nodes: SceneNodes) -> Record:
    """The model's answer stands in the table; the transform may have been moved since."""
    told = {(row.name, row.unit): row.value for row in read_table(nodes.parameters)}
    alpha, beta, gamma = (float(told[name, "rad"]) for name in ("alpha", "beta", "gamma"))
    model_pose = Pose.from_euler(alpha, beta, gamma, [float(told[f"LV centre {a} (LPS)", "mm"]) for a in "LPS"])
    cube_centre = [float(told[f"cube centre {a} (LPS)", "mm"]) for a in "LPS"]
    reasons = tuple(value for (name, unit), value in told.items() if name.startswith("QC reason"))
    measures = {name[3:]: float(v) for (name, unit), v in told.items() if name.startswith("QC ") and _is_measure(name)}
    status = told["QC status", ""]
    if status not in STATES:
        msg = "its quality is unknown"
        raise ValueError(msg)
    record = Record(
        model_pose=model_pose,
        cube=Cube((cube_centre[0], cube_centre[1], cube_centre[2]), float(told["cube half edge", "mm"])),
        model=ModelIdentity(told["model", ""], told["model version", ""], told["model sha256", ""]),
        quality=Quality(status, reasons, measures),  # type: ignore[arg-type]
        former=(FRAME.name, FRAME.unit) not in told,
    )
    moved = Correction(*np.round(model_pose.correction_to(pose_of(nodes)).as_tuple(), TABLE_DIGITS).tolist())
    if not any(moved.as_tuple()):
        return record
    return replace(record, adjustment=Adjustment(moved))


def _is_measure(name: str) -> bool:
    return name != "QC status" and not name.startswith("QC reason")


def record_nodes(scene: Any) -> Iterator[Any]:
    """The record nodes of a scene."""
    found = scene.GetNodesByClass(NODE_CLASS)
    for node in (found.GetItemAsObject(n) for n in range(found.GetNumberOfItems())):
        if node.GetAttribute(PREFIX + "Role") == "record":
            yield node
