"""The whole flow by keys alone, offscreen, and that no key is one of 3D Slicer's own."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QKeySequence
    from PySide6.QtTest import QTest
except ImportError as error:
    pytest.skip(f"Qt cannot be loaded ({error}); see .ci/run for the packages it needs", allow_module_level=True)

from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.panel.keyboard import BUTTON_KEYS
from MSSTUNetReorientLib.panel.keyboard import SLIDER_KEYS
from MSSTUNetReorientLib.panel.keyboard import STUDY_KEYS
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together
from panel.test_panel_widget import Panel

SLICERS_OWN = {
    "Ctrl+O", "Ctrl+S", "Ctrl+W", "Ctrl+Z", "Ctrl+Y", "Ctrl+X", "Ctrl+C", "Ctrl+V", "Ctrl+H", "Ctrl+F", "Ctrl+0",
    "Ctrl+1", "Ctrl+2", "Ctrl+3", "Ctrl+4", "Ctrl+5", "Ctrl+6", "Ctrl+`", "Ctrl+G", "Ctrl+Q", "F1",
    "Alt+F", "Alt+E", "Alt+V", "Alt+H",
}  # fmt: skip
"""Of Slicer's qSlicerMainWindow.ui, its Python console and module finder, and the mnemonics of its menus. Slice and 3D
views, and the Segment Editor, listen to single letters and digits."""


PRESSED_MS = 150
"""A button whose key is pressed looks pressed for a moment before it is clicked."""


@pytest.fixture
def panel(scene: Any, study: Any, worker: HandWorker, delay: HandDelay) -> Iterator[Panel]:
    made = Panel(scene, worker, delay)
    made.window.activateWindow()
    made.app.processEvents()
    yield made
    made.close()


def press(panel: Panel, keys: str) -> None:
    """A key for whatever has the focus."""
    combination = QKeySequence(keys)[0]
    target = panel.app.focusWidget() or panel.window
    QTest.keyClick(target, combination.key(), combination.keyboardModifiers())
    QTest.qWait(PRESSED_MS if keys in BUTTON_KEYS.values() else 0)


def test_the_whole_flow_without_a_mouse(panel: Panel, study: Any) -> None:
    rest = add_study(panel.session.scene, "Rest")
    press(panel, "Alt+PgDown")
    assert panel.session.review.study is rest
    press(panel, "Alt+PgUp")
    assert panel.session.review.study is study
    press(panel, "Ctrl+Shift+R")
    assert panel.session.review.stage is Stage.RUNNING
    press(panel, "Ctrl+Shift+R")
    assert panel.session.review.stage is Stage.READY
    press(panel, "Ctrl+Shift+R")
    panel.worker.answer()
    assert panel.session.review.stage is Stage.ADJUSTING
    for n, name in enumerate(SLIDER_KEYS, 1):
        press(panel, SLIDER_KEYS[name])
        for _ in range(n):
            press(panel, "Up")
        press(panel, "PgUp")
    assert panel.session.review.adjustment.correction == Correction(1.1, 1.2, 1.3, 1.4, 1.5, 1.6)
    check_together(panel.session)
    press(panel, "Alt+Z")
    assert panel.session.review.adjustment.correction == Correction(1.1, 1.2, 1.3, 1.4, 1.5, 0.0)
    press(panel, "Alt+Y")
    assert panel.session.review.adjustment.correction.basal == 1.6
    panel.delay.rest()
    panel.worker.answer()
    press(panel, "Ctrl+Shift+L")
    assert panel.session.screen.layout.rows
    assert panel.ui.rowsButton.text() == "Views"
    press(panel, "Ctrl+Shift+L")
    assert not panel.session.screen.layout.rows
    press(panel, "Ctrl+Shift+A")
    assert panel.session.review.stage is Stage.ACCEPTED
    press(panel, "Ctrl+Shift+A")  # the key is still there after the button's text has changed
    assert panel.session.review.stage is Stage.ADJUSTING


def test_a_number_is_typed_where_its_key_leads(panel: Panel) -> None:
    panel.run()
    press(panel, "Alt+2")
    QTest.keyClicks(panel.app.focusWidget(), "-62.5")
    press(panel, "Return")
    assert panel.session.review.adjustment.correction == Correction(tilt=-62.5)


def test_keys_do_nothing_while_another_module_is_shown(panel: Panel) -> None:
    panel.window.hide()
    QTest.keyClick(panel.window, Qt.Key_R, Qt.ControlModifier | Qt.ShiftModifier)
    assert panel.session.review.stage is Stage.READY


def test_no_key_is_slicers_or_given_twice() -> None:
    keys = [*BUTTON_KEYS.values(), *SLIDER_KEYS.values(), *STUDY_KEYS]
    assert len(set(keys)) == len(keys)
    assert not set(keys) & SLICERS_OWN
    assert all(re.match(r"(Ctrl\+Shift|Alt)\+\w+$", key) for key in keys)  # no single letters: views listen to those
    assert all(QKeySequence(key).toString() == key for key in keys)


def test_tooltips_say_the_keys(panel: Panel) -> None:
    for name, key in BUTTON_KEYS.items():
        assert f"({key})" in getattr(panel.ui, name).toolTip(), name
    for name, key in SLIDER_KEYS.items():
        assert f"{key} selects this field" in getattr(panel.ui, f"{name}Slider").toolTip(), name
    assert all(key in panel.ui.studySelector.toolTip() for key in STUDY_KEYS)


class Interaction:
    """The two nodes by which 3D Slicer places markups; slicer-core has them, but nobody to click."""

    def __init__(self, scene: Any) -> None:
        import slicer

        for name in ("vtkMRMLSelectionNode", "vtkMRMLInteractionNode"):
            node = getattr(slicer, name)()
            node.SetSingletonTag("Singleton")
            scene.AddNode(node)
        self.node = scene.GetFirstNodeByClass("vtkMRMLInteractionNode")

    @property
    def placing(self) -> bool:
        return bool(self.node.GetCurrentInteractionMode() == self.node.Place)


def test_escape_ends_placing(panel: Panel) -> None:
    interaction = Interaction(panel.session.scene)
    panel.click("hintButton")
    assert interaction.placing
    assert panel.ui.hintButton.text() == "Cancel click"
    assert "Esc cancels" in panel.ui.statusLabel.text()
    press(panel, "Esc")
    assert not interaction.placing
    assert panel.ui.hintButton.text() == "Click the LV centre, then run again"
    assert panel.session.review.stage is Stage.READY


@pytest.mark.parametrize(
    "leave",
    [lambda session: session.choose(None), Session.put_away, Session.on_scene_closing],
    ids=["study", "panel", "scene"],
)
def test_placing_ends_when_the_study_is_left(panel: Panel, leave: Callable[[Session], None]) -> None:
    """The session knows where the click belongs only as long as the review has the study."""
    interaction = Interaction(panel.session.scene)
    panel.click("hintButton")
    assert interaction.placing
    leave(panel.session)
    assert not interaction.placing
    assert panel.ui.hintButton.text() == "Click the LV centre, then run again"


def test_a_point_that_was_not_asked_for_since_the_study_was_left_runs_nothing(panel: Panel, study: Any) -> None:
    panel.click("hintButton")
    hint = panel.session.scene.GetFirstNodeByClass("vtkMRMLMarkupsFiducialNode")
    panel.session.choose(None)
    panel.session.choose(study)
    hint.AddControlPoint(10.0, -20.0, 30.0)
    assert panel.session.review.stage is Stage.READY
    assert panel.worker.seen == []


def test_the_point_that_follows_the_mouse_is_no_click(panel: Panel) -> None:
    Interaction(panel.session.scene)
    panel.click("hintButton")
    hint = panel.session.scene.GetFirstNodeByClass("vtkMRMLMarkupsFiducialNode")
    hint.AddControlPoint(1.0, 2.0, 3.0)
    hint.SetNthControlPointPosition(0, 1.0, 2.0, 3.0, hint.PositionPreview)
    assert panel.session.hint is None
    hint.SetNthControlPointPosition(0, 10.0, -20.0, 30.0, hint.PositionDefined)
    assert panel.session.hint == pytest.approx([-10.0, 20.0, 30.0])


def test_the_clicked_point_does_not_lie_over_the_heart(panel: Panel) -> None:
    interaction = Interaction(panel.session.scene)
    panel.click("hintButton")
    hint = panel.session.scene.GetFirstNodeByClass("vtkMRMLMarkupsFiducialNode")
    hint.AddControlPoint(10.0, -20.0, 30.0)
    assert panel.worker.seen[-1]["hint"] == pytest.approx([-10.0, 20.0, 30.0])
    panel.worker.answer()
    assert not hint.GetDisplayNode().GetVisibility()
    interaction.node.SetCurrentInteractionMode(interaction.node.ViewTransform)  # as 3D Slicer does after a click
    panel.click("hintButton")  # and is seen again where it is asked for again
    assert hint.GetDisplayNode().GetVisibility()
