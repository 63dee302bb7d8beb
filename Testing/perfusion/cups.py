"""Left ventricles of numbers, whose volumes a formula gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from MSSTUNetReorientLib.geometry.labels import BLOOD_POOL
from MSSTUNetReorientLib.geometry.labels import MYOCARDIUM
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from numpy.typing import NDArray

OBLIQUE = Pose.from_euler(-1.0, -0.95, 1.2, (18.0, -35.0, 12.0))
"""Where the cups lie in the patient."""


@dataclass(frozen=True)
class Cup:
    """Half an ellipsoid of revolution with a cylinder above it, and a wall round its mid-wall surface; mm.

    Attributes:
        radius, apex: semi-axes of the mid-wall surface across and along the axis; base: length of the cylinder.
        wall: thickness, half of it to each side; closed: the blood pool ends this far above the apex of the
            endocardium.
        tilt: slope of the valve plane along i.
    """

    radius: float
    apex: float
    base: float
    wall: float
    closed: float = 0.0
    tilt: float = 0.0

    def ml(self, offset: float = 0.0) -> float:
        """Volume within the cup whose semi-axes are longer by ``offset``, as those of the labels are."""
        r, c = self.radius + offset, self.apex + offset
        return float(np.pi * r**2 * (2 * c / 3 + self.base)) / 1000

    def parallel_ml(self, offset: float) -> float:
        """Volume within the surface parallel to the mid-wall, by Steiner's formula; ``apex`` not below ``radius``."""
        r, c = self.radius, self.apex
        e = max(float(np.sqrt(1 - (r / c) ** 2)), 1e-4)
        area = np.pi * r**2 * (1 + c / (r * e) * np.arcsin(e))
        mean_curvature = np.pi * (c + r**2 / (c * e) * np.arctanh(e))
        half = 2 * np.pi * r**2 * c / 3 + area * offset + mean_curvature * offset**2 + 2 * np.pi / 3 * offset**3
        return float(half + np.pi * (r + offset) ** 2 * self.base) / 1000

    def labels(self, spacing: float, shift: float = 0.0) -> Volume:
        """0/1/2 on a cube of about 160 mm, its middle ``shift`` mm off the axis.

        The valve plane lies between two slices, so that the labels have the length of the formula.
        """
        grid = Grid.centred(2 * int(80 / spacing), spacing, OBLIQUE)
        x, y, z = np.moveaxis(OBLIQUE.apply_inverse(grid.points()), -1, 0)
        x, y, z = x + shift, y + shift, z + self.base % spacing
        below = z < self.base + self.tilt * x

        def inside(offset: float) -> NDArray[np.bool_]:
            across, along = (x**2 + y**2) / (self.radius + offset) ** 2, np.minimum(z, 0.0) / (self.apex + offset)
            return np.asarray((across + along**2 < 1) & below)

        lv = inside(self.wall / 2)
        pool = inside(-self.wall / 2) & (z > self.closed - self.apex + self.wall / 2)
        return Volume((MYOCARDIUM * lv + (BLOOD_POOL - MYOCARDIUM) * (pool & lv)).astype(np.uint8), grid)


HALF_BALL = Cup(radius=35.0, apex=35.0, base=0.0, wall=9.0)
HALF_ELLIPSOID = Cup(radius=30.0, apex=50.0, base=0.0, wall=9.0)
TUBE = Cup(radius=30.0, apex=30.0, base=40.0, wall=9.0)
"""A half ball below a cylinder."""
