"""The shipping module file on slicer-core: real MRML and Slicer's own slicer.util, without the application."""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from module import dicom_host

MODULE_FOLDER = Path(__file__).resolve().parents[2] / "MSSTUNetReorient"
Plugin = Callable[..., Any]


class _Base:
    """In the place of the ScriptedLoadableModule classes, whose own code needs Qt."""

    def __init__(self, parent: Any = None) -> None:
        self.parent = parent

    def setup(self) -> None:
        pass


def _application_modules() -> dict[str, types.ModuleType]:
    """The parts of Slicer's ``slicer`` package that slicer-core leaves out."""
    scripted = types.ModuleType("slicer.ScriptedLoadableModule")
    for name in ("", "Widget", "Logic", "Test"):
        setattr(scripted, f"ScriptedLoadableModule{name}", type(f"ScriptedLoadableModule{name}", (_Base,), {}))
    i18n = types.ModuleType("slicer.i18n")
    i18n.tr = lambda text: text  # type: ignore[attr-defined]
    i18n.translate = lambda context, text: text  # type: ignore[attr-defined]
    return {"slicer.ScriptedLoadableModule": scripted, "slicer.i18n": i18n}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """``MSSTUNetReorient.py`` as Slicer would import it, with an application scene."""
    slicer = pytest.importorskip("slicer")
    from MSSTUNetReorientLib.scene import new_scene

    for name, part in _application_modules().items():
        monkeypatch.setitem(sys.modules, name, part)
    monkeypatch.delitem(sys.modules, "MSSTUNetReorient", raising=False)
    with new_scene() as scene:
        monkeypatch.setattr(slicer, "mrmlScene", scene, raising=False)
        application = types.SimpleNamespace(connect=lambda signal, call: None)
        monkeypatch.setattr(slicer, "app", application, raising=False)
        yield importlib.import_module("MSSTUNetReorient")
    sys.modules.pop("MSSTUNetReorient", None)


@pytest.fixture
def plugin(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    """The plugin as the DICOM module makes it, with a database of some files."""
    import slicer

    shown: list[Any] = []
    selection = slicer.vtkMRMLSelectionNode()
    slicer.mrmlScene.AddNode(selection)
    logic = types.SimpleNamespace(GetSelectionNode=lambda: selection, PropagateVolumeSelection=lambda: None)
    sequences = slicer.vtkSlicerSequencesLogic()
    sequences.SetMRMLScene(slicer.mrmlScene)
    views = types.SimpleNamespace(logic=lambda: sequences, showSequenceBrowser=shown.append)
    monkeypatch.setitem(sys.modules, "DICOMLib", dicom_host.dicom_lib())
    monkeypatch.delitem(sys.modules, "MSSTUNetReorientDICOMPlugin", raising=False)
    monkeypatch.setattr(slicer, "modules", types.SimpleNamespace(sequences=views), raising=False)
    monkeypatch.setattr(slicer.app, "applicationLogic", lambda: logic, raising=False)
    monkeypatch.setattr(slicer, "qSlicerDICOMExportable", dicom_host.Exportable, raising=False)
    name = "MSSTUNetReorientDICOMPlugin"
    parent = types.SimpleNamespace()
    getattr(importlib.import_module(name), name)(parent)
    assert parent.hidden
    assert parent.title

    def make(*files: Path) -> Any:
        monkeypatch.setattr(slicer, "dicomDatabase", dicom_host.Database(files), raising=False)
        made = slicer.modules.dicomPlugins[name]()
        made.shown = shown
        return made

    yield make
    sequences.SetMRMLScene(None)
    sys.modules.pop(name, None)
