"""Closed surfaces of the labels, made in the child process: smoothing takes too long for the window to wait for it.

The steps and their numbers are those of 3D Slicer's own conversion at its default smoothing, so that a surface looks
the same whoever made it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.volume import Volume
from ...io.terminology import SEGMENTS

SMOOTHING = 0.5
"""3D Slicer's default "Smoothing factor"."""

Surface = tuple[NDArray[np.float32], NDArray[np.int64]]
"""Points ``(N, 3)`` LPS mm, and triangles ``(M, 3)`` of indices into them."""


def surfaces_of(labels: Volume) -> dict[str, Surface]:
    """Segment id to surface; a label that is not there has none."""
    found = {style.id: _surface(labels, style.label_value) for style in SEGMENTS}
    return {name: surface for name, surface in found.items() if len(surface[1])}


def _surface(labels: Volume, value: int) -> Surface:
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkFiltersCore import vtkWindowedSincPolyDataFilter
    from vtkmodules.vtkFiltersGeneral import vtkDiscreteFlyingEdges3D

    mask = np.pad(labels.array == value, 1)
    edges = vtkDiscreteFlyingEdges3D()
    edges.SetInputData(_image(mask))
    edges.GenerateValues(1, 1, 1)
    smooth = vtkWindowedSincPolyDataFilter()
    smooth.SetInputConnection(edges.GetOutputPort())
    smooth.SetNumberOfIterations(round(20 + 40 * SMOOTHING))
    smooth.SetPassBand(10.0 ** (-4.0 * SMOOTHING))
    smooth.BoundarySmoothingOff()
    smooth.FeatureEdgeSmoothingOff()
    smooth.NonManifoldSmoothingOn()
    smooth.NormalizeCoordinatesOn()
    smooth.Update()
    out = smooth.GetOutput()
    if out.GetNumberOfPolys() == 0:
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int64)
    points = labels.grid.at(vtk_to_numpy(out.GetPoints().GetData()) - 1.0)
    triangles = vtk_to_numpy(out.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    return points.astype(np.float32), triangles.astype(np.int64)


def _image(mask: NDArray[np.bool_]) -> Any:
    """Voxel (1, 1, 1) of the padded mask is the volume's (0, 0, 0)."""
    from vtkmodules.vtkCommonDataModel import vtkImageData

    from ...scene.arrays import fill_image

    return fill_image(vtkImageData(), mask.astype(np.uint8))


def to_polydata(surface: Surface) -> Any:
    """A surface as ``vtkPolyData`` in RAS mm."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.util.numpy_support import numpy_to_vtkIdTypeArray
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkCellArray
    from vtkmodules.vtkCommonDataModel import vtkPolyData

    from ...geometry.pose import lps_from_ras

    points, triangles = surface
    place, cells, made = vtkPoints(), vtkCellArray(), vtkPolyData()
    place.SetData(numpy_to_vtk(lps_from_ras(points).astype(np.float32), deep=True))
    offsets = np.arange(0, triangles.size + 1, 3, dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True), numpy_to_vtkIdTypeArray(triangles.ravel().copy(), deep=True)
    )
    made.SetPoints(place)
    made.SetPolys(cells)
    return made
