"""What the panel changes in the views and at the study, and that it puts everything back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.panel.nodes.record_node import linked
from MSSTUNetReorientLib.panel.nodes.record_node import panel_node
from MSSTUNetReorientLib.panel.screen.layout import Layout
from MSSTUNetReorientLib.panel.screen.layout_description import POLAR
from MSSTUNetReorientLib.panel.screen.layout_description import ROWS
from MSSTUNetReorientLib.panel.screen.layout_description import TRANSAXIAL
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.host import quiet
from MSSTUNetReorientLib.scene.slice_views import composite_node
from MSSTUNetReorientLib.scene.view_camera import camera_of
from results import POSE

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together

LABELS = {"Red": "R", "Green": "G", "Yellow": "Y"}


def window(study: Any) -> tuple[Any, ...]:
    """How a volume is shown."""
    display = study.GetDisplayNode()
    return (display.GetID(), display.GetAutoWindowLevel(), display.GetWindow(), display.GetLevel(),
            display.GetColorNodeID(), display.GetInterpolate())  # fmt: skip


@pytest.fixture
def viewed(study: Any) -> Any:
    """A study that somebody set a window for."""
    study.GetDisplayNode().SetAutoWindowLevel(False)
    study.GetDisplayNode().SetWindowLevel(33.0, 44.0)
    study.GetDisplayNode().SetAndObserveColorNodeID("vtkMRMLColorTableNodeGrey")
    return study


def test_the_window_of_the_study_comes_back(viewed: Any, session: Session, worker: HandWorker) -> None:
    before = window(viewed)
    session.choose(viewed)
    session.review.run()
    worker.answer()
    assert window(viewed) != before
    viewed.GetDisplayNode().SetWindowLevel(5.0, 6.0)
    session.put_away()
    assert window(viewed) == before
    session.show_again()
    assert window(viewed)[2:4] == (5.0, 6.0)  # the reader's own for this panel
    session.choose(add_study(session.scene, "Rest"))
    assert window(viewed) == before


def test_a_window_chosen_by_somebody_else_meanwhile_stays(done: Session, study: Any) -> None:
    other = done.scene.AddNewNodeByClass("vtkMRMLScalarVolumeDisplayNode")
    study.SetAndObserveDisplayNodeID(other.GetID())
    done.put_away()
    assert study.GetDisplayNode() is other


def test_the_window_comes_back_after_save_and_load(
    viewed: Any, session: Session, worker: HandWorker, tmp_path: Path
) -> None:
    session.choose(viewed)
    session.review.run()
    worker.answer()
    path = save_scene(session.scene, tmp_path / "left.mrb")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        back.put_away()
        assert window(back.review.study)[1:5] == (0, 33.0, 44.0, "vtkMRMLColorTableNodeGrey")
        back.close()


@pytest.fixture
def application(scene: Any) -> Iterator[Any]:
    """Slicer's own layout and slice logics, which make views and their nodes from a layout's description."""
    import slicer

    layout = slicer.vtkMRMLLayoutLogic()
    with quiet():
        layout.SetMRMLScene(scene)
        node = layout.GetLayoutNode()
        node.SetViewArrangement(node.SlicerLayoutFourUpView)
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode")
    camera.SetLayoutName("1")
    camera.SetPosition(0.0, 500.0, 0.0)
    yield layout
    layout.SetMRMLScene(None)


def shown(layout: Any) -> list[str]:
    nodes = layout.GetViewNodes()
    return sorted(nodes.GetItemAsObject(n).GetLayoutName() for n in range(nodes.GetNumberOfItems()))


def slice_labels(scene: Any) -> dict[str, str]:
    return {name: scene.GetSingletonNode(name, "vtkMRMLSliceNode").GetLayoutLabel() for name in LABELS}


def test_slicers_own_logic_makes_the_layout(application: Any, scene: Any) -> None:
    ours = Layout()
    ours.enter(scene)
    assert shown(application) == sorted(["1", TRANSAXIAL, POLAR, "Red", "Green", "Yellow"])
    transaxial = scene.GetNodeByID(f"vtkMRMLSliceNode{TRANSAXIAL}")
    assert (transaxial.GetOrientation(), transaxial.GetLayoutLabel()) == ("Axial", "TX")
    assert slice_labels(scene) == LABELS
    ours.leave(scene)
    assert shown(application) == sorted(["1", "Red", "Green", "Yellow"])
    assert slice_labels(scene) == LABELS


def test_the_camera_looks_at_the_heart_and_back(application: Any, done: Session) -> None:
    before = camera_of(done.scene)
    layout = Layout()
    layout.enter(done.scene)
    done.show_again()
    np.testing.assert_allclose(camera_of(done.scene).focal_point, POSE.ras_matrix[:3, 3])
    assert camera_of(done.scene).position[1] > POSE.ras_matrix[1, 3]  # from the patient's front
    layout.leave(done.scene)
    assert camera_of(done.scene) == before


def test_views_are_called_sa_hla_vla_only_while_there_is_a_pose(
    application: Any, session: Session, study: Any, worker: HandWorker
) -> None:
    session.show_again()
    assert session.review.study is study
    assert slice_labels(session.scene) == LABELS
    session.review.run()
    worker.answer()
    assert slice_labels(session.scene) == {"Red": "SA", "Green": "HLA", "Yellow": "VLA"}
    session.choose(add_study(session.scene, "Rest"))
    assert slice_labels(session.scene) == LABELS
    session.choose(study)
    session.put_away()
    assert slice_labels(session.scene) == LABELS


def test_rows_have_a_layout_of_their_own(application: Any, done: Session) -> None:
    done.show_again()
    done.show_rows(True)
    assert shown(application) == [ROWS]
    done.show_rows(False)
    assert shown(application) == sorted(["1", TRANSAXIAL, POLAR, "Red", "Green", "Yellow"])
    done.show_rows(True)
    done.put_away()
    assert shown(application) == sorted(["1", "Red", "Green", "Yellow"])


@pytest.mark.parametrize("rows", [False, True])
def test_a_file_is_for_a_slicer_without_this_module(
    application: Any, done: Session, tmp_path: Path, rows: bool
) -> None:
    """No event tells of saving in 3D Slicer: whenever it comes, our layouts must not be in the file."""
    done.show_again()
    done.show_rows(rows)
    text = save_scene(done.scene, tmp_path / "left.mrml").read_text(encoding="utf-8")
    assert "currentViewArrangement" not in text
    assert "LV rows" not in text
    done.put_away()
    again = save_scene(done.scene, tmp_path / "again.mrml").read_text(encoding="utf-8")
    assert f'currentViewArrangement="{application.GetLayoutNode().SlicerLayoutFourUpView}"' in again


def test_a_scene_that_was_saved_in_our_layout_can_be_left(application: Any, scene: Any) -> None:
    """As versions before 0.2 saved it."""
    layout, node = Layout(), application.GetLayoutNode()
    layout.enter(scene)
    layout.forget()
    layout.enter(scene)
    layout.leave(scene)
    assert node.GetViewArrangement() == node.SlicerLayoutFourUpView


def test_asking_changes_nothing(scene: Any, session: Session) -> None:
    """A panel that redraws itself while a scene closes must not put nodes into it."""
    before = scene.GetNumberOfNodes()
    assert not session.run_at_once
    assert session.remembered_study is None
    assert scene.GetNumberOfNodes() == before
    session.run_at_once = True
    assert panel_node(scene) is not None


def test_a_deleted_record_is_read_off_the_table(done: Session, study: Any, delay: HandDelay) -> None:
    done.review.nudge("swing", 5.0)
    delay.rest()
    done.scene.RemoveNode(done.review.nodes.record_node)
    done.on_node_removed()
    assert study.GetDisplayNode() is linked(done.review.nodes.record_node, "window")
    assert done.review.stage is Stage.ADJUSTING
    correction = done.review.adjustment.correction
    np.testing.assert_allclose(correction.as_tuple(), Correction(swing=5.0).as_tuple(), atol=1e-5)
    done.review.nudge("roll", 2.0)
    assert done.review.record.pose.rotation_error(POSE.corrected(Correction(swing=5.0, roll=2.0))) < 1e-4


def test_the_hint_lies_in_the_studys_folder(done: Session) -> None:
    from MSSTUNetReorientLib.scene.nodes import hierarchy_of

    done.ask_for_hint()
    hierarchy = hierarchy_of(done.scene)
    items = [hierarchy.GetItemByDataNode(done.review.nodes.node(role)) for role in ("hint", "segmentation")]
    assert len({hierarchy.GetItemParent(item) for item in items}) == 1


def test_smooth_contours_in_the_slices(done: Session) -> None:
    display = done.review.nodes.node("segmentation").GetDisplayNode()
    assert display.GetPreferredDisplayRepresentationName2D() == "Closed surface"
    check_together(done)


def test_views_are_called_by_their_names_once_a_nudge_rests(done: Session, delay: HandDelay) -> None:
    done.review.nudge("swing", 7.0)
    delay.rest()
    names = [done.scene.GetSingletonNode(name, "vtkMRMLSliceNode").GetOrientation() for name in LABELS]
    assert names == ["SA", "HLA", "VLA"]


def test_answers_that_come_while_another_module_is_shown_leave_its_views_alone(
    done: Session, worker: HandWorker, study: Any
) -> None:
    done.review.nudge("swing", 6.0)
    done.review.accept("Ada")
    done.put_away()
    red = done.scene.GetSingletonNode("Red", "vtkMRMLSliceNode")
    red.SetOrientation("Axial")
    before, shown = from_matrix4x4(red.GetSliceToRAS()), composite_node(done.scene, "Red").GetBackgroundVolumeID()
    own = window(study)
    worker.answer()
    assert done.review.stage is Stage.ACCEPTED
    np.testing.assert_array_equal(from_matrix4x4(red.GetSliceToRAS()), before)
    assert composite_node(done.scene, "Red").GetBackgroundVolumeID() == shown
    assert window(study) == own
    done.show_again()
    check_together(done)
    assert composite_node(done.scene, "Red").GetBackgroundVolumeID() == done.review.nodes.node("short_axis").GetID()


def test_a_run_that_ends_while_another_module_is_shown(session: Session, study: Any, worker: HandWorker) -> None:
    session.choose(study)
    session.review.run()
    session.put_away()
    own = window(study)
    worker.answer()
    assert session.review.stage is Stage.ADJUSTING
    assert window(study) == own
    session.show_again()
    assert window(study) != own
    check_together(session)
