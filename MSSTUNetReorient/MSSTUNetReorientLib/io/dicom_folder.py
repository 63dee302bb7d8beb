"""What a folder of DICOM files holds, and which series of it is meant."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from .dicom_file import damage_refused
from .dicom_file import is_dicom
from .dicom_file import read_header
from .messages import refuse

MAX_FILES = 20_000
"""More files than any study: the folder is not what was meant."""

TAGS = ["Modality", "ImageType", "SeriesInstanceUID", "SeriesNumber", "NumberOfFrames", "Rows", "Columns"]
"""All that is looked at to tell series apart."""


@dataclass(frozen=True)
class Series:
    """Images that belong together.

    Attributes:
        number: SeriesNumber, None where absent.
        label: modality, NM image type, size, and the file name where it is one file; no header text.
        paths: its files.
    """

    number: int | None
    label: str
    paths: tuple[Path, ...]


def scan(folder: Path) -> list[Series]:
    """The image series in a folder and the folders below it; each multi-frame object counts as one.

    Raises:
        InputError: no DICOM image is there, or far too many files.
    """
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    if len(files) > MAX_FILES:
        refuse(folder, f"a study has at most {MAX_FILES} files, but found {len(files)}; give the folder of the series")
    groups: defaultdict[tuple[str, str], list[tuple[Path, Any]]] = defaultdict(list)
    for path in files:
        header = _image_header(path)
        if header is not None:
            own = str(path) if int(header.get("NumberOfFrames") or 1) > 1 else ""
            groups[str(header.get("SeriesInstanceUID", "")), own].append((path, header))
    if not groups:
        refuse(folder, f"no DICOM image among its {len(files)} file(s); give a DICOM folder or an image file")
    return [_series(members) for members in groups.values()]


def _image_header(path: Path) -> Any:
    """The header of a DICOM image, None for anything else."""
    try:
        header = read_header(path, TAGS) if is_dicom(path) else None
        with damage_refused(path):
            list(header or [])  # converts the values
    except InputError:  # an unreadable neighbour is no reason to refuse the study beside it
        return None
    return header if header is not None and "Rows" in header else None


def _series(members: list[tuple[Path, Any]]) -> Series:
    header = members[0][1]
    modality = str(header.get("Modality") or "none")
    image_type = [str(v) for v in np.atleast_1d(header.get("ImageType") or [])]
    kind = f" {image_type[2]}" if modality == "NM" and len(image_type) > 2 else ""
    count = len(members) * int(header.get("NumberOfFrames") or 1)
    number = header.get("SeriesNumber")
    label = f"{modality}{kind} {header.Columns}x{header.Rows}x{count}"
    if len(members) == 1:
        label += f" ({members[0][0].name})"
    return Series(None if number is None else int(number), label, tuple(path for path, _ in members))


def choose(found: list[Series], wanted: str | None, folder: Path) -> Series:
    """The series that is meant.

    Args:
        found: what the folder holds.
        wanted: a key as the refusal lists it: the SeriesNumber, or the place in the list where numbers do not tell
            the series apart; None where there is only one.
        folder: for the message.

    Raises:
        InputError: several series and none was named, or the named one is not there.
    """
    if wanted is None and len(found) == 1:
        return found[0]
    keys = [s.number for s in found]
    if None in keys or len(set(keys)) < len(keys):
        keys = list(range(1, len(found) + 1))
    by_key = {str(key): series for key, series in zip(keys, found, strict=True)}
    key = "" if wanted is None else wanted.strip()
    if key not in by_key:
        problem = f"there is no series {key}" if key else "one series is needed"
        listing = "; ".join(f"{k} = {by_key[k].label}" for k in sorted(by_key, key=int))
        refuse(folder, f"{problem}, but the folder holds {len(found)}: {listing}; choose with --series N")
    return by_key[key]


def siblings(path: Path) -> tuple[Path, ...]:
    """The files of the series that a single-frame PET image belongs to, from its own folder; else the file alone."""
    header = read_header(path, TAGS)
    if header.get("Modality") != "PT" or int(header.get("NumberOfFrames") or 1) > 1:
        return (path,)
    uid = header.get("SeriesInstanceUID")
    headers = ((p, _image_header(p)) for p in sorted(path.parent.iterdir()) if p.is_file())
    same = tuple(p for p, h in headers if h is not None and h.get("SeriesInstanceUID") == uid)
    return same or (path,)
