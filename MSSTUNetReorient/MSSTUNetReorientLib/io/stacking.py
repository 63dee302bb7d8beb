"""From slices with DICOM positions to a volume on a right-handed LPS grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .messages import refuse

Array = NDArray[np.float64]

GAP_TOLERANCE = 0.05
"""Largest deviation of a gap between slices from their mean, as a fraction of it; header rounding is far less."""
SIDE_TOLERANCE_MM = 0.5
"""Largest sideways step between slices that is taken for rounding."""
ORIENTATION_TOLERANCE = 1e-3
"""Largest difference of direction cosines between slices that is taken for rounding."""


@dataclass(frozen=True, eq=False)
class Slice:
    """One image with its place.

    Attributes:
        array: ``(rows, columns)`` counts.
        position: ``(3,)`` LPS mm of the centre of the first pixel (ImagePositionPatient).
        orientation: ``(6,)`` cosines along a row, then along a column (ImageOrientationPatient).
        pixel_spacing: ``(2,)`` mm between rows, between columns (PixelSpacing).
    """

    array: NDArray[np.float32]
    position: Array
    orientation: Array
    pixel_spacing: Array


def normal_of(orientation: Array) -> Array:
    """Row cross column, ``(3,)``: the direction in which slices are counted."""
    return np.cross(orientation[:3], orientation[3:])


def stack_regular(first: Slice, frames: NDArray[np.float32], spacing: float, info: dict[str, Any]) -> Volume:
    """Frames at equal steps from the first one.

    Args:
        first: place of frame 0 (its array is not used).
        frames: ``(N, rows, columns)`` in the order of stacking.
        spacing: mm from frame to frame along the normal; negative stacks against it (DICOM PS3.3 C.8.4.15).
        info: of the volume.

    Returns:
        ``(N, rows, columns)`` with k along the normal: a negative spacing reverses the order.
    """
    normal, origin = normal_of(first.orientation), first.position
    if spacing < 0:
        origin = origin + (len(frames) - 1) * spacing * normal
        frames = frames[::-1]
    direction = np.stack([first.orientation[:3], first.orientation[3:], normal], axis=1)
    steps = np.array([first.pixel_spacing[1], first.pixel_spacing[0], abs(spacing)])
    grid = Grid(frames.shape[::-1], steps, origin, direction)
    return Volume(np.ascontiguousarray(frames), grid, info)


def stack_slices(slices: list[Slice], info: dict[str, Any], name: str) -> Volume:
    """Slices in any order, sorted by their positions along the normal.

    Raises:
        InputError: the slices differ in size or orientation, share a position, or are not evenly spaced.
    """
    if len(slices) < 2:
        refuse(name, "a PET series needs several slices, but found 1; give the folder of the whole series")
    first = slices[0]
    _check_alike(slices, name)
    normal = normal_of(first.orientation)
    along = np.array([s.position @ normal for s in slices])
    order = np.argsort(along)
    ordered = [slices[n] for n in order]
    spacing = _even_spacing(along[order], name)
    ideal = ordered[0].position + np.arange(len(ordered))[:, None] * spacing * normal
    sideways = np.abs(np.array([s.position for s in ordered]) - ideal)
    if sideways.max() > max(SIDE_TOLERANCE_MM, GAP_TOLERANCE * spacing):
        refuse(name, f"slices must be stacked straight, but found a sideways step of {sideways.max():.2f} mm")
    return stack_regular(ordered[0], np.stack([s.array for s in ordered]), spacing, info)


def _check_alike(slices: list[Slice], name: str) -> None:
    first = slices[0]
    for s in slices:
        if s.array.shape != first.array.shape or not np.allclose(s.pixel_spacing, first.pixel_spacing, rtol=1e-3):
            refuse(
                name,
                f"all slices must have the same size and pixel spacing, but found {s.array.shape} beside "
                f"{first.array.shape} pixels; give one series",
            )
        if np.abs(s.orientation - first.orientation).max() > ORIENTATION_TOLERANCE:
            refuse(name, "all slices must have the same orientation, but found several; give one series")


def _even_spacing(along: Array, name: str) -> float:
    """The step of sorted positions, mm; refuses gaps and shared positions."""
    gaps = np.diff(along)
    typical = float(np.median(gaps))
    shared = int((gaps < 1e-3).sum())
    if shared:
        refuse(
            name,
            f"a static series has one image per position, but {shared + 1} or more share one "
            "(gated or dynamic series); give a static or summed series",
        )
    if np.abs(gaps - typical).max() > GAP_TOLERANCE * typical:
        refuse(
            name,
            f"slices must be evenly spaced, but found gaps of {gaps.min():.2f} to {gaps.max():.2f} mm; "
            "a slice may be missing: copy or export the series again",
        )
    return float(along[-1] - along[0]) / (len(along) - 1)
