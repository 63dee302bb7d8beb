"""Scenes that come back: from files, from the command line, from older and from newer versions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from MSSTUNetReorientLib.scene.table import read_table
from results import POSE
from results import make_result

from panel.conftest import SEPTUM
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.test_panel_session import check_together


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_scene_comes_back_as_it_was_left(done: Session, worker: HandWorker, tmp_path: Path, suffix: str) -> None:
    done.review.nudge("swing", 3.0)
    done.review.settle()
    worker.answer()
    done.review.nudge("basal", -2.0)
    done.review.settle()
    worker.answer()
    done.review.accept("Ada")
    path = save_scene(done.scene, tmp_path / f"left{suffix}")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert back.review.study.GetName() == "Stress"
        assert back.review.stage is Stage.ACCEPTED
        assert back.review.adjustment == done.review.adjustment
        assert back.review.record.events == done.review.record.events
        assert back.review.record.quality == done.review.record.quality
        assert back.review.septum.angle_deg == SEPTUM["septum_deg"]
        assert not back.review.record.former
        assert {row.name: row.value for row in read_table(back.review.nodes.node("table"))}["septum angle"] == "165.0"
        check_together(back)
        back.review.edit_again()
        back.review.undo()
        assert back.review.adjustment.correction == Correction(swing=3.0)
        check_together(back)
        back.close()


def test_a_scene_of_the_command_line_is_adopted(scene: Any, tmp_path: Path) -> None:
    result = make_result()
    nodes = add_result(scene, result)
    moved = POSE.corrected(Correction(tilt=6.0, lateral=1.5))
    nodes.pose.SetMatrixTransformToParent(to_matrix4x4(moved.ras_matrix))
    path = save_scene(scene, tmp_path / "old.mrb")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert back.review.adjustment.correction == Correction(tilt=6.0, lateral=1.5)
        assert back.review.record.quality.reasons == result.quality.reasons
        assert back.review.record.model == result.model
        np.testing.assert_allclose(back.review.record.model_pose.matrix, POSE.matrix, atol=1e-6)
        back.close()


def test_a_scene_from_the_future_is_refused_in_words(done: Session, study: Any) -> None:
    node = find_record(done.scene, study)
    node.SetParameter("State", node.GetParameter("State").replace('"format": 4', '"format": 99'))
    done.choose(None)
    done.choose(study)
    assert "newer than" in done.review.message
    assert done.review.stage is Stage.READY


def test_format_1_is_brought_up_to_date(done: Session, study: Any) -> None:
    import json

    done.review.nudge("roll", 2.0)
    node = find_record(done.scene, study)
    content = json.loads(node.GetParameter("State"))
    later = ("prints", "edited", "past", "future", "events", "axis_mm", "axis_spread_deg", "labels_at")
    old = {key: value for key, value in content.items() if key not in later}
    node.SetParameter("State", json.dumps({**old, "format": 1}))
    done.choose(None)
    done.choose(study)
    assert done.review.adjustment.correction == Correction(roll=2.0)
    assert done.review.adjustment.past == ()
