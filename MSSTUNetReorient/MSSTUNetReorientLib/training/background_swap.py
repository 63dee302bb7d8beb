"""A heart with the surroundings of another study: the surroundings of an LV must not reveal its pose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from ..simulation.erasing import distance_from
from ..simulation.parameters import CUBE
from .pool import Sample

REACH_MM = (60.0, 85.0)
"""How far from its LV centre a study stays itself: LV and RV, and some of what touches them."""
SEAM_MM = 8.0
"""Across the seam, one study fades into the other in some four times this."""


def swap_background(study: Sample, other: Sample, rng: np.random.Generator) -> Sample:
    """The study with all that is further from its LV than a reach drawn at random taken from another one.

    The other study is shifted by whole voxels, so that its own LV lies where the reach hides it.
    """
    shift = np.round((study.centre - other.centre) / CUBE.spacing).astype(int)[::-1]
    around = ndimage.shift(other.cube.astype(np.float32), shift, order=0)
    own = 1 / (1 + np.exp((distance_from(study.centre) - rng.uniform(*REACH_MM)) / SEAM_MM))
    cube = around + own * (study.cube.astype(np.float32) - around)
    return replace(study, cube=cube.astype(np.float16))
