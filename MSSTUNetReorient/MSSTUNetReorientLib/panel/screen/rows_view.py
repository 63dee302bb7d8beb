"""The page of rows in a slice view of its own: one hidden volume, and contours and words drawn over it.

Nothing of it is saved with a scene. Colours, window, zoom and pan are those of any slice view.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.pose import lps_from_ras
from ...geometry.views import SA
from ...geometry.volume import Grid
from ...geometry.volume import Volume
from ...io.terminology import BLOOD_POOL_STYLE
from ...io.terminology import MYOCARDIUM_STYLE
from ...scene.arrays import ijk_to_ras
from ...scene.arrays import to_image
from ...scene.host import mrml
from ...scene.nodes import PREFIX
from ...scene.slice_views import composite_node
from ...scene.slice_views import slice_node
from ..observers import Observers
from .colour_scale import Scale
from .drawing import Lines
from .drawing import Words
from .layout_description import ROWS
from .live_views import turn_axial
from .overlay import Overlay
from .rows import PIXEL_MM
from .rows import Heart
from .rows import Page
from .rows import make_page
from .slice_view import SliceViews
from .study_window import percent_of

Array = NDArray[np.float64]
ROWS_COLOUR = (0.35, 0.35, 0.35)
WORD_COLOUR = (1.0, 1.0, 1.0)
CONTOUR_WIDTH = 1.5
SCALE_SHARE = 0.12
"""Width of the room for the scale, as a share of the page's."""
SCALE_LEFT = 0.90
"""Where the scale begins, as a share of the view's width."""
BLUR_PIXELS = 0.9
"""Smooths the voxel steps of contours, for display only."""
FAR_MM = 5000.0
"""The page lies far from any patient, so that a slice view never cuts both."""


class RowsView:
    """Shows a page of rows.

    A view gets its size only after its layout was set, and 3D Slicer then sets its field of view again: ``resized`` is
    called when the size has changed, and :meth:`fit` once that is over.

    Attributes:
        page: what is shown; None while nothing is.
    """

    def __init__(self, scene: Any, views: SliceViews, resized: Callable[[], None]) -> None:
        self.scene, self._views, self._resized = scene, views, resized
        self._observers = Observers()
        self._forget()

    def _forget(self) -> None:
        self.page: Page | None = None
        self._overlay: Overlay | None = None
        self._volume: Any = None
        self._size: tuple[int, ...] = ()

    def show(self, hearts: Sequence[Heart], display: Any, *, contours: bool = True) -> None:
        """One study or a pair, coloured and windowed as a display node of ours is."""
        first = self.page is None or len(self.page.names) != len(hearts)
        self.page = page = make_page(hearts)
        self._put_image(page)
        self.colour(display)
        node = slice_node(self.scene, ROWS, ROWS_COLOUR)
        if first:
            self.fit()
        self._draw(node, page, display, outlined=contours)

    def colour(self, display: Any) -> None:
        """As a display node of ours: its table, and its window in per cent of the LV's maximum."""
        if self._volume is None or display is None:
            return
        own = self._volume.GetDisplayNode()
        own.SetAndObserveColorNodeID(display.GetColorNodeID())
        own.SetWindowLevelMinMax(0.0, max(percent_of(display), 1.0))
        if self._overlay is not None:
            self._scale.follow(display, percent_of(display))
            self._overlay.view.request_render()

    def hide(self) -> None:
        """Nothing of it stays in the scene but its empty view."""
        self._observers.remove_all()
        if self._overlay is not None:
            self._overlay.clear()
        if self._volume is not None and self.scene.IsNodePresent(self._volume):
            self.scene.RemoveNode(self._volume)
        self._forget()

    def _put_image(self, page: Page) -> None:
        if self._volume is None or not self.scene.IsNodePresent(self._volume):
            self._volume = _new_volume(self.scene)
        volume = Volume(page.percent[None], _grid(page))
        self._volume.SetAndObserveImageData(to_image(volume))
        self._volume.SetIJKToRASMatrix(ijk_to_ras(volume.grid))
        composite = composite_node(self.scene, ROWS)
        composite.SetSaveWithScene(False)
        composite.SetBackgroundVolumeID(self._volume.GetID())
        composite.SetForegroundVolumeID(None)

    def _draw(self, node: Any, page: Page, display: Any, *, outlined: bool) -> None:
        from vtkmodules.vtkCommonCore import vtkCommand

        view = self._views(ROWS)
        if view is None:
            return
        if self._overlay is not None:
            self._overlay.clear()
        self._overlay, self._scale = Overlay(view), Scale(beside=SCALE_LEFT)
        if outlined:
            for image, style in ((page.wall, MYOCARDIUM_STYLE), (page.pool, BLOOD_POOL_STYLE)):
                lines = Lines(style.colour_rgb01, CONTOUR_WIDTH)
                lines.set(contours(image, page))
                self._overlay.add(lines)
        self._overlay.add(*_titles(page))
        self._overlay.add_fixed(self._scale.actor)
        self._scale.follow(display, percent_of(display))
        self._observers.add(node, vtkCommand.ModifiedEvent, self._place)
        self._place()

    def fit(self) -> None:
        """The whole page in the view at its present size."""
        node = self.scene.GetSingletonNode(ROWS, "vtkMRMLSliceNode")
        if node is not None and self.page is not None:
            self._size = tuple(node.GetDimensions()[:2])
            _fit(node, self.page)

    def _place(self, *_: Any) -> None:
        node = self.scene.GetSingletonNode(ROWS, "vtkMRMLSliceNode")
        if node is not None and self._overlay is not None:
            self._overlay.place(node)
            if tuple(node.GetDimensions()[:2]) != self._size:
                self._resized()
            self._overlay.view.request_render()


def _new_volume(scene: Any) -> Any:
    node = mrml().vtkMRMLScalarVolumeNode()
    node.SetName("LV rows")
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    node.SetAttribute(PREFIX + "Role", "rows")
    node = scene.AddNode(node)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetSaveWithScene(False)
    display.SetAutoWindowLevel(False)
    display.SetInterpolate(True)
    return node


def _grid(page: Page) -> Grid:
    """Rows and columns of the page as posterior and left, so that an axial view shows it upright."""
    rows, columns = page.percent.shape
    origin = np.array([-(columns - 1) / 2 * PIXEL_MM, -(rows - 1) / 2 * PIXEL_MM, FAR_MM])
    return Grid((columns, rows, 1), np.full(3, PIXEL_MM), origin)


def _ras(page: Page, column: Array, row: Array) -> Array:
    """Pixels of the page as RAS mm, ``(N, 3)``."""
    index = np.stack([column, row, np.zeros_like(column)], axis=1)
    return np.asarray(lps_from_ras(_grid(page).at(index)))


def _fit(node: Any, page: Page) -> None:
    """The whole page in the view, with room for the scale at its right."""
    node.SetSaveWithScene(False)
    turn_axial(node)
    rows, columns = page.percent.shape
    right = columns * SCALE_SHARE
    x, y, z = _ras(page, np.array([(columns + right - 1) / 2]), np.array([(rows - 1) / 2]))[0].tolist()
    node.JumpSliceByCentering(x, y, z)
    width, height, _ = node.GetDimensions()
    pixel = PIXEL_MM * max((columns + right) / max(width, 1), rows / max(height, 1)) * 1.02
    node.SetFieldOfView(width * pixel, height * pixel, node.GetFieldOfView()[2])


def contours(inside: NDArray[np.float32], page: Page) -> list[Array]:
    """Outlines at half height of a smoothed mask, RAS mm."""
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkFlyingEdges2D
    from vtkmodules.vtkFiltersCore import vtkStripper
    from vtkmodules.vtkImagingGeneral import vtkImageGaussianSmooth

    smooth, edges, strips = vtkImageGaussianSmooth(), vtkFlyingEdges2D(), vtkStripper()
    smooth.SetInputData(to_image(Volume(inside[None], _grid(page))))
    smooth.SetDimensionality(2)
    smooth.SetStandardDeviation(BLUR_PIXELS)
    edges.SetInputConnection(smooth.GetOutputPort())
    edges.SetValue(0, 0.5)
    strips.SetInputConnection(edges.GetOutputPort())
    strips.SetMaximumLength(100000)
    strips.Update()
    out = strips.GetOutput()
    if out.GetNumberOfLines() == 0:
        return []
    points = vtk_to_numpy(out.GetPoints().GetData()).astype(float)
    ras = _ras(page, points[:, 0], points[:, 1])
    cells = out.GetLines()
    order = vtk_to_numpy(cells.GetConnectivityArray())
    ends = vtk_to_numpy(cells.GetOffsetsArray())
    return [ras[order[start:end]] for start, end in pairwise(ends)]


def _titles(page: Page) -> list[Words]:
    """Each row's view and study at its upper left, and what its first and last tile show."""
    found = []
    for n, row in enumerate(page.rows):
        name = f"{page.names[row.heart]}  " if len(page.names) > 1 else ""
        first, last = _ends(page, n)
        top, right = np.array([float(n * page.tile)]), np.array([page.percent.shape[1] - page.tile / 2])
        left = _ras(page, np.zeros(1), top)[0]
        found.append(Words(f"{name}{row.view.name}  {first}", left, WORD_COLOUR, size=12, offset=(4, -16)))
        found.append(Words(last, _ras(page, right, top)[0], WORD_COLOUR, size=12, offset=(-4, -16)))
    return found


def _ends(page: Page, n: int) -> tuple[str, str]:
    """What the first and the last tile of a row lie nearest to."""
    row = page.rows[n]
    if row.view is not SA:
        return row.view.order
    lowest, highest = (f(min(r.positions) for r in page.rows if r.view is SA) for f in (min, max))
    first = "apex" if row.positions[0] == lowest else f"{row.positions[0]:+.0f} mm"
    return first, "base" if min(row.positions) == highest else f"{row.positions[-1]:+.0f} mm"
