"""A gated study: its gates on one grid, their sum, and the length of a heart beat where the header states it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import numpy as np

from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .dicom_values import items
from .dicom_values import number
from .messages import refuse

INTERVALS_MS = (300.0, 2500.0)
"""R-R intervals of 200 to 24 beats a minute; another one that a header states is ignored (ours)."""
MAX_GATES = 32
"""More frames than that are no gates."""
MAX_GATE_SECONDS = 2.0
"""Frames further apart in time are no gates of a heart beat."""
SAME_PLACE_MM = 0.1
"""Corners of gates further apart than this are on different grids."""


@dataclass(frozen=True, eq=False)
class GatedStudy:
    """A study with its gates.

    Attributes:
        total: the sum of the gates, or the study as it is where it has none.
        gates: counts of each gate on the grid of the sum, in the order of the file; none of an ungated study.
    """

    total: Volume
    gates: tuple[Volume, ...]


def check_gates(count: int, seconds: float | None, name: object) -> None:
    """Whether frames can be gates: their number, and the time between them where it is stated.

    Raises:
        InputError: they cannot.
    """
    if count > MAX_GATES:
        refuse(name, f"a gated study has at most {MAX_GATES} gates, but found {count} frames; give their sum")
    if count > 1 and (seconds or 0.0) > MAX_GATE_SECONDS:
        refuse(name, f"the frames of a file must be gates, but these are {seconds:g} s apart (DYNAMIC); give their sum")


def check_places(grids: Sequence[Grid], name: object) -> None:
    """Whether all gates lie on one grid.

    Raises:
        InputError: they do not.
    """
    first = grids[0]
    for gate, grid in enumerate(grids[1:], 2):
        if grid.size != first.size:
            found, rule = (" x ".join(str(n) for n in g.size) for g in (grid, first))
            refuse(
                name, f"all gates must have the size of gate 1 ({rule}), but gate {gate} has {found}; export it again"
            )
        if np.abs(grid.corners() - first.corners()).max() > SAME_PLACE_MM:
            refuse(name, f"all gates must lie where gate 1 lies, but gate {gate} does not; export the study again")


def added(volumes: Sequence[Volume], name: object) -> Volume:
    """The sum of gates, or the only volume.

    Raises:
        InputError: gates that do not lie on one grid.
    """
    check_places([volume.grid for volume in volumes], name)
    first = volumes[0]
    if len(volumes) == 1:
        return first
    return replace(first, array=np.asarray(np.sum([v.array for v in volumes], axis=0), np.float32))


def numbered(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    """Gates with their number from 1 in ``info``; none for a single volume."""
    if len(volumes) < 2:
        return ()
    return tuple(replace(v, info=v.info | {"gate": number}) for number, v in enumerate(volumes, 1))


def interval_info(interval_ms: float | None) -> dict[str, Any]:
    """The entry of ``info`` about the R-R interval; none where it is not stated or not possible."""
    if interval_ms is None or not INTERVALS_MS[0] <= interval_ms <= INTERVALS_MS[1]:
        return {}
    return {"interval_ms": round(interval_ms, 1)}


def stated_interval_ms(dataset: Any, name: object) -> float | None:
    """The nominal R-R interval of a DICOM object: of an NM gate (PS3.3 C.8.4.11), or at the top level as in PET."""
    for gated in items(dataset, "GatedInformationSequence", name):
        for part in items(gated, "DataInformationSequence", name):
            found = number(part, "NominalInterval", name)
            if found:
                return found
    return number(dataset, "NominalInterval", name)
