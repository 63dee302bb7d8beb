"""The short-axis volumes that are exported: of the result, or of every gate of its source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..io import GatedStudy
from ..io import read_gates
from ..io import read_study
from ..io.messages import refuse
from .stored_result import StoredResult

SAME_COUNTS = 0.01
"""Largest difference between the short axis of a result and that of its source, in parts of the maximum (ours)."""


def short_axis_volumes(result: StoredResult, source: Path, series: str | None) -> tuple[Volume, ...]:
    """The gates of the source in the SA cube of the result, resampled once; its short axis where it has no gates.

    The source is held to the result, so that no patient gets the heart of another one.

    Raises:
        InputError: the source cannot be read, or the result was not made from it.
    """
    study = read_source_counts(result, source, series)
    grid = result.short_axis.grid
    found, wanted = resample(study.total, grid).array, result.short_axis.array
    peak = float(np.abs(wanted).max())
    if float(np.abs(found - wanted).max()) > SAME_COUNTS * max(peak, 1e-30):
        refuse(source, f"{result.name} was not made from this study (its counts or its place are "
                       "others); give the study that was processed")  # fmt: skip
    gates = tuple(replace(resample(gate, grid), info={}) for gate in study.gates)
    return gates or (result.short_axis,)


def read_source_counts(result: StoredResult, source: Path, series: str | None) -> GatedStudy:
    """The source as it was read for the result: the same gates, energy window and time frames."""
    told = result.input
    window, frames, gate = told.get("window"), told.get("frames"), told.get("gate", "sum")
    choice: dict[str, Any] = {"series": series, "window": None if window is None else str(window)}
    choice["frames"] = None if frames is None else _range(frames)
    if gate == "sum":
        return read_gates(source, **choice)
    return GatedStudy(read_study(source, gate=int(gate), **choice), ())


def _range(frames: Any) -> tuple[int, int]:
    """First and last time frame of "A-B"."""
    first, _, last = str(frames).partition("-")
    return int(first), int(last or first)
