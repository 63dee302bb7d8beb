"""The command ``compare``: measure the papers' networks of a folder of runs, and write the page of comparisons."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from .evaluate import check_out
from .evaluate import command_line
from .extras import require
from .options import DebugFlag
from .options import QuietFlag
from .terminal import print_line
from .terminal import progress_bar


def compare(
    runs: Annotated[Path, typer.Argument(help="Folder of runs, as train --all-small leaves it.")],
    sets: Annotated[list[str], typer.Argument(metavar="SET...", help="Folder of studies with truth, or NAME=FOLDER.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder for the page.")],
    rows: Annotated[Path | None, typer.Option(help="Folder for the measurements; default: that of the runs.")] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Number of processes.")] = 1,
    again: Annotated[bool, typer.Option("--again", help="Repeat existing measurements.")] = False,
    simulated_again: Annotated[
        bool,
        typer.Option(
            "--simulated-again", help="The studies are those of --rows, simulated again on another processor."
        ),
    ] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Measure the papers' networks and write comparisons.md. An interrupted run resumes; networks may be missing.

    Networks that were measured before need no weights as long as --rows has their measurements.
    """
    require("train")
    from ..evaluation.comparison_page import PAGE
    from ..evaluation.comparison_page import comparison_page
    from ..evaluation.comparison_page import trained_networks
    from ..evaluation.cropped_studies import cropped
    from ..evaluation.csv_rows import read_rows
    from ..evaluation.evaluation_run import measure_all
    from ..evaluation.measured_networks import keep_networks
    from ..evaluation.measured_networks import known_networks
    from ..evaluation.measured_networks import with_measurements
    from ..evaluation.measured_studies import as_measured
    from ..evaluation.measurement import Measurement
    from ..evaluation.measurements_csv import FILE
    from ..evaluation.published_figures import COMPARISONS
    from ..evaluation.study_sets import read_sets
    from ..io.atomic_file import write_text
    from ..training.convergence import FALL
    from ..training.recipe import load_recipe

    place = rows or runs
    known = known_networks(place)
    titles = {name: load_recipe(name).title for name in COMPARISONS}
    trained = trained_networks(runs, titles, {} if again else known)
    found = [cropped(data_set, trained.half_mm) for data_set in read_sets(sets)]
    if simulated_again:
        measured_before = read_rows(place / FILE, Measurement)
        found = [as_measured(data_set, measured_before) for data_set in found]
    trained = replace(trained, candidates=with_measurements(trained.candidates, found, place))
    check_out(out)
    check_out(place)
    methods = list(trained.candidates.values())
    with progress_bar("measuring", quiet) as report:
        measured = measure_all(found, methods, place, jobs=jobs, again=again, report=report, perfusion=False)
    keep_networks(place, {**known, **trained.candidates})
    today = datetime.now(UTC).date().isoformat()
    told = command_line(sys.argv[1:])
    write_text(out / PAGE, comparison_page(trained, found, measured, command=told, date=today, fall=FALL))
    if not quiet:
        print_line(f"{len(measured)} measurements written to {out / PAGE}")
