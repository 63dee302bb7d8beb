"""Studies whose counts are turned or mirrored against an unchanged header: none of them should pass quality control.

Anatomy tells most of them from a true study. Only the header, or a mark on the patient, can tell a study mirrored
left-right from a heart on the right side (dextrocardia), or one mirrored head-feet from a true one if its heart lies
flat.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

from .. import __version__
from ..errors import InputError
from ..geometry.volume import Volume
from ..geometry.volume import reversed_along
from .candidates import Candidate
from .csv_rows import extend
from .csv_rows import read_rows
from .measurement import Measurement
from .tables import NONE
from .tables import Table
from .true_study import DataSet
from .true_study import TrueStudy
from .workers import each

FILE = "turned.csv"
LEFT, BACK, HEAD = 0, 1, 2
"""LPS axes."""
CHANGES: dict[str, tuple[int, ...]] = {
    "turned by 180° about z": (LEFT, BACK),
    "turned by 180° about x": (BACK, HEAD),
    "turned by 180° about y": (LEFT, HEAD),
    "mirrored left-right": (LEFT,),
    "mirrored front-back": (BACK,),
    "mirrored head-feet": (HEAD,),
}
"""The axes along which the order of the voxels is reversed."""
MIRROR_IMAGE = "mirrored left-right"
"""Of the changes the one that quality control has a name for."""
REFUSED, MIRRORED = "refused", "mirrored"
LEAST_STOPPED = 95.0
"""Share of changed studies that must not pass, %."""


@dataclass(frozen=True)
class Turned:
    """The verdict on a changed study.

    Attributes:
        data_set, study, study_sha256, method, method_sha256, measured, software: as in a measurement.
        change: one of :data:`CHANGES`.
        verdict: "pass", "review", "fail", or "refused".
        told: "mirrored" where the verdict says that the heart looks mirrored, else empty.
    """

    data_set: str
    study: str
    study_sha256: str
    method: str
    method_sha256: str
    change: str
    verdict: str
    told: str
    measured: str
    software: str


Key = tuple[str, str, str, str, str]


@dataclass(frozen=True)
class Task:
    """A study, and the changes that have not been measured on it."""

    study: TrueStudy
    changes: tuple[str, ...]


def turned(study: Volume, change: str) -> Volume:
    """The counts turned or mirrored; the grid stays, as a wrong header leaves it."""
    return reversed_along(study, CHANGES[change])


def some_of(studies: Sequence[TrueStudy], most: int) -> list[TrueStudy]:
    """At most so many, evenly from all."""
    count = min(most, len(studies))
    return [studies[n * len(studies) // count] for n in range(count)]


def measure_turned(
    sets: Sequence[DataSet],
    candidate: Candidate,
    out: Path,
    *,
    most: int,
    jobs: int,
    again: bool,
    report: Callable[[int, int], None],
) -> list[Turned]:
    """The verdict of one method on every changed study; what is in ``out`` already is not measured again.

    Args:
        most: studies of each data set.
        out, jobs, again, report: as in :func:`.evaluation_run.measure_all`.

    Raises:
        InputError: a study cannot be read, or the disk is full; what was measured is kept.
    """
    studies = [study for s in sets for study in some_of(s.studies, most)]
    rows = read_rows(out / FILE, Turned)
    done = set() if again else {_key_of(row) for row in rows}
    wanted = {study: tuple(c for c in CHANGES if _key(study, candidate, c) not in done) for study in studies}
    tasks = [Task(study, missing) for study, missing in wanted.items() if missing]
    fresh = each(measure_changes, tasks, [candidate], jobs)
    rows = extend(rows, fresh, len(tasks), _place, out / FILE, Turned, report)
    by_key = {_key_of(row): row for row in rows}
    return [by_key[_key(study, candidate, change)] for study in studies for change in CHANGES]


def _key(study: TrueStudy, candidate: Candidate, change: str) -> Key:
    return study.data_set, study.sha256, candidate.name, candidate.sha256, change


def _key_of(row: Turned) -> Key:
    return row.data_set, row.study_sha256, row.method, row.method_sha256, row.change


def _place(row: Turned) -> tuple[str, ...]:
    """What a new row replaces, whatever study and weights were before."""
    return row.data_set, row.study, row.method, row.change


def measure_changes(task: Task, candidates: Sequence[Candidate]) -> list[Turned]:
    """A row of each change of one study, which is read once."""
    study, (candidate,) = task.study, candidates
    counts = study.read()
    rows = []
    for change in task.changes:
        try:
            answer = candidate.answer(turned(counts, change), study.pose)
            verdict, told = str(answer.verdict), MIRRORED if answer.mirrored else ""
        except InputError:
            verdict, told = REFUSED, ""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        known = (study.data_set, study.name, study.sha256, candidate.name, candidate.sha256)
        rows.append(Turned(*known, change, verdict, told, now, __version__))
    return rows


def table(found: Sequence[Turned], rows: Sequence[Measurement]) -> Table:
    """Of each data set: how many studies pass as they are, and changed; how many of those mirrored left-right are told
    as such; and the share of changed ones that do not pass.

    Args:
        rows: measurements, those of the same studies and method among them.
    """
    told = f"told, of those {MIRROR_IMAGE}"
    head = ("data set", "as they are", *CHANGES, told, f"changed ones not passed (target ≥ {LEAST_STOPPED:g} %)")
    names = dict.fromkeys(row.data_set for row in found)
    return Table(head, tuple(_line(name, [r for r in found if r.data_set == name], rows) for name in names))


def _line(data_set: str, found: Sequence[Turned], rows: Sequence[Measurement]) -> tuple[str, ...]:
    same = {(r.study_sha256, r.method, r.method_sha256) for r in found}
    true = [
        r.verdict for r in rows
        if r.data_set == data_set and (r.study_sha256, r.method, r.method_sha256) in same
    ]  # fmt: skip
    cells = [_passed(true), *(_passed([r.verdict for r in found if r.change == change]) for change in CHANGES)]
    mirrored = [row for row in found if row.change == MIRROR_IMAGE]
    told = f"{sum(row.told == MIRRORED for row in mirrored)}/{len(mirrored)}"
    stopped = 100 * sum(r.verdict != "pass" for r in found) / len(found)
    return data_set, *cells, told, f"{stopped:.0f} % {'reached' if stopped >= LEAST_STOPPED else '**missed**'}"


def _passed(verdicts: Sequence[str]) -> str:
    return f"{verdicts.count('pass')}/{len(verdicts)}" if verdicts else NONE
