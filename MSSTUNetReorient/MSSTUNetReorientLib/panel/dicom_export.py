"""An accepted result of the scene as DICOM files: the short axis, and the segmentation where highdicom is installed.

The report needs packages that 3D Slicer lacks: the command line writes it.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ..archive.exporting import Export
from ..archive.exporting import ExportOptions
from ..archive.exporting import export_stored
from ..archive.stored_result import stored
from ..errors import InputError
from ..geometry.volume import Grid
from ..io.dicom_file import read_header
from ..io.dicom_values import text
from ..prediction.result import Result
from .i18n import tr as _
from .nodes.record_node import linked
from .nodes.record_node import read_record
from .nodes.record_node import record_nodes
from .nodes.study_files import dicom_file_of
from .nodes.study_nodes import StudyNodes
from .screen.live_maps import live_map

FOLDER = "lv_dicom"
"""Name of the folder that an export makes; a number follows where it is taken. It holds nothing of the patient."""
SEGMENTATION_PACKAGE = "highdicom"
EXPORTED_ROLES = ("short_axis", "segmentation")
SAME_GRID_MM = 0.01


def segmentation_needs() -> str:
    """What to install before a segmentation can be written, in words; empty where nothing is missing."""
    if find_spec(SEGMENTATION_PACKAGE) is not None:
        return ""
    return _(
        "The segmentation needs the package highdicom: enter slicer.util.pip_install('highdicom>=0.28') in the Python "
        "console, and restart 3D Slicer. The short axis needs nothing."
    )


def record_of_exported(scene: Any, node: Any) -> Any:
    """The record node of a result whose short axis or segmentation a node is; None for any other node."""
    for record in record_nodes(scene):
        if node is not None and any(linked(record, role) is node for role in EXPORTED_ROLES):
            return record
    return None


def export_record(scene: Any, record_node: Any, folder: Path, *, anonymous: bool = False) -> Export:
    """Write an accepted result as DICOM: **with the patient's name, ID and dates**, unless it is made anonymous.

    Args:
        scene: with the nodes of the result.
        record_node: of the result.
        folder: where the new folder with the files is made.
        anonymous: write pseudonyms.

    Returns:
        What was written, and what was left out.

    Raises:
        InputError: the result is not accepted, its study has no DICOM file, another one, or one that lacks what an
            archive needs; or the folder cannot be written. Nothing has been written.
    """
    study = linked(record_node, "study")
    source = dicom_file_of(study) if study is not None else None
    if source is None and not anonymous:
        msg = _(
            "The study was not loaded from DICOM, or its file is gone, so that the patient is not known: load it with "
            "Add DICOM Data and run it again, or tick Pseudonyms."
        )
        raise InputError(msg)
    result, edited = _accepted(scene, study, record_node)
    try:
        if source is not None:
            result = _of_modality(result, text(read_header(source, ["Modality"]), "Modality", source))
        return export_stored(
            stored(result, edited=edited), source, _free(folder), ExportOptions(anonymous, report=False)
        )
    except InputError as error:
        raise InputError(_without_source(str(error), source)) from error


def _accepted(scene: Any, study: Any, record_node: Any) -> tuple[Result, bool]:
    """The result as it stands in the scene, and whether its labels were edited by hand."""
    record = read_record(record_node)
    if study is None or record is None or not record.adjustment.locked:
        raise InputError(_("Only an accepted result can be exported: press Accept first."))
    nodes = StudyNodes(scene, study, record_node, record.pose)
    live = live_map(nodes, record)
    if live is None:
        raise InputError(_("The short axis or the segmentation is missing: press Edit again, then Accept."))
    if record.labels_follow or not _same(live.result.short_axis.grid, live.result.labels.grid):
        raise InputError(_("The short axis is not that of this pose: press Edit again, then Accept."))
    return live.result, record.edited


def _of_modality(result: Result, modality: str) -> Result:
    """With the modality that the file states; a scene may not know it."""
    return replace(result, study=replace(result.study, info={**result.study.info, "modality": modality}))


def _same(one: Grid, other: Grid) -> bool:
    return one.size == other.size and float(np.abs(one.corners() - other.corners()).max()) < SAME_GRID_MM


def _free(folder: Path) -> Path:
    """A folder that does not exist yet."""
    number = 1
    while (folder / (name := FOLDER if number == 1 else f"{FOLDER}_{number}")).exists():
        number += 1
    return folder / name


def _without_source(message: str, source: Path | None) -> str:
    """A message without the path of the patient's file."""
    return message if source is None else message.replace(f"{source}: ", "").replace(str(source), _("the study"))
