"""The shipping module widget with its shipping panel: what Slicer calls, and what the scene tells."""

from __future__ import annotations

import os
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from PySide6.QtWidgets import QVBoxLayout
    from PySide6.QtWidgets import QWidget
except ImportError as error:
    pytest.skip(f"Qt cannot be loaded ({error}); see .ci/run for the packages it needs", allow_module_level=True)

from MSSTUNetReorientLib.panel.screen.layout_description import LAYOUT_ID
from MSSTUNetReorientLib.panel.session import Stage
from panel import host
from panel.conftest import UI_FILE
from panel.conftest import HandWorker
from panel.conftest import add_study

from module.conftest import Plugin


@pytest.fixture
def widget(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The module's widget after Slicer has set it up; its runs wait for the test."""
    import slicer
    from MSSTUNetReorientLib.panel.worker import worker_process

    host.install()
    host.application()
    layout = slicer.vtkMRMLLayoutNode()
    layout.SetSingletonTag("vtkMRMLLayoutNode")
    slicer.mrmlScene.AddNode(layout).SetViewArrangement(layout.SlicerLayoutFourUpView)
    monkeypatch.setattr(slicer.util, "loadUI", host.load_ui, raising=False)
    monkeypatch.setattr(slicer.util, "childWidgetVariables", host.child_widget_variables, raising=False)
    monkeypatch.setattr(worker_process, "ChildProcess", HandWorker)
    monkeypatch.setattr(slicer.app, "layoutManager", lambda: None, raising=False)
    rendered: list[int] = []
    monkeypatch.setattr(slicer.util, "forceRenderAllViews", lambda: rendered.append(1), raising=False)
    window = QWidget()
    made = module.MSSTUNetReorientWidget()
    made.rendered = rendered
    made.layout = QVBoxLayout(window)
    made.resourcePath = lambda name: str(UI_FILE)
    made.setup()
    made.logic.ensureTorch = lambda: None
    made.session.review.prepare = lambda: None
    yield made
    made.cleanup()
    window.deleteLater()


def arrangement() -> int:
    import slicer

    return int(slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode").GetViewArrangement())


def test_entering_sets_the_layout_and_leaving_restores_it(widget: Any) -> None:
    before = arrangement()
    widget.enter()
    assert arrangement() == LAYOUT_ID
    widget.exit()
    assert arrangement() == before


def test_views_look_again_as_they_did(widget: Any) -> None:
    import slicer
    from MSSTUNetReorientLib.scene.arrays import from_matrix4x4
    from MSSTUNetReorientLib.scene.slice_views import composite_node
    from MSSTUNetReorientLib.scene.slice_views import slice_node

    study = add_study(slicer.mrmlScene)
    red = slice_node(slicer.mrmlScene, "Red", (1, 0, 0))
    composite_node(slicer.mrmlScene, "Red").SetBackgroundVolumeID(study.GetID())
    before = from_matrix4x4(red.GetSliceToRAS())
    widget.enter()
    widget.session.review.run()
    widget.session.review.client.worker.answer()
    widget.session.review.accept()
    assert (from_matrix4x4(red.GetSliceToRAS()) != before).any()
    widget.exit()
    assert (from_matrix4x4(red.GetSliceToRAS()) == before).all()
    assert composite_node(slicer.mrmlScene, "Red").GetBackgroundVolumeID() == study.GetID()


def test_a_layout_chosen_meanwhile_stays(widget: Any) -> None:
    import slicer

    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLLayoutNode")
    widget.enter()
    node.SetViewArrangement(node.SlicerLayoutOneUp3DView)
    widget.exit()
    assert arrangement() == node.SlicerLayoutOneUp3DView


def test_a_loaded_study_is_chosen_on_entering(widget: Any) -> None:
    import slicer

    assert widget.session.review.stage is Stage.EMPTY
    study = add_study(slicer.mrmlScene)
    widget.enter()
    assert widget.ui.studySelector.currentNode() is study


def test_closing_the_scene_in_mid_run(widget: Any) -> None:
    import slicer

    add_study(slicer.mrmlScene)
    widget.enter()
    widget.session.review.run()
    slicer.mrmlScene.Clear(False)
    assert widget.session.review.stage is Stage.EMPTY
    assert widget.session.review.client.worker.requests == []
    assert widget.ui.studySelector.currentNode() is None
    add_study(slicer.mrmlScene)
    widget.enter()
    assert widget.session.review.stage is Stage.READY


def test_a_loaded_scene_is_shown_once_the_module_is_entered(widget: Any) -> None:
    import slicer

    add_study(slicer.mrmlScene)
    slicer.mrmlScene.InvokeEvent(slicer.mrmlScene.EndImportEvent)
    host.application().processEvents()
    assert widget.session.review.stage is Stage.EMPTY
    widget.enter()
    assert widget.session.review.stage is Stage.READY


def test_a_loaded_scene_is_drawn_when_the_views_are_awake(widget: Any) -> None:
    """During the event itself a view loses what it is asked to draw."""
    import slicer

    widget.enter()
    add_study(slicer.mrmlScene)
    slicer.mrmlScene.InvokeEvent(slicer.mrmlScene.EndImportEvent)
    assert widget.session.review.stage is Stage.EMPTY
    assert widget.rendered == []
    host.application().processEvents()
    assert widget.session.review.stage is Stage.READY
    assert widget.rendered == [1]


def test_views_are_drawn_anew_after_a_scene_was_closed(widget: Any) -> None:
    import slicer

    widget.enter()
    slicer.mrmlScene.Clear(False)
    assert widget.rendered == []
    host.application().processEvents()
    assert widget.rendered == [1]


def test_views_show_the_heart_as_large_as_they_should_once_they_have_their_sizes(widget: Any) -> None:
    """A view that is resized keeps its mm per pixel, and a layout's views are resized after it was set."""
    import slicer

    add_study(slicer.mrmlScene)
    widget.enter()
    widget.session.review.run()
    widget.session.review.client.worker.answer()
    widget.exit()
    widget.enter()
    for name, field in (("Red", 160.0), ("Transaxial", 300.0)):
        node = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode")
        x, y, z = node.GetFieldOfView()
        width, height, _ = node.GetDimensions()
        node.SetDimensions(900, 600, 1)
        node.SetFieldOfView(x * 900 / width, y * 600 / height, z)
        assert min(node.GetFieldOfView()[:2]) > field * 1.5
    host.application().processEvents()
    for name, field in (("Red", 160.0), ("Transaxial", 300.0)):
        node = slicer.mrmlScene.GetSingletonNode(name, "vtkMRMLSliceNode")
        assert min(node.GetFieldOfView()[:2]) == pytest.approx(field)


def test_after_a_reload_the_module_is_shown_already(module: types.ModuleType) -> None:
    assert module.MSSTUNetReorientWidget(types.SimpleNamespace(isEntered=True)).entered
    assert not module.MSSTUNetReorientWidget().entered


def test_a_failing_setup_adds_no_errors_of_its_own(module: types.ModuleType) -> None:
    """As 3D Slicer goes on with a widget whose setup failed."""
    failed = module.MSSTUNetReorientWidget()
    failed.removeObservers = lambda: None
    failed.enter()
    failed.exit()
    failed.cleanup()


def test_the_sample_is_loaded_and_chosen(widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer

    asked: list[Any] = []

    def load_volume(path: str, properties: dict[str, Any]) -> Any:
        asked.append((Path(path).name, properties["name"]))
        return add_study(slicer.mrmlScene, properties["name"])

    monkeypatch.setattr(slicer.util, "loadVolume", load_volume, raising=False)
    widget.enter()
    assert not widget.ui.welcomeWidget.isHidden()
    widget.panel.onSampleButton()
    assert asked == [("spect_phantom.nrrd", "CardiacSPECTPhantom")]
    assert widget.session.review.study.GetName() == "CardiacSPECTPhantom"
    assert widget.ui.welcomeWidget.isHidden()


def test_missing_torch_is_said_before_the_first_run(widget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import slicer

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    add_study(slicer.mrmlScene)
    widget.enter()
    text = widget.ui.statusLabel.text()
    assert "downloads PyTorch" in text
    assert "minutes" in text


def test_deleting_the_study(widget: Any) -> None:
    import slicer

    study = add_study(slicer.mrmlScene)
    add_study(slicer.mrmlScene, "Rest")  # the selector's next row, which nobody chose
    widget.enter()
    widget.session.run_at_once = True
    widget.session.review.run()
    widget.session.review.client.worker.answer()
    slicer.mrmlScene.RemoveNode(study)
    assert widget.session.review.stage is Stage.EMPTY
    assert widget.ui.studySelector.currentNode() is None
    assert widget.session.review.client.worker.requests == []


def test_missing_torch_is_said_in_the_panel(widget: Any) -> None:
    import slicer
    from MSSTUNetReorientLib.errors import InputError

    def missing() -> None:
        msg = "PyTorch is missing: install the extension"
        raise InputError(msg)

    add_study(slicer.mrmlScene)
    widget.enter()
    widget.session.review.prepare = missing
    widget.session.review.run()
    assert widget.ui.messageLabel.text() == "PyTorch is missing: install the extension"
    assert widget.session.review.stage is Stage.READY


def test_sample_study_is_registered(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    told: list[dict[str, Any]] = []

    class SampleDataLogic:
        @staticmethod
        def registerCustomSampleDataSource(**source: Any) -> None:
            told.append(source)

    monkeypatch.setitem(sys.modules, "SampleData", types.SimpleNamespace(SampleDataLogic=SampleDataLogic))
    module.registerSampleData()
    (source,) = told
    assert source["uris"].startswith("file:///")
    assert source["checksums"].startswith("SHA256:")
    assert source["uris"].endswith("spect_phantom.nrrd")


def test_the_modules_own_self_test(module: types.ModuleType, plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    """As "Reload and Test" runs it, on the sample study, with the shipped model."""
    import slicer
    from MSSTUNetReorientLib.errors import InputError
    from MSSTUNetReorientLib.io import read_study
    from MSSTUNetReorientLib.prediction.models import load_model
    from MSSTUNetReorientLib.scene.nodes import add_volume

    try:
        load_model()
    except InputError as error:
        pytest.skip(str(error))

    def load_volume(path: str, properties: Any = None) -> Any:
        study = read_study(Path(path))
        return add_volume(slicer.mrmlScene, study, "Sample", float(study.array.max()))

    host.install()
    monkeypatch.setattr(slicer.app, "processEvents", host.application().processEvents, raising=False)
    monkeypatch.setattr(slicer.util, "loadVolume", load_volume, raising=False)
    test = module.MSSTUNetReorientTest()
    test.delayDisplay = lambda text: None
    test.runTest()
