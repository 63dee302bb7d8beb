"""An exported segmentation in Slicer's MRML, beside the exported short axis: real MRML, and none of our readers."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.arrays import fill_image
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.arrays import to_matrix4x4
from numpy.typing import NDArray
from results import POSE

from archive.segmentation_readers import SegmentationRead
from archive.segmentation_readers import by_dcmqi
from archive.segmentation_readers import by_pydicom

pytest.importorskip("highdicom", reason="highdicom is not installed (extra dicom)")
pytest.importorskip("slicer", reason="slicer-core is not installed (extra scene)")

Reader = Callable[[Path, Path], SegmentationRead]
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
IN_THE_SHELL = [
    ((0, 0, 0), 2), ((10, 0, 0), 2), ((0, 0, 20), 2),
    ((9, -9, 0), 1), ((-9, -9, 0), 2), ((9, 9, 0), 2), ((-9, 9, 0), 2),
    ((25, 0, 0), 1), ((-25, 0, 0), 1), ((0, 27, 0), 1), ((0, -27, 0), 1), ((0, 0, -38), 1),
    ((40, 0, 0), 0), ((0, -45, 0), 0), ((0, 0, 32), 0), ((0, 0, -52), 0),
]  # fmt: skip
"""Places in the SA frame, mm, and what lies there: the pool and the muscle in it, four walls and the apex, nothing."""


@pytest.fixture(params=["nuclear", "pet"])
def case(request: pytest.FixtureRequest) -> SimpleNamespace:
    found: SimpleNamespace = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=[by_pydicom, by_dcmqi])
def loaded(case: SimpleNamespace, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """The nodes ``segmentation`` and ``short_axis`` of a scene, and the result that they come from."""
    read: Reader = request.param
    found = read(case.out / "segmentation.dcm", tmp_path)
    with new_scene() as scene:
        short_axis = add_volume(scene, "vtkMRMLScalarVolumeNode", *short_axis_of(case.out))
        segmentation = add_segmentation(scene, found)
        yield SimpleNamespace(scene=scene, segmentation=segmentation, short_axis=short_axis, result=case.result)


def short_axis_of(folder: Path) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Voxels, and index to LPS, by GDCM, which 3D Slicer reads images with."""
    one = folder / "short_axis.dcm"
    several = [] if one.is_file() else sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder / "short_axis"))
    image = sitk.ReadImage(several or str(one))
    matrix = np.eye(4)
    matrix[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    matrix[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image), matrix


def add_volume(scene: Any, kind: str, array: NDArray[Any], ijk_to_lps: NDArray[np.float64]) -> Any:
    from vtkmodules.vtkCommonDataModel import vtkImageData

    node = scene.AddNewNodeByClass(kind)
    node.SetAndObserveImageData(fill_image(vtkImageData(), array))
    node.SetIJKToRASMatrix(to_matrix4x4(LPS_TO_RAS @ ijk_to_lps))
    return node


def add_segmentation(scene: Any, read: SegmentationRead) -> Any:
    """As Slicer's plugin for segmentations adds one: a labelmap for each segment, with its name and colour."""
    import slicer

    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.CreateDefaultDisplayNodes()
    for stated in read.segments:
        alone = (read.labels == stated.value).astype(np.int16)
        labelmap = add_volume(scene, "vtkMRMLLabelMapVolumeNode", alone, read.ijk_to_lps)
        assert slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, node)
        segmentation = node.GetSegmentation()
        segment = segmentation.GetNthSegment(segmentation.GetNumberOfSegments() - 1)
        segment.SetName(stated.name)
        segment.SetColor(*(x / 255 for x in stated.rgb))
        scene.RemoveNode(labelmap)
    return node


def labels_on(node: Any, reference: Any, scene: Any) -> NDArray[Any]:
    """All segments painted on the voxels of a volume, ``(K, J, I)``, by MRML's own export."""
    import slicer
    from vtkmodules.util.numpy_support import vtk_to_numpy

    painted = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportVisibleSegmentsToLabelmapNode(node, painted, reference)
    image = painted.GetImageData()
    found: NDArray[Any] = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    return found


def test_every_voxel_of_the_short_axis_has_its_label(loaded: SimpleNamespace) -> None:
    labels = loaded.result.labels.array
    found = labels_on(loaded.segmentation, loaded.short_axis, loaded.scene)
    assert set(np.unique(labels)) == {0, 1, 2}
    np.testing.assert_array_equal(found, labels)


def test_each_segment_lies_where_the_heart_lies_in_ras(loaded: SimpleNamespace) -> None:
    segmentation = loaded.segmentation.GetSegmentation()
    matrix = to_matrix4x4(np.eye(4))
    for place, label in IN_THE_SHELL:
        left, posterior, superior = POSE.rotation @ place + POSE.centre
        for value in (1, 2):
            image = segmentation.GetNthSegment(value - 1).GetRepresentation("Binary labelmap")
            image.GetImageToWorldMatrix(matrix)
            world_to_image = np.linalg.inv(from_matrix4x4(matrix))
            index = (world_to_image @ [-left, -posterior, superior, 1])[:3].round().astype(int)
            extent = np.reshape(image.GetExtent(), (3, 2))
            inside = bool(np.all((index >= extent[:, 0]) & (index <= extent[:, 1])))
            own = segmentation.GetNthSegment(value - 1).GetLabelValue()
            there = inside and image.GetScalarComponentAsDouble(*index.tolist(), 0) == own
            assert there == (label == value), (place, value)


def test_the_wall_of_the_labels_is_the_wall_of_the_image(loaded: SimpleNamespace) -> None:
    from vtkmodules.util.numpy_support import vtk_to_numpy

    labels = labels_on(loaded.segmentation, loaded.short_axis, loaded.scene)
    counts = vtk_to_numpy(loaded.short_axis.GetImageData().GetPointData().GetScalars()).reshape(labels.shape)
    assert counts[labels == 1].mean() > 2 * counts[labels == 2].mean()


def test_segments_have_our_names_and_colours(loaded: SimpleNamespace) -> None:
    segmentation = loaded.segmentation.GetSegmentation()
    segments = [segmentation.GetNthSegment(n) for n in range(segmentation.GetNumberOfSegments())]
    assert [segment.GetName() for segment in segments] == ["LV myocardium", "LV blood pool"]
    colours = [tuple(round(255 * x) for x in segment.GetColor()) for segment in segments]
    assert np.abs(np.subtract(colours, [(255, 64, 255), (64, 255, 64)])).max() <= 2
