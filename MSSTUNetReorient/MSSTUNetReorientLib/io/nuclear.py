"""DICOM NM: the reconstructed SPECT study in one multi-frame object, or in one object a slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .choice import Choice
from .choice import chosen_frames
from .choice import chosen_gates
from .choice import frame_info
from .choice import gate_info
from .dicom_file import read_dataset
from .dicom_file import read_frames
from .dicom_values import items
from .dicom_values import number
from .dicom_values import numbers
from .dicom_values import required
from .dicom_values import texts
from .dicom_values import whole
from .energy_windows import choose_window
from .gated_study import interval_info
from .gated_study import stated_interval_ms
from .messages import refuse
from .nuclear_frames import FrameTable
from .nuclear_frames import frame_table
from .reoriented import as_stated
from .reoriented import kept
from .reoriented import long_axis_of
from .reoriented import noted
from .reoriented import refuse_without_place
from .reoriented import stated_view
from .stacking import Slice
from .stacking import stack_regular
from .stacking import stack_slices
from .technical_info import technical_info
from .technical_info import warn

UNGATED, GATED = "RECON TOMO", "RECON GATED TOMO"
PROJECTIONS = ("TOMO", "GATED TOMO")

POSITION, ORIENTATION = "ImagePositionPatient", "ImageOrientationPatient"
Array = np.ndarray[Any, np.dtype[np.float64]]
NOTHING = np.empty((0, 0), dtype=np.float32)


def read_nuclear(paths: tuple[Path, ...], name: str, choice: Choice) -> list[Volume]:
    """A ``RECON TOMO`` or ``RECON GATED TOMO`` study.

    Args:
        paths: one multi-frame object, or objects of one frame each.
        name: for messages.
        choice: gate, energy window, time frames, and whether the axes of a short-axis study are kept.

    Returns:
        float32 ``(K, J, I)`` of each gate to be summed, LPS mm, not yet checked.

    Raises:
        InputError: projections or another kind of image, a missing geometry, frames that are not every combination of
            their indices, a gate, window or time frame that does not exist, a reoriented study without geometry.
    """
    if len(paths) > 1:
        return [_read_single_frames(paths, name, choice)]
    dataset = read_dataset(paths[0])
    kind = _image_type(dataset, name)
    if whole(dataset, "NumberOfFrames", name, 1) < 2:
        refuse(name, "a study has several slices, but this object has one; give the folder of the series")
    frames = read_frames(dataset, paths[0])
    table = frame_table(dataset, len(frames), name)
    kind = GATED if table.size("gate") > 1 else kind
    info = technical_info(dataset, f"DICOM NM {kind}", name)
    keep = _wanted_frames(dataset, table, choice, info, name)
    slices = table.index("slice")
    if slices[0] != 0:
        warn(info, "Frames are not stored in slice order: the stored position is assumed to be that of slice 1.")
    volumes = []
    for gate in chosen_gates(choice.gate, table.size("gate"), name):
        wanted = keep & (table.index("gate") == gate)
        stack = np.zeros((table.size("slice"), *frames.shape[1:]), np.float32)
        np.add.at(stack, slices[wanted], frames[wanted])
        volumes.append(_placed(dataset, stack, dict(info), choice, name))
    return volumes


def _image_type(dataset: Any, name: str) -> str:
    """Value 3 of ImageType, where it is a kind that can be read."""
    values = texts(dataset, "ImageType", name)
    kind = values[2] if len(values) > 2 else "none"
    if kind in PROJECTIONS:
        refuse(name, f"a reconstructed study is needed, but this contains projections ({kind}); reconstruct it first")
    if kind not in (UNGATED, GATED):
        found = kind if kind.replace(" ", "").isalpha() and len(kind) <= 16 else "another"
        refuse(
            name,
            f"the NM image type must be {UNGATED} or {GATED}, but found {found}; "
            "give the reconstructed transaxial study",
        )
    if "TRANSMISSION" in values[3:]:
        refuse(name, "an emission study is needed, but this is a transmission map; give the emission study")
    return kind


def _wanted_frames(
    dataset: Any, table: FrameTable, choice: Choice, info: dict[str, Any], name: str
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The frames of the chosen time and energy window, of all gates; ``info`` gets the choice."""
    gates = table.size("gate")
    chosen_gates(choice.gate, gates, name)
    info |= gate_info(choice.gate, gates)
    if gates > 1:
        info |= interval_info(stated_interval_ms(dataset, name))
    times = table.size("phase") * table.size("time slice")
    frames = chosen_frames(choice.frames, times, name)
    keep = np.isin(table.index("phase") * table.size("time slice") + table.index("time slice"), frames)
    info |= frame_info(frames, times)
    windows = table.windows or (1,)
    window = choose_window(dataset, windows, choice.window, name)
    keep &= table.index("energy window") == windows.index(window)
    if len(windows) > 1:
        info |= {"windows": len(windows), "window": window}
    return keep


def _placed(dataset: Any, stack: np.ndarray[Any, Any], info: dict[str, Any], choice: Choice, name: str) -> Volume:
    """The stack on its grid: where the header puts it, or upright where a short-axis study has no place."""
    statement = stated_view(dataset, name)
    place = _place(dataset, info, name)
    pixel_spacing, spacing = _spacing(dataset, name)
    if place is None and not (statement and statement.certain) and not choice.short_axis:
        required(None, POSITION, 3, name)
    size = np.array([pixel_spacing[1], pixel_spacing[0], abs(spacing)])
    loose = Volume(stack, Grid(stack.shape[::-1], size, np.zeros(3)), info)
    if place is None:
        if statement is not None and not choice.short_axis:
            refuse_without_place(statement, name)
        return kept(loose, statement, name)
    first = Slice(NOTHING, place[0], place[1], pixel_spacing)
    volume = stack_regular(first, stack, spacing, info)
    if not choice.short_axis:
        return noted(volume, statement, name)
    believed = long_axis_of(volume.grid.direction, "short axis") is not None
    return kept(volume if believed else loose, statement, name)


def _place(dataset: Any, info: dict[str, Any], name: str) -> tuple[Array, Array] | None:
    """Position and orientation of the first slice; None where there is no geometry.

    NM keeps them inside a detector's item; some writers put them at the top level, or into another detector's.

    Raises:
        InputError: one of the two without the other.
    """
    places: list[tuple[Array, Array]] = []
    alone: dict[str, Array] = {}
    for source in (*items(dataset, "DetectorInformationSequence", name), dataset):
        position = numbers(source, POSITION, 3, name)
        orientation = numbers(source, ORIENTATION, 6, name)
        if position is not None and orientation is not None:
            places.append((position, orientation))
        alone |= {k: v for k, v in ((POSITION, position), (ORIENTATION, orientation)) if v is not None}
    if not places and not alone:
        return None
    if not places:  # one in a detector's item, the other at the top level
        for keyword in (POSITION, ORIENTATION):
            if keyword not in alone:
                required(None, keyword, 3, name)
        return alone[POSITION], alone[ORIENTATION]
    first = places[0]
    if any(np.abs(p - first[0]).max() > 0.5 or np.abs(o - first[1]).max() > 1e-3 for p, o in places):
        warn(info, "The detectors have different geometries: that of the first is used.")
    return first


def _spacing(dataset: Any, name: str) -> tuple[Array, float]:
    """Between rows and columns ``(2,)``, and the signed step between slices, mm."""
    pixel_spacing = required(dataset, "PixelSpacing", 2, name)
    spacing = number(dataset, "SpacingBetweenSlices", name)
    if spacing is None:
        spacing = number(dataset, "SliceThickness", name)
    if spacing is None:
        refuse(name, "both SpacingBetweenSlices and SliceThickness are missing; export the study with its geometry")
    return pixel_spacing, spacing


def _read_single_frames(paths: tuple[Path, ...], name: str, choice: Choice) -> Volume:
    """Objects of one frame each: a study only where each has a place of its own."""
    datasets = [(path, read_dataset(path)) for path in paths]
    if any(whole(dataset, "NumberOfFrames", path, 1) > 1 for path, dataset in datasets):
        refuse(name, f"an NM study must be one multi-frame object, but found {len(paths)} files; give one of them")
    info = technical_info(datasets[0][1], f"DICOM NM {_image_type(datasets[0][1], name)}", name)
    slices = []
    for path, dataset in datasets:
        _image_type(dataset, str(path))
        place = _place(dataset, info, str(path))
        if place is None:
            refuse(path, "an NM slice in a file of its own needs ImagePositionPatient, but has none; export it again")
        frame = read_frames(dataset, path)[0]
        slices.append(Slice(frame, *place, required(dataset, "PixelSpacing", 2, path)))
    for value, option in ((choice.gate, "gate"), (choice.frames, "frames"), (choice.window, "window")):
        if value is not None:
            refuse(name, f"--{option} does not apply to single slices; omit it")
    return as_stated(stack_slices(slices, info, name), datasets[0][1], choice.short_axis, name)
