"""What a wrong pose costs: an accepted pose is turned and shifted, and the figures there are read again.

At each wrong pose the study is segmented anew, as in the panel after a reader's correction: what is measured is what
the tool would show. Two poses are accepted in turn: the model's own, and the true one.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path

from .. import __version__
from ..errors import InputError
from ..geometry.pose import Correction
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..prediction.predictor import predict
from ..prediction.predictor import segment_at
from .changed_studies import some_of
from .csv_rows import extend
from .csv_rows import read_rows
from .gated_studies import function_at
from .perfusion_figures import as_text
from .perfusion_figures import figures_of_result
from .true_study import DataSet
from .true_study import TrueStudy
from .workers import each

FILE = "pose_cost.csv"
TURNS_DEG = (2.0, 5.0, 10.0, 15.0)
SHIFTS_MM = (2.0, 5.0, 10.0)
"""Sizes of the errors, each with both signs."""
TURNS = ("swing", "tilt", "roll")
SHIFTS = ("lateral", "inferior", "basal")
"""Names of the errors: about j, i and k; along i, j and k."""
OWN, TRUE = "the model's own pose", "the true pose"
"""The accepted poses."""
NO_ERROR = "none"
"""The error of an accepted pose as it is."""


@dataclass(frozen=True)
class Cost:
    """The figures of one study at one pose; None where one is withheld.

    Attributes:
        data_set, study, subject, study_sha256, measured, software: as in a measurement.
        model_sha256: of the weights.
        accepted: :data:`OWN` or :data:`TRUE`.
        error: one of :data:`TURNS` or :data:`SHIFTS`, or :data:`NO_ERROR`; amount: degrees or mm, signed.
        verdict: of the quality control at this pose, or "refused".
        segments, summed_score, scar_percent, cavity_ml, wall_ml: see :class:`.perfusion_figures.PerfusionFigures`.
        ef_percent: of a gated study.
    """

    data_set: str
    study: str
    subject: str
    study_sha256: str
    model_sha256: str
    accepted: str
    error: str
    amount: float
    verdict: str
    measured: str
    software: str
    segments: str = ""
    summed_score: float | None = None
    scar_percent: float | None = None
    cavity_ml: float | None = None
    wall_ml: float | None = None
    ef_percent: float | None = None


@dataclass(frozen=True)
class Task:
    """A study to measure with one model."""

    study: TrueStudy
    model: str | None
    model_sha256: str


def errors() -> Iterator[tuple[str, float]]:
    """Name and signed amount of every error of a pose; the first is none."""
    yield NO_ERROR, 0.0
    for names, sizes in ((TURNS, TURNS_DEG), (SHIFTS, SHIFTS_MM)):
        for name in names:
            for size in sizes:
                yield from ((name, -size), (name, size))


def wrong(pose: Pose, error: str, amount: float) -> Pose:
    """A pose with an error about or along one of its own axes."""
    return pose if error == NO_ERROR else pose.corrected(Correction(**{error: amount}))


def measure_costs(
    sets: Sequence[DataSet],
    model: str | None,
    model_sha256: str,
    out: Path,
    *,
    most: int | None,
    jobs: int,
    again: bool,
    report: Callable[[int, int], None],
) -> list[Cost]:
    """The figures of every study at every pose; what is in ``out`` already is not measured again.

    Args:
        most: studies of each data set; all of them by default.
        out, jobs, again, report: as in :func:`.evaluation_run.measure_all`.

    Raises:
        InputError: a study or the model cannot be read, or the disk is full; what was measured is kept.
    """
    studies = [study for s in sets for study in (s.studies if most is None else some_of(s.studies, most))]
    rows = read_rows(out / FILE, Cost)
    done = set() if again else {(row.data_set, row.study_sha256, row.model_sha256) for row in rows}
    wanted = [(study.data_set, study.sha256, model_sha256) for study in studies]
    tasks = [Task(s, model, model_sha256) for s, key in zip(studies, wanted, strict=True) if key not in done]
    fresh = each(costs_of, tasks, (), jobs)
    rows = extend(rows, fresh, len(tasks), _place, out / FILE, Cost, report)
    return [row for row in rows if (row.data_set, row.study_sha256, row.model_sha256) in set(wanted)]


def _place(row: Cost) -> tuple[str, str]:
    """What new rows replace, whatever study and weights were before."""
    return row.data_set, row.study


def costs_of(task: Task, _: Sequence[object] = ()) -> list[Cost]:
    """A row of each accepted pose and each error of one study."""
    counts = task.study.read()
    own = predict(counts, model=task.model)
    spread = own.quality.measures.get("axis_spread_deg", 0.0)
    return [
        _cost(task, counts, accepted, pose, error, amount, spread)
        for accepted, pose in ((OWN, own.pose), (TRUE, task.study.pose))
        for error, amount in errors()
    ]


def _cost(task: Task, counts: Volume, accepted: str, pose: Pose, error: str, amount: float, spread_deg: float) -> Cost:
    study = task.study
    now = datetime.now(UTC).isoformat(timespec="seconds")
    known = (study.data_set, study.name, study.subject, study.sha256, task.model_sha256, accepted, error, amount)
    try:
        result = segment_at(counts, wrong(pose, error, amount), model=task.model, axis_spread_deg=spread_deg)
    except InputError:
        return Cost(*known, "refused", now, __version__)
    found = figures_of_result(result)
    return Cost(
        *known, result.quality.status, now, __version__, as_text(found.segments), found.summed_score,
        found.scar_percent, found.cavity_ml, found.wall_ml,
        function_at(study, result, task.model).ef_percent if study.gates else None,
    )  # fmt: skip
