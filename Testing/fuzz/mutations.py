"""One change of one study, drawn from a seed.

A :class:`Mutant` knows whether what is read from it must be the clean study, unless it is refused or carries a warning.
It need not where no reader can know better; every such place is listed here with its reason.
"""

from __future__ import annotations

import gzip
import io
import struct
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydicom
from MSSTUNetReorientLib.io.nifti_header import FIELDS
from MSSTUNetReorientLib.io.nifti_header import SECOND
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import AllTransferSyntaxes

from .bases import Base
from .bases import Files

Rng = np.random.Generator

PLACES = {
    "ImagePositionPatient",
    "space origin",
    "offset",
    "Offset",
    "CenterOfRotation",
    "position",
    "origin",
    "rows",
    "quaternion",
}
"""Any finite number is a valid place or turn: another one cannot be seen. (NIfTI's ``rows`` and ``quaternion`` are seen
where they contradict each other.)"""
SIGNED = {"SpacingBetweenSlices", "RescaleIntercept", "intercept", "slope"}
"""A negative step stacks against the normal; an offset is a count like another."""
OPTIONAL = {"TransformMatrix", "space origin", "Offset", "kinds", "CenterOfRotation"}
"""The format gives a meaning to its absence: no turn, or a place at zero."""
NUMBERS = {"PixelSpacing", "SpacingBetweenSlices", "SliceThickness", "ImageOrientationPatient", "RescaleSlope", "Rows",
           "Columns", "RealWorldValueSlope", "pixdim", "sizes", "spacings", "space directions", "DimSize",
           "ElementSpacing", "TransformMatrix", "type", "ElementType", "datatype", "dim", "endian", "slope",
           "data offset in bytes", "EnergyWindowLowerLimit", "EnergyWindowUpperLimit", "CodeMeaning",
           "NominalPercentageOfCardiacPhase", "EnergyWindowRangeSequence", "EnergyWindowInformationSequence",
           "EnergyWindowName"}  # fmt: skip
"""Fields whose other valid values are as good as the true one: sizes whose product is the same, another spacing."""


@dataclass(frozen=True)
class Mutant:
    """A changed study.

    Attributes:
        files: of its folder.
        what: the change, in words.
        must_agree: only the clean study, a warning or a refusal is right.
    """

    files: Files
    what: str
    must_agree: bool


def mutate(base: Base, rng: Rng) -> Mutant:
    """One change of a base, by its structure or by its bytes."""
    name = str(rng.choice(sorted(base.files)))
    content = base.files[name]
    ways = [_truncated, _flipped, _removed, _emptied]
    if name.endswith(".dcm") or name.startswith("IM"):
        ways += [_dicom] * 12
    elif name.endswith((".nii", ".nii.gz")):
        ways += [_nifti] * 8
    elif name.endswith((".nrrd", ".nhdr", ".mha", ".mhd", ".hv")):
        ways += [_header] * 10
    changed, what, must_agree = ways[int(rng.integers(len(ways)))](content, rng)
    files = {n: c for n, c in base.files.items() if n != name} | ({name: changed} if changed is not None else {})
    return Mutant(files, f"{name}: {what}", must_agree)


Change = tuple[bytes | None, str, bool]


def _truncated(content: bytes, rng: Rng) -> Change:
    length = int(rng.integers(len(content)))
    return content[:length], f"cut to {length} of {len(content)} bytes", True


def _flipped(content: bytes, rng: Rng) -> Change:
    """A flipped bit may make a valid number of another, or a count of another count."""
    changed = bytearray(content)
    reach = len(content) if rng.random() < 0.3 else min(len(content), 1200)
    places = rng.integers(0, reach, int(rng.integers(1, 6)))
    for at in places:
        changed[at] ^= 1 << int(rng.integers(8))
    return bytes(changed), f"bits flipped at {sorted(places.tolist())}", False


def _removed(content: bytes, rng: Rng) -> Change:
    return None, "removed", True


def _emptied(content: bytes, rng: Rng) -> Change:
    return b"", "emptied", True


# --- DICOM ---

GARBAGE: tuple[tuple[str, Any], ...] = (
    ("LO", "Secret^Sophie"), ("DS", "NaN"), ("DS", "1e30"), ("DS", "-7"), ("DS", "0"), ("IS", "-3"),
    ("IS", "2147483647"), ("FD", float("nan")), ("FD", float("inf")), ("US", 65535), ("US", 0), ("SS", -5),
    ("UN", b"\x00\xff\x13"), ("UT", "x" * 5000), ("OB", b"\x01" * 7), ("LO", ["a", "b", "c"]), ("DS", ["1", "2"]),
    ("CS", "\\"), ("UI", "1.2.3"),
)  # fmt: skip


def _dicom(content: bytes, rng: Rng) -> Change:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(20):
            ds = pydicom.dcmread(io.BytesIO(content))
            try:
                what, must_agree = _change_dicom(ds, rng)
                buffer = io.BytesIO()
                ds.save_as(buffer, enforce_file_format=True)
            except Exception:  # pydicom does not write this: another change
                continue
            return buffer.getvalue(), what, must_agree
    return content, "nothing", True


def _elements(ds: Dataset, depth: int = 0) -> list[tuple[Dataset, Any]]:
    found = []
    for element in ds:
        found.append((ds, element.tag))
        if element.VR == "SQ" and element.value:
            items = list(element.value)
            found += [pair for item in items[: 2 if len(items) < 5 else 1] for pair in _elements(item, depth + 1)]
    return found


def _change_dicom(ds: Dataset, rng: Rng) -> tuple[str, bool]:
    if rng.random() < 0.05:
        uid = str(rng.choice(sorted(AllTransferSyntaxes)))
        ds.file_meta.TransferSyntaxUID = uid
        return f"transfer syntax {uid}", False  # the same bytes are other counts in another byte order
    pairs = _elements(ds)
    parent, tag = pairs[int(rng.integers(len(pairs)))]
    element = parent[tag]
    keyword = element.keyword
    way = str(rng.choice(["drop", "empty", "garbage", "garbage", "swap", "repeat", "shorten"]))
    if way == "drop":
        del parent[tag]
        return f"{keyword} dropped", keyword not in OPTIONAL
    if way == "empty":
        element.value = [] if element.VR == "SQ" else None
        return f"{keyword} emptied", keyword not in OPTIONAL
    if way == "swap":
        other, other_tag = pairs[int(rng.integers(len(pairs)))]
        first, second = parent[tag].value, other[other_tag].value
        parent[tag].value, other[other_tag].value = second, first
        names = {keyword, other[other_tag].keyword}
        return f"{keyword} swapped with {other[other_tag].keyword}", not names & (NUMBERS | PLACES | SIGNED)
    if way in ("repeat", "shorten") and element.VM > 1 and element.VR not in ("OB", "OW", "UN"):
        values = list(element.value)
        element.value = values + values[:1] if way == "repeat" else values[:-1]
        return f"{keyword} with {len(element.value)} values", True
    vr, value = GARBAGE[int(rng.integers(len(GARBAGE)))]
    parent[tag] = DataElement(tag, vr, value)
    number = vr in ("DS", "IS", "FD", "US", "SS") and not isinstance(value, list)
    valid = number and (keyword in NUMBERS | PLACES | SIGNED or keyword.startswith("NumberOf"))
    return f"{keyword} = {vr} {str(value)[:20]!r}", not valid and keyword != "PixelData"


# --- text headers ---

VALUES = ("", "nan", "inf", "-1", "0", "1e30", "99999999999", "hello", "(nan,0,0) (0,1,0) (0,0,1)", "-4 -4 -4", "4 4",
          "%s%n", "x" * 3000, "\x00\x01", "none none none", "0 0 0", "True", "LIST", "../../etc/passwd", "2 2 2 2",
          "(1,2)", "(1,2,3,4)", "right-anterior-superior-time")  # fmt: skip


def _header(content: bytes, rng: Rng) -> Change:
    ends = [at for mark in (b"\n\n", b"ElementDataFile", b"!END") if (at := content.find(mark)) > 0]
    end = min(ends, default=len(content))
    head, tail = content[:end].decode("latin-1"), content[end:]
    lines = head.split("\n")
    n = int(rng.integers(len(lines)))
    separator = next((s for s in (":=", ": ", " = ") if s in lines[n]), "")
    key = lines[n].split(separator)[0].strip(" !") if separator else lines[n]
    way = str(rng.choice(["drop", "value", "value", "value", "repeat", "contradict", "swap", "line"]))
    valid = key in NUMBERS | PLACES or "size" in key or "factor" in key or "number format" in key
    must_agree = True
    if way == "drop":
        del lines[n]
        must_agree = key not in OPTIONAL
    elif way == "repeat":
        lines.insert(n, lines[n])
    elif way == "line":
        lines.insert(n, "nonsense without any meaning")
    elif way == "swap" and separator:
        m = int(rng.integers(len(lines)))
        if separator in lines[m]:
            (a, x), (b, y) = lines[n].split(separator, 1), lines[m].split(separator, 1)
            lines[n], lines[m] = f"{a}{separator}{y}", f"{b}{separator}{x}"
            other = b.strip(" !")
            must_agree = not valid and not (other in NUMBERS | PLACES or "size" in other or "factor" in other)
    else:
        value = str(rng.choice(VALUES))
        changed = f"{lines[n].split(separator)[0]}{separator}{value}" if separator else value
        lines[n : n + (way != "contradict")] = [changed]
        plain = value.lstrip("-").replace(" ", "").isdigit() or value in ("1e30", "99999999999")
        must_agree = not (valid and plain) and key not in OPTIONAL
    return "\n".join(lines).encode("latin-1") + tail, f"{way} {key[:40]!r}", must_agree


# --- NIfTI ---


def _nifti(content: bytes, rng: Rng) -> Change:
    packed = content[:2] == b"\x1f\x8b"
    if packed and rng.random() < 0.3:
        return _flipped(content, rng)
    plain = bytearray(gzip.decompress(content) if packed else content)
    size = struct.unpack_from("<i", plain)[0]
    fields = FIELDS[SECOND] if size == SECOND else FIELDS[348]
    name = str(rng.choice([*fields, "size"]))
    at, layout = (0, "i") if name == "size" else fields[name]
    count = int(layout[:-1] or 1) if layout[-1] != "s" else 1
    at += struct.calcsize("<" + layout[-1]) * int(rng.integers(count))
    code = layout[-1]
    value: Any
    if code in "fd":
        value = float(rng.choice([0.0, -1.0, np.nan, np.inf, 1e30, 3.0]))
    elif code == "s":
        value, code = bytes(rng.integers(0, 256, 4).astype(np.uint8)), "4s"
    else:
        value = int(rng.choice([0, -1, 1, 2, 7, 4, 16, 64, 127]))
    struct.pack_into("<" + code, plain, at, value)
    changed = gzip.compress(bytes(plain)) if packed else bytes(plain)
    valid = name in NUMBERS | PLACES | SIGNED or name in ("qform", "sform", "units", "bitpix")
    return changed, f"{name} at {at} = {value!r}", not valid
