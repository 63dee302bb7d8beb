"""Measures of a method on a pool of studies with truth, per kind of study: medians, 95th centiles, failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..evaluation.method import Method
from ..evaluation.metrics import dice
from ..evaluation.metrics import is_failure
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample_labels
from ..networks.geometry import CUBE_SIZE
from ..networks.geometry import CUBE_SPACING
from ..networks.geometry import LABEL_SPACING
from .pool import Sample
from .pool import read_sample

MEASURED_SIZE = 64
"""Voxels of 3.2 mm along the edge of the cube round the true LV in which labels are compared."""
COLUMNS = {
    "long_axis_deg": "axis deg", "roll_deg": "roll deg", "centre_mm": "centre mm", "dsc_myocardium": "DSC wall",
    "dsc_blood_pool": "DSC pool",
}  # fmt: skip


def sample_errors(sample: Sample, method: Method) -> dict[str, float]:
    """Errors of one study: degrees, mm, Dice coefficients, verdict (1 or 0); missing values are omitted."""
    true, study = pose_and_volume(sample)
    answer = method.answer(study)
    row: dict[str, float] = {}
    if answer.pose is not None:
        row |= {
            "long_axis_deg": answer.pose.long_axis_error(true),
            "roll_deg": answer.pose.roll_error(Pose.from_long_axis(true.long_axis, true.centre)),
            "centre_mm": answer.pose.centre_error(true),
        }
    if answer.labels is not None:
        labels = Volume(sample.labels, Grid.centred(sample.labels.shape[0], LABEL_SPACING, true))
        grid = Grid.centred(MEASURED_SIZE, LABEL_SPACING, true)
        told, seen = (resample_labels(x, grid).array for x in (answer.labels, labels))
        row |= {
            "dsc_myocardium": dice(seen == MYOCARDIUM, told == MYOCARDIUM),
            "dsc_blood_pool": dice(seen == BLOOD_POOL, told == BLOOD_POOL),
        }
    if answer.verdict:
        row["passed"] = float(answer.verdict == "pass")
    return row


def pose_and_volume(sample: Sample) -> tuple[Pose, Volume]:
    """A sample as a study, and the pose of its labels; the origin of LPS is the cube's middle.

    A sample that was turned has the true long axis, but no longer the clinic's roll.
    """
    cube = Grid.centred(CUBE_SIZE, CUBE_SPACING, Pose(np.eye(3), np.zeros(3)))
    return Pose(sample.rotation, sample.centre), Volume(sample.cube.astype(np.float32), cube)


def validate(pool: Path, method: Method, progress: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures by kind of study (e.g. "czt-counts"), and of "all", each with its number of studies."""
    rows: dict[str, list[dict[str, float]]] = {}
    files = sorted(pool.glob("*.npz"))
    for n, file in enumerate(files):
        sample = read_sample(file)
        row = sample_errors(sample, method)
        rows.setdefault(sample.kind, []).append(row)
        rows.setdefault("all", []).append(row)
        if n % 20 == 19:
            progress(f"measured {n + 1} of {len(files)} studies")
    return {kind: summarise(measured) for kind, measured in sorted(rows.items())}


def summarise(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians, the bad 5 % and the failures of a list of :func:`measure`."""
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    out: dict[str, Any] = {"studies": len(rows)}
    if "long_axis_deg" in column:
        errors = zip(column["long_axis_deg"], column["centre_mm"], strict=True)
        failed = np.array([is_failure(degrees, mm) for degrees, mm in errors])
        out["failures"] = int(failed.sum())
        if "passed" in column:
            out["failures_passed_by_quality_control"] = int((failed & (column["passed"] == 1)).sum())
            out["passed"] = int(column["passed"].sum())
    for name in COLUMNS:
        if name in column:
            bad = 5 if name.startswith("dsc") else 95
            out[name] = {"median": round(float(np.median(column[name])), 3)}
            out[name][f"centile_{bad}"] = round(float(np.percentile(column[name], bad)), 3)
    return out


def as_table(figures: dict[str, dict[str, Any]]) -> str:
    """The figures as lines of text: median / bad 5 %, and failures."""
    lines = [["studies", "n", *COLUMNS.values(), "failures"]]
    for kind, row in figures.items():
        cells = [" / ".join(f"{v:.2f}" for v in row[name].values()) if name in row else "-" for name in COLUMNS]
        lines.append([kind, str(row["studies"]), *cells, str(row.get("failures", "-"))])
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip() for line in lines)
