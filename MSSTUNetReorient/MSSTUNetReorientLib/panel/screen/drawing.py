"""Lines, words and coloured cells over a slice view, as 2D actors of VTK: given in RAS mm, placed where the view shows
them now.

They are no nodes: nothing of them is saved, and moving them costs the other views nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...scene.arrays import from_matrix4x4

Array = NDArray[np.float64]
Colour = tuple[float, float, float]


class Lines:
    """Polylines of one colour.

    Attributes:
        actor: ``vtkActor2D``.
    """

    def __init__(self, colour: Colour, width: float, opacity: float = 1.0) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor2D
        from vtkmodules.vtkRenderingCore import vtkPolyDataMapper2D

        self._data, self.actor = vtkPolyData(), vtkActor2D()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._data)
        self.actor.SetMapper(mapper)
        self.actor.GetProperty().SetColor(*colour)
        self.actor.GetProperty().SetLineWidth(width)
        self.actor.GetProperty().SetOpacity(opacity)
        self._ras = np.zeros((0, 3))

    @property
    def ras(self) -> Array:
        """All points, ``(N, 3)`` mm."""
        return self._ras

    def set(self, lines: Sequence[Array]) -> None:
        """Other lines, each ``(n, 3)`` RAS mm."""
        from vtkmodules.util.numpy_support import numpy_to_vtkIdTypeArray
        from vtkmodules.vtkCommonDataModel import vtkCellArray

        self._ras = np.concatenate(lines) if len(lines) else np.zeros((0, 3))
        ends = np.concatenate([[0], np.cumsum([len(line) for line in lines], dtype=np.int64)]).astype(np.int64)
        cells = vtkCellArray()
        cells.SetData(
            numpy_to_vtkIdTypeArray(ends, deep=True),
            numpy_to_vtkIdTypeArray(np.arange(len(self._ras), dtype=np.int64), deep=True),
        )
        self._data.Initialize()
        self._data.SetLines(cells)

    def place(self, ras_to_xy: Array) -> None:
        """Where a view shows them now."""
        _place_points(self._data, self._ras, ras_to_xy)


class Words:
    """One short text at a point.

    Attributes:
        actor: ``vtkTextActor``.
    """

    def __init__(
        self,
        text: str,
        ras: Array,
        colour: Colour,
        *,
        size: int = 13,
        offset: tuple[float, float] = (0, 0),
        across: str = "",
        backing: float = 0.0,
    ) -> None:
        """Begin at the point, or lie level with it: ``across`` is "left", "centre" or "right" of what is written.

        ``backing`` is the opacity of a black ground.
        """
        from vtkmodules.vtkRenderingCore import vtkTextActor

        self.actor = vtkTextActor()
        self.actor.SetInput(text)
        style = self.actor.GetTextProperty()
        style.SetFontFamilyToArial()
        style.SetFontSize(size)
        style.SetColor(*colour)
        style.SetShadow(True)
        style.SetBackgroundColor(0.0, 0.0, 0.0)
        style.SetBackgroundOpacity(backing)
        if across:
            style.SetJustification(("left", "centre", "right").index(across))
            style.SetVerticalJustificationToCentered()
        self._ras, self._offset = np.asarray(ras, dtype=float), np.asarray(offset, dtype=float)

    @property
    def text(self) -> str:
        """What is written."""
        return str(self.actor.GetInput() or "")

    def say(self, text: str) -> None:
        """Another text."""
        if text != self.text:
            self.actor.SetInput(text)

    def move(self, ras: Array) -> None:
        """To another point."""
        self._ras = np.asarray(ras, dtype=float)

    def place(self, ras_to_xy: Array) -> None:
        """Where a view shows the point now."""
        x, y = _on_screen(self._ras[None], ras_to_xy)[0, :2] + self._offset
        self.actor.SetPosition(float(x), float(y))


class Cells:
    """Quadrangles, each of one colour.

    Attributes:
        actor: ``vtkActor2D``.
    """

    def __init__(self) -> None:
        from vtkmodules.vtkCommonDataModel import vtkPolyData
        from vtkmodules.vtkRenderingCore import vtkActor2D
        from vtkmodules.vtkRenderingCore import vtkPolyDataMapper2D

        self._data, self.actor = vtkPolyData(), vtkActor2D()
        mapper = vtkPolyDataMapper2D()
        mapper.SetInputData(self._data)
        mapper.SetScalarModeToUseCellData()
        self.actor.SetMapper(mapper)
        self._ras = np.zeros((0, 3))

    def set(self, corners: Array, colours: NDArray[np.uint8]) -> None:
        """Another mesh.

        Args:
            corners: ``(rows + 1, columns + 1, 3)`` RAS mm.
            colours: ``(rows, columns, 3)`` red, green, blue.
        """
        from vtkmodules.util.numpy_support import numpy_to_vtk
        from vtkmodules.util.numpy_support import numpy_to_vtkIdTypeArray
        from vtkmodules.vtkCommonDataModel import vtkCellArray

        rows, columns = colours.shape[:2]
        number = np.arange((rows + 1) * (columns + 1)).reshape(rows + 1, columns + 1)
        quads = np.stack([number[:-1, :-1], number[:-1, 1:], number[1:, 1:], number[1:, :-1]], axis=-1)
        cells = vtkCellArray()
        cells.SetData(
            numpy_to_vtkIdTypeArray(np.arange(0, quads.size + 1, 4, dtype=np.int64), deep=True),
            numpy_to_vtkIdTypeArray(quads.ravel().astype(np.int64), deep=True),
        )
        self._ras = corners.reshape(-1, 3)
        self._data.Initialize()
        self._data.SetPolys(cells)
        self._data.GetCellData().SetScalars(numpy_to_vtk(colours.reshape(-1, 3), deep=True))

    def place(self, ras_to_xy: Array) -> None:
        """Where a view shows them now."""
        _place_points(self._data, self._ras, ras_to_xy)


def ras_to_xy(slice_node: Any) -> Array:
    """``(4, 4)``: RAS mm to the pixels of a slice view."""
    return np.asarray(np.linalg.inv(from_matrix4x4(slice_node.GetXYToRAS())))


def _on_screen(points: Array, matrix: Array) -> Array:
    return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])


def _place_points(data: Any, ras: Array, ras_to_xy: Array) -> None:
    """Give a ``vtkPolyData`` its points on the screen."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonCore import vtkPoints

    points = vtkPoints()
    xyz = _on_screen(ras, ras_to_xy)
    points.SetData(numpy_to_vtk(np.c_[xyz[:, :2], np.zeros(len(xyz))].astype(np.float32), deep=True))
    data.SetPoints(points)
    data.Modified()
