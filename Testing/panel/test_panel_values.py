"""What is only values: adjustment, record, study check, exchange; and any sequence of what a reader may do."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.panel.state import reasons
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.panel.state.adjustment import PAST_LIMIT
from MSSTUNetReorientLib.panel.state.adjustment import Adjustment
from MSSTUNetReorientLib.panel.state.adjustment import limited
from MSSTUNetReorientLib.panel.state.reasons import COPIED
from MSSTUNetReorientLib.panel.state.reasons import is_listed
from MSSTUNetReorientLib.panel.state.reasons import step_number
from MSSTUNetReorientLib.panel.state.reasons import translated
from MSSTUNetReorientLib.panel.state.record import Record
from MSSTUNetReorientLib.panel.state.study_check import doubts
from MSSTUNetReorientLib.panel.worker.worker_files import read_answer
from MSSTUNetReorientLib.panel.worker.worker_files import read_study
from MSSTUNetReorientLib.panel.worker.worker_files import write_answer
from MSSTUNetReorientLib.panel.worker.worker_files import write_study
from MSSTUNetReorientLib.panel.worker.worker_main import handle
from results import POSE
from results import make_result
from results import septum_in_image

RESULT = make_result()


def make_record(adjustment: Adjustment) -> Record:
    return Record(POSE, RESULT.cube, RESULT.model, RESULT.quality, adjustment=adjustment)


nudges = st.tuples(st.sampled_from(CONTROLS), st.floats(-60, 60))
actions = st.one_of(nudges, st.sampled_from(["undo", "redo", "reset", "standard", "septum", "settle", "save and load"]))


def act(adjustment: Adjustment, action: Any) -> Adjustment:
    """One thing a reader may do."""
    if isinstance(action, tuple):
        return adjustment.nudged(*action)
    return {
        "undo": adjustment.undone,
        "redo": adjustment.redone,
        "reset": adjustment.reset,
        "standard": lambda: adjustment.standard_angles(POSE),
        "septum": lambda: adjustment.rolled_to_septum(POSE, 160.0),
        "settle": adjustment.settled,
        "save and load": lambda: Record.from_json(make_record(adjustment).to_json()).adjustment,
    }[action]()


@settings(max_examples=60, deadline=None)
@given(st.lists(actions, max_size=30))
def test_any_sequence_keeps_numbers_and_pose_together(sequence: list[Any]) -> None:
    adjustment, visited = Adjustment(), {Correction()}
    for action in sequence:
        adjustment = act(adjustment, action)
        visited.add(adjustment.correction)
        assert adjustment.correction == limited(adjustment.correction)
        assert set(adjustment.past) | set(adjustment.future) <= visited
    pose = adjustment.pose(POSE)
    back = POSE.correction_to(pose)
    np.testing.assert_allclose(POSE.corrected(back).matrix, pose.matrix, atol=1e-9)
    loaded = Record.from_json(make_record(adjustment).to_json())
    assert loaded.adjustment == adjustment.settled()
    np.testing.assert_allclose(loaded.pose.matrix, pose.matrix, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.lists(nudges, min_size=1, max_size=20))
def test_undo_all_then_redo_all(sequence: list[Any]) -> None:
    adjustment = Adjustment()
    for action in sequence:
        adjustment = adjustment.nudged(*action).settled()
    last = adjustment.correction
    for _ in sequence:
        adjustment = adjustment.undone()
    assert adjustment.correction == Correction()
    for _ in sequence:
        adjustment = adjustment.redone()
    assert adjustment.correction == last


@settings(max_examples=60, deadline=None)
@given(st.lists(nudges, max_size=8), st.floats(0, 360))
def test_rolling_to_the_septum_changes_the_roll_alone_and_is_one_step(sequence: list[Any], angle: float) -> None:
    adjustment = Adjustment()
    for action in sequence:
        adjustment = adjustment.nudged(*action)
    rolled = adjustment.rolled_to_septum(POSE, angle)
    np.testing.assert_allclose(septum_in_image(rolled.pose(POSE), angle), (-1.0, 0.0), atol=1e-7)
    assert replace(rolled.correction, roll=0.0) == replace(adjustment.correction, roll=0.0)
    assert rolled.rolled_to_septum(POSE, angle).correction == rolled.correction
    if rolled.correction != adjustment.correction:
        assert rolled.undone().correction == adjustment.correction
        assert rolled.undone().redone().correction == rolled.correction


def test_roll_of_a_heart_that_points_straight_forward() -> None:
    """Image right is the patient's left, up is the head: a septum at 160 degrees is 20 degrees above image left."""
    forward = Pose(np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]]), np.zeros(3))
    rolled = Adjustment().rolled_to_septum(forward, 160.0)
    assert rolled.correction == Correction(roll=20.0)
    c, s = np.cos(np.deg2rad(20.0)), np.sin(np.deg2rad(20.0))
    np.testing.assert_allclose(rolled.pose(forward).rotation[:, 0], (c, 0.0, -s), atol=1e-9)


def test_the_past_is_bounded() -> None:
    adjustment = Adjustment()
    for n in range(PAST_LIMIT * 2):
        adjustment = adjustment.nudged("roll", n % 50 + 0.1).settled()
    assert len(adjustment.past) == PAST_LIMIT


def test_locked_means_locked() -> None:
    locked = Adjustment().nudged("roll", 1.0).lock(True)
    for same in (locked.nudged("roll", 2.0), locked.undone(), locked.redone(), locked.reset()):
        assert same == locked
    assert locked.standard_angles(POSE) == locked
    assert locked.rolled_to_septum(POSE, 160.0) == locked


def test_sliders_say_whole_tenths_and_handles_what_they_did() -> None:
    assert Adjustment().nudged("swing", 1.2600001).correction == Correction(swing=1.3)
    assert Adjustment().moved(Correction(swing=1.26, roll=-0.04)).correction == Correction(swing=1.26, roll=-0.04)
    assert limited(Correction(basal=1e9, tilt=-1e9)) == Correction(basal=200.0, tilt=-180.0)
    assert str(Adjustment(Correction(tilt=1.0)).nudged("tilt", -0.04).correction.tilt) == "0.0"


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 2}', '{"format": 0}', '{"format": 1, "correction": []}'])
def test_damaged_records_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="damaged"):
        Record.from_json(text)


def test_record_holds_nothing_but_json() -> None:
    record = make_record(Adjustment()).noted("accept", "2026-01-01T00:00:00+00:00", "Ada")
    assert json.loads(record.to_json())["events"][0]["reader"] == "Ada"
    assert Record.from_json(record.to_json()).events == record.events


def study_with(spacing: tuple[float, ...], direction: np.ndarray | None = None, modality: str = "NM") -> Volume:
    grid = Grid((64, 64, 40), np.array(spacing), np.zeros(3), np.eye(3) if direction is None else direction)
    return Volume(np.zeros((40, 64, 64), np.float32), grid, {"modality": modality})


@pytest.mark.parametrize(
    ("study", "said"),
    [
        (study_with((6.4, 6.4, 6.4)), []),
        (study_with((6.4, 6.4, 1.0)), ["exactly 1 mm"]),
        (study_with((4.0, 4.0, 12.0)), ["slice distance is 12 mm"]),
        (study_with((16.0, 16.0, 16.0)), ["1024 mm long"]),
        (study_with((6.4, 6.4, 6.4), np.diag([1.0, 1.0, -1.0])), ["left-handed"]),
        (study_with((6.4, 6.4, 6.4), POSE.rotation), ["check that it is transaxial"]),
        (study_with((6.4, 6.4, 6.4), modality="CT"), ["CT, not SPECT or PET"]),
    ],
)
def test_doubtful_geometry(study: Volume, said: list[str]) -> None:
    found = doubts(study)
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_studies_and_answers_cross_the_border_unchanged(tmp_path: Path) -> None:
    write_study(RESULT.study, tmp_path / "study.npz")
    study = read_study(tmp_path / "study.npz")
    np.testing.assert_array_equal(study.array, RESULT.study.array)
    np.testing.assert_array_equal(study.grid.matrix, RESULT.study.grid.matrix)
    assert study.info == RESULT.study.info
    write_answer(RESULT, tmp_path / "answer.npz")
    back = read_answer(tmp_path / "answer.npz").with_study(study)
    np.testing.assert_allclose(back.pose.matrix, RESULT.pose.matrix, atol=1e-12)
    assert (back.cube, back.model, back.quality) == (RESULT.cube, RESULT.model, RESULT.quality)
    assert back.timing_s == RESULT.timing_s
    np.testing.assert_array_equal(back.labels.array, RESULT.labels.array)
    np.testing.assert_array_equal(back.short_axis.array, RESULT.short_axis.array)


def test_the_worker_survives_whatever_goes_wrong(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    handle({"op": "predict", "study": str(tmp_path / "none.npz"), "answer": ""}, told.append)
    assert told[-1]["unexpected"]
    assert "FileNotFoundError" in told[-1]["error"]


def test_every_reason_of_quality_control_can_be_translated() -> None:
    from MSSTUNetReorientLib.prediction.qc import RULES

    for name, _, sentence in RULES:
        for value in (0.0, 0.25, 7.5, 1234.0, -3.0, float("nan")):
            assert is_listed(sentence(value)), name
    assert is_listed("No left ventricle was found in this study.")
    assert is_listed(COPIED)


def test_a_translated_reason_keeps_its_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"The blood pool is {ml} ml, which is not plausible: check the segmentation.": "Le sang : {ml} ml."}
    monkeypatch.setattr(reasons, "tr", lambda text: own.get(text, text))
    assert translated("The blood pool is 12 ml, which is not plausible: check the segmentation.") == "Le sang : 12 ml."
    assert translated("Something that nobody foresaw.") == "Something that nobody foresaw."


def test_the_steps_of_a_run_are_known() -> None:
    """Those that the predictor and the worker name in their source."""
    library = Path(reasons.__file__).parents[2]
    said = set()
    for name in ("prediction/predictor.py", "panel/worker/worker_main.py", "panel/study_review.py"):
        path = library / name
        said |= set(re.findall(r'(?:say|progress)\(?"?:? ?"([a-z ]+)"', path.read_text(encoding="utf-8")))
    assert {"segmenting", "starting the network"} <= said
    assert {step_number(step) for step in said - {"progress"}} <= set(range(1, 6))
    assert len({step_number(step) for step in said}) == len(said)


def test_texts_are_literals_where_the_translations_tools_look() -> None:
    for path in sorted(Path(reasons.__file__).parents[1].rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}"
