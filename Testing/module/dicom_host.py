"""What a DICOM plugin uses of 3D Slicer: ``DICOMLib``, the database and the exportable, with real MRML behind them.

Names and behaviour are those of Slicer's ``DICOMLib/DICOMPlugin.py``, ``DICOMUtils.py``, ``qSlicerDICOMLoadable.h``,
``qSlicerDICOMExportable.h`` and ``ctkDICOMDatabase.h`` (main of 2025); there is nothing more here than the plugin uses.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pydicom

SCALAR_VOLUME_CONFIDENCE = 0.5
"""Of Slicer's ``DICOMScalarVolumePlugin``, which selects every series with pixels."""


class Database:
    """``slicer.dicomDatabase`` of some files."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.headers = {str(path): pydicom.dcmread(path, stop_before_pixels=True, force=True) for path in files}

    def fileValue(self, file: str, tag: str) -> str:
        value = self.headers[file].get(tuple(int(part, 16) for part in tag.split(",")))
        return "" if value is None else str(value.value)

    def filesForSeries(self, uid: str) -> list[str]:
        return [file for file, header in self.headers.items() if str(header.get("SeriesInstanceUID")) == uid]

    def fileForInstance(self, uid: str) -> str:
        return next((file for file, header in self.headers.items() if str(header.get("SOPInstanceUID")) == uid), "")


class DICOMLoadable:
    def __init__(self) -> None:
        self.files: list[str] = []
        self.name, self.tooltip, self.warning = "Unknown", "No further information available", ""
        self.selected, self.confidence = False, 0.5


class DICOMPlugin:
    def __init__(self) -> None:
        self.loadType = "Generic DICOM"
        self.loadableCache: dict[str, list[Any]] = {}
        self.tags = {"seriesDescription": "0008,103E", "seriesNumber": "0020,0011"}

    def getCachedLoadables(self, files: list[str]) -> list[Any] | None:
        return self.loadableCache.get("\n".join(files))

    def cacheLoadables(self, files: list[str], loadables: list[Any]) -> None:
        self.loadableCache["\n".join(files)] = loadables

    def defaultSeriesNodeName(self, uid: str) -> str:
        import slicer

        file = slicer.dicomDatabase.filesForSeries(uid)[0]
        name = slicer.dicomDatabase.fileValue(file, self.tags["seriesDescription"]) or "Unnamed Series"
        number = slicer.dicomDatabase.fileValue(file, self.tags["seriesNumber"])
        return f"{number}: {name}" if number else name

    def addSeriesInSubjectHierarchy(self, loadable: Any, node: Any) -> None:
        """As Slicer's, without the names of patient and study."""
        import slicer

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        constants = slicer.vtkMRMLSubjectHierarchyConstants
        item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)
        patient, study, series, modality = (
            slicer.dicomDatabase.fileValue(loadable.files[0], tag)
            for tag in ("0010,0020", "0020,000D", "0020,000E", "0008,0060")
        )
        hierarchy.SetItemUID(item, constants.GetDICOMUIDName(), series)
        hierarchy.SetItemAttribute(item, constants.GetDICOMSeriesModalityAttributeName(), modality)
        slicer.vtkSlicerSubjectHierarchyModuleLogic.InsertDicomSeriesInHierarchy(hierarchy, patient, study, series)


class Exportable:
    """``qSlicerDICOMExportable``: other attributes than its properties are a mistake."""

    __slots__ = ("confidence", "directory", "name", "pluginClass", "subjectHierarchyItemID", "tooltip")


class TemporaryDICOMDatabase:
    """The database of the application, for a while."""

    def __init__(self, directory: str) -> None:
        self.directory = directory

    def __enter__(self) -> Database:
        import slicer

        slicer.dicomDatabase = Database(())
        return slicer.dicomDatabase  # type: ignore[no-any-return]

    def __exit__(self, *error: object) -> None:
        import slicer

        del slicer.dicomDatabase


def import_dicom(folder: str, database: Database) -> None:
    database.headers |= Database(Path(folder).rglob("*.dcm")).headers


def load_series(uids: list[str]) -> list[str]:
    """What the plugins prefer of some series; the IDs of the new nodes."""
    import slicer

    found = []
    for plugin in (kind() for kind in slicer.modules.dicomPlugins.values()):
        for uid in uids:
            offer = chosen(plugin.examineForImport([slicer.dicomDatabase.filesForSeries(str(uid))]))
            if offer is not None:
                found.append(plugin.load(offer).GetID())
    return found


def dicom_lib() -> types.ModuleType:
    module = types.ModuleType("DICOMLib")
    module.DICOMLoadable, module.DICOMPlugin = DICOMLoadable, DICOMPlugin  # type: ignore[attr-defined]
    module.DICOMUtils = types.SimpleNamespace(  # type: ignore[attr-defined]
        TemporaryDICOMDatabase=TemporaryDICOMDatabase, importDicom=import_dicom, loadSeriesByUID=load_series
    )
    return module


def chosen(ours: list[Any]) -> Any:
    """What the browser loads of a series by default (``selectHighestConfidenceLoadables``); None: scalar volume."""
    best = max((one for one in ours if one.selected), key=lambda one: float(one.confidence), default=None)
    return best if best is not None and best.confidence > SCALAR_VOLUME_CONFIDENCE else None
