"""What a model reaches on a pool of studies with truth, per kind of study: medians, 95th centiles, failures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..labels import BLOOD_POOL
from ..labels import MYOCARDIUM
from ..networks.compact import CUBE_SIZE
from ..networks.compact import CUBE_SPACING
from ..networks.compact import LABEL_SPACING
from ..pose import Pose
from ..predictor import predict
from ..volume import Grid
from ..volume import Volume
from ..volume import resample
from .pool import Sample
from .pool import read_sample

FAILURE_DEG, FAILURE_MM = 15.0, 20.0
"""A long axis or a centre further off than this is a failure."""


def measure(sample: Sample, model: str | Path | None) -> dict[str, float]:
    """Errors of one study: degrees, mm, Dice coefficients; and whether the verdict was a pass (1 or 0)."""
    true, study = pose_and_volume(sample)
    result = predict(study, model=model)
    labels = Volume(sample.labels, Grid.centred(sample.labels.shape[0], LABEL_SPACING, true))
    seen = resample(labels, result.labels.grid, order=0).array
    return {
        "long_axis_deg": result.pose.long_axis_error(true),
        "roll_deg": result.pose.roll_error(true),
        "centre_mm": result.pose.centre_error(true),
        "dsc_myocardium": dice(seen == MYOCARDIUM, result.labels.array == MYOCARDIUM),
        "dsc_blood_pool": dice(seen == BLOOD_POOL, result.labels.array == BLOOD_POOL),
        "passed": float(result.quality.status == "pass"),
    }


def pose_and_volume(sample: Sample) -> tuple[Pose, Volume]:
    """A sample as a study, and its true pose; the origin of LPS is the cube's middle."""
    cube = Grid.centred(CUBE_SIZE, CUBE_SPACING, Pose(np.eye(3), np.zeros(3)))
    return Pose(sample.rotation, sample.centre), Volume(sample.cube.astype(np.float32), cube)


def dice(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Dice coefficient; 1 where both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 2 * int((a & b).sum()) / total if total else 1.0


def validate(pool: Path, model: str | Path | None, progress: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Figures by kind of study (e.g. "czt-counts"), each with its number of studies."""
    rows: dict[str, list[dict[str, float]]] = {}
    files = sorted(pool.glob("*.npz"))
    for n, file in enumerate(files):
        sample = read_sample(file)
        rows.setdefault(sample.kind, []).append(measure(sample, model))
        if n % 20 == 19:
            progress(f"{n + 1} of {len(files)} studies")
    return {kind: summarise(measured) for kind, measured in sorted(rows.items())}


def summarise(rows: list[dict[str, float]]) -> dict[str, Any]:
    """Medians, the bad 5 % and the failures of a list of :func:`measure`."""
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    failed = (column["long_axis_deg"] > FAILURE_DEG) | (column["centre_mm"] > FAILURE_MM)
    out: dict[str, Any] = {"studies": len(rows), "failures": int(failed.sum())}
    out["failures_passed_by_quality_control"] = int((failed & (column["passed"] == 1)).sum())
    out["passed"] = int(column["passed"].sum())
    for name in ("long_axis_deg", "roll_deg", "centre_mm", "dsc_myocardium", "dsc_blood_pool"):
        bad = 5 if name.startswith("dsc") else 95
        out[name] = {"median": round(float(np.median(column[name])), 3)}
        out[name][f"centile_{bad}"] = round(float(np.percentile(column[name], bad)), 3)
    return out
