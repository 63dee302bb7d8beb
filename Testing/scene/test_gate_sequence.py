"""The gates of a result in a scene, and in its file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from results import make_result

pytest.importorskip("slicer_core", reason="the scene needs the extra 'scene'")

from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.result import Gates
from MSSTUNetReorientLib.scene.arrays import volume_of
from MSSTUNetReorientLib.scene.gate_sequence import add_gate_sequence
from MSSTUNetReorientLib.scene.host import new_scene
from MSSTUNetReorientLib.scene.store import load_scene
from MSSTUNetReorientLib.scene.store import write_scene


def test_gates_are_a_sequence_that_survives_the_file(tmp_path: Path) -> None:
    result = make_result()
    volumes = tuple(Volume(result.short_axis.array * np.float32(n), result.short_axis.grid) for n in (1, 2, 3, 4))
    shares = np.zeros((4, 2, 48, 48, 48), np.float32)
    gates = Gates(volumes, (result.labels,) * 4, shares, result.labels.grid, (1.0,) * 4)
    write_scene(replace(result, gates=gates), tmp_path / "scene.mrb")
    with new_scene() as scene:
        load_scene(scene, tmp_path / "scene.mrb")
        sequence = scene.GetFirstNodeByClass("vtkMRMLSequenceNode")
        browser = scene.GetFirstNodeByClass("vtkMRMLSequenceBrowserNode")
        assert sequence.GetNumberOfDataNodes() == 4
        assert [sequence.GetNthIndexValue(n) for n in range(4)] == ["1", "2", "3", "4"]
        assert browser.GetMasterSequenceNode().GetID() == sequence.GetID()
        third = volume_of(sequence.GetNthDataNode(2))
        middle = third.grid.centre
        np.testing.assert_allclose(middle, result.pose.centre, atol=1e-3)
        whole = result.short_axis
        first = np.rint(whole.grid.index_of(third.grid.at([0, 0, 0]))).astype(int)
        expected = 3 * whole.part(first, first + np.array(third.grid.size) - 1).array
        np.testing.assert_allclose(third.array, expected, rtol=1e-5)


def test_a_result_without_gates_has_no_sequence() -> None:
    with new_scene() as scene:
        assert add_gate_sequence(scene, make_result(), "Study") is None
        assert scene.GetFirstNodeByClass("vtkMRMLSequenceNode") is None
