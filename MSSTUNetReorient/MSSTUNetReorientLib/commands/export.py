"""The command ``export``: a result as DICOM objects, for an archive."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..archive.archive_address import OWN_TITLE
from ..archive.archive_address import check_title
from .options import DebugFlag
from .options import QuietFlag
from .send import SEND_HELP
from .send import TITLE_HELP
from .send import check_archive
from .send import send_folder
from .send import sent_line
from .terminal import print_line
from .terminal import print_nothing
from .terminal import progress_lines
from .terminal import stdout_reserved
from .terminal import write

ANONYMOUS_HELP = "Write pseudonyms in place of the patient's name, ID, dates and UIDs."
DESCRIPTION_HELP = "SeriesDescription of the views; {view} and {source}, the source's own, are filled in."


def export(
    result: Annotated[Path, typer.Argument(help="Folder of a result, as 'run' made it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the DICOM files.")],
    source: Annotated[
        Path | None,
        typer.Option(help="The DICOM study that was processed; its patient's name, ID and dates are written."),
    ] = None,
    series: Annotated[str | None, typer.Option(help="Series to take from a source folder with several.")] = None,
    anonymous: Annotated[bool, typer.Option("--anonymous", help=ANONYMOUS_HELP)] = False,
    long_axes: Annotated[bool, typer.Option("--long-axes", help="Write the views VLA and HLA as well.")] = False,
    description: Annotated[str, typer.Option(help=DESCRIPTION_HELP)] = "{view} {source}",
    uid_root: Annotated[str, typer.Option(help="What new UIDs begin with; UUIDs (2.25) by default.")] = "",
    send: Annotated[str | None, typer.Option(help=SEND_HELP)] = None,
    title: Annotated[str, typer.Option(help=TITLE_HELP)] = OWN_TITLE,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Write a result as DICOM: short axis, segmentation, report. They hold the patient's name, ID and dates.

    The objects need them, to lie beside the study in the archive; nothing else of this program writes them.
    """
    from ..archive.exporting import ExportOptions
    from ..archive.exporting import export_result

    check_archive(send, out)
    check_title(title)
    options = ExportOptions(anonymous, long_axes, uid_root, description, series)
    note = print_nothing if quiet else print_line
    with stdout_reserved():
        done = export_result(result, source, out, options, progress=progress_lines(quiet), note=note)
    if not quiet:
        told = "pseudonyms, no patient" if anonymous else "with the patient's name, ID and dates"
        write(sys.stdout, f"{len(done.files)} DICOM files written to {out} ({told})\n")
    if send is not None:
        sent = send_folder(out, send, title, progress_lines(quiet))
        if not quiet:
            write(sys.stdout, sent_line(sent, send) + "\n")
