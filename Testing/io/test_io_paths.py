"""Paths that are not ASCII, and not even UTF-8: ITK and MRML never get them."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_samples import nuclear
from dicom_samples import save
from MSSTUNetReorientLib.io import read_pose
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.io import write_pose
from MSSTUNetReorientLib.io import write_segmentation
from MSSTUNetReorientLib.io import write_volume
from places import REPOSITORY
from results import make_result

NAMES = ["Ünïcödé ☃ study", os.fsdecode(b"caf\xe9"), "with space"]
ENDINGS = [".nrrd", ".nhdr", ".mha", ".mhd", ".nii", ".nii.gz", ".vtk"]


@pytest.fixture(params=NAMES, ids=["unicode", "latin-1 bytes", "space"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if sys.platform in ("win32", "darwin") and request.param == NAMES[1]:
        pytest.skip("this system has no names that are not Unicode")
    path = tmp_path / request.param
    path.mkdir()
    return path


@pytest.mark.parametrize("ending", ENDINGS)
def test_studies_are_read(folder: Path, tmp_path: Path, ending: str):
    array = np.random.default_rng(0).integers(1, 100, (30, 28, 26)).astype(np.int16)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((4.0, 4.5, 5.0))
    sitk.WriteImage(image, str(tmp_path / f"a{ending}"))
    for path in sorted(tmp_path.glob("a.*")):
        path.rename(folder / path.name)
    header = folder / f"a{ending}"
    named = header if ending in (".nhdr", ".mhd") else header.rename(folder / f"{folder.name}{ending}")
    np.testing.assert_array_equal(read_study(named).array, array)


def test_dicom_is_read(folder: Path):
    assert read_study(save(nuclear(), folder / "ä.dcm")).array.shape == read_study(folder).array.shape


def test_results_are_written_and_read(folder: Path):
    result = make_result()
    write_volume(result.short_axis, folder / "é.nrrd")
    write_segmentation(result.labels, folder / "é.seg.nrrd")
    write_pose(result.pose, folder / "é.tfm")
    np.testing.assert_allclose(read_study(folder / "é.nrrd").array, result.short_axis.array)
    np.testing.assert_allclose(read_pose(folder / "é.tfm").matrix, result.pose.matrix, atol=1e-6)
    assert b"Segment0_ID" in (folder / "é.seg.nrrd").read_bytes()
    assert sorted(p.name for p in folder.iterdir()) == ["é.nrrd", "é.seg.nrrd", "é.tfm"]


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_scenes_are_written_and_read(folder: Path, suffix: str):
    pytest.importorskip("slicer")
    from MSSTUNetReorientLib.scene.host import new_scene
    from MSSTUNetReorientLib.scene.store import load_scene
    from MSSTUNetReorientLib.scene.store import write_scene

    path = write_scene(make_result(), folder / f"scene{suffix}")
    with new_scene() as scene:
        load_scene(scene, path)
        assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") >= 2
        for n in range(scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode")):
            assert scene.GetNthNodeByClass(n, "vtkMRMLScalarVolumeNode").GetImageData() is not None


def test_nobody_else_opens_files_by_itk():
    calls = re.compile(r"sitk\.(ReadImage|WriteImage|ReadTransform|WriteTransform|ImageFileReader|ImageSeriesReader)\b")
    package = REPOSITORY / "MSSTUNetReorient" / "MSSTUNetReorientLib"
    found = {p.relative_to(package).as_posix() for p in package.rglob("*.py") if calls.search(p.read_text("utf-8"))}
    assert found == {"io/sitk_files.py"}
