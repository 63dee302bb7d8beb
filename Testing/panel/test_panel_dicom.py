"""An accepted result as DICOM: from the panel's button, and what stands in its way."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6.QtTest", exc_type=ImportError)
pytest.importorskip("slicer")

from archive.exports import SECRETS
from archive.exports import gates_of
from archive.exports import nuclear_study
from archive.exports import pet_study
from archive.exports import result_of_study
from archive.exports import save
from archive.exports import save_series
from module.dicom_host import Database
from MSSTUNetReorientLib.io import read_gates
from MSSTUNetReorientLib.panel.dicom_export import record_of_exported
from MSSTUNetReorientLib.panel.dicom_section import Application
from MSSTUNetReorientLib.panel.nodes.record_node import linked
from MSSTUNetReorientLib.panel.nodes.record_node import write_record
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.scene.arrays import grid_of
from MSSTUNetReorientLib.scene.study_volume import add_study

from panel import host
from panel.conftest import UI_FILE
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import resampled_answer


class Desk:
    """A shown panel on one DICOM study, whose dialog for folders gives ``folder``."""

    def __init__(self, scene: Any, file: Path, folder: Path) -> None:
        from MSSTUNetReorientLib.panel.widget import PanelWidget

        host.install()
        self.file, self.asked, self.scene = file, 0, scene
        self.folder: Any = folder
        self.application = host.application()
        self.window = host.load_ui(UI_FILE)
        self.ui = host.child_widget_variables(self.window)
        self.window.setMRMLScene(scene)  # type: ignore[attr-defined]
        self.worker = HandWorker(resampled_answer)
        self.session = Session(scene, self.worker, HandDelay())
        self.panel = PanelWidget(self.ui, self.session, application=Application(ask_folder=self.ask))
        self.study = add_study(scene, read_gates(file), "Rest")
        self.study.SetAttribute("DICOM.instanceUIDs", str(pydicom.dcmread(file).SOPInstanceUID))
        self.session.choose(self.study)
        self.session.review.run()
        self.worker.answer()
        self.window.show()

    def ask(self, title: str) -> str:
        assert title
        self.asked += 1
        return "" if self.folder is None else str(self.folder)

    def accept(self) -> Desk:
        self.ui.acceptButton.click()
        self.worker.answer()
        assert self.session.review.stage is Stage.ACCEPTED
        return self

    def export(self) -> str:
        """Press the button; the text that stands under it."""
        assert self.ui.dicomButton.isEnabled()
        self.ui.dicomButton.click()
        return self.text

    @property
    def text(self) -> str:
        return str(self.ui.dicomLabel.text()) if not self.ui.dicomLabel.isHidden() else ""

    @property
    def written(self) -> dict[str, Any]:
        return {p.relative_to(self.folder).as_posix(): pydicom.dcmread(p) for p in sorted(self.folder.rglob("*.dcm"))}


@pytest.fixture
def desk(scene: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Desk]]:
    import slicer

    made: list[Desk] = []

    def make(*, gated: bool = False, pet: bool = False) -> Desk:
        study = result_of_study().study
        folder, gates = tmp_path / "Secret Sophie", gates_of(study) if gated else None
        if pet:
            save_series(pet_study(study, gates), folder)
        else:
            save(nuclear_study(study, gates), folder / "study.dcm")
        file, *others = sorted(folder.iterdir())
        monkeypatch.setattr(slicer, "dicomDatabase", Database([file, *others]), raising=False)
        (tmp_path / "out").mkdir()
        made.append(Desk(scene, file, tmp_path / "out"))
        return made[0]

    yield make
    for one in made:
        one.session.close()
        one.window.close()


def test_an_accepted_result_is_written_where_the_study_is_in_the_archive(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    assert "patient's name, ID, birth date and dates" in one.text
    assert one.export() == (
        f"2 DICOM files, with the patient's name, ID and dates, were written to {one.folder / 'lv_dicom'}."
    )
    assert list(one.written) == ["lv_dicom/segmentation.dcm", "lv_dicom/short_axis.dcm"]
    source = pydicom.dcmread(one.file)
    for ds in one.written.values():
        for keyword in ("PatientName", "PatientID", "StudyDate", "StudyInstanceUID", "FrameOfReferenceUID"):
            assert ds[keyword].value == source[keyword].value, keyword
    found = read_gates(one.folder / "lv_dicom" / "short_axis.dcm", short_axis=True).total.grid
    shown = grid_of(one.session.review.nodes.node("short_axis"))
    assert np.abs(found.corners() - shown.corners()).max() < 0.01
    segments = one.written["lv_dicom/segmentation.dcm"].SegmentSequence
    assert {segment.SegmentAlgorithmType for segment in segments} == {"AUTOMATIC"}


def test_gates_are_written_at_the_accepted_pose(desk: Callable[..., Desk]) -> None:
    one = desk(gated=True).accept()
    one.export()
    short_axis = one.written["lv_dicom/short_axis.dcm"]
    assert short_axis.ImageType[2] == "RECON GATED TOMO"
    assert short_axis.NumberOfTimeSlots == 4


def test_pet_is_written_as_pet_even_if_the_scene_does_not_know_its_modality(desk: Callable[..., Desk]) -> None:
    one = desk(pet=True).accept()
    one.export()
    assert {str(ds.Modality) for ds in one.written.values()} == {"PT", "SEG"}
    assert "lv_dicom/short_axis/0001.dcm" in one.written


def test_pseudonyms_leave_nothing_of_the_patient(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    one.ui.pseudonymsCheckBox.click()
    assert "Pseudonyms stand in the files" in one.text
    assert "with pseudonyms" in one.export()
    content = b"".join(path.read_bytes() for path in one.folder.rglob("*.dcm"))
    assert len(one.written) == 2
    assert [secret for secret in SECRETS if secret.encode() in content] == []
    one.ui.pseudonymsCheckBox.click()
    assert "The files hold the patient's name" in one.text, "as soon as the box is clear again"


def test_only_what_is_accepted_can_be_written(desk: Callable[..., Desk]) -> None:
    one = desk()
    assert not one.ui.dicomButton.isEnabled()
    assert one.text == ""
    one.accept().export()
    one.ui.acceptButton.click()
    assert not one.ui.dicomButton.isEnabled()
    assert one.text == "", "what was written is not told of a result that is open again"


def test_a_second_export_gets_a_folder_of_its_own_and_no_folder_means_none(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    one.export()
    one.export()
    assert sorted(path.name for path in one.folder.iterdir()) == ["lv_dicom", "lv_dicom_2"]
    assert one.asked == 2
    one.folder = None
    told = one.text
    assert one.export() == told


def test_a_missing_package_is_named_and_the_short_axis_is_written(
    desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for name in [name for name in sys.modules if name.split(".")[0] == "highdicom"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "highdicom", None)
    monkeypatch.setattr("MSSTUNetReorientLib.panel.dicom_export.find_spec", lambda name: None)
    one = desk().accept()
    assert "slicer.util.pip_install('highdicom>=0.28')" in one.text
    assert "slicer.util.pip_install('highdicom>=0.28')" in one.export()
    assert list(one.written) == ["lv_dicom/short_axis.dcm"]


def test_a_study_without_a_patient_is_refused_in_one_line(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    one.file.unlink()
    assert "not loaded from DICOM" in one.export()
    assert list(one.folder.iterdir()) == []
    one.ui.pseudonymsCheckBox.click()
    one.export()
    assert len(one.written) == 2, "without a study, pseudonyms are still possible"


def test_another_study_under_that_file_is_refused_without_its_path(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    ds = pydicom.dcmread(one.file)
    ds.PixelData = np.flip(ds.pixel_array, axis=0).tobytes()
    ds.save_as(one.file)
    text = one.export()
    assert "not made from this study" in text
    assert len(text.splitlines()) == 1
    assert "Secret" not in text
    assert list(one.folder.iterdir()) == []


def test_labels_edited_by_hand_are_not_called_automatic(desk: Callable[..., Desk]) -> None:
    one = desk().accept()
    write_record(one.session.review.record_node, replace(one.session.review.record, edited=True))
    one.export()
    segments = one.written["lv_dicom/segmentation.dcm"].SegmentSequence
    assert {segment.SegmentAlgorithmType for segment in segments} == {"SEMIAUTOMATIC"}


def test_only_short_axis_and_segmentation_lead_to_a_result(desk: Callable[..., Desk]) -> None:
    one = desk()
    record = one.session.review.record_node
    for role, expected in (("short_axis", record), ("segmentation", record), ("study", None), ("pose", None)):
        assert record_of_exported(one.scene, linked(record, role)) is expected, role
    assert record_of_exported(one.scene, None) is None
