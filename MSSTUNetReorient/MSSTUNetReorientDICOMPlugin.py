"""DICOM plugin of 3D Slicer: reconstructed SPECT studies (NM) in, accepted results of the module out.

3D Slicer's own reader of volumes takes every frame of an NM object for a slice, whether gates, energy windows or time
frames lie behind each other. This plugin reads as the command line does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

import slicer
from DICOMLib import DICOMLoadable
from DICOMLib import DICOMPlugin
from slicer.i18n import tr as _

if TYPE_CHECKING:
    from MSSTUNetReorientLib.io.nuclear_series import NuclearSeries

NAME = "MSSTUNetReorientDICOMPlugin"
"""3D Slicer finds a plugin that exports by this key; it must be that of the registration."""
PREFERRED, AVOIDED = 0.9, 0.2
"""Confidence in a study that can be read, and in one that cannot; that of the plain scalar volume is 0.5."""
ABOVE_SEGMENTATION = 1.05
"""Confidence in our segmentation: 3D Slicer's own exporter has 1.0 and fails on it, because a short axis that was
resampled is no DICOM series."""


class MSSTUNetReorientDICOMPluginClass(DICOMPlugin):
    """Reads NM RECON TOMO and RECON GATED TOMO; writes short axis and segmentation of an accepted result."""

    def __init__(self) -> None:
        super().__init__()
        self.loadType = _("SPECT study")
        self.tags["modality"] = "0008,0060"
        self.tags["seriesUID"] = "0020,000E"
        self.tags["instanceUID"] = "0008,0018"

    # --- import ---

    def examineForImport(self, fileLists: list[list[str]]) -> list[Any]:
        """What can be loaded of lists of files; nothing of projections, static images and other modalities."""
        found: list[Any] = []
        for files in fileLists:
            offered = self.getCachedLoadables(files)
            if offered is None:
                offered = self.examineFiles(files)
                self.cacheLoadables(files, offered)
            found += offered
        return found

    def examineFiles(self, files: list[str]) -> list[Any]:
        """What can be loaded of one series."""
        if not files or slicer.dicomDatabase.fileValue(files[0], self.tags["modality"]) != "NM":
            return []
        from MSSTUNetReorientLib.errors import InputError
        from MSSTUNetReorientLib.io.nuclear_series import nuclear_series

        try:
            series = nuclear_series(Path(file) for file in files)
        except InputError:  # a header that cannot be understood: other readers may
            return []
        name = self.defaultSeriesNodeName(slicer.dicomDatabase.fileValue(files[0], self.tags["seriesUID"]))
        names = [name] if len(series) == 1 else [f"{name} ({number})" for number in range(1, len(series) + 1)]
        return [self.offer(one, its_name) for one, its_name in zip(series, names, strict=True)]

    def offer(self, series: NuclearSeries, name: str) -> Any:
        """A study as the DICOM browser lists it: above the plain scalar volume where it can be read."""
        loadable = DICOMLoadable()
        loadable.files = [str(path) for path in series.paths]
        loadable.name = name
        loadable.selected = not series.fault
        loadable.confidence = AVOIDED if series.fault else PREFERRED
        loadable.warning = series.fault or " ".join(series.warnings)
        loadable.tooltip = _("This SPECT study cannot be read.") if series.fault else tooltip(series)
        return loadable

    def load(self, loadable: Any) -> Any:
        """Read a study into the scene.

        Returns:
            vtkMRMLScalarVolumeNode, of a gated study the one that its sequence browser drives; False, after an error
            message, if it cannot be read.
        """
        from MSSTUNetReorientLib.errors import InputError
        from MSSTUNetReorientLib.io import read_files
        from MSSTUNetReorientLib.io.nuclear_series import without_path
        from MSSTUNetReorientLib.panel.nodes.study_files import INSTANCE_UIDS
        from MSSTUNetReorientLib.scene.study_volume import add_study

        paths = tuple(Path(file) for file in loadable.files)
        try:
            study = read_files(paths)
        except InputError as error:
            slicer.util.errorDisplay(without_path(error, paths), windowTitle=self.loadType)
            return False
        node = add_study(slicer.mrmlScene, study, slicer.mrmlScene.GenerateUniqueName(loadable.name))
        self.addSeriesInSubjectHierarchy(loadable, node)
        uids = [slicer.dicomDatabase.fileValue(file, self.tags["instanceUID"]) for file in loadable.files]
        node.SetAttribute(INSTANCE_UIDS, " ".join(uids))
        show(node)
        return node

    # --- export ---

    def examineForExport(self, subjectHierarchyItemID: int) -> list[Any]:
        """The offer for a short axis or a segmentation of ours; both are written, whichever is chosen."""
        from MSSTUNetReorientLib.panel.dicom_export import record_of_exported

        node = dataNode(subjectHierarchyItemID)
        if record_of_exported(slicer.mrmlScene, node) is None:
            return []
        exportable = slicer.qSlicerDICOMExportable()
        exportable.name = _("LV short axis and segmentation")
        exportable.tooltip = _(
            "Writes the accepted result of MSSTUNet Reorient: the short axis as NM or PET, and the segmentation. "
            "Patient, study and dates are those of the study's own DICOM file; tags edited here are not used."
        )
        exportable.subjectHierarchyItemID = subjectHierarchyItemID
        exportable.pluginClass = NAME
        exportable.confidence = ABOVE_SEGMENTATION if node.IsA("vtkMRMLSegmentationNode") else PREFERRED
        return [exportable]

    def export(self, exportables: list[Any]) -> str:
        """Write results; the message of the first error, empty if there was none."""
        from MSSTUNetReorientLib.errors import InputError
        from MSSTUNetReorientLib.panel.dicom_export import export_record
        from MSSTUNetReorientLib.panel.dicom_export import record_of_exported
        from MSSTUNetReorientLib.panel.dicom_export import segmentation_needs

        records = {}
        for exportable in exportables:
            node = dataNode(exportable.subjectHierarchyItemID)
            record = record_of_exported(slicer.mrmlScene, node)
            if record is None:
                return str(_("This is no short axis or segmentation of MSSTUNet Reorient."))
            if node.IsA("vtkMRMLSegmentationNode") and segmentation_needs():
                return segmentation_needs()
            records[record.GetID()] = record, Path(exportable.directory)
        try:
            for record, folder in records.values():
                export_record(slicer.mrmlScene, record, folder)
        except InputError as error:
            return str(error)
        return ""


def tooltip(series: NuclearSeries) -> str:
    """What a study is, and why this plugin should read it."""
    size = " x ".join(str(count) for count in series.size)
    what = _("Gated SPECT, {0} gates of {1} voxels, loaded as a sequence.").format(series.gates, size)
    if series.gates < 2:
        what = _("SPECT, {0} voxels.").format(size)
    why = _(
        "Slices, gates and energy windows are told apart by the indices of the NM object, and its geometry is checked; "
        "a plain scalar volume takes every frame for a slice."
    )
    return f"{what} {why}"


def dataNode(subjectHierarchyItemID: int) -> Any:
    """The node of a subject hierarchy item; None if it has none."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    return hierarchy.GetItemDataNode(subjectHierarchyItemID)


def show(node: Any) -> None:
    """Show a volume in the slice views, and the controls of its sequence."""
    logic = slicer.app.applicationLogic()
    logic.GetSelectionNode().SetActiveVolumeID(node.GetID())
    logic.PropagateVolumeSelection()
    browser = slicer.modules.sequences.logic().GetFirstBrowserNodeForProxyNode(node)
    if browser is not None:
        slicer.modules.sequences.showSequenceBrowser(browser)


class MSSTUNetReorientDICOMPlugin:
    """What 3D Slicer instantiates at start: makes the plugin known to the DICOM module. It has no panel."""

    def __init__(self, parent: Any) -> None:
        parent.title = "MSSTUNet Reorient DICOM Plugin"
        parent.categories = ["Developer Tools.DICOM Plugins"]
        parent.contributors = ["The MSSTUNetReorient contributors"]
        parent.helpText = "Reads reconstructed SPECT studies, and writes results of MSSTUNet Reorient as DICOM."
        parent.acknowledgementText = ""
        parent.hidden = True
        if not hasattr(slicer.modules, "dicomPlugins"):  # this module may be found before the DICOM module
            slicer.modules.dicomPlugins = {}
        slicer.modules.dicomPlugins[NAME] = MSSTUNetReorientDICOMPluginClass
