"""Checks that ITK does not make on an image file: a spacing that it replaces by 1, data that it pads with zeros or
reads from anywhere, and whether the file defines left and right at all.

ITK reads a truncated NIfTI file without an error, reads a spacing of zero or NaN as 1, a negative one as a flipped
axis, and MetaIO prints to stderr. So the header is checked first.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from pathlib import Path

from .messages import refuse

MAX_LINE = 1000
"""Characters in a line of a text header: underlying libraries overrun their buffers with longer ones."""
MAX_TEXT_HEADER = 262_144
"""Bytes in which a text header must end."""
NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
"""A finite number as text."""
MAX_UNPACKED = 2**31
"""Bytes of unpacked data: no study has more, and they must fit into memory."""
CHUNK = 2**16
AUTOMATIC = 47
"""Window bits by which zlib detects its own format or gzip."""
SPACING_RULE = "the voxel spacing must be positive along each axis"


@dataclass(frozen=True)
class ImageHeader:
    """The statements of a header.

    Attributes:
        kind: "NRRD", "NIfTI", "MetaImage", "Interfile" or "image".
        doubt: why it does not define left and right; empty if it does.
        data_files: the files that contain the voxels, if others than the header's.
        frames_first: frames of a sequence are the first axis, which ITK takes for numbers of one voxel.
        frame_seconds: time from frame to frame; None where it is not stated.
    """

    kind: str
    doubt: str = ""
    data_files: tuple[Path, ...] = ()
    frames_first: bool = False
    frame_seconds: float | None = None


def text_header(path: Path, end: bytes) -> str:
    """The text up to ``end``; everything read if it is missing."""
    with path.open("rb") as file:
        start = file.read(MAX_TEXT_HEADER)
    return start.split(end)[0].decode("latin-1")


def check_lines(path: Path, lines: list[str]) -> None:
    """Refuse lines that are longer than any true one.

    Raises:
        InputError: such a line.
    """
    if any(len(line) > MAX_LINE or not line.isprintable() for line in lines):
        refuse(path, f"a line of the header must have at most {MAX_LINE} plain characters; write the header again")


def fields_of(path: Path, lines: list[str], separator: str) -> dict[str, str]:
    """Fields by name in small letters.

    Raises:
        InputError: a field that occurs twice with different values.
    """
    fields: dict[str, str] = {}
    for line in lines:
        key, found, value = line.partition(separator)
        name = key.strip().lower()
        if found and name and fields.setdefault(name, value.strip()) != value.strip():
            rule = "a header field must occur only once"
            refuse(path, f"{rule}, but one occurs twice with different values; write it again")
    return fields


def refuse_spacing(path: Path, found: str) -> None:
    """Refuse an invalid spacing."""
    refuse(path, f"{SPACING_RULE}, but found {found.strip()[:60] or 'none'}; write the file with its true spacing")


def refuse_short(path: Path, found: int, expected: int) -> None:
    """Refuse a file that ends before its data."""
    refuse(path, f"the data must have {expected} bytes, but the file ends after {found}; copy or export it again")


def check_packed(path: Path, file: Path, start: int, expected: int | None) -> None:
    """Unpack zlib or gzip data to check that they are complete: ITK uses uninitialised memory for missing data.

    Args:
        path: for messages; file: with the data, from byte ``start``.
        expected: bytes of the data when unpacked, None if that is not stated.

    Raises:
        InputError: they are damaged, or unpack to another length.
    """
    unpacker, length = zlib.decompressobj(AUTOMATIC), 0
    try:
        with file.open("rb") as packed:
            packed.seek(start)
            while not unpacker.eof and (chunk := packed.read(CHUNK)):
                length += len(unpacker.decompress(chunk, MAX_UNPACKED))
                if length > MAX_UNPACKED or unpacker.unconsumed_tail:
                    refuse(path, f"unpacked, the data must have at most {MAX_UNPACKED} bytes; give one study")
        whole = unpacker.eof
    except zlib.error:
        whole = False
    if not whole or (expected is not None and length != expected):
        refuse(path, "the compressed data are damaged or truncated; copy or export it again")


def positive(text: str) -> bool:
    """Whether a text consists of numbers, all of them positive and finite."""
    try:
        spacings = [float(x) for x in text.split()]
        return bool(spacings) and all(x > 0 and math.isfinite(x) for x in spacings)
    except ValueError:
        return False


def data_files(path: Path, names: list[str]) -> tuple[Path, ...]:
    """The data files that a header names.

    Raises:
        InputError: one is missing, is not a regular file, or is outside the header's folder.
    """
    folder = path.parent.resolve()
    files = []
    for name in names:
        file = path.parent / name
        if Path(name).is_absolute() or not file.resolve().is_relative_to(folder):
            refuse(
                path, "its data files must be in its own folder or below, but it names another folder; copy them there"
            )
        if not file.is_file():
            shown = name if len(name) < 80 and name.isprintable() else "(unreadable)"
            refuse(path, f"its data file {shown or '(none)'} is missing beside the header; copy both files")
        files.append(file)
    return tuple(files)


def numbered(path: Path, pattern: str, first: int, last: int, step: int) -> list[str]:
    """Names of a numbered series such as ``slice%03d.raw``.

    Raises:
        InputError: no such series.
    """
    if step == 0 or not 0 <= (last - first) // step < 100_000 or pattern.count("%") != 1:
        refuse(
            path, "the numbering of its data files must go from first to last in equal steps; write the header again"
        )
    try:
        return [pattern % n for n in range(first, last + (1 if step > 0 else -1), step)]
    except (TypeError, ValueError) as error:
        refuse(path, "the file name pattern of its data must be like slice%03d.raw; write the header again", error)
