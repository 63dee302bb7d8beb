"""Pairs for tests: results of one wall with known counts at stress and at rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io.study_identity import StudyIdentity
from MSSTUNetReorientLib.output.pair_checks import Side
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from results import make_result
from walls import POSE
from walls import uniform
from walls import wall

BOUNDS = {"axis_bound_deg": 3.0, "centre_bound_mm": 4.0}
SAME = StudyIdentity(patient="a" * 12, frame="1.2.3")


def cold(height: Any, angle: Any) -> Any:
    """30 % in the inferior sector above the apical segments: segments 4 and 10."""
    return np.where((height > 0.3) & (angle >= 240) & (angle < 300), 30.0, 100.0)


def result_of(counts: Any = uniform, quality: Quality | None = None, **info: Any) -> Result:
    """A result whose short axis is a wall with known counts."""
    short_axis, labels, _ = wall(counts)
    base = make_result(POSE, quality=quality or Quality("pass", (), BOUNDS))
    study = Volume(base.study.array, base.study.grid, {**base.study.info, **info})
    return replace(base, study=study, short_axis=short_axis, labels=labels)


def side(result: Result | None = None, identity: StudyIdentity = SAME, **info: Any) -> Side:
    """One side of a pair; ``info`` is added to what was read."""
    result = result_of() if result is None else result
    study = Volume(result.study.array, result.study.grid, {**result.study.info, **info})
    return Side(replace(result, study=study), identity)
