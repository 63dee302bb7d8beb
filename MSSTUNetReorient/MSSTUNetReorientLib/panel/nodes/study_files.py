"""The DICOM file that a study node was loaded from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...io.dicom_file import is_dicom_file
from ...scene.host import mrml

INSTANCE_UIDS = "DICOM.instanceUIDs"
"""Attribute that 3D Slicer's DICOM plugins, and ours, write to a node: UIDs with spaces between them."""


def dicom_file_of(study: Any) -> Path | None:
    """The first file of the series of a node; None where it was not loaded from DICOM, or the file is gone."""
    candidates = [*_files_in_database(study), _own_file(study)]
    return next((Path(name) for name in candidates if name and is_dicom_file(Path(name))), None)


def _files_in_database(study: Any) -> list[str]:
    """By the instance UIDs; none outside 3D Slicer, which alone has a database."""
    database = getattr(mrml(), "dicomDatabase", None)
    uids = (study.GetAttribute(INSTANCE_UIDS) or "").split()
    return [str(database.fileForInstance(uid) or "") for uid in uids[:1]] if database is not None else []


def _own_file(study: Any) -> str:
    """Of a file that was loaded without the DICOM module."""
    storage = study.GetStorageNode()
    return str(storage.GetFileName() or "") if storage is not None else ""
