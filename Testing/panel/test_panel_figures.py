"""The figures beside the pose: tables and chart in the scene, and their lines in the panel."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from MSSTUNetReorientLib.output.scene_figures import scene_figures
from MSSTUNetReorientLib.panel.nodes.record_node import find_record
from MSSTUNetReorientLib.panel.nodes.record_node import linked
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.state.figure_words import figure_text
from MSSTUNetReorientLib.panel.worker.worker_files import read_figures_content
from MSSTUNetReorientLib.panel.worker.worker_files import write_answer
from MSSTUNetReorientLib.panel.worker.worker_files import write_state
from MSSTUNetReorientLib.panel.worker.worker_files import write_study
from MSSTUNetReorientLib.panel.worker.worker_main import handle
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import read_result_nodes
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.figure_tables import FigureRow
from MSSTUNetReorientLib.scene.figure_tables import read_figures
from MSSTUNetReorientLib.scene.figure_tables import read_segments
from MSSTUNetReorientLib.scene.nodes import hierarchy_of
from results import POSE
from results import make_result

from panel.conftest import CAVITY
from panel.conftest import FINE
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_labels import paint

ROLES = ("segments", "figures", "chart", "series")


def percents(session: Session) -> np.ndarray:
    return np.array([row.percent for row in read_segments(session.review.nodes.node("segments"))])


def expected(session: Session) -> np.ndarray:
    """Of the perfect answer at the pose as it stands."""
    found = scene_figures(make_result(session.review.record.pose, quality=session.review.record.quality))
    return np.array([row.percent for row in found.segments])


def answer_one(session: Session, worker: HandWorker) -> None:
    """The labels, but not yet the figures that are then asked for."""
    request, listener = worker.requests.pop(0)
    pose = session.review.record.pose if request["op"] == "segment" else POSE
    write_answer(make_result(pose, quality=FINE), Path(request["answer"]))
    listener({"done": request["answer"]})


def test_a_run_writes_tables_and_chart_into_the_folder(done: Session) -> None:
    hierarchy = hierarchy_of(done.scene)
    nodes = [done.review.nodes.node(role) for role in (*ROLES, "table")]
    assert None not in nodes
    assert len({hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) for node in nodes}) == 1
    np.testing.assert_allclose(percents(done), expected(done), atol=0.11)
    assert CAVITY in done.review.figures
    (found,) = read_result_nodes(done.scene)
    assert set(found.figures) == set(ROLES)


def test_tables_follow_each_segmentation_and_the_nodes_stay(done: Session, worker: HandWorker) -> None:
    before, nodes = percents(done), [done.review.nodes.node(role) for role in ROLES]
    done.review.nudge("tilt", 15.0)
    np.testing.assert_array_equal(percents(done), before)  # those of the last segmentation, until there is another
    done.review.settle()
    worker.answer()
    np.testing.assert_allclose(percents(done), expected(done), atol=0.5)
    assert [done.review.nodes.node(role) for role in ROLES] == nodes
    done.scene.RemoveNode(done.review.nodes.node("segments"))
    done.review.run()
    worker.answer()
    np.testing.assert_allclose(percents(done), expected(done), atol=0.5)
    assert done.scene.GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 1
    assert done.review.nodes.node("series").GetTableNode() is done.review.nodes.node("segments")


def test_perfusion_is_there_before_the_child_has_the_others(done: Session, worker: HandWorker) -> None:
    done.review.nudge("tilt", 15.0)
    done.review.settle()
    answer_one(done, worker)
    assert {row.group for row in done.review.figures} == {"Perfusion"}  # the old cavity is gone, the new one not there
    np.testing.assert_allclose(percents(done), expected(done), atol=0.5)
    assert [request["op"] for request, _ in worker.requests] == ["figures"]
    worker.answer()
    assert CAVITY in done.review.figures


def test_a_nudge_in_between_drops_figures_that_nobody_needs(done: Session, worker: HandWorker) -> None:
    done.review.run()
    answer_one(done, worker)
    (figures,) = worker.requests
    done.review.nudge("tilt", 5.0)
    done.review.settle()  # waits until the child has answered
    assert worker.requests == [figures]
    worker.answer()
    assert CAVITY in done.review.figures
    assert not done.review.record.labels_follow
    assert done.review.client.files == [done.review.client._written[1]]  # nothing but the study


def test_figures_that_fail_are_said_and_nothing_is_lost(done: Session, worker: HandWorker) -> None:
    done.review.run()
    answer_one(done, worker)
    worker.fail("out of memory")
    assert done.review.message == "out of memory"
    assert {row.group for row in done.review.figures} == {"Perfusion"}
    done.review.accept("Ada")
    worker.answer()
    assert CAVITY in done.review.figures  # asked again


def test_labels_edited_by_hand_have_figures_of_their_own_once_accepted(done: Session, worker: HandWorker) -> None:
    before = percents(done)
    paint(done.review.nodes.node("segmentation"))
    done.review.accept("Ada")
    worker.answer()
    assert done.review.record.edited
    assert np.nanmax(np.abs(percents(done) - before)) > 0.05


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_figures_come_back_with_the_scene(done: Session, worker: HandWorker, tmp_path: Path, suffix: str) -> None:
    done.review.accept("Ada")
    worker.answer()
    path = save_scene(done.scene, tmp_path / f"left{suffix}")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert back.review.figures == done.review.figures
        np.testing.assert_array_equal(percents(back), percents(done))
        assert back.review.nodes.node("chart").GetNthPlotSeriesNode(0) is back.review.nodes.node("series")
        back.close()


def test_the_figures_of_a_scene_of_the_command_line_are_adopted(scene: Any) -> None:
    result = make_result(quality=FINE)
    figures = scene_figures(result)
    nodes = add_result(scene, result, figures=figures)
    session = Session(scene, HandWorker(), HandDelay())
    session.on_scene_loaded()
    assert session.review.figures == figures.rows
    record = find_record(scene, nodes.study)
    assert all(linked(record, role) is nodes.figures[role] for role in ROLES)
    session.close()


def test_a_scene_without_tables_opens_and_gets_them_with_the_next_result(scene: Any) -> None:
    """Scenes of earlier versions."""
    add_result(scene, make_result(quality=FINE))
    worker = HandWorker()
    session = Session(scene, worker, HandDelay())
    session.on_scene_loaded()
    assert session.review.figures == ()
    asked = len(worker.seen)
    assert asked == 0
    session.review.run()
    worker.answer()
    assert CAVITY in session.review.figures
    session.close()


def test_leaving_a_study_leaves_its_figures(done: Session, worker: HandWorker) -> None:
    study, before = done.review.study, done.review.figures
    other = add_study(done.scene, "Rest")
    done.choose(other)
    assert done.review.figures == ()
    done.choose(study)
    assert done.review.figures == before


def test_the_child_computes_the_figures_of_the_result_it_is_given(tmp_path: Path) -> None:
    result = make_result(quality=FINE)
    write_study(result.study, tmp_path / "study.npz")
    write_state(result, tmp_path / "state.npz")
    said: list[dict[str, Any]] = []
    handle({"op": "figures", "study": str(tmp_path / "study.npz"), "state": str(tmp_path / "state.npz")}, said.append)
    assert len(said) == 1
    assert repr(read_figures_content(said[0]["figures"])) == repr(scene_figures(result))  # nan is nan
    handle({"op": "figures", "study": str(tmp_path / "gone.npz"), "state": str(tmp_path / "state.npz")}, said.append)
    assert "error" in said[1]


# --- in words ---

ROWS = (
    FigureRow("Perfusion", "summed score", "", "", "normal limits are needed"),
    FigureRow("Perfusion", "scar burden", "", "%", "normal limits are needed"),
    FigureRow("LV as it is", "cavity", "61.5", "ml", "", "Mean over the cardiac cycle."),
    FigureRow("LV as it is", "shape index", "0.62", "", "", "Mean over the cardiac cycle."),
    FigureRow("Function", "EF", "58", "%", "", "8 gates."),
    FigureRow("Function", "peak filling rate", "", "EDV/s", "too few gates"),
)


def test_groups_values_reasons_and_notes_in_words() -> None:
    assert figure_text(ROWS, follow=False).splitlines() == [
        "Perfusion:",
        "• withheld (all): normal limits are needed",
        "LV as it is: cavity 61.5 ml, shape index 0.62",
        "• Mean over the cardiac cycle.",
        "Function: EF 58 %",
        "• withheld (peak filling rate): too few gates",
        "• 8 gates.",
    ]
    assert figure_text(ROWS, follow=True).startswith("The pose has changed; the figures are those of the last")
    assert figure_text((), follow=True) == ""


def test_the_panel_says_them(scene: Any, study: Any, worker: HandWorker, delay: HandDelay) -> None:
    pytest.importorskip("PySide6.QtTest", exc_type=ImportError)
    from panel.test_panel_widget import Panel

    panel = Panel(scene, worker, delay)
    assert panel.ui.figuresLabel.text() == "Figures are computed after segmentation."
    worker.quality = Quality("review", ("Check it.",), {})
    panel.run()
    text = panel.ui.figuresLabel.text()
    assert "LV as it is: cavity 61.5 ml" in text
    assert text == figure_text(read_figures(panel.session.review.nodes.node("figures")), follow=False)
    panel.drag("swing", 20)
    assert panel.ui.figuresLabel.text().startswith("The pose has changed")
    panel.delay.rest()
    panel.worker.answer()
    assert not panel.ui.figuresLabel.text().startswith("The pose has changed")
    panel.window.resize(430, 1200)
    for _ in range(3):
        panel.app.processEvents()
    assert panel.ui.figuresLabel.height() >= panel.ui.figuresLabel.heightForWidth(panel.ui.figuresLabel.width())
    panel.close()
