"""Keyboard shortcuts for the whole workflow.

Keys work wherever the focus is in the main window, but only while the panel is shown. None of them is 3D Slicer's own;
``Testing/panel/test_panel_keyboard.py`` lists those.
"""

from __future__ import annotations

from typing import Any

from .session import Session
from .state.adjustment import CONTROLS

BUTTON_KEYS = {
    "sampleButton": "Ctrl+Shift+E",
    "reorientButton": "Ctrl+Shift+R",
    "hintButton": "Ctrl+Shift+M",
    "rowsButton": "Ctrl+Shift+L",
    "contoursCheckBox": "Ctrl+Shift+C",
    "undoButton": "Alt+Z",
    "redoButton": "Alt+Y",
    "resetButton": "Ctrl+Shift+Backspace",
    "standardButton": "Ctrl+Shift+T",
    "septumButton": "Ctrl+Shift+D",
    "handlesCheckBox": "Ctrl+Shift+H",
    "segmentAgainButton": "Ctrl+Shift+G",
    "acceptButton": "Ctrl+Shift+A",
    "dicomButton": "Ctrl+Shift+X",
    "usePairedButton": "Ctrl+Shift+P",
}
"""Widget to the key that clicks it."""
SLIDER_KEYS = {name: f"Alt+{n}" for n, name in enumerate(CONTROLS, 1)}
"""Correction to the key that goes to its number: arrows step by 0.1, Page keys by 1, digits are typed."""
STUDY_KEYS = {"Alt+PgDown": 1, "Alt+PgUp": -1}
"""Key to how far the choice of the study moves."""


class Keyboard:
    """Gives a panel its keys."""

    def __init__(self, ui: Any, session: Session, boxes: dict[str, Any]) -> None:
        self._ui, self._session = ui, session
        self._shortcuts: list[Any] = []
        for name in BUTTON_KEYS:
            self.give(name)
        for name, key in SLIDER_KEYS.items():
            self._add(key, lambda name=name: _go_to(boxes[name]))
        for key, step in STUDY_KEYS.items():
            self._add(key, lambda step=step: session.choose_next(step))
        self._escape = self._add("Esc", session.end_placing)
        self.update()

    def give(self, name: str) -> None:
        """A button its key (again): Qt takes it away with every new text."""
        import qt

        if name in BUTTON_KEYS:
            getattr(self._ui, name).shortcut = qt.QKeySequence(BUTTON_KEYS[name])

    def update(self) -> None:
        """Escape is ours only while a click is waited for."""
        self._escape.enabled = self._session.placing

    def _add(self, key: str, call: Any) -> Any:
        import qt

        shortcut = qt.QShortcut(self._ui.runWidget)
        shortcut.key = qt.QKeySequence(key)
        shortcut.activated.connect(call)
        self._shortcuts.append(shortcut)
        return shortcut


def _go_to(box: Any) -> None:
    box.setFocus()
    box.selectAll()
