"""The reference axis of a real study: a consensus of two estimates that no technologist has made.

The first is given with the study: an ellipsoid of revolution fitted to the ridge of the wall. Such a fit leans, so it
is turned by :data:`RIDGE_CORRECTION`. The second is the line through the middle of the wall (:mod:`.wall_line`), from
the counts alone. References serve for measuring and looking, never for training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from numpy.typing import NDArray

from ..geometry.pose import Correction
from ..geometry.pose import Pose
from ..geometry.pose import angle_between
from ..geometry.volume import Volume
from .wall_line import wall_line

Array = NDArray[np.float64]

RIDGE_CORRECTION = Correction(swing=-1.3, tilt=-4.8)
"""From the axis of a fitted ellipsoid to a technologist's, in the clinic's frame of the former.

The mean over the 13 training and validation patients with drawn contours (Zhu 2022), rest and stress: the ellipsoid's
axis is turned by swing 1.3 (SD 2.6) and tilt 4.8 (SD 2.7) degrees in the technologists' frames. The line through the
middle of the wall is turned there by swing -0.7 (SD 1.9) and tilt 1.2 (SD 2.6): each mean is within two standard
errors of zero, so that it is not corrected."""
UNSTATED_DEG = 6.0
"""Uncertainty of a given axis without one."""


@dataclass(frozen=True, eq=False)
class Reference:
    """Axes are ``(3,)`` unit vectors, apex to base, LPS.

    Attributes:
        ellipsoid: as given, turned by :data:`RIDGE_CORRECTION`.
        wall: from the counts alone; None where too little of a wall closes round.
        uncertainty_deg: of their consensus.
    """

    ellipsoid: Array
    wall: Array | None
    uncertainty_deg: float

    @property
    def apart_deg(self) -> float | None:
        """Angle between both estimates."""
        return None if self.wall is None else angle_between(self.ellipsoid, self.wall)

    @property
    def axis(self) -> Array:
        """The consensus: the normalised mean of both, or the only one."""
        mean = self.ellipsoid if self.wall is None else self.ellipsoid + self.wall
        return np.asarray(mean / np.linalg.norm(mean))


def reference(study: Volume, ridge_axis: ArrayLike, centre: ArrayLike, stated_deg: float | None) -> Reference:
    """The reference of a real study.

    Args:
        study: transaxial counts.
        ridge_axis, centre: ``(3,)`` LPS, as given with the study.
        stated_deg: their uncertainty. That of the consensus is at least this over the root of two, as of a mean of two
            independent estimates, and at least half their angle.
    """
    given = Pose.from_long_axis(ridge_axis, centre)
    ellipsoid = given.corrected(RIDGE_CORRECTION).long_axis
    wall = wall_line(study, given)
    stated = UNSTATED_DEG if stated_deg is None else stated_deg
    if wall is None:
        return Reference(ellipsoid, None, stated)
    return Reference(ellipsoid, wall, max(angle_between(ellipsoid, wall) / 2, stated / np.sqrt(2)))
