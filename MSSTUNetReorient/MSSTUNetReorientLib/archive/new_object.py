"""What all new objects have in common: patient, study, series, equipment, and what they were derived from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from .. import __version__
from ..io.dicom_values import value_of
from ..io.messages import reason
from ..io.messages import refuse
from ..io.terminology import Code
from .copied_attributes import EQUIPMENT
from .copied_attributes import FRAME
from .copied_attributes import PATIENT
from .copied_attributes import STUDY
from .copied_attributes import copy_attributes
from .copied_attributes import leave_empty
from .source_study import SourceStudy
from .unique_ids import UniqueIds

MANUFACTURER = "MSSTUNetReorient"
MODEL = "SlicerMSSTUNetReorient"
REFORMATTED = Code("DCM", "113072", "Multiplanar reformatting")
PROCESSED = Code("DCM", "121322", "Source image for image processing operation")
MODIFYING = Code("DCM", "109103", "Modifying Equipment")
HEART = Code("SCT", "80891009", "Heart")
MAX_DESCRIPTION = 64
"""Letters of a SeriesDescription."""


@dataclass(frozen=True)
class NewSeries:
    """A series to be written.

    Attributes:
        uid: SeriesInstanceUID.
        number: SeriesNumber.
        description: SeriesDescription.
        modality: Modality.
    """

    uid: str
    number: int
    description: str
    modality: str


@dataclass(frozen=True)
class Reference:
    """Instances of one series that an object refers to, as pairs of SOP class and instance."""

    series: str
    instances: tuple[tuple[str, str], ...]


def new_object(source: SourceStudy, sop_class: str, series: NewSeries, number: int, ids: UniqueIds) -> Any:
    """An object of a series, with the patient and the study of the source.

    Args:
        source: the patient and the study.
        sop_class: its SOP class.
        series: the series.
        number: InstanceNumber.
        ids: the source of UIDs.
    """
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = ids.new()
    copy_attributes(source.first, ds, (*PATIENT, *STUDY), source.name)
    leave_empty(ds, ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
                     "ReferringPhysicianName", "StudyID", "AccessionNumber"))  # fmt: skip
    ds.Modality, ds.SeriesInstanceUID, ds.SeriesNumber = series.modality, series.uid, series.number
    ds.SeriesDescription, ds.InstanceNumber = series.description[:MAX_DESCRIPTION], number
    if not source.anonymous:
        now = datetime.now()
        ds.InstanceCreationDate, ds.InstanceCreationTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    return ds


def add_frame_of_reference(ds: Any, source: SourceStudy) -> None:
    """The frame of reference of the source."""
    copy_attributes(source.first, ds, FRAME, source.name)
    leave_empty(ds, ("PositionReferenceIndicator",))


def add_acquiring_equipment(ds: Any, source: SourceStudy) -> None:
    """The camera, and this program as what modified its image."""
    copy_attributes(source.first, ds, EQUIPMENT, source.name)
    leave_empty(ds, ("Manufacturer",))
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = coded(MODIFYING)
    add_own_equipment(item)
    ds.ContributingEquipmentSequence = Sequence([item])


def add_own_equipment(ds: Any) -> None:
    """This program as what made the object."""
    ds.Manufacturer, ds.ManufacturerModelName, ds.SoftwareVersions = MANUFACTURER, MODEL, __version__


def add_derivation(ds: Any, source: SourceStudy, description: str) -> None:
    """How the image was derived, and from what."""
    ds.DerivationDescription, ds.DerivationCodeSequence = description, coded(REFORMATTED)
    if source.instances:
        ds.SourceImageSequence = Sequence([referenced(*pair, purpose=PROCESSED) for pair in source.instances])


def add_references(ds: Any, references: Iterable[Reference]) -> None:
    """The series in the same study that an object refers to (Common Instance Reference)."""
    series = [series_reference(reference) for reference in references]
    if series:
        ds.ReferencedSeriesSequence = Sequence(series)


def series_reference(reference: Reference) -> Any:
    """An item that refers to a series."""
    item = Dataset()
    item.SeriesInstanceUID = reference.series
    item.ReferencedInstanceSequence = Sequence([referenced(*pair) for pair in reference.instances])
    return item


def source_references(source: SourceStudy) -> list[Reference]:
    """The source's series; none where it has no UID or there is no source."""
    uid = value_of(source.first, "SeriesInstanceUID", source.name)
    return [Reference(str(uid), tuple(source.instances))] if uid and source.instances else []


def referenced(sop_class: str, instance: str, purpose: Code | None = None) -> Any:
    """An item that refers to an object."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    if purpose is not None:
        item.PurposeOfReferenceCodeSequence = coded(purpose)
    return item


def coded(code: Code) -> Any:
    """A sequence of one code."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme, code.meaning
    return Sequence([item])


def decimal(value: float) -> str:
    """A decimal string of at most 16 letters."""
    text = f"{float(value) + 0.0:.10g}"
    return text if len(text) <= 16 else f"{float(value):.8e}"


def save(ds: Any, path: Path, name: object) -> Path:
    """Write an object as a DICOM file.

    Raises:
        InputError: a value taken over from the source cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        ds.save_as(path, enforce_file_format=True)
    except OSError:
        raise
    except Exception as error:
        refuse(name, f"a value of the header cannot be written ({reason(error)}); export the study again", error)
    return path
