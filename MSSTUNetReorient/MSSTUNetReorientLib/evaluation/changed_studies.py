"""Studies that are changed so that they should not pass: the verdict on each, measured once."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

import numpy as np

from .. import __version__
from ..errors import InputError
from ..geometry.volume import Volume
from .candidates import Candidate
from .csv_rows import extend
from .csv_rows import read_rows
from .heartless_studies import NO_HEART
from .heartless_studies import without_heart
from .true_study import DataSet
from .true_study import TrueStudy
from .turned_studies import TURNS
from .turned_studies import turned
from .workers import each

FILE = "changed.csv"
AS_IT_IS = "as it is"
CHANGES = (AS_IT_IS, *TURNS, *NO_HEART)
REFUSED, MIRRORED = "refused", "mirrored"


@dataclass(frozen=True)
class Changed:
    """The verdict on a changed study.

    Attributes:
        data_set, study, study_sha256, method, method_sha256, measured, software: as in a measurement.
        change: one of :data:`CHANGES`.
        verdict: "pass", "review", "fail", or "refused".
        presence: probability that an LV is in view, by the method; None where it was refused.
        told: "mirrored" where the verdict says that the heart looks mirrored, else empty.
    """

    data_set: str
    study: str
    study_sha256: str
    method: str
    method_sha256: str
    change: str
    verdict: str
    presence: float | None
    told: str
    measured: str
    software: str


Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Task:
    """A study, and the changes that have not been measured on it."""

    study: TrueStudy
    changes: tuple[str, ...]


def some_of(studies: Sequence[TrueStudy], most: int) -> list[TrueStudy]:
    """At most so many, evenly from all."""
    count = min(most, len(studies))
    return [studies[n * len(studies) // count] for n in range(count)]


def measure_changed(
    sets: Sequence[DataSet],
    candidate: Candidate,
    out: Path,
    *,
    most: int,
    jobs: int,
    again: bool,
    report: Callable[[int, int], None],
) -> list[Changed]:
    """The verdict of one method on every changed study; what is in ``out`` already is not measured again.

    Args:
        most: studies of each data set.
        out, jobs, again, report: as in :func:`.evaluation_run.measure_all`.

    Raises:
        InputError: a study cannot be read, or the disk is full; what was measured is kept.
    """
    studies = [study for s in sets for study in some_of(s.studies, most)]
    rows = read_rows(out / FILE, Changed)
    done = set() if again else {_key_of(row) for row in rows}
    wanted = {study: tuple(c for c in CHANGES if _key(study, candidate, c) not in done) for study in studies}
    tasks = [Task(study, missing) for study, missing in wanted.items() if missing]
    fresh = each(measure_changes, tasks, [candidate], jobs)
    rows = extend(rows, fresh, len(tasks), _place, out / FILE, Changed, report)
    by_key = {_key_of(row): row for row in rows}
    return [by_key[_key(study, candidate, change)] for study in studies for change in CHANGES]


def _key(study: TrueStudy, candidate: Candidate, change: str) -> Key:
    return study.data_set, study.sha256, candidate.name, candidate.sha256, change


def _key_of(row: Changed) -> Key:
    return row.data_set, row.study_sha256, row.method, row.method_sha256, row.change


def _place(row: Changed) -> tuple[str, ...]:
    """What a new row replaces, whatever study and weights were before."""
    return row.data_set, row.study, row.method, row.change


def changed(counts: Volume, study: TrueStudy, change: str) -> Volume:
    """The counts of a study after a change; the same each time."""
    if change == AS_IT_IS:
        return counts
    if change in TURNS:
        return turned(counts, change)
    return without_heart(counts, study.pose, change, np.random.default_rng(_seed(study, change)))


def _seed(study: TrueStudy, change: str) -> tuple[int, int]:
    return zlib.crc32(study.sha256.encode()), CHANGES.index(change)


def measure_changes(task: Task, candidates: Sequence[Candidate]) -> list[Changed]:
    """A row of each change of one study, which is read once."""
    study, (candidate,) = task.study, candidates
    counts = study.read()
    rows = []
    for change in task.changes:
        try:
            answer = candidate.answer(changed(counts, study, change), study.pose)
            found = (str(answer.verdict), answer.presence, MIRRORED if answer.mirrored else "")
        except InputError:
            found = (REFUSED, None, "")
        now = datetime.now(UTC).isoformat(timespec="seconds")
        known = (study.data_set, study.name, study.sha256, candidate.name, candidate.sha256)
        rows.append(Changed(*known, change, *found, now, __version__))
    return rows
