"""What the panel does to real MRML nodes: run, nudge, accept, save and load, without Qt."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import MEAN_ROTATION
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.nodes.record_node import linked
from MSSTUNetReorientLib.panel.nodes.record_node import read_record
from MSSTUNetReorientLib.panel.nodes.transform_node import read_pose
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.panel.state.reasons import COPIED
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from MSSTUNetReorientLib.scene.arrays import volume_of
from MSSTUNetReorientLib.scene.nodes import hierarchy_of
from MSSTUNetReorientLib.scene.slice_views import slice_to_ras
from MSSTUNetReorientLib.scene.table import read_table
from results import POSE
from results import make_result
from scene.test_scene_nodes import labels_of

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study


def view_matrix(scene: Any, name: str = "Red") -> np.ndarray:
    return from_matrix4x4(scene.GetSingletonNode(name, "vtkMRMLSliceNode").GetSliceToRAS())


def label_matrix(session: Session) -> np.ndarray:
    """Where the labelmap lies, index to RAS."""
    from MSSTUNetReorientLib.panel.nodes.labels_node import _binary

    image = session.review.nodes.node("segmentation").GetSegmentation().GetNthSegment(0).GetRepresentation(_binary())
    matrix = to_matrix4x4(np.eye(4))
    image.GetImageToWorldMatrix(matrix)
    return from_matrix4x4(matrix)


def check_together(session: Session) -> None:
    """Record, transform, views and labels say the same pose."""
    pose = session.review.record.pose
    np.testing.assert_allclose(pose.matrix, POSE.corrected(session.review.adjustment.correction).matrix, atol=1e-9)
    np.testing.assert_allclose(read_pose(session.review.nodes.node("pose")).matrix, pose.matrix, atol=1e-6)
    np.testing.assert_allclose(view_matrix(session.scene), slice_to_ras(SA, pose), atol=1e-6)
    grid = make_result(pose).labels.grid
    np.testing.assert_allclose(label_matrix(session), np.diag([-1, -1, 1, 1]) @ grid.matrix, atol=1e-6)
    stored = read_record(find_record(session.scene, session.review.study))
    assert stored.adjustment.correction == session.review.adjustment.correction


def told(session: Session) -> dict[str, str]:
    return {row.name: row.value for row in read_table(session.review.nodes.node("table"))}


def test_run_from_a_fresh_scene(session: Session, study: Any, worker: HandWorker) -> None:
    assert session.review.stage is Stage.EMPTY
    session.choose(study)
    assert session.review.stage is Stage.READY
    session.review.run()
    assert session.review.stage is Stage.RUNNING
    worker.step("segmenting")
    assert session.review.step == "segmenting"
    worker.answer()
    assert session.review.stage is Stage.ADJUSTING
    check_together(session)
    assert session.review.nodes.complete
    assert session.review.nodes.node("segmentation").GetParentTransformNode() is None


def test_all_nodes_lie_in_one_folder(done: Session) -> None:
    hierarchy = hierarchy_of(done.scene)
    roles = ("short_axis", "segmentation", "pose", "table")
    items = [hierarchy.GetItemByDataNode(done.review.nodes.node(role)) for role in roles]
    folders = {hierarchy.GetItemParent(item) for item in items}
    assert len(folders) == 1
    assert hierarchy.GetSceneItemID() not in folders


def test_the_study_is_never_touched(done: Session, study: Any) -> None:
    before = volume_of(study)
    done.review.nudge("swing", 12.0)
    done.review.settle()
    done.review.accept("Ada")
    after = volume_of(study)
    np.testing.assert_array_equal(after.array, make_result().study.array)
    np.testing.assert_array_equal(after.grid.matrix, before.grid.matrix)
    assert study.GetParentTransformNode() is None


def test_a_nudge_is_followed_at_once_and_segmented_after_a_pause(
    done: Session, worker: HandWorker, delay: HandDelay
) -> None:
    asked = len(worker.seen)
    for value in np.arange(0.1, 5.01, 0.1):
        done.review.nudge("tilt", float(value))
    check_together(done)
    assert len(worker.seen) == asked
    assert done.review.record.labels_follow
    delay.rest()
    assert done.review.segmenting
    worker.answer()
    assert not done.review.record.labels_follow
    assert worker.seen[-1]["op"] == "segment"
    check_together(done)
    differ = labels_of(done.review.nodes.node("segmentation")) != make_result(done.review.record.pose).labels.array
    assert differ.mean() < 1e-3  # voxels whose centre lies on the shell's edge


def test_one_drag_is_one_step_to_undo(done: Session, delay: HandDelay) -> None:
    for value in (1.0, 2.0, 3.0):
        done.review.nudge("roll", value)
    delay.rest()
    done.review.nudge("roll", 4.0)
    done.review.undo()
    assert done.review.adjustment.correction == Correction(roll=3.0)
    done.review.undo()
    assert done.review.adjustment.correction == Correction()
    done.review.redo()
    done.review.redo()
    assert done.review.adjustment.correction == Correction(roll=4.0)
    check_together(done)


def test_standard_angles_keep_the_centre(done: Session) -> None:
    done.review.nudge("basal", 5.0)
    centre = done.review.record.pose.centre
    done.review.standard_angles()
    assert done.review.record.pose.rotation_error(Pose(MEAN_ROTATION, centre)) < 1e-6
    np.testing.assert_allclose(done.review.record.pose.centre, centre, atol=1e-9)
    check_together(done)


def test_a_late_answer_for_another_pose_is_dropped(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    done.review.nudge("swing", 5.0)
    delay.rest()
    done.review.nudge("swing", 6.0)
    short_axis = volume_of(done.review.nodes.node("short_axis")).grid
    worker.answer()
    assert done.review.record.labels_follow
    np.testing.assert_array_equal(volume_of(done.review.nodes.node("short_axis")).grid.matrix, short_axis.matrix)
    delay.rest()
    worker.answer()
    assert not done.review.record.labels_follow
    check_together(done)


def test_scrolling_is_kept_while_nudging(done: Session) -> None:
    node = done.scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    node.SetSliceOffset(node.GetSliceOffset() + 12.0)
    done.review.nudge("swing", 8.0)
    away = np.linalg.inv(slice_to_ras(SA, done.review.record.pose)) @ view_matrix(done.scene)
    np.testing.assert_allclose(away, [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 12], [0, 0, 0, 1]], atol=1e-6)


def test_handles_drive_the_same_parameters(done: Session, delay: HandDelay) -> None:
    wanted = Correction(swing=3.04, roll=-7.0, inferior=2.51)
    transform = done.review.nodes.node("pose")
    transform.SetMatrixTransformToParent(to_matrix4x4(POSE.corrected(wanted).ras_matrix))
    np.testing.assert_allclose(done.review.adjustment.correction.as_tuple(), wanted.as_tuple(), atol=1e-9)
    delay.rest()
    check_together(done)
    done.review.undo()
    assert done.review.adjustment.correction == Correction()
    check_together(done)


def test_handles_may_turn_but_not_stretch(done: Session, delay: HandDelay) -> None:
    matrix = POSE.corrected(Correction(tilt=10.0)).ras_matrix @ np.diag([1.5, 1.5, 1.5, 1])
    done.review.nodes.node("pose").SetMatrixTransformToParent(to_matrix4x4(matrix))
    delay.rest()
    np.testing.assert_allclose(done.review.adjustment.correction.as_tuple(), (0, 10.0, 0, 0, 0, 0), atol=1e-9)
    check_together(done)
    done.review.nodes.node("pose").SetMatrixTransformToParent(to_matrix4x4(np.zeros((4, 4))))
    check_together(done)


def test_accept_locks_and_writes_the_record(done: Session, worker: HandWorker) -> None:
    done.review.nudge("swing", 4.0)
    done.review.accept("Ada Lovelace")
    assert done.review.stage is Stage.ADJUSTING  # its labels are being made
    worker.answer()
    assert done.review.stage is Stage.ACCEPTED
    rows = told(done)
    assert rows["correction swing"] == "4"
    assert rows["record state"] == "accepted"
    assert rows["record 2"] == "accepted by Ada Lovelace"
    assert rows["model sha256"] == "0" * 64
    assert rows["QC status"] == "pass"
    assert float(rows["model answer alpha"]) == pytest.approx(np.rad2deg(POSE.euler()[0]))
    assert float(rows["alpha"]) == pytest.approx(np.rad2deg(done.review.record.pose.euler()[0]))
    short_axis = make_result(done.review.record.pose).short_axis
    shown = volume_of(done.review.nodes.node("short_axis"))
    np.testing.assert_allclose(shown.grid.matrix, short_axis.grid.matrix, atol=1e-9)
    review = done.review
    for change in (lambda: review.nudge("roll", 9.0), review.undo, review.reset, review.standard_angles, review.run):
        change()
        assert done.review.adjustment.correction == Correction(swing=4.0)
    done.review.nodes.node("pose").SetMatrixTransformToParent(to_matrix4x4(np.eye(4)))
    check_together(done)


def test_edit_again_is_recorded(done: Session) -> None:
    done.review.accept("Ada")
    done.review.edit_again("Bob")
    assert done.review.stage is Stage.ADJUSTING
    assert [(e.what, e.reader) for e in done.review.record.events] == [("run", ""), ("accept", "Ada"), ("edit", "Bob")]
    assert told(done)["record 3"] == "reopened for editing by Bob"
    done.review.nudge("roll", 1.0)
    check_together(done)


def test_hand_made_changes_of_the_labels_survive_acceptance(done: Session, worker: HandWorker) -> None:
    asked = len(worker.seen)
    done.review.accept()
    assert done.review.stage is Stage.ACCEPTED
    assert len(worker.seen) == asked


def test_a_failing_run_loses_nothing(done: Session, worker: HandWorker) -> None:
    done.review.nudge("swing", 4.0)
    done.review.run()
    worker.fail("out of memory")
    assert done.review.message == "out of memory"
    assert done.review.stage is Stage.ADJUSTING
    assert done.review.adjustment.correction == Correction(swing=4.0)
    check_together(done)


def test_cancel_keeps_what_was_there(done: Session, worker: HandWorker) -> None:
    done.review.run()
    done.review.cancel()
    assert done.review.stage is Stage.ADJUSTING
    assert worker.stops == 1
    check_together(done)


def test_a_study_that_cannot_be_run_says_why(session: Session, study: Any, worker: HandWorker) -> None:
    study.SetSpacing(50.0, 50.0, 50.0)
    session.choose(study)
    session.review.run()
    assert "voxel spacing" in session.review.message
    assert session.review.stage is Stage.READY
    assert worker.seen == []


def test_run_as_soon_as_a_study_is_chosen(session: Session, study: Any, worker: HandWorker) -> None:
    session.run_at_once = True
    session.choose(study)
    assert session.review.stage is Stage.RUNNING
    worker.answer()
    session.choose(None)
    session.choose(study)
    assert session.review.stage is Stage.ADJUSTING


def test_click_the_centre_and_run_again(done: Session, worker: HandWorker) -> None:
    done.ask_for_hint()
    done.ask_for_hint()
    hint = linked(find_record(done.scene, done.review.study), "hint")
    hint.AddControlPoint(-10.0, 20.0, 30.0)
    assert worker.seen[-1]["op"] == "predict"
    assert worker.seen[-1]["hint"] == pytest.approx([10.0, -20.0, 30.0])
    worker.answer()
    assert done.review.stage is Stage.ADJUSTING


def test_two_studies_do_not_mix(done: Session, scene: Any, worker: HandWorker, study: Any) -> None:
    done.review.nudge("swing", 7.0)
    rest = add_study(scene, "Rest")
    done.choose(rest)
    assert done.review.stage is Stage.READY
    done.review.run()
    worker.answer()
    done.review.nudge("roll", -3.0)
    check_together(done)
    done.choose(study)
    assert done.review.adjustment.correction == Correction(swing=7.0)
    check_together(done)
    first, second = (find_record(scene, node) for node in (study, rest))
    for role in ("segmentation", "pose", "table", "short_axis"):
        assert linked(first, role) is not linked(second, role)
    assert linked(first, "segmentation").GetDisplayNode().GetVisibility()
    assert not linked(second, "segmentation").GetDisplayNode().GetVisibility()


def test_pose_for_the_paired_study(done: Session, scene: Any, worker: HandWorker, study: Any) -> None:
    rest = add_study(scene, "Rest")
    done.choose_paired(rest)
    done.review.nudge("swing", 5.0)
    pose = done.review.record.pose
    done.use_for_paired("Ada")
    assert done.review.study is rest
    assert done.paired is study
    worker.answer()
    np.testing.assert_allclose(done.review.record.pose.matrix, pose.matrix, atol=1e-9)
    assert done.review.nodes.complete
    assert done.review.record.quality.status == "review"
    assert done.review.record.quality.reasons[0] == COPIED
    assert done.review.record.events[-1].what == "copy"
    done.choose(study)
    assert done.review.adjustment.correction == Correction(swing=5.0)


def test_an_accepted_paired_study_is_not_overwritten(done: Session, scene: Any, worker: HandWorker, study: Any) -> None:
    rest = add_study(scene, "Rest")
    done.choose_paired(rest)
    done.use_for_paired()
    worker.answer()
    done.review.accept()
    done.choose(study)
    done.review.nudge("roll", 20.0)
    done.use_for_paired()
    assert done.review.study is study
    assert "already accepted" in done.review.message


@pytest.mark.parametrize("role", ["short_axis", "segmentation", "pose", "table"])
def test_deleting_a_node_does_no_harm(done: Session, worker: HandWorker, delay: HandDelay, role: str) -> None:
    done.scene.RemoveNode(done.review.nodes.node(role))
    done.review.nudge("swing", 2.0)
    delay.rest()
    worker.answer()
    done.review.accept()
    assert done.review.stage is Stage.ACCEPTED
    assert done.review.nodes.node(role) is not None
    check_together(done)


def test_renaming_nodes_does_no_harm(done: Session, study: Any) -> None:
    for role in ("short_axis", "segmentation", "pose", "table"):
        done.review.nodes.node(role).SetName("x")
    study.SetName("y")
    done.choose(None)
    done.choose(study)
    done.review.nudge("swing", 2.0)
    check_together(done)


def test_deleting_the_study_empties_the_panel(done: Session, study: Any, worker: HandWorker) -> None:
    done.review.run()
    done.scene.RemoveNode(study)
    done.on_node_removed()
    assert done.review.stage is Stage.EMPTY
    assert worker.requests == []


def test_closing_the_scene_in_mid_run_stops_it(done: Session, worker: HandWorker) -> None:
    done.review.run()
    done.on_scene_closing()
    done.scene.Clear(False)
    assert done.review.stage is Stage.EMPTY
    assert worker.stops >= 1
    assert worker.requests == []


def test_nothing_grows_over_nudges_and_runs(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    nodes = done.scene.GetNumberOfNodes()
    for n in range(50):
        done.review.nudge(CONTROLS[n % 6], (n % 7) - 3.05)
        delay.rest()
        worker.answer()
        if n % 10 == 0:
            done.review.run()
            worker.answer()
    assert done.scene.GetNumberOfNodes() == nodes
    assert len(done.review.client.files) == 1
