"""The commands ``train``, ``pool``, ``validate`` and ``calibrate``: models from recipes."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..errors import InputError
from .extras import require
from .terminal import TerminatedError
from .terminal import tell

if TYPE_CHECKING:
    from ..training.recipe import Recipe
    from ..training.training_run import TrainingRequest


class Cameras(StrEnum):
    """What studies of a pool are made with."""

    fast = "fast"
    physical = "physical"


class Split(StrEnum):
    """Who of the development data may be seen."""

    train = "train"
    validation = "validation"
    test = "test"


DATA = "Development data for the simulator; without it the parametric anatomy serves alone."
POOL = "Train from this pool, or from several, each drawn from as often; without one studies are made here."


def train(
    recipe: Annotated[str | None, typer.Argument(help="Name of a shipped recipe, or path of one.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Folder of the run; run it again to go on.")] = None,
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    pool: Annotated[list[Path] | None, typer.Option(help=POOL)] = None,
    held_out: Annotated[Path | None, typer.Option(help="Folder for the held-out studies of the table.")] = None,
    studies: Annotated[Path | None, typer.Option(help="A centre's own studies, a folder each, to be mixed in.")] = None,
    init: Annotated[str | None, typer.Option(help="Model to begin from: a weight file, or a name as compact.")] = None,
    iterations: Annotated[int | None, typer.Option(min=1, help="Steps; the recipe's own by default.")] = None,
    limit_minutes: Annotated[float | None, typer.Option(min=0.01, help="Stop after this time; goes on later.")] = None,
    threads: Annotated[int, typer.Option(min=1, help="CPU threads.")] = 2,
    all_small: Annotated[bool, typer.Option("--all-small", help="Every small-* recipe in turn, in OUT/NAME.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Show the recipes.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Train a network by a recipe. A stop (Ctrl-C) saves; the same command goes on. Ends with weights and a table."""
    require("train")
    from ..training.machine import leave
    from ..training.recipe import load_recipe
    from ..training.recipe import shipped_recipes
    from ..training.training_run import TrainingRequest

    if list_:
        sys.stdout.write(_recipes_table([load_recipe(name) for name in shipped_recipes()]))
        return
    if out is None or (recipe is None) != all_small:
        msg = "give a RECIPE (or --all-small) and --out FOLDER; train --list shows the recipes"
        raise InputError(msg)
    names = [n for n in shipped_recipes() if n.startswith("small-")] if all_small else [str(recipe)]
    import torch

    torch.set_num_threads(threads)
    try:
        for name in names:
            chosen = load_recipe(name).lasting(iterations)
            folder, common = (out / name, out) if all_small else (out, None)
            request = TrainingRequest(chosen, folder, data, tuple(pool or ()), held_out, studies, init, common)
            _train_one(name, request, limit_minutes)
    finally:
        leave()


def _train_one(name: str, request: TrainingRequest, limit_minutes: float | None) -> None:
    """One run, to its end or to a stop, which is told and raised."""
    from ..training.training_run import train_model

    with stop_heard() as stop:
        limit = None if limit_minutes is None else time.monotonic() + 60 * limit_minutes

        def keep_going() -> bool:
            return stop.signal is None and (limit is None or time.monotonic() < limit)

        done = train_model(request, Teller(name), keep_going)
    if not done:
        tell(f"{name}: stopped before the end; the same command goes on")
    if stop.signal is not None:
        raise KeyboardInterrupt if stop.signal == signal.SIGINT else TerminatedError


def pool(
    folder: Annotated[Path, typer.Argument(help="Folder of the pool.")],
    data: Annotated[Path | None, typer.Option(help=DATA)] = None,
    split: Annotated[Split, typer.Option(help="Whose hearts may be seen.")] = Split.train,
    slots: Annotated[int, typer.Option(min=1, help="Studies that the folder holds; then the oldest goes.")] = 3000,
    count: Annotated[int | None, typer.Option(min=1, help="Stop when so many were made in all.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the first study.")] = 1000,
    cameras: Annotated[
        Cameras, typer.Option(help="physical: each on its own voxels; SPECT by OSEM, 3 to 6 s.")
    ] = Cameras.fast,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Make simulated studies to train from, for as long as it is left running; several runs can share them."""
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
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """What a model reaches on a pool of studies: medians, the bad 5 %, failures."""
    require("train")
    from json import dumps

    from ..evaluation.comparisons import load_method
    from ..training.validate import as_table
    from ..training.validate import validate as measure_all

    if not any(folder.glob("*.npz")):
        msg = f"{folder}: a pool must hold studies with truth (.npz), but there is none; run the command pool first"
        raise InputError(msg)
    figures = measure_all(folder, load_method(model), tell)
    sys.stdout.write((dumps(figures, indent=1) if json else as_table(figures)) + "\n")


def calibrate(
    weights: Annotated[Path, typer.Argument(help="Weight file of the compact model.")],
    pools: Annotated[list[Path], typer.Argument(help="Pools of studies that it was not trained on.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The weight file with its calibration.")],
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Make walls as thick as they are, and learn the bound that the quality verdict tells, from held-out studies."""
    require("train")
    from ..training.calibrate import calibrate as learn

    within = learn(weights, pools, out)
    sys.stdout.write(f"{100 * within:.0f} % of the studies lie within their bound; written to {out}\n")


def blend(
    first: Annotated[Path, typer.Argument(help="Weight file of the compact model.")],
    second: Annotated[Path, typer.Argument(help="Another, as one trained on from the first.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The mixed weight file; calibrate it.")],
    share: Annotated[float, typer.Option(min=0.0, max=1.0, help="Of the second.")] = 0.5,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    """Mix the weights of a model and of what it became by training on."""
    require("train")
    from ..training.blend import blend as mix

    mix(first, second, share, out)
    sys.stdout.write(f"{out}\n")


class Stop:
    """Which signal asked for a stop, if any did."""

    signal: int | None = None


@contextmanager
def stop_heard() -> Iterator[Stop]:
    """Within, Ctrl-C and SIGTERM are noted, for the step to end and the checkpoint to be saved; twice ends at once."""
    stop = Stop()

    def note(number: int, _: FrameType | None) -> None:
        if stop.signal is not None:
            raise KeyboardInterrupt if number == signal.SIGINT else TerminatedError
        stop.signal = number
        tell("stopping after this step; once more stops at once")

    former = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


class Teller:
    """Lines on stderr, each with the recipe's name."""

    def __init__(self, name: str) -> None:
        self.name = Path(name).stem

    def __call__(self, line: str) -> None:
        tell(f"{self.name}: {line}")


def _recipes_table(recipes: list[Recipe]) -> str:
    width = max(len(r.name) for r in recipes)
    return "".join(f"{r.name.ljust(width)}  {r.title}: {r.about}\n" for r in recipes)
