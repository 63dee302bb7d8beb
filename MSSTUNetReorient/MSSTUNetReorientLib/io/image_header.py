"""What ITK hides about an image file: a spacing it replaces by 1, and data it fills up with zeros.

ITK reads a NIfTI file cut short without a word, takes a spacing of zero or NaN for 1, a negative one for a turned axis,
and MetaIO prints to stderr. So the header is looked at first.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

from .messages import reason
from .messages import refuse

MAX_TEXT_HEADER = 65_536
"""Bytes in which a text header must end."""

SPACING_RULE = "the voxel spacing must be positive along each axis"

META_BYTES = {"CHAR": 1, "UCHAR": 1, "SHORT": 2, "USHORT": 2, "INT": 4, "UINT": 4, "FLOAT": 4, "DOUBLE": 8}
"""Bytes of MetaImage's element types whose size does not depend on the platform."""

NIFTI_LAYOUTS = {348: ("8h", 40, 72, "8f", 76, "f", 108), 540: ("8q", 16, 14, "8d", 104, "q", 168)}
"""By header size: format and offset of dim, offset of bitpix, then format and offset of pixdim and vox_offset."""


def check_header(path: Path) -> str:
    """Look at the header of an image file for what ITK would hide.

    Returns:
        The kind of file: "NRRD", "NIfTI", "MetaImage" or "image".

    Raises:
        InputError: the header tells no positive spacing, or the file ends before its data do.
    """
    name = path.name.lower()
    if name.endswith((".nrrd", ".nhdr")):
        _check_nrrd(path)
        return "NRRD"
    if name.endswith((".nii", ".nii.gz")):
        _check_nifti(path)
        return "NIfTI"
    if name.endswith((".mha", ".mhd")):
        _check_meta(path)
        return "MetaImage"
    if name.endswith((".hdr", ".img", ".img.gz")):
        refuse(path, "a header and image pair does not tell left from right safely; convert it to .nii.gz or .nrrd")
    return "image"


def _text_header(path: Path, end: bytes) -> str:
    """The text up to ``end``; all that was read where it does not come."""
    with path.open("rb") as file:
        start = file.read(MAX_TEXT_HEADER)
    return start.split(end)[0].decode("latin-1")


def _refuse_spacing(path: Path, found: str) -> None:
    refuse(path, f"{SPACING_RULE}, but found {found.strip() or 'none'}; write the file with its true spacing")


def _positive(text: str) -> bool:
    try:
        spacings = [float(x) for x in text.split()]
        return bool(spacings) and all(x > 0 and math.isfinite(x) for x in spacings)
    except ValueError:
        return False


def _check_nrrd(path: Path) -> None:
    """Teem itself refuses data cut short; ITK takes an absent or NaN spacing for 1."""
    header = _text_header(path, b"\n\n").replace("\r", "")
    if not header.startswith("NRRD"):
        refuse(path, "the file does not begin as an NRRD file; copy or export it again")
    fields = {}
    for line in header.splitlines():
        key, colon, value = line.partition(": ")
        if colon:
            fields[key.strip().lower()] = value.strip()
    directions = fields.get("space directions")
    spacings = fields.get("spacings", "") if directions is None else _lengths(directions)
    flat = fields.get("dimension", "3") in ("1", "2")  # refused later, for that reason
    if not flat and not _positive(spacings):
        _refuse_spacing(path, spacings)


def _lengths(directions: str) -> str:
    """Lengths of NRRD's space directions, mm; ``none`` where an axis of a 3D image has none."""
    try:
        vectors = [[float(x) for x in v.split(",")] for v in re.findall(r"\(([^)]*)\)", directions)]
    except ValueError:
        return directions
    lengths = " ".join(f"{math.hypot(*v):g}" for v in vectors)
    return lengths if len(vectors) >= 3 else f"{lengths} none"


def _check_meta(path: Path) -> None:
    header = _text_header(path, b"ElementDataFile")
    fields = {key.strip(): value.strip() for key, _, value in (ln.partition("=") for ln in header.splitlines())}
    if "NDims" not in fields:
        refuse(path, "the file does not begin as a MetaImage file; copy or export it again")
    spacing = fields.get("ElementSpacing") or fields.get("ElementSize") or ""
    if not _positive(spacing):
        _refuse_spacing(path, spacing)
    expected = _meta_bytes(fields)
    with path.open("rb") as file:
        tail = file.read().partition(b"ElementDataFile")[2]
    target, _, local = tail.partition(b"\n")
    target_name = target.decode("latin-1").strip(" =\r")
    if target_name == "LOCAL":
        held = len(local)
    elif (path.parent / target_name).is_file():
        held = (path.parent / target_name).stat().st_size
    else:
        refuse(path, f"its data file {target_name or '(none)'} is not beside it; copy both files")
    if expected is not None and held < expected:
        _refuse_short(path, held, expected)


def _meta_bytes(fields: dict[str, str]) -> int | None:
    """Bytes the data take on disk, None where the header does not tell."""
    try:
        if fields.get("CompressedData", "False").lower() == "true":
            return int(fields["CompressedDataSize"])
        voxels = math.prod(int(n) for n in fields["DimSize"].split())
        size = META_BYTES[fields["ElementType"].removeprefix("MET_")]
        return voxels * size * int(fields.get("ElementNumberOfChannels", "1"))
    except (KeyError, ValueError):
        return None


def _refuse_short(path: Path, held: int, expected: int) -> None:
    refuse(path, f"the data must have {expected} bytes, but the file ends after {held}; copy or export it again")


def _check_nifti(path: Path) -> None:
    content = _nifti_bytes(path)
    order = "<" if content[:4] in (struct.pack("<i", n) for n in NIFTI_LAYOUTS) else ">"
    size = struct.unpack_from(order + "i", content)[0] if len(content) >= 4 else 0
    if size not in NIFTI_LAYOUTS or len(content) < size:
        refuse(path, "the file does not begin as a NIfTI file; copy or export it again")
    dim_format, dim_at, bits_at, pixdim_format, pixdim_at, offset_format, offset_at = NIFTI_LAYOUTS[size]
    dim = struct.unpack_from(order + dim_format, content, dim_at)
    bits = struct.unpack_from(order + "h", content, bits_at)[0]
    spacing = " ".join(f"{x:g}" for x in struct.unpack_from(order + pixdim_format, content, pixdim_at)[1:4])
    if not _positive(spacing):
        _refuse_spacing(path, spacing)
    offset = int(struct.unpack_from(order + offset_format, content, offset_at)[0])
    count = math.prod(max(n, 1) for n in dim[1 : 1 + min(max(dim[0], 0), 7)])
    if len(content) < offset + count * bits // 8:
        _refuse_short(path, len(content) - offset, count * bits // 8)


def _nifti_bytes(path: Path) -> bytes:
    try:
        if path.name.lower().endswith(".gz"):
            with gzip.open(path) as file:
                return file.read()
        return path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        refuse(path, f"the compressed file is damaged or cut short ({reason(error)}); copy or export it again", error)
