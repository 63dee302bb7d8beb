"""The command ``evaluate``: measure methods on data sets with truth, and write the page of results."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..errors import InputError
from .extras import require
from .options import DebugFlag
from .options import QuietFlag
from .terminal import PROGRAM
from .terminal import print_line
from .terminal import progress_bar

if TYPE_CHECKING:
    from ..evaluation.candidates import Candidate
    from ..evaluation.measurement import Measurement
    from ..evaluation.page import Picture
    from ..evaluation.page import Run
    from ..evaluation.true_study import DataSet


def evaluate(
    sets: Annotated[list[str], typer.Argument(metavar="SET...", help="Folder of studies with truth, or NAME=FOLDER.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Output folder for the page, its pictures and the measurements.")
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="Shipped model, weight file, 'template' or 'mean-pose', as NAME=... to name it; can be repeated."
        ),
    ] = None,
    template_from: Annotated[
        Path | None,
        typer.Option(help="Folder of real short-axis counts for the template; default: simulated hearts."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Number of processes.")] = 1,
    paper_size: Annotated[
        bool, typer.Option("--paper-size", help="Also time the published network at its full size (minutes, 3 GB).")
    ] = False,
    changed: Annotated[
        int,
        typer.Option(min=0, help="Also turn, mirror and empty this many studies of each set; 0 for none."),
    ] = 8,
    again: Annotated[bool, typer.Option("--again", help="Repeat existing measurements.")] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Measure methods on studies with truth and write results.md. An interrupted run resumes."""
    require("evaluate")
    from ..evaluation.candidates import candidates
    from ..evaluation.candidates import default_models
    from ..evaluation.changed_studies import measure_changed
    from ..evaluation.evaluation_run import measure_all
    from ..evaluation.gallery import LEGEND
    from ..evaluation.gallery import galleries
    from ..evaluation.gated_studies import measure_gated
    from ..evaluation.page import Run
    from ..evaluation.study_sets import read_sets
    from ..evaluation.timing import timing

    found = read_sets(sets)
    methods = candidates(model or default_models(), template_from)
    check_out(out)
    if not quiet:
        _warn(found)
    with progress_bar("measuring", quiet) as report:
        rows = measure_all(found, methods, out, jobs=jobs, again=again, report=report)
    with progress_bar("changing studies", quiet) as report:
        most = changed if _has_verdicts(rows, methods[0]) else 0
        judged = measure_changed(found, methods[0], out, most=most, jobs=jobs, again=again, report=report)
    with progress_bar("measuring gates", quiet) as report:
        beating = measure_gated(found, methods[0], out, jobs=jobs, again=again, report=report)
    timed = timing(found, methods, out, paper_size=paper_size, again=again)
    pictures = [*_figures(rows, found, methods[0]), *galleries(rows, found, methods[0])]
    today = datetime.now(UTC).date().isoformat()
    _write(Run(command_line(sys.argv[1:]), today, found, methods, rows, judged, beating, timed, pictures, LEGEND), out)
    if not quiet:
        print_line(f"{len(rows)} measurements written to {out / 'results.md'}")


def command_line(arguments: Sequence[str]) -> str:
    """The command as it was typed; of absolute paths, which describe this machine, only the last name."""
    return shlex.join([PROGRAM, *(_nameless(text) for text in arguments)])


def _nameless(text: str) -> str:
    head, equals, tail = text.rpartition("=")
    return head + equals + (Path(tail).name if Path(tail).is_absolute() else tail)


def check_out(out: Path) -> None:
    """Make the output folder of an evaluation, or refuse.

    Raises:
        InputError: it is a file, or cannot be written.
    """
    from ..io.atomic_file import write_bytes

    if os.path.lexists(out) and not out.is_dir():
        msg = f"{out}: the output must be a folder, but this is a file; choose another"
        raise InputError(msg)
    try:
        out.mkdir(parents=True, exist_ok=True)
        write_bytes(out / ".probe", b"")
        (out / ".probe").unlink()
    except OSError as error:
        msg = f"{out}: the output folder cannot be made ({error.strerror}); choose another"
        raise InputError(msg) from error


def _warn(sets: Sequence[DataSet]) -> None:
    """Warn of data sets with hearts that models may have been trained on."""
    for s in sets:
        trained_on = {study.subject for study in s.studies if not study.held_out}
        if trained_on:
            print_line(f"warning: {s.name}: {len(trained_on)} subject(s) not held out from training")


def _has_verdicts(rows: Sequence[Measurement], method: Candidate) -> bool:
    """Whether a method has a quality control of its own."""
    return any(row.verdict for row in rows if row.method == method.name)


def _figures(rows: Sequence[Measurement], sets: Sequence[DataSet], first: Candidate) -> Iterator[Picture]:
    """Regressions and Bland-Altman of the first method, for each data set with whole poses."""
    from ..evaluation.page import Picture
    from ..evaluation.page import file_name
    from ..evaluation.plots import regressions
    from ..evaluation.summary import summaries

    for name, (summary,) in summaries(rows, [s.name for s in sets], [first.name]).items():
        content = regressions(summary)
        if content is not None:
            caption = f"{name}: estimated against true parameters and LV-MY volumes, and relative errors of the volumes"
            yield Picture(f"{file_name(name)}_regression.png", content, name, caption)


def _write(run: Run, out: Path) -> None:
    """Page and pictures; pictures of an earlier page that this one does not show are removed."""
    from ..evaluation.page import PAGE
    from ..evaluation.page import PICTURES
    from ..evaluation.page import page
    from ..io.atomic_file import write_bytes
    from ..io.atomic_file import write_text

    folder = out / PICTURES
    folder.mkdir(exist_ok=True)
    for picture in run.pictures:
        write_bytes(folder / picture.file, picture.content)
    write_text(out / PAGE, page(run))
    for old in set(folder.glob("*.png")) - {folder / picture.file for picture in run.pictures}:
        old.unlink()
