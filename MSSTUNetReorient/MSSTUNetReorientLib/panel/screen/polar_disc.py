"""One polar map as drawings over a slice view: its samples, the borders and means of the segments, and words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...perfusion.aha_segments import SEGMENTS
from ...perfusion.polar_drawing import EDGE_WORDS
from ...perfusion.polar_drawing import border
from ...perfusion.polar_drawing import mesh
from ...perfusion.polar_drawing import middle
from ...perfusion.polar_map import PolarMap
from ...perfusion.quantification import Perfusion
from ..state.map_words import segment_text
from ..state.map_words import title
from ..state.map_words import withheld
from .drawing import Cells
from .drawing import Lines
from .drawing import Words
from .overlay import Drawing

Array = NDArray[np.float64]
RADIUS_MM = 50.0
EDGE_MM, SIDE_MM, TITLE_MM = 54.5, 52.0, 69.0
"""From the middle to the words above and below, to those at the sides, and up to the middle of the title."""
SIDES = {"SEP": "right", "LAT": "left"}
"""Words at the sides: which end of them lies at the disc."""
FAR_MM = 5000.0
"""Maps lie far from any patient in each direction, so that nothing of a patient is seen beside them."""
WHITE = (1.0, 1.0, 1.0)
BORDER_WIDTH = 1.2
MEAN_SIZE, WORD_SIZE = 12, 13
BACKING = 0.45
"""Opacity of the ground behind the means, which are read on any colour."""
NO_VALUE = np.array([[110, 116, 124], [150, 156, 164]], dtype=np.uint8)
"""Greys of samples without a value, which alternate: no table has such checks."""


class PolarDisc:
    """Draws the perfusion of one study round a point.

    Attributes:
        centre: its middle, mm to the right and up on the page.
        perfusion: what is drawn.
    """

    def __init__(self, name: str, perfusion: Perfusion, word: str, colours: Array) -> None:
        self._name, self.centre = name, (0.0, 0.0)
        self._cells, self._borders = Cells(), Lines(WHITE, BORDER_WIDTH)
        self._means = [_words(MEAN_SIZE, BACKING) for _ in SEGMENTS]
        self._title, self._reason = _words(WORD_SIZE), _words(WORD_SIZE, BACKING)
        self._placed = [(self._title, (0.0, TITLE_MM / RADIUS_MM)), (self._reason, (0.0, 0.0))]
        self._placed += [(word, middle(segment)) for word, segment in zip(self._means, SEGMENTS, strict=True)]
        for text, (x, y) in EDGE_WORDS:
            edge, reach = _words(WORD_SIZE, across=SIDES.get(text, "centre")), SIDE_MM if text in SIDES else EDGE_MM
            edge.say(text)
            self._placed.append((edge, (reach / RADIUS_MM * x, reach / RADIUS_MM * y)))
        self.drawings: list[Drawing] = [self._cells, self._borders, *(words for words, _ in self._placed)]
        self.show(perfusion, word, colours)
        self.move(self.centre)

    def move(self, centre: tuple[float, float]) -> None:
        """To another place on the page."""
        self.centre = centre
        for words, (x, y) in self._placed:
            words.move(self._ras(np.array(x), np.array(y)))
        self._borders.set([self._ras(*border(segment)) for segment in SEGMENTS])
        self._draw_cells()

    def show(self, perfusion: Perfusion, word: str, colours: Array) -> None:
        """Another map.

        Args:
            perfusion: with a map, or the reason why there is none.
            word: which the figures carry; empty for none.
            colours: ``(N, 3)`` from 0 to 100 percent, 0 to 1.
        """
        self.perfusion = perfusion
        mapped = perfusion.map
        self._title.say(title(self._name, perfusion, word))
        self._reason.say(withheld(perfusion))
        for segment, mean in zip(SEGMENTS, self._means, strict=True):
            mean.say("" if mapped is None else segment_text(mapped, segment.number))
        self.colour(colours)

    def colour(self, colours: Array) -> None:
        """The same map in other colours."""
        self._colours = colours
        self._draw_cells()

    def _draw_cells(self) -> None:
        mapped = self.perfusion.map
        self._cells.actor.SetVisibility(mapped is not None)
        if mapped is not None:
            self._cells.set(self._ras(*mesh(mapped.samples.edges)), cell_colours(mapped, self._colours))

    def local(self, x: float, y: float) -> tuple[float, float]:
        """A point of the page on the disc of radius 1."""
        return (x - self.centre[0]) / RADIUS_MM, (y - self.centre[1]) / RADIUS_MM

    def _ras(self, x: Array, y: Array) -> Array:
        """Points of the disc of radius 1, RAS mm ``(..., 3)``."""
        return page_to_ras(self.centre[0] + RADIUS_MM * x, self.centre[1] + RADIUS_MM * y)


def _words(size: int, backing: float = 0.0, across: str = "centre") -> Words:
    return Words("", np.zeros(3), WHITE, size=size, across=across, backing=backing)


def page_to_ras(x: Array, y: Array) -> Array:
    """mm to the right and up on the page to RAS mm ``(..., 3)``: as an axial view shows it."""
    return np.stack([FAR_MM - x, FAR_MM + y, np.full_like(x, FAR_MM, dtype=float)], axis=-1)


def ras_to_page(ras: Array) -> tuple[float, float]:
    """The point of the page at RAS mm ``(3,)``."""
    return float(FAR_MM - ras[0]), float(ras[1] - FAR_MM)


def cell_colours(mapped: PolarMap, colours: Array) -> NDArray[np.uint8]:
    """``(ROWS, RAYS, 3)`` of the samples; grey checks where there is no usable wall."""
    table = np.rint(255 * colours).astype(np.uint8)
    entry = np.rint(np.nan_to_num(mapped.percent) / 100 * (len(table) - 1)).astype(int)
    checks = NO_VALUE[np.indices(mapped.percent.shape).sum(axis=0) % 2]
    return np.where(mapped.usable[..., None], table[entry], checks)
