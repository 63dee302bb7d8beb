"""Many studies into a folder: several processes, finished ones kept, each followed by its seed alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..errors import InputError
from ..io.atomic_file import write_text
from .camera import Camera
from .disk import is_finished
from .disk import write_study
from .draw import draw_parameters
from .parameters import Kind
from .parameters import Placement
from .parameters import StudyParameters
from .poses import Poses
from .processes import in_processes
from .render import OutOfViewError
from .render import aimed
from .render import render
from .scanner import Scanner
from .sources import Sources
from .sources import load_anatomy
from .sources import load_counts
from .splits import COUNTS_SUBJECTS
from .splits import SPLITS
from .splits import Split

MAX_TRIES = 20
"""Draws with the LV outside the field of view are discarded; after so many in a row none fits."""


AFTER_ALL_SEEDS = 2**31
"""Seeds of noise are drawn below it."""


@dataclass(frozen=True)
class BatchRequest:
    """The requested studies; see :func:`.draw.draw_parameters`.

    Attributes:
        kind, fast, gates: of the studies; seed: of the first one's.
        out: folder of the studies; dicom: also as DICOM.
        anatomy: folders of label maps; hearts: folder of real count volumes; split: whose hearts of these.
        poses: which real ones the drawn ones follow; placement: of every heart, instead of drawn ones.
        rest: each study gets a partner, the same heart without its defects.
        healthy: no heart has a defect.
    """

    kind: Kind
    seed: int
    out: Path
    fast: bool = False
    gates: int = 0
    dicom: bool = False
    anatomy: tuple[Path, ...] = ()
    hearts: Path | None = None
    split: Split | None = None
    poses: Poses = "cta"
    placement: Placement | None = None
    rest: bool = False
    healthy: bool = False

    @property
    def series(self) -> str:
        """What the names of its studies begin with."""
        return f"{self.kind}_{self.seed}"

    def folder(self, number: int) -> Path:
        """Of the study ``number``, from 0."""
        return self.out / f"{self.series}_{number:05d}"

    def rest_folder(self, number: int) -> Path:
        """Of the partner of the study ``number``."""
        return self.out / f"{self.series}_{number:05d}_rest"


def load_sources(request: BatchRequest) -> Sources:
    """What the request names; read when it is used.

    Raises:
        InputError: an empty folder, a label map without an LV, a split without a heart.
    """
    found = load_anatomy(request.anatomy, request.split)
    subjects = None if request.split is None else set(COUNTS_SUBJECTS[request.split])
    counts = {} if request.hearts is None else load_counts(request.hearts, subjects)
    if request.split is not None and not found.ventricles and not counts:
        msg = f"--split {request.split} needs real hearts, but found none; give them with --anatomy or --hearts"
        raise InputError(msg)
    return Sources(found.chests, found.ventricles, counts)


def study_seed(request: BatchRequest, number: int, attempt: int = 0) -> int:
    """Seed of a study of a series; independent of how many there are and of who makes it.

    Splits draw apart: one's studies shall not be those of another with other hearts.
    """
    apart = () if request.split is None else (1 + SPLITS.index(request.split),)
    entropy = (request.seed, number, attempt, *apart)
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> 11)


def draw_one(request: BatchRequest, number: int, sources: Sources, attempt: int = 0) -> StudyParameters:
    """The parameters of a study of the series; see :func:`.draw.draw_parameters`."""
    seed = study_seed(request, number, attempt)
    parameters = draw_parameters(
        request.kind, seed, sources, fast=request.fast, gates=request.gates, poses=request.poses,
        placement=request.placement, healthy=request.healthy,
    )  # fmt: skip
    return parameters if request.placement is None else aimed(parameters, sources)


def make_one(request: BatchRequest, number: int, sources: Sources) -> Path:
    """Draw, render and write one study; where a drawn pose puts the LV out of view, another is drawn.

    Raises:
        InputError: as the three of them.
    """
    tries = MAX_TRIES if request.placement is None else 1
    for attempt in range(tries):
        parameters = draw_one(request, number, sources, attempt)
        try:
            study = render(parameters, sources)
        except OutOfViewError:
            if attempt == tries - 1:
                raise
            continue
        if request.rest:  # before the study, which then says that both are finished
            partner = render(at_rest(parameters), sources)
            write_study(partner, request.rest_folder(number), dicom=request.dicom, phase="rest")
        write_study(study, request.folder(number), dicom=request.dicom, phase="stress" if request.rest else "")
        break
    return request.folder(number)


def at_rest(parameters: StudyParameters) -> StudyParameters:
    """The same heart in the same place without its defects, seen by the same camera with other noise."""
    p = parameters
    if isinstance(p.scanner, Camera):
        scanner: Scanner | Camera = replace(p.scanner, seed=p.scanner.seed + AFTER_ALL_SEEDS)
    else:
        scanner = replace(p.scanner, acquisition=1)
    return replace(p, perfusion=replace(p.perfusion, defects=()), scanner=scanner)


def make_studies(request: BatchRequest, count: int, jobs: int = 1) -> Iterator[Path]:
    """Make the missing studies; yields each folder when it is done, finished ones first.

    Raises:
        InputError: an impossible request, if possible before anything is made.
    """
    if request.rest and request.kind == "composite":
        msg = "a composite study brings its own perfusion and has no partner at rest; omit --rest"
        raise InputError(msg)
    if request.healthy and request.kind == "composite":
        msg = "a composite study brings its own perfusion and is not known to be healthy; omit --healthy"
        raise InputError(msg)
    sources = load_sources(request)
    draw_one(request, 0, sources)
    keep_options(request, sources)
    todo = []
    for number in range(count):
        if is_finished(request.folder(number)):
            yield request.folder(number)
        else:
            todo.append(number)
    if jobs == 1 or len(todo) < 2:
        for number in todo:
            yield make_one(request, number, sources)
        return
    yield from in_processes(_make_in_process, todo, jobs, _start, (request,))


def options_of(request: BatchRequest, sources: Sources) -> dict[str, Any]:
    """What the studies of a series follow from, besides their numbers."""
    return {
        "software": f"MSSTUNetReorient {__version__}",
        "fast": request.fast,
        "gates": request.gates,
        "dicom": request.dicom,
        "split": request.split,
        "poses": request.poses,
        "pose": None if request.placement is None else request.placement.to_json(),
        "chests": sorted(sources.chests),
        "ventricles": sorted(sources.ventricles),
        "counts": sorted(sources.counts),
        "rest": request.rest,
        "healthy": request.healthy,
    }


def keep_options(request: BatchRequest, sources: Sources) -> None:
    """Write the options of a series with its first study; another run of it must have the same.

    Raises:
        InputError: the folder contains studies of the series made with other options, or cannot be written.
    """
    file, wanted = request.out / f"{request.series}.json", options_of(request, sources)
    try:
        if any(is_finished(folder) for folder in request.out.glob(f"{request.series}_*")):
            found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        else:
            request.out.mkdir(parents=True, exist_ok=True)
            write_text(file, json.dumps(wanted, indent=1) + "\n")
            return
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        msg = f"{request.out}: {file.name} must be writable in the output folder, but is not ({why}); choose another"
        raise InputError(msg) from error
    found = {"rest": False, "healthy": False} | found  # older series do not say so
    differing = [name for name, value in wanted.items() if name not in found or found[name] != value]
    if differing:
        msg = (
            f"{request.out}: studies of one kind and seed must have the same options, but those here differ "
            f"({', '.join(differing)}); choose another folder, or the same options"
        )
        raise InputError(msg)


_of_process: tuple[BatchRequest, Sources] | None = None


def _start(request: BatchRequest) -> None:
    import torch

    global _of_process
    torch.set_num_threads(1)
    _of_process = request, load_sources(request)


def _make_in_process(number: int) -> Path:
    assert _of_process is not None
    return make_one(_of_process[0], number, _of_process[1])
