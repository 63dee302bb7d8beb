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

SEVERAL_PER_POSITION = ("DYNAMIC", "GATED")
"""Values of SeriesType that hold several images per position."""


def read_pet_series(paths: tuple[Path, ...], name: str) -> Volume:
    """A static PET series, one file per slice, in any order; each slice has its own rescale.

    Returns:
        float32 ``(K, J, I)``, LPS mm, not yet checked.

    Raises:
        InputError: a gated or dynamic series, missing slices or geometry, damaged files.
    """
    datasets = [(path, read_dataset(path)) for path in paths]
    first = datasets[0][1]
    series_type = [str(v) for v in np.atleast_1d(first.get("SeriesType") or [])]
    if series_type and series_type[0] in SEVERAL_PER_POSITION:
        refuse(name, f"a static PET series is needed, but this is {series_type[0]}; give a static or summed series")
    expected = int(number(first, "NumberOfSlices", name) or 0)
    slices = [_slice(dataset, path) for path, dataset in datasets]
    if len(slices) < expected:
        refuse(name, f"the series must have {expected} slices, but found {len(slices)}; copy or export it again")
    return stack_slices(slices, technical_info(first, "DICOM PT series"), name)


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
