"""Make studies and train the compact model on them: ``python -m MSSTUNetReorientLib.training --help``.

Two processes keep two cores busy: ``pool`` makes studies into a folder for as long as it is left running, ``fit``
trains from that folder; either may be stopped and started again.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from ..errors import InputError
from ..models import save_weights
from ..networks.compact import compact
from .loop import Schedule
from .loop import Training
from .loop import run
from .pool import fill_pool
from .pool import load_sources
from .validate import validate


def main() -> int:
    """0 when done, 2 on a request that cannot be met."""
    parser = argparse.ArgumentParser(prog="python -m MSSTUNetReorientLib.training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    pool = commands.add_parser("pool", help="make studies into a folder, the oldest replaced when it is full")
    pool.add_argument("folder", type=Path)
    pool.add_argument("--data", type=Path, help="development data; without it the parametric anatomy serves alone")
    pool.add_argument("--split", choices=("train", "validation", "test"), default="train")
    pool.add_argument("--slots", type=int, default=3000)
    pool.add_argument("--count", type=int, help="stop after so many studies")
    pool.add_argument("--seed", type=int, default=1000)
    fit = commands.add_parser("fit", help="train from a folder of studies; goes on from the run's checkpoint")
    fit.add_argument("pool", type=Path)
    fit.add_argument("run", type=Path)
    fit.add_argument("--iterations", type=int, default=Schedule.iterations)
    fit.add_argument("--threads", type=int, default=2)
    check = commands.add_parser("validate", help="what a model reaches on a folder of studies, as JSON")
    check.add_argument("pool", type=Path)
    check.add_argument("--model", help="name of a shipped model or path of a weight file")
    arguments = parser.parse_args()
    try:
        {"pool": _pool, "fit": _fit, "validate": _validate}[arguments.command](arguments)
    except InputError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _pool(arguments: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    sources = load_sources(arguments.data, arguments.split)
    fill_pool(
        arguments.folder, sources, slots=arguments.slots, first_seed=arguments.seed, count=arguments.count
    )  # fmt: skip


def _fit(arguments: argparse.Namespace) -> None:
    if not any(arguments.pool.glob("*.npz")):
        msg = f"{arguments.pool}: a pool must hold studies (.npz), but there is none; run the command pool first"
        raise InputError(msg)
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(Schedule.seed)
    training = Training(compact(), Schedule(iterations=arguments.iterations))
    run(training, arguments.pool, arguments.run, lambda line: print(line, flush=True))  # noqa: T201
    digest = save_weights(training.average, "compact", arguments.run / "compact.npz")
    print(f"{arguments.run / 'compact.npz'} sha256 {digest}")  # noqa: T201


def _validate(arguments: argparse.Namespace) -> None:
    figures = validate(arguments.pool, arguments.model, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201
    print(json.dumps(figures, indent=1))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
