"""The report as DICOM objects: its pages as secondary captures in true colour, and all of it as encapsulated PDF.

No page shows the patient: a viewer takes name and ID from the header.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..io.terminology import Code
from .copied_attributes import copy_attributes
from .new_object import PROCESSED
from .new_object import NewSeries
from .new_object import Reference
from .new_object import add_own_equipment
from .new_object import add_references
from .new_object import coded
from .new_object import new_object
from .new_object import referenced
from .source_study import SourceStudy
from .unique_ids import UniqueIds

CAPTURE_STORAGE, PDF_STORAGE = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.104.1"
CAPTURE_MODALITY, PDF_MODALITY = "OT", "DOC"
WORKSTATION = "WSD"
"""ConversionType of what a workstation made."""
BODY_PART = "HEART"
TITLE = "Left ventricle: reorientation, segmentation and perfusion"
REPORT_TYPE = Code("LN", "18748-4", "Diagnostic imaging study")


def capture_object(
    page: NDArray[np.uint8],
    number: int,
    source: SourceStudy,
    series: NewSeries,
    ids: UniqueIds,
    references: Sequence[Reference],
) -> Any:
    """A page as a picture.

    Args:
        page: ``(rows, columns, 3)`` RGB.
        number: of the page, from 1.
        source: the patient and the study.
        series: the series of all pages.
        ids: the source of UIDs.
        references: the series that the report is about.
    """
    ds = new_object(source, CAPTURE_STORAGE, series, number, ids)
    add_own_equipment(ds)
    _add_times(ds, source)
    ds.ImageType, ds.ConversionType = ["DERIVED", "SECONDARY"], WORKSTATION
    ds.PatientOrientation, ds.BurnedInAnnotation = None, "NO"
    ds.Rows, ds.Columns = page.shape[:2]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.BitsAllocated = ds.BitsStored = 8
    ds.HighBit, ds.PixelRepresentation = 7, 0
    ds.BodyPartExamined = BODY_PART
    ds.SourceImageSequence = [referenced(*pair, purpose=PROCESSED) for one in references for pair in one.instances]
    add_references(ds, references)
    ds.PixelData = _even(np.ascontiguousarray(page, np.uint8).tobytes())
    return ds


def pdf_object(
    pdf: bytes, source: SourceStudy, series: NewSeries, ids: UniqueIds, references: Sequence[Reference]
) -> Any:
    """The report as a document; arguments as for :func:`capture_object`."""
    ds = new_object(source, PDF_STORAGE, series, 1, ids)
    add_own_equipment(ds)
    _add_times(ds, source)
    copy_attributes(source.first, ds, ("AcquisitionDateTime",), source.name)
    if "AcquisitionDateTime" not in ds:
        ds.AcquisitionDateTime = None
    ds.ConversionType, ds.BurnedInAnnotation, ds.VerificationFlag = WORKSTATION, "NO", "UNVERIFIED"
    ds.DocumentTitle, ds.ConceptNameCodeSequence = TITLE, coded(REPORT_TYPE)
    ds.SourceInstanceSequence = [referenced(*pair) for one in references for pair in one.instances]
    ds.MIMETypeOfEncapsulatedDocument = "application/pdf"
    ds.EncapsulatedDocument, ds.EncapsulatedDocumentLength = _even(pdf), len(pdf)
    return ds


def _add_times(ds: Any, source: SourceStudy) -> None:
    """When the report was made; of an anonymous one that would tell when the patient was examined."""
    if source.anonymous:
        ds.ContentDate = ds.ContentTime = None
        copy_attributes(source.first, ds, ("ContentDate", "ContentTime"), source.name)
    else:
        now = datetime.now()
        ds.ContentDate, ds.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")


def _even(content: bytes) -> bytes:
    """A value of a DICOM element has an even number of bytes."""
    return content + b"\0" * (len(content) % 2)
