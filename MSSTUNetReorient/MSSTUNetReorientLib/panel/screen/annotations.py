"""Overlays and names of the slice views while there is a pose to show.

The edges of SA, HLA and VLA show the wall, those of the transaxial view the side of the patient; the
long axis is drawn in the transaxial view, how far it may be off in HLA and VLA, and the septum angle with its interval
in SA. No nodes are used: it follows the views' own events, costs almost no time, and is not saved.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.pose import Pose
from ...geometry.pose import lps_from_ras
from ...geometry.septum import septum_mark
from ...geometry.views import VIEWS
from ...prediction.septum_estimate import Septum
from ...scene.arrays import from_matrix4x4
from ...scene.slice_views import SLICE_NAMES
from ..observers import Observers
from ..state.record import Record
from .colour_scale import Scale
from .drawing import Lines
from .drawing import Words
from .edge_words import HEART
from .edge_words import PATIENT
from .edge_words import edge_words
from .layout_description import TRANSAXIAL
from .overlay import Overlay
from .slice_view import SliceViews
from .slice_view import no_views
from .study_window import percent_of

Array = NDArray[np.float64]
AXIS_COLOUR = (1.0, 0.85, 0.2)
AXIS_WIDTH, BOUND_WIDTH = 2.0, 1.5
BOUND_OPACITY = 0.55
OVERSHOOT_MM = 8.0
"""How far lines are drawn beyond apex and base."""
SEPTUM_RADIUS_MM, SEPTUM_STROKE_MM = 62.0, 6.0
"""Of the septum mark in SA: outside the LV, within the edge labels."""
SA_NAME, HLA_NAME, VLA_NAME = SLICE_NAMES


class Annotations:
    """Draws over one scene's slice views.

    Attributes:
        pose: what is shown; None while nothing is.
    """

    def __init__(self, scene: Any, views: SliceViews = no_views) -> None:
        self.scene, self._views = scene, views
        self._observers = Observers()
        self._labels: dict[str, str] = {}
        self._display: Any = None
        self._clear()

    def _clear(self) -> None:
        self.pose: Pose | None = None
        self._overlays: dict[str, Overlay] = {}
        self._axis = Lines(AXIS_COLOUR, AXIS_WIDTH)
        self._apex = Words("APEX", np.zeros(3), AXIS_COLOUR, offset=(6, 4))
        self._bounds = {name: Lines(AXIS_COLOUR, BOUND_WIDTH, BOUND_OPACITY) for name in (HLA_NAME, VLA_NAME)}
        self._septum = Lines(AXIS_COLOUR, BOUND_WIDTH)
        self._scale = Scale()

    def show(self, record: Record, display: Any) -> None:
        """Draw the pose of a record, with its bound and its septum angle as far as they are known.

        Args:
            record: what is shown.
            display: the display node of what the views show; the scale follows it.
        """
        self._axis_mm, self._bound = record.axis_mm, record.good_to.axis_deg or 0.0
        self._angle = record.quality.septum
        if self.pose is None:
            self._attach()
        self._watch(display)
        self.move(record.pose)

    def move(self, pose: Pose) -> None:
        """Another pose; nothing happens while none is shown."""
        if self.pose is None and not self._overlays:
            return
        self.pose = pose
        apex, base = self._axis_mm
        self._axis.set([_ras(pose, [(0, 0, apex - OVERSHOOT_MM), (0, 0, base + OVERSHOOT_MM)])])
        self._apex.move(_ras(pose, [(0, 0, apex - OVERSHOOT_MM)])[0])
        for name, across in ((HLA_NAME, 0), (VLA_NAME, 1)):
            self._bounds[name].set(_cone(pose, self._axis_mm, self._bound, across))
        self._septum.set(_septum_lines(pose, self._angle))
        for name in self._overlays:
            self._place(name)

    def hide(self) -> None:
        """Take everything away, and call the views what they were called."""
        self._observers.remove_all()
        for overlay in self._overlays.values():
            overlay.clear()
        for name, label in self._labels.items():
            _set_label(self.scene, name, label)
        self._labels = {}
        self._display = None
        self._clear()

    def _attach(self) -> None:
        from vtkmodules.vtkCommonCore import vtkCommand

        for view, name in zip(VIEWS, SLICE_NAMES, strict=True):
            node = self.scene.GetSingletonNode(name, "vtkMRMLSliceNode")
            if node is not None:
                self._labels.setdefault(name, node.GetLayoutLabel())
                node.SetLayoutLabel(view.name)
        for name in (TRANSAXIAL, *SLICE_NAMES):
            node, shown = self.scene.GetSingletonNode(name, "vtkMRMLSliceNode"), self._views(name)
            if node is not None and shown is not None:
                self._overlays[name] = Overlay(shown)
                self._observers.add(node, vtkCommand.ModifiedEvent, partial(self._place, name))
        self._draw()

    def _draw(self) -> None:
        """Which view gets what."""
        drawings = {TRANSAXIAL: (self._axis, self._apex), SA_NAME: (self._septum,)}
        for name, drawn in (*drawings.items(), *((n, (b,)) for n, b in self._bounds.items())):
            if name in self._overlays:
                self._overlays[name].add(*drawn)
        if SA_NAME in self._overlays:
            self._overlays[SA_NAME].add_fixed(self._scale.actor)

    def _watch(self, display: Any) -> None:
        from vtkmodules.vtkCommonCore import vtkCommand

        if display is not None and display is not self._display:
            self._display = display
            self._observers.add(display, vtkCommand.ModifiedEvent, self._follow_display)
        self._follow_display()

    def _follow_display(self, *_: Any) -> None:
        self._scale.follow(self._display, percent_of(self._display))

    def _place(self, name: str, *_: Any) -> None:
        node, overlay = self.scene.GetSingletonNode(name, "vtkMRMLSliceNode"), self._overlays.get(name)
        if node is None or overlay is None or self.pose is None:
            return
        matrix = from_matrix4x4(node.GetSliceToRAS())
        if name == TRANSAXIAL:
            words = edge_words(matrix, np.eye(3), PATIENT)
        else:
            words = edge_words(matrix, lps_from_ras(self.pose.rotation.T).T, HEART)
        overlay.say_edges(words)
        overlay.place(node)
        overlay.view.request_render()


def _set_label(scene: Any, name: str, label: str) -> None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    if node is not None:
        node.SetLayoutLabel(label)


def _ras(pose: Pose, points: Any) -> Array:
    """SA mm to RAS mm."""
    return np.asarray(lps_from_ras(pose.apply(points)))


def _septum_lines(pose: Pose, septum: Septum | None) -> list[Array]:
    """The septum angle and its interval."""
    if septum is None:
        return []
    lines = septum_mark(pose, septum.angle_deg, septum.bound_deg, SEPTUM_RADIUS_MM, SEPTUM_STROKE_MM)
    return [_ras(pose, line) for line in lines]


def _cone(pose: Pose, axis_mm: tuple[float, float], bound_deg: float, across: int) -> list[Array]:
    """The axis through the LV centre, and where it would be if it were off by the bound, in the plane of a view."""
    low, high = axis_mm[0] - OVERSHOOT_MM, axis_mm[1] + OVERSHOOT_MM
    slope = float(np.tan(np.deg2rad(min(bound_deg, 60.0))))
    lines = []
    for side in (-slope, slope) if slope else ():
        ends = np.zeros((2, 3))
        ends[:, 2] = low, high
        ends[:, across] = side * ends[:, 2]
        lines.append(_ras(pose, ends))
    return lines
