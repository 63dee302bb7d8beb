"""Volumes, poses and segmentations out, and in again by other software."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io import SEGMENTS
from MSSTUNetReorientLib.io import read_pose
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io import write_pose
from MSSTUNetReorientLib.io import write_segmentation
from MSSTUNetReorientLib.io import write_volume

POSE = Pose.from_euler(-1.06, -1.01, 1.25, [40.0, -30.0, 480.0])


def labels() -> Volume:
    array = np.zeros((40, 36, 32), dtype=np.uint8)
    array[10:30, 8:20, 5:12] = 1
    array[12:28, 10:18, 7:10] = 2
    return Volume(array, Grid((32, 36, 40), [4.0, 4.0, 4.0], POSE.centre, POSE.rotation))


@pytest.mark.parametrize(("compressed", "encoding"), [(True, b"gzip"), (False, b"raw")])
def test_volume_comes_back(tmp_path: Path, compressed: bool, encoding: bytes):
    made = Volume(np.random.default_rng(0).random((40, 36, 32)).astype(np.float32), labels().grid)
    write_volume(made, tmp_path / "a.nrrd", compressed=compressed)
    assert b"encoding: " + encoding in (tmp_path / "a.nrrd").read_bytes()[:600]
    back = read_study(tmp_path / "a.nrrd")
    assert (back.array == made.array).all()
    assert back.grid.matrix == pytest.approx(made.grid.matrix, abs=1e-6)


@pytest.mark.parametrize(
    "pose",
    [
        POSE,
        Pose(np.eye(3), np.zeros(3)),
        Pose(np.diag([1.0, -1.0, -1.0]), np.array([1.0, 2.0, 3.0])),
        Pose.from_euler(0.3, -np.pi / 2, 0.4, [-1.0, 0.0, 9.0]),
    ],
)
def test_pose_comes_back(pose: Pose, tmp_path: Path):
    write_pose(pose, tmp_path / "p.tfm")
    # ITK's versor of a half turn is good to 3e-5 rad; of a heart's rotation, to rounding
    tolerance = 5e-5 if np.trace(pose.rotation) < -0.99 else 1e-7
    assert read_pose(tmp_path / "p.tfm").matrix == pytest.approx(pose.matrix, abs=tolerance)


def test_pose_file_resamples_the_study_onto_an_sa_grid(tmp_path: Path):
    z, y, x = np.mgrid[0:40, 0:36, 0:32].astype(np.float32)
    study = Volume(x + 2 * y + 3 * z, Grid((32, 36, 40), [4.0] * 3, [-20.0, -100.0, 400.0]))
    pose = Pose(POSE.rotation, study.grid.centre)
    write_pose(pose, tmp_path / "p.tfm")
    sa_frame = Grid((9, 9, 9), [4.0] * 3, [-16.0] * 3)
    target = Volume(np.zeros((9, 9, 9), dtype=np.float32), sa_frame).to_sitk()
    by_itk = sitk.Resample(study.to_sitk(), target, sitk.ReadTransform(str(tmp_path / "p.tfm")), sitk.sitkLinear)
    ours = resample(study, Grid.centred(9, 4.0, pose), order=1)
    assert sitk.GetArrayFromImage(by_itk) == pytest.approx(ours.array, abs=1e-3)


def test_bad_pose_files(tmp_path: Path):
    with pytest.raises(InputError, match="no such transform"):
        read_pose(tmp_path / "none.tfm")
    (tmp_path / "text.tfm").write_text("hello")
    with pytest.raises(InputError, match="not an ITK transform"):
        read_pose(tmp_path / "text.tfm")
    scale = sitk.AffineTransform(3)
    scale.Scale((1.0, 1.0, 2.0))
    sitk.WriteTransform(scale, str(tmp_path / "scale.tfm"))
    with pytest.raises(InputError, match="rigid"):
        read_pose(tmp_path / "scale.tfm")


def test_unwritable_places(tmp_path: Path):
    for write in (
        lambda path: write_volume(labels(), path / "a.nrrd"),
        lambda path: write_pose(POSE, path / "a.tfm"),
        lambda path: write_segmentation(labels(), path / "a.seg.nrrd"),
    ):
        with pytest.raises(InputError, match="cannot be written") as caught:
            write(tmp_path / "not" / "there")
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"\.seg\.nrrd"):
        write_segmentation(labels(), tmp_path / "a.nrrd")


def test_segmentation_header(tmp_path: Path):
    write_segmentation(labels(), tmp_path / "a.seg.nrrd")
    image = sitk.ReadImage(str(tmp_path / "a.seg.nrrd"))
    assert image.GetPixelID() == sitk.sitkUInt8
    assert (sitk.GetArrayFromImage(image) == labels().array).all()
    assert image.GetMetaData("Segment0_Name") == "LV myocardium"
    assert image.GetMetaData("Segment0_Extent") == "5 11 8 19 10 29"
    assert image.GetMetaData("Segment1_LabelValue") == "2"
    assert image.GetMetaData("Segmentation_MasterRepresentation") == "Binary labelmap"


def test_empty_segment_can_be_written(tmp_path: Path):
    empty = Volume(np.zeros((40, 36, 32), dtype=np.uint8), labels().grid)
    write_segmentation(empty, tmp_path / "a.seg.nrrd")
    assert sitk.ReadImage(str(tmp_path / "a.seg.nrrd")).GetMetaData("Segment1_Extent") == "0 -1 0 -1 0 -1"


def test_slicer_reads_the_segmentation(tmp_path: Path):
    slicer = pytest.importorskip("slicer")
    if not hasattr(slicer, "vtkMRMLSegmentationStorageNode"):
        pytest.skip("this slicer package has no MRML")
    write_segmentation(labels(), tmp_path / "a.seg.nrrd")
    scene = slicer.vtkMRMLScene()
    node, storage = slicer.vtkMRMLSegmentationNode(), slicer.vtkMRMLSegmentationStorageNode()
    scene.AddNode(node)
    scene.AddNode(storage)
    storage.SetFileName(str(tmp_path / "a.seg.nrrd"))
    assert storage.ReadData(node)
    segmentation = node.GetSegmentation()
    assert segmentation.GetNumberOfSegments() == 2
    for number, style in enumerate(SEGMENTS):
        segment = segmentation.GetNthSegment(number)
        assert segmentation.GetNthSegmentID(number) == style.id
        assert segment.GetName() == style.name
        assert segment.GetLabelValue() == style.label_value
        assert segment.GetColor() == pytest.approx(style.colour_rgb01, abs=1e-5)
        assert segment.GetTerminology() == style.terminology


def test_slicer_reads_the_pose_as_the_transform_from_parent(tmp_path: Path):
    slicer = pytest.importorskip("slicer")
    vtk = pytest.importorskip("vtkmodules.vtkCommonMath")
    write_pose(POSE, tmp_path / "p.tfm")
    scene = slicer.vtkMRMLScene()
    node, storage = slicer.vtkMRMLLinearTransformNode(), slicer.vtkMRMLTransformStorageNode()
    scene.AddNode(node)
    scene.AddNode(storage)
    storage.SetFileName(str(tmp_path / "p.tfm"))
    assert storage.ReadData(node)
    matrix = vtk.vtkMatrix4x4()
    node.GetMatrixTransformFromParent(matrix)
    found = [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)]
    assert np.array(found) == pytest.approx(POSE.ras_matrix, abs=1e-7)


def test_slicer_has_the_terminology():
    slicer = pytest.importorskip("slicer")
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    term = Path(__file__).resolve().parents[2] / "MSSTUNetReorient" / "Resources" / "LeftVentricle.term.json"
    assert logic.LoadTerminologyFromFile(str(term)) == "LeftVentricle"
    for style in SEGMENTS:
        entry = slicer.vtkSlicerTerminologyEntry()
        assert logic.FindTypeInTerminologyBy3dSlicerLabel("LeftVentricle", style.name, entry)
        assert logic.DeserializeTerminologyEntry(style.terminology, entry)
        assert entry.GetTypeObject().GetCodeMeaning() == style.type.meaning
        assert logic.SerializeTerminologyEntry(entry) == style.terminology
