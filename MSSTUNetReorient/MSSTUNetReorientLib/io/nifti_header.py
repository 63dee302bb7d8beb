"""NIfTI: spacing, both of its orientations, and NIfTI-2 as the NIfTI-1 that ITK can read."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from typing import Any
from typing import cast

import numpy as np
from numpy.typing import NDArray

from .image_header import ImageHeader
from .image_header import positive
from .image_header import refuse_short
from .image_header import refuse_spacing
from .messages import reason
from .messages import refuse

FIRST, SECOND = 348, 540
"""Bytes of the header of NIfTI-1 and NIfTI-2."""
FIELDS: dict[int, dict[str, tuple[int, str]]] = {
    FIRST: {"dim": (40, "8h"), "datatype": (70, "h"), "bitpix": (72, "h"), "pixdim": (76, "8f"),
            "vox_offset": (108, "f"), "slope": (112, "f"), "intercept": (116, "f"), "units": (123, "b"),
            "magic": (344, "4s"), "qform": (252, "h"), "sform": (254, "h"), "quaternion": (256, "3f"),
            "offset": (268, "3f"), "rows": (280, "12f")},
    SECOND: {"magic": (4, "4s"), "dim": (16, "8q"), "datatype": (12, "h"), "bitpix": (14, "h"), "pixdim": (104, "8d"),
             "vox_offset": (168, "q"), "slope": (176, "d"), "intercept": (184, "d"), "units": (500, "i"),
             "qform": (344, "i"), "sform": (348, "i"), "quaternion": (352, "3d"), "offset": (376, "3d"),
             "rows": (400, "12d")},
}  # fmt: skip
"""By header size: offset and format of each field, in the order of the standards."""
MAGIC = {FIRST: b"n+1\0", SECOND: b"n+2\0"}
BITS = {2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64, 1792: 128,
        2304: 32}  # fmt: skip
"""Bits of a voxel by number type."""
MAX_EDGE = 32_767
ROUNDING = 1e-3
MAX_TURN_DEG = 1.0
"""By which sform and qform may differ, for rounding."""
MAX_UNPACKED = 2**31
"""Bytes of an unpacked file: no study is larger, and it must fit into memory."""
CHUNK = 2**22
SECONDS = {8: 1.0, 16: 1e-3, 24: 1e-6}
"""By the bits of xyzt_units for the unit of time."""


@dataclass(frozen=True)
class Nifti:
    """The header of either version."""

    version: int
    order: str
    values: dict[str, tuple[Any, ...]]

    @property
    def qform(self) -> NDArray[np.float64]:
        """``(3, 4)`` index to RAS mm, by the quaternion."""
        b, c, d = self.values["quaternion"]
        a = math.sqrt(max(1 - b * b - c * c - d * d, 0.0))
        turn = np.array([
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ])  # fmt: skip
        pixdim = self.values["pixdim"]
        sizes = np.array(pixdim[1:4]) * [1, 1, -1 if pixdim[0] < 0 else 1]
        return np.column_stack([turn * sizes, self.values["offset"]])

    @property
    def sform(self) -> NDArray[np.float64]:
        """``(3, 4)`` index to RAS mm, by its rows."""
        return np.reshape(np.array(self.values["rows"], dtype=float), (3, 4))


def check_nifti(path: Path) -> ImageHeader:
    """Check a NIfTI header.

    Raises:
        InputError: no NIfTI file, no positive spacing, too little data, or too large for the memory.
    """
    start, length = _start_and_length(path)
    nifti = _parse(path, start)
    dim, pixdim = nifti.values["dim"], nifti.values["pixdim"]
    _check_values(path, nifti)
    spacing = " ".join(f"{x:g}" for x in pixdim[1:4])
    if not positive(spacing):
        refuse_spacing(path, spacing)
    offset = nifti.values["vox_offset"][0]
    count = math.prod(dim[1 : 1 + dim[0]])
    expected = count * nifti.values["bitpix"][0] // 8
    if not math.isfinite(offset) or offset < nifti.version:
        refuse(path, "the voxels of a NIfTI file must start after its header, but vox_offset differs; export it again")
    if length < offset + expected:
        refuse_short(path, length, expected)
    unit = SECONDS.get(nifti.values["units"][0] & 0x38)
    seconds = pixdim[4] * unit if unit is not None and dim[0] == 4 else None
    return ImageHeader("NIfTI", doubt=_doubt(nifti), frame_seconds=seconds)


def _check_values(path: Path, nifti: Nifti) -> None:
    """Refuse headers that the underlying library would read wrongly, or that would end the process.

    Raises:
        InputError: a wrong magic, sizes, number type or orientation.
    """
    values = nifti.values
    dim, bits = values["dim"], BITS.get(values["datatype"][0])
    if values["magic"][0] != MAGIC[nifti.version]:
        refuse(path, "the magic of a single-file NIfTI must say so, but this one does not; export it again")
    if not 1 <= dim[0] <= 7 or any(not 1 <= n <= MAX_EDGE for n in dim[1 : 1 + dim[0]]):
        refuse(
            path,
            f"a NIfTI file has 1 to 7 axes of 1 to {MAX_EDGE} voxels, but the header states others; export it again",
        )
    if bits is None or bits != values["bitpix"][0]:
        refuse(path, "datatype and bitpix of a NIfTI file must agree, but do not; export it again")
    used = [*(values["rows"] if values["sform"][0] > 0 else ()),
            *((*values["quaternion"], *values["offset"]) if values["qform"][0] > 0 else ())]  # fmt: skip
    if not all(math.isfinite(x) for x in used) or not 0 <= values["qform"][0] <= 5 or not 0 <= values["sform"][0] <= 5:
        refuse(path, "qform and sform of a NIfTI file must be finite; export it again")
    if values["qform"][0] > 0 and sum(x * x for x in values["quaternion"]) > 1 + ROUNDING:
        refuse(path, "the quaternion of a NIfTI file must be a rotation; export it again")
    if values["sform"][0] > 0 and abs(np.linalg.det(nifti.sform[:, :3])) < ROUNDING:
        refuse(path, "the sform of a NIfTI file must not be singular; export it again")


def is_second(path: Path) -> bool:
    """Whether a file that passed :func:`check_nifti` is NIfTI-2."""
    with _opened(path) as file:
        return _parse(path, file.read(SECOND)).version == SECOND


def as_first(path: Path) -> bytes:
    """A NIfTI-2 file as NIfTI-1, with the same voxels."""
    with _opened(path) as file:
        content = file.read()
    nifti = _parse(path, content[:SECOND])
    header = bytearray(FIRST + 4)
    struct.pack_into(nifti.order + "i", header, 0, FIRST)
    for name, (at, layout) in FIELDS[FIRST].items():
        values = (float(FIRST + 4),) if name == "vox_offset" else nifti.values[name]
        try:
            struct.pack_into(nifti.order + layout, header, at, *values)
        except (struct.error, OverflowError) as error:
            refuse(path, "this NIfTI-2 file has values out of range for a study; write it as NIfTI-1", error)
    header[344:348] = MAGIC[FIRST]
    return bytes(header) + content[int(nifti.values["vox_offset"][0]) :]


def _parse(path: Path, start: bytes) -> Nifti:
    sizes = {order: struct.unpack(order + "i", start[:4])[0] for order in "<>"} if len(start) >= 4 else {}
    fitting = [(size, order) for order, size in sizes.items() if size in FIELDS and len(start) >= size]
    if not fitting:
        refuse(path, "the file does not start like a NIfTI file; copy or export it again")
    size, order = fitting[0]
    return Nifti(
        size, order, {n: struct.unpack_from(order + form, start, at) for n, (at, form) in FIELDS[size].items()}
    )


def _doubt(nifti: Nifti) -> str:
    """Why the file does not define left and right."""
    qform, sform = nifti.values["qform"][0] > 0, nifti.values["sform"][0] > 0
    if not qform and not sform:
        return "its qform and sform codes are 0"
    if qform and sform and not _agree(nifti.qform, nifti.sform):
        return "its qform and sform contradict each other"
    return ""


def _agree(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Axes within a degree, places within half a voxel."""
    lengths = [np.linalg.norm(m[:, :3], axis=0) for m in (one, other)]
    if not all(np.isfinite(n).all() and (n > 0).all() for n in lengths):
        return False
    cosines = (one[:, :3] * other[:, :3]).sum(axis=0) / lengths[0] / lengths[1]
    apart = np.linalg.norm(one[:, 3] - other[:, 3])
    return bool(cosines.min() > np.cos(np.deg2rad(MAX_TURN_DEG)) and apart <= lengths[0].min() / 2)


def _opened(path: Path) -> IO[bytes]:
    """The file, unpacked."""
    return cast("IO[bytes]", gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _start_and_length(path: Path) -> tuple[bytes, int]:
    """The first bytes, and how many there are in all, unpacked."""
    try:
        with _opened(path) as file:
            start = file.read(SECOND)
            if not isinstance(file, gzip.GzipFile):
                return start, path.stat().st_size
            length = len(start)
            while chunk := file.read(CHUNK):
                length += len(chunk)
                if length > MAX_UNPACKED:
                    refuse(
                        path,
                        f"an unpacked file must have at most {MAX_UNPACKED} bytes, but has more; give a single study",
                    )
            return start, length
    except (OSError, EOFError, zlib.error) as error:
        refuse(path, f"the compressed file is damaged or truncated ({reason(error)}); copy or export it again", error)
