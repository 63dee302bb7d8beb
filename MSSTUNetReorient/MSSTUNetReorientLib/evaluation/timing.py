"""Time of each method for one study, all measured in sequence in one process on the same studies."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..io.atomic_file import write_text
from .candidates import Candidate
from .true_study import DataSet

FILE = "timing.json"
ROUNDS = 3
PAPER_SIZE = "paper-msstunet"
"""Ni's network as large as it was published; its speed does not depend on its weights."""


@dataclass(frozen=True)
class Timing:
    """Seconds a study.

    Attributes:
        seconds: for pose and labels, median by method's name.
        whole: likewise with all that the method does besides, such as SA volume and verdict.
        paper_size: one forward pass of the published network, None if not asked.
        of: sha256 of the methods' weights by name, by which an old timing is known.
        machine: cores, threads and processor in words.
        studies: how many were timed, in how many rounds.
    """

    seconds: dict[str, float]
    whole: dict[str, float]
    paper_size: float | None
    of: dict[str, str]
    machine: str
    studies: int


def timing(
    sets: Sequence[DataSet], candidates: Sequence[Candidate], out: Path, *, paper_size: bool, again: bool = False
) -> Timing:
    """Timed in this run, or what an earlier one found for the same methods.

    Raises:
        InputError: a study cannot be read.
    """
    file, of = out / FILE, {c.name: c.sha256 for c in candidates}
    if file.is_file() and not again:
        found = _read(file)
        if found.of == of and (found.paper_size is not None or not paper_size):
            return found
    studies = [(s.studies[0].read(), s.studies[0].pose) for s in sets]
    measured = {c.name: median_seconds(c, studies) for c in candidates}
    seconds, whole = ({name: both[n] for name, both in measured.items()} for n in (0, 1))
    found = Timing(seconds, whole, paper_size_seconds() if paper_size else None, of, machine(), len(studies))
    write_text(file, json.dumps(asdict(found), indent=1) + "\n")
    return found


def _read(file: Path) -> Timing:
    try:
        return Timing(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        msg = f"{file}: the timing cannot be read ({error!r}); remove the file to time again"
        raise InputError(msg) from error


def median_seconds(candidate: Candidate, studies: Sequence[tuple[Volume, Pose]]) -> tuple[float, float]:
    """For pose and labels, and for all that the method does, over studies with their poses and :data:`ROUNDS`.

    One answer goes before and is not counted.
    """
    _answered(candidate, *studies[0])
    times = [_answered(candidate, *s) for _ in range(ROUNDS) for s in studies]
    both = np.median(times, axis=0)
    return float(both[0]), float(both[1])


def _answered(candidate: Candidate, study: Volume, true: Pose) -> tuple[float, float]:
    """Seconds for pose and labels, and in all; a refusal takes time too."""
    start, own = time.perf_counter(), None
    with suppress(InputError):
        own = candidate.answer(study, true).seconds
    whole = time.perf_counter() - start
    return (whole if own is None else own), whole


def paper_size_seconds() -> float:
    """One forward pass of the published network at its published size (128^3), fresh weights."""
    import torch

    from ..networks.configurations import build

    network = build(PAPER_SIZE).eval()
    with torch.inference_mode():
        start = time.perf_counter()
        network(torch.rand(1, 1, 128, 128, 128))
        return time.perf_counter() - start


def machine() -> str:
    """Enough to know what a time means."""
    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{os.cpu_count()} cores, {torch.get_num_threads()} threads, {platform.machine()}, {device}"
