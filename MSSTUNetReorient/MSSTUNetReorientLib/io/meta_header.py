"""MetaImage: spacing, orientation and the files with its voxels."""

from __future__ import annotations

import math
import re
from pathlib import Path

from .image_header import NUMBER
from .image_header import ImageHeader
from .image_header import check_lines
from .image_header import check_packed
from .image_header import data_files
from .image_header import fields_of
from .image_header import numbered
from .image_header import positive
from .image_header import refuse_short
from .image_header import refuse_spacing
from .image_header import text_header
from .messages import refuse

BYTES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of the element types whose size does not depend on the platform."""
NEEDED = ("NDims", "DimSize", "ElementType")
AXES = ("1", "2", "3", "4")
VECTORS = {"Offset", "Position", "Origin", "CenterOfRotation", "ElementSpacing", "ElementSize"}
MATRICES = {"TransformMatrix", "Rotation", "Orientation"}
FLAGS = ("BinaryData", "BinaryDataByteOrderMSB", "ElementByteOrderMSB", "CompressedData")
SLACK = 2
"""Bytes that may follow packed data: a line's end."""
LPS = "RAI"
"""How MetaImage writes LPS, the one space that ITK supports: by where its axes come from."""


def check_meta(path: Path) -> ImageHeader:
    """Check a MetaImage header.

    Raises:
        InputError: no MetaImage file, no positive spacing, missing or misplaced data files, too little data.
    """
    header = text_header(path, b"ElementDataFile")
    lines = [line for line in header.splitlines() if line.strip()]
    check_lines(path, [line.replace("\t", " ") for line in lines])
    fields = fields_of(path, lines, "=")
    if "ndims" not in fields:
        refuse(path, "the file does not start like a MetaImage file; copy or export it again")
    missing = [name for name in NEEDED if name.lower() not in fields]
    if missing or any("=" not in line for line in lines):
        problem = f"{missing[0]} is missing" if missing else "one line is not a name and value"
        refuse(path, f"a MetaImage header needs a value for each name, but {problem}; write it again")
    if any(fields.get(name.lower(), "true").lower() not in ("true", "false") for name in FLAGS):
        refuse(path, f"{', '.join(FLAGS)} must be True or False; write the header again")
    _check_counts(path, fields)
    spacing = fields.get("elementspacing") or fields.get("elementsize") or ""
    if not positive(spacing):
        refuse_spacing(path, spacing)
    files, local = _files(path, fields)
    expected, found = _expected_bytes(fields), local
    if files:
        found = sum(file.stat().st_size for file in files)
    packed = fields.get("compresseddata", "").lower() == "true"
    if (expected is not None and found < expected) or (packed and found - (expected or 0) > SLACK):
        refuse_short(path, found, expected or 0)
    if files and not packed and expected is not None:
        _check_parts(path, files, expected // len(files))
    if packed:
        _check_packed(path, fields, files, local)
    orientation = fields.get("anatomicalorientation", "").upper()
    doubt = "" if orientation == LPS else "its AnatomicalOrientation is " + ("not RAI" if orientation else "missing")
    return ImageHeader("MetaImage", doubt, files)


def _check_counts(path: Path, fields: dict[str, str]) -> None:
    """Every vector must have as many numbers as the image has axes: MetaIO does not check it.

    Raises:
        InputError: one has not.
    """
    axes = fields["ndims"]
    if axes not in AXES or not fields["elementtype"].startswith("MET_"):
        refuse(path, f"NDims must be one of {', '.join(AXES)} and ElementType must be known; write the header again")
    for name in VECTORS | MATRICES:
        if name.lower() not in fields:
            continue
        values = fields[name.lower()].split()
        count = int(axes) ** (2 if name in MATRICES else 1)
        if len(values) != count or not all(re.fullmatch(NUMBER, value) for value in values):
            if name in ("ElementSpacing", "ElementSize"):
                refuse_spacing(path, fields[name.lower()])
            refuse(path, f"{name} of a MetaImage header must be {count} numbers; write the header again")
    sizes = fields["dimsize"].split()
    if len(sizes) != int(axes) or not all(size.isdigit() and int(size) > 0 for size in sizes):
        refuse(path, f"DimSize must be {axes} whole numbers; write the header again")
    if not fields.get("elementnumberofchannels", "1").isdigit():
        refuse(path, "ElementNumberOfChannels must be a whole number; write the header again")


def _check_parts(path: Path, files: tuple[Path, ...], share: int) -> None:
    """Each data file must contain its part of the data: MetaIO leaves the voxels of a short one uninitialised."""
    for file in files:
        size = file.stat().st_size
        if size < share:
            refuse(path, f"each data file must have {share} bytes, but {file.name} has {size}; copy or export it again")


def _series(path: Path, fields: dict[str, str], names: list[str], axes: int) -> tuple[Path, ...]:
    """The files of a list or pattern, each with the first ``axes`` axes: MetaIO reads no more of any than that.

    Raises:
        InputError: another number of files than the image has slices.
    """
    slices = math.prod(int(n) for n in fields["dimsize"].split()[axes:])
    if len(names) != slices:
        rule = f"a MetaImage header must list one data file for each of its {slices} slices"
        refuse(path, f"{rule}, but lists {len(names)}; write the header again")
    return data_files(path, names)


def _files(path: Path, fields: dict[str, str]) -> tuple[tuple[Path, ...], int]:
    """The data files, and the bytes of data in the header's own file where there are none."""
    with path.open("rb") as file:
        tail = file.read().partition(b"ElementDataFile")[2]
    target, _, rest = tail.partition(b"\n")
    words = target.decode("latin-1").strip(" =\r").split()
    name = " ".join(words)
    if name == "LOCAL":
        return (), len(rest)
    if words[:1] == ["LIST"]:
        axes = re.match(r"\d", words[1]) if len(words) > 1 else None
        listed = [line.strip() for line in rest.decode("latin-1").splitlines() if line.strip()]
        return _series(path, fields, listed, int(axes[0]) if axes else int(fields["ndims"]) - 1), 0
    match = re.fullmatch(r"(\S*%\S*)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)", name)
    if match:
        first, last, step = (int(match[n]) for n in (2, 3, 4))
        if step < 1 or last < first:  # MetaIO then reads no file and leaves the voxels as they happen to be
            rule = "data files of a MetaImage header must be numbered upwards"
            refuse(path, f"{rule}, but {first} to {last} by {step} was found; write the header again")
        return _series(path, fields, numbered(path, match[1], first, last, step), int(fields["ndims"]) - 1), 0
    return data_files(path, [name]), 0


def _check_packed(path: Path, fields: dict[str, str], files: tuple[Path, ...], local: int) -> None:
    """Each data file, or what follows the header, must unpack; one of all voxels to their number of bytes."""
    unpacked = _unpacked_bytes(fields)
    for file in files or (path,):
        start = 0 if files else path.stat().st_size - local
        check_packed(path, file, start, unpacked if len(files) < 2 else None)


def _expected_bytes(fields: dict[str, str]) -> int | None:
    """Bytes the data take on disk, None if the header does not state it."""
    if fields.get("compresseddata", "False").lower() != "true":
        return _unpacked_bytes(fields)
    try:
        return int(fields["compresseddatasize"])
    except (KeyError, ValueError):
        return None


def _unpacked_bytes(fields: dict[str, str]) -> int | None:
    """Bytes of all voxels, None if the header does not state it."""
    try:
        voxels = math.prod(int(n) for n in fields["dimsize"].split())
        size = BYTES[fields["elementtype"].removeprefix("MET_")]
        return voxels * size * int(fields.get("elementnumberofchannels", "1"))
    except (KeyError, ValueError):
        return None
