"""Measuring: what an exact and a wrong answer get, resuming, stale rows, and interruptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.evaluation.candidates import Candidate
from MSSTUNetReorientLib.evaluation.csv_rows import read_rows
from MSSTUNetReorientLib.evaluation.csv_rows import write_rows
from MSSTUNetReorientLib.evaluation.evaluation_run import measure_all
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.measurement import pose_errors
from MSSTUNetReorientLib.evaluation.measurements_csv import FILE
from MSSTUNetReorientLib.evaluation.method import Answer
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.evaluation.summary import Summary
from MSSTUNetReorientLib.evaluation.tables import calibration
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.evaluation.true_study import TrueStudy
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.volume import Volume


@dataclass
class Scripted:
    """Answers what a function says of the study whose counts it is shown."""

    studies: tuple[TrueStudy, ...]
    say: Callable[[TrueStudy], Answer]
    name: str = "scripted"
    parameters: int = 0
    asked: list[str] = field(default_factory=list)

    def answer(self, study: Volume) -> Answer:
        known = next(s for s in self.studies if np.allclose(s.read().grid.origin, study.grid.origin))
        self.asked.append(known.name)
        return self.say(known)


def truth_of(study: TrueStudy) -> Answer:
    return Answer(
        study.pose, study.read_labels(), "pass", septum_deg=study.septum_deg, bound_deg=3.0, centre_bound_mm=4.0,
        septum_bound_deg=20.0,
    )  # fmt: skip


def tilted(study: TrueStudy) -> Answer:
    return Answer(study.pose.corrected(Correction(tilt=20.0, basal=6.0)), None, bound_deg=19.0, centre_bound_mm=7.0)


def refusing(study: TrueStudy) -> Answer:
    msg = f"{study.name}: not for me"
    raise InputError(msg)


@pytest.fixture
def data(simulated: Path) -> DataSet:
    return read_set(simulated, "spect")


def run(data: DataSet, method: Scripted, out: Path, sha256: str = "1", again: bool = False) -> list[Measurement]:
    return measure_all([data], [Candidate(method, sha256, "a test")], out, jobs=1, again=again, report=lambda *_: None)


def test_the_truth_is_without_error(data: DataSet, tmp_path: Path) -> None:
    for row in run(data, Scripted(data.studies, truth_of), tmp_path):
        errors = [row.long_axis_deg, row.roll_deg, row.rotation_deg, row.centre_mm, row.rot_mse]
        assert errors == pytest.approx([0] * 5, abs=1e-5)
        assert (row.dsc_myocardium, row.dsc_blood_pool) == (1, 1)
        assert (row.hd95_myocardium_mm, row.hd95_blood_pool_mm) == (0, 0)
        assert row.myocardium_ml == row.true_myocardium_ml
        assert row.septum_deg == 0
        assert (row.swing_deg, row.tilt_deg) == pytest.approx((0, 0), abs=1e-5)
        assert (row.verdict, row.failed) == ("pass", False)


def test_a_known_error_is_measured(data: DataSet, tmp_path: Path) -> None:
    for row in run(data, Scripted(data.studies, tilted), tmp_path):
        assert row.long_axis_deg == pytest.approx(20.0)
        assert row.centre_mm == pytest.approx(6.0)
        assert (row.swing_deg, row.tilt_deg) == pytest.approx((0, 20), abs=1e-6)
        assert (row.septum_deg, row.found_septum_deg) == (None, None)
        assert row.true_septum_deg is not None
        assert row.failed
        assert row.dsc_myocardium is None
        assert row.verdict == ""


@pytest.mark.parametrize(
    ("say", "within"),
    [(truth_of, (True, True, True)), (tilted, (False, True, None)), (refusing, (None, None, None))],
)
def test_the_methods_own_bounds_are_held_against_its_errors(
    say: Callable[[TrueStudy], Answer], within: tuple[bool | None, ...], data: DataSet, tmp_path: Path
) -> None:
    rows = tuple(run(data, Scripted(data.studies, say), tmp_path))
    summary = Summary("spect", "scripted", rows)
    expected = [None if side is None else (3 * side, 3) for side in within]
    assert [summary.within(bound) for bound in ("bound_deg", "centre_bound_mm", "septum_bound_deg")] == expected


@pytest.mark.parametrize(("swing", "tilt"), [(7.0, 0.0), (0.0, 7.0), (-3.0, -5.0)])
def test_the_signs_of_swing_and_tilt(swing: float, tilt: float, data: DataSet) -> None:
    """With a positive swing the apex is septal (-i) of the true one, with a positive tilt inferior (+j)."""
    study = data.studies[0]
    pose = study.pose.corrected(Correction(swing=swing, tilt=tilt, roll=25.0))
    row = pose_errors(pose, study)
    apex = study.pose.apply_inverse(study.pose.centre - pose.long_axis)
    seen = np.rad2deg([np.arctan2(-apex[0], -apex[2]), np.arcsin(apex[1])])
    assert [row["swing_deg"], row["tilt_deg"]] == pytest.approx(list(seen), abs=1e-6)
    assert [row["swing_deg"], row["tilt_deg"]] == pytest.approx([swing, tilt], abs=1e-6)


def test_the_error_of_the_septum_angle_is_wrapped(data: DataSet, tmp_path: Path) -> None:
    studies = tuple(replace(study, septum_deg=350.0) for study in data.studies)
    turned = replace(data, studies=(*studies[:2], replace(studies[2], septum_deg=None)))
    for row in run(turned, Scripted(turned.studies, lambda _: Answer(None, None, septum_deg=15.0)), tmp_path):
        known = row.study != "spect_5"
        assert (row.septum_deg, row.true_septum_deg) == ((25.0, 350.0) if known else (None, None))
        assert row.found_septum_deg == 15.0


def test_each_verdict_is_counted_by_itself(data: DataSet, tmp_path: Path) -> None:
    told = dict(zip((study.name for study in data.studies), ("pass", "review", "fail"), strict=True))
    rows = run(data, Scripted(data.studies, lambda study: Answer(study.pose, None, told[study.name])), tmp_path)
    table = calibration([Summary("spect", "scripted", tuple(rows))])
    counted = dict(zip(table.head, table.rows[0], strict=True))
    assert [counted[verdict] for verdict in ("pass", "review", "fail")] == ["1", "1", "1"]


def test_labels_on_any_grid(data: DataSet, tmp_path: Path) -> None:
    """Transaxial labels get the same figures, up to the voxels."""
    from MSSTUNetReorientLib.geometry.volume import Grid
    from MSSTUNetReorientLib.geometry.volume import resample

    def transaxial(study: TrueStudy) -> Answer:
        labels = study.read_labels()
        assert labels is not None
        upright = Grid((150, 150, 150), np.full(3, 1.2), study.pose.centre - 1.2 * 149 / 2)
        return Answer(None, resample(labels, upright, order=0))

    for row in run(data, Scripted(data.studies, transaxial), tmp_path):
        assert row.dsc_myocardium is not None
        assert row.dsc_myocardium > 0.97
        assert row.myocardium_ml == pytest.approx(row.true_myocardium_ml, rel=0.01)
        assert row.failed is None


def test_a_refusal_is_a_failure(data: DataSet, tmp_path: Path) -> None:
    rows = run(data, Scripted(data.studies, refusing), tmp_path)
    assert all(row.failed and "not for me" in row.refused for row in rows)


def test_what_is_measured_is_not_measured_again(data: DataSet, tmp_path: Path) -> None:
    method = Scripted(data.studies, truth_of)
    first = run(data, method, tmp_path)
    assert run(data, method, tmp_path) == first
    assert len(method.asked) == 3
    run(data, method, tmp_path, again=True)
    assert len(method.asked) == 6


def test_other_weights_and_changed_studies_are_measured_anew(data: DataSet, tmp_path: Path) -> None:
    method = Scripted(data.studies, truth_of)
    run(data, method, tmp_path, sha256="1")
    run(data, method, tmp_path, sha256="2")
    assert len(method.asked) == 6
    assert {row.method_sha256 for row in read_rows(tmp_path / FILE, Measurement)} == {"2"}
    changed = replace(data, studies=(replace(data.studies[0], sha256="other"), *data.studies[1:]))
    rows = run(changed, method, tmp_path, sha256="2")
    assert len(method.asked) == 7
    assert len(rows) == len(read_rows(tmp_path / FILE, Measurement)) == 3


def test_other_methods_and_sets_are_kept(data: DataSet, tmp_path: Path) -> None:
    run(data, Scripted(data.studies, truth_of), tmp_path)
    rows = run(data, Scripted(data.studies, tilted, name="another"), tmp_path)
    assert {row.method for row in rows} == {"another"}
    assert len(read_rows(tmp_path / FILE, Measurement)) == 6


def test_a_stopped_run_goes_on(data: DataSet, tmp_path: Path) -> None:
    def stop_at_the_second(study: TrueStudy) -> Answer:
        if study.name == "spect_4":
            raise KeyboardInterrupt
        return truth_of(study)

    with pytest.raises(KeyboardInterrupt):
        run(data, Scripted(data.studies, stop_at_the_second), tmp_path)
    assert [row.study for row in read_rows(tmp_path / FILE, Measurement)] == ["spect_3"]
    method = Scripted(data.studies, truth_of)
    assert len(run(data, method, tmp_path)) == 3
    assert method.asked == ["spect_4", "spect_5"]


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    known = ("set", "a, b", "s", "real", "PET", "1", 'the "m"', "2", "now", "0")
    rows = [
        Measurement(*known, hd95_myocardium_mm=float("inf"), long_axis_deg=0.1 + 0.2),
        Measurement(*known, refused="one\nline"),
    ]
    write_rows(rows, Measurement, tmp_path / FILE)
    assert read_rows(tmp_path / FILE, Measurement) == rows
    (tmp_path / FILE).write_text("something,else\n1,2\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / FILE, Measurement)
