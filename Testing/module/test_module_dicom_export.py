""" "Export to DICOM" of the subject hierarchy for short axis and segmentation of an accepted result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pydicom
import pytest
from archive.exports import nuclear_study
from archive.exports import result_of_study
from archive.exports import save
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import resampled_answer

from module import dicom_host
from module.conftest import Plugin

SEGMENTATION_CONFIDENCE = 1.0
"""Of Slicer's ``DICOMSegmentationPlugin`` in any segmentation."""


@pytest.fixture
def desk(plugin: Plugin, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """A study that the plugin loaded, with a result that is not accepted yet."""
    import slicer

    file = save(nuclear_study(result_of_study().study), tmp_path / "study.dcm")
    made = plugin(file)
    (offer,) = made.examineForImport([[str(file)]])
    study, worker = made.load(offer), HandWorker(resampled_answer)
    session = Session(slicer.mrmlScene, worker, HandDelay())
    session.choose(study)
    session.review.run()
    worker.answer()
    out = tmp_path / "out"
    out.mkdir()
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)

    def offered(role: str) -> list[Any]:
        node = study if role == "study" else session.review.nodes.node(role)
        found: list[Any] = made.examineForExport(hierarchy.GetItemByDataNode(node))
        for one in found:
            one.directory = str(out)
        return found

    yield SimpleNamespace(plugin=made, session=session, worker=worker, out=out, offered=offered, hierarchy=hierarchy)
    session.close()


def accept(desk: SimpleNamespace) -> None:
    desk.session.review.accept()
    desk.worker.answer()
    assert desk.session.review.stage is Stage.ACCEPTED


def test_short_axis_and_segmentation_are_offered_first_and_nothing_else(desk: SimpleNamespace) -> None:
    (short_axis,), (segmentation,) = desk.offered("short_axis"), desk.offered("segmentation")
    assert short_axis.confidence > dicom_host.SCALAR_VOLUME_CONFIDENCE
    assert segmentation.confidence > SEGMENTATION_CONFIDENCE
    assert "tags edited here are not used" in short_axis.tooltip
    assert desk.offered("study") == desk.offered("pose") == []
    assert desk.plugin.examineForExport(desk.hierarchy.GetSceneItemID()) == []


def test_the_dialog_can_ask_the_plugin_by_the_name_that_it_gives(desk: SimpleNamespace) -> None:
    import slicer

    (offer,) = desk.offered("short_axis")
    assert slicer.modules.dicomPlugins[offer.pluginClass] is type(desk.plugin)


def test_both_are_written_once_for_both_items(desk: SimpleNamespace) -> None:
    accept(desk)
    assert desk.plugin.export([*desk.offered("short_axis"), *desk.offered("segmentation")]) == ""
    files = sorted(desk.out.rglob("*.dcm"))
    assert [file.name for file in files] == ["segmentation.dcm", "short_axis.dcm"]
    assert {pydicom.dcmread(file).PatientID for file in files} == {"ID-4711"}


def test_the_short_axis_that_was_written_is_offered_for_loading(desk: SimpleNamespace, plugin: Plugin) -> None:
    accept(desk)
    desk.plugin.export(desk.offered("short_axis"))
    file = desk.out / "lv_dicom" / "short_axis.dcm"
    made = plugin(file)
    ours = made.examineForImport([[str(file)]])
    assert dicom_host.chosen(ours) is not None
    node = made.load(ours[0])
    before, after = ([0.0] * 6 for _ in range(2))
    desk.session.review.nodes.node("short_axis").GetRASBounds(before)
    node.GetRASBounds(after)
    assert after == pytest.approx(before, abs=0.01)
    assert "short axis" in ours[0].warning


def test_what_stands_in_the_way_is_one_line(desk: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert desk.plugin.export(desk.offered("short_axis")) == (
        "Only an accepted result can be exported: press Accept first."
    )
    accept(desk)
    monkeypatch.setattr("MSSTUNetReorientLib.panel.dicom_export.find_spec", lambda name: None)
    assert "highdicom" in desk.plugin.export(desk.offered("segmentation"))
    assert list(desk.out.iterdir()) == []
