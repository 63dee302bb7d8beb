"""DICOM PET: a series of single images, or one enhanced multi-frame object."""

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
from .stacking import stack_slices

DYNAMIC, GATED = "DYNAMIC", "GATED"
"""Values of SeriesType that hold several images per position."""


def read_pet_series(paths: tuple[Path, ...], name: str, gate: int | None = None) -> Volume:
    """A static or gated PET series, one file per image, in any order; each image has its own rescale.

    Args:
        paths: its files.
        name: for messages.
        gate: of a gated series, the gate to read, from 1; None sums the gates.

    Returns:
        float32 ``(K, J, I)``, LPS mm, not yet checked.

    Raises:
        InputError: a dynamic series, gates that cannot be told or are not there, missing slices or geometry, damaged
            files.
    """
    datasets = [(path, read_dataset(path)) for path in paths]
    first = datasets[0][1]
    series_type = str(np.atleast_1d(first.get("SeriesType") or [""])[0])
    if series_type == DYNAMIC:
        refuse(name, f"a static or gated PET series is needed, but this is {series_type}; give a summed series")
    if series_type == GATED:
        return _read_gated(datasets, name, gate)
    if gate is not None:
        refuse(name, "a gate can be chosen only of a gated study, but this one is not gated; leave --gate out")
    return _stack(datasets, int(number(first, "NumberOfSlices", name) or 0), "DICOM PT series", name)


def _stack(datasets: list[tuple[Path, Any]], expected: int, kind: str, name: str) -> Volume:
    slices = [_slice(dataset, path) for path, dataset in datasets]
    if len(slices) < expected:
        refuse(name, f"the series must have {expected} slices, but found {len(slices)}; copy or export it again")
    return stack_slices(slices, technical_info(datasets[0][1], kind), name)


def _read_gated(datasets: list[tuple[Path, Any]], name: str, gate: int | None) -> Volume:
    """Images are numbered slice by slice within a gate (ImageIndex, DICOM PS3.3 C.8.9.4.1.9)."""
    first = datasets[0][1]
    deep, gates, intervals = (
        int(number(first, keyword, name) or 0)
        for keyword in ("NumberOfSlices", "NumberOfTimeSlots", "NumberOfRRIntervals")
    )
    places = [int(number(dataset, "ImageIndex", name) or 0) - 1 for _, dataset in datasets]
    if deep < 1 or intervals > 1 or sorted(places) != list(range(deep * gates)):
        refuse(
            name,
            f"the gates of this GATED series of {len(datasets)} images cannot be told (it tells of {gates} with {deep} "
            "slices each); export it again, or give a static or summed series",
        )
    if gate is not None and not 1 <= gate <= gates:
        refuse(name, f"the gate must lie in 1 to {gates}, but found {gate}; choose another or leave it out to sum all")
    wanted = range(gates) if gate is None else [gate - 1]
    members = [[pair for pair, at in zip(datasets, places, strict=True) if at // deep == slot] for slot in wanted]
    volumes = [_stack(pairs, deep, "DICOM PT gated series", name) for pairs in members]
    summed = np.asarray(np.sum([v.array for v in volumes], axis=0), np.float32)
    info = volumes[0].info | {"gates": gates, "gate": "sum" if gate is None else gate}
    return Volume(summed, volumes[0].grid, info)


def _slice(dataset: Any, path: Path) -> Slice:
    frames = read_frames(dataset, path)
    if len(frames) != 1:
        refuse(path, f"a slice of a PET series must be one image, but found {len(frames)}; give a series of slices")
    position = _required(dataset, "ImagePositionPatient", 3, path)
    orientation = _required(dataset, "ImageOrientationPatient", 6, path)
    return Slice(frames[0], position, orientation, _required(dataset, "PixelSpacing", 2, path))


def _required(dataset: Any, keyword: str, count: int, name: object) -> NDArray[np.float64]:
    values = None if dataset is None else numbers(dataset, keyword, count, name)
    if values is None:
        refuse(name, f"the DICOM attribute {keyword} is missing; export the series with its geometry")
    return values


def read_enhanced_pet(path: Path, name: str) -> Volume:
    """An Enhanced PET object: geometry and rescale of each frame in its functional groups.

    Returns:
        float32 ``(K, J, I)``, LPS mm, not yet checked.
    """
    dataset = read_dataset(path)
    frames = read_frames(dataset, path)
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [None])[0]
    groups = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    if len(groups) != len(frames):
        refuse(name, f"each of {len(frames)} frames needs its functional group, but found {len(groups)}; export again")
    slices = [_frame(frame, group, shared, name) for frame, group in zip(frames, groups, strict=True)]
    return stack_slices(slices, technical_info(dataset, "DICOM PT enhanced"), name)


def _frame(stored: NDArray[np.float32], group: Any, shared: Any, name: str) -> Slice:
    position = _required(_macro(group, shared, "PlanePositionSequence"), "ImagePositionPatient", 3, name)
    orientation = _required(_macro(group, shared, "PlaneOrientationSequence"), "ImageOrientationPatient", 6, name)
    spacing = _required(_macro(group, shared, "PixelMeasuresSequence"), "PixelSpacing", 2, name)
    rescale = _macro(group, shared, "PixelValueTransformationSequence")
    if rescale is not None:
        slope, intercept = number(rescale, "RescaleSlope", name), number(rescale, "RescaleIntercept", name)
        stored = (stored * (1.0 if slope is None else slope) + (intercept or 0.0)).astype(np.float32)
    return Slice(stored, position, orientation, spacing)


def _macro(group: Any, shared: Any, keyword: str) -> Any:
    """A functional group macro's item: the frame's own, else the shared one, else None."""
    for source in (group, shared):
        items = source.get(keyword) if source is not None else None
        if items:
            return items[0]
    return None
