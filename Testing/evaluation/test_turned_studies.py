"""Turned and mirrored studies: where a spot goes, what is counted, and resuming."""

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
from MSSTUNetReorientLib.evaluation.measurement import Measurement
from MSSTUNetReorientLib.evaluation.method import Answer
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.evaluation.turned_studies import CHANGES
from MSSTUNetReorientLib.evaluation.turned_studies import FILE
from MSSTUNetReorientLib.evaluation.turned_studies import Turned
from MSSTUNetReorientLib.evaluation.turned_studies import measure_turned
from MSSTUNetReorientLib.evaluation.turned_studies import some_of
from MSSTUNetReorientLib.evaluation.turned_studies import table
from MSSTUNetReorientLib.evaluation.turned_studies import turned
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume

SIGNS = {
    "turned by 180° about z": (-1, -1, 1),
    "turned by 180° about x": (1, -1, -1),
    "turned by 180° about y": (-1, 1, -1),
    "mirrored left-right": (-1, 1, 1),
    "mirrored front-back": (1, -1, 1),
    "mirrored head-feet": (1, 1, -1),
}
"""Of a point's LPS coordinates, seen from the middle of the volume."""
AXES = {
    "axial": np.eye(3),
    "stored back to front": np.diag([1.0, -1.0, 1.0]),
    "coronal": np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]]),
    "sagittal": np.array([[0, 0, 1.0], [1.0, 0, 0], [0, 1.0, 0]]),
}
"""Columns are the directions of i, j, k."""


@pytest.mark.parametrize("change", SIGNS)
@pytest.mark.parametrize("axes", AXES)
def test_where_a_spot_goes(change: str, axes: str) -> None:
    grid = Grid((20, 22, 24), np.array([4.0, 5.0, 6.0]), np.array([7.0, -50.0, 30.0]), AXES[axes])
    array = np.zeros(grid.size[::-1], np.float32)
    array[4, 15, 3] = 1.0
    before = grid.at([3, 15, 4]) - grid.centre
    now = turned(Volume(array, grid), change)
    assert now.grid is grid
    ((k, j, i),) = np.argwhere(now.array)
    assert grid.at([i, j, k]) - grid.centre == pytest.approx(before * SIGNS[change])
    assert list(SIGNS) == list(CHANGES)


def test_an_oblique_volume_is_turned_along_its_nearest_axes() -> None:
    angle = np.deg2rad(30)
    oblique = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    grid = Grid((20, 22, 24), np.full(3, 5.0), np.zeros(3), oblique)
    counts = np.random.default_rng(0).random(grid.size[::-1]).astype(np.float32)
    assert (turned(Volume(counts, grid), "mirrored left-right").array == counts[:, :, ::-1]).all()


@dataclass
class Judge:
    """Tells of each shown volume what a function says; remembers how often it was asked."""

    say: Callable[[Volume], Answer]
    name: str = "judge"
    parameters: int = 0
    asked: list[int] = field(default_factory=list)

    def answer(self, study: Volume) -> Answer:
        self.asked.append(1)
        return self.say(study)


@pytest.fixture
def data(simulated: Path) -> DataSet:
    return read_set(simulated, "spect")


def run(data: DataSet, judge: Judge, out: Path, most: int = 8, sha256: str = "1", again: bool = False) -> list[Turned]:
    candidate = Candidate(judge, sha256, "a test")
    return measure_turned([data], candidate, out, most=most, jobs=1, again=again, report=lambda *_: None)


def passing(_: Volume) -> Answer:
    return Answer(None, None, "pass")


def test_every_change_of_every_study_is_judged_once(data: DataSet, tmp_path: Path) -> None:
    judge = Judge(passing)
    rows = run(data, judge, tmp_path, most=2)
    assert len(rows) == len(judge.asked) == 12
    assert {row.study for row in rows} == {"spect_3", "spect_4"}
    assert run(data, judge, tmp_path, most=2) == rows == read_rows(tmp_path / FILE, Turned)
    assert len(judge.asked) == 12
    run(data, judge, tmp_path, most=3)
    assert len(judge.asked) == 18
    run(data, judge, tmp_path, most=1, again=True)
    assert len(judge.asked) == 24
    assert run(data, judge, tmp_path, most=0) == []


def test_other_weights_and_changed_studies_are_judged_anew(data: DataSet, tmp_path: Path) -> None:
    judge = Judge(passing)
    run(data, judge, tmp_path, most=3, sha256="1")
    run(data, judge, tmp_path, most=3, sha256="2")
    assert len(judge.asked) == 36
    changed = replace(data, studies=(replace(data.studies[0], sha256="other"), *data.studies[1:]))
    run(changed, judge, tmp_path, most=3, sha256="2")
    assert len(judge.asked) == 42
    assert len(read_rows(tmp_path / FILE, Turned)) == 18


def test_a_stopped_run_goes_on(data: DataSet, tmp_path: Path) -> None:
    def stop(_: Volume) -> Answer:
        if len(judge.asked) > 8:
            raise KeyboardInterrupt
        return Answer(None, None, "review")

    judge = Judge(stop)
    with pytest.raises(KeyboardInterrupt):
        run(data, judge, tmp_path)
    assert {row.study for row in read_rows(tmp_path / FILE, Turned)} == {"spect_3"}
    judge = Judge(passing)
    assert len(run(data, judge, tmp_path)) == 18
    assert len(judge.asked) == 12


def test_a_refusal_is_no_pass(data: DataSet, tmp_path: Path) -> None:
    def refuse(_: Volume) -> Answer:
        msg = "no"
        raise InputError(msg)

    assert {row.verdict for row in run(data, Judge(refuse), tmp_path)} == {"refused"}


def test_what_is_told_as_mirrored_is_kept(data: DataSet, tmp_path: Path) -> None:
    rows = run(data, Judge(lambda _: Answer(None, None, "review", mirrored=True)), tmp_path, most=1)
    assert {row.told for row in rows} == {"mirrored"}
    assert {row.told for row in run(data, Judge(passing), tmp_path, most=1, again=True)} == {""}


def test_studies_are_chosen_evenly() -> None:
    assert some_of(list(range(40)), 8) == [0, 5, 10, 15, 20, 25, 30, 35]  # type: ignore[type-var,comparison-overlap]
    assert some_of(list(range(3)), 8) == [0, 1, 2]  # type: ignore[type-var,comparison-overlap]
    assert some_of(list(range(3)), 0) == []  # type: ignore[type-var]


def test_the_table_counts_by_hand() -> None:
    def judged(data_set: str, study: str, change: str, verdict: str) -> Turned:
        told = "mirrored" if change == "mirrored left-right" and study != "1" else ""
        return Turned(data_set, study, study, "m", "w", change, verdict, told, "now", "0")

    def true(data_set: str, study: str, verdict: str, method: str = "m") -> Measurement:
        return Measurement(data_set, study, study, "real", "PET", study, method, "w", "now", "0", verdict=verdict)

    last = list(CHANGES)[-1]
    found = [judged("a", s, c, "pass" if (s, c) == ("1", last) else "review") for s in "12" for c in CHANGES]
    found += [judged("b", s, c, "pass" if (s, c) == ("0", last) else "fail") for s in "0123" for c in CHANGES]
    rows = [true("a", "1", "pass"), true("a", "2", "review"), true("a", "3", "pass"), true("a", "2", "pass", "other")]
    rows += [true("b", s, "pass") for s in "0123"]
    assert table(found, rows).rows == (
        ("a", "1/2", "0/2", "0/2", "0/2", "0/2", "0/2", "1/2", "1/2", "92 % **missed**"),
        ("b", "4/4", "0/4", "0/4", "0/4", "0/4", "0/4", "1/4", "3/4", "96 % reached"),
    )
    assert table([], rows).rows == ()
