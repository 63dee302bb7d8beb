"""Many studies into a folder: several processes, finished ones kept, each followed by its seed alone."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import InputError
from .disk import is_finished
from .disk import write_study
from .draw import draw_parameters
from .parameters import Kind
from .render import render
from .sources import Sources
from .sources import load_anatomy
from .sources import load_counts

MAX_TRIES = 20
"""Draws that put the LV outside the field of view are thrown away; so many in a row mean that none fits."""


@dataclass(frozen=True)
class Request:
    """What is asked for; see :func:`.draw.draw_parameters`.

    Attributes:
        kind, fast, gates: of the studies; seed: of the first one's.
        out: folder of the studies; dicom: also as DICOM.
        anatomy: folders of label maps; hearts: folder of real count volumes.
    """

    kind: Kind
    seed: int
    out: Path
    fast: bool = False
    gates: int = 0
    dicom: bool = False
    anatomy: tuple[Path, ...] = ()
    hearts: Path | None = None

    def folder(self, number: int) -> Path:
        """Of the study ``number``, from 0."""
        return self.out / f"{self.kind}_{self.seed}_{number:05d}"


def load_sources(request: Request) -> Sources:
    """What the request names; read when it is used.

    Raises:
        InputError: an empty folder, a label map without an LV.
    """
    found = load_anatomy(request.anatomy)
    counts = {} if request.hearts is None else load_counts(request.hearts)
    return Sources(found.chests, found.ventricles, counts)


def study_seed(seed: int, number: int, attempt: int = 0) -> int:
    """Seed of a study of a series; independent of how many there are and of who makes it."""
    return int(np.random.SeedSequence((seed, number, attempt)).generate_state(1, np.uint64)[0] >> 11)


def make_one(request: Request, number: int, sources: Sources) -> Path:
    """Draw, render and write one study.

    Raises:
        InputError: as the three of them.
    """
    for attempt in range(MAX_TRIES):
        seed = study_seed(request.seed, number, attempt)
        parameters = draw_parameters(request.kind, seed, sources, fast=request.fast, gates=request.gates)
        try:
            study = render(parameters, sources)
        except InputError:
            if attempt == MAX_TRIES - 1:
                raise
            continue
        write_study(study, request.folder(number), dicom=request.dicom)
        break
    return request.folder(number)


def make_studies(request: Request, count: int, jobs: int = 1) -> Iterator[Path]:
    """Make what is not there yet; yields each folder when it is done, finished ones first.

    Raises:
        InputError: an impossible request, told before anything is made where that can be known.
    """
    sources = load_sources(request)
    draw_parameters(request.kind, 0, sources, fast=request.fast, gates=request.gates)
    if request.dicom and request.gates and request.kind == "pet":
        msg = "a gated PET study cannot be written as a DICOM series; leave --dicom or --gates out"
        raise InputError(msg)
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
    yield from _in_processes(request, todo, jobs)


def _in_processes(request: Request, todo: list[int], jobs: int) -> Iterator[Path]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=context, initializer=_start, initargs=(request,)) as pool:
        waiting = [pool.submit(_make_in_process, number) for number in todo]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


_of_process: tuple[Request, Sources] | None = None


def _start(request: Request) -> None:
    import torch

    global _of_process
    torch.set_num_threads(1)
    _of_process = request, load_sources(request)


def _make_in_process(number: int) -> Path:
    assert _of_process is not None
    return make_one(_of_process[0], number, _of_process[1])
