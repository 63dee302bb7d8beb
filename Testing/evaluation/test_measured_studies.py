"""Studies that were measured before and are simulated again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.cropped_studies import CroppedStudy
from MSSTUNetReorientLib.evaluation.cropped_studies import cropped
from MSSTUNetReorientLib.evaluation.measured_studies import as_measured
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.measurement import errors_of
from MSSTUNetReorientLib.evaluation.method import Answer
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.geometry.pose import Pose


def row(study: CroppedStudy, **changed: object) -> Measurement:
    """What is measured of the study by a method that answers the true pose."""
    known = {
        "data_set": study.data_set, "study": study.name, "subject": study.subject, "kind": study.kind,
        "modality": study.modality, "study_sha256": study.sha256, "method": "m", "method_sha256": "-", "measured": "",
        "software": "",
    }  # fmt: skip
    found = errors_of(Answer(study.pose, None), study, study.read(), None, None)
    return Measurement(**{**known, **found, **changed})  # type: ignore[arg-type]


def rounded(data_set: DataSet) -> DataSet:
    """The same studies with other last bits, whose hash is another."""
    turn = Pose.from_euler(1e-9, 0, 0, np.zeros(3)).rotation
    return replace(data_set, studies=tuple(
        replace(study, pose=Pose(turn @ study.pose.rotation, study.pose.centre + 1e-9), sha256=study.sha256[::-1])
        for study in data_set.studies
    ))  # fmt: skip


def test_a_study_simulated_again_keeps_its_field_and_hash(simulated: Path) -> None:
    whole = read_set(simulated, "SPECT")
    before, now = cropped(whole, 60.0), cropped(rounded(whole), 60.0)
    again = as_measured(now, [row(study) for study in before.studies])  # type: ignore[arg-type]
    for old, new, found in zip(before.studies, now.studies, again.studies, strict=True):
        assert old.sha256 == found.sha256 != new.sha256
        assert found.cube is not None
        np.testing.assert_allclose(found.cube.centre, old.cube.centre, atol=1e-6)
        assert np.abs(np.subtract(new.cube.centre, old.cube.centre)).max() > 0.1
        np.testing.assert_array_equal(found.read().array, old.read().array)
    assert as_measured(now, []).studies == now.studies


@pytest.mark.parametrize("changed", [{"subject": "another"}, {"true_beta": -1.0}])
def test_another_study_of_that_name_is_refused(simulated: Path, changed: dict[str, object]) -> None:
    studies = cropped(read_set(simulated, "SPECT"), 60.0)
    rows = [row(studies.studies[0], **changed)]  # type: ignore[arg-type]
    with pytest.raises(InputError, match="omit --simulated-again"):
        as_measured(studies, rows)
