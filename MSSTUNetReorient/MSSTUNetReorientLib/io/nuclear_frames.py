"""The indices of each frame of an NM object: energy window, gate, time and slice (DICOM PS3.3 C.8.4.8).

A frame has an index for every vector that the object has. The frames must be every combination of them once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.datadict import tag_for_keyword

from .dicom_values import numbers
from .dicom_values import value_of
from .dicom_values import whole
from .messages import refuse

Index = NDArray[np.int64]

VECTORS = {
    "energy window": ("EnergyWindowVector", "NumberOfEnergyWindows"),
    "detector": ("DetectorVector", "NumberOfDetectors"),
    "phase": ("PhaseVector", "NumberOfPhases"),
    "rotation": ("RotationVector", "NumberOfRotations"),
    "R-R interval": ("RRIntervalVector", "NumberOfRRIntervals"),
    "gate": ("TimeSlotVector", "NumberOfTimeSlots"),
    "time slice": ("TimeSliceVector", "NumberOfTimeSlices"),
    "angular view": ("AngularViewVector", ""),
    "slice": ("SliceVector", "NumberOfSlices"),
}
"""What distinguishes frames, the slowest first: the vector of the frames, and how many there are."""
IMPLIED = ("energy window", "R-R interval", "gate", "time slice")
"""What frames may run through though its vector is missing; detectors and rotations then belong to the scan."""
COUNTED = ("R-R interval", "gate", "time slice", "slice")
"""Counts that must match the header; some energy windows may have been omitted."""
SINGLE = ("detector", "rotation", "angular view")
"""What a reconstructed study has only one of."""


@dataclass(frozen=True)
class FrameTable:
    """The frames of an object.

    Attributes:
        indices: by what distinguishes them, ``(N,)`` from 0.
        windows: the numbers of the energy windows, in the order of their indices; none where frames have no window.
    """

    indices: dict[str, Index]
    windows: tuple[int, ...] = ()

    def index(self, part: str) -> Index:
        """``(N,)`` from 0; zeros where it does not distinguish frames."""
        return self.indices.get(part, np.zeros(len(self.indices["slice"]), np.int64))

    def size(self, part: str) -> int:
        """How many there are."""
        return int(self.index(part).max()) + 1


def frame_table(dataset: Any, count: int, name: str) -> FrameTable:
    """Read every frame index of an object of ``count`` frames.

    Raises:
        InputError: vectors that contradict each other, the number of frames or that of slices; several detectors,
            rotations or views.
    """
    stated = {part: whole(dataset, keyword, name) for part, (_, keyword) in VECTORS.items() if keyword}
    indices: dict[str, Index] = {}
    windows: tuple[int, ...] = ()
    for part, (keyword, _) in VECTORS.items():
        values = _vector(dataset, keyword, count, name)
        if values is None:
            continue
        found, indices[part] = np.unique(values, return_inverse=True)
        if part == "energy window":
            windows = tuple((found + (found[0] == 0)).tolist())
        elif len(found) != np.ptp(found) + 1:
            refuse(name, f"{keyword} must have no gaps, but has {len(found)} values up to {found[-1]}; export it again")
        if part in COUNTED and stated[part] and stated[part] != len(found):
            rule = f"{VECTORS[part][1]} is {stated[part]}, but {keyword} counts {len(found)}"
            refuse(name, f"{rule} (frames are missing, or one value is wrong); export it again")
    indices |= _by_order(indices, _missing_parts(indices, stated, count, name), count)
    if not windows and "energy window" in indices:
        windows = tuple(range(1, stated["energy window"] + 1))
    _check_complete(indices, count, name)
    for part in SINGLE:
        if part in indices and indices[part].max() > 0:
            found_parts = int(indices[part].max()) + 1
            refuse(
                name, f"a reconstructed study has one {part}, but its frames are from {found_parts}; export one of them"
            )
    return FrameTable(indices, windows)


def _vector(dataset: Any, keyword: str, count: int, name: str) -> Index | None:
    """The values of a frame vector; None where it is absent, or left over from the acquisition.

    Left over is one of another length that FrameIncrementPointer does not name.
    """
    values = numbers(dataset, keyword, None, name)
    if values is None:
        return None
    if values.size != count:
        named = value_of(dataset, "FrameIncrementPointer", name)
        if named is not None and tag_for_keyword(keyword) not in np.atleast_1d(np.asarray(named, dtype=object)):
            return None
        refuse(name, f"{keyword} must have a value for each of {count} frames, but has {values.size}; export again")
    if (values != np.round(values)).any() or values.min() < 0:
        refuse(name, f"{keyword} must be whole numbers from 0 or 1; export it again")
    return values.astype(np.int64)


def _sizes(indices: dict[str, Index]) -> dict[str, int]:
    return {part: int(index.max()) + 1 for part, index in indices.items()}


def _missing_parts(indices: dict[str, Index], stated: dict[str, int], count: int, name: str) -> dict[str, int]:
    """What frames run through without a vector, and how often, the slowest first.

    Raises:
        InputError: the number of frames is not the product of all, or their order cannot be determined.
    """
    sizes = _sizes(indices)
    implied = {part: stated[part] for part in IMPLIED if part not in sizes and stated[part] > 1}
    left = count // max(prod(sizes.values()), 1)
    if "slice" in sizes:
        slices = {}
    elif stated["slice"]:
        slices = {"slice": stated["slice"]}
    else:  # no number of slices is stated: as many as the rest allows, but windows could as well be slices
        slices = {"slice": max(left // prod(implied.values()), 1)} if "energy window" not in implied else {}
    candidates = [slices, implied | slices] if "slice" in sizes or stated["slice"] else [implied | slices]
    fitting = [m for m in candidates if prod((sizes | m).values()) == count and "slice" in sizes | m]
    if not fitting:
        parts = " x ".join(f"{size} {part}(s)" for part, size in (sizes | candidates[-1]).items() if size > 1)
        refuse(
            name,
            f"what each of {count} frames is cannot be determined: the header states {parts or 'no slices'} "
            "(frames, their vectors or NumberOfSlices are missing); export it again",
        )
    return {part: fitting[0][part] for part in VECTORS if part in fitting[0]}


def _by_order(indices: dict[str, Index], missing: dict[str, int], count: int) -> dict[str, Index]:
    """Indices without a vector: frames alike otherwise follow each other in the standard's order."""
    if not missing:
        return {}
    alike = np.zeros(count, np.int64)
    for index in indices.values():
        alike = alike * (int(index.max()) + 1) + index
    rank = np.zeros(count, np.int64)
    for value in np.unique(alike):
        inside = np.flatnonzero(alike == value)
        rank[inside] = np.arange(len(inside))
    places = np.unravel_index(rank % prod(missing.values()), tuple(missing.values()))
    return {part: np.asarray(index, np.int64) for part, index in zip(missing, places, strict=True)}


def _check_complete(indices: dict[str, Index], count: int, name: str) -> None:
    """Every combination must be there once."""
    sizes = _sizes(indices)
    parts = ", ".join(f"{size} {part}(s)" for part, size in sizes.items() if size > 1) or "one slice"
    if prod(sizes.values()) <= count:
        table = np.zeros(tuple(sizes.values()), np.int64)
        np.add.at(table, tuple(indices.values()), 1)
        if (table == 1).all():
            return
    refuse(
        name,
        f"each combination of {parts} must have 1 image, but found {count} in all (frames are missing, repeated or of "
        "several kinds); export it again",
    )
