"""DICOM NM: the reconstructed SPECT study in one multi-frame object."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..volume import Volume
from .dicom_file import number
from .dicom_file import numbers
from .dicom_file import read_dataset
from .dicom_file import read_frames
from .dicom_file import technical_info
from .messages import refuse
from .stacking import Slice
from .stacking import stack_regular

UNGATED, GATED = "RECON TOMO", "RECON GATED TOMO"
PROJECTIONS = ("TOMO", "GATED TOMO")

Index = NDArray[np.int64]


def read_nuclear(path: Path, name: str, gate: int | None) -> Volume:
    """A ``RECON TOMO`` or ``RECON GATED TOMO`` object.

    Args:
        path: the multi-frame file.
        name: for messages.
        gate: the gate to read, from 1; None sums the gates.

    Returns:
        float32 ``(K, J, I)``, LPS mm, not yet checked.

    Raises:
        InputError: projections or another kind of image, a missing geometry, frames that do not fill a stack, a gate
            that is not there.
    """
    dataset = read_dataset(path)
    image_type = _image_type(dataset, name, gate)
    place, spacing = _geometry(dataset, name)
    frames = read_frames(dataset, path)
    info = technical_info(dataset, f"DICOM NM {image_type}")
    slices, slots = _frame_numbers(dataset, len(frames), image_type == GATED, name)
    if slices[0] != 0:
        warning = "frames are not stored in slice order: the stored position is taken for that of slice 1"
        info.setdefault("warnings", []).append(warning)
    if image_type == GATED:
        gates = int(slots.max()) + 1
        info |= {"gates": gates, "gate": "sum" if gate is None else gate}
        if gate is not None:
            wanted = slots == _gate_index(gate, gates, name)
            frames, slices = frames[wanted], slices[wanted]
    stack = np.zeros((slices.max() + 1, *frames.shape[1:]), dtype=np.float32)
    np.add.at(stack, slices, frames)
    return stack_regular(place, stack, spacing, info)


def _image_type(dataset: Any, name: str, gate: int | None) -> str:
    """Value 3 of ImageType, where it is a kind that can be read."""
    values = [str(v) for v in np.atleast_1d(dataset.get("ImageType") or [])]
    kind = values[2] if len(values) > 2 else "none"
    if kind in PROJECTIONS:
        refuse(name, f"a reconstructed study is needed, but this holds projections ({kind}); reconstruct it first")
    if kind not in (UNGATED, GATED):
        refuse(
            name,
            f"the NM image type must be {UNGATED} or {GATED}, but found {kind}; "
            "give the reconstructed transaxial study",
        )
    if "TRANSMISSION" in values[3:]:
        refuse(name, "an emission study is needed, but this is a transmission map; give the emission study")
    if kind == UNGATED and gate is not None:
        refuse(name, "a gate can be chosen only of a gated study, but this one is not gated; leave --gate out")
    return kind


def _gate_index(gate: int, gates: int, name: str) -> int:
    if not 1 <= gate <= gates:
        refuse(name, f"the gate must lie in 1 to {gates}, but found {gate}; choose another or leave it out to sum all")
    return gate - 1


def _geometry(dataset: Any, name: str) -> tuple[Slice, float]:
    """Place of the first slice, and the signed step between slices in mm.

    NM keeps position and orientation inside the detector's item; some writers put them at the top level.
    """
    detectors = list(dataset.get("DetectorInformationSequence") or [])
    sources = [*detectors[:1], dataset]
    found = {}
    for keyword, count in (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6)):
        values = [v for s in sources if (v := numbers(s, keyword, count, name)) is not None]
        if not values:
            refuse(name, f"the DICOM attribute {keyword} is missing; export the study with its geometry")
        found[keyword] = values[0]
    pixel_spacing = numbers(dataset, "PixelSpacing", 2, name)
    if pixel_spacing is None:
        refuse(name, "the DICOM attribute PixelSpacing is missing; export the study with its geometry")
    spacing = number(dataset, "SpacingBetweenSlices", name)
    if spacing is None:
        spacing = number(dataset, "SliceThickness", name)
    if spacing is None:
        refuse(name, "both SpacingBetweenSlices and SliceThickness are missing; export the study with its geometry")
    nothing = np.empty((0, 0), dtype=np.float32)
    place = Slice(nothing, found["ImagePositionPatient"], found["ImageOrientationPatient"], pixel_spacing)
    return place, spacing


def _frame_numbers(dataset: Any, count: int, gated: bool, name: str) -> tuple[Index, Index]:
    """Slice and gate of each frame, both ``(N,)`` and from 0; R-R intervals of a gate are added up.

    Raises:
        InputError: some gate lacks a slice, or a slice has several images that are no gates.
    """
    slices = _vector(dataset, "SliceVector", count, name)
    slots = _vector(dataset, "TimeSlotVector", count, name) if gated else np.zeros(count, dtype=np.int64)
    intervals = _vector(dataset, "RRIntervalVector", count, name) if gated else None
    if slices is None or slots is None:
        slices, slots = _assumed_order(dataset, count, gated, name)
    repeats = 1 if intervals is None else int(intervals.max()) + 1
    table = np.zeros((slots.max() + 1, slices.max() + 1), dtype=np.int64)
    np.add.at(table, (slots, slices), 1)
    if (table != repeats).any():
        refuse(
            name,
            f"each of {table.shape[1]} slices must have {repeats} image(s) in each of {table.shape[0]} gate(s), but "
            f"found {table.min()} to {table.max()} (missing frames, or several energy windows); export it again",
        )
    return slices, slots


def _vector(dataset: Any, keyword: str, count: int, name: str) -> Index | None:
    """A frame vector as numbers from 0, whether the writer counts from 0 or from 1."""
    values = dataset.get(keyword)
    if values is None or np.size(values) == 0:
        return None
    if np.size(values) != count:
        refuse(name, f"{keyword} must have a value for each of {count} frames, but has {np.size(values)}; export again")
    found = np.atleast_1d(np.asarray(values)).astype(np.int64)
    found -= found.min()
    if found.max() >= count:
        refuse(name, f"{keyword} of {count} frames must have no gaps, but reaches {found.max() + 1}; export again")
    return found


def _assumed_order(dataset: Any, count: int, gated: bool, name: str) -> tuple[Index, Index]:
    """Without frame vectors: gate by gate, slices within (the order the standard asks for)."""
    gates = int(number(dataset, "NumberOfTimeSlots", name) or 0) if gated else 1
    if gates < 1 or count % gates:
        refuse(
            name,
            f"the gates of {count} frames cannot be told (TimeSlotVector and SliceVector missing, NumberOfTimeSlots "
            f"{gates}); export it again",
        )
    slots, slices = np.divmod(np.arange(count, dtype=np.int64), count // gates)
    return slices, slots
