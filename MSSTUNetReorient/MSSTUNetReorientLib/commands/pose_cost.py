"""The command ``pose-cost``: turn and shift accepted poses, and write the page of what that costs."""

from __future__ import annotations

import sys
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError
from .evaluate import check_out
from .evaluate import command_line
from .extras import require
from .options import DebugFlag
from .options import ModelOption
from .options import QuietFlag
from .terminal import print_line
from .terminal import progress_bar


def pose_cost(
    sets: Annotated[list[str], typer.Argument(metavar="SET...", help="Folder of studies with truth, or NAME=FOLDER.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder for the page, its figure and the rows.")],
    model: ModelOption = None,
    studies: Annotated[
        int | None, typer.Option(min=1, help="At most this many studies of each set, evenly; all by default.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Number of processes.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Repeat existing measurements.")] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Turn and shift accepted poses, write what that changes (about 40 s a study). An interrupted run resumes."""
    require("evaluate")
    from ..evaluation.pose_cost_page import PAGE
    from ..evaluation.pose_cost_page import PICTURE
    from ..evaluation.pose_cost_page import CostRun
    from ..evaluation.pose_cost_page import cost_figure
    from ..evaluation.pose_cost_page import cost_page
    from ..evaluation.pose_cost_run import measure_costs
    from ..evaluation.study_sets import read_sets
    from ..io.atomic_file import write_bytes
    from ..io.atomic_file import write_text
    from ..prediction.models import load_compact

    found = read_sets(sets)
    inexact = [s.name for s in found if not all(study.exact for study in s.studies)]
    if inexact:
        msg = f"{', '.join(inexact)}: studies must have exact poses, but these are real ones; give simulated studies"
        raise InputError(msg)
    _, identity = load_compact(model, "pose-cost")
    check_out(out)
    with progress_bar("measuring", quiet) as report:
        rows = measure_costs(found, model, identity.sha256, out, most=studies, jobs=jobs, again=again, report=report)
    held_out = all(study.held_out for s in found for study in s.studies)
    today = datetime.now(UTC).date().isoformat()
    run = CostRun(command_line(sys.argv[1:]), today, f"{identity.name} {identity.version}", rows, held_out)
    write_bytes(out / PICTURE, cost_figure(rows))
    write_text(out / PAGE, cost_page(run))
    if not quiet:
        print_line(f"{len(rows)} measurements written to {out / PAGE}")
