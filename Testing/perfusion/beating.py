"""A beating cup of numbers: a half ball below a cylinder, its wall of constant volume, as shares of voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from numpy.typing import NDArray

from perfusion.cups import OBLIQUE

Array = NDArray[np.float64]

SPACING = 3.0
GRID = Grid.centred(43, SPACING, OBLIQUE)


@dataclass(frozen=True)
class Beat:
    """Inner radii of the gates, mm; the outer ones follow from the volume of the wall.

    Attributes:
        inner: one for each gate.
        length: of the cylinder, mm; its lower end lies at the LV centre, the middle of the half ball.
        wall_ml: of all gates.
    """

    inner: tuple[float, ...]
    length: float = 35.0
    wall_ml: float = 110.0

    def ml(self, radius: float) -> float:
        """Volume within a radius: of the half ball and the cylinder."""
        return float(np.pi * radius**2 * (2 * radius / 3 + self.length)) / 1000

    @property
    def cavity_ml(self) -> Array:
        return np.array([self.ml(r) for r in self.inner])

    @property
    def outer(self) -> tuple[float, ...]:
        return tuple(self._radius(self.ml(r) + self.wall_ml) for r in self.inner)

    def _radius(self, ml: float) -> float:
        low, high = 0.0, 80.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (low, middle) if self.ml(middle) > ml else (middle, high)
        return low

    @cache  # noqa: B019
    def shares(self) -> NDArray[np.float32]:
        """``(G, 2, K, J, I)`` of wall and pool."""
        return np.stack([self._gate(a, b) for a, b in zip(self.inner, self.outer, strict=True)]).astype(np.float32)

    def _gate(self, inner: float, outer: float) -> Array:
        x, y, z = np.moveaxis(OBLIQUE.apply_inverse(GRID.points()), -1, 0)
        radius = np.sqrt(x**2 + y**2 + np.minimum(z, 0.0) ** 2)
        below = np.clip(0.5 - (z - self.length) / SPACING, 0, 1)
        lv, pool = (np.clip(0.5 - (radius - r) / SPACING, 0, 1) * below for r in (outer, inner))
        return np.stack([lv - pool, pool])

    def counts(self, delay_deg: float = 0.0, sector: tuple[float, float] = (0.0, 0.0)) -> list[Volume]:
        """Gates whose wall is brighter in systole, ``delay_deg`` later in a sector of AHA angles."""
        x, y, _ = np.moveaxis(OBLIQUE.apply_inverse(GRID.points()), -1, 0)
        angle = np.rad2deg(np.arctan2(-y, x)) % 360
        late = (angle > sector[0]) & (angle < sector[1])
        found = []
        for n, share in enumerate(self.shares()):
            phase = 2 * np.pi * n / len(self.inner)
            bright = 100 - 30 * np.where(late, np.cos(phase - np.deg2rad(delay_deg)), np.cos(phase))
            near = share.sum(axis=0) > 0
            found.append(Volume(np.where(near, bright, 5.0).astype(np.float32), GRID))
        return found


def beat(gates: int = 8, mean: float = 20.0, change: float = 4.0) -> Beat:
    """Radii that follow a cosine: largest in the first gate."""
    return Beat(tuple(mean + change * np.cos(2 * np.pi * np.arange(gates) / gates)))
