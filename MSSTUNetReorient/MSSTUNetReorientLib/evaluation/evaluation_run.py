"""Measuring every method on every study once, in one or several processes; an interrupted run resumes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

from .. import __version__
from ..errors import InputError
from .candidates import Candidate
from .measurement import Measurement
from .measurement import errors_of
from .measurements_csv import FILE
from .measurements_csv import Key
from .measurements_csv import chosen
from .measurements_csv import key
from .measurements_csv import read_rows
from .measurements_csv import write_rows
from .study_sets import DataSet
from .study_sets import TrueStudy

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """A study, and the methods (by their number) that have not been measured on it."""

    study: TrueStudy
    methods: tuple[int, ...]


def wanted_keys(sets: Sequence[DataSet], candidates: Sequence[Candidate]) -> list[Key]:
    """Of every measurement of a run, data set by data set, study by study."""
    return [_key(study, c) for s in sets for study in s.studies for c in candidates]


def _key(study: TrueStudy, candidate: Candidate) -> Key:
    return study.data_set, study.sha256, candidate.name, candidate.sha256


def measure_all(
    sets: Sequence[DataSet], candidates: Sequence[Candidate], out: Path, *, jobs: int, again: bool, report: Report
) -> list[Measurement]:
    """Every measurement of these methods on these studies; what is in ``out`` already is not measured again.

    Args:
        out: folder of the measurements; after each study the file there is replaced by a longer one.
        jobs: processes.
        again: repeat existing measurements.
        report: called with the number of finished studies and of all.

    Raises:
        InputError: a study cannot be read, or the disk is full; what was measured is kept.
    """
    rows = read_rows(out / FILE)
    done = set() if again else {key(row) for row in rows}
    tasks = [
        Task(study, missing)
        for s in sets
        for study in s.studies
        if (missing := tuple(n for n, c in enumerate(candidates) if _key(study, c) not in done))
    ]
    report(0, len(tasks))
    for number, fresh in enumerate(_measured(tasks, candidates, jobs), start=1):
        replaced = {(row.data_set, row.study, row.method) for row in fresh}
        rows = [row for row in rows if (row.data_set, row.study, row.method) not in replaced] + fresh
        write_rows(rows, out / FILE)
        report(number, len(tasks))
    return chosen(rows, wanted_keys(sets, candidates))


def _measured(tasks: list[Task], candidates: Sequence[Candidate], jobs: int) -> Iterator[list[Measurement]]:
    if jobs == 1 or len(tasks) < 2:
        yield from (measure_study(task, candidates) for task in tasks)
        return
    context = multiprocessing.get_context("spawn")
    count = min(jobs, len(tasks))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_start, initargs=(candidates, count)) as pool:
        waiting = [pool.submit(_measure_in_process, task) for task in tasks]
        try:
            for done in as_completed(waiting):
                yield done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def measure_study(task: Task, candidates: Sequence[Candidate]) -> list[Measurement]:
    """A row of each method on one study, which is read once."""
    study = task.study
    counts, labels = study.read(), study.read_labels()
    rows = []
    for candidate in (candidates[n] for n in task.methods):
        known = (
            study.data_set, study.name, study.subject, study.kind, study.modality, study.sha256, candidate.name,
            candidate.sha256, datetime.now(UTC).isoformat(timespec="seconds"), __version__,
        )  # fmt: skip
        try:
            found = errors_of(candidate.answer(counts, study.pose), study, labels)
        except InputError as error:
            rows.append(Measurement(*known, refused=str(error)))
        else:
            rows.append(Measurement(*known, **found))  # type: ignore[arg-type]
    return rows


_of_process: tuple[Candidate, ...] = ()


def _start(candidates: Sequence[Candidate], processes: int) -> None:
    """In each process: an interrupt is the parent's to handle, and the cores are shared out."""
    import torch

    global _of_process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // processes))
    _of_process = tuple(candidates)


def _measure_in_process(task: Task) -> list[Measurement]:
    return measure_study(task, _of_process)
