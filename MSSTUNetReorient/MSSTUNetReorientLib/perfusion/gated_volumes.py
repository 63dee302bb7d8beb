"""Cavity of the LV in every gate, from its moving surfaces and a wall whose volume never changes.

The wall neither grows nor shrinks during a beat. In each gate a shell is laid round the mid-wall surface; the volume of
the wall is the median over the cycle of what a model of its thickness gives, and each gate then gets the one thickness
with which its shell has that volume. So the error of the model, which is large where blur hides the wall, is the same
in all gates. docs/function.md has the measured accuracy.
"""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .moving_walls import MovingWalls
from .sampling import RINGS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WallModel:
    """What the camera makes of a wall.

    Attributes:
        outward_mm: the mid-wall lies this far outside the middle between the apparent surfaces: the blur of the walls
            round a cavity adds up and moves the inner surface more.
        thin_mm, slope: thickness of the wall as a line over its apparent thickness.
        gain: motion over apparent motion: noise draws the network's answer to the mean of the cycle.
    """

    outward_mm: float
    thin_mm: float
    slope: float
    gain: float


WALL_MODELS = {"PT": WallModel(0.3, 0.5, 0.87, 1.13), "NM": WallModel(0.55, 10.7, 0.11, 1.08)}
"""By modality. Calibrated on training subjects, see docs/function.md."""
OPEN_MM = 4.0
"""A blood pool narrower than this may be noise: its wall has no thickness of its own (ours)."""
LEAST_OPEN = 50
"""Rays with an open pool that the thickness of a gate is taken from, at least (ours)."""
CLOSED_MM = 18.0
"""Apparent thickness where no gate has an open pool, as in :mod:`.mid_wall`."""
BROADEST = 1.5
"""A wall appears at most this many times as thick as the median of its gate (ours)."""
THICKEST_MM = 40.0
BISECTIONS = 30
LEAST_ML = 0.5
"""No cavity is empty (ours); an ejection fraction of 100 % would be impossible."""


@dataclass(frozen=True, eq=False)
class GatedVolumes:
    """The LV as it is in every gate.

    Attributes:
        cavity_ml: ``(G,)``.
        wall_ml: of all gates.
        wall_mm: ``(G,)`` thickness of the shell.
        endocardium, epicardium: ``(G, ROWS, RAYS)`` mm along the rays.
        plane: ``(G,)`` height of the valve plane.
    """

    cavity_ml: Array
    wall_ml: float
    wall_mm: Array
    endocardium: Array
    epicardium: Array
    plane: Array


def gated_volumes(walls: MovingWalls, modality: str) -> GatedVolumes:
    """Volumes of every gate.

    Args:
        walls: as they appear.
        modality: "PT", or anything else for SPECT.
    """
    model = WALL_MODELS.get(modality, WALL_MODELS["NM"])
    moved = _amplified(walls, model.gain)
    apparent, typical = _apparent_mm(moved)
    middle = moved.outer - apparent / 2 + model.outward_mm
    wall_ml = float(np.median(_shell_ml(moved, middle, model.thin_mm + model.slope * typical)))
    wall_mm = _thickness_mm(moved, middle, wall_ml)
    half = wall_mm[:, None, None] / 2
    inner, outer = np.clip(middle - half, 0, None), middle + half
    cavity = np.maximum(moved.rays.volume_ml(inner, moved.plane), LEAST_ML)
    return GatedVolumes(cavity, wall_ml, wall_mm, inner, outer, moved.plane)


def _amplified(walls: MovingWalls, gain: float) -> MovingWalls:
    """All movements round the mean of the cycle, larger."""

    def around_mean(values: Array) -> Array:
        mean = values.mean(axis=0)
        return np.asarray(mean + gain * (values - mean))

    outer, inner = (np.clip(around_mean(v), 0, None) for v in (walls.outer, walls.inner))
    return replace(walls, outer=outer, inner=inner, plane=around_mean(walls.plane))


def _apparent_mm(walls: MovingWalls) -> tuple[Array, Array]:
    """Thickness as it appears, ``(G, ROWS, RAYS)``, and its median in each gate ``(G,)``."""
    thickness = walls.outer - walls.inner
    below = np.ones(walls.outer.shape, dtype=bool)
    below[:, RINGS:] = (walls.rays.heights < walls.plane[:, None])[..., None]
    is_open = (walls.inner > OPEN_MM) & below
    typical = np.array(
        [np.median(t[o]) if o.sum() > LEAST_OPEN else np.nan for t, o in zip(thickness, is_open, strict=True)]
    )
    known = np.isfinite(typical)
    typical = np.where(known, typical, np.median(typical[known]) if known.any() else CLOSED_MM)
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
        between = (low + high) / 2
        more = _shell_ml(walls, middle, between) > wall_ml
        low, high = np.where(more, low, between), np.where(more, between, high)
    return (low + high) / 2
