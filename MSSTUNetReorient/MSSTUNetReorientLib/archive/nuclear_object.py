"""A view as a DICOM NM object: RECON TOMO, or RECON GATED TOMO with all gates at one pose (PS3.3 A.5)."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from ..io.dicom_values import items
from ..io.dicom_values import number
from ..io.gated_study import stated_interval_ms
from ..io.study import NUCLEAR as NUCLEAR_STORAGE
from .copied_attributes import ACQUISITION
from .copied_attributes import DETECTOR
from .copied_attributes import GATING
from .copied_attributes import NUCLEAR
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
from .oblique_views import IMAGE_IDS
from .oblique_views import PROGRESSION
from .oblique_views import ObliqueView
from .patient_position import add_patient_position
from .source_study import SourceStudy
from .stored_counts import stored
from .unique_ids import UniqueIds

UNGATED, GATED = "RECON TOMO", "RECON GATED TOMO"
R_R_INTERVALS, TIME_SLOTS, SLICES = (Tag(word) for word in ("RRIntervalVector", "TimeSlotVector", "SliceVector"))
ROTATION_NEEDS = ("StartAngle", "AngularStep", "RotationDirection", "ScanArc", "ActualFrameDuration",
                  "NumberOfFramesInRotation")  # fmt: skip
"""Type 1 of an item of RotationInformationSequence; an item without them is left out, for none can be made up."""


def nuclear_object(
    view: ObliqueView, source: SourceStudy, series: NewSeries, ids: UniqueIds, *, description: str, window: int = 1
) -> Any:
    """The object.

    Args:
        view: counts and geometry.
        source: what the acquisition is taken over from.
        series: the new series.
        ids: the source of UIDs.
        description: how the view was derived.
        window: the energy window that was read, from 1.

    Raises:
        InputError: the source's header is damaged.
    """
    name, header = source.name, source.first
    ds = new_object(source, NUCLEAR_STORAGE, series, 1, ids)
    ds.ImageType = ["DERIVED", "PRIMARY", GATED if view.gated else UNGATED, "EMISSION"]
    copy_attributes(header, ds, (*ACQUISITION, *NUCLEAR), name)
    add_frame_of_reference(ds, source)
    add_acquiring_equipment(ds, source)
    add_patient_position(ds, header, name)
    leave_empty(ds, ("CountsAccumulated", "EnergyWindowInformationSequence", "RadiopharmaceuticalInformationSequence",
                     "AcquisitionContextSequence"))  # fmt: skip
    _add_energy_window(ds, window, name)
    _add_rotation(ds, name)
    _add_frames(ds, view)
    if view.gated:
        _add_gates(ds, view, header, name)
    _add_detector(ds, view, header, name)
    ds.AnatomicRegionSequence, ds.ImageID = coded(HEART), IMAGE_IDS[view.name]
    ds.SpacingBetweenSlices = ds.SliceThickness = decimal(view.grid.spacing[2])
    ds.SliceProgressionDirection = PROGRESSION[view.name]
    add_derivation(ds, source, description)
    add_references(ds, source_references(source))
    _add_pixels(ds, view)
    return ds


def _add_energy_window(ds: Any, window: int, name: str) -> None:
    """Only the window that was read is in the object."""
    found = items(ds, "EnergyWindowInformationSequence", name)
    if len(found) > 1:
        ds.EnergyWindowInformationSequence = Sequence(found[window - 1 : window])
    ds.NumberOfEnergyWindows = 1


def _add_rotation(ds: Any, name: str) -> None:
    found = items(ds, "RotationInformationSequence", name)
    complete = [item for item in found if all(_has_value(item, key) for key in ROTATION_NEEDS)]
    ds.RotationInformationSequence = Sequence(complete)
    ds.NumberOfRotations = max(len(complete), 1)


def _has_value(item: Any, keyword: str) -> bool:
    """Whether an item has an attribute with a value."""
    return str(item.get(keyword, "")).strip() not in ("", "None")


def _add_frames(ds: Any, view: ObliqueView) -> None:
    """Slices run from the first to the last within each gate."""
    gates = len(view.counts)
    ds.NumberOfFrames, ds.NumberOfSlices, ds.NumberOfDetectors = gates * view.slices, view.slices, 1
    ds.SliceVector = np.tile(np.arange(1, view.slices + 1), gates).tolist()
    ds.FrameIncrementPointer = SLICES


def _add_gates(ds: Any, view: ObliqueView, header: Any, name: str) -> None:
    gates = len(view.counts)
    ds.NumberOfRRIntervals, ds.NumberOfTimeSlots = 1, gates
    ds.RRIntervalVector = [1] * (gates * view.slices)
    ds.TimeSlotVector = np.repeat(np.arange(1, gates + 1), view.slices).tolist()
    ds.FrameIncrementPointer = [R_R_INTERVALS, TIME_SLOTS, SLICES]
    copy_attributes(header, ds, (*GATING, "GatedInformationSequence"), name)
    found = items(ds, "GatedInformationSequence", name)
    gated = found[0] if found else Dataset()
    parts = items(gated, "DataInformationSequence", name)
    interval = stated_interval_ms(header, name)
    if not parts and interval:
        parts = [Dataset()]
        parts[0].NominalInterval = round(interval)
    for part in parts:
        if number(part, "FrameTime", name) is None and interval:
            part.FrameTime = decimal(interval / gates)
    timed = [part for part in parts[:1] if number(part, "FrameTime", name) is not None]
    gated.DataInformationSequence = Sequence(timed)
    ds.GatedInformationSequence = Sequence([gated])


def _add_detector(ds: Any, view: ObliqueView, header: Any, name: str) -> None:
    """The one detector, whose item has the place of the first slice and the view."""
    found = items(header, "DetectorInformationSequence", name)
    item = Dataset()
    if found:
        copy_attributes(found[0], item, DETECTOR, name)
    leave_empty(item, ("CollimatorType", "FocalDistance"))
    item.ImagePositionPatient = [decimal(x) for x in view.grid.origin]
    item.ImageOrientationPatient = [decimal(x) for x in view.orientation]
    item.ViewCodeSequence = coded(view.code)
    ds.DetectorInformationSequence = Sequence([item])


def _add_pixels(ds: Any, view: ObliqueView) -> None:
    counts = stored(view.counts)
    ds.Rows, ds.Columns = counts.pixels.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelSpacing = [decimal(view.grid.spacing[1]), decimal(view.grid.spacing[0])]
    if counts.slope != 1.0:
        ds.RescaleSlope, ds.RescaleIntercept = decimal(counts.slope), 0
    peak = int(counts.pixels.max())
    ds.WindowCenter, ds.WindowWidth = decimal(peak / 2), decimal(max(peak, 1))
    ds.PixelData = np.ascontiguousarray(counts.pixels, "<u2").tobytes()
