"""Stress and rest in one call: two study files in, one folder with both results and their comparison out."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError
from ..geometry.volume import Volume
from ..output.colour_tables import DEFAULT
from ..output.colour_tables import check_colours
from ..output.destination import PAIR
from ..output.destination import check_destination
from ..output.limits_choice import check_request
from .run_study import check_dicom_out
from .run_study import read_whole
from .run_study import result_of
from .run_study import write_dicom

if TYPE_CHECKING:
    from ..output.pair import Pair

Printer = Callable[[str], None]

SAME_COUNTS = 0.005
"""Two studies whose counts differ nowhere by more, each in parts of its maximum, are one (ours): the unit or
the rounding of an export changes them by less, noise by more."""


def run_pair(
    stress: Path,
    rest: Path,
    out: Path,
    *,
    gate: int | None = None,
    series: str | None = None,
    rest_series: str | None = None,
    window: str | None = None,
    frames: tuple[int, int] | None = None,
    orientation: str | None = None,
    short_axis: bool = False,
    model: str | Path | None = None,
    device: str = "auto",
    limits: str = "auto",
    overwrite: bool = False,
    scene: bool = True,
    report: bool = True,
    colours: str = DEFAULT,
    dicom_out: Path | None = None,
    anonymous: bool = False,
    progress: Printer | None = None,
    note: Printer | None = None,
) -> Pair:
    """Read two studies of one patient, find the left ventricle in each, compare them and write all of it.

    Args:
        stress, rest: as ``study`` of :func:`.run_study.run_study`.
        out: the folder to make, with ``stress/``, ``rest/``, ``pair.json`` and ``report.html``.
        series, rest_series: of a folder with several series, those of stress and rest.
        gate, window, frames, orientation, short_axis, model, device, limits, overwrite, scene, report, colours,
            progress, note: of both studies, as for :func:`.run_study.run_study`.
        dicom_out, anonymous: as there; the folders of the two are ``stress`` and ``rest`` in it.

    Returns:
        The pair as written. A pair that may not belong together has the verdict "review" and says why.

    Raises:
        InputError: a study, the model or the output folder breaks a rule, or both studies are the same one; nothing has
            been written.
    """
    show = progress or (lambda _: None)
    check_colours(colours)
    check_destination(out, overwrite, PAIR)
    check_request(limits)
    _check_two_files(Path(stress), Path(rest), series, rest_series)
    check_dicom_out(dicom_out, [stress, rest], [series, rest_series], anonymous)
    from ..io.study_identity import read_identity

    studies, identities = [], []
    for phase, path, chosen in (("stress", stress, series), ("rest", rest, rest_series)):
        show(f"reading {path}")
        found = read_whole(path, gate, series=chosen, window=window, frames=frames, orientation=orientation,
                           short_axis=short_axis)  # fmt: skip
        studies.append(replace(found, total=of_phase(found.total, phase)))
        identities.append(read_identity(path, chosen))
    check_two_studies([study.total for study in studies], rest)
    show("loading the network")
    results = []
    for name, study in zip(("stress", "rest"), studies, strict=True):
        show(f"{name}: finding the left ventricle")
        results.append(
            result_of(study, model=model, device=device, short_axis=short_axis, limits=limits, progress=show)
        )
    from ..output.pair import make_pair
    from ..output.pair_checks import Side
    from ..output.pair_files import deliver_pair

    pair = make_pair(*(Side(result, identity) for result, identity in zip(results, identities, strict=True)))
    written = deliver_pair(
        pair, out, overwrite=overwrite, scene=scene, report=report, colours=colours, progress=show, note=note
    )
    if dicom_out is not None:
        for phase, path, chosen in (("stress", stress, series), ("rest", rest, rest_series)):
            write_dicom(Path(out) / phase, path, chosen, dicom_out / phase, anonymous, show, note)
    return written


def of_phase(study: Volume, phase: str) -> Volume:
    """The study as the phase that it was given as, if it does not state one."""
    return replace(study, info={"study_phase": phase} | study.info)


def _check_two_files(stress: Path, rest: Path, series: str | None, rest_series: str | None) -> None:
    """Refuse one file or series given twice."""
    if stress.exists() and rest.exists() and stress.samefile(rest) and series == rest_series:
        _refuse(rest, "the same file is given twice")


def check_two_studies(studies: Sequence[Volume], name: object) -> None:
    """Refuse two copies of one study, in whatever unit: no two acquisitions have the same counts.

    Raises:
        InputError: they are copies; ``name`` stands before the message.
    """
    one, other = (study.array.astype(np.float64) for study in studies)
    if one.shape == other.shape and np.abs(_scaled(one) - _scaled(other)).max() <= SAME_COUNTS:
        _refuse(name, "both files have the same counts")


def _scaled(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts / (np.abs(counts).max() or 1.0)


def _refuse(path: object, found: str) -> None:
    msg = f"{path}: stress and rest must be two studies, but {found}; give the other study"
    raise InputError(msg)
