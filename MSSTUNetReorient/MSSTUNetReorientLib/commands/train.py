"""The commands ``train``, ``pool``, ``validate`` and ``calibrate``: models from recipes."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..errors import InputError
from .extras import require
from .options import DebugFlag
from .terminal import TerminatedError
from .terminal import print_line

if TYPE_CHECKING:
    from ..training.recipe import Recipe
    from ..training.turns import Turn


class Cameras(StrEnum):
    """How the studies of a pool are made."""

    fast = "fast"
    physical = "physical"


class Split(StrEnum):
    """Which hearts of the development data are used."""

    train = "train"
    validation = "validation"
    test = "test"


DATA = "Development data for the simulator; default: parametric anatomy only."
POOL = "Pool to train from; can be repeated, each is sampled equally; default: make studies during training."


def train(
    recipe: Annotated[str | None, typer.Argument(help="Name of a shipped recipe, or path of a recipe file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run; run again to resume.")] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    pool: Annotated[list[Path] | None, typer.Option(help=POOL)] = None,
    held_out: Annotated[Path | None, typer.Option(help="Folder for the held-out studies of the final table.")] = None,
    studies: Annotated[Path | None, typer.Option(help="Folder of own studies to add, one subfolder each.")] = None,
    init: Annotated[
        str | None, typer.Option(help="Initial weights: weight file or model name, such as compact.")
    ] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Number of steps; default: as in the recipe.")] = None,
    limit_minutes: Annotated[float | None, typer.Option(min=0.01, help="Stop after this time; can be resumed.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="Number of CPU threads.")] = 2,
    all_small: Annotated[
        bool, typer.Option("--all-small", help="Train every small-* recipe in the order of the papers' tables.")
    ] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=1, help="Processes of --all-small, one thread each; needs --pool.")
    ] = 1,
    list_: Annotated[bool, typer.Option("--list", help="List the recipes.")] = False,
    debug: DebugFlag = False,
) -> None:
    """Train by a recipe; write weights and a table. Ctrl-C saves and stops; the same command resumes."""
    require("train")
    from ..evaluation.published_figures import COMPARISONS
    from ..training.machine import leave
    from ..training.recipe import load_recipe
    from ..training.recipe import shipped_recipes
    from ..training.training_run import TrainingRequest
    from ..training.turns import Turn

    if list_:
        sys.stdout.write(_recipes_table([load_recipe(name) for name in shipped_recipes()]))
        return
    if out is None or (recipe is None) != all_small:
        msg = "give a RECIPE (or --all-small) and --out FOLDER; train --list lists the recipes"
        raise InputError(msg)
    if jobs > 1 and not (all_small and pool):
        msg = f"--jobs {jobs}: several runs at once must share a pool; give --all-small and --pool FOLDER"
        raise InputError(msg)
    import torch

    torch.set_num_threads(threads)
    turns = []
    for name in COMPARISONS if all_small else [str(recipe)]:
        chosen = load_recipe(name).lasting(iterations)
        folder, common = (out / Path(name).stem, out) if all_small else (out, None)
        request = TrainingRequest(chosen, folder, data, tuple(pool or ()), held_out, studies, init, common)
        turns.append(Turn(request, limit_minutes, PrefixedPrinter(name)))
    try:
        _train(turns, jobs)
    finally:
        leave()


def _train(turns: Sequence[Turn], jobs: int) -> None:
    """All runs, to their ends or until they are stopped; a stop is reported and raised."""
    from ..training.turns import Stop
    from ..training.turns import take_all

    asked = Stop()
    with stop_requests(asked.event.set) as stop:
        if jobs > 1:
            done = take_all(turns, jobs, asked)
        else:
            done = [t.name for t in turns if not asked.event.is_set() and t.take(asked.event.is_set)]
    for turn in turns:
        if turn.name not in done:
            print_line(f"{turn.name}: stopped before the end; run the same command to resume")
    if stop.signal is not None:
        raise KeyboardInterrupt if stop.signal == signal.SIGINT else TerminatedError


def pool(
    folder: Annotated[Path, typer.Argument(help="Folder of the pool.")],
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    split: Annotated[Split, typer.Option(help="Which hearts of the development data are used.")] = Split.train,
    slots: Annotated[
        int, typer.Option(min=1, help="Maximum number of studies in the folder; then the oldest are replaced.")
    ] = 3000,
    count: Annotated[
        int | None, typer.Option(min=1, help="Stop after this total number of studies; default: run until stopped.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first study.")] = 1000,
    cameras: Annotated[
        Cameras, typer.Option(help="physical: native voxels, SPECT by OSEM, 3 to 6 s a study.")
    ] = Cameras.fast,
    debug: DebugFlag = False,
) -> None:
    """Make simulated studies for training until stopped; several training runs can share a pool."""
    require("train")
    import torch

    from ..training.pool import fill_pool
    from ..training.pool import training_sources

    torch.set_num_threads(1)
    sources = training_sources(data, split.value)
    fill_pool(folder, sources, slots=slots, first_seed=seed, count=count, cameras=cameras.value)


def validate(
    folder: Annotated[Path, typer.Argument(help="Pool of held-out studies.")],
    model: Annotated[str, typer.Option(help="Shipped model, weight file, or LOCATOR.npz+SEGMENTER.npz.")] = "compact",
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    debug: DebugFlag = False,
) -> None:
    """Measure a model on a pool of studies: medians, 95th centiles (5th of DSC), failures."""
    require("train")
    from json import dumps

    from ..evaluation.comparisons import load_method
    from ..training.validate import as_table
    from ..training.validate import validate as measure_all

    if not any(folder.glob("*.npz")):
        msg = f"{folder}: a pool must contain studies with truth (.npz), but there are none; run the command pool first"
        raise InputError(msg)
    figures = measure_all(folder, load_method(model), print_line)
    sys.stdout.write((dumps(figures, indent=1) if json else as_table(figures)) + "\n")


def calibrate(
    weights: Annotated[Path, typer.Argument(help="Weight file of the compact model.")],
    sets: Annotated[list[str], typer.Argument(help="Data sets with truth, FOLDER or NAME=FOLDER, not trained on.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output weight file.")],
    debug: DebugFlag = False,
) -> None:
    """Calibrate the wall thickness on held-out studies."""
    require("train")
    from ..evaluation.study_sets import read_sets
    from ..training.calibrate import calibrate as learn

    offset = learn(weights, read_sets(sets), out)
    sys.stdout.write(f"wall logit lowered by {offset:.2f}; written to {out}\n")


def bounds(
    weights: Annotated[Path, typer.Argument(help="Weight file of the compact model.")],
    sets: Annotated[list[str], typer.Argument(help="Data sets with truth, FOLDER or NAME=FOLDER, not trained on.")],
    debug: DebugFlag = False,
) -> None:
    """Calibrate the error bounds on held-out studies; they are written beside the weight file."""
    require("evaluate")
    from ..evaluation.study_sets import read_sets
    from ..training.fit_bounds import calibrate_bounds
    from ..training.fit_bounds import coverage_table

    path, coverage = calibrate_bounds(weights, read_sets(sets), print_line)
    sys.stdout.write(f"{coverage_table(coverage)}\nwritten to {path}\n")


def blend(
    first: Annotated[Path, typer.Argument(help="Weight file of the compact model.")],
    second: Annotated[Path, typer.Argument(help="Second weight file, for example fine-tuned from the first.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output weight file; calibrate it afterwards.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share of the second file.")] = 0.5,
    debug: DebugFlag = False,
) -> None:
    """Average the weights of a model and of its fine-tuned version."""
    require("train")
    from ..training.blend import blend as mix

    mix(first, second, share, out)
    sys.stdout.write(f"{out}\n")


class StopSignal:
    """The signal that requested a stop, if any."""

    signal: int | None = None


@contextmanager
def stop_requests(tell: Callable[[], None]) -> Iterator[StopSignal]:
    """Ctrl-C and SIGTERM let the step end and the checkpoint be saved; a second one ends at once.

    Args:
        tell: called at the first.
    """
    stop = StopSignal()

    def note(number: int, _: FrameType | None) -> None:
        if stop.signal is not None:
            raise KeyboardInterrupt if number == signal.SIGINT else TerminatedError
        stop.signal = number
        tell()
        print_line("stopping after this step; press Ctrl-C again to stop at once")

    former = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class PrefixedPrinter:
    """Prints lines to stderr, each with the recipe's name."""

    def __init__(self, name: str) -> None:
        self.name = Path(name).stem

    def __call__(self, line: str) -> None:
        print_line(f"{self.name}: {line}")


def _recipes_table(recipes: list[Recipe]) -> str:
    width = max(len(r.name) for r in recipes)
    return "".join(f"{r.name.ljust(width)}  {r.title}: {r.about}\n" for r in recipes)
