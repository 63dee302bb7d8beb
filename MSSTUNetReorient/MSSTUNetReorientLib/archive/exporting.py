"""The whole way in one call: the folder of a result in, a folder of DICOM objects out, all or none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from ..io.dicom_values import value_of
from ..io.dicom_values import whole
from ..io.messages import print_nothing
from ..io.messages import quiet
from ..output.destination import Contents
from ..output.destination import check_destination
from ..output.destination import replacing
from .exported_views import short_axis_volumes
from .left_out import LeftOutError
from .new_object import NewSeries
from .new_object import Reference
from .new_object import save
from .new_object import source_references
from .nuclear_object import nuclear_object
from .oblique_views import FILE_NAMES
from .oblique_views import ObliqueView
from .oblique_views import oblique_view
from .pet_object import pet_objects
from .report_objects import CAPTURE_MODALITY
from .report_objects import PDF_MODALITY
from .report_objects import capture_object
from .report_objects import pdf_object
from .report_pages import page_pictures
from .report_pages import report_pdf
from .segmentation_object import segmentation_object
from .source_study import SourceStudy
from .source_study import no_source
from .source_study import read_source
from .stored_result import REPORT
from .stored_result import StoredResult
from .stored_result import read_result
from .unique_ids import UniqueIds

Printer = Callable[[str], None]

DICOM = Contents("DICOM export", "", ())
"""An export is never replaced: an archive may have its objects already."""
DESCRIPTION = "{view} {source}"
"""SeriesDescription of a view."""
WITHOUT_NUMBER = 90
"""Series are numbered from the source's number times a hundred; from this where it has none."""


@dataclass(frozen=True)
class ExportOptions:
    """How a result is exported.

    Attributes:
        anonymous: pseudonyms in place of name, ID, dates and UIDs.
        long_axes: the views VLA and HLA as well.
        uid_root: what new UIDs begin with; empty for UUIDs.
        description: SeriesDescription of the views, where ``{view}`` and ``{source}`` are filled in.
        series: of a source folder with several.
        report: the report as well.
    """

    anonymous: bool = False
    long_axes: bool = False
    uid_root: str = ""
    description: str = DESCRIPTION
    series: str | None = None
    report: bool = True


@dataclass(frozen=True)
class Export:
    """What was written.

    Attributes:
        folder: the new folder.
        files: the DICOM files in it.
        left_out: what could not be made, mostly because an optional package is missing, and why.
    """

    folder: Path
    files: tuple[Path, ...]
    left_out: dict[str, str] = field(default_factory=dict)


def check_export(source: Path | None, out: Path, options: ExportOptions) -> SourceStudy | None:
    """Refuse what cannot be exported; call it before any work.

    Returns:
        The headers of the source; None without one.

    Raises:
        InputError: see :func:`export_result`.
    """
    ids = UniqueIds(options.uid_root)
    check_destination(out, False, DICOM)
    if source is None:
        if not options.anonymous:
            msg = "a result holds nothing of the patient; add --source with the DICOM study, or --anonymous"
            raise InputError(msg)
        return None
    return read_source(source, options.series, anonymous=options.anonymous, ids=ids)


def export_result(
    folder: Path,
    source: Path | None,
    out: Path,
    options: ExportOptions | None = None,
    *,
    progress: Printer | None = None,
    note: Printer | None = None,
) -> Export:
    """Write a result as DICOM objects: **with the patient's name, ID and dates**, unless it is made anonymous.

    Args:
        folder: the result, as ``run`` wrote it.
        source: the DICOM study that it was made from; None only if anonymous.
        out: the folder to make.
        options: see :class:`ExportOptions`.
        progress: called with each step.
        note: called with what was left out because an optional package is missing.

    Returns:
        The files, in ``out``.

    Raises:
        InputError: the result, its source or the output folder breaks a rule; nothing has been written.
    """
    options = options or ExportOptions()
    headers = check_export(source, out, options)
    result, show = read_result(folder), progress or print_nothing
    return _export(result, source, headers, out, options, show, note or print_nothing)


def export_stored(result: StoredResult, source: Path | None, out: Path, options: ExportOptions) -> Export:
    """As :func:`export_result`, for a result that is not in a folder.

    Raises:
        InputError: see :func:`export_result`.
    """
    headers = check_export(source, out, options)
    return _export(result, source, headers, out, options, print_nothing, print_nothing)


def _export(
    result: StoredResult,
    source: Path | None,
    headers: SourceStudy | None,
    out: Path,
    options: ExportOptions,
    show: Printer,
    note: Printer,
) -> Export:
    ids = UniqueIds(options.uid_root)
    study = headers or no_source(str(result.input["modality"]), ids)
    volumes: tuple[Any, ...] = (result.short_axis,)
    if source is not None:
        show(f"reading {source}")
        volumes = short_axis_volumes(result, source, options.series)
    work = _Work(result, study, options, ids)
    with replacing(out, False, DICOM) as fresh, quiet():
        show("writing the views")
        for name in ("SA", "VLA", "HLA") if options.long_axes else ("SA",):
            work.write_view(oblique_view(name, volumes), fresh)
        work.write_optional("segmentation", work.write_segmentation, fresh, show)
        if options.report:
            work.write_optional("report", work.write_report, fresh, show)
        names = sorted(path.relative_to(fresh) for path in fresh.rglob("*.dcm"))
    for what, why in work.left_out.items():
        note(f"{what} left out: {why}")
    return Export(out, tuple(out / name for name in names), work.left_out)


class _Work:
    """One export: what is written, and the series numbers that are taken."""

    def __init__(self, result: StoredResult, source: SourceStudy, options: ExportOptions, ids: UniqueIds) -> None:
        self.result, self.source, self.options, self.ids = result, source, options, ids
        self.short_axis: list[Any] = []
        self.left_out: dict[str, str] = {}
        self._number = (whole(source.first, "SeriesNumber", source.name) or WITHOUT_NUMBER) * 100

    def series(self, modality: str, description: str) -> NewSeries:
        """The next series."""
        self._number += 1
        return NewSeries(self.ids.new(), self._number, " ".join(description.split()), modality)

    def described(self, view: str) -> str:
        """The SeriesDescription of a view."""
        stated = value_of(self.source.first, "SeriesDescription", self.source.name)
        words = str(stated or self.result.input.get("study_phase", ""))
        return self.options.description.replace("{view}", view).replace("{source}", words)

    def write_view(self, view: ObliqueView, folder: Path) -> None:
        """A view as one NM object, or as a PET series."""
        modality = "PT" if self.result.input["modality"] == "PT" else "NM"
        series = self.series(modality, self.described(view.name))
        how = f"{view.view.title} at the pose of the left ventricle, resampled once, by MSSTUNetReorient {__version__}"
        if modality == "PT":
            summed = "time_frames" in self.result.input
            objects = list(pet_objects(view, self.source, series, self.ids, description=how, summed=summed))
            paths = [folder / FILE_NAMES[view.name] / f"{n:04d}.dcm" for n in range(1, len(objects) + 1)]
        else:
            window = int(self.result.input.get("window", 1))
            objects = [nuclear_object(view, self.source, series, self.ids, description=how, window=window)]
            paths = [folder / f"{FILE_NAMES[view.name]}.dcm"]
        for ds, path in zip(objects, paths, strict=True):
            save(ds, path, self.source.name)
        if view.name == "SA":
            self.short_axis = objects[: view.slices]

    def write_segmentation(self, folder: Path) -> None:
        """Both labels."""
        series = self.series("SEG", "LV myocardium and blood pool")
        model = self.result.summary["model"]
        ds = segmentation_object(
            self.result.labels, self.short_axis, self.source, series, self.ids, model, edited=self.result.edited
        )
        save(ds, folder / "segmentation.dcm", self.source.name)

    def write_report(self, folder: Path) -> None:
        """The report as PDF, and page by page as pictures."""
        report = self.result.report
        if report is None:
            msg = f"the result has no {REPORT}; run the study without --no-report"
            raise LeftOutError(msg)
        pdf = report_pdf(report)
        pages = page_pictures(pdf)
        references = self.references()
        series = self.series(CAPTURE_MODALITY, "LV report, pages")
        for number, page in enumerate(pages, 1):
            ds = capture_object(page, number, self.source, series, self.ids, references)
            save(ds, folder / f"report_page_{number}.dcm", self.source.name)
        series = self.series(PDF_MODALITY, "LV report, PDF")
        save(pdf_object(pdf, self.source, series, self.ids, references), folder / "report_pdf.dcm", self.source.name)

    def references(self) -> list[Reference]:
        """The source and the short axis."""
        own = tuple((str(ds.SOPClassUID), str(ds.SOPInstanceUID)) for ds in self.short_axis)
        return [*source_references(self.source), Reference(str(self.short_axis[0].SeriesInstanceUID), own)]

    def write_optional(self, what: str, write: Callable[[Path], None], folder: Path, show: Printer) -> None:
        """Write what needs optional packages, or note which one is missing."""
        show(f"writing the {what}")
        try:
            write(folder)
        except LeftOutError as error:
            self.left_out[what] = str(error)
        except ModuleNotFoundError as error:
            if (error.name or "").startswith("MSSTUNetReorientLib"):
                raise
            remedy = "pip install 'msstunet-reorient[dicom]'"
            self.left_out[what] = f"the package {error.name} is not installed; {remedy} installs it"
