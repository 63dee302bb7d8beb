"""A gated study as a sequence of the scene: its sum is the study, and its function stands among the figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.commands.run_study import run_study
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.io.gated_study import added
from MSSTUNetReorientLib.panel.nodes.gate_nodes import gate_nodes
from MSSTUNetReorientLib.panel.nodes.study_node import read_loaded_study
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.state.figure_words import figure_text
from MSSTUNetReorientLib.panel.worker.worker_files import read_loaded
from MSSTUNetReorientLib.panel.worker.worker_main import handle
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from MSSTUNetReorientLib.scene.arrays import ijk_to_ras
from MSSTUNetReorientLib.scene.arrays import to_image
from MSSTUNetReorientLib.scene.arrays import volume_of
from MSSTUNetReorientLib.scene.figure_tables import FigureRow
from MSSTUNetReorientLib.scene.host import mrml
from MSSTUNetReorientLib.scene.nodes import hierarchy_of
from MSSTUNetReorientLib.simulation.disk import write_study
from MSSTUNetReorientLib.simulation.draw import draw_parameters
from MSSTUNetReorientLib.simulation.render import render
from results import make_result

from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study

SEED = 11
"""Of a parametric heart of middle size."""
TOLD = {"EDV": "edv_ml", "ESV": "esv_ml", "stroke volume": "stroke_volume_ml", "EF": "ef_percent", "mass": "mass_g"}


class SameProcess:
    """Does what the child process does, at once."""

    def ask(self, request: dict[str, Any], listener: Any) -> None:
        handle(request, listener)

    def stop(self) -> None:
        pass


def add_sequence(scene: Any, gates: list[Volume], unit: str = "", step: float = 1.0) -> tuple[Any, Any]:
    """Gates as the module Sequences shows them: the browser and its proxy, which is the study."""
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Gated")
    sequence.SetIndexUnit(unit)
    for number, gate in enumerate(gates):
        node = mrml().vtkMRMLScalarVolumeNode()
        node.SetAndObserveImageData(to_image(gate))
        node.SetIJKToRASMatrix(ijk_to_ras(gate.grid))
        sequence.SetDataNodeAtValue(node, f"{number * step:g}")
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Gated browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    browser.SetSelectedItemNumber(0)
    return browser, browser.GetProxyNode(sequence)


def shell_gates(count: int = 8) -> list[Volume]:
    """The shell's counts, a little brighter from gate to gate."""
    study = make_result().study
    return [Volume(study.array * np.float32(1 + n / 10), study.grid) for n in range(count)]


def run(session: Session, study: Any) -> tuple[FigureRow, ...]:
    """The function's rows."""
    session.choose(study)
    session.review.run()
    assert session.review.message == ""
    return tuple(row for row in session.review.figures if row.group == "Function")


def test_the_panel_has_the_function_of_the_command_line(scene: Any, tmp_path: Path) -> None:
    pytest.importorskip("pydicom")
    write_study(render(draw_parameters("pet", SEED, fast=True, gates=8)), tmp_path / "study", dicom=True)
    run_study(tmp_path / "study" / "dicom", tmp_path / "out", scene=False, report=False)
    told = json.loads((tmp_path / "out" / "result.json").read_text())
    gates = read_gates(tmp_path / "study" / "dicom").gates
    browser, study = add_sequence(scene, list(gates))
    hierarchy = hierarchy_of(scene)
    item = hierarchy.CreateItem(hierarchy.GetSceneItemID(), study)
    hierarchy.SetItemAttribute(item, "DICOM.Modality", "PT")
    browser.SetSelectedItemNumber(3)
    session = Session(scene, SameProcess(), HandDelay())
    rows = run(session, study)
    figures = told["function"]["figures"]
    assert {row.name: (row.value, row.unit) for row in rows} == {
        name: (str(figures[key]["value"]), figures[key]["unit"]) for name, key in TOLD.items()
    }
    np.testing.assert_allclose(session.review.record.pose.centre, told["pose"]["centre_lps_mm"], atol=1e-6)
    assert session.review.study_text.endswith("sum of 8 gates")
    session.close()


def test_the_study_is_the_sum_whichever_gate_is_shown(scene: Any, worker: HandWorker) -> None:
    gates = shell_gates()
    browser, study = add_sequence(scene, gates)
    session = Session(scene, worker, HandDelay())
    session.choose(study)
    session.review.run()
    worker.answer()
    stamp, path, volume = session.review.client._written
    np.testing.assert_allclose(volume.array, np.sum([gate.array for gate in gates], axis=0))
    sent = read_loaded(path)
    assert [float(gate.array.sum()) for gate in sent.gates] == [float(gate.array.sum()) for gate in gates]
    browser.SetSelectedItemNumber(5)
    np.testing.assert_array_equal(volume_of(study).array, gates[5].array)
    session.review.nudge("tilt", 5.0)
    assert worker.requests == []  # nothing is asked while the pose moves
    session.review.settle()
    worker.answer()
    assert session.review.client._written[:2] == (stamp, path)
    browser.GetSequenceNode(study).GetNthDataNode(2).GetImageData().Modified()
    session.review.nudge("tilt", 9.0)
    session.review.settle()
    assert session.review.client._written[0] != stamp
    session.close()


def test_the_window_is_that_of_one_gate(scene: Any, worker: HandWorker) -> None:
    """So that a gate is as bright as the sum would be."""
    browser, study = add_sequence(scene, shell_gates())
    session = Session(scene, worker, HandDelay())
    session.choose(study)
    session.review.run()
    worker.answer()
    browser.SetSelectedItemNumber(5)
    short_axis = session.review.nodes.node("short_axis").GetDisplayNode()
    assert study.GetDisplayNode().GetWindowLevelMax() == pytest.approx(short_axis.GetWindowLevelMax() / 8)
    session.close()


def moved(volume: Volume) -> Volume:
    grid = volume.grid
    return Volume(volume.array, Grid(grid.size, grid.spacing, grid.origin + 3.0, grid.direction))


def cut(volume: Volume) -> Volume:
    return volume.part(np.array([0, 0, 0]), np.array(volume.grid.size) - 2)


@pytest.mark.parametrize("change", [moved, cut])
def test_gates_of_unequal_geometry_are_no_gates(scene: Any, change: Any) -> None:
    """In the words of the command line; the image that is shown is the study, as without a sequence."""
    gates = shell_gates()
    gates[2] = change(gates[2])
    browser, study = add_sequence(scene, gates)
    with pytest.raises(InputError) as error:
        added(gates, study.GetName())
    browser.SetSelectedItemNumber(4)
    loaded = read_loaded_study(study)
    assert (loaded.gates, loaded.fault) == ((), str(error.value))
    np.testing.assert_array_equal(loaded.volume.array, gates[4].array)
    session = Session(scene, SameProcess(), HandDelay())
    rows = run(session, study)
    assert [row.name for row in rows] == list(TOLD)
    assert {(row.value, row.withheld) for row in rows} == {("", loaded.fault)}
    assert f"Function:\n• withheld (all): {loaded.fault}" in figure_text(session.review.figures, follow=False)
    written = session.review.client._written[0]
    browser.SetSelectedItemNumber(5)
    session.review.run()
    assert session.review.client._written[0] != written
    session.close()


def test_frames_that_are_seconds_apart_or_too_many_are_no_gates(scene: Any) -> None:
    for count, unit, step, words in (
        (8, "s", 10.0, "the frames of a file must be gates, but these are 10 s apart (DYNAMIC)"),
        (8, "ms", 5000.0, "these are 5 s apart"),
        (40, "", 1.0, "a gated study has at most 32 gates, but found 40 frames"),
    ):
        _browser, study = add_sequence(scene, shell_gates(8) * (count // 8), unit, step)
        assert words in gate_nodes(study).fault
    _browser, study = add_sequence(scene, shell_gates(8), "ms", 100.0)
    assert len(gate_nodes(study).nodes) == 8


@pytest.mark.parametrize(
    ("count", "empty", "words"),
    [(3, None, "function needs at least 4 gates, but the study has 3"), (8, 5, "gate 6 of 8 has no counts")],
)
def test_gates_without_a_function_say_why(scene: Any, count: int, empty: int | None, words: str) -> None:
    gates = shell_gates(count)
    if empty is not None:
        gates[empty] = Volume(np.zeros_like(gates[empty].array), gates[empty].grid)
    _browser, study = add_sequence(scene, gates)
    session = Session(scene, SameProcess(), HandDelay())
    assert {row.withheld for row in run(session, study)} == {words}
    session.close()


def test_an_ungated_study_has_no_function_beside_a_gated_one(scene: Any) -> None:
    add_sequence(scene, shell_gates())
    study = add_study(scene)
    loaded = read_loaded_study(study)
    assert (loaded.gates, loaded.fault) == ((), "")
    np.testing.assert_array_equal(loaded.volume.array, make_result().study.array)
    assert "gates" not in loaded.volume.info
    session = Session(scene, SameProcess(), HandDelay())
    assert run(session, study) == ()
    assert {row.group for row in session.review.figures} == {"Perfusion", "LV as it is"}
    session.close()


@pytest.mark.parametrize("suffix", [".mrb", ".mrml"])
def test_a_saved_scene_knows_its_gated_study_again(scene: Any, worker: HandWorker, tmp_path: Path, suffix: str) -> None:
    browser, study = add_sequence(scene, shell_gates())
    session = Session(scene, worker, HandDelay())
    session.choose(study)
    session.review.run()
    worker.answer()
    session.review.accept("Ada")
    worker.answer()
    browser.SetSelectedItemNumber(6)
    path = save_scene(scene, tmp_path / f"gated{suffix}")
    with new_scene() as other:
        load_scene(other, path)
        back = Session(other, HandWorker(), HandDelay())
        back.on_scene_loaded()
        assert back.review.stage is session.review.stage
        assert back.review.figures == session.review.figures
        np.testing.assert_allclose(back.review.record.pose.matrix, session.review.record.pose.matrix, atol=1e-9)
        assert back.review.record.events == session.review.record.events
        assert back.review.study_text == session.review.study_text
        assert not back.review.record.edited
        np.testing.assert_array_equal(
            read_loaded_study(back.review.study).volume.array, read_loaded_study(study).volume.array
        )
        back.close()
    session.close()
