"""A beating heart: a shape at end-diastole contracted to known volumes, its wall neither growing nor shrinking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .apparent import Surfaces
from .apparent import occupancy
from .codec import parameters_class
from .heart import Shape
from .heart import points_round_origin

Array = NDArray[np.float64]

SYSTOLE = 3 / 8
"""Share of the cycle after which the cavity is smallest: a gate of 8 and of 16 falls on it."""
MEASURE_SIZE, MEASURE_SPACING = 54, 3.0
"""Cube in which volumes are measured: voxels along an edge, and mm."""
BISECTIONS = 16


@parameters_class
@dataclass(frozen=True)
class Beat:
    """The motion of the heart during acquisition.

    Attributes:
        ejection: share of the end-diastolic volume that is ejected; shortening: of the long axis at end-systole.
        gates: 8 or 16 for a gated study, 0 for one that shows the mean of the cycle.
        phases: of an ungated study, the phases that are averaged; 1 leaves the heart at end-diastole, its motion
            being part of the scanner's blur.
        breath: full width at half maximum of the respiratory motion along the body, mm.
    """

    ejection: float = 0.6
    shortening: float = 0.12
    gates: int = 0
    phases: int = 1
    breath: float = 0.0


def draw_beat(rng: np.random.Generator, gates: int = 0, phases: int = 1) -> Beat:
    """Ejection fractions from failing to vigorous hearts."""
    ejection = float(np.clip(rng.normal(0.58, 0.13), 0.15, 0.8))
    return Beat(ejection, ejection * float(rng.uniform(0.15, 0.3)), gates, phases, float(rng.uniform(3.0, 12.0)))


def filled(phase: Array) -> Array:
    """Share of the stroke volume that is in the cavity at a phase in [0, 1): 1 at 0, 0 at :data:`SYSTOLE`."""
    phase = np.asarray(phase, dtype=float)
    ejecting = 0.5 * (1 + np.cos(np.pi * phase / SYSTOLE))
    filling = 0.5 * (1 - np.cos(np.pi * (phase - SYSTOLE) / (1 - SYSTOLE)))
    return np.asarray(np.where(phase < SYSTOLE, ejecting, filling))


@dataclass(frozen=True, eq=False)
class Contracted:
    """A shape shortened along the axis, its surfaces moved inward; all lengths mm."""

    shape: Shape
    shortened: float
    endo_in: float
    epi_in: float

    def _relaxed(self, p: Array) -> Array:
        q = np.array(p, dtype=float)
        apex = self.shape.cavity_apex()
        q[..., 2] = apex + (q[..., 2] - apex) / (1 - self.shortened)
        return q

    def cavity_apex(self) -> float:
        """See :class:`.heart.Shape`."""
        return self.shape.cavity_apex() + self.endo_in

    def valve(self, p: Array) -> Array:
        """See :class:`.heart.Shape`."""
        return self.shape.valve(self._relaxed(p)) * (1 - self.shortened)

    def epicardium(self, p: Array) -> Array:
        """See :class:`.heart.Shape`."""
        return self.shape.epicardium(self._relaxed(p)) + self.epi_in

    def endocardium(self, p: Array) -> Array:
        """See :class:`.heart.Shape`."""
        return self.shape.endocardium(self._relaxed(p)) + self.endo_in

    def right_cavity(self, p: Array) -> Array:
        """See :class:`.heart.Shape`."""
        return self.shape.right_cavity(self._relaxed(p)) + 0.6 * self.endo_in


def shares(surfaces: Surfaces, width: float) -> tuple[Array, Array]:
    """Shares of a voxel of ``width`` mm that are (wall, cavity), right also for walls thinner than the voxel."""
    epi, endo, valve = surfaces
    hollow, below = occupancy(endo, width), occupancy(valve, width)
    return np.maximum(occupancy(epi, width) - hollow, 0.0) * below, hollow * below


def volumes_ml(shape: Shape) -> tuple[float, float]:
    """(wall, cavity) below the valve plane, ml."""
    surfaces = Surfaces.of(shape, points_round_origin(MEASURE_SIZE, MEASURE_SPACING))
    wall, cavity = shares(surfaces, MEASURE_SPACING)
    voxel = MEASURE_SPACING**3 / 1000
    return float(wall.sum()) * voxel, float(cavity.sum()) * voxel


def contracted(shape: Shape, wall_ml: float, cavity_ml: float, shortened: float) -> Shape:
    """The shape shortened by a share, with these volumes of wall and cavity."""
    p = points_round_origin(MEASURE_SIZE, MEASURE_SPACING)
    relaxed = Contracted(shape, shortened, 0.0, 0.0)
    epi, endo = relaxed.epicardium(p), relaxed.endocardium(p)
    below = occupancy(relaxed.valve(p), MEASURE_SPACING) * MEASURE_SPACING**3 / 1000
    near = (below > 0) & (epi < 25)
    epi, endo, below = epi[near], endo[near], below[near]
    endo_in = _root(lambda d: float((occupancy(endo + d, MEASURE_SPACING) * below).sum()), cavity_ml, -20.0, 45.0)
    hollow = occupancy(endo + endo_in, MEASURE_SPACING)
    filled_by = lambda d: float((np.maximum(occupancy(epi + d, MEASURE_SPACING) - hollow, 0) * below).sum())  # noqa: E731
    return Contracted(shape, shortened, endo_in, _root(filled_by, wall_ml, -20.0, 45.0))


def _root(volume: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """Where a falling function takes a value."""
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if volume(middle) > wanted else (low, middle)
    return (low + high) / 2


def phases_of(shape: Shape, beat: Beat) -> tuple[Shape, ...]:
    """The shapes of a study: its gates, or the phases whose mean is imaged. The first is end-diastole."""
    count = beat.gates or beat.phases
    if count <= 1:
        return (shape,)
    wall_ml, diastolic = volumes_ml(shape)
    shapes: list[Shape] = [shape]
    for phase in np.arange(1, count) / count:
        left = 1 - float(filled(phase))
        shapes.append(contracted(shape, wall_ml, diastolic * (1 - beat.ejection * left), beat.shortening * left))
    return tuple(shapes)
