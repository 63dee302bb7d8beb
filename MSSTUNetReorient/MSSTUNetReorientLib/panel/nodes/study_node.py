"""A volume node as a study: read with its gates, checked, its modality looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import InputError
from ...geometry.volume import Volume
from ...geometry.volume import check_volume
from ...io.choice import gate_info
from ...io.gated_study import added
from ...scene.arrays import volume_of
from ...scene.nodes import hierarchy_of
from ..i18n import tr as _
from ..state.loaded_study import LoadedStudy
from .gate_nodes import gate_nodes


def read_study_node(node: Any) -> Volume:
    """The node's voxels with their geometry in LPS mm, checked; of a gated study the sum of its gates.

    Raises:
        InputError: no voxels, several values in each, a parent transform, or no cardiac study.
    """
    return read_loaded_study(node).volume


def read_loaded_study(node: Any) -> LoadedStudy:
    """As :func:`read_study_node`, with the gates."""
    loaded = look_at(node)
    return replace(loaded, volume=check_volume(loaded.volume, str(node.GetName())))


def look_at(node: Any) -> LoadedStudy:
    """The node's voxels with their geometry in LPS mm, unchecked.

    Raises:
        InputError: no voxels, several values in each, or a parent transform.
    """
    image = node.GetImageData() if node is not None else None
    if image is None or image.GetNumberOfPoints() == 0 or image.GetPointData().GetScalars() is None:
        msg = _("No study is selected, or it has no image: load a study and select it.")
        raise InputError(msg)
    name = node.GetName()
    transform = node.GetParentTransformNode()
    if transform is not None:
        msg = _("{name} is under the transform {transform}: harden the transform or move the study out of it first.")
        raise InputError(msg.format(name=name, transform=transform.GetName()))
    if image.GetNumberOfScalarComponents() != 1:
        msg = _("{name} has several values per voxel: select a study with one count per voxel.")
        raise InputError(msg.format(name=name))
    info = {"kind": "loaded study", "modality": modality_of(node)}
    found = gate_nodes(node)
    if not found.nodes:
        return LoadedStudy(replace(volume_of(node), info=info), fault=found.fault)
    gates = tuple(_counts_of(gate) for gate in found.nodes)
    return LoadedStudy(replace(added(gates, name), info=info | gate_info(None, len(gates))), gates)


def _counts_of(node: Any) -> Volume:
    volume = volume_of(node)
    return replace(volume, array=np.asarray(volume.array, np.float32))


def modality_of(node: Any) -> str:
    """ "NM", "PT" or what the subject hierarchy or the node's own DICOM file says; "unknown" where nothing does."""
    if node.GetScene() is None:
        return "unknown"
    hierarchy = hierarchy_of(node.GetScene())
    item = hierarchy.GetItemByDataNode(node)
    return str((item and hierarchy.GetItemAttribute(item, "DICOM.Modality")) or _modality_in_file(node) or "unknown")


def _modality_in_file(node: Any) -> str:
    """Of a DICOM file that was loaded without the DICOM module, which leaves nothing in the subject hierarchy."""
    storage = node.GetStorageNode()
    path = storage.GetFileName() if storage is not None else None
    if not path:
        return ""
    import pydicom
    from pydicom.errors import InvalidDicomError

    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=["Modality"])
        return str(header.get("Modality", ""))
    except (OSError, InvalidDicomError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError):
        return ""
