"""Changed studies: where a spot goes, what is left of a heart, what is counted, and resuming."""

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
from MSSTUNetReorientLib.evaluation.changed_studies import AS_IT_IS
from MSSTUNetReorientLib.evaluation.changed_studies import CHANGES
from MSSTUNetReorientLib.evaluation.changed_studies import FILE
from MSSTUNetReorientLib.evaluation.changed_studies import Changed
from MSSTUNetReorientLib.evaluation.changed_studies import changed
from MSSTUNetReorientLib.evaluation.changed_studies import measure_changed
from MSSTUNetReorientLib.evaluation.changed_studies import some_of
from MSSTUNetReorientLib.evaluation.changed_tables import presence_table
from MSSTUNetReorientLib.evaluation.changed_tables import turned_table
from MSSTUNetReorientLib.evaluation.csv_rows import read_rows
from MSSTUNetReorientLib.evaluation.heartless_studies import NO_HEART
from MSSTUNetReorientLib.evaluation.method import Answer
from MSSTUNetReorientLib.evaluation.study_sets import read_set
from MSSTUNetReorientLib.evaluation.true_study import DataSet
from MSSTUNetReorientLib.evaluation.turned_studies import TURNS
from MSSTUNetReorientLib.evaluation.turned_studies import turned
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample

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
    assert list(SIGNS) == list(TURNS)


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


def run(data: DataSet, judge: Judge, out: Path, most: int = 8, sha256: str = "1", again: bool = False) -> list[Changed]:
    candidate = Candidate(judge, sha256, "a test")
    return measure_changed([data], candidate, out, most=most, jobs=1, again=again, report=lambda *_: None)


def passing(_: Volume) -> Answer:
    return Answer(None, None, "pass")


def test_every_change_of_every_study_is_judged_once(data: DataSet, tmp_path: Path) -> None:
    judge = Judge(passing)
    rows = run(data, judge, tmp_path, most=2)
    assert len(rows) == len(judge.asked) == 28
    assert {row.study for row in rows} == {"spect_3", "spect_4"}
    assert run(data, judge, tmp_path, most=2) == rows == read_rows(tmp_path / FILE, Changed)
    assert len(judge.asked) == 28
    run(data, judge, tmp_path, most=3)
    assert len(judge.asked) == 42
    run(data, judge, tmp_path, most=1, again=True)
    assert len(judge.asked) == 56
    assert run(data, judge, tmp_path, most=0) == []


def test_other_weights_and_changed_studies_are_judged_anew(data: DataSet, tmp_path: Path) -> None:
    judge = Judge(passing)
    run(data, judge, tmp_path, most=3, sha256="1")
    run(data, judge, tmp_path, most=3, sha256="2")
    assert len(judge.asked) == 84
    changed = replace(data, studies=(replace(data.studies[0], sha256="other"), *data.studies[1:]))
    run(changed, judge, tmp_path, most=3, sha256="2")
    assert len(judge.asked) == 98
    assert len(read_rows(tmp_path / FILE, Changed)) == 42


def test_a_stopped_run_goes_on(data: DataSet, tmp_path: Path) -> None:
    def stop(_: Volume) -> Answer:
        if len(judge.asked) > 16:
            raise KeyboardInterrupt
        return Answer(None, None, "review")

    judge = Judge(stop)
    with pytest.raises(KeyboardInterrupt):
        run(data, judge, tmp_path)
    assert {row.study for row in read_rows(tmp_path / FILE, Changed)} == {"spect_3"}
    judge = Judge(passing)
    assert len(run(data, judge, tmp_path)) == 42
    assert len(judge.asked) == 28


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


def judged(data_set: str, study: str, change: str, verdict: str = "pass", presence: float | None = 1.0) -> Changed:
    told = "mirrored" if change == "mirrored left-right" and study != "1" else ""
    return Changed(data_set, study, study, "m", "w", change, verdict, presence, told, "now", "0")


def test_the_table_of_turns_counts_by_hand() -> None:
    last = list(TURNS)[-1]
    found = [judged("a", s, c, "pass" if (s, c) == ("1", last) else "review") for s in "12" for c in TURNS]
    found += [judged("b", s, c, "pass" if (s, c) == ("0", last) else "fail") for s in "0123" for c in TURNS]
    found += [judged("a", "1", AS_IT_IS), judged("a", "2", AS_IT_IS, "review")]
    found += [judged("b", s, AS_IT_IS) for s in "0123"] + [judged("b", "0", change) for change in NO_HEART]
    assert turned_table(found).rows == (
        ("a", "1/2", "0/2", "0/2", "0/2", "0/2", "0/2", "1/2", "1/2", "92 % **missed**"),
        ("b", "4/4", "0/4", "0/4", "0/4", "0/4", "0/4", "1/4", "3/4", "96 % reached"),
    )
    assert turned_table([]).rows == ()


def test_the_table_of_presence_counts_by_hand() -> None:
    found = [judged("a", "1", AS_IT_IS, presence=0.8), judged("b", "2", AS_IT_IS, presence=0.6)]
    found += [judged("a", "1", c, "review", 0.7 if c == NO_HEART[2] else 0.1) for c in NO_HEART]
    found += [judged("b", "2", c, "pass" if c == NO_HEART[2] else "review", 0.6) for c in NO_HEART[:3]]
    rows = {row[0]: row[1:] for row in presence_table(found).rows}
    assert rows[NO_HEART[0]] == ("0.875 **missed**", "0.350; 0.575", "0/2")
    assert rows[NO_HEART[2]] == ("0.625 **missed**", "0.650; 0.695", "1/2")
    assert rows[NO_HEART[3]] == ("1.000 reached", "0.100; 0.100", "0/1")
    assert rows["all of a"] == ("1.000 reached", "0.100; 0.520", "0/7")
    assert rows["all of b"] == ("0.500 **missed**", "0.600; 0.600", "1/3")
    assert rows["all"][0] == "0.875 **missed**"
    assert presence_table([]).rows == ()
    assert presence_table([judged("a", "1", c, presence=None) for c in CHANGES]).rows == ()


@pytest.mark.parametrize("change", NO_HEART)
def test_nothing_is_left_of_the_heart(data: DataSet, change: str) -> None:
    """The wall is gone, though something else may be as bright there; the same each time."""
    study = data.studies[0]
    counts = study.read()
    bare = changed(counts, study, change)
    assert (changed(counts, study, change).array == bare.array).all()
    before = resample(counts, bare.grid, order=1).array
    labels = study.read_labels()
    assert labels is not None
    wall = resample(labels, bare.grid, order=0).array == MYOCARDIUM
    distance = np.linalg.norm(bare.grid.points() - study.pose.centre, axis=-1)
    if change in ("heart erased", "field ends before the heart"):
        assert bare.array[wall].mean() < 0.7 * before[wall].mean()
    else:
        assert bare.array[distance < 60].max() > 0.35 * before[wall].mean()
        assert np.median(np.abs(bare.array[wall] / before[wall] - 1)) > 0.2
    far = distance > 130
    if change != "field ends before the heart":
        assert np.abs(bare.array[far] - before[far]).mean() < 0.05 * before[wall].mean()
