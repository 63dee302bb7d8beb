"""The DICOM study that a result was made from: its headers, which new objects refer to and take over from."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from ..io.dicom_file import is_dicom
from ..io.dicom_file import read_header
from ..io.dicom_folder import choose
from ..io.dicom_folder import scan
from ..io.dicom_folder import siblings
from ..io.dicom_values import text
from ..io.dicom_values import value_of
from ..io.dicom_values import whole
from ..io.messages import quiet
from ..io.messages import refuse
from .pseudonyms import pseudonymous
from .unique_ids import UniqueIds

PATIENT_KEYS = ("PatientName", "PatientID")
"""At least one of them names the patient."""


@dataclass(frozen=True, eq=False)
class SourceStudy:
    """The source of a result.

    Attributes:
        name: for messages.
        headers: of its files, without pixels; one made up where the result is exported without its source.
        anonymous: the headers hold pseudonyms.
        made_up: there is no source.
    """

    name: str
    headers: tuple[Any, ...]
    anonymous: bool = False
    made_up: bool = False

    @property
    def first(self) -> Any:
        """The header of the first file."""
        return self.headers[0]

    def part(self, gate: int, gates: int) -> SourceStudy:
        """The files of a gate, by ImageIndex (PS3.3 C.8.9.4.1.9); all of them where they are not numbered so."""
        deep = len(self.headers) // gates
        numbers = [whole(header, "ImageIndex", self.name) - 1 for header in self.headers]
        if gates == 1 or sorted(numbers) != list(range(deep * gates)):
            return self
        pairs = zip(numbers, self.headers, strict=True)
        return replace(self, headers=tuple(header for number, header in pairs if number // deep == gate))

    @property
    def instances(self) -> list[tuple[str, str]]:
        """SOP class and instance of each file; none where there is no source."""
        if self.made_up:
            return []
        return [(str(h.SOPClassUID), str(h.SOPInstanceUID)) for h in self.headers]


def read_source(path: Path, series: str | None = None, *, anonymous: bool, ids: UniqueIds) -> SourceStudy:
    """The headers of a study, with pseudonyms if wanted.

    Args:
        path: the DICOM file or folder that the result was made from.
        series: of a folder with several.
        anonymous: put pseudonyms in place of name, ID, dates and UIDs.
        ids: the source of UIDs.

    Raises:
        InputError: the path is no DICOM study, or lacks what an archive needs: patient, study, frame of reference.
    """
    if not path.exists():
        refuse(path, "no such file or folder; check the path of the DICOM study")
    with quiet():
        if path.is_file() and not is_dicom(path):
            remedy = "give the DICOM study with --source, or add --anonymous to export without a patient"
            refuse(path, f"an archive needs the patient of a DICOM study, but this is an image file; {remedy}")
        files = choose(scan(path), series, path).paths if path.is_dir() else siblings(path)
        source = SourceStudy(str(path), tuple(read_header(file) for file in files), anonymous)
        _check(source)
        if not anonymous:
            return source
        return replace(source, headers=tuple(pseudonymous(h, ids, path) for h in source.headers))


def no_source(modality: str, ids: UniqueIds) -> SourceStudy:
    """A header for a result without a source: a new patient, study and frame of reference under pseudonyms."""
    header = Dataset()
    header.Modality = "PT" if modality == "PT" else "NM"
    header.StudyInstanceUID, header.FrameOfReferenceUID = ids.new(), ids.new()
    return SourceStudy("the result", (pseudonymous(header, ids, "the result"),), anonymous=True, made_up=True)


def _check(source: SourceStudy) -> None:
    """Refuse a source that objects in an archive could not be put beside."""
    first, name = source.first, source.name
    if not source.anonymous and all(value_of(first, key, name) is None for key in PATIENT_KEYS):
        remedy = "export it from the archive again, or add --anonymous"
        refuse(name, f"the study has no patient module (neither PatientName nor PatientID); {remedy}")
    needed = {"StudyInstanceUID": "study", "FrameOfReferenceUID": "frame of reference"}
    for keyword, words in needed.items():
        if not text(first, keyword, name):
            refuse(name, f"the study has no {words} ({keyword}), so that nothing could be placed beside it in an "
                         "archive; export it from the archive again")  # fmt: skip
    for header in source.headers:
        if not text(header, "SOPClassUID", name) or not text(header, "SOPInstanceUID", name):
            refuse(name, "an object has no SOPClassUID or SOPInstanceUID, so that nothing can refer to it; export it "
                         "from the archive again")  # fmt: skip
