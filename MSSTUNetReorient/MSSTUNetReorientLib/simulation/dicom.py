"""Simulated studies as DICOM: an NM object (RECON TOMO, RECON GATED TOMO) or a PET series. No patient in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import generate_uid

from ..geometry.volume import Grid

Counts = NDArray[np.uint16]

NM = "1.2.840.10008.5.1.4.1.1.20"
PT = "1.2.840.10008.5.1.4.1.1.128"
DATE, TIME = "20000101", "120000"
"""Viewers want some; no simulated study was acquired at any."""
BEAT_MS = 1000
"""Length of a simulated heart beat."""
MANUFACTURER = "MSSTUNetReorient simulator"


def write_nuclear(
    counts: Counts, gates: Counts | None, grid: Grid, folder: Path, seed: int, phase: str = ""
) -> list[Path]:
    """One multi-frame NM object.

    Args:
        counts: ``(K, J, I)``; gates: ``(G, K, J, I)`` of a gated study, which is then written instead.
        grid: axes along LPS.
        folder: is made.
        seed: the identifiers follow from it; patient, study and frame of reference are those of its partner.
        phase: "stress" or "rest", as the series is then called; empty for a study without a partner.

    Returns:
        The file.
    """
    frames = counts if gates is None else gates.reshape(-1, *gates.shape[2:])
    slices = np.tile(np.arange(1, len(counts) + 1), 1 if gates is None else len(gates))
    ds = _dataset(NM, "NM", frames, grid, seed, phase)
    kind = "RECON TOMO" if gates is None else "RECON GATED TOMO"
    ds.ImageType = ["DERIVED", "PRIMARY", kind, "EMISSION"]
    ds.NumberOfFrames = len(frames)
    ds.SliceThickness = ds.SpacingBetweenSlices = _ds(grid.spacing[2])
    ds.SliceVector, ds.NumberOfSlices = slices.tolist(), len(counts)
    ds.FrameIncrementPointer = [0x00540080]
    if gates is not None:
        ds.TimeSlotVector = np.repeat(np.arange(1, len(gates) + 1), len(counts)).tolist()
        ds.RRIntervalVector = [1] * len(frames)
        ds.NumberOfTimeSlots, ds.NumberOfRRIntervals = len(gates), 1
        ds.FrameIncrementPointer = [0x00540060, 0x00540070, 0x00540080]
    detector = Dataset()
    detector.ImagePositionPatient = [_ds(x) for x in grid.origin]
    detector.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    ds.DetectorInformationSequence = Sequence([detector])
    ds.NumberOfDetectors, ds.NumberOfEnergyWindows = 1, 1
    return [_save(ds, folder / "study.dcm")]


def write_pet(counts: Counts, gates: Counts | None, grid: Grid, folder: Path, seed: int, phase: str = "") -> list[Path]:
    """A PET series, static or gated, one file per image; arguments as :func:`write_nuclear`."""
    shown = counts[None] if gates is None else gates
    deep = len(counts)
    files = []
    for number, frame in enumerate(shown.reshape(-1, *counts.shape[1:])):
        slot, place = divmod(number, deep)
        ds = _dataset(PT, "PT", frame[None], grid, seed, phase, number)
        ds.ImageType = ["ORIGINAL", "PRIMARY"]
        ds.SeriesType, ds.Units, ds.CountsSource = ["STATIC", "IMAGE"], "PROPCNTS", "EMISSION"
        ds.DecayCorrection, ds.AttenuationCorrectionMethod = "START", "simulated"
        ds.NumberOfSlices, ds.ImageIndex, ds.InstanceNumber = deep, number + 1, number + 1
        ds.SliceThickness = _ds(grid.spacing[2])
        ds.ImagePositionPatient = [_ds(x) for x in grid.at([0, 0, place])]
        ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        ds.RescaleSlope, ds.RescaleIntercept = 1, 0
        if gates is not None:
            _gate(ds, slot, len(gates))
        files.append(_save(ds, folder / f"image_{number + 1:04d}.dcm"))
    return files


def _gate(ds: Dataset, slot: int, gates: int) -> None:
    """What makes an image one of a gated series (PS3.3 C.8.9.1, C.8.9.3)."""
    ds.SeriesType = ["GATED", "IMAGE"]
    ds.NumberOfTimeSlots, ds.NumberOfRRIntervals = gates, 1
    ds.FrameTime, ds.TriggerTime = _ds(BEAT_MS / gates), _ds(slot * BEAT_MS / gates)
    ds.NominalInterval, ds.BeatRejectionFlag = BEAT_MS, "N"


def _ds(value: float) -> str:
    """A decimal string of at most 16 characters."""
    return f"{float(value):.10g}"


def _dataset(
    sop_class: str, modality: str, frames: Counts, grid: Grid, seed: int, phase: str, number: int = 0
) -> Dataset:
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    series = f"{modality} {phase}".strip()
    instance = _uid(seed, f"{series} image {number}")
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = instance
    ds.StudyInstanceUID, ds.SeriesInstanceUID = _uid(seed, "study"), _uid(seed, f"{series} series")
    ds.FrameOfReferenceUID, ds.PositionReferenceIndicator = _uid(seed, "frame"), ""
    _identify(ds, modality, seed)
    ds.SeriesDescription = f"simulated {series}"
    ds.Rows, ds.Columns = frames.shape[-2:]
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, 0
    ds.PixelSpacing = [_ds(grid.spacing[1]), _ds(grid.spacing[0])]
    ds.PixelData = np.ascontiguousarray(frames, dtype="<u2").tobytes()
    return ds


def _identify(ds: Dataset, modality: str, seed: int) -> None:
    ds.Modality, ds.Manufacturer, ds.ManufacturerModelName = modality, MANUFACTURER, "simulated"
    ds.PatientName, ds.PatientID = "Simulated^Study", f"SIM{seed}"
    ds.PatientBirthDate, ds.PatientSex, ds.PatientPosition = "", "", "HFS"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = DATE
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = TIME
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber, ds.AccessionNumber = "1", 1, 1, ""
    ds.ReferringPhysicianName = ""


def _uid(seed: int, what: str) -> Any:
    return generate_uid(entropy_srcs=[MANUFACTURER, str(seed), what])


def _save(ds: Dataset, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path
