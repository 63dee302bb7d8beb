"""Results of versions before 0.2, whose long axis and roll were defined otherwise: kept as they were, and said so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6.QtTest", exc_type=ImportError)

from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import rotation_from_long_axis
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.nodes.transform_node import read_pose
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.table import FRAME
from MSSTUNetReorientLib.scene.table import Row
from MSSTUNetReorientLib.scene.table import fill_table
from MSSTUNetReorientLib.scene.table import read_table
from results import FOUND
from results import POSE
from results import make_result

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together
from panel.test_panel_widget import Panel

SENTENCE = (
    "This result was made by an earlier version: its long axis and roll follow the former definition. "
    "Run again for the present one."
)
TILT = 2.5
RECORD = {
    "format": 3,
    "model_pose": POSE.matrix.tolist(),
    "cube": {"centre": [5.0, -20.0, 0.0], "half": 115.0},
    "model": {"name": "compact", "version": "0.6", "sha256": "f" * 64},
    "quality": {
        "status": "pass",
        "reasons": [],
        "measures": {"presence": 0.99, "axis_spread_deg": 1.0, "axis_disagreement_deg": 2.0, "axis_bound_deg": 5.5},
    },
    "labels_at": [0.0, TILT, 0.0, 0.0, 0.0, 0.0],
    "prints": [],
    "edited": False,
    "axis_mm": [-44.0, 24.0],
    "axis_spread_deg": 1.0,
    "correction": [0.0, TILT, 0.0, 0.0, 0.0, 0.0],
    "past": [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    "future": [],
    "locked": True,
    "events": [
        {"what": "run", "when": "2026-11-20T09:00:00+00:00", "reader": "", "correction": [0.0] * 6},
        {"what": "accept", "when": "2026-11-20T09:05:00+00:00", "reader": "Ada", "correction": [0.0, TILT, 0, 0, 0, 0]},
    ],
}
"""As version 0.1 wrote it, key by key."""


def as_before(table: Any) -> None:
    """A result's table as version 0.1 wrote it: no frame, no bounds, no septum angle."""
    later = ("SA frame", "long axis good to", "LV centre good to", "septum angle", "QC septum", "QC centre_bound")
    rows = [row for row in read_table(table) if not row.name.startswith(later)]
    rows = [Row(row.name, "0.1.0", row.unit) if row.name == "software version" else row for row in rows]
    table.SetLocked(False)
    table.RemoveAllColumns()
    fill_table(table, rows)


@pytest.fixture
def old_scene(tmp_path: Path) -> Path:
    """An accepted result of the panel of version 0.1."""
    with new_scene() as scene:
        worker = HandWorker()
        session = Session(scene, worker, HandDelay())
        study = add_study(scene)
        session.choose(study)
        session.review.run()
        worker.answer()
        session.review.nudge("tilt", TILT)
        session.review.settle()
        worker.answer()
        find_record(scene, study).SetParameter("State", json.dumps(RECORD))
        as_before(session.review.nodes.node("table"))
        path = save_scene(scene, tmp_path / "old.mrb")
        session.review.record = session.review.nodes = None  # as it was saved, whatever closing would write
        session.close()
    return path


@pytest.fixture
def opened(old_scene: Path) -> Iterator[Panel]:
    with new_scene() as scene:
        load_scene(scene, old_scene)
        panel = Panel(scene, HandWorker(), HandDelay())
        yield panel
        panel.close()


def test_the_pose_of_the_test_is_not_in_the_clinics_frame() -> None:
    clinic = rotation_from_long_axis(POSE.long_axis)
    assert np.rad2deg(np.arccos(clinic[:, 0] @ POSE.rotation[:, 0])) > 1.0


def test_an_old_result_opens_with_its_pose_and_one_sentence(opened: Panel) -> None:
    review = opened.session.review
    expected = POSE.corrected(Correction(tilt=TILT))
    assert review.stage is Stage.ACCEPTED
    np.testing.assert_allclose(review.record.model_pose.matrix, POSE.matrix, rtol=0, atol=1e-12)
    np.testing.assert_allclose(read_pose(review.nodes.node("pose")).matrix, expected.matrix, rtol=0, atol=1e-9)
    check_together(opened.session)
    assert opened.ui.earlierLabel.isVisible()
    assert opened.ui.earlierLabel.text() == SENTENCE
    assert not opened.ui.septumButton.isEnabled()
    assert not opened.ui.findingsLabel.isVisible()  # its bound was of the former axis
    assert opened.worker.seen == []
    assert opened.ui.messageLabel.text() == ""
    assert SENTENCE not in opened.ui.reasonsLabel.text()


def test_it_is_still_an_old_result_after_saving_and_after_another_segmentation(opened: Panel, tmp_path: Path) -> None:
    opened.click("acceptButton")  # edit again
    opened.session.review.nudge("swing", 3.0)
    opened.delay.rest()
    opened.worker.quality = Quality("pass", (), FOUND)
    opened.worker.answer()
    assert opened.ui.earlierLabel.isVisible()
    assert opened.ui.findingsLabel.text() == "The septum angle is 172°, good to 10° (180° is image left)."
    assert FRAME not in read_table(opened.session.review.nodes.node("table"))
    assert opened.ui.septumButton.isEnabled()  # the present version has seen the septum now
    path = save_scene(opened.session.scene, tmp_path / "again.mrb")
    with new_scene() as scene:
        load_scene(scene, path)
        back = Panel(scene, HandWorker(), HandDelay())
        assert back.ui.earlierLabel.text() == SENTENCE
        np.testing.assert_allclose(back.session.review.record.model_pose.matrix, POSE.matrix, rtol=0, atol=1e-12)
        back.close()


def test_another_run_makes_it_a_present_one(opened: Panel) -> None:
    opened.click("acceptButton")  # edit again
    opened.run()
    assert not opened.ui.earlierLabel.isVisible()
    assert not opened.session.review.record.former
    assert FRAME in read_table(opened.session.review.nodes.node("table"))


def test_a_copied_pose_stays_an_old_one(opened: Panel) -> None:
    rest = add_study(opened.session.scene, "Rest")
    opened.session.choose_paired(rest)
    opened.session.use_for_paired()
    assert opened.session.review.study is rest
    assert opened.ui.earlierLabel.isVisible()


def test_an_old_scene_of_the_command_line_opens_with_its_pose(tmp_path: Path) -> None:
    with new_scene() as scene:
        as_before(add_result(scene, make_result()).parameters)
        path = save_scene(scene, tmp_path / "old.mrb")
    with new_scene() as scene:
        load_scene(scene, path)
        panel = Panel(scene, HandWorker(), HandDelay())
        np.testing.assert_allclose(panel.session.review.record.pose.matrix, POSE.matrix, rtol=0, atol=1e-8)
        assert panel.ui.earlierLabel.text() == SENTENCE
        assert panel.worker.seen == []
        panel.close()


def test_a_present_scene_of_the_command_line_tells_all_and_is_no_old_one(tmp_path: Path) -> None:
    with new_scene() as scene:
        add_result(scene, make_result(quality=Quality("pass", (), FOUND)))
        path = save_scene(scene, tmp_path / "new.mrb")
    with new_scene() as scene:
        load_scene(scene, path)
        panel = Panel(scene, HandWorker(), HandDelay())
        record = panel.session.review.record
        assert not panel.ui.earlierLabel.isVisible()
        assert record.quality.measures == pytest.approx(FOUND)
        assert "septum angle is 172°, good to 10°" in panel.ui.findingsLabel.text()
        assert panel.ui.septumButton.isEnabled()
        panel.close()


def test_a_failed_run_is_no_old_result(tmp_path: Path) -> None:
    """It has no septum angle either."""
    with new_scene() as scene:
        add_result(scene, make_result(quality=Quality("fail", ("No left ventricle was found in this study.",))))
        path = save_scene(scene, tmp_path / "new.mrb")
    with new_scene() as scene:
        load_scene(scene, path)
        panel = Panel(scene, HandWorker(), HandDelay())
        assert not panel.ui.earlierLabel.isVisible()
        panel.close()
