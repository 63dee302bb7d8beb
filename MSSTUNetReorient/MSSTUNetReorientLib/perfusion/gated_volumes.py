"""Cavity of the LV in every gate, from its moving surfaces and a wall whose volume never changes.

The wall neither grows nor shrinks during a beat. In each gate a shell is laid round the mid-wall surface; the volume of
the wall is the median over the cycle of what a model of its thickness says, and each gate then gets the one thickness
with which its shell has that volume. So the error of the model, which is large in a blurred gate, is the same in all
gates. docs/function.md has the measured accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .moving_walls import MovingWalls
from .sampling import RINGS

Array = NDArray[np.float64]

MID_DEPTH = {"PT": (2.6, 0.25), "NM": (2.6, 0.25)}
"""Depth of the mid-wall below the apparent epicardium as a line over the apparent thickness: at 0 mm, and the slope; at
most half of it. Calibrated, see docs/function.md."""
THICKNESS = {"PT": (-3.0, 1.2), "NM": (5.2, 0.4)}
"""Thickness of the wall as a line over the apparent one. Calibrated, see docs/function.md."""
OPEN_MM = 4.0
"""A blood pool narrower than this may be noise: its wall has no thickness of its own."""
LEAST_OPEN = 50
"""Rays with an open pool that tell the thickness of a gate."""
CLOSED_MM = 18.0
"""Apparent thickness where no gate has an open pool."""
BROADEST = 1.5
"""A wall appears at most this many times as thick as the median of its gate."""
THICKEST_MM = 40.0
BISECTIONS = 30


@dataclass(frozen=True, eq=False)
class GatedVolumes:
    """The LV as it is in every gate.

    Attributes:
        cavity_ml: ``(G,)``.
        wall_ml: of all gates.
        wall_mm: ``(G,)`` thickness of the shell.
        endocardium: ``(G, ROWS, RAYS)`` mm along the rays.
    """

    cavity_ml: Array
    wall_ml: float
    wall_mm: Array
    endocardium: Array


def gated_volumes(walls: MovingWalls, modality: str) -> GatedVolumes:
    """Volumes of every gate.

    Args:
        walls: as they appear.
        modality: "PT", or anything else for SPECT.
    """
    kind = modality if modality in THICKNESS else "NM"
    apparent, typical = _apparent_mm(walls)
    at_zero, slope = MID_DEPTH[kind]
    middle = walls.outer - np.minimum(apparent / 2, at_zero + slope * apparent)
    at_zero, slope = THICKNESS[kind]
    wall_ml = float(np.median(_shell_ml(walls, middle, at_zero + slope * typical)))
    wall_mm = _thickness_mm(walls, middle, wall_ml)
    endocardium = np.clip(middle - wall_mm[:, None, None] / 2, 0, None)
    return GatedVolumes(walls.rays.volume_ml(endocardium, walls.plane), wall_ml, wall_mm, endocardium)


def _apparent_mm(walls: MovingWalls) -> tuple[Array, Array]:
    """Thickness as it appears, ``(G, ROWS, RAYS)``, and its median in each gate ``(G,)``."""
    thickness = walls.outer - walls.inner
    below = np.ones(walls.outer.shape, dtype=bool)
    below[:, RINGS:] = (walls.rays.heights < walls.plane[:, None])[..., None]
    is_open = (walls.inner > OPEN_MM) & below
    typical = np.array(
        [np.median(t[o]) if o.sum() > LEAST_OPEN else np.nan for t, o in zip(thickness, is_open, strict=True)]
    )
    typical = np.where(np.isfinite(typical), typical, np.nanmedian(typical) if np.isfinite(typical).any() else CLOSED_MM)
    own = typical[:, None, None]
    return np.where(is_open, np.minimum(thickness, BROADEST * own), own), typical


def _shell_ml(walls: MovingWalls, middle: Array, wall_mm: Array) -> Array:
    """``(G,)`` volume of a shell of ``(G,)`` mm round the mid-wall surface."""
    half = wall_mm[:, None, None] / 2
    outer, inner = (walls.rays.volume_ml(middle + side, walls.plane) for side in (half, -half))
    return outer - inner


def _thickness_mm(walls: MovingWalls, middle: Array, wall_ml: float) -> Array:
    """``(G,)`` thickness with which the shell has a volume."""
    low, high = np.zeros(len(middle)), np.full(len(middle), THICKEST_MM)
    for _ in range(BISECTIONS):
        half = (low + high) / 2
        more = _shell_ml(walls, middle, half) > wall_ml
        low, high = np.where(more, low, half), np.where(more, half, high)
    return (low + high) / 2
