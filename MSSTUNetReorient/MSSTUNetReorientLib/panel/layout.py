"""The panel's own view layout; what was there before comes back when the panel is left.

Slice nodes are 3D Slicer's own Red, Green and Yellow, so that a saved scene looks the same in 3D Slicer without this
module; a layout's labels are given only to views that it makes, so theirs are set and put back here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..scene.arrays import from_matrix4x4
from ..scene.arrays import to_matrix4x4
from ..scene.slices import SLICE_NAMES
from ..views import VIEWS
from .layout_description import LAYOUT_ID
from .layout_description import layout_node
from .layout_description import register
from .view_3d import Camera
from .view_3d import camera_of
from .view_3d import set_camera


@dataclass(frozen=True, eq=False)
class _Slice:
    """How a slice view stood."""

    label: str
    slice_to_ras: NDArray[np.float64]
    field: tuple[float, float, float]
    background: str | None
    foreground: str | None


class Layout:
    """Enters and leaves the panel's layout in one scene."""

    def __init__(self) -> None:
        self._saving, self._modifying = False, 0
        self.forget()

    def forget(self) -> None:
        """The scene was closed: what was remembered of it is gone."""
        self._before: int | None = None
        self._slices: dict[str, _Slice] = {}
        self._camera: Camera | None = None

    def enter(self, scene: Any) -> None:
        """Remember what is shown and show ours."""
        node = layout_node(scene)
        if node is None:
            return
        register(scene)
        if node.GetViewArrangement() != LAYOUT_ID:
            self._before = node.GetViewArrangement()
            self._slices = {name: state for name in SLICE_NAMES if (state := _state(scene, name))}
            self._camera = camera_of(scene)
            node.SetViewArrangement(LAYOUT_ID)
        for view, name in zip(VIEWS, SLICE_NAMES, strict=True):
            _set_label(scene, name, view.name)

    def leave(self, scene: Any) -> None:
        """Put back what was shown, unless somebody chose another layout meanwhile."""
        node = layout_node(scene)
        if node is not None and node.GetViewArrangement() == LAYOUT_ID:
            node.SetViewArrangement(node.SlicerLayoutFourUpView if self._before is None else self._before)
        for name in SLICE_NAMES:
            _set_label(scene, name, self._slices[name].label if name in self._slices else name[0])
        for name, state in self._slices.items():
            _restore(scene, name, state)
        set_camera(scene, self._camera)
        self.forget()

    def before_save(self, scene: Any) -> None:
        """A file has the usual four views, for 3D Slicer where this layout is not known; nothing moves on screen."""
        node = layout_node(scene)
        self._saving = node is not None and node.GetViewArrangement() == LAYOUT_ID
        if self._saving:
            self._modifying = node.StartModify()
            node.SetViewArrangement(node.SlicerLayoutFourUpView)

    def after_save(self, scene: Any) -> None:
        """Ours again."""
        node = layout_node(scene)
        if node is not None and self._saving:
            node.SetViewArrangement(LAYOUT_ID)
            node.EndModify(self._modifying)
        self._saving = False


def _set_label(scene: Any, name: str, label: str) -> None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    if node is not None:
        node.SetLayoutLabel(label)


def _state(scene: Any, name: str) -> _Slice | None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    shown = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if node is None or shown is None:
        return None
    matrix = from_matrix4x4(node.GetSliceToRAS())
    x, y, z = node.GetFieldOfView()
    return _Slice(
        node.GetLayoutLabel(), matrix, (x, y, z), shown.GetBackgroundVolumeID(), shown.GetForegroundVolumeID()
    )


def _restore(scene: Any, name: str, state: _Slice) -> None:
    node = scene.GetSingletonNode(name, "vtkMRMLSliceNode")
    shown = scene.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
    if node is None or shown is None:
        return
    node.GetSliceToRAS().DeepCopy(to_matrix4x4(state.slice_to_ras))
    node.UpdateMatrices()
    node.SetFieldOfView(*state.field)
    shown.SetBackgroundVolumeID(_still_there(scene, state.background))
    shown.SetForegroundVolumeID(_still_there(scene, state.foreground))


def _still_there(scene: Any, node_id: str | None) -> str | None:
    return node_id if node_id and scene.GetNodeByID(node_id) is not None else None
