"""The gates of a study as a sequence of volumes, with a browser node that plays them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..geometry.volume import Volume
from ..prediction.result import Result
from .arrays import ijk_to_ras
from .arrays import to_image
from .host import mrml

HALF_EDGE_MM = 60.0
"""Of the cube that each gate shows: the LV with its surroundings, at a third of the size of the whole short axis."""
BEATS_PER_SECOND = 1.0
"""Speed at which the browser plays, whatever the patient's heart rate."""


def add_gate_sequence(scene: Any, result: Result, name: str) -> Any | None:
    """Add the short-axis volumes of the gates of a result to a scene.

    Args:
        scene: ``vtkMRMLScene``.
        result: of the predictor.
        name: begins the node names.

    Returns:
        The browser node; None where the result has no gates.
    """
    gates = result.gates
    return None if gates is None else add_sequence(scene, tuple(map(_round_the_ventricle, gates.short_axis)), name)


def add_sequence(scene: Any, gates: Sequence[Volume], name: str) -> Any:
    """Add gates as a sequence in their order, with a browser node, which is returned.

    Args:
        scene: ``vtkMRMLScene``.
        gates: counts of each gate, LPS mm.
        name: begins the node names.
    """
    slicer = mrml()
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", f"{name} gates")
    sequence.SetIndexName("gate")
    sequence.SetIndexUnit("")
    sequence.SetIndexTypeFromString("numeric")
    for number, volume in enumerate(gates, 1):
        node = slicer.vtkMRMLScalarVolumeNode()
        node.SetName(f"{name} gate {number}")
        node.SetAndObserveImageData(to_image(volume))
        node.SetIJKToRASMatrix(ijk_to_ras(volume.grid))
        sequence.SetDataNodeAtValue(node, str(number))
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{name} gates browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetPlaybackRateFps(BEATS_PER_SECOND * len(gates))
    return browser


def _round_the_ventricle(volume: Volume) -> Volume:
    middle = (np.array(volume.grid.size) - 1) // 2
    reach = np.minimum((HALF_EDGE_MM / volume.grid.spacing).astype(int), middle)
    return volume.part(middle - reach, middle + reach)
