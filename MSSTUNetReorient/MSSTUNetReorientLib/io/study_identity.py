"""Whether two studies are of one patient and one examination: facts of a header that are compared and never written.

They are no part of a :class:`..geometry.volume.Volume`, so they cannot get into a result.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..errors import InputError
from .dicom_file import is_dicom
from .dicom_file import read_header
from .dicom_folder import choose
from .dicom_folder import scan
from .dicom_values import items
from .dicom_values import number
from .dicom_values import text
from .dicom_values import value_of
from .messages import quiet

HASH_DIGITS = 12
TIME_FORMATS = ("%Y%m%d%H%M%S", "%Y%m%d%H%M")
IDENTITY_TAGS = ["PatientID", "PatientBirthDate", "FrameOfReferenceUID", "AcquisitionDateTime", "AcquisitionDate",
                 "AcquisitionTime", "RadiopharmaceuticalInformationSequence"]  # fmt: skip
"""All attributes that it is read from."""


@dataclass(frozen=True)
class StudyIdentity:
    """What a header states besides the image; empty or None where it does not, as in an image file.

    Attributes:
        patient: first digits of the SHA-256 of patient ID and birth date.
        frame: of reference: positions of studies with the same one can be compared.
        acquired: when the acquisition began.
        injected: when the tracer was given.
        dose: activity given, in the header's unit.
    """

    patient: str = ""
    frame: str = ""
    acquired: datetime | None = None
    injected: datetime | None = None
    dose: float | None = None


UNKNOWN = StudyIdentity()
"""Of an image file, or a header that cannot be read: nothing can be compared then."""


def read_identity(path: str | Path, series: str | None = None) -> StudyIdentity:
    """The identity of a study, from the header of its first file.

    Args:
        path: as for :func:`.study.read_study`, which has read it.
        series: of a folder with several.

    Returns:
        :data:`UNKNOWN` of an image file, or where the header cannot be read.
    """
    path = Path(path)
    try:
        with quiet():
            if path.is_dir():
                path = choose(scan(path), series, path).paths[0]
            return identity_of(read_header(path), path) if is_dicom(path) else UNKNOWN
    except InputError:
        return UNKNOWN


def identity_of(dataset: Any, name: object) -> StudyIdentity:
    """The identity that a header states.

    Raises:
        InputError: a value is damaged.
    """
    drug = next(iter(items(dataset, "RadiopharmaceuticalInformationSequence", name)), None)
    acquired = _time(dataset, ("AcquisitionDateTime",), ("AcquisitionDate", "AcquisitionTime"), name)
    dose = None if drug is None else number(drug, "RadionuclideTotalDose", name)
    return StudyIdentity(
        patient=_hashed(dataset, name),
        frame=text(dataset, "FrameOfReferenceUID", name),
        acquired=acquired,
        injected=_injected(dataset, drug, acquired, name),
        dose=dose if dose and dose > 0 else None,
    )


def _hashed(dataset: Any, name: object) -> str:
    """Empty without a patient ID, which alone tells patients apart."""
    number_of, birth = text(dataset, "PatientID", name), text(dataset, "PatientBirthDate", name)
    return hashlib.sha256(f"{number_of}|{birth}".encode()).hexdigest()[:HASH_DIGITS] if number_of else ""


def _injected(dataset: Any, drug: Any, acquired: datetime | None, name: object) -> datetime | None:
    """The start of the radiopharmaceutical; a time without a date is of the day of the acquisition."""
    if drug is None:
        return None
    stated = _time(drug, ("RadiopharmaceuticalStartDateTime",), (), name)
    clock = text(drug, "RadiopharmaceuticalStartTime", name)
    if stated is not None or acquired is None or not clock:
        return stated
    return _parsed(acquired.strftime("%Y%m%d") + clock)


def _time(dataset: Any, whole: tuple[str, ...], parts: tuple[str, ...], name: object) -> datetime | None:
    """A date with its time, from one attribute or from two."""
    for keyword in whole:
        stated = _parsed(str(value_of(dataset, keyword, name) or ""))
        if stated is not None:
            return stated
    found = [text(dataset, keyword, name) for keyword in parts]
    return _parsed("".join(found)) if parts and all(found) else None


def _parsed(digits: str) -> datetime | None:
    """Without fractions of a second and time zone, which do not matter here."""
    plain = digits.split(".")[0].split("+")[0].split("&")[0].strip()
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(plain, form)
        except ValueError:
            continue
    return None
