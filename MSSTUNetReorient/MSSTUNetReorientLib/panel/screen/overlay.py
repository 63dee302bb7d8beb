"""What is drawn over one slice view, kept in its place while the view moves."""

from __future__ import annotations

from typing import Any

from .drawing import Cells
from .drawing import Lines
from .drawing import Words
from .drawing import ras_to_xy
from .slice_view import SliceView

Drawing = Lines | Words | Cells
LEFT_EDGE, RIGHT_EDGE, UPPER_EDGE, LOWER_EDGE = 6, 5, 7, 4
"""Places of ``vtkCornerAnnotation``; 0 to 3 are its corners, which are the Data Probe's."""
EDGES = (LEFT_EDGE, RIGHT_EDGE, UPPER_EDGE, LOWER_EDGE)


class Overlay:
    """Lines, words and edge words over a slice view.

    Attributes:
        view: where they are drawn.
        drawings: lines, words and cells in RAS mm.
        fixed: actors that stay where they are on screen.
    """

    def __init__(self, view: SliceView) -> None:
        self.view = view
        self.drawings: list[Drawing] = []
        self.fixed: list[Any] = []
        self._edges: tuple[str, ...] = ("",) * 4

    def add(self, *drawings: Drawing) -> None:
        """Draw something."""
        self.drawings += drawings
        for drawing in drawings:
            self.view.renderer.AddViewProp(drawing.actor)

    def add_fixed(self, actor: Any) -> None:
        """An actor in the view's own coordinates."""
        self.fixed.append(actor)
        self.view.renderer.AddViewProp(actor)

    def place(self, slice_node: Any) -> None:
        """Everything where the view shows it now."""
        matrix = ras_to_xy(slice_node)
        for drawing in self.drawings:
            drawing.place(matrix)

    def say_edges(self, words: tuple[str, ...]) -> None:
        """Words at the left, right, upper and lower edge."""
        if words != self._edges:
            self.view.annotation.GetTextProperty().SetShadow(True)  # read on bright counts, too
            for place, word in zip(EDGES, words, strict=True):
                self.view.annotation.SetText(place, word)
            self._edges = words

    def clear(self) -> None:
        """Take everything away."""
        for actor in (*(drawing.actor for drawing in self.drawings), *self.fixed):
            self.view.renderer.RemoveViewProp(actor)
        self.drawings, self.fixed = [], []
        self.say_edges(("",) * 4)
        self.view.request_render()
