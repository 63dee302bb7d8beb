"""The command ``stability``: how far results move when studies change in ways that should not matter."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import typer

from ..errors import InputError
from .extras import require
from .options import DebugFlag
from .options import ModelOption
from .options import QuietFlag
from .terminal import print_line

if TYPE_CHECKING:
    from ..prediction.result import ModelIdentity


def stability(
    studies: Annotated[
        list[Path], typer.Argument(metavar="STUDY...", help="Transaxial studies; no ground truth is needed.")
    ],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Markdown file; default: stdout.")] = None,
    model: ModelOption = None,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Crop, rotate, resample, blur and add noise to studies; report how far results move (about 15 s each)."""
    require("evaluate")
    from ..evaluation.perturbations import shifts
    from ..evaluation.perturbations import table
    from ..evaluation.score_spread import score_spreads
    from ..evaluation.score_spread import spread_table
    from ..io import read_study
    from ..io.atomic_file import write_text
    from ..prediction.models import load_compact
    from ..prediction.predictor import predict

    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        msg = f"{out}: the output must be a file in an existing folder, but is not; choose another"
        raise InputError(msg)
    _, identity = load_compact(model, "the stability test")
    volumes = [read_study(path) for path in studies]
    found, scores = [], []
    for n, volume in enumerate(volumes, 1):
        if not quiet:
            print_line(f"study {n} of {len(volumes)}")
        found += shifts(volume, lambda study: predict(study, model=model))
        scores += score_spreads(volume, model)
    page = _page(identity, len(volumes), table(found).markdown(), spread_table(scores).markdown())
    if out is None:
        sys.stdout.write(page)
    else:
        write_text(out, page)


def _page(model: ModelIdentity, count: int, table: str, scores: str) -> str:
    from ..evaluation.perfusion_figures import SCORED_BY

    return (
        "# Stability\n\n"
        f"How far a result of {model.name} {model.version} moves when a study is changed in ways that leave its\n"
        f"heart unchanged (median; worst), over {count} studies. Made by `msstunet-reorient stability`.\n\n{table}\n\n"
        "## Summed score and scar burden\n\n"
        "Their SD over small changes of the same study (over all studies; the worst study), and how many studies have\n"
        f"one. Scores are {SCORED_BY}.\n\n{scores}\n"
    )
