"""numpy to VTK: images and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

from ..geometry.pose import ras_matrix_from_lps
from ..geometry.volume import Grid
from ..geometry.volume import Volume


def to_matrix4x4(matrix: ArrayLike) -> Any:
    """A ``(4, 4)`` array as ``vtkMatrix4x4``."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    result = vtkMatrix4x4()
    result.DeepCopy(np.asarray(matrix, dtype=float).ravel().tolist())
    return result


def from_matrix4x4(matrix: Any) -> NDArray[np.float64]:
    """A ``vtkMatrix4x4`` as ``(4, 4)``."""
    return np.array([[matrix.GetElement(i, j) for j in range(4)] for i in range(4)])


def ijk_to_ras(grid: Grid) -> Any:
    """A grid's index to RAS mm, as ``vtkMatrix4x4``."""
    return to_matrix4x4(ras_matrix_from_lps(grid.matrix))


def fill_image(image: Any, array: NDArray[Any]) -> Any:
    """Copy ``(K, J, I)`` voxels into a ``vtkImageData`` (or oriented image data) of unit spacing; returns it."""
    from vtkmodules.util.numpy_support import get_vtk_array_type
    from vtkmodules.util.numpy_support import numpy_to_vtk

    flat = np.ascontiguousarray(array).ravel()
    image.SetDimensions(*array.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(flat, deep=True, array_type=get_vtk_array_type(flat.dtype)))
    return image


def to_image(volume: Volume) -> Any:
    """A volume's voxels as ``vtkImageData``; MRML keeps the geometry apart from them."""
    from vtkmodules.vtkCommonDataModel import vtkImageData

    return fill_image(vtkImageData(), volume.array)


def grid_of(node: Any) -> Grid:
    """The voxels' places of a ``vtkMRMLScalarVolumeNode``, LPS mm; its parent transform is not looked at."""
    from vtkmodules.vtkCommonMath import vtkMatrix4x4

    matrix = vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    ijk_to_lps = ras_matrix_from_lps(from_matrix4x4(matrix))
    spacing = np.linalg.norm(ijk_to_lps[:3, :3], axis=0)
    return Grid(node.GetImageData().GetDimensions(), spacing, ijk_to_lps[:3, 3], ijk_to_lps[:3, :3] / spacing)


def volume_of(node: Any) -> Volume:
    """A ``vtkMRMLScalarVolumeNode`` as a volume, LPS mm; its parent transform is not looked at."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    grid = grid_of(node)
    array = vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()).reshape(grid.size[::-1])
    return Volume(array.copy(), grid)
