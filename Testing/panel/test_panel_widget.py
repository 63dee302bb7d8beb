"""The shipping .ui and widget code under real mouse and key events, offscreen."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from PySide6.QtCore import QPoint
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QWidget
except ImportError as error:  # the package or a library of the system; .ci/run makes sure of both
    pytest.skip(f"Qt cannot be loaded ({error}); see .ci/run for the packages it needs", allow_module_level=True)

from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.panel.nodes.record_node import record_nodes
from MSSTUNetReorientLib.panel.screen.slice_view import SliceViews
from MSSTUNetReorientLib.panel.screen.slice_view import no_views
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.panel.state.run_time import Memory
from MSSTUNetReorientLib.panel.state.run_time import RunTime
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.colours import TABLES
from results import FOUND
from results import septum_in_image

from panel import host
from panel.conftest import UI_FILE
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together

REVIEW = Quality("review", ("The long axis of the segmentation differs from the network's by 14 degrees.",))


class Panel:
    """A shown panel and what stands behind it."""

    def __init__(self, scene: Any, worker: HandWorker, delay: HandDelay, views: SliceViews = no_views) -> None:
        from MSSTUNetReorientLib.panel.widget import PanelWidget

        host.install()
        self.app = host.application()
        self.window: QWidget = host.load_ui(UI_FILE)
        self.ui = host.child_widget_variables(self.window)
        self.window.setMRMLScene(scene)  # type: ignore[attr-defined]
        self.worker, self.delay = worker, delay
        self.session = Session(scene, worker, delay, views=views)
        self.widget = PanelWidget(self.ui, self.session)
        self.session.on_scene_loaded()
        self.window.resize(430, 860)
        self.window.show()
        self.app.processEvents()

    def click(self, name: str) -> None:
        button = getattr(self.ui, name)
        assert button.isEnabled(), f"{name} cannot be clicked"
        QTest.mouseClick(button, Qt.LeftButton)

    def drag(self, name: str, pixels: int) -> None:
        """Take the slider's handle and move it, with every position in between."""
        from PySide6.QtWidgets import QStyle
        from PySide6.QtWidgets import QStyleOptionSlider

        slider = getattr(self.ui, f"{name}Slider").slider()
        option = QStyleOptionSlider()
        slider.initStyleOption(option)
        handle = slider.style().subControlRect(QStyle.CC_Slider, option, QStyle.SC_SliderHandle, slider).center()
        QTest.mousePress(slider, Qt.LeftButton, pos=handle)
        for x in np.linspace(0, pixels, 8):
            QTest.mouseMove(slider, handle + QPoint(round(x), 0))
        QTest.mouseRelease(slider, Qt.LeftButton, pos=handle + QPoint(pixels, 0))

    def key(self, name: str, key: Any, times: int = 1) -> None:
        slider = getattr(self.ui, f"{name}Slider").slider()
        for _ in range(times):
            QTest.keyClick(slider, key)

    def run(self) -> None:
        self.click("reorientButton")
        self.worker.answer()

    def close(self) -> None:
        self.session.close()
        self.session.changed = lambda: None
        self.window.close()
        self.window.deleteLater()
        self.app.processEvents()


@pytest.fixture
def panel(scene: Any, study: Any, worker: HandWorker, delay: HandDelay) -> Iterator[Panel]:
    made = Panel(scene, worker, delay)
    yield made
    made.close()


def test_the_loaded_study_is_described(panel: Panel) -> None:
    assert panel.session.review.study is not None
    assert panel.ui.studyInfoLabel.text() == "modality not stated · 48 × 44 × 40 voxels of 5 × 5 × 6 mm"
    assert not panel.ui.warningLabel.isVisible()
    assert panel.ui.reorientButton.text() == "Reorient && Segment"


def test_a_doubtful_geometry_is_warned_of(panel: Panel) -> None:
    odd = add_study(panel.session.scene, "Odd")
    odd.SetSpacing(5.0, 5.0, 1.0)
    panel.ui.studySelector.setCurrentNode(odd)
    assert panel.ui.warningLabel.isVisible()
    assert "exactly 1 mm" in panel.ui.warningLabel.text()
    panel.app.processEvents()
    assert panel.ui.warningLabel.height() >= panel.ui.warningLabel.heightForWidth(panel.ui.warningLabel.width())


def test_run_with_progress_to_a_verdict(panel: Panel) -> None:
    panel.click("reorientButton")
    assert panel.ui.reorientButton.text() == "Cancel"
    assert panel.ui.progressBar.isVisible()
    panel.worker.step("segmenting")
    assert panel.ui.progressBar.value() == 70
    assert panel.ui.statusLabel.text() == "Segmenting…"
    panel.worker.answer()
    assert panel.ui.reorientButton.text() == "Reorient && Segment"
    assert not panel.ui.progressBar.isVisible()
    assert panel.ui.verdictLabel.text() == "Pass"
    assert panel.ui.alphaLabel.text() == "α −57.3°"


def test_reasons_are_said_before_accepting(panel: Panel) -> None:
    panel.worker.quality = REVIEW
    panel.run()
    assert panel.ui.verdictLabel.text() == "Review"
    assert "differs from the network's by 14 degrees" in panel.ui.reasonsLabel.text()


def test_bounds_and_septum_angle_are_said(panel: Panel) -> None:
    assert not panel.ui.findingsLabel.isVisible()
    panel.worker.quality = Quality("pass", (), FOUND)
    panel.run()
    assert panel.ui.findingsLabel.text().splitlines() == [
        "The long axis is good to 4°, the centre to 3 mm, in nine of ten studies like this one.",
        "The septum angle is 172°, good to 10° (180° is image left).",
    ]
    assert not panel.ui.earlierLabel.isVisible()
    panel.worker.quality = Quality("pass", (), {"axis_bound_deg": 6.0, "centre_bound_mm": math.nan})
    panel.run()
    assert panel.ui.findingsLabel.text() == "The long axis is good to 6° in nine of ten studies like this one."
    panel.worker.quality = Quality("fail", ("No left ventricle was found in this study.",), {})
    panel.run()
    assert not panel.ui.findingsLabel.isVisible()


def test_roll_to_septum_and_back(panel: Panel) -> None:
    """The shell's septum is at 165 degrees in the clinic's frame, whatever roll the pose itself has."""
    panel.run()
    panel.drag("swing", 15)
    before = panel.session.review.adjustment.correction
    panel.click("septumButton")
    after = panel.session.review.adjustment.correction
    assert septum_in_image(panel.session.review.record.pose, 165.0) == pytest.approx((-1.0, 0.0), abs=1e-7)
    assert replace(after, roll=0.0) == replace(before, roll=0.0)
    check_together(panel.session)
    panel.delay.rest()
    panel.worker.answer()
    asked = len(panel.worker.seen)
    panel.click("septumButton")  # it is there already
    panel.delay.rest()
    assert len(panel.worker.seen) == asked
    panel.click("undoButton")
    assert panel.session.review.adjustment.correction == before
    panel.click("redoButton")
    assert panel.session.review.adjustment.correction == after


def test_nobody_can_roll_to_a_septum_that_was_not_found(panel: Panel) -> None:
    panel.worker.quality = Quality("pass", (), {"presence": 0.99})
    panel.run()
    assert not panel.ui.septumButton.isEnabled()
    panel.session.review.roll_to_septum()
    assert panel.session.review.adjustment.correction == Correction()


def test_nobody_can_roll_to_the_septum_of_an_accepted_result(panel: Panel) -> None:
    panel.run()
    assert panel.ui.septumButton.isEnabled()
    panel.click("acceptButton")
    assert not panel.ui.septumButton.isEnabled()
    panel.session.review.roll_to_septum()
    assert panel.session.review.adjustment.correction == Correction()


def test_a_failed_run_says_what_to_do_next(panel: Panel) -> None:
    panel.worker.quality = Quality("fail", ("No left ventricle was found in this study.",), {})
    panel.run()
    assert panel.ui.statusLabel.text().startswith("Click the LV centre, then run again")
    panel.click("reorientButton")
    listener = panel.worker.requests.pop(0)[1]
    listener({"error": "RuntimeError: odd", "unexpected": True})
    assert panel.ui.messageLabel.text().startswith("RuntimeError: odd. No data are lost: press the button again.")


def test_the_time_left_is_said_once_runs_were_timed(panel: Panel) -> None:
    now = [0.0]
    panel.session.review.run_time = RunTime(Memory(), lambda: now[0])
    panel.click("reorientButton")
    assert panel.ui.statusLabel.text() == "Preparing the study…"
    now[0] += 10.0
    panel.worker.answer()
    panel.click("reorientButton")
    now[0] += 10.0
    panel.worker.answer()
    panel.click("reorientButton")
    now[0] += 4.0
    panel.worker.step("segmenting")
    assert panel.ui.statusLabel.text() == "Segmenting… about 6 s left"
    assert panel.ui.progressBar.value() == 40
    now[0] += 60.0
    panel.widget.redraw()  # as the clock of the panel does twice a second
    assert panel.ui.statusLabel.text() == "Segmenting… this takes longer than usual"
    assert panel.ui.progressBar.value() == 95


def test_colours_window_and_contours_by_mouse(panel: Panel, study: Any) -> None:
    panel.run()
    panel.ui.colourComboBox.setCurrentIndex(3)
    assert panel.session.screen.table.name == "10 steps"
    panel.ui.windowSlider.setValue(75.0)
    assert panel.session.screen.percent == pytest.approx(75.0)
    panel.ui.contoursCheckBox.click()
    assert not panel.session.review.nodes.node("segmentation").GetDisplayNode().GetVisibility2D()
    panel.click("rowsButton")
    assert panel.ui.rowsButton.text() == "Views"
    display = study.GetDisplayNode()
    display.SetAndObserveColorNodeID("vtkMRMLColorTableNodeRainbow")  # chosen in another module
    panel.widget.redraw()
    assert panel.ui.colourComboBox.currentIndex() == -1
    assert panel.session.screen.table is None


def test_the_names_of_the_tables_are_those_of_the_list(panel: Panel) -> None:
    box = panel.ui.colourComboBox
    assert [box.itemText(n) for n in range(box.count())] == [table.name for table in TABLES]


def test_cancel_by_the_same_button(panel: Panel) -> None:
    panel.click("reorientButton")
    panel.click("reorientButton")
    assert panel.worker.stops == 1
    assert panel.session.review.stage is Stage.READY


@pytest.mark.parametrize("name", CONTROLS)
def test_drag_a_slider(panel: Panel, name: str) -> None:
    panel.run()
    panel.drag(name, 20)
    value = getattr(panel.session.review.adjustment.correction, name)
    assert value > 1.0
    assert getattr(panel.ui, f"{name}Slider").value == value
    check_together(panel.session)
    assert len(panel.session.review.adjustment.past) == 1  # one drag, one step


def test_arrow_keys_are_fine_steps(panel: Panel) -> None:
    panel.run()
    panel.key("swing", Qt.Key_Right, 3)
    panel.key("swing", Qt.Key_PageUp)
    assert panel.session.review.adjustment.correction == Correction(swing=1.3)
    panel.delay.rest()
    panel.worker.answer()
    panel.click("undoButton")
    assert panel.ui.swingSlider.value == 0.0


def test_numbers_can_be_typed(panel: Panel) -> None:
    panel.run()
    box = panel.ui.basalSlider.spinBox()
    box.selectAll()
    QTest.keyClicks(box, "-7.3")
    QTest.keyClick(box, Qt.Key_Return)
    assert panel.session.review.adjustment.correction == Correction(basal=-7.3)
    check_together(panel.session)


@pytest.mark.parametrize(
    ("name", "typed"), [("swing", "60"), ("tilt", "-123.4"), ("basal", "77.7"), ("lateral", "-190")]
)
def test_numbers_beyond_the_slider_can_be_typed(panel: Panel, name: str, typed: str) -> None:
    """CTK gives the box the slider's range, in which 60 is typed as 6."""
    panel.run()
    box = getattr(panel.ui, f"{name}Slider").spinBox()
    box.selectAll()
    QTest.keyClicks(box, typed)
    QTest.keyClick(box, Qt.Key_Return)
    assert getattr(panel.session.review.adjustment.correction, name) == float(typed)
    assert getattr(panel.ui, f"{name}Slider").value == float(typed)
    check_together(panel.session)
    panel.delay.rest()
    panel.worker.answer()
    panel.click("undoButton")
    assert panel.session.review.adjustment.correction == Correction()


def test_deleting_the_study_chooses_no_short_axis(panel: Panel, study: Any) -> None:
    panel.session.run_at_once = True
    panel.run()
    scene = panel.session.scene
    tags = [
        scene.AddObserver(scene.NodeAboutToBeRemovedEvent, lambda *_: setattr(panel.session, "removing", True), 10.0),
        scene.AddObserver(scene.NodeRemovedEvent, lambda *_: panel.session.on_node_removed()),
    ]
    scene.RemoveNode(study)
    for tag in tags:
        scene.RemoveObserver(tag)
    assert panel.session.review.stage is Stage.EMPTY
    assert panel.worker.requests == []
    assert panel.ui.studySelector.currentNode() is None


def test_short_axes_are_not_listed_as_studies(panel: Panel, study: Any) -> None:
    rest = add_study(panel.session.scene, "Rest")
    panel.run()
    for selector in (panel.ui.studySelector, panel.ui.pairedSelector):
        assert selector._nodes == [None, study, rest]
    short_axis = panel.session.review.nodes.node("short_axis")
    panel.ui.studySelector.setCurrentNode(rest)
    panel.widget.onStudyChanged(short_axis)  # by a script, say
    assert panel.session.review.study is study
    assert panel.ui.studySelector.currentNode() is study


def test_buttons_of_adjust(panel: Panel) -> None:
    panel.run()
    assert not panel.ui.undoButton.isEnabled()
    panel.click("standardButton")
    first = panel.session.review.adjustment.correction
    panel.click("resetButton")
    assert not panel.ui.resetButton.isEnabled()
    panel.click("undoButton")
    assert panel.session.review.adjustment.correction == first
    panel.click("redoButton")
    assert panel.session.review.adjustment.correction == Correction()
    check_together(panel.session)


def test_accept_and_edit_again(panel: Panel) -> None:
    panel.run()
    QTest.keyClicks(panel.ui.readerEdit, "Ada")
    panel.click("acceptButton")
    assert panel.session.review.stage is Stage.ACCEPTED
    assert panel.ui.acceptButton.text() == "Edit again"
    assert panel.ui.acceptedLabel.text().startswith("Accepted by Ada, 20")
    assert not any(getattr(panel.ui, f"{name}Slider").isEnabled() for name in CONTROLS)
    assert not panel.ui.reorientButton.isEnabled()
    panel.click("acceptButton")
    assert panel.ui.swingSlider.isEnabled()


def test_failing_run_is_said_and_loses_nothing(panel: Panel) -> None:
    panel.run()
    panel.drag("roll", 15)
    before = panel.session.review.adjustment
    panel.click("reorientButton")
    panel.worker.fail("CUDA is out of memory")
    assert panel.ui.messageLabel.isVisible()
    assert panel.ui.messageLabel.text() == "CUDA is out of memory"
    assert panel.session.review.adjustment == before
    panel.run()
    assert not panel.ui.messageLabel.isVisible()


def test_two_studies(panel: Panel, study: Any) -> None:
    panel.run()
    panel.drag("roll", 15)
    roll = panel.ui.rollSlider.value
    rest = add_study(panel.session.scene, "Rest")
    panel.ui.studySelector.setCurrentNode(rest)
    assert panel.ui.rollSlider.value == 0.0
    panel.run()
    panel.ui.pairedSelector.setCurrentNode(study)
    assert panel.ui.cautionLabel.isVisible()
    panel.click("usePairedButton")
    assert panel.ui.studySelector.currentNode() is study
    assert panel.ui.rollSlider.value == 0.0
    panel.worker.answer()
    panel.click("undoButton")
    assert panel.ui.rollSlider.value == roll


def test_a_slider_changes_its_own_number_only(panel: Panel) -> None:
    """What handles did to the others is kept as it is, though sliders show tenths."""
    panel.run()
    panel.session.review._adjust(panel.session.review.adjustment.moved(Correction(swing=3.04, roll=1.23456), "handles"))
    assert panel.ui.rollSlider.value == 1.2
    panel.key("swing", Qt.Key_Right)
    assert panel.session.review.adjustment.correction == Correction(swing=3.1, roll=1.23456)


def test_sliders_widen_for_what_lies_beyond(panel: Panel) -> None:
    panel.run()
    panel.session.review.nudge("tilt", 80.0)
    assert panel.ui.tiltSlider.value == 80.0
    assert panel.ui.tiltSlider.maximum == 180.0


def test_save_and_load(panel: Panel, tmp_path: Path) -> None:
    panel.run()
    panel.drag("swing", 12)
    panel.delay.rest()
    panel.worker.answer()
    panel.click("acceptButton")
    swing = panel.ui.swingSlider.value
    path = save_scene(panel.session.scene, tmp_path / "left.mrb")
    with new_scene() as other:
        load_scene(other, path)
        back = Panel(other, HandWorker(), HandDelay())
        assert back.ui.swingSlider.value == swing
        assert back.ui.acceptButton.text() == "Edit again"
        back.close()


def test_nothing_can_be_done_without_a_study(scene: Any, worker: HandWorker, delay: HandDelay) -> None:
    made = Panel(scene, worker, delay)
    names = (
        "rowsButton",
        "reorientButton",
        "hintButton",
        "undoButton",
        "resetButton",
        "standardButton",
        "septumButton",
        "acceptButton",
    )
    assert not any(getattr(made.ui, name).isEnabled() for name in names)
    assert made.ui.statusLabel.text() == "Select a study above."
    made.close()


def test_every_control_says_what_it_does(panel: Panel) -> None:
    ends = ("Button", "Slider", "Selector", "Edit", "CheckBox")
    controls = [w for name, w in vars(panel.ui).items() if name.endswith(ends)]
    assert len(controls) > 20
    assert [w.objectName() for w in controls if not w.toolTip()] == []


def test_keyboard_order_runs_from_top_to_bottom(panel: Panel) -> None:
    """By what Tab reaches: sliders and boxes within CTK's widget, which takes no focus itself."""
    panel.run()
    panel.drag("swing", 12)
    order, widget = [], panel.ui.reorientButton
    for _ in range(80):
        reached = widget.focusPolicy() & Qt.TabFocus and widget.focusProxy() is None and widget.isEnabled()
        if reached and widget.isVisible():
            name = widget.objectName()
            order.append(name if name and not name.startswith("qt_") else widget.parentWidget().objectName())
        widget = widget.nextInFocusChain()
        if widget is panel.ui.reorientButton:
            break
    shown = [name for name in dict.fromkeys(order) if not name.endswith("CollapsibleButton") and "elector" not in name]
    sliders = [f"{n}Slider" for n in CONTROLS]
    display = ["colourComboBox", "windowSlider", "rowsButton", "contoursCheckBox"]
    buttons = ["undoButton", "resetButton", "standardButton", "septumButton"]
    buttons += ["handlesCheckBox", "readerEdit", "acceptButton"]
    assert shown == ["reorientButton", "hintButton", "runAtOnceCheckBox", *display, *sliders, *buttons]


def test_labels_edited_by_hand_are_told_and_segmented_again_on_request(panel: Panel) -> None:
    from panel.test_panel_labels import is_painted
    from panel.test_panel_labels import paint

    panel.run()
    assert not panel.ui.segmentAgainButton.isVisible()
    paint(panel.session.review.nodes.node("segmentation"))
    panel.session.put_away()  # as the reader goes to the Segment Editor and comes back
    panel.session.show_again()
    assert panel.ui.editedLabel.isVisible()
    assert "not for the edited labels" in panel.ui.reasonsLabel.text()
    panel.click("segmentAgainButton")
    panel.worker.answer()
    assert not panel.ui.editedLabel.isVisible()
    assert not is_painted(panel.session.review.nodes.node("segmentation"))


def test_selectors_may_signal_while_a_scene_closes(panel: Panel) -> None:
    """The real selector goes to the neighbour of a node that is removed, also while everything is removed."""
    scene, other = panel.session.scene, add_study(panel.session.scene, "Rest")
    tag = scene.AddObserver(scene.NodeRemovedEvent, lambda *_: panel.widget.onStudyChanged(other))
    panel.session.on_scene_closing()
    scene.Clear(False)
    scene.RemoveObserver(tag)
    assert panel.session.review.stage is Stage.EMPTY
    assert panel.session.remembered_study is None
    assert list(record_nodes(scene)) == []


PROPERTIES = {
    "QLabel": ("text", "visible", "styleSheet"),
    "QPushButton": ("text", "enabled", "visible"),
    "QCheckBox": ("enabled", "checked"),
    "QProgressBar": ("value", "visible"),
    "QLineEdit": ("text", "enabled"),
    "ctkSliderWidget": ("value", "minimum", "maximum", "enabled"),
    "qMRMLNodeComboBox": ("enabled",),
    "QComboBox": ("enabled", "currentIndex"),
    "QWidget": ("visible",),
}
"""What the panel sets and reads as attributes: in PythonQt these must be Qt properties, and writable."""


def test_attributes_are_qt_properties(panel: Panel) -> None:
    import ast
    import inspect

    from MSSTUNetReorientLib.panel import widget as module

    tree = ast.parse(inspect.getsource(module))
    targets = (t for node in ast.walk(tree) if isinstance(node, ast.Assign) for t in node.targets)
    written = {t.attr for t in targets if isinstance(t, ast.Attribute) and ast.unparse(t.value) != "self"}
    known = {name for names in PROPERTIES.values() for name in names}
    assert written - {"run_at_once", "changed", "hiddenNodeIDs"} <= known
    for widget in vars(panel.ui).values():
        meta = widget.metaObject()
        for name in PROPERTIES.get(meta.className(), ()):
            assert meta.property(meta.indexOfProperty(name)).isWritable(), (meta.className(), name)
