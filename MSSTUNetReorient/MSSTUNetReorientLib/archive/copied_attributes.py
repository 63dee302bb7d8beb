"""The attributes that a new object takes over from its source. Nothing else of a source gets into an object."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from ..io.dicom_values import value_of

PATIENT = ("SpecificCharacterSet", "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
           "OtherPatientIDsSequence", "PatientIdentityRemoved", "DeidentificationMethod",
           "DeidentificationMethodCodeSequence", "PatientAge", "PatientSize", "PatientWeight")  # fmt: skip
STUDY = ("StudyInstanceUID", "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber",
         "IssuerOfAccessionNumberSequence", "StudyDescription", "ProcedureCodeSequence", "TimezoneOffsetFromUTC",
         "LongitudinalTemporalInformationModified")  # fmt: skip
FRAME = ("FrameOfReferenceUID", "PositionReferenceIndicator")
EQUIPMENT = ("Manufacturer", "InstitutionName", "StationName", "ManufacturerModelName", "DeviceSerialNumber",
             "SoftwareVersions")  # fmt: skip
ACQUISITION = ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "ContentDate",
               "ContentTime", "ProtocolName", "BodyPartExamined", "AcquisitionContextSequence",
               "RadiopharmaceuticalInformationSequence", "InterventionDrugInformationSequence",
               "PatientOrientationCodeSequence", "PatientGantryRelationshipCodeSequence",
               "AcquisitionTerminationCondition", "CorrectedImage")  # fmt: skip
"""Of every image, SPECT or PET."""
GATING = ("BeatRejectionFlag", "PVCRejection", "SkipBeats", "HeartRate", "TriggerSourceOrType", "CardiacFramingType")
NUCLEAR = ("CountsAccumulated", "EnergyWindowInformationSequence", "RotationInformationSequence",
           "TypeOfDetectorMotion", "ConvolutionKernel", "ProcessingFunction",
           "AttenuationCorrectionMethod")  # fmt: skip
DETECTOR = ("CollimatorGridName", "CollimatorType", "FocalDistance")
"""Of a detector's item: what says how the study was acquired, and not where its slices lay."""
PET = ("Units", "CountsSource", "SeriesType", "ReprojectionMethod", "SUVType", "RandomsCorrectionMethod",
       "AttenuationCorrectionMethod", "ScatterCorrectionMethod", "DecayCorrection", "ReconstructionMethod",
       "CollimatorType", "EnergyWindowRangeSequence", "ConvolutionKernel", "ActualFrameDuration",
       "FrameReferenceTime", "DecayFactor", "DoseCalibrationFactor", "ScatterFractionFactor",
       "DeadTimeFactor")  # fmt: skip
GATED_PET = ("NominalInterval", "LowRRValue", "HighRRValue", "IntervalsAcquired", "IntervalsRejected", "FrameTime")

REQUIRED_INSIDE = {"RadiopharmaceuticalInformationSequence": ("RadionuclideCodeSequence",)}
"""What an item of a sequence must have (type 2), also without a value."""


def copy_attributes(source: Any, target: Any, keywords: Iterable[str], name: object) -> None:
    """Copy those of the attributes that the source has with a value, sequences without their private and empty parts.

    Raises:
        InputError: one of them is damaged.
    """
    for keyword in keywords:
        if value_of(source, keyword, name) is not None:
            target[keyword] = deepcopy(source[keyword])
            if source[keyword].VR == "SQ":
                for item in target[keyword].value:
                    _clean(item)
                    leave_empty(item, REQUIRED_INSIDE.get(keyword, ()))


def leave_empty(target: Any, keywords: Iterable[str]) -> None:
    """Attributes that must be there (type 2), without a value where they are not."""
    for keyword in keywords:
        if keyword not in target:
            setattr(target, keyword, [] if keyword.endswith("Sequence") else None)


def _clean(item: Any) -> None:
    """Remove private attributes and sequences without items, which no module allows where they are optional."""
    item.remove_private_tags()
    for element in list(item):
        if element.VR == "SQ" and not len(element.value):
            del item[element.tag]
        elif element.VR == "SQ":
            for inner in element.value:
                _clean(inner)
