"""The command ``simulate``: studies with known truth, for training, testing and teaching."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

import numpy as np
import typer

from ..errors import InputError
from .options import DebugFlag
from .options import QuietFlag
from .terminal import print_line
from .terminal import progress_bar

if TYPE_CHECKING:
    from ..simulation.parameters import Placement


def simulate(
    kind: Annotated[str, typer.Option(help="spect, conventional, czt, pet or composite.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Output folder; each study gets its own subfolder.")],
    count: Annotated[int, typer.Option(min=1, help="Number of studies in the folder.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Random seed; the same seed gives the same studies.")] = 0,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Number of processes.")] = 1,
    fast: Annotated[
        bool, typer.Option("--fast", help="Use an image-space model instead of projections and OSEM.")
    ] = False,
    gates: Annotated[int, typer.Option(help="Number of gates, 8 or 16, for ECG-gated studies.")] = 0,
    dicom: Annotated[bool, typer.Option("--dicom", help="Also write each study as DICOM.")] = False,
    anatomy: Annotated[
        list[Path] | None, typer.Option(help="Folder of label maps of chests or hearts; can be repeated.")
    ] = None,
    hearts: Annotated[Path | None, typer.Option(help="Folder of real short-axis counts, for composite.")] = None,
    split: Annotated[
        str | None, typer.Option(help="Use only the real hearts of this split: train, validation or test.")
    ] = None,
    poses: Annotated[
        str, typer.Option(help="Distribution of the poses: cta (hearts in CT) or table2 (published, Ni 2023).")
    ] = "cta",
    pose: Annotated[
        tuple[float, float, float, float, float, float] | None,
        typer.Option(
            help="Pose of every LV: alpha, beta, gamma (rad), centre (mm, LPS) from the middle of the field. "
            "gamma only moves the septum: the roll of the truth follows from the long axis."
        ),
    ] = None,
    rest: Annotated[
        bool, typer.Option("--rest", help="Give each study a partner STUDY_rest: the same heart without its defects.")
    ] = False,
    healthy: Annotated[
        bool, typer.Option("--healthy", help="Only hearts without defects, as for normal limits.")
    ] = False,
    quiet: QuietFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Make studies with known pose, labels, perfusion and volumes. An interrupted run resumes."""
    from ..simulation.batch import BatchRequest
    from ..simulation.batch import make_studies
    from ..simulation.parameters import KINDS
    from ..simulation.splits import SPLITS

    _check_choice("the kind of study", kind, KINDS)
    if split is not None:
        _check_choice("the split", split, SPLITS)
    folders, placement = tuple(anatomy or ()), _placement(pose)
    request = BatchRequest(
        kind, seed, out, fast, gates, dicom, folders, hearts, split, poses, placement, rest, healthy  # type: ignore[arg-type]
    )  # fmt: skip
    with progress_bar("simulating", quiet) as report:
        report(0, count)
        for done, _ in enumerate(make_studies(request, count, jobs), 1):
            report(done, count)
    if not quiet:
        print_line(f"{count} studies in {out}")


def _check_choice(what: str, found: str, choices: tuple[str, ...]) -> None:
    if found not in choices:
        msg = f"{what} must be one of {', '.join(choices)}, but found {found}; choose one of them"
        raise InputError(msg)


def _placement(pose: tuple[float, ...] | None) -> Placement | None:
    from ..geometry.pose import rotation_from_euler
    from ..simulation.parameters import Placement

    if pose is None:
        return None
    alpha, beta, gamma, *centre = pose
    if not all(map(isfinite, pose)):
        msg = f"--pose must be six finite numbers, but found {' '.join(f'{x:g}' for x in pose)}; correct it"
        raise InputError(msg)
    return Placement.of(rotation_from_euler(alpha, beta, gamma), np.array(centre))
