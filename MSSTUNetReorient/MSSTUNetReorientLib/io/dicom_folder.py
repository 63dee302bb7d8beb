"""The series in a folder of DICOM files, and the selection of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InputError
from .dicom_file import is_dicom
from .dicom_file import read_header
from .dicom_values import text
from .dicom_values import texts
from .dicom_values import value_of
from .dicom_values import whole
from .folder_walk import walk
from .messages import refuse
from .reoriented import stated_view

MAX_FILES = 20_000
"""More files than any study has; more are probably the wrong folder."""

TAGS = ["Modality", "ImageType", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "NumberOfFrames", "Rows",
        "Columns", "ConcatenationUID", "SeriesType", "NumberOfTimeSlots", "NumberOfTimeSlices", "CorrectedImage",
        "AttenuationCorrectionMethod", "AcquisitionTime", "SeriesTime", "NumberOfEnergyWindows", "ImageID",
        "SeriesDescription", "ViewCodeSequence", "DetectorInformationSequence",
        "SliceProgressionDirection"]  # fmt: skip
"""All attributes that distinguish series."""


@dataclass(frozen=True)
class Series:
    """Images that belong together.

    Attributes:
        number: SeriesNumber, None where absent.
        label: a technical description; the file name if it is a single file.
        paths: its files.
    """

    number: int | None
    label: str
    paths: tuple[Path, ...]


def scan(folder: Path) -> list[Series]:
    """The image series in a folder and the folders below it; each multi-frame object or concatenation counts as one.

    Copies of an object are dropped.

    Raises:
        InputError: no DICOM image is there, or far too many files.
    """
    files = list(_files_below(folder))
    found = series_among(files)
    if not found:
        refuse(folder, f"no DICOM image among {len(files)} file(s); give a DICOM folder or an image file")
    return found


def series_among(files: Iterable[Path]) -> list[Series]:
    """As :func:`scan`, of files that are known; none where no DICOM image is among them."""
    groups: defaultdict[tuple[str, str], list[tuple[Path, Any]]] = defaultdict(list)
    for path, header in _without_copies(files):
        groups[text(header, "SeriesInstanceUID", path), object_of(path, header)].append((path, header))
    return [_series(members) for members in groups.values()]


def _files_below(folder: Path) -> Iterator[Path]:
    """Regular files, hidden ones too."""
    count = 0
    for place, _, names in walk(folder, hidden=True):
        count += len(names)
        if count > MAX_FILES:
            refuse(folder, f"a study has at most {MAX_FILES} files, but found more; give the folder of the series")
        yield from (path for name in names if (path := place / name).is_file())


def _without_copies(files: Iterable[Path]) -> Iterator[tuple[Path, Any]]:
    """DICOM images with their headers, each object once."""
    known = set()
    for path in files:
        header = _image_header(path)
        if header is None:
            continue
        uid = text(header, "SOPInstanceUID", path)
        if not uid or uid not in known:
            yield path, header
        known.add(uid)


def _image_header(path: Path) -> Any:
    """The header of a DICOM image, None for anything else."""
    try:
        header = read_header(path, TAGS) if is_dicom(path) else None
        if header is None or whole(header, "Rows", path) == 0:
            return None
        for keyword in ("NumberOfFrames", "SeriesNumber", "Columns"):
            whole(header, keyword, path)
    except InputError:  # an unreadable neighbour is no reason to refuse the study beside it
        return None
    return header


def object_of(path: Path, header: Any) -> str:
    """What distinguishes multi-frame objects of one series; empty for single images, which make up a series."""
    if whole(header, "NumberOfFrames", path, 1) < 2:
        return ""
    return text(header, "ConcatenationUID", path) or str(path)


def _series(members: list[tuple[Path, Any]]) -> Series:
    path, header = members[0]
    modality = text(header, "Modality", path)
    count = sum(whole(h, "NumberOfFrames", p, 1) for p, h in members)
    size = f"{whole(header, 'Columns', path)}x{whole(header, 'Rows', path)}x{count}"
    parts = [modality if modality.isalpha() else "none", *_kind(path, header, modality), size, *_details(path, header)]
    if len(members) == 1:
        parts.append(f"({path.name})")
    number = None if value_of(header, "SeriesNumber", path) is None else whole(header, "SeriesNumber", path)
    return Series(number, " ".join(parts), tuple(p for p, _ in members))


def _kind(path: Path, header: Any, modality: str) -> list[str]:
    image_type = texts(header, "ImageType", path)
    return (
        [image_type[2]] if modality == "NM" and len(image_type) > 2 and image_type[2].replace(" ", "").isalpha() else []
    )


def _details(path: Path, header: Any) -> Iterator[str]:
    """View, gates, time frames, attenuation correction and time of day, as far as the header states them."""
    statement = stated_view(header, path)
    if statement is not None:
        yield statement.view
    for keyword, word in (("NumberOfTimeSlots", "gates"), ("NumberOfTimeSlices", "time frames"),
                          ("NumberOfEnergyWindows", "energy windows")):  # fmt: skip
        count = whole(header, keyword, path)
        if count > 1:
            yield f"{count} {word}"
    corrections = texts(header, "CorrectedImage", path)
    method = text(header, "AttenuationCorrectionMethod", path)
    if corrections or method:
        yield "AC" if "ATTN" in corrections or method not in ("", "NONE", "NO") else "NAC"
    time = text(header, "AcquisitionTime", path) or text(header, "SeriesTime", path)
    if time[:4].isdigit():
        yield f"{time[:2]}:{time[2:4]}"


def choose(found: list[Series], wanted: str | None, folder: Path) -> Series:
    """The selected series.

    Args:
        found: the series of the folder.
        wanted: a key as the refusal lists it: the SeriesNumber, or the place in the list where numbers do not
            distinguish the series; None where there is only one.
        folder: for the message.

    Raises:
        InputError: several series and none selected, or the selected one does not exist.
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
        refuse(folder, f"{problem}, but the folder has {len(found)}: {listing}; select one with --series N")
    return by_key[key]


def siblings(path: Path) -> tuple[Path, ...]:
    """The files of the series that a single image, or a part of a concatenation, belongs to; else the file alone."""
    own = _image_header(path)
    if own is None or (object_of(path, own) == str(path)):
        return (path,)
    key = (text(own, "SeriesInstanceUID", path), object_of(path, own))
    others = sorted(p for p in path.parent.iterdir() if p.is_file() and p != path)
    found = [
        p for p, h in _without_copies([path, *others]) if (text(h, "SeriesInstanceUID", p), object_of(p, h)) == key
    ]
    return tuple(sorted(found)) or (path,)
