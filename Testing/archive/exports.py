"""A result on disk and the DICOM study it was made from, for every test of the export. No network is needed.

The study is the shell of ``results.py``: its pose is known. The patient in its header has a name that must not leak.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.output.result_files import deliver
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import generate_uid
from results import make_result
from results import shell

NM, PT = "1.2.840.10008.5.1.4.1.1.20", "1.2.840.10008.5.1.4.1.1.128"
SIZE, SPACING_MM = 35, 4.6
"""Of the short axis: coarser than a real one, so that the tests are quick."""
SHARES = (0.25, 0.15, 0.35, 0.25)
"""Of the counts of four gates."""
SECRETS = ("Secret", "ID-4711", "19510203", "ACC-99", "20240517", "Doctor", "Hospital", "20240518")
"""What stands in the header and must not be in an anonymous object."""


def result_of_study(modality: str = "NM", **info: Any) -> Result:
    """The shell with the short axis that resampling its study gives."""
    made = make_result(modality=modality, quality=Quality("pass"))
    study = replace(made.study, array=counts(made.study), info={**made.study.info, **info})
    grid = Grid.centred(SIZE, SPACING_MM, made.pose)
    labels = Volume(lopsided(made.pose.apply_inverse(grid.points())), grid)
    return replace(made, study=study, short_axis=resample(study, grid), labels=labels)


def lopsided(points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Labels of SA points: the shell with a muscle in its anterolateral quarter, so that no flip goes unseen."""
    labels, muscle = shell(points), (points[..., 0] > 6) & (points[..., 1] < -6)
    return np.where((labels == BLOOD_POOL) & muscle, MYOCARDIUM, labels).astype(np.uint8)


def counts(study: Volume) -> NDArray[np.float32]:
    """Whole numbers that four gates can share."""
    return (np.round(study.array) * 20).astype(np.float32)


def gates_of(study: Volume) -> NDArray[np.uint16]:
    """``(4, K, J, I)`` that add up to the study."""
    return np.stack([study.array * share for share in SHARES]).round().astype(np.uint16)


def write_result(result: Result, folder: Path, *, report: bool = False) -> Path:
    """The folder as ``run`` writes it."""
    deliver(result, folder, scene=False, report=report)
    return folder


def code(value: str, scheme: str, meaning: str) -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return Sequence([item])


def header(sop_class: str, modality: str, study: Volume) -> Dataset:
    """Patient, study, acquisition: what an archive's own objects have."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID = "1.2.826.0.1.3680043.10.1.4711", "1.2.826.0.1.3680043.10.1.4712"
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = "1.2.826.0.1.3680043.10.1.4713", ""
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Secret^Sophie", "ID-4711", "19510203", "F"
    ds.PatientWeight = "71"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20240517"
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = "101500"
    ds.AccessionNumber, ds.StudyID, ds.ReferringPhysicianName = "ACC-99", "S7", "Doctor^Dora"
    ds.InstitutionName, ds.StudyDescription, ds.SeriesDescription = "Hospital", "Heart of Sophie", "Rest Secret"
    ds.Modality, ds.SeriesNumber, ds.InstanceNumber = modality, 3, 1
    ds.Manufacturer, ds.ManufacturerModelName, ds.PatientPosition = "ACME", "NM530c", "HFS"
    drug = Dataset()
    drug.RadionuclideCodeSequence = code("72454008", "SCT", "^99m^Technetium")
    drug.Radiopharmaceutical, drug.RadionuclideTotalDose = "Sestamibi", "740"
    drug.RadiopharmaceuticalStartTime = "091500"
    drug.RadiopharmaceuticalStartDateTime = "20240518091500"
    ds.RadiopharmaceuticalInformationSequence = Sequence([drug])
    ds.AcquisitionContextSequence = Sequence([])
    ds.add_new(0x00091001, "LO", "Secret private")
    ds.Rows, ds.Columns = study.array.shape[1:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelSpacing = [float(study.grid.spacing[1]), float(study.grid.spacing[0])]
    ds.CorrectedImage = ["UNIF", "ATTN"]
    return ds


def nuclear_study(study: Volume, gates: NDArray[np.uint16] | None = None) -> Dataset:
    """An NM object of the study, or of its gates."""
    ds = header(NM, "NM", study)
    frames = study.array.astype(np.uint16) if gates is None else gates.reshape(-1, *gates.shape[2:])
    slices = len(study.array)
    kind = "RECON TOMO" if gates is None else "RECON GATED TOMO"
    ds.ImageType, ds.NumberOfFrames = ["ORIGINAL", "PRIMARY", kind, "EMISSION"], len(frames)
    ds.SpacingBetweenSlices = ds.SliceThickness = float(study.grid.spacing[2])
    ds.SliceVector, ds.NumberOfSlices = np.tile(np.arange(1, slices + 1), len(frames) // slices).tolist(), slices
    ds.NumberOfEnergyWindows = ds.NumberOfDetectors = 1
    ds.CountsAccumulated = 123456
    window, limits = Dataset(), Dataset()
    limits.EnergyWindowLowerLimit, limits.EnergyWindowUpperLimit = "126.5", "154.5"
    window.EnergyWindowRangeSequence, window.EnergyWindowName = Sequence([limits]), "Tc99m"
    ds.EnergyWindowInformationSequence = Sequence([window])
    rotation = Dataset()
    rotation.StartAngle, rotation.AngularStep, rotation.RotationDirection = "315", "3", "CW"
    rotation.ScanArc, rotation.ActualFrameDuration, rotation.NumberOfFramesInRotation = "180", 25000, 60
    ds.RotationInformationSequence = Sequence([rotation])
    if gates is not None:
        ds.TimeSlotVector = np.repeat(np.arange(1, len(gates) + 1), slices).tolist()
        ds.RRIntervalVector, ds.NumberOfRRIntervals = [1] * len(frames), 1
        ds.NumberOfTimeSlots = len(gates)
        interval, gated = Dataset(), Dataset()
        interval.NominalInterval = 900
        gated.DataInformationSequence = Sequence([interval])
        ds.GatedInformationSequence = Sequence([gated])
    detector = Dataset()
    detector.CollimatorType, detector.FocalDistance = "PARA", 0
    detector.ImagePositionPatient = [float(x) for x in study.grid.origin]
    detector.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.DetectorInformationSequence = Sequence([detector])
    ds.PixelData = frames.tobytes()
    return ds


def pet_study(study: Volume, gates: NDArray[np.uint16] | None = None) -> list[Dataset]:
    """A PET series of the study, or of its gates."""
    stack = study.array[None].astype(np.uint16) if gates is None else gates
    series = []
    for slot, counts_of_gate in enumerate(stack):
        for place, image in enumerate(counts_of_gate):
            ds = header(PT, "PT", study)
            ds.ImageType, ds.SeriesType = ["ORIGINAL", "PRIMARY"], ["STATIC" if gates is None else "GATED", "IMAGE"]
            ds.Units, ds.CountsSource, ds.DecayCorrection = "CNTS", "EMISSION", "NONE"
            ds.FrameReferenceTime, ds.ActualFrameDuration, ds.CollimatorType = 1000, 600000, "NONE"
            ds.RescaleSlope, ds.RescaleIntercept = 1, 0
            ds.NumberOfSlices, ds.ImageIndex = len(study.array), slot * len(study.array) + place + 1
            ds.InstanceNumber, ds.SliceThickness = ds.ImageIndex, float(study.grid.spacing[2])
            ds.ImagePositionPatient = [float(x) for x in study.grid.at([0, 0, place])]
            ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            if gates is not None:
                ds.NumberOfTimeSlots, ds.NumberOfRRIntervals, ds.NominalInterval = len(gates), 1, 900
                ds.BeatRejectionFlag, ds.FrameTime, ds.TriggerTime = "N", 225, slot * 225
            ds.PixelData = image.tobytes()
            series.append(ds)
    return series


def enhanced_pet_study(study: Volume) -> Dataset:
    """One Enhanced PET object of the study; its geometry is in functional groups."""
    ds = header("1.2.840.10008.5.1.4.1.1.130", "PT", study)
    ds.ImageType, ds.NumberOfFrames = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], len(study.array)
    shared, measures, orientation, groups = Dataset(), Dataset(), Dataset(), []
    measures.PixelSpacing, orientation.ImageOrientationPatient = ds.PixelSpacing, [1, 0, 0, 0, 1, 0]
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = Sequence([measures]), Sequence([orientation])
    for place in range(len(study.array)):
        group, plane, rescale = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = [float(x) for x in study.grid.at([0, 0, place])]
        rescale.RescaleSlope, rescale.RescaleIntercept = 1, 0
        group.PlanePositionSequence, group.PixelValueTransformationSequence = Sequence([plane]), Sequence([rescale])
        groups.append(group)
    ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = Sequence([shared]), Sequence(groups)
    del ds.PixelSpacing
    ds.PixelData = study.array.astype(np.uint16).tobytes()
    return ds


def save(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def save_series(series: list[Dataset], folder: Path) -> Path:
    for number, ds in enumerate(series):
        save(ds, folder / f"{number:04d}.dcm")
    return folder
