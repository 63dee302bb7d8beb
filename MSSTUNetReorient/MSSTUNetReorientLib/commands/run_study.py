"""The whole job in one call: study file in, folder with the result out; for the command line and for scripts."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from ..errors import InputError
from ..output.colour_tables import DEFAULT
from ..output.colour_tables import check_colours
from ..output.destination import check_destination
from ..output.limits_choice import check_request
from ..prediction.result import Result

if TYPE_CHECKING:
    from ..io import GatedStudy

Printer = Callable[[str], None]


def run_study(
    study: Path,
    out: Path,
    *,
    gate: int | None = None,
    series: str | None = None,
    window: str | None = None,
    frames: tuple[int, int] | None = None,
    orientation: str | None = None,
    short_axis: bool = False,
    model: str | Path | None = None,
    device: str = "auto",
    limits: str = "auto",
    overwrite: bool = False,
    scene: bool = True,
    report: bool = True,
    colours: str = DEFAULT,
    dicom_out: Path | None = None,
    anonymous: bool = False,
    progress: Printer | None = None,
    note: Printer | None = None,
) -> Result:
    """Read a study, find its left ventricle and write the result.

    Args:
        study: a reconstructed transaxial study: DICOM file or folder, NRRD, NIfTI or MetaImage.
        out: the folder to make.
        gate, series, window, frames, orientation, short_axis: see :func:`..io.read_study`.
        model: name of a shipped model or path of a weight file; the default model by default.
        device: "auto", "cpu", "cuda" or "mps".
        limits: normal limits: "auto" chooses by the header, else a name, a file of the command ``normals``, or "none".
        overwrite: replace an existing result.
        scene: write ``scene.mrb``.
        report: write ``report.html`` and ``overview.png``.
        colours: colour table of the pictures, one of :data:`..output.colour_tables.NAMES`.
        dicom_out: also write the result as DICOM objects into this new folder, **with the patient's name, ID and
            dates**; see :func:`..archive.exporting.export_result`.
        anonymous: write pseudonyms into these objects.
        progress: called with each step.
        note: called with each file that was left out because an optional package is missing.

    Returns:
        The result as written; its ``left_out`` names files that need an optional package, and why.

    Raises:
        InputError: the study, the model or the output folder breaks a rule; nothing has been written.
    """
    show = progress or (lambda _: None)
    check_colours(colours)
    check_destination(out, overwrite)
    check_request(limits)
    check_dicom_out(dicom_out, [study], [series], anonymous)
    show(f"reading {study}")
    found = read_whole(study, gate, series=series, window=window, frames=frames, orientation=orientation,
                       short_axis=short_axis)  # fmt: skip
    show("loading the network")
    result = result_of(found, model=model, device=device, short_axis=short_axis, limits=limits, progress=show)
    from ..output.result_files import deliver

    written = deliver(
        result, out, overwrite=overwrite, scene=scene, report=report, colours=colours, progress=show, note=note
    )
    if dicom_out is not None:
        write_dicom(Path(out), study, series, dicom_out, anonymous, show, note)
    return written.result


def check_dicom_out(out: Path | None, studies: Sequence[Path], series: Sequence[str | None], anonymous: bool) -> None:
    """Refuse, before any work, studies that cannot be exported, or a folder that cannot be made.

    Raises:
        InputError: as :func:`..archive.exporting.export_result`.
    """
    if out is None:
        if anonymous:
            msg = "--anonymous belongs to DICOM objects, but --dicom-out is not given; add it or omit --anonymous"
            raise InputError(msg)
        return
    from ..archive.exporting import ExportOptions
    from ..archive.exporting import check_export

    for study, chosen in zip(studies, series, strict=True):
        check_export(dicom_source(study, anonymous), out, ExportOptions(anonymous, series=chosen))


def write_dicom(
    result: Path, study: Path, series: str | None, out: Path, anonymous: bool, show: Printer, note: Printer | None
) -> None:
    """Export a result that was just written.

    Raises:
        InputError: it cannot be exported, though it was written; no DICOM object has been.
    """
    from ..archive.exporting import ExportOptions
    from ..archive.exporting import export_result

    options = ExportOptions(anonymous, series=series)
    try:
        export_result(result, dicom_source(study, anonymous), out, options, progress=show, note=note)
    except InputError as error:
        msg = f"the result was written to {result}, but no DICOM objects: {error}"
        raise InputError(msg) from error


def dicom_source(study: Path, anonymous: bool) -> Path | None:
    """The study as source of an export; an image file has no patient, and needs none if anonymous."""
    from ..io.dicom_file import is_dicom

    image = anonymous and study.is_file() and not is_dicom(study)
    return None if image else study


def read_whole(study: Path, gate: int | None, **choice: Any) -> GatedStudy:
    """A study with all its gates, or only one of them.

    Args:
        study, gate: see :func:`run_study`.
        choice: the other arguments of :func:`..io.read_study`.
    """
    from ..io import GatedStudy
    from ..io import read_gates
    from ..io import read_study

    return read_gates(study, **choice) if gate is None else GatedStudy(read_study(study, gate=gate, **choice), ())


def result_of(
    found: GatedStudy, *, model: str | Path | None, device: str, short_axis: bool, limits: str, progress: Printer
) -> Result:
    """The result of a study as read, with its gates if it has any; arguments as for :func:`run_study`."""
    from ..prediction.predictor import predict

    result = predict(found.total, model=model, device=device, keep_axes=short_axis, progress=progress)
    if found.gates:
        from ..prediction.gates import with_gates

        result = with_gates(result, found.gates, model=model, device=device, progress=progress)
    return replace(result, normal_limits=limits)
