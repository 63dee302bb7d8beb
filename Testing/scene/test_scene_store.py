"""Scene files: what goes in comes out, quietly, whole, and under any name."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.views import SA
from MSSTUNetReorientLib.io.terminology import SEGMENTS
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import pose_of
from MSSTUNetReorientLib.scene import read_result_nodes
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene import write_scene
from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
from MSSTUNetReorientLib.scene.arrays import volume_of
from MSSTUNetReorientLib.scene.colours import TABLES
from MSSTUNetReorientLib.scene.colours import colour_node
from MSSTUNetReorientLib.scene.colours import sampled
from MSSTUNetReorientLib.scene.colours import table_of
from MSSTUNetReorientLib.scene.slice_views import slice_to_ras
from MSSTUNetReorientLib.scene.table import read_table
from MSSTUNetReorientLib.scene.table import rows_of
from results import make_result

from scene.test_scene_nodes import labels_of
from scene.test_scene_nodes import terminology_of


def check(scene: Any, result: Result) -> None:
    """The one result of a scene is this one."""
    (nodes,) = read_result_nodes(scene)
    np.testing.assert_allclose(pose_of(nodes).matrix, result.pose.matrix, atol=1e-6)
    for node, volume in ((nodes.study, result.study), (nodes.short_axis, result.short_axis)):
        back = volume_of(node)
        np.testing.assert_array_equal(back.array, volume.array)
        np.testing.assert_allclose(back.grid.matrix, volume.grid.matrix, atol=1e-6)
    np.testing.assert_array_equal(labels_of(nodes.segmentation), result.labels.array)
    for style in SEGMENTS:
        segment = nodes.segmentation.GetSegmentation().GetSegment(style.id)
        assert (segment.GetName(), terminology_of(segment)) == (style.name, style.terminology)
    assert read_table(nodes.parameters) == rows_of(result)
    red = scene.GetNodeByID("vtkMRMLSliceNodeRed")
    np.testing.assert_allclose(from_matrix4x4(red.GetSliceToRAS()), slice_to_ras(SA, result.pose), atol=1e-3)
    assert scene.GetNodeByID("vtkMRMLSliceCompositeNodeRed").GetBackgroundVolumeID() == nodes.short_axis.GetID()


@pytest.mark.parametrize(
    "name", ["scene.mrb", "scene.mrml", "Ünusual & 100%20 'name'.mrb", "Ünusual & 100%20 'name'.mrml"]
)
def test_scene_comes_back(scene: Any, result: Result, tmp_path: Path, name: str) -> None:
    path = write_scene(result, tmp_path / name)
    assert path == tmp_path / name
    load_scene(scene, path)
    check(scene, result)


def test_moved_mrml_finds_its_data(scene: Any, result: Result, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    write_scene(result, tmp_path / "here" / "scene.mrml")
    (tmp_path / "here").rename(tmp_path / "there")
    load_scene(scene, tmp_path / "there" / "scene.mrml")
    check(scene, result)


def test_two_mrml_scenes_in_one_folder_do_not_meet(scene: Any, result: Result, tmp_path: Path) -> None:
    other = make_result(Pose.from_euler(-0.8, -1.1, 1.0, (0.0, 0.0, 0.0)))
    write_scene(result, tmp_path / "a.mrml")
    write_scene(other, tmp_path / "b.mrml")
    load_scene(scene, tmp_path / "a.mrml")
    check(scene, result)


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_writing_again_replaces(scene: Any, result: Result, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"scene{suffix}"
    write_scene(make_result(Pose.from_euler(-0.8, -1.1, 1.0, (0.0, 0.0, 0.0))), path)
    write_scene(result, path)
    load_scene(scene, path)
    check(scene, result)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({path.name, *(["scene_data"] * (suffix == ".mrml"))})


def test_scene_keeps_a_corrected_pose(scene: Any, result: Result, tmp_path: Path) -> None:
    from MSSTUNetReorientLib.geometry.pose import Correction
    from MSSTUNetReorientLib.scene.arrays import to_matrix4x4

    corrected = result.pose.corrected(Correction(swing=4.0, roll=-7.0, basal=3.0))
    nodes = add_result(scene, result)
    nodes.pose.SetMatrixTransformToParent(to_matrix4x4(corrected.ras_matrix))
    save_scene(scene, tmp_path / "corrected.mrb")
    with new_scene() as other:
        load_scene(other, tmp_path / "corrected.mrb")
        (back,) = read_result_nodes(other)
        np.testing.assert_allclose(pose_of(back).matrix, corrected.matrix, atol=1e-6)


def test_saving_leaves_the_scene_as_it_was(scene: Any, result: Result, tmp_path: Path) -> None:
    add_result(scene, result)
    save_scene(scene, tmp_path / "scene.mrml")
    save_scene(scene, tmp_path / "scene.mrb")
    check(scene, result)
    assert str(tmp_path) not in (scene.GetURL() or "")


def test_loading_closes_what_was_open(scene: Any, result: Result, tmp_path: Path) -> None:
    add_result(scene, make_result(Pose.from_euler(-0.8, -1.1, 1.0, (0.0, 0.0, 0.0))), "Old")
    write_scene(result, tmp_path / "scene.mrb")
    load_scene(scene, tmp_path / "scene.mrb")
    check(scene, result)


def test_quotes_and_tabs_in_a_reason_survive(scene: Any, tmp_path: Path) -> None:
    from MSSTUNetReorientLib.prediction.qc import Quality

    result = make_result(quality=Quality("fail", ('axis "k",\tcentre\nfar off', "second; reason"), {}))
    write_scene(result, tmp_path / "scene.mrb")
    load_scene(scene, tmp_path / "scene.mrb")
    (nodes,) = read_result_nodes(scene)
    reasons = [row.value for row in read_table(nodes.parameters) if row.name.startswith("QC reason")]
    assert reasons == ["axis 'k', centre far off", "second; reason"]


def test_writing_says_nothing(result: Result, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_scene(result, tmp_path / "scene.mrb")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["scene.nrrd", "scene", "no such folder/scene.mrb"])
def test_wrong_place_is_refused(result: Result, tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"rename it|make it first"):
        write_scene(result, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_missing_scene_is_refused(scene: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="check the path"):
        load_scene(scene, tmp_path / "scene.mrb")


def test_damaged_mrb_is_refused(scene: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scene.mrb").write_bytes(b"not a zip archive")
    with pytest.raises(InputError, match="could not be read"):
        load_scene(scene, tmp_path / "scene.mrb")
    assert capfd.readouterr() == ("", "")


def test_mrml_without_its_data_is_refused(scene: Any, result: Result, tmp_path: Path) -> None:
    write_scene(result, tmp_path / "scene.mrml")
    (tmp_path / "scene_data").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="could not be read"):
        load_scene(scene, tmp_path / "scene.mrml")


def test_without_slicer_core_the_message_says_what_to_install(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "slicer", None)  # makes the import fail
    with pytest.raises(InputError, match="needs slicer-core: pip install"):
        write_scene(result, tmp_path / "scene.mrb")


def test_another_package_called_slicer_is_told_apart(
    result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "slicer", types.ModuleType("slicer"))
    with pytest.raises(InputError, match="another package named 'slicer'"):
        write_scene(result, tmp_path / "scene.mrb")


def test_package_imports_without_mrml() -> None:
    import subprocess

    code = (
        "import sys; sys.modules['slicer'] = None; sys.modules['vtkmodules'] = None; "
        "import MSSTUNetReorientLib.scene; assert 'vtk' not in sys.modules"
    )
    root = Path(__file__).resolve().parents[2] / "MSSTUNetReorient"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


@pytest.mark.parametrize("name", ["left.mrml", "left.mrb", "Herz größe.mrml", "a b.mrml"])
def test_a_colour_table_of_ours_comes_back(tmp_path: Path, name: str) -> None:
    """A bundle keeps what is hidden in editors in a folder of its own."""
    with new_scene() as scene:
        nodes = add_result(scene, make_result())
        table = colour_node(scene, TABLES[2])
        wanted = sampled(table)
        nodes.study.GetDisplayNode().SetAndObserveColorNodeID(table.GetID())
        save_scene(scene, tmp_path / name)
        save_scene(scene, tmp_path / name)  # and again over it
    with new_scene() as scene:
        load_scene(scene, tmp_path / name)
        (back,) = read_result_nodes(scene)
        found = back.study.GetDisplayNode().GetColorNode()
        assert table_of(found) is TABLES[2]
        np.testing.assert_allclose(sampled(found), wanted, atol=2e-3)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
