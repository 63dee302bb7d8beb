"""One DICOM file: its header, and its frames as counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian
from pydicom.uid import ExplicitVRBigEndian
from pydicom.uid import ExplicitVRLittleEndian
from pydicom.uid import ImplicitVRLittleEndian

from ..errors import InputError
from ..geometry.volume import MAX_SIZE
from ..geometry.volume import MAX_VOXELS
from .dicom_values import number
from .dicom_values import value_of
from .dicom_values import whole
from .messages import reason
from .messages import refuse
from .sitk_files import plain_folder
from .sitk_files import read_image

PREAMBLE = 128
"""Bytes before the letters DICM."""
BARE_STARTS = (b"\x02\x00", b"\x08\x00")
"""Little-endian groups with which a file without preamble begins."""
PLAIN_SYNTAXES = (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
"""Transfer syntaxes with uncompressed pixels."""
ALLOCATED, LEAST_BITS = (8, 16, 32), 8
"""Bits of a pixel, and how many of them counts take at least."""
GREY_FRAMES = "1.2.840.10008.5.1.4.1.1.7.3"
"""Multi-frame Grayscale Word Secondary Capture: frames without any meaning."""


def is_dicom(path: Path) -> bool:
    """Whether a file has the DICOM prefix, or starts as a data set without preamble.

    Raises:
        InputError: the file cannot be opened or is empty.
    """
    try:
        with path.open("rb") as file:
            start = file.read(PREAMBLE + 4)
    except OSError as error:
        refuse(path, f"the file cannot be opened ({error.strerror}); check its permissions", error)
    if not start:
        refuse(path, "the file is empty (0 bytes); copy or export it again")
    return start[PREAMBLE:] == b"DICM" or _begins_as_data_set(start)


def is_dicom_file(path: Path) -> bool:
    """Whether there is a regular file that is DICOM; False also where it is empty or cannot be opened."""
    try:
        return path.is_file() and is_dicom(path)
    except InputError:
        return False


def _begins_as_data_set(start: bytes) -> bool:
    """Whether bytes begin with an element of group 2 or 8: explicit with its two letters, or implicit and short."""
    if start[:2] not in BARE_STARTS or len(start) < 8:
        return False
    explicit = start[4:6].isalpha() and start[4:6].isupper()
    return explicit or int.from_bytes(start[4:8], "little") <= PREAMBLE


def read_header(path: Path, tags: list[str] | None = None) -> Any:
    """The header without pixels, as a pydicom ``Dataset``; only ``tags`` when given."""
    return _read(path, stop_before_pixels=True, specific_tags=tags)


def read_dataset(path: Path) -> Any:
    """Header and pixels, as a pydicom ``Dataset`` with its transfer syntax."""
    dataset = _read(path)
    if "TransferSyntaxUID" not in dataset.file_meta:  # a bare data set is not compressed
        implicit, _ = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return dataset


def _read(path: Path, **options: Any) -> Any:
    try:
        return pydicom.dcmread(path, force=True, **options)
    except Exception as error:
        refuse(path, f"the DICOM file is damaged ({reason(error)}); copy or export it again", error)


def read_frames(dataset: Any, path: Path, *, rescaled: bool = True) -> NDArray[np.float32]:
    """The stored frames ``(N, rows, columns)`` as counts, where padding is none.

    Args:
        dataset: with its pixel data.
        path: for messages.
        rescaled: apply the rescale of the whole object.

    Raises:
        InputError: colour images, absurd sizes, or pixel data that are absent, truncated or in an unknown compression.
    """
    if whole(dataset, "SamplesPerPixel", path, 1) != 1:
        refuse(path, "counts must be grey values, but this is a colour image; give the reconstructed images")
    rows, columns = (whole(dataset, keyword, path) for keyword in ("Rows", "Columns"))
    count = whole(dataset, "NumberOfFrames", path, 1)
    if min(rows, columns, count) < 1 or max(rows, columns) > MAX_SIZE or rows * columns * count > MAX_VOXELS:
        rule = f"frames must have 1 to {MAX_SIZE} rows and columns, and {MAX_VOXELS} voxels in all"
        refuse(path, f"{rule}, but found {count} of {rows} x {columns}; export it again")
    bits, used = whole(dataset, "BitsAllocated", path), whole(dataset, "BitsStored", path)
    if bits not in ALLOCATED or not LEAST_BITS <= used <= bits:
        refuse(path, f"a pixel must have {ALLOCATED} bits, at least {LEAST_BITS} of them in use; export it again")
    if not isinstance(value_of(dataset, "PixelData", path), bytes):
        refuse(path, "the object has no pixel data (counts must be whole numbers in PixelData); export it again")
    if dataset.file_meta.TransferSyntaxUID in PLAIN_SYNTAXES:
        _check_length(dataset, rows * columns * count * bits // 8, path)
    stored = _stored_frames(dataset, path)
    if stored.size != rows * columns * count:
        refuse(path, f"{count} frames of {rows} x {columns} are needed, but the pixel data have {stored.size} values")
    stored = stored.reshape(count, rows, columns)
    slope, intercept = rescale_of(dataset, path) if rescaled else (1.0, 0.0)
    padding = _padding(dataset, 2**bits, path)
    counts = np.empty(stored.shape, np.float32)
    for out, frame in zip(counts, stored, strict=True):  # one by one: all of them as float64 would not fit
        out[:] = frame.astype(np.float64) * slope + intercept
        if padding is not None:
            unsigned = frame.astype(np.int64) % 2**bits
            out[(unsigned >= padding[0]) & (unsigned <= padding[1])] = 0.0
    return counts


def rescale_of(dataset: Any, name: object) -> tuple[float, float]:
    """RescaleSlope and RescaleIntercept, 1 and 0 where they are absent.

    Raises:
        InputError: a slope that is not positive.
    """
    slope, intercept = number(dataset, "RescaleSlope", name), number(dataset, "RescaleIntercept", name)
    if slope is not None and slope <= 0:
        refuse(name, f"the DICOM attribute RescaleSlope must be positive, but found {slope:g}; export it again")
    return (1.0 if slope is None else slope), (intercept or 0.0)


def _padding(dataset: Any, levels: int, name: object) -> tuple[int, int] | None:
    """Smallest and largest padding value of the header, as unsigned numbers, whatever its encoding."""
    first = number(dataset, "PixelPaddingValue", name)
    if first is None:
        return None
    last = number(dataset, "PixelPaddingRangeLimit", name)
    low, high = sorted(int(v) % levels for v in (first, first if last is None else last))
    return low, high


def _check_length(dataset: Any, expected: int, path: Path) -> None:
    """Uncompressed pixels must have as many bytes as the header states.

    Raises:
        InputError: they do not.
    """
    found = len(dataset.PixelData)
    if not expected <= found <= expected + 1:  # the length is even
        refuse(path, f"the pixel data must have {expected} bytes, but have {found}; copy or export it again")


def _stored_frames(dataset: Any, path: Path) -> NDArray[Any]:
    try:
        return np.asarray(dataset.pixel_array)
    except (RuntimeError, NotImplementedError):  # no decoder for this compression: ITK has its own
        return _frames_by_itk(dataset, path)
    except Exception as error:
        refuse(path, f"the pixel data are damaged or truncated ({reason(error)}); copy or export it again", error)


def _frames_by_itk(dataset: Any, path: Path) -> NDArray[Any]:
    """Decoded by ITK from a copy with the pixels and nothing else: ITK would apply a rescale that it finds."""
    try:
        with plain_folder() as folder:
            bare = folder / "frames.dcm"
            _pixels_only(dataset).save_as(bare, enforce_file_format=True)
            return sitk.GetArrayFromImage(read_image(bare))
    except Exception as error:
        refuse(path, f"the pixel data cannot be decoded ({reason(error)}); export it uncompressed", error)


def _pixels_only(dataset: Any) -> Dataset:
    bare = Dataset()
    bare.file_meta = FileMetaDataset()
    bare.file_meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    bare.file_meta.MediaStorageSOPClassUID = bare.SOPClassUID = GREY_FRAMES
    bare.file_meta.MediaStorageSOPInstanceUID = bare.SOPInstanceUID = "2.25.1"
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
                    "SamplesPerPixel", "PhotometricInterpretation", "NumberOfFrames"):  # fmt: skip
        if keyword in dataset:
            bare[keyword] = dataset[keyword]
    bare.PixelData = dataset.PixelData
    return bare
