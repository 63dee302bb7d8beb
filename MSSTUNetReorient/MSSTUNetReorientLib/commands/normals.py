"""The command ``normals``: normal limits from studies that are held to be normal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .options import DebugFlag
from .options import ModelOption
from .options import QuietFlag
from .terminal import progress_bar
from .terminal import write


def normals(
    folder: Annotated[
        Path, typer.Argument(help="Folder of normal studies: a file or subfolder for each, or results already made.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file of normal limits, *.npz.")],
    model: ModelOption = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Make normal limits from the studies of a folder that are held to be normal; report who was left out and why."""
    _check_out(out, overwrite)
    from ..output.make_normals import make_normals
    from ..output.make_normals import table
    from ..output.normal_studies import read_normals_of
    from ..output.normal_studies import study_paths
    from ..output.normals_file import write_normals
    from ..prediction.predictor import predict

    count, studies = len(study_paths(folder)), []
    with progress_bar("reading", quiet) as report:
        report(0, count)
        for study in read_normals_of(folder, lambda volume: predict(volume, model=model)):
            studies.append(study)
            report(len(studies), count)
    found, judged = make_normals(studies, str(folder))
    write_normals(found, out)
    if not quiet:
        write(sys.stdout, table(found, judged) + f"\nwritten to {out}\n")


def _check_out(out: Path, overwrite: bool) -> None:
    """Refuse before any work.

    Raises:
        InputError: another ending than .npz, no folder to write into, or a file that may not be replaced.
    """
    from ..output.normals_file import SUFFIX

    if out.suffix != SUFFIX:
        msg = f"{out}: a file of normal limits must end with {SUFFIX}; choose another name"
        raise InputError(msg)
    if out.is_dir() or not out.absolute().parent.is_dir():
        msg = f"{out}: the output must be a file in an existing folder, but is not; choose another"
        raise InputError(msg)
    if out.exists() and not overwrite:
        msg = f"{out}: the file exists; add --overwrite to replace it, or choose another"
        raise InputError(msg)
