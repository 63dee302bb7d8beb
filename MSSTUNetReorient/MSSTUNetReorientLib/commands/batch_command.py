"""The command ``batch``: all studies below folders."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..errors import InputError
from .options import ColoursOption
from .options import DebugFlag
from .options import DeviceOption
from .options import JobsOption
from .options import LimitsOption
from .options import ModelOption
from .options import QuietFlag
from .options import SceneFlag
from .terminal import print_line
from .terminal import progress_bar
from .terminal import write

if TYPE_CHECKING:
    from .run_batch import BatchReport

EXIT_WITHOUT_RESULT = 3
"""The batch is complete, but some of its studies have no result."""


def batch(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="INPUT", help="Studies, and folders in which to search for them.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder: a new one, or one to continue.")],
    model: ModelOption = None,
    device: DeviceOption = "auto",
    limits: LimitsOption = "auto",
    jobs: JobsOption = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers do it, such as tcp://host:8786.")
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Write reports, overviews and thumbnails.")
    ] = True,
    scene: SceneFlag = False,
    colours: ColoursOption = "perceptual",
    parquet: Annotated[bool, typer.Option("--parquet", help="Write results.parquet beside results.csv.")] = False,
    sources: Annotated[
        Path | None,
        typer.Option(help="File to write which study came from which path; paths may hold names of patients."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Remove results made with other settings, and begin again.")
    ] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Process all studies below folders; a run that was stopped goes on where it was."""
    for option, package, extra in ((parquet, "pyarrow", "parquet"), (scheduler, "distributed", "dask")):
        if option and find_spec(package) is None:
            msg = f"--{'scheduler' if extra == 'dask' else extra} needs the package {package}, which is not installed; "
            msg += f"run pip install 'msstunet-reorient[{extra}]'"
            raise InputError(msg)
    from .batch_task import Making
    from .run_batch import run_batch

    making = Making(model, device, limits, colours, pictures, scene)
    if not quiet:
        print_line("searching for studies")
    with progress_bar("studies", quiet) as report:
        done = run_batch(
            inputs,
            out,
            making,
            jobs=jobs,
            scheduler=scheduler,
            overwrite=overwrite,
            parquet=parquet,
            sources=sources,
            progress=report,
        )
    if not quiet:
        write(sys.stdout, "\n".join([*_lines(done), f"written to {out}: index.html, results.csv"]) + "\n")
    if done.without_result:
        raise typer.Exit(EXIT_WITHOUT_RESULT)


def _lines(done: BatchReport) -> Iterator[str]:
    """The summary."""
    yield from (f"{name} left out: {why}" for name, why in done.files_left_out.items())
    yield from (f"{what}: {number} left out" for what, number in done.left_out.items())
    if done.twice:
        names = ", ".join(done.twice[:3]) + (", ..." if len(done.twice) > 3 else "")
        what = "studies with a result alone and one with their partner, which the table has"
        yield f"{what}: {len(done.twice)} ({names})"
    counts = ", ".join(f"{number} {status}" for status, number in sorted(done.statuses.items()))
    yield f"{sum(done.statuses.values())} studies ({done.pairs} pairs): {counts}"
