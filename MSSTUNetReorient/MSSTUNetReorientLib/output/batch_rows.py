"""Many results as a table: one row for each study, read from the files of its result; ``results.csv``.

A row names a study by its key and a result by its folder, which say nothing about the patient.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..io.atomic_file import write_text
from .destination import PAIR
from .destination import SUMMARY
from .function_text import NAMES as FUNCTION_FIGURES
from .pair import FIGURES as PAIR_FIGURES
from .perfusion_text import FIGURE_WORDS

Row = dict[str, Any]

NO_RESULT = "no result"
"""The status of a study that has none."""
RESULT_NAME = re.compile(r"[0-9a-f]{16}(-[0-9a-f]{16})?")
"""Folders of a batch: the key of a study, or those of stress and rest."""
INPUT = ("kind", "modality", "camera", "tracer", "attenuation_corrected", "sex", "gates")
ANATOMICAL = ("cavity_ml", "myocardium_ml", "mass_g", "length_mm", "eccentricity", "shape_index")
POSE = ("alpha_rad", "beta_rad", "gamma_rad", "tx", "ty", "tz", "centre_l_mm", "centre_p_mm", "centre_s_mm")
COLUMNS = (
    "study", "result", "phase", "status", "reasons", *INPUT, *POSE, "long_axis_l", "long_axis_p", "long_axis_s",
    "axis_bound_deg", "centre_bound_mm", "septum_deg", "septum_bound_deg", "seen_myocardium_ml", "seen_blood_pool_ml",
    *FIGURE_WORDS, *(f"anatomical_{name}" for name in ANATOMICAL), *(f"gated_{name}" for name in FUNCTION_FIGURES),
    "pair_status", "pair_warnings", *(f"pair_{name}" for name in PAIR_FIGURES),
    "model", "model_sha256", "version",
)  # fmt: skip
"""All columns, in their order; figures have their names of ``result.json`` and ``pair.json``."""


def rows_of(folder: Path) -> list[Row]:
    """The rows of one result of a batch: of its study, or of stress and rest, of which stress has the pair's figures.

    Raises:
        InputError: its files cannot be read, or are not of this version.
    """
    keys = folder.name.split("-")
    if len(keys) == 1:
        return [_row(folder, keys[0], folder.name)]
    pair = _content(folder / PAIR.summary)
    rows = []
    for key, phase in zip(keys, PAIR.folders, strict=True):
        rows.append(_row(folder / phase, key, f"{folder.name}/{phase}") | {"phase": phase})
    with _Readable(folder / PAIR.summary):
        rows[0] |= {"pair_status": pair["verdict"], "pair_warnings": _sentences(pair["warnings"])}
        rows[0] |= {f"pair_{name}": pair["figures"][name]["value"] for name in PAIR_FIGURES}
    return rows


def row_without_result(key: str, phase: str, reason: str) -> Row:
    """The row of a study that has no result, and why."""
    return {"study": key, "phase": phase, "status": NO_RESULT, "reasons": reason}


def finished_results(out: Path) -> list[Path]:
    """The folders of the results in a batch, by name."""
    folders = sorted(entry for entry in out.iterdir() if RESULT_NAME.fullmatch(entry.name)) if out.is_dir() else []
    return [folder for folder in folders if (folder / summary_of(folder.name)).is_file()]


def summary_of(name: str) -> str:
    """The file that makes a folder of that name a finished result."""
    return PAIR.summary if "-" in name else SUMMARY


def csv_text(rows: Iterable[Row]) -> str:
    """The rows as CSV with :data:`COLUMNS`; what is unknown or withheld is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_csv(rows: Iterable[Row], path: Path) -> None:
    """Replace a table by :func:`csv_text`.

    Raises:
        InputError: the disk is full or cannot be written.
    """
    write_text(path, csv_text(rows))


def write_parquet(rows: Iterable[Row], path: Path) -> None:
    """The same table as Parquet: numbers as float64, everything else as text.

    Raises:
        ModuleNotFoundError: pyarrow is not installed.
        InputError: the disk is full or cannot be written.
    """
    import pyarrow
    from pyarrow import parquet

    from ..io.atomic_file import atomic_file

    rows = list(rows)
    columns = {name: _typed(name, [row.get(name) for row in rows]) for name in COLUMNS}
    with atomic_file(path) as temporary:
        parquet.write_table(pyarrow.table(columns), temporary)


def _typed(name: str, values: list[Any]) -> Any:
    import pyarrow

    if name in TEXTS:
        return pyarrow.array([None if value is None else str(value) for value in values], pyarrow.string())
    return pyarrow.array([None if value is None else float(value) for value in values], pyarrow.float64())


TEXTS = {"study", "result", "phase", "status", "reasons", *INPUT, "pair_status", "pair_warnings", "model",
         "model_sha256", "version"} - {"gates"}  # fmt: skip


def _row(folder: Path, key: str, result: str) -> Row:
    content = _content(folder / SUMMARY)
    with _Readable(folder / SUMMARY):
        given, pose, septum = content["input"], content["pose"], content["septum"] or {}
        numbers = (*pose["euler_yxz_rad"], *pose["translation_normalized"], *pose["centre_lps_mm"])
        function, perfusion = content["function"] or {"figures": {}}, content["perfusion"]["figures"]
        return {
            "study": key,
            "result": result,
            "phase": given.get("study_phase", ""),
            "status": content["qc"]["status"],
            "reasons": _sentences(content["qc"]["reasons"]),
            **{name: given.get(name) for name in INPUT},
            **dict(zip(POSE, (round(x, 5) for x in numbers), strict=True)),
            **{f"long_axis_{at}": round(x, 5) for at, x in zip("lps", pose["axes_lps"]["k"], strict=True)},
            "axis_bound_deg": content["good_to"]["axis_deg"],
            "centre_bound_mm": content["good_to"]["centre_mm"],
            "septum_deg": septum.get("angle_deg"),
            "septum_bound_deg": septum.get("good_to_deg"),
            "seen_myocardium_ml": round(content["volumes_ml"]["myocardium"], 1),
            "seen_blood_pool_ml": round(content["volumes_ml"]["blood_pool"], 1),
            **{name: perfusion.get(name, {}).get("value") for name in FIGURE_WORDS},
            **{f"anatomical_{name}": content["anatomical"].get(name) for name in ANATOMICAL},
            **{f"gated_{name}": function["figures"].get(name, {}).get("value") for name in FUNCTION_FIGURES},
            "model": f"{content['model']['name']} {content['model']['version']}",
            "model_sha256": content["model"]["sha256"],
            "version": content["software"]["msstunet-reorient"],
        }


def _sentences(lines: Iterable[str]) -> str:
    return " ".join(lines)


def _content(path: Path) -> dict[str, Any]:
    with _Readable(path):
        content = json.loads(path.read_text(encoding="utf-8"))
        return dict(content)


class _Readable:
    """Whatever a damaged file or one of another version lacks, in one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError | ValueError | KeyError | TypeError | AttributeError):
            msg = f"{self._path}: the result is damaged or of another version; remove its folder and run again"
            raise InputError(msg) from error


def doubt(row: Row) -> tuple[float, ...]:
    """What sorts rows, the most doubtful first: no result, fail, review, pass; then by the bound of the long axis.

    A pair is as doubtful as its stress study.
    """
    ranks = (NO_RESULT, "fail", "review", "pass")
    rank = min(ranks.index(row["status"]), ranks.index(row.get("pair_status") or "pass"))
    bound = row.get("axis_bound_deg")
    return rank, -float("inf") if bound is None else -float(bound)


def in_order_of_doubt(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows by :func:`doubt`; of those that are alike by their study."""
    yield from sorted(rows, key=lambda row: (doubt(row), row["study"]))
