"""One DICOM file: its header, its frames and what of it is not personal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import SimpleITK as sitk
from numpy.typing import NDArray

from ..errors import InputError
from .messages import reason
from .messages import refuse

PREAMBLE = 128
"""Bytes before the letters DICM."""

POSITION_WORDS = {"prone": "P", "supine": "S", "head": "HF", "feet": "FF"}
"""Words of the orientation codes' meanings, and the letters of PatientPosition that agree with them."""


def is_dicom(path: Path) -> bool:
    """Whether a file carries DICOM's mark.

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
    return start[PREAMBLE:] == b"DICM"


@contextmanager
def damage_refused(name: object) -> Iterator[None]:
    """Turn whatever a damaged header raises into an :class:`InputError`.

    pydicom converts a value when it is asked for, so damage shows late and as errors of many kinds.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        refuse(name, f"the DICOM file is damaged ({reason(error)}); copy or export it again", error)


def read_header(path: Path, tags: list[str] | None = None) -> Any:
    """The header without pixels, as a pydicom ``Dataset``; only ``tags`` when given."""
    return _read(path, stop_before_pixels=True, specific_tags=tags)


def read_dataset(path: Path) -> Any:
    """Header and pixels, as a pydicom ``Dataset``."""
    return _read(path)


def _read(path: Path, **options: Any) -> Any:
    with damage_refused(path):
        return pydicom.dcmread(path, **options)


def read_frames(dataset: Any, path: Path) -> NDArray[np.float32]:
    """The stored frames with the rescale of the whole object applied, ``(N, rows, columns)``.

    Raises:
        InputError: colour images, or pixel data that are absent, cut short or in an unknown compression.
    """
    if dataset.get("SamplesPerPixel", 1) != 1:
        refuse(path, "counts are grey values, but this is a colour image; give the reconstructed images")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    try:
        stored = dataset.pixel_array
    except (RuntimeError, NotImplementedError):  # no decoder for this compression: ITK brings its own
        return _frames_by_itk(path).reshape(-1, rows, columns)
    except Exception as error:
        refuse(path, f"the pixel data are damaged or cut short ({reason(error)}); copy or export it again", error)
    frames = np.asarray(stored, dtype=np.float64).reshape(-1, rows, columns)
    slope = number(dataset, "RescaleSlope", path)
    intercept = number(dataset, "RescaleIntercept", path)
    frames = frames * (1.0 if slope is None else slope) + (intercept or 0.0)
    return frames.astype(np.float32)


def _frames_by_itk(path: Path) -> NDArray[np.float32]:
    try:
        return sitk.GetArrayFromImage(sitk.ReadImage(str(path), sitk.sitkFloat32))
    except RuntimeError as error:
        refuse(path, f"the pixel data cannot be decoded ({reason(error)}); export it uncompressed", error)


def numbers(dataset: Any, keyword: str, count: int, name: object) -> NDArray[np.float64] | None:
    """A numeric attribute of ``count`` values, or None where it is absent or empty.

    Raises:
        InputError: it holds another count of values, or no numbers.
    """
    try:
        value = dataset.get(keyword)
        if value is None or np.size(value) == 0 or value == "":
            return None
        found = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError) as error:
        refuse(name, f"the DICOM attribute {keyword} must hold numbers ({reason(error)}); export it again", error)
    if found.size != count:
        refuse(name, f"the DICOM attribute {keyword} must hold {count} values, but found {found.size}; export it again")
    return found


def number(dataset: Any, keyword: str, name: object) -> float | None:
    """A numeric attribute of one value, or None where it is absent or empty."""
    found = numbers(dataset, keyword, 1, name)
    return None if found is None else float(found[0])


def technical_info(dataset: Any, kind: str) -> dict[str, Any]:
    """What may be told of a study: ``kind``, ``modality``, ``patient_position`` and ``warnings``."""
    info: dict[str, Any] = {"kind": kind, "modality": str(dataset.Modality)}
    position = str(dataset.get("PatientPosition") or "")
    if position:
        info["patient_position"] = position
    told = _told_positions(dataset)
    contradicting = [word for word in told if POSITION_WORDS[word] not in (position[:2], position[2:])]
    if position and contradicting:
        info["warnings"] = [
            f"the header says patient position {position} but also {' and '.join(contradicting)}: "
            "check left, right, front and back"
        ]
    return info


def _told_positions(dataset: Any) -> list[str]:
    """The position words in the meanings of the patient's orientation and gantry codes."""
    codes = list(dataset.get("PatientGantryRelationshipCodeSequence") or [])
    for code in dataset.get("PatientOrientationCodeSequence") or []:
        codes += code.get("PatientOrientationModifierCodeSequence") or []
    meanings = " ".join(str(code.get("CodeMeaning", "")).lower() for code in codes)
    return [word for word in POSITION_WORDS if word in meanings]
