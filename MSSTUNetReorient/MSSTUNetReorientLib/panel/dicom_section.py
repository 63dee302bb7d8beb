"""The part of the panel that writes an accepted result as DICOM; it says what the files hold of the patient."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..archive.exporting import Export
from ..errors import InputError
from .dicom_export import export_record
from .dicom_export import segmentation_needs
from .i18n import tr as _
from .session import Session
from .session import Stage


@dataclass(frozen=True)
class Application:
    """What the panel needs from the application's windows.

    Attributes:
        ask_folder: asks for a folder under a title; returns its path, empty if the user gave none.
        busy: shows that the application works.
    """

    ask_folder: Callable[[str], str] = lambda title: ""
    busy: Callable[[], AbstractContextManager[Any]] = nullcontext


class DicomSection:
    """Binds the button, its box and its text."""

    def __init__(self, ui: Any, session: Session, application: Application) -> None:
        self._ui, self._session, self._application = ui, session, application
        self._told: tuple[Any, str] = (None, "")
        ui.dicomButton.clicked.connect(lambda *arguments: self.export())
        ui.pseudonymsCheckBox.toggled.connect(lambda *arguments: self._tell(None, ""))

    def export(self) -> None:
        """Ask for a folder and write the files into a new one in it."""
        record = self._session.review.record_node
        folder = self._application.ask_folder(_("Folder for the DICOM files"))
        if not folder or record is None:
            return
        anonymous = bool(self._ui.pseudonymsCheckBox.checked)
        with self._application.busy():
            try:
                done = export_record(self._session.scene, record, Path(folder), anonymous=anonymous)
                text = _words(done, anonymous)
            except InputError as error:
                text = str(error)
        self._tell(record, text)

    def _tell(self, record: Any, text: str) -> None:
        self._told = record, text
        self.draw(self._session.review.stage)

    def draw(self, stage: Stage) -> None:
        """Show what can be done, what the files hold of the patient, and what was done."""
        ui, accepted = self._ui, stage is Stage.ACCEPTED
        ui.dicomButton.enabled = ui.pseudonymsCheckBox.enabled = accepted
        if not accepted or self._told[0] is not self._session.review.record_node:
            self._told = None, ""
        told = self._told[1]
        texts = [told or self._content(), "" if told else segmentation_needs()] if accepted else []
        text = "\n".join(filter(None, texts))
        if ui.dicomLabel.text != text:
            ui.dicomLabel.text = text
        ui.dicomLabel.visible = bool(text)

    def _content(self) -> str:
        if self._ui.pseudonymsCheckBox.checked:
            return _("Pseudonyms stand in the files in place of name, ID and dates; the counts are the patient's.")
        return _("The files hold the patient's name, ID, birth date and dates of examination.")


def _words(done: Export, anonymous: bool) -> str:
    """What was written, and what was left out."""
    told = _("{0} DICOM files, with the patient's name, ID and dates, were written to {1}.")
    if anonymous:
        told = _("{0} DICOM files, with pseudonyms, were written to {1}.")
    lines = [told.format(len(done.files), done.folder)]
    if done.left_out:
        lines.append(segmentation_needs() or "; ".join(done.left_out.values()))
    return "\n".join(lines)
