"""Interfile: a text header beside raw voxels, as STIR, SIRF and many workstations write it.

It does not reliably define patient axes: a warning states the assumption.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from ..geometry.volume import MAX_VOXELS
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .image_header import data_files
from .image_header import fields_of
from .image_header import refuse_short
from .image_header import refuse_spacing
from .image_header import text_header
from .messages import refuse
from .technical_info import warn

SUFFIXES = (".h33", ".hv", ".hs", ".hdr33")
MARK = "INTERFILE"
FORMATS = {
    ("unsigned integer", 1): "u1", ("unsigned integer", 2): "u2", ("unsigned integer", 4): "u4",
    ("signed integer", 1): "i1", ("signed integer", 2): "i2", ("signed integer", 4): "i4",
    ("short float", 4): "f4", ("float", 4): "f4", ("long float", 8): "f8", ("float", 8): "f8",
}  # fmt: skip
"""By number format and bytes per pixel."""
BYTE_ORDER, ORDERS = "imagedata byte order", {"LITTLEENDIAN": "<", "BIGENDIAN": ">"}
DOUBT = "Interfile does not define patient axes"


def is_interfile(path: Path) -> bool:
    """Whether a file is an Interfile header, by its ending and its first line."""
    return path.suffix.lower() in SUFFIXES and MARK in text_header(path, b"\n").upper()


def read_interfile(path: Path) -> Volume:
    """The reconstructed volume of an Interfile header.

    Returns:
        float32 ``(K, J, I)``; i, j, k are taken to point left, posterior and superior.

    Raises:
        InputError: projections, a field that is missing or wrong, a data file that is missing or too short.
    """
    text = text_header(path, b"\0")
    lines = [line.lstrip("!") for line in text.splitlines() if not line.startswith(";")]
    fields = {re.sub(r"\s+", " ", k).replace(" [", "["): v for k, v in fields_of(path, lines, ":=").items()}
    status = fields.get("process status", "reconstructed").lower()
    kinds = " ".join(value for name, value in fields.items() if name.startswith(("type of data", "matrix axis label")))
    if status.startswith("acqui") or re.search("projection|sinogram|tangential|view|segment", kinds.lower()):
        refuse(path, "a reconstructed study is needed, but this contains projections; reconstruct it first")
    size = _size(path, fields)
    spacing = _spacing(path, fields)
    array = _voxels(path, fields, size)
    grid = Grid(size, spacing, -spacing * (np.array(size) - 1) / 2)
    info: dict[str, Any] = {"kind": "Interfile", "modality": "unknown"}
    if BYTE_ORDER not in fields:
        warn(info, "The header does not state the byte order: BIGENDIAN is assumed, the default of the format.")
    return Volume(array, grid, info)


def _size(path: Path, fields: dict[str, str]) -> tuple[int, int, int]:
    deep = next(
        (fields[k] for k in ("matrix size[3]", "number of slices", "total number of images") if k in fields), ""
    )
    found = [fields.get("matrix size[1]", ""), fields.get("matrix size[2]", ""), deep]
    if not all(n.isdigit() and int(n) > 0 for n in found):
        refuse(path, "the matrix size must be three whole numbers; write the Interfile header again")
    i, j, k = (int(n) for n in found)
    if i * j * k > MAX_VOXELS:
        refuse(path, f"a study has at most {MAX_VOXELS} voxels, but found {i} x {j} x {k}; write the header again")
    return i, j, k


def _spacing(path: Path, fields: dict[str, str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    def number(*names: str) -> float:
        try:
            return next(float(fields[name]) for name in names if name in fields)
        except (StopIteration, ValueError):
            return float("nan")

    i, j = (number(f"scaling factor (mm/pixel)[{n}]", f"scale factor (mm/pixel)[{n}]") for n in (1, 2))
    k = number("scaling factor (mm/pixel)[3]", "scale factor (mm/pixel)[3]", "slice separation (mm)")
    if np.isnan(k):
        k = number("centre-centre slice separation (pixels)", "slice thickness (pixels)") * i
    spacing = np.array([i, j, k])
    if not (np.isfinite(spacing).all() and (spacing > 0).all()):
        refuse_spacing(path, " ".join(f"{x:g}" for x in spacing))
    return spacing


def _voxels(
    path: Path, fields: dict[str, str], size: tuple[int, int, int]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    width, form = fields.get("number of bytes per pixel", ""), fields.get("number format", "").lower()
    code = FORMATS.get((form, int(width) if width.isdigit() else 0))
    if code is None:
        refuse(
            path,
            "the number format and bytes per pixel must be of integers or floats; write the Interfile header again",
        )
    order = ORDERS.get(fields.get(BYTE_ORDER, "BIGENDIAN").upper())
    if order is None:
        refuse(path, f"{BYTE_ORDER} must be {' or '.join(ORDERS)}; write the Interfile header again")
    (file,) = data_files(path, [fields.get("name of data file", "").replace("\\", "/")])
    start = fields.get("data offset in bytes[1]", fields.get("data offset in bytes", "0")) or "0"
    count, offset = int(np.prod(size)), int(start) if start.isdigit() else 0
    expected, found = count * int(width), file.stat().st_size - offset
    if found < expected:
        refuse_short(path, found, expected)
    stored = np.fromfile(file, dtype=order + code, count=count, offset=offset)
    return stored.reshape(size[::-1]).astype(np.float32)
