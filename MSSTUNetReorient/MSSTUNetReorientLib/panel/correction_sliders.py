"""The six sliders of the correction and their number boxes.

A slider spans what is usual, so that a pixel of the mouse is a fine step; a number that is typed may be anything that
can be asked for, and widens the slider.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .state.adjustment import CONTROLS
from .state.adjustment import MAX_SHIFT_MM
from .state.adjustment import MAX_TURN_DEG
from .state.adjustment import TURNS

SAME = 1e-6
"""Sliders count in binary fractions; closer than this is the same tenth."""
RANGE_DEG, RANGE_MM = 45.0, 50.0
"""What sliders span at first."""


class CorrectionSliders:
    """Binds the sliders of a panel.

    Attributes:
        boxes: correction to the number box of its slider.
    """

    def __init__(self, ui: Any, nudge: Callable[[str, float], None]) -> None:
        self._sliders = {name: getattr(ui, f"{name}Slider") for name in CONTROLS}
        # CTK's own method for the box cannot be called from Python.
        self.boxes = {name: slider.findChildren("QDoubleSpinBox")[0] for name, slider in self._sliders.items()}
        self._nudge, self._drawing = nudge, False
        for name in CONTROLS:
            self._widen_box(name)
            self.boxes[name].keyboardTracking = False  # a number counts once it is whole, not digit by digit
            self._sliders[name].valueChanged.connect(self._nudger(name))
            # By its signature: Qt 5 has a second signal of that name, which tells the box's text.
            self.boxes[name].connect("valueChanged(double)", self._nudger(name))

    def draw(self, values: tuple[float, ...], *, enabled: bool) -> None:
        """Show a correction; never sends a signal back."""
        before, self._drawing = self._drawing, True
        for name, value in zip(CONTROLS, values, strict=True):
            self._sliders[name].enabled = enabled
            self._move(name, value)
        self._drawing = before

    def _move(self, name: str, value: float) -> None:
        slider, (usual, most) = self._sliders[name], _limits(name)
        limit = usual if abs(value) <= usual else most
        if slider.maximum < limit:
            slider.minimum, slider.maximum = -limit, limit
            self._widen_box(name)
        if abs(slider.value - value) > SAME:
            slider.value = value

    def _widen_box(self, name: str) -> None:
        """CTK gives the box the slider's range whenever that changes."""
        most = _limits(name)[1]
        self.boxes[name].minimum, self.boxes[name].maximum = -most, most

    def _nudger(self, name: str) -> Callable[[float], None]:
        def nudge(value: float) -> None:
            if not self._drawing:
                self._nudge(name, value)

        return nudge


def _limits(name: str) -> tuple[float, float]:
    """Usual and most."""
    return (RANGE_DEG, MAX_TURN_DEG) if name in TURNS else (RANGE_MM, MAX_SHIFT_MM)
