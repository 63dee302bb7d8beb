"""Studies that were measured before and are simulated again: on another processor their last bits differ.

Their hash differs too, and with it the field that would be drawn for them (:mod:`.cropped_studies`).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from ..errors import InputError
from ..geometry.pose import Cube
from .cropped_studies import CroppedStudy
from .measurement import Measurement
from .true_study import DataSet

SAME_RAD = 1e-6
"""Largest difference of an Euler angle by rounding."""


def as_measured(data_set: DataSet, rows: Iterable[Measurement]) -> DataSet:
    """Cropped studies with the field and the hash that they were measured with; those not measured stay as they are.

    Args:
        data_set: of :class:`~.cropped_studies.CroppedStudy`.
        rows: of localisers too; others do not tell the field.

    Raises:
        InputError: a study has the name of a measured one, but another subject or pose.
    """
    known = {row.study: row for row in rows if row.data_set == data_set.name and row.true_tx is not None}
    studies = tuple(_as_measured(cast(CroppedStudy, study), known) for study in data_set.studies)
    return replace(data_set, studies=studies)


def _as_measured(study: CroppedStudy, known: Mapping[str, Measurement]) -> CroppedStudy:
    row = known.get(study.name)
    if row is None:
        return study
    half = study.field.half
    shift = np.array([row.true_tx, row.true_ty, row.true_tz], dtype=float)
    angles = np.array([row.true_alpha, row.true_beta, row.true_gamma], dtype=float)
    if row.subject != study.subject or np.abs(angles - study.pose.euler(angles)).max() > SAME_RAD:
        msg = (
            f"{study.data_set}, {study.name}: studies simulated again must have subject and pose of those measured "
            f"before, but this one has others; simulate with the same options, or omit --simulated-again"
        )
        raise InputError(msg)
    middle = study.pose.centre - shift * half
    field = Cube((float(middle[0]), float(middle[1]), float(middle[2])), half)
    return replace(study, field=field, cube=field, sha256=row.study_sha256)
