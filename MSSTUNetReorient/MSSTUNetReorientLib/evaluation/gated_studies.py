"""Ejection fraction and volumes of gated studies, held against those that the simulator knows."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import InputError
from ..geometry.volume import Volume
from ..io import read_study
from ..output.function_text import function_of_result
from ..perfusion.function import SMALL_ESV_ML
from ..perfusion.function import Function
from ..prediction.gates import with_gates
from ..prediction.predictor import predict
from ..prediction.result import Result
from .candidates import Candidate
from .comparisons import CompactMethod
from .csv_rows import extend
from .csv_rows import read_rows
from .perfusion_agreement import Pairs
from .perfusion_agreement import figure_pairs
from .tables import NONE
from .tables import Table
from .tables import number
from .true_study import DataSet
from .true_study import TrueStudy
from .workers import each

FILE = "gated.csv"
LEAST_R, MOST_BIAS, MOST_SD = 0.95, 2.0, 4.0
"""Targets of the ejection fraction: correlation, absolute bias and SD in points."""
FIGURES = {"ef_percent": "EF (points)", "edv_ml": "EDV (errors in %)", "esv_ml": "ESV (errors in %)",
           "wall_ml": "wall (errors in %)"}  # fmt: skip


@dataclass(frozen=True)
class GatedRow:
    """Function of one study; None where it is withheld or not known.

    Attributes:
        data_set, study, subject, study_sha256, method, method_sha256, measured, software: as in a measurement.
        refused: why the method gave no answer; withheld: why it gave no function; empty otherwise.
        found_*: from the method's own pose and gates. true_*: what the simulator knows; of real counts only the
            ejection fraction of the drawn contours.
    """

    data_set: str
    study: str
    subject: str
    study_sha256: str
    method: str
    method_sha256: str
    measured: str
    software: str
    refused: str = ""
    withheld: str = ""
    found_ef_percent: float | None = None
    true_ef_percent: float | None = None
    found_edv_ml: float | None = None
    true_edv_ml: float | None = None
    found_esv_ml: float | None = None
    true_esv_ml: float | None = None
    found_wall_ml: float | None = None
    true_wall_ml: float | None = None


Key = tuple[str, str, str, str]


def measure_gated(
    sets: Sequence[DataSet],
    candidate: Candidate,
    out: Path,
    *,
    jobs: int,
    again: bool,
    report: Callable[[int, int], None],
) -> list[GatedRow]:
    """The function of every gated study by one method; none where it is no model that segments gates.

    Args:
        out, jobs, again, report: as in :func:`.evaluation_run.measure_all`.

    Raises:
        InputError: a study cannot be read, or the disk is full; what was measured is kept.
    """
    if not isinstance(candidate.method, CompactMethod):
        return []
    studies = [study for s in sets for study in s.studies if study.gates]
    rows = read_rows(out / FILE, GatedRow)
    done = set() if again else {_key_of(row) for row in rows}
    tasks = [study for study in studies if _key(study, candidate) not in done]
    if tasks:
        rows = extend(rows, each(measure_function, tasks, [candidate], jobs), len(tasks), _place, out / FILE, GatedRow,
                      report)  # fmt: skip
    by_key = {_key_of(row): row for row in rows}
    return [by_key[_key(study, candidate)] for study in studies]


def measure_function(study: TrueStudy, candidates: Sequence[Candidate]) -> list[GatedRow]:
    """The row of one study."""
    (candidate,) = candidates
    assert isinstance(candidate.method, CompactMethod)
    known: dict[str, Any] = {
        "data_set": study.data_set, "study": study.name, "subject": study.subject, "study_sha256": study.sha256,
        "method": candidate.name, "method_sha256": candidate.sha256, "software": __version__,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    true: dict[str, Any] = {f"true_{name}": study.function.get(name) for name in FIGURES}
    try:
        found, withheld = _found(study, candidate.method.model)
    except InputError as error:
        return [GatedRow(**known, refused=str(error), **true)]
    return [GatedRow(**known, withheld=withheld, **true, **found)]


def _found(study: TrueStudy, model: str | Path | None) -> tuple[dict[str, Any], str]:
    """The figures by their fields, and why they are withheld."""
    counts = study.read()
    function = function_at(study, predict(counts, model=model), model)
    wall = None if function.volumes is None else function.volumes.wall_ml
    values = {"ef_percent": function.ef_percent, "edv_ml": function.edv_ml, "esv_ml": function.esv_ml, "wall_ml": wall}
    return {f"found_{name}": value for name, value in values.items()}, function.reason


def function_at(study: TrueStudy, result: Result, model: str | Path | None) -> Function:
    """The function of a gated study at the pose of a result of its sum."""
    counts = result.study
    gates = [Volume(read_study(file).array, counts.grid, counts.info) for file in study.gates]
    found = function_of_result(with_gates(result, gates, model=model))
    assert found is not None
    return found


def _key(study: TrueStudy, candidate: Candidate) -> Key:
    return study.data_set, study.sha256, candidate.name, candidate.sha256


def _key_of(row: GatedRow) -> Key:
    return row.data_set, row.study_sha256, row.method, row.method_sha256


def _place(row: GatedRow) -> tuple[str, ...]:
    """What a new row replaces, whatever study and weights were before."""
    return row.data_set, row.study, row.method


def table(rows: Sequence[GatedRow]) -> Table:
    """Of each data set: every figure, over all studies and over those without a small heart."""
    head = (
        "data set",
        "studies",
        "withheld",
        "figure",
        "SD of the truth",
        "r",
        "bias ± SD",
        "95th centile",
        "EF target",
    )
    lines = []
    for data_set in dict.fromkeys(row.data_set for row in rows):
        whole = [row for row in rows if row.data_set == data_set]
        large = [row for row in whole if (row.true_esv_ml or 0) >= SMALL_ESV_ML]
        lines += _lines(data_set, whole)
        if large and len(large) < len(whole):
            lines += _lines(f"{data_set}, ESV ≥ {SMALL_ESV_ML:g} ml", large)
    return Table(head, tuple(lines))


def _lines(name: str, rows: Sequence[GatedRow]) -> list[tuple[str, ...]]:
    missing = sum(row.found_ef_percent is None for row in rows)
    found = [(what, figure_pairs(rows, figure, relative=figure != "ef_percent")) for figure, what in FIGURES.items()]
    return [
        (
            name, str(len(rows)), str(missing), what, number(pairs.spread, 1), number(pairs.r, 3),
            f"{pairs.bias:+.1f} ± {number(pairs.sd, 1)}", number(pairs.bad, 1),
            _verdict(pairs) if what == FIGURES["ef_percent"] else "",
        )
        for what, pairs in found if pairs.bias is not None
    ]  # fmt: skip


def _verdict(pairs: Pairs) -> str:
    if pairs.r is None or pairs.bias is None or pairs.sd is None:
        return NONE
    reached = pairs.r >= LEAST_R and abs(pairs.bias) <= MOST_BIAS and pairs.sd <= MOST_SD
    return "reached" if reached else "**missed**"
