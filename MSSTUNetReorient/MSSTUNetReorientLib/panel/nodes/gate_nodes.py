"""The gates of a study that shows a sequence of the scene: all items of the sequence, not only the one shown."""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

from ...errors import InputError
from ...io.gated_study import check_gates
from ...io.gated_study import check_places
from ...scene.arrays import grid_of
from ..i18n import tr as _

BROWSER = "vtkMRMLSequenceBrowserNode"
SECONDS = {"s": 1.0, "ms": 0.001}
"""Units of a sequence's index that are times."""


class GateNodes(NamedTuple):
    """Volume nodes of the gates; none, and the reason why, of a sequence of something else."""

    nodes: tuple[Any, ...] = ()
    fault: str = ""


def gate_nodes(study: Any) -> GateNodes:
    """The gates of the sequence that a volume node shows; none where it shows no sequence."""
    sequence = _sequence_of(study)
    count = sequence.GetNumberOfDataNodes() if sequence is not None else 0
    if count < 2:
        return GateNodes()
    nodes = tuple(sequence.GetNthDataNode(n) for n in range(count))
    name = str(study.GetName())
    try:
        check_gates(count, _seconds_apart(sequence), name)
        _check_images(nodes, name)
        check_places([grid_of(node) for node in nodes], name)
    except InputError as error:
        return GateNodes(fault=str(error))
    return GateNodes(nodes)


def gates_shown(study: Any) -> int:
    """How many times the counts of the image that is shown the study has, about: its gates; 1 of an ungated one."""
    return max(1, len(gate_nodes(study).nodes))


def _sequence_of(study: Any) -> Any:
    """None also where the application has no sequences."""
    if study.GetScene() is None:
        return None
    browsers = study.GetScene().GetNodesByClass(BROWSER)
    for n in range(browsers.GetNumberOfItems()):
        sequence = browsers.GetItemAsObject(n).GetSequenceNode(study)
        if sequence is not None:
            return sequence
    return None


def _seconds_apart(sequence: Any) -> float | None:
    """None where the index is no time."""
    unit = SECONDS.get(str(sequence.GetIndexUnit()))
    try:
        first, second = (float(sequence.GetNthIndexValue(n)) for n in range(2))
    except ValueError:
        return None
    return None if unit is None else (second - first) * unit


def _check_images(nodes: tuple[Any, ...], name: str) -> None:
    for number, node in enumerate(nodes, 1):
        image = node.GetImageData() if node.IsA("vtkMRMLScalarVolumeNode") else None
        if image is None or image.GetNumberOfScalarComponents() != 1 or image.GetPointData().GetScalars() is None:
            msg = _("{0}: every gate must be an image with one count per voxel, but gate {1} is not; load it again")
            raise InputError(msg.format(name, number))
