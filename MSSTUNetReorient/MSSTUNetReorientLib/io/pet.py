"""DICOM PET as a series of single images: static, gated or dynamic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..geometry.volume import Volume
from .choice import Choice
from .choice import chosen_frames
from .choice import chosen_gates
from .choice import frame_info
from .choice import gate_info
from .choice import refuse_window
from .dicom_file import read_dataset
from .dicom_file import read_frames
from .dicom_values import number
from .dicom_values import required
from .dicom_values import text
from .dicom_values import whole
from .gated_study import interval_info
from .gated_study import stated_interval_ms
from .messages import refuse
from .reoriented import as_stated
from .stacking import Slice
from .stacking import normal_of
from .stacking import stack_slices
from .technical_info import technical_info

DYNAMIC, GATED = "DYNAMIC", "GATED"
"""Values of SeriesType with several images per position."""
COUNTS = "CNTS"
"""The unit in which time frames add up; all others are rates."""

Image = tuple[Path, Any]


def read_pet_series(paths: tuple[Path, ...], name: str, choice: Choice) -> list[Volume]:
    """A PET series, one file per image, in any order; each image has its own rescale.

    Args:
        paths: its files.
        name: for messages.
        choice: gate, time frames, and whether the axes of a short-axis study are kept.

    Returns:
        float32 ``(K, J, I)`` of each gate to be summed, LPS mm, not yet checked. Time frames are summed here, weighted
        by their length.

    Raises:
        InputError: a dynamic series without a choice of frames, gates or frames that cannot be determined or are not
            there, missing slices, rescale or geometry, damaged files.
    """
    images = [(path, read_dataset(path)) for path in paths]
    first = images[0][1]
    _check_scale(images, name)
    refuse_window(choice, name)
    kind = text(first, "SeriesType", name)
    if kind == GATED:
        volumes = _read_gated(images, name, choice)
    elif kind == DYNAMIC or _times(images) > 1:
        volumes = [_read_dynamic(images, name, choice)]
    else:
        chosen_gates(choice.gate, 1, name)
        chosen_frames(choice.frames, 1, name)
        volumes = [_stack(images, whole(first, "NumberOfSlices", name), "DICOM PT series", name)]
    return [as_stated(volume, first, choice.short_axis, name) for volume in volumes]


def _check_scale(images: list[Image], name: str) -> None:
    """Every image needs its slope (type 1 in PET), and all need one unit."""
    without = sum(number(dataset, "RescaleSlope", path) is None for path, dataset in images)
    if without:
        refuse(
            name,
            f"each image of a PET series needs a RescaleSlope, but {without} of {len(images)} have none; "
            "export the series again",
        )
    units = {text(dataset, "Units", path) for path, dataset in images}
    if len(units) > 1:
        refuse(name, f"all images of a series must have one unit, but found {len(units)}; export the series again")


def _stack(images: list[Image], expected: int, kind: str, name: str) -> Volume:
    slices = [_slice(dataset, path) for path, dataset in images]
    if len(slices) < expected:
        refuse(name, f"the series must have {expected} slices, but found {len(slices)}; copy or export it again")
    return stack_slices(slices, technical_info(images[0][1], kind, name), name)


def _read_gated(images: list[Image], name: str, choice: Choice) -> list[Volume]:
    """Images are numbered slice by slice within a gate (ImageIndex, DICOM PS3.3 C.8.9.4.1.9)."""
    first = images[0][1]
    deep, gates, intervals = (
        whole(first, keyword, name) for keyword in ("NumberOfSlices", "NumberOfTimeSlots", "NumberOfRRIntervals")
    )
    chosen_frames(choice.frames, 1, name)
    parts = _parts(images, deep, gates, name)
    if parts is None or intervals > 1:
        refuse(
            name,
            f"the gates of this GATED series of {len(images)} images cannot be determined (its header states "
            f"{gates} with {deep} slices each); export it again, or give a static or summed series",
        )
    wanted = chosen_gates(choice.gate, gates, name)
    volumes = [_stack(parts[gate], deep, "DICOM PT gated series", name) for gate in wanted]
    info = gate_info(choice.gate, gates) | interval_info(stated_interval_ms(first, name))
    return [replace(volume, info=volume.info | info) for volume in volumes]


def _read_dynamic(images: list[Image], name: str, choice: Choice) -> Volume:
    """Time frames by ImageIndex, or by their reference times."""
    first = images[0][1]
    deep, times = whole(first, "NumberOfSlices", name), whole(first, "NumberOfTimeSlices", name)
    chosen_gates(choice.gate, 1, name)
    parts = _parts(images, deep, times, name) if times > 1 else None
    parts = parts or _by_time(images)
    if len(parts) < 2:
        refuse(
            name,
            "the time frames of this DYNAMIC series cannot be determined; export it again, or give a summed series",
        )
    wanted = chosen_frames(choice.frames, len(parts), name)
    volumes = [_stack(parts[n], deep, "DICOM PT dynamic series", name) for n in wanted]
    weights = [_weight(parts[n][0]) for n in wanted]
    return _summed(volumes, weights, frame_info(wanted, len(parts)))


def _parts(images: list[Image], deep: int, count: int, name: str) -> list[list[Image]] | None:
    """Images by ImageIndex in ``count`` parts of ``deep``; None where they are not numbered so."""
    places = [whole(dataset, "ImageIndex", path) - 1 for path, dataset in images]
    if deep < 1 or count < 1 or sorted(places) != list(range(deep * count)):
        return None
    return [[pair for pair, at in zip(images, places, strict=True) if at // deep == n] for n in range(count)]


def _time_of(image: Image) -> float:
    path, dataset = image
    for keyword in ("FrameReferenceTime", "AcquisitionTime"):
        found = _seconds(text(dataset, keyword, path))
        if found is not None:
            return found
    return 0.0


def _seconds(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _by_time(images: list[Image]) -> list[list[Image]]:
    found: defaultdict[float, list[Image]] = defaultdict(list)
    for image in images:
        found[_time_of(image)].append(image)
    return [found[time] for time in sorted(found)]


def _times(images: list[Image]) -> int:
    """How many time frames: images at one position that differ in time."""
    places = defaultdict(set)
    for path, dataset in images:
        position = required(dataset, "ImagePositionPatient", 3, path)
        orientation = required(dataset, "ImageOrientationPatient", 6, path)
        places[round(float(position @ normal_of(orientation)), 2)].add(_time_of((path, dataset)))
    return min(len(times) for times in places.values())


def _weight(image: Image) -> float:
    """What a time frame counts in a sum: its length, where its values are rates."""
    path, dataset = image
    length = number(dataset, "ActualFrameDuration", path)
    return 1.0 if text(dataset, "Units", path) == COUNTS or length is None or length <= 0 else length


def _summed(volumes: list[Volume], weights: list[float], info: dict[str, object]) -> Volume:
    """Counts are added; rates of different lengths give their mean over the time."""
    total = sum(weights) if len(set(weights)) > 1 else weights[0]
    arrays = [volume.array * np.float32(weight / total) for volume, weight in zip(volumes, weights, strict=True)]
    return Volume(np.asarray(np.sum(arrays, axis=0), np.float32), volumes[0].grid, volumes[0].info | info)


def _slice(dataset: Any, path: Path) -> Slice:
    frames = read_frames(dataset, path)
    if len(frames) != 1:
        refuse(path, f"a slice of a PET series must be one image, but found {len(frames)}; give a series of slices")
    position = required(dataset, "ImagePositionPatient", 3, path)
    orientation = required(dataset, "ImageOrientationPatient", 6, path)
    return Slice(frames[0], position, orientation, required(dataset, "PixelSpacing", 2, path))
