"""Whether all of a study is there, by what its headers tell: frames, slices, parts and bytes."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import Any

from ..errors import InputError
from .dicom_file import PLAIN_SYNTAXES
from .dicom_file import is_dicom
from .dicom_file import read_header
from .dicom_values import text
from .dicom_values import whole
from .messages import quiet
from .study_search import FoundStudy

PET_COUNTS = ("NumberOfSlices", "NumberOfTimeSlots", "NumberOfRRIntervals", "NumberOfTimeSlices")
"""Their product is the number of images of a PET series (PS3.3 C.8.9.4.1.9)."""
PIXELS = ("Rows", "Columns", "SamplesPerPixel", "BitsAllocated")
TAGS = [*PET_COUNTS, *PIXELS, "Modality", "NumberOfFrames", "InConcatenationTotalNumber"]


def what_is_missing(study: FoundStudy) -> str:
    """What of a study is not there yet, in words that name neither patient nor file; empty if nothing is known to miss.

    An image file counts as complete, and so does what is damaged in another way: reading it will say why it cannot be
    used.
    """
    try:
        with quiet():
            return _of_dicom(study.paths) if is_dicom(study.paths[0]) else ""
    except InputError:
        return ""


def _of_dicom(paths: tuple[Path, ...]) -> str:
    headers = [read_header(path, TAGS) for path in paths]
    cut = sum(_is_cut(header, path) for header, path in zip(headers, paths, strict=True))
    if cut:
        return f"{cut} of {len(paths)} files end before their pixels do"
    first, name = headers[0], paths[0]
    told, unit = whole(first, "InConcatenationTotalNumber", name), "parts"
    if text(first, "Modality", name) == "PT" and whole(first, "NumberOfFrames", name, 1) < 2:
        slices, *times = (whole(first, keyword, name) for keyword in PET_COUNTS)
        told, unit = slices * prod(max(1, count) for count in times), "slices"
    return f"{len(paths)} of {told} {unit} are there" if len(paths) < told else ""


def _is_cut(header: Any, path: Path) -> bool:
    """Whether a file is shorter than its pixels, as far as they are not compressed."""
    if header.file_meta.get("TransferSyntaxUID") not in PLAIN_SYNTAXES[:3]:
        return False
    rows, columns, samples, bits = (whole(header, keyword, path) for keyword in PIXELS)
    pixels = rows * columns * samples * bits // 8 * whole(header, "NumberOfFrames", path, 1)
    return path.stat().st_size < pixels
