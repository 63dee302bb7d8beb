"""A view as a DICOM PET series: one oblique image per slice and gate (PS3.3 A.21)."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from ..io.dicom_values import number
from ..io.dicom_values import value_of
from .copied_attributes import ACQUISITION
from .copied_attributes import GATED_PET
from .copied_attributes import GATING
from .copied_attributes import PET
from .copied_attributes import copy_attributes
from .copied_attributes import leave_empty
from .new_object import HEART
from .new_object import NewSeries
from .new_object import add_acquiring_equipment
from .new_object import add_derivation
from .new_object import add_frame_of_reference
from .new_object import add_references
from .new_object import coded
from .new_object import decimal
from .new_object import new_object
from .new_object import source_references
from .oblique_views import PROGRESSION
from .oblique_views import ObliqueView
from .patient_position import add_patient_position
from .source_study import SourceStudy
from .stored_counts import StoredCounts
from .stored_counts import stored
from .unique_ids import UniqueIds

PET_STORAGE = "1.2.840.10008.5.1.4.1.1.128"
NEUTRAL = {
    "CountsSource": "EMISSION",
    "Units": "PROPCNTS",
    "DecayCorrection": "NONE",
    "FrameReferenceTime": 0,
}
"""What PET requires (type 1), where the source lacks it: the value that claims least."""
OWN = ("SOPInstanceUID", "InstanceNumber")
"""What every image has a value of its own for."""
INSTEAD = {
    "SeriesDate": ("AcquisitionDate", "StudyDate"),
    "SeriesTime": ("AcquisitionTime", "StudyTime"),
}
"""The same for what another attribute can stand for."""


def pet_objects(
    view: ObliqueView, source: SourceStudy, series: NewSeries, ids: UniqueIds, *, description: str, summed: bool = False
) -> Iterator[Any]:
    """The images of the series, gate by gate and slice by slice.

    Args:
        view, source, series, ids, description: as for :func:`.nuclear_object.nuclear_object`.
        summed: time frames were summed, so that the length of one of them says nothing.

    Raises:
        InputError: the source's header is damaged.
    """
    counts = stored(view.counts)
    for gate in range(len(view.counts)):
        common = _common(view, gate, source.part(gate, len(view.counts)), series, ids, description)
        if summed:
            common.ActualFrameDuration = None
        for place in range(view.slices):
            yield _image(common, view, counts, gate, place, ids)


def _common(
    view: ObliqueView, gate: int, source: SourceStudy, series: NewSeries, ids: UniqueIds, description: str
) -> Any:
    """What all images of a gate have in common."""
    name, header = source.name, source.first
    ds = new_object(source, PET_STORAGE, series, 1, ids)
    ds.ImageType = ["DERIVED", "PRIMARY"]
    copy_attributes(header, ds, (*ACQUISITION, *PET), name)
    add_frame_of_reference(ds, source)
    add_acquiring_equipment(ds, source)
    add_patient_position(ds, header, name)
    _fill(ds, header, name)
    leave_empty(ds, ("RadiopharmaceuticalInformationSequence", "CollimatorType", "CorrectedImage", "AcquisitionDate",
                     "AcquisitionTime", "ActualFrameDuration", "AcquisitionContextSequence"))  # fmt: skip
    ds.SeriesType = ["GATED" if view.gated else "STATIC", "IMAGE"]
    ds.NumberOfSlices = view.slices
    if view.gated:
        _add_gate(ds, view, gate, header, name)
    ds.AnatomicRegionSequence, ds.ViewCodeSequence = coded(HEART), coded(view.code)
    ds.SliceProgressionDirection = PROGRESSION[view.name]
    ds.SliceThickness = ds.SpacingBetweenSlices = decimal(view.grid.spacing[2])
    ds.ImageOrientationPatient = [decimal(x) for x in view.orientation]
    add_derivation(ds, source, description)
    add_references(ds, source_references(source))
    return ds


def _image(common: Any, view: ObliqueView, counts: StoredCounts, gate: int, place: int, ids: UniqueIds) -> Any:
    """One image; it shares the elements of all images, and has new ones for its own."""
    ds = Dataset()
    for element in common:
        if element.keyword not in OWN:
            ds.add(element)
    ds.file_meta = deepcopy(common.file_meta)
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = ids.new()
    ds.InstanceNumber = ds.ImageIndex = gate * view.slices + place + 1
    ds.ImagePositionPatient = [decimal(x) for x in view.grid.at([0, 0, place])]
    _add_pixels(ds, view, counts, gate, place)
    return ds


def _fill(ds: Any, header: Any, name: str) -> None:
    """What PET requires and the source lacks."""
    for keyword, others in INSTEAD.items():
        found = next((value for other in others if (value := value_of(header, other, name)) is not None), None)
        if keyword not in ds and found is not None:
            setattr(ds, keyword, found)
    for keyword, value in NEUTRAL.items():
        if keyword not in ds:
            setattr(ds, keyword, value)


def _add_gate(ds: Any, view: ObliqueView, gate: int, header: Any, name: str) -> None:
    copy_attributes(header, ds, (*GATING, *GATED_PET), name)
    leave_empty(ds, ("BeatRejectionFlag",))
    gates = len(view.counts)
    ds.NumberOfRRIntervals, ds.NumberOfTimeSlots = 1, gates
    length = number(header, "FrameTime", name) or (number(header, "NominalInterval", name) or 0.0) / gates
    ds.FrameTime, ds.TriggerTime = decimal(length), decimal(gate * length)


def _add_pixels(ds: Any, view: ObliqueView, counts: StoredCounts, gate: int, place: int) -> None:
    pixels = counts.pixels[gate, place]
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelSpacing = [decimal(view.grid.spacing[1]), decimal(view.grid.spacing[0])]
    ds.RescaleSlope, ds.RescaleIntercept = decimal(counts.slope), 0
    ds.PixelData = np.ascontiguousarray(pixels, "<u2").tobytes()
