"""The polar maps in a slice view of their own: one study, or stress beside rest; nothing of it is saved with a scene.

Only the map of the selected study follows a nudge. What lies under the cursor is written below the maps, read off 3D
Slicer's crosshair as the Data Probe reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scene.colours import sampled
from ...scene.slice_views import composite_node
from ...scene.slice_views import slice_node
from ..observers import Observers
from ..state.map_words import under_cursor
from ..state.map_words import word_of
from ..state.record import Record
from .colour_scale import Scale
from .drawing import Words
from .layout_description import POLAR
from .live_maps import StudyMap
from .live_views import turn_axial
from .overlay import Overlay
from .polar_disc import WHITE
from .polar_disc import WORD_SIZE
from .polar_disc import PolarDisc
from .polar_disc import page_to_ras
from .polar_disc import ras_to_page
from .slice_view import SliceViews

Array = NDArray[np.float64]
POLAR_COLOUR = (0.62, 0.50, 0.78)
BOX_MM = (136.0, 140.0)
"""Room for a map with its words."""
DISC_LOW_MM = 62.0
"""From the lower edge of the box to the middle of the map."""
TOLD_MM = 18.0
"""Room below the maps for what lies under the cursor."""
SCALE_SHARE = 0.16
"""Width of the room for the scale, as a share of the view's."""
VIEW_GROUP = 7
"""The view is linked with no other, and a jump in it moves none of the patient's slices."""
WHOLE = 100.0
"""The scale always ends at the maximum of the map, so that colours of two maps mean the same."""


class PolarView:
    """Shows polar maps where the layout has their view; without it nothing is computed.

    Attributes:
        maps: what is shown, with the discs that show it; empty while nothing is.
    """

    def __init__(self, scene: Any, views: SliceViews, resized: Callable[[], None]) -> None:
        self.scene, self._views, self._resized = scene, views, resized
        self._observers = Observers()
        self._forget()

    def _forget(self) -> None:
        self.maps: list[StudyMap] = []
        self.discs: list[PolarDisc] = []
        self._overlay: Overlay | None = None
        self._display: Any = None
        self._table, self._colours = "", np.zeros((2, 3))
        self._size: tuple[int, ...] = ()

    @property
    def on_screen(self) -> bool:
        """Whether there is a view to draw into."""
        return self._views(POLAR) is not None

    def show(self, maps: Sequence[StudyMap], display: Any) -> None:
        """Draw maps, from left to right or from top to bottom, in the colours of a display node of ours."""
        view = self._views(POLAR)
        if view is None or not maps:
            self.hide()
            return
        if self._overlay is not None:
            self._overlay.clear()
        first = len(self.maps) != len(maps)
        self.maps, self._overlay, self._scale = list(maps), Overlay(view), Scale(beside=1 - SCALE_SHARE)
        self._take_colours(display)
        node = self._prepared_node()
        self.discs = [PolarDisc(each.name, each.perfusion, each.word, self._colours) for each in maps]
        for disc in self.discs:
            self._overlay.add(*disc.drawings)
        self._told = Words("", np.zeros(3), WHITE, size=WORD_SIZE, across="centre")
        self._overlay.add(self._told)
        self._overlay.add_fixed(self._scale.actor)
        self._scale.follow(display, WHOLE)
        self._watch(node, display)
        if first:
            self.fit()
        else:  # the reader's zoom stays
            self._arrange(node)
            self._place()

    def move(self, record: Record) -> None:
        """The pose of the selected study moves."""
        for n, each in enumerate(self.maps):
            if each.moves:
                self.maps[n] = each.at(record.pose, word_of(record))
                self.discs[n].show(self.maps[n].perfusion, self.maps[n].word, self._colours)
                self._place()

    def hide(self) -> None:
        """Take everything away."""
        self._observers.remove_all()
        if self._overlay is not None:
            self._overlay.clear()
        self._forget()

    def fit(self) -> None:
        """All maps in the view at its present size."""
        node = self.scene.GetSingletonNode(POLAR, "vtkMRMLSliceNode")
        if node is not None and self.maps:
            self._size = tuple(node.GetDimensions()[:2])
            self._arrange(node)
            _fit(node, *_page(len(self.maps), _is_wide(node)))
            self._place()

    def _arrange(self, node: Any) -> None:
        """Side by side where the view is wide, else one below the other."""
        wide = _is_wide(node)
        for disc, centre in zip(self.discs, _centres(len(self.maps), wide), strict=True):
            disc.move(centre)
        height = _page(len(self.maps), wide)[1]
        self._told.move(page_to_ras(np.array(0.0), np.array((TOLD_MM - height) / 2)))

    def _prepared_node(self) -> Any:
        node, composite = slice_node(self.scene, POLAR, POLAR_COLOUR), composite_node(self.scene, POLAR)
        for each in (node, composite):
            each.SetSaveWithScene(False)
        node.SetViewGroup(VIEW_GROUP)
        composite.SetDoPropagateVolumeSelection(False)
        return node

    def _watch(self, node: Any, display: Any) -> None:
        from vtkmodules.vtkCommonCore import vtkCommand

        self._observers.add(node, vtkCommand.ModifiedEvent, self._place)
        if display is not None:
            self._observers.add(display, vtkCommand.ModifiedEvent, self._follow_display)
        crosshair = self.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            self._observers.add(crosshair, crosshair.CursorPositionModifiedEvent, self._tell)

    def _place(self, *_: Any) -> None:
        node = self.scene.GetSingletonNode(POLAR, "vtkMRMLSliceNode")
        if node is not None and self._overlay is not None:
            self._say_under_cursor()
            self._overlay.place(node)
            if tuple(node.GetDimensions()[:2]) != self._size:
                self._resized()
            self._overlay.view.request_render()

    # --- colours ---

    def _take_colours(self, display: Any) -> None:
        node = display.GetColorNode() if display is not None else None
        self._display = display
        if node is not None:
            self._table, self._colours = node.GetID(), sampled(node)

    def _follow_display(self, *_: Any) -> None:
        """The reader chose another table."""
        if self._overlay is not None and self._display.GetColorNodeID() != self._table:
            self._take_colours(self._display)
            self._scale.follow(self._display, WHOLE)
            for disc in self.discs:
                disc.colour(self._colours)
            self._place()

    # --- the cursor ---

    def _tell(self, *_: Any) -> None:
        if self._overlay is not None:
            before = self._told.text
            self._say_under_cursor()
            if self._told.text != before:
                self._overlay.view.request_render()

    def _say_under_cursor(self) -> None:
        point = self._cursor()
        texts = [under_cursor(disc.perfusion, *disc.local(*point)) for disc in self.discs] if point else []
        self._told.say(next((text for text in texts if text), ""))

    def _cursor(self) -> tuple[float, float] | None:
        """The cursor on the page; None where it is elsewhere."""
        crosshair = self.scene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        xyz, ras = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
        if crosshair is None or not crosshair.GetCursorPositionRAS(ras):
            return None
        node = crosshair.GetCursorPositionXYZ(xyz)
        return ras_to_page(np.array(ras)) if node is not None and node.GetLayoutName() == POLAR else None


def _is_wide(node: Any) -> bool:
    width, height, _ = node.GetDimensions()
    return bool(width > height)


def _page(number: int, wide: bool) -> tuple[float, float]:
    """Width and height of the page, mm."""
    columns, rows = (number, 1) if wide else (1, number)
    return BOX_MM[0] * columns, BOX_MM[1] * rows + TOLD_MM


def _centres(number: int, wide: bool) -> list[tuple[float, float]]:
    """Middles of the maps on the page, whose own middle is (0, 0)."""
    width, height = _page(number, wide)
    found = []
    for n in range(number):
        left, top = (n * BOX_MM[0], 0.0) if wide else (0.0, n * BOX_MM[1])
        found.append((left + (BOX_MM[0] - width) / 2, height / 2 - top - BOX_MM[1] + DISC_LOW_MM))
    return found


def _fit(node: Any, width: float, height: float) -> None:
    """The whole page in the view, with room for the scale at its right."""
    turn_axial(node)
    right = width * SCALE_SHARE / (1 - SCALE_SHARE)
    x, y, z = page_to_ras(np.array(right / 2), np.array(0.0)).tolist()
    node.JumpSliceByCentering(x, y, z)
    across, down, _ = node.GetDimensions()
    pixel = max((width + right) / max(across, 1), height / max(down, 1))
    node.SetFieldOfView(across * pixel, down * pixel, node.GetFieldOfView()[2])
