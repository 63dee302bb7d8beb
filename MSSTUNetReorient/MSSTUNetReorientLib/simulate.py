"""The command ``simulate``: studies with known truth, for training, testing and teaching."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from .errors import InputError
from .terminal import tell

if TYPE_CHECKING:
    from collections.abc import Iterator


def simulate(
    kind: Annotated[str, typer.Option(help="What is simulated: spect, czt, pet or composite.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the studies, one folder each.")],
    count: Annotated[int, typer.Option(min=1, help="How many studies the folder shall hold.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same studies.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Processes.")] = 1,
    fast: Annotated[bool, typer.Option("--fast", help="An image-space model instead of projections and OSEM.")] = False,
    gates: Annotated[int, typer.Option(help="8 or 16 for ECG-gated studies.")] = 0,
    dicom: Annotated[bool, typer.Option("--dicom", help="Write each study as DICOM as well.")] = False,
    anatomy: Annotated[
        list[Path] | None, typer.Option(help="Folder of label maps of chests or hearts; may be given again.")
    ] = None,
    hearts: Annotated[Path | None, typer.Option(help="Folder of real short-axis counts, for composite.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Make studies with known pose, labels, perfusion and volumes. Finished ones are kept: run it again to go on."""
    from .simulation.batch import Request
    from .simulation.batch import make_studies
    from .simulation.parameters import KINDS

    if kind not in KINDS:
        msg = f"the kind of study must be one of {', '.join(KINDS)}, but found {kind}; choose one of them"
        raise InputError(msg)
    request = Request(kind, seed, out, fast, gates, dicom, tuple(anatomy or ()), hearts)
    _check_out(out)
    _follow(make_studies(request, count, jobs), count, quiet)
    if not quiet:
        tell(f"{count} studies in {out}")


def _check_out(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{out}: the output folder cannot be made ({error.strerror}); choose another"
        raise InputError(msg) from error


def _follow(studies: Iterator[Path], count: int, quiet: bool) -> None:
    """A progress bar where somebody watches."""
    from rich.console import Console
    from rich.progress import BarColumn
    from rich.progress import MofNCompleteColumn
    from rich.progress import Progress
    from rich.progress import TimeRemainingColumn

    console = Console(stderr=True)
    columns = ("simulating", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("", total=count)
        for _ in studies:
            bar.advance(task)
