"""DICOM Enhanced PET: geometry, scale and phase of each frame in its functional groups, in one object or several."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
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
from .dicom_file import rescale_of
from .dicom_values import items
from .dicom_values import number
from .dicom_values import required
from .dicom_values import text
from .dicom_values import whole
from .messages import refuse
from .reoriented import as_stated
from .stacking import Slice
from .stacking import normal_of
from .stacking import stack_slices
from .technical_info import technical_info

Scale = tuple[float, float]
"""Slope and intercept."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame with the values of its functional groups.

    Attributes:
        stored: its place, and the values as they are stored.
        rescale: of PixelValueTransformationSequence; real_world: of RealWorldValueMappingSequence; None where absent.
        phase: per cent of the cardiac cycle; None of an ungated frame.
        time: when it was acquired, as the header writes it.
        duration: ms, None where it is not stated.
    """

    stored: Slice
    rescale: Scale | None
    real_world: Scale | None
    phase: float | None
    time: str
    duration: float | None

    @property
    def height(self) -> float:
        """mm along the normal."""
        return round(float(self.stored.position @ normal_of(self.stored.orientation)), 2)


def read_enhanced_pet(paths: tuple[Path, ...], name: str, choice: Choice) -> list[Volume]:
    """An Enhanced PET or Legacy Converted Enhanced PET object, or the objects of a concatenation.

    Args:
        paths: its files.
        name: for messages.
        choice: gate, time frames, and whether the axes of a short-axis study are kept.

    Returns:
        float32 ``(K, J, I)`` of each gate to be summed, LPS mm, not yet checked. Time frames are summed here, weighted
        by their length.

    Raises:
        InputError: parts of a concatenation or functional groups that are missing, frames without geometry or with
            scales that cannot be compared, gates or time frames that do not exist.
    """
    datasets = [(path, read_dataset(path)) for path in paths]
    first = datasets[0][1]
    _check_concatenation(datasets, name)
    refuse_window(choice, name)
    frames = [frame for path, dataset in datasets for frame in _frames(dataset, path)]
    scales = _scales(frames, name)
    slices = [_scaled(frame.stored, scale) for frame, scale in zip(frames, scales, strict=True)]
    groups, gated = _groups(frames, name)
    wanted = chosen_gates(choice.gate, len(groups) if gated else 1, name)
    times = chosen_frames(choice.frames, 1 if gated else len(groups), name)
    members = [groups[n] for n in (wanted if gated else times)]
    info = technical_info(first, "DICOM PT enhanced", name)
    volumes = [stack_slices([slices[n] for n in group], dict(info), name) for group in members]
    if gated:
        chosen = gate_info(choice.gate, len(groups))
        volumes = [replace(volume, info=volume.info | chosen) for volume in volumes]
        return [as_stated(volume, first, choice.short_axis, name) for volume in volumes]
    lengths = [1.0 if len(groups) == 1 else frames[group[0]].duration or 1.0 for group in members]
    array = np.sum(
        [v.array * np.float32(length / lengths[0]) for v, length in zip(volumes, lengths, strict=True)], axis=0
    )
    volume = Volume(np.asarray(array, np.float32), volumes[0].grid, volumes[0].info | frame_info(times, len(groups)))
    return [as_stated(volume, first, choice.short_axis, name)]


def _check_concatenation(datasets: list[tuple[Path, Any]], name: str) -> None:
    path, first = datasets[0]
    total = whole(first, "InConcatenationTotalNumber", path, len(datasets))
    numbers = sorted({whole(dataset, "InConcatenationNumber", p) for p, dataset in datasets})
    if len(datasets) < total or (len(datasets) > 1 and numbers != list(range(1, len(datasets) + 1))):
        refuse(name, f"all {total} objects of a concatenation are needed, but found {len(datasets)}; give their folder")


def _frames(dataset: Any, path: Path) -> list[Frame]:
    stored = read_frames(dataset, path, rescaled=False)
    shared = next(iter(items(dataset, "SharedFunctionalGroupsSequence", path)), None)
    groups = items(dataset, "PerFrameFunctionalGroupsSequence", path)
    if len(groups) != len(stored):
        refuse(path, f"each of {len(stored)} frames needs a functional group, but found {len(groups)}; export it again")
    return [_frame(array, group, shared, path) for array, group in zip(stored, groups, strict=True)]


def _frame(array: np.ndarray[Any, np.dtype[np.float32]], group: Any, shared: Any, path: Path) -> Frame:
    def macro(keyword: str) -> Any:
        """A functional group macro's item: the frame's own, else the shared one, else None."""
        found = items(group, keyword, path) or items(shared, keyword, path)
        return found[0] if found else None

    position = required(macro("PlanePositionSequence"), "ImagePositionPatient", 3, path)
    orientation = required(macro("PlaneOrientationSequence"), "ImageOrientationPatient", 6, path)
    spacing = required(macro("PixelMeasuresSequence"), "PixelSpacing", 2, path)
    rescale, mapping = macro("PixelValueTransformationSequence"), macro("RealWorldValueMappingSequence")
    cardiac, content = macro("CardiacSynchronizationSequence"), macro("FrameContentSequence")
    return Frame(
        stored=Slice(array, position, orientation, spacing),
        rescale=None if rescale is None else rescale_of(rescale, path),
        real_world=None if mapping is None else _real_world(mapping, path),
        phase=None if cardiac is None else number(cardiac, "NominalPercentageOfCardiacPhase", path),
        time="" if content is None else text(content, "FrameReferenceDateTime", path)
        or text(content, "TemporalPositionIndex", path),
        duration=None if content is None else number(content, "FrameAcquisitionDuration", path),
    )  # fmt: skip


def _real_world(mapping: Any, path: Path) -> Scale:
    slope, intercept = (number(mapping, f"RealWorldValue{part}", path) for part in ("Slope", "Intercept"))
    if slope is None or slope <= 0:
        refuse(path, "real world values need a positive slope, but the mapping has none; export with RescaleSlope")
    return slope, intercept or 0.0


def _scales(frames: list[Frame], name: str) -> list[Scale]:
    """Slope and intercept of each frame: the modality's, or the real world's where only that distinguishes frames."""
    rescales, mappings = [f.rescale for f in frames], [f.real_world for f in frames]
    for found in (rescales, mappings):
        if any(found) and not all(found):
            missing = sum(scale is None for scale in found)
            refuse(name, f"each of {len(frames)} frames needs a scale, but {missing} have none; export it again")
    if all(mappings) and (not all(rescales) or (len(set(rescales)) == 1 and len(set(mappings)) > 1)):
        rescales = mappings
    return [scale or (1.0, 0.0) for scale in rescales]


def _scaled(stored: Slice, scale: Scale) -> Slice:
    counts = (stored.array.astype(np.float64) * scale[0] + scale[1]).astype(np.float32)
    return Slice(counts, stored.position, stored.orientation, stored.pixel_spacing)


def _groups(frames: list[Frame], name: str) -> tuple[list[list[int]], bool]:
    """Frames that make one volume each, and whether they are gates.

    Raises:
        InputError: several frames at one position that neither phase nor time distinguishes.
    """
    heights = [frame.height for frame in frames]
    if len(set(heights)) == len(frames):
        return [list(range(len(frames)))], False
    phases, times = [f.phase for f in frames], [f.time for f in frames]
    gated = None not in phases and len(set(phases)) > 1
    keys: list[Any] = phases if gated else times
    found: defaultdict[Any, list[int]] = defaultdict(list)
    for n, key in enumerate(keys):
        found[key].append(n)
    groups = [found[key] for key in sorted(found, key=_sortable)]
    if len(groups) < 2 or any(len({heights[n] for n in group}) < len(group) for group in groups):
        repeats = len(frames) / len(set(heights))
        refuse(
            name, f"{repeats:g} frames share each position, and neither phase nor time distinguishes them; export again"
        )
    return groups, gated


def _sortable(key: Any) -> tuple[float, str]:
    try:
        return float(key), ""
    except (TypeError, ValueError):
        return 0.0, str(key)
