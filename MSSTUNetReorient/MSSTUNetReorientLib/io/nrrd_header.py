"""NRRD: spacing, space, data files and the axis of a sequence."""

from __future__ import annotations

import math
import re
from pathlib import Path

from .image_header import MAX_TEXT_HEADER
from .image_header import NUMBER
from .image_header import ImageHeader
from .image_header import check_lines
from .image_header import check_packed
from .image_header import data_files
from .image_header import fields_of
from .image_header import numbered
from .image_header import positive
from .image_header import refuse_spacing
from .image_header import text_header
from .messages import refuse

ANATOMICAL = ("left-posterior-superior", "lps", "right-anterior-superior", "ras", "left-anterior-superior", "las")
"""Spaces whose axes are the patient's, and which ITK converts to LPS."""
SPACES = (*ANATOMICAL, "scanner-xyz", "3d-right-handed", "3d-left-handed")
"""All of three dimensions; ITK fails on vectors that do not fit to the space."""
DIMENSIONS = ("3", "4")
"""Of a space without a name; ITK writes four of a sequence."""
FLAT = ("1", "2")
"""Dimensions that are refused later, for that reason."""
PACKED = ("gzip", "gz")
SKIPS = {"byte skip", "line skip", "byteskip", "lineskip"}
"""Fields that shift the start of the data; teem handles them."""
FRAME_KINDS = ("list", "time")
SECONDS = {"ms": 0.001, "s": 1.0, "sec": 1.0, "min": 60.0}


def check_nrrd(path: Path) -> ImageHeader:
    """Teem itself refuses data cut short; ITK takes an absent or NaN spacing for 1.

    Raises:
        InputError: no NRRD file, no positive spacing, or data files elsewhere.
    """
    header = text_header(path, b"\n\n").replace("\r", "")
    if not header.startswith("NRRD"):
        refuse(path, "the file does not start like an NRRD file; copy or export it again")
    lines = [line for line in header.splitlines() if not line.startswith("#")]
    check_lines(path, [line.replace("\t", " ") for line in header.splitlines() if ":=" not in line])
    fields = fields_of(path, [line for line in lines if ":=" not in line], ": ")
    keys = fields_of(path, [line for line in lines if ":=" in line], ":=")
    _check_space(path, fields)
    _check_spacing(path, fields)
    files = _files(path, fields, lines)
    if fields.get("encoding", "").lower() in PACKED and not SKIPS & set(fields):
        start = 0 if files else _data_start(path)
        for file in files or (path,):
            check_packed(path, file, start, None)
    kinds = fields.get("kinds", "").lower().split()
    space = fields.get("space", "").lower()
    defined = space in ANATOMICAL and "space directions" in fields
    return ImageHeader(
        "NRRD",
        doubt="" if defined else f"its space is {_shown(space)}",
        data_files=files,
        frames_first=len(kinds) == 4 and kinds[0] in FRAME_KINDS,
        frame_seconds=_frame_seconds(keys),
    )


def _data_start(path: Path) -> int:
    """The byte after the empty line that ends the header."""
    with path.open("rb") as file:
        start = file.read(MAX_TEXT_HEADER)
    ends = [at + len(mark) for mark in (b"\n\n", b"\r\n\r\n") if (at := start.find(mark)) >= 0]
    return min(ends, default=len(start))


def _check_space(path: Path, fields: dict[str, str]) -> None:
    """Space, directions and origin must agree in their number of dimensions.

    Raises:
        InputError: they do not.
    """
    if fields.get("dimension") in FLAT:
        return
    space, dimension = fields.get("space", "").lower(), fields.get("space dimension")
    if (space and space not in SPACES) or (dimension is not None and (dimension not in DIMENSIONS or space)):
        refuse(path, "an NRRD space must be a known space of three dimensions, stated once; write the header again")
    directions, origin = fields.get("space directions"), fields.get("space origin")
    if directions is None and origin is None:
        return
    vector = rf"\(\s*{NUMBER}" + rf"\s*,\s*{NUMBER}" * (int(dimension or "3") - 1) + r"\s*\)"
    axes, rest = re.findall(rf"{vector}|none", directions or ""), re.sub(rf"{vector}|none", "", directions or "")
    if (
        not (space or dimension)
        or rest.strip()
        or (directions is not None and str(len(axes)) != fields.get("dimension"))
    ):
        refuse_spacing(path, directions or "")
    if origin is not None and not re.fullmatch(vector, origin):
        refuse(
            path,
            "the space origin of an NRRD file must have a number for each axis of its space; write the header again",
        )


def _shown(space: str) -> str:
    return space if re.fullmatch(r"[\w-]{1,40}", space) else "not stated"


def _check_spacing(path: Path, fields: dict[str, str]) -> None:
    if fields.get("dimension", "3") in FLAT:
        return
    directions = fields.get("space directions")
    spacings = fields.get("spacings", "") if directions is None else _lengths(directions)
    frames = [n for n, kind in enumerate(fields.get("kinds", "").lower().split()) if kind in FRAME_KINDS]
    if directions is None and len(spacings.split()) == 4 and frames:
        spacings = " ".join(s for n, s in enumerate(spacings.split()) if n not in frames)
    if not positive(spacings):
        refuse_spacing(path, spacings)


def _lengths(directions: str) -> str:
    """Lengths of NRRD's checked space directions, mm; ``none`` where an axis of a 3D image has none."""
    vectors = [[float(x) for x in v.split(",")] for v in re.findall(r"\(([^)]*)\)", directions)]
    lengths = " ".join(f"{math.hypot(*v):g}" for v in vectors)
    return lengths if len(vectors) >= 3 else f"{lengths} none"


def _files(path: Path, fields: dict[str, str], lines: list[str]) -> tuple[Path, ...]:
    """Of a detached header; ``data file`` is a name, a numbered pattern or LIST."""
    value = fields.get("data file", fields.get("datafile"))
    if value is None:
        return ()
    if value.upper().split()[:1] == ["LIST"]:
        at = next(n for n, line in enumerate(lines) if line.lower().replace(" ", "").startswith("datafile:"))
        return data_files(path, [line.strip() for line in lines[at + 1 :] if line.strip()])
    match = re.fullmatch(r"(\S+%\S*)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(\s+\d+)?", value)
    if match:
        return data_files(path, numbered(path, match[1], *(int(match[n]) for n in (2, 3, 4))))
    return data_files(path, [value])


def _frame_seconds(keys: dict[str, str]) -> float | None:
    """Of a sequence of 3D Slicer: the step between its index values, where their unit is one of time."""
    unit = SECONDS.get(keys.get("axis 0 index unit", "").lower())
    try:
        values = [float(v) for v in keys.get("axis 0 index values", "").split()]
    except ValueError:
        return None
    return None if unit is None or len(values) < 2 else abs(values[-1] - values[0]) / (len(values) - 1) * unit
