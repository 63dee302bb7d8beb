"""Studies without a heart: it is erased or cut off, and mostly something else is bright where it was."""

from __future__ import annotations

import numpy as np

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..prediction.search import antialiased
from ..prediction.search import cube_round
from ..prediction.search import read_cube
from ..simulation.decoys import KINDS
from ..simulation.decoys import SIZE_MM
from ..simulation.decoys import paint_decoy
from ..simulation.erasing import cropped_before
from ..simulation.erasing import erased

ERASED, CROPPED = "heart erased", "field ends before the heart"
DECOYS = {f"{kind} instead": kind for kind in KINDS}
NO_HEART = (ERASED, CROPPED, *DECOYS)
BESIDE_MM = 15.0
"""Standard deviation, along an axis, of the distance of a decoy from where the LV was."""
NEAR_MM, WALL_PERCENT = 45.0, 90.0
"""The wall is about as bright as that centile of the counts so near the LV centre."""


def without_heart(study: Volume, pose: Pose, change: str, rng: np.random.Generator) -> Volume:
    """A study without its heart, in the cube that a network sees.

    Args:
        pose: of its LV; change: one of :data:`NO_HEART`.
    """
    grid = cube_round(study, pose.centre)
    cube = read_cube(antialiased(study), grid)[0, 0].numpy()
    centre = pose.centre - grid.centre
    near = np.linalg.norm(grid.points() - pose.centre, axis=-1) < NEAR_MM
    wall = np.float32(np.percentile(cube[near], WALL_PERCENT))
    empty = (cropped_before if change == CROPPED else erased)(np.asarray(cube / wall, np.float32), centre, rng)
    if change in DECOYS:
        there = centre + rng.normal(0, BESIDE_MM, 3)
        paint_decoy(empty, there, rng.uniform(*SIZE_MM), rng, kind=DECOYS[change])
    return Volume(empty * wall, grid, study.info)
