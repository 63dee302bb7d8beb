"""The panel's own view layouts; what was there before comes back when the panel is left.

Slice nodes are 3D Slicer's own Red, Green and Yellow, so that a saved scene looks the same in 3D Slicer without this
module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scene.arrays import from_matrix4x4
from ...scene.slice_views import SLICE_NAMES
from ...scene.slice_views import turn_view
from ...scene.view_camera import Camera
from ...scene.view_camera import camera_of
from ...scene.view_camera import set_camera
from .layout_description import LAYOUT_ID
from .layout_description import ROWS_LAYOUT_ID
from .layout_description import layout_node
from .layout_description import register

OURS = (LAYOUT_ID, ROWS_LAYOUT_ID)


@dataclass(frozen=True, eq=False)
class _Slice:
    """How a slice view stood."""

    slice_to_ras: NDArray[np.float64]
    field: tuple[float, float, float]
    background: str | None
    foreground: str | None


class Layout:
    """Enters and leaves the panel's layouts in one scene.

    While one of them is shown, the layout is not saved with the scene: another 3D Slicer may not know it, and would
    show an empty window.

    Attributes:
        rows: the rows are shown, not the views.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """The scene was closed: what was remembered of it is gone."""
        self.rows = False
        self._before: int | None = None
        self._slices: dict[str, _Slice] = {}
        self._camera: Camera | None = None

    def enter(self, scene: Any) -> None:
        """Remember what is shown and show ours."""
        node = layout_node(scene)
        if node is None:
            return
        register(scene)
        if node.GetViewArrangement() not in OURS:
            self._before = node.GetViewArrangement()
            self._slices = {name: state for name in SLICE_NAMES if (state := _state(scene, name))}
            self._camera = camera_of(scene)
        node.SetSaveWithScene(False)
        self.show_rows(scene, self.rows)

    def show_rows(self, scene: Any, rows: bool) -> None:
        """The rows, or the views."""
        self.rows = rows
        node = layout_node(scene)
        if node is not None:
            node.SetViewArrangement(ROWS_LAYOUT_ID if rows else LAYOUT_ID)

    def leave(self, scene: Any) -> None:
        """Put back what was shown, unless somebody chose another layout meanwhile."""
        node = layout_node(scene)
        if node is not None:
            node.SetSaveWithScene(True)
            if node.GetViewArrangement() in OURS:
                node.SetViewArrangement(node.SlicerLayoutFourUpView if self._before is None else self._before)
        for name, state in self._slices.items():
            _restore(scene, name, state)
        set_camera(scene, self._camera)
        self.forget()


def _state(scene: Any, name: str) -> _Slice | None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    shown = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if node is None or shown is None:
        return None
    matrix = from_matrix4x4(node.GetSliceToRAS())
    x, y, z = node.GetFieldOfView()
    return _Slice(matrix, (x, y, z), shown.GetBackgroundVolumeID(), shown.GetForegroundVolumeID())


def _restore(scene: Any, name: str, state: _Slice) -> None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    shown = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if node is None or shown is None:
        return
    turn_view(node, state.slice_to_ras)
    node.SetFieldOfView(*state.field)
    shown.SetBackgroundVolumeID(_still_there(scene, state.background))
    shown.SetForegroundVolumeID(_still_there(scene, state.foreground))


def _still_there(scene: Any, node_id: str | None) -> str | None:
    return node_id if node_id and scene.GetNodeByID(node_id) is not None else None
