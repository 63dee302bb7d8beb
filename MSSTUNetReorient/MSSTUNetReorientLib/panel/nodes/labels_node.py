"""The segmentation under a pose: rigidly moved while a reader nudges, replaced once it was segmented again.

It never hangs under a transform: its own geometry is changed, so that what is exported is what is seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...geometry.pose import Pose
from ...geometry.volume import Grid
from ...geometry.volume import Volume
from ...io.terminology import SEGMENTS
from ...scene.arrays import fill_image
from ...scene.arrays import from_matrix4x4
from ...scene.arrays import ijk_to_ras
from ...scene.arrays import to_matrix4x4
from ...scene.host import mrml
from ..worker.surfaces import Surface
from ..worker.surfaces import to_polydata

Points = NDArray[np.float64]
Prints = tuple[tuple[float, ...], ...]
"""For each of our segments: its number of voxels and their mean, mm in the SA frame."""
SAME_MM = 2e-3
"""Means differ by less after motion and files; a voxel moved to another place moves them further."""


class LabelsNode:
    """Moves one segmentation node; keeps its surfaces in the SA frame, so that errors cannot add up.

    Attributes:
        node: ``vtkMRMLSegmentationNode``.
        pose: where its labels lie now.
    """

    def __init__(self, node: Any, pose: Pose) -> None:
        self.node = node
        self.pose = pose
        self._images: list[tuple[Any, list[str], NDArray[np.float64]]] = []
        self._surfaces: dict[str, tuple[Any, Points]] = {}
        self._stamp = -1

    def move(self, pose: Pose) -> None:
        """Take labelmaps and surfaces to another pose, without resampling."""
        self._remember()
        ras = pose.ras_matrix
        modifying = self.node.StartModify()
        for image, names, matrix in self._images:
            self._place_image(image, names, ras @ matrix)
        for name, (surface, points) in self._surfaces.items():
            _add_surface(self.node.GetSegmentation().GetSegment(name), surface, points @ ras[:3, :3].T + ras[:3, 3])
        self.node.EndModify(modifying)
        self.pose = pose
        self._stamp = self._shape()

    def _place_image(self, image: Any, names: list[str], matrix: NDArray[np.float64]) -> None:
        """Give segments that share a labelmap the same voxels elsewhere.

        A changed labelmap makes 3D Slicer drop the surfaces made from it and make them again, which takes long; one
        that is exchanged does not. The geometry on which labels are written to a file is theirs, so that saving does
        not resample them.
        """
        segmentation, convert = self.node.GetSegmentation(), mrml().vtkSegmentationConverter
        moved = mrml().vtkOrientedImageData()
        moved.ShallowCopy(image)
        moved.SetImageToWorldMatrix(to_matrix4x4(matrix))
        for name in names:
            segmentation.GetSegment(name).AddRepresentation(_binary(), moved)
        geometry = convert.SerializeImageGeometry(moved)
        segmentation.SetConversionParameter(convert.GetReferenceImageGeometryParameterName(), geometry)

    def prints(self) -> Prints:
        """What our segments hold, to be compared later: an edit by hand changes it, motion and saving do not."""
        back = np.linalg.inv(self.pose.ras_matrix)
        return tuple(_print(self.node.GetSegmentation().GetSegment(style.id), back) for style in SEGMENTS)

    def edited_since(self, prints: Prints) -> bool:
        """Whether our segments changed since these :meth:`prints`."""
        now = self.prints()
        return [len(one) for one in now] != [len(one) for one in prints] or any(
            one[0] != other[0] or not np.allclose(one[1:], other[1:], rtol=0.0, atol=SAME_MM)
            for one, other in zip(now, prints, strict=True)
        )

    def array_on(self, grid: Grid) -> NDArray[np.uint8]:
        """Our segments as labels ``(K, J, I)`` on a grid; the later segment wins where two overlap."""
        labels = np.zeros(grid.size[::-1], np.uint8)
        reference = fill_image(mrml().vtkOrientedImageData(), labels)
        reference.SetImageToWorldMatrix(ijk_to_ras(grid))
        for style in SEGMENTS:
            segment = self.node.GetSegmentation().GetSegment(style.id)
            image = segment.GetRepresentation(_binary()) if segment is not None else None
            if image is None:
                continue
            found = mrml().vtkOrientedImageData()
            mrml().vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage(image, reference, found)
            labels[_voxels(found) == segment.GetLabelValue()] = style.label_value
        return labels

    def copy(self, scene: Any, name: str) -> Any:
        """A segmentation of its own with the same segments, not shown; nothing replaces it."""
        node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
        node.GetSegmentation().DeepCopy(self.node.GetSegmentation())
        node.CreateDefaultDisplayNodes()
        if self.node.GetDisplayNode() is not None:
            node.GetDisplayNode().CopyContent(self.node.GetDisplayNode())
        node.GetDisplayNode().SetVisibility(False)
        return node

    def replace(self, labels: Volume, pose: Pose, surfaces: dict[str, Surface]) -> None:
        """Put new labels into our two segments; a segment that the reader added stays."""
        image = fill_image(mrml().vtkOrientedImageData(), labels.array)
        image.SetImageToWorldMatrix(ijk_to_ras(labels.grid))
        segmentation = self.node.GetSegmentation()
        for style in SEGMENTS:
            segment = segmentation.GetSegment(style.id)
            if segment is None:
                segment = mrml().vtkSegment()
                segment.SetName(style.name)
                segment.SetColor(*style.colour_rgb01)
                segment.SetTag(segment.GetTerminologyEntryTagName(), style.terminology)
                segmentation.AddSegment(segment, style.id)
            segment.SetLabelValue(style.label_value)
            segment.RemoveRepresentation(_closed())
            segment.AddRepresentation(_binary(), image)
        for name, surface in surfaces.items():
            segmentation.GetSegment(name).AddRepresentation(_closed(), to_polydata(surface))
        display = self.node.GetDisplayNode()
        if surfaces and display is not None:
            display.SetPreferredDisplayRepresentationName3D(_closed())
            display.SetPreferredDisplayRepresentationName2D(_closed())  # contours without stairs
        self.pose = pose
        self._stamp = -1

    def _remember(self) -> None:
        """Labelmap matrices and surface points in the SA frame; again whenever somebody edited the segmentation."""
        if self._stamp == self._shape():
            return
        back, segmentation = np.linalg.inv(self.pose.ras_matrix), self.node.GetSegmentation()
        self._images, self._surfaces = [], {}
        shared: dict[Any, list[str]] = {}
        for name in segmentation.GetSegmentIDs():
            segment = segmentation.GetSegment(name)
            image, surface = segment.GetRepresentation(_binary()), segment.GetRepresentation(_closed())
            if image is not None:
                shared.setdefault(image, []).append(name)
            if surface is not None and surface.GetNumberOfPoints():
                self._surfaces[name] = (surface, _points(surface) @ back[:3, :3].T + back[:3, 3])
        for image, names in shared.items():
            matrix = to_matrix4x4(np.eye(4))
            image.GetImageToWorldMatrix(matrix)
            self._images.append((image, names, back @ from_matrix4x4(matrix)))

    def _shape(self) -> int:
        """Changes when voxels change or segments come and go, not when we move them."""
        segmentation = self.node.GetSegmentation()
        stamps = [segmentation.GetNumberOfSegments()]
        for name in segmentation.GetSegmentIDs():
            image = segmentation.GetSegment(name).GetRepresentation(_binary())
            scalars = image.GetPointData().GetScalars() if image is not None else None
            stamps.append(scalars.GetMTime() if scalars is not None else 0)
        return hash(tuple(stamps))


def axis_extent(labels: Volume, pose: Pose) -> tuple[float, float]:
    """Lowest and highest k of the labelled LV, mm in the SA frame of its pose; a usual LV where there is none."""
    k, j, i = np.nonzero(labels.array)
    if not len(k):
        return (-50.0, 40.0)
    along = pose.apply_inverse(labels.grid.at(np.stack([i, j, k], axis=1)))[:, 2]
    return (round(float(along.min()), 1), round(float(along.max()), 1))


def _print(segment: Any, ras_to_sa: NDArray[np.floating[Any]]) -> tuple[float, ...]:
    image = segment.GetRepresentation(_binary()) if segment is not None else None
    if image is None or not image.GetNumberOfPoints() or image.GetPointData().GetScalars() is None:
        return (0.0,)
    k, j, i = np.nonzero(_voxels(image) == segment.GetLabelValue())
    if not len(k):
        return (0.0,)
    matrix, extent = to_matrix4x4(np.eye(4)), image.GetExtent()
    image.GetImageToWorldMatrix(matrix)
    index = np.array([i.mean() + extent[0], j.mean() + extent[2], k.mean() + extent[4], 1.0])
    x, y, z, _ = (ras_to_sa @ from_matrix4x4(matrix) @ index).tolist()
    return (float(len(k)), x, y, z)


def _voxels(image: Any) -> NDArray[Any]:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    i, j, k = image.GetDimensions()
    return np.asarray(vtk_to_numpy(image.GetPointData().GetScalars()).reshape(k, j, i))


def _points(surface: Any) -> Points:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    return np.asarray(vtk_to_numpy(surface.GetPoints().GetData()), dtype=float)


def _add_surface(segment: Any, surface: Any, points: Points) -> None:
    """A copy of a surface with its points elsewhere; triangles are shared. Rigid motion would leave normals behind."""
    from vtkmodules.util.numpy_support import numpy_to_vtk
    from vtkmodules.vtkCommonCore import vtkPoints
    from vtkmodules.vtkCommonDataModel import vtkPolyData

    moved, place = vtkPolyData(), vtkPoints()
    moved.SetPolys(surface.GetPolys())
    place.SetData(numpy_to_vtk(points.astype(np.float32), deep=True))
    moved.SetPoints(place)
    moved.GetPointData().SetNormals(None)
    segment.AddRepresentation(_closed(), moved)


def _binary() -> str:
    return str(mrml().vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName())


def _closed() -> str:
    return str(mrml().vtkSegmentationConverter.GetSegmentationClosedSurfaceRepresentationName())
