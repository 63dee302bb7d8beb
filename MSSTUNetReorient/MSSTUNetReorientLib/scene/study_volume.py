"""A study in the scene, as it was read: a volume, or of a gated study one that plays its gates."""

from __future__ import annotations

from typing import Any

from ..io.gated_study import GatedStudy
from .gate_sequence import add_sequence
from .nodes import add_volume
from .nodes import show_counts


def add_study(scene: Any, study: GatedStudy, name: str) -> Any:
    """Add a study to a scene.

    Args:
        scene: ``vtkMRMLScene`` with the logic of sequences, as 3D Slicer's and :func:`.host.new_scene`'s.
        study: as read; its voxels and their places are not changed.
        name: of the volume node.

    Returns:
        vtkMRMLScalarVolumeNode: the counts in RAS mm; of a gated study the proxy node of its sequence, which shows one
        gate.
    """
    if not study.gates:
        return add_volume(scene, study.total, name, float(study.total.array.max()))
    browser = add_sequence(scene, study.gates, name)
    node = browser.GetProxyNode(browser.GetMasterSequenceNode())
    node.SetName(name)
    show_counts(scene, node, max(float(gate.array.max()) for gate in study.gates))
    return node
