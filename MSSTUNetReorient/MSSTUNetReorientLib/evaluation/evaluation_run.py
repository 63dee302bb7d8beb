"""Measuring every method on every study once, in one or several processes; an interrupted run resumes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

from .. import __version__
from ..errors import InputError
from .candidates import Candidate
from .csv_rows import extend
from .csv_rows import read_rows
from .measurement import Measurement
from .measurement import errors_of
from .measurement import figures_of_truth
from .measurement import known_fields
from .measurements_csv import FILE
from .measurements_csv import Key
from .measurements_csv import chosen
from .measurements_csv import key
from .true_study import DataSet
from .true_study import TrueStudy
from .workers import each

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Task:
    """A study, and the methods (by their number) that have not been measured on it; with perfusion or without."""

    study: TrueStudy
    methods: tuple[int, ...]
    perfusion: bool = True


def wanted_keys(sets: Sequence[DataSet], candidates: Sequence[Candidate]) -> list[Key]:
    """Of every measurement of a run, data set by data set, study by study."""
    return [_key(study, c) for s in sets for study in s.studies for c in candidates]


def _key(study: TrueStudy, candidate: Candidate) -> Key:
    return study.data_set, study.sha256, candidate.name, candidate.sha256


def measure_all(
    sets: Sequence[DataSet],
    candidates: Sequence[Candidate],
    out: Path,
    *,
    jobs: int,
    again: bool,
    report: Report,
    perfusion: bool = True,
) -> list[Measurement]:
    """Every measurement of these methods on these studies; what is in ``out`` already is not measured again.

    Args:
        out: folder of the measurements; after each study the file there is replaced by a longer one.
        jobs: processes.
        again: repeat existing measurements.
        report: called with the number of finished studies and of all.
        perfusion: also what follows from pose and labels: polar map, scores, anatomical volumes.

    Raises:
        InputError: a study cannot be read, or the disk is full; what was measured is kept.
    """
    rows = read_rows(out / FILE, Measurement)
    done = set() if again else {key(row) for row in rows}
    tasks = [
        Task(study, missing, perfusion)
        for s in sets
        for study in s.studies
        if (missing := tuple(n for n, c in enumerate(candidates) if _key(study, c) not in done))
    ]
    fresh = each(measure_study, tasks, candidates, jobs)
    rows = extend(rows, fresh, len(tasks), _place, out / FILE, Measurement, report)
    return chosen(rows, wanted_keys(sets, candidates))


def _place(row: Measurement) -> tuple[str, ...]:
    """What a new row replaces, whatever study and weights were before."""
    return row.data_set, row.study, row.method


def measure_study(task: Task, candidates: Sequence[Candidate]) -> list[Measurement]:
    """A row of each method on one study, which is read once."""
    study = task.study
    counts, labels = study.read(), study.read_labels()
    figures = figures_of_truth(study, counts, labels) if task.perfusion else None
    rows = []
    for candidate in (candidates[n] for n in task.methods):
        known = (
            study.data_set, study.name, study.subject, study.kind, study.modality, study.sha256, candidate.name,
            candidate.sha256, datetime.now(UTC).isoformat(timespec="seconds"), __version__,
        )  # fmt: skip
        try:
            found = errors_of(candidate.answer(counts, study.pose), study, counts, labels, figures)
        except InputError as error:
            rows.append(Measurement(*known, refused=str(error), **known_fields(study)))  # type: ignore[arg-type]
        else:
            rows.append(Measurement(*known, **found))  # type: ignore[arg-type]
    return rows
