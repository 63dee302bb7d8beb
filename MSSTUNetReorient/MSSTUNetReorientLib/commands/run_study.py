"""The whole job in one call: study file in, folder with the result out; for the command line and for scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

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
    show(f"reading {study}")
    found = read_whole(study, gate, series=series, window=window, frames=frames, orientation=orientation,
                       short_axis=short_axis)  # fmt: skip
    show("loading the network")
    result = result_of(found, model=model, device=device, short_axis=short_axis, limits=limits, progress=show)
    from ..output.result_files import deliver

    written = deliver(
        result, out, overwrite=overwrite, scene=scene, report=report, colours=colours, progress=show, note=note
    )
    return written.result


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
