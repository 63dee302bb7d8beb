"""Labels that a reader painted: nothing replaces them unasked, and what replaces them leaves a copy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.panel.nodes.labels_node import _binary
from MSSTUNetReorientLib.panel.nodes.labels_node import _voxels
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.nodes.record_node import linked
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.nodes import hierarchy_of
from results import make_result
from scene.test_scene_nodes import labels_of

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together
from panel.test_panel_session import told

BRUSH = (slice(2, 6), slice(2, 6), slice(2, 6))
"""A corner of the short-axis cube, where the model never finds an LV."""


def paint(segmentation: Any) -> None:
    """As the Segment Editor does: voxels of the labelmap get the segment's value."""
    segment = segmentation.GetSegmentation().GetNthSegment(0)
    image = segment.GetRepresentation(_binary())
    _voxels(image)[BRUSH] = segment.GetLabelValue()
    image.GetPointData().GetScalars().Modified()
    image.Modified()


def is_painted(segmentation: Any) -> bool:
    return bool((labels_of(segmentation)[BRUSH] == 1).all())


def copies(session: Session) -> list[Any]:
    found = session.scene.GetNodesByClass("vtkMRMLSegmentationNode")
    nodes = [found.GetItemAsObject(n) for n in range(found.GetNumberOfItems())]
    return [node for node in nodes if node is not session.review.nodes.node("segmentation")]


def test_painted_labels_follow_a_nudge_and_are_not_replaced(
    done: Session, worker: HandWorker, delay: HandDelay
) -> None:
    paint(done.review.nodes.node("segmentation"))
    done.review.nudge("swing", 6.0)
    delay.rest()
    worker.answer()
    assert done.review.record.edited
    assert done.review.record.events[-1].what == "paint"
    assert not done.review.record.labels_follow
    assert is_painted(done.review.nodes.node("segmentation"))
    check_together(done)  # moved with the pose, and the short axis made for it
    assert copies(done) == []


def test_volumes_of_an_accepted_record_are_those_of_the_painted_labels(
    done: Session, worker: HandWorker, delay: HandDelay
) -> None:
    before = float(told(done)["LV myocardium volume"])
    paint(done.review.nodes.node("segmentation"))
    done.review.nudge("basal", 2.0)
    delay.rest()
    worker.answer()
    done.review.accept("Ada")
    assert done.review.stage is Stage.ACCEPTED
    grid = make_result().labels.grid
    added = 4**3 * grid.voxel_ml
    assert float(told(done)["LV myocardium volume"]) == pytest.approx(before + added, rel=0.01)
    assert told(done)["record labels"] == "edited by hand"


def test_segmenting_again_keeps_the_painted_labels_as_a_copy(done: Session, worker: HandWorker) -> None:
    paint(done.review.nodes.node("segmentation"))
    done.review.segment_again()
    worker.answer()
    assert not done.review.record.edited
    assert not is_painted(done.review.nodes.node("segmentation"))
    (copy,) = copies(done)
    assert is_painted(copy)
    assert not copy.GetDisplayNode().GetVisibility()
    hierarchy = hierarchy_of(done.scene)
    pair = (copy, done.review.nodes.node("segmentation"))
    folders = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in pair}
    assert len(folders) == 1
    done.review.segment_again()  # nothing is edited any more
    assert worker.requests == []


def test_a_new_run_keeps_the_painted_labels_as_a_copy(done: Session, worker: HandWorker) -> None:
    paint(done.review.nodes.node("segmentation"))
    done.review.run()
    worker.answer()
    assert [is_painted(copy) for copy in copies(done)] == [True]
    assert not done.review.record.edited


def test_painting_while_the_model_segments(done: Session, worker: HandWorker, delay: HandDelay) -> None:
    done.review.nudge("roll", 3.0)
    delay.rest()
    paint(done.review.nodes.node("segmentation"))
    worker.answer()
    assert done.review.record.edited
    assert is_painted(done.review.nodes.node("segmentation"))


def test_painting_while_another_study_is_chosen(done: Session, study: Any, scene: Any) -> None:
    rest = add_study(scene, "Rest")
    done.choose(rest)
    paint(linked(find_record(scene, study), "segmentation"))
    done.choose(study)
    assert done.review.record.edited


def _erase(session: Session) -> None:
    segmentation = session.review.nodes.node("segmentation").GetSegmentation()
    segmentation.RemoveSegment(segmentation.GetNthSegmentID(0))


@pytest.mark.parametrize("edit", [lambda session: paint(session.review.nodes.node("segmentation")), _erase])
def test_every_edit_is_noticed(done: Session, edit: Callable[[Session], None]) -> None:
    done.review.notice_edits()
    assert not done.review.record.edited
    edit(done)
    done.review.notice_edits()
    assert done.review.record.edited


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_motion_and_files_are_no_edits_but_painting_in_a_file_is(
    done: Session, worker: HandWorker, delay: HandDelay, tmp_path: Path, suffix: str
) -> None:
    for n in range(25):
        done.review.nudge(("swing", "tilt", "roll", "lateral")[n % 4], 3.7 * (n % 5) - 6.1)
    path = save_scene(done.scene, tmp_path / f"left{suffix}")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert not back.review.record.edited
        paint(back.review.nodes.node("segmentation"))
        back.put_away()
        second = save_scene(other, tmp_path / f"again{suffix}")
        back.close()
    with new_scene() as third:
        load_scene(third, second)
        again = Session(third, HandWorker(), HandDelay())
        again.on_scene_loaded()
        assert again.review.record.edited
        again.close()


def test_a_failing_segmentation_again_loses_nothing(done: Session, worker: HandWorker) -> None:
    paint(done.review.nodes.node("segmentation"))
    done.review.segment_again()
    worker.fail("out of memory")
    assert done.review.message == "out of memory"
    assert [is_painted(copy) for copy in copies(done)] == [True]
    assert isinstance(done.review.record.pose, Pose)


def test_own_labels_are_read_on_the_grid(done: Session) -> None:
    """Against the array that the test itself painted."""
    paint(done.review.nodes.node("segmentation"))
    grid = make_result().labels.grid
    expected = make_result().labels.array.copy()
    expected[BRUSH] = 1
    np.testing.assert_array_equal(done.review.nodes.labels.array_on(grid), expected)
