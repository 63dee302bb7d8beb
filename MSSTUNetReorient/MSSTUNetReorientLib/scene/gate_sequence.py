"""The gates of a study as a sequence of short-axis volumes, with a browser node that plays them."""

from __future__ import annotations

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
    """Add the gates of a result to a scene.

    Args:
        scene: ``vtkMRMLScene``.
        result: of the predictor.
        name: begins the node names.

    Returns:
        The browser node; None where the result has no gates.
    """
    gates = result.gates
    if gates is None:
        return None
    slicer = mrml()
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", f"{name} gates")
    sequence.SetIndexName("gate")
    sequence.SetIndexUnit("")
    sequence.SetIndexTypeFromString("numeric")
    for number, volume in enumerate(map(_round_the_ventricle, gates.short_axis), 1):
        node = slicer.vtkMRMLScalarVolumeNode()
        node.SetName(f"{name} gate {number}")
        node.SetAndObserveImageData(to_image(volume))
        node.SetIJKToRASMatrix(ijk_to_ras(volume.grid))
        sequence.SetDataNodeAtValue(node, str(number))
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", f"{name} gates browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetPlaybackRateFps(BEATS_PER_SECOND * len(gates.short_axis))
    return browser


def _round_the_ventricle(volume: Volume) -> Volume:
    middle = (np.array(volume.grid.size) - 1) // 2
    reach = np.minimum((HALF_EDGE_MM / volume.grid.spacing).astype(int), middle)
    return volume.part(middle - reach, middle + reach)
