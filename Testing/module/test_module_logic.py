"""The module's logic on real MRML nodes: what it reads, what it refuses, what it shows."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import add_result
from MSSTUNetReorientLib.scene import new_scene
from results import make_result


@pytest.fixture(scope="module")
def result() -> Result:
    return make_result()


@pytest.fixture
def study(module: types.ModuleType, result: Result) -> Any:
    """The study of the result as a loaded volume node, copied into the application's scene."""
    import slicer

    with new_scene() as other:
        made = add_result(other, result).study
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "5: FBP")
        node.CopyContent(made)
    return node


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, result: Result) -> list[Any]:
    """The predictor is another room: this one answers with the result, and keeps what it was asked."""
    seen: list[Any] = []
    predictor = types.ModuleType("MSSTUNetReorientLib.prediction.predictor")

    def predict(study: Any, *, progress: Any = None) -> Result:
        seen.append(study)
        if progress:
            progress("finding the left ventricle")
        return result

    predictor.predict = predict  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "MSSTUNetReorientLib.prediction.predictor", predictor)
    return seen


def test_study_reaches_the_predictor_in_lps(
    module: types.ModuleType, study: Any, asked: list[Any], result: Result
) -> None:
    steps: list[str] = []
    nodes = module.MSSTUNetReorientLogic().process(study, progress=steps.append)
    (volume,) = asked
    np.testing.assert_array_equal(volume.array, result.study.array)
    np.testing.assert_allclose(volume.grid.matrix, result.study.grid.matrix, atol=1e-9)
    assert nodes.study is study
    assert nodes.short_axis.GetName() == "5: FBP short axis"
    assert steps == ["finding the left ventricle"]


def test_study_under_a_transform_is_refused(module: types.ModuleType, study: Any, asked: list[Any]) -> None:
    import slicer

    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "registration")
    study.SetAndObserveTransformNodeID(transform.GetID())
    with pytest.raises(InputError, match=r"5: FBP is under the transform registration: harden the transform"):
        module.MSSTUNetReorientLogic().process(study)
    assert asked == []


def test_nothing_chosen_is_refused(module: types.ModuleType, asked: list[Any]) -> None:
    import slicer

    empty = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    for node in (None, empty):
        with pytest.raises(InputError, match="load a study and select it"):
            module.MSSTUNetReorientLogic().process(node)


def test_colour_image_is_refused(module: types.ModuleType, study: Any, asked: list[Any]) -> None:
    study.GetImageData().AllocateScalars(10, 3)
    with pytest.raises(InputError, match="several values per voxel"):
        module.MSSTUNetReorientLogic().process(study)


def test_what_is_no_study_is_refused(module: types.ModuleType, study: Any, asked: list[Any]) -> None:
    study.SetSpacing(50.0, 50.0, 50.0)
    with pytest.raises(InputError, match="5: FBP: voxel spacing"):
        module.MSSTUNetReorientLogic().process(study)


def test_missing_torch_and_missing_extension_say_what_to_do(
    module: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(InputError, match="install the extension 'PyTorch'"):
        module.MSSTUNetReorientLogic().ensureTorch()


@pytest.mark.parametrize(("agreed", "installed"), [(True, True), (True, False), (False, False)])
def test_missing_torch_is_offered(
    module: types.ModuleType, monkeypatch: pytest.MonkeyPatch, agreed: bool, installed: bool
) -> None:
    offers: list[dict[str, Any]] = []
    told: list[str] = []

    def confirm(text: str, title: str) -> bool:
        told.append(text)
        return agreed

    monkeypatch.setattr(module.slicer.util, "confirmOkCancelDisplay", confirm, raising=False)

    class PyTorchUtilsLogic:
        def installTorch(self, **offer: Any) -> object | None:
            offers.append(offer)
            return object() if installed else None

    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    extension = types.SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    if installed:
        module.MSSTUNetReorientLogic().ensureTorch()
    else:
        with pytest.raises(InputError, match="was not installed"):
            module.MSSTUNetReorientLogic().ensureTorch()
    assert "download" in told[0]
    assert offers == [{"askConfirmation": False, "torchVersionRequirement": ">=2.4"}] * agreed


def test_a_failing_installation_is_said_in_words(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    class PyTorchUtilsLogic:
        def installTorch(self, **offer: Any) -> None:
            msg = "pip returned non-zero exit status 1"
            raise RuntimeError(msg)

    monkeypatch.setattr(module.slicer.util, "confirmOkCancelDisplay", lambda text, title: True, raising=False)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", types.SimpleNamespace(PyTorchUtilsLogic=PyTorchUtilsLogic))
    with pytest.raises(InputError, match=r"could not be installed \(pip returned non-zero"):
        module.MSSTUNetReorientLogic().ensureTorch()


def test_metadata(module: types.ModuleType) -> None:
    parent = types.SimpleNamespace()
    connected: dict[str, Any] = {}
    module.slicer.app.connect = connected.__setitem__
    module.MSSTUNetReorient(parent)
    assert connected == {"startupCompleted()": module.onStartup}
    assert parent.categories == ["Nuclear Medicine"]
    for paper in ("2310.10095", "2208.03752"):
        assert paper in parent.acknowledgementText
