"""Hand-made DICOM studies: small, with known voxels at known places, and a patient whose name must not leak."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import generate_uid

NM = "1.2.840.10008.5.1.4.1.1.20"
PT = "1.2.840.10008.5.1.4.1.1.128"
ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"

PERSONAL = {
    "PatientName": "Secret^Sophie",
    "PatientID": "ID-4711",
    "PatientBirthDate": "19510203",
    "AccessionNumber": "ACC-99",
    "SeriesDescription": "Rest of Sophie",
}
ROWS, COLUMNS, SLICES = 30, 32, 28
POSITION = [-60.0, -50.0, 400.0]
AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def counts(frames: int, seed: int = 0) -> np.ndarray:
    """``(frames, ROWS, COLUMNS)`` uint16."""
    return np.random.default_rng(seed).integers(1, 500, (frames, ROWS, COLUMNS)).astype(np.uint16)


def dataset(sop_class: str, modality: str, pixels: np.ndarray, **attributes: Any) -> Dataset:
    """A complete data set with one or several frames; ``None`` removes an attribute."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = sop_class
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = generate_uid()
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.SeriesNumber = generate_uid(), generate_uid(), 1
    ds.Modality, ds.PatientPosition = modality, "HFS"
    ds.Rows, ds.Columns = pixels.shape[-2:]
    if pixels.ndim == 3:
        ds.NumberOfFrames = len(pixels)
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.BitsAllocated = ds.BitsStored = 16
    ds.HighBit, ds.PixelRepresentation = 15, int(pixels.dtype == np.int16)
    ds.PixelSpacing = [4.5, 4.0]
    ds.PixelData = pixels.tobytes()
    for keyword, value in (PERSONAL | attributes).items():
        if value is not None:
            setattr(ds, keyword, value)
        elif keyword in ds:
            delattr(ds, keyword)
    return ds


def nuclear(kind: str = "RECON TOMO", pixels: np.ndarray | None = None, **attributes: Any) -> Dataset:
    """An NM object; geometry in the detector's item, 4.25 mm from slice to slice."""
    pixels = counts(SLICES) if pixels is None else pixels
    detector = Dataset()
    detector.ImagePositionPatient = attributes.pop("ImagePositionPatient", POSITION)
    detector.ImageOrientationPatient = attributes.pop("ImageOrientationPatient", AXIAL)
    defaults = {
        "ImageType": ["ORIGINAL", "PRIMARY", kind, "EMISSION"],
        "SpacingBetweenSlices": 4.25,
        "SliceThickness": 9.0,
        "SliceVector": list(range(1, len(pixels) + 1)),
        "DetectorInformationSequence": Sequence([detector]),
    }
    return dataset(NM, "NM", pixels, **(defaults | attributes))


def gated(gates: int = 4, **attributes: Any) -> tuple[Dataset, np.ndarray]:
    """A gated NM object and its counts ``(gates, SLICES, ROWS, COLUMNS)``."""
    pixels = counts(gates * SLICES)
    defaults = {
        "TimeSlotVector": np.repeat(np.arange(1, gates + 1), SLICES).tolist(),
        "SliceVector": np.tile(np.arange(1, SLICES + 1), gates).tolist(),
        "RRIntervalVector": [1] * (gates * SLICES),
        "NumberOfTimeSlots": gates,
    }
    ds = nuclear("RECON GATED TOMO", pixels, **(defaults | attributes))
    return ds, pixels.reshape(gates, SLICES, ROWS, COLUMNS)


def pet_series(slices: int = 28, step: float = 4.5, **attributes: Any) -> tuple[list[Dataset], np.ndarray]:
    """A PET series from the feet up, with a slope of its own for each slice, and its true values."""
    pixels = counts(slices)
    slopes = 0.5 + 0.25 * np.arange(slices)
    common = {"SeriesInstanceUID": generate_uid(), "StudyInstanceUID": generate_uid(), "SeriesNumber": 3}
    series = []
    for n, image in enumerate(pixels):
        place = {"ImagePositionPatient": [POSITION[0], POSITION[1], POSITION[2] + n * step]}
        values = {"ImageOrientationPatient": AXIAL, "RescaleSlope": float(slopes[n]), "RescaleIntercept": 0.0}
        series.append(dataset(PT, "PT", image, **(common | place | values | attributes)))
    return series, pixels * slopes[:, None, None]


def enhanced_pet() -> tuple[Dataset, np.ndarray]:
    """One multi-frame Enhanced PET object, frames from the head down, and its values from the feet up."""
    pixels = counts(SLICES)
    groups = []
    for n in range(SLICES):
        group, plane, rescale = Dataset(), Dataset(), Dataset()
        plane.ImagePositionPatient = [POSITION[0], POSITION[1], POSITION[2] - n * 4.5]
        rescale.RescaleSlope, rescale.RescaleIntercept = 1.0 + n, 0.0
        group.PlanePositionSequence = Sequence([plane])
        group.PixelValueTransformationSequence = Sequence([rescale])
        groups.append(group)
    shared, measures, orientation = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [4.5, 4.0]
    orientation.ImageOrientationPatient = AXIAL
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([orientation])
    functional = {
        "SharedFunctionalGroupsSequence": Sequence([shared]),
        "PerFrameFunctionalGroupsSequence": Sequence(groups),
        "PixelSpacing": None,
    }
    values = pixels * (1.0 + np.arange(SLICES))[:, None, None]
    return dataset(ENHANCED_PET, "PT", pixels, **functional), values[::-1]


def save(ds: Dataset, path: Path) -> Path:
    """Write one object."""
    path.parent.mkdir(parents=True, exist_ok=True)
    ds.save_as(path, enforce_file_format=True)
    return path


def save_series(series: list[Dataset], folder: Path, seed: int = 5) -> Path:
    """Write a series under shuffled names."""
    for name, ds in zip(np.random.default_rng(seed).permutation(len(series)), series, strict=True):
        save(ds, folder / f"IM{seed}_{name:04d}")
    return folder
