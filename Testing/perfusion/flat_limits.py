"""Normal limits of numbers: the same mean and limit everywhere."""

from __future__ import annotations

import numpy as np
from MSSTUNetReorientLib.perfusion.normal_limits import LEVELS
from MSSTUNetReorientLib.perfusion.normal_limits import Group
from MSSTUNetReorientLib.perfusion.normal_limits import NormalLimits
from MSSTUNetReorientLib.perfusion.sampling import RAYS
from MSSTUNetReorientLib.perfusion.scores import ABNORMAL_SDS


def flat_limits(mean: float, limit: float, from_height: float = 0.0) -> NormalLimits:
    """Limits of 20 studies that all segments have; samples have them from a height upward, 0 apex to 1 valve plane."""
    sd = (mean - limit) / ABNORMAL_SDS
    heights = (np.arange(LEVELS) + 0.5) / LEVELS
    known = np.where(heights >= from_height, 1.0, np.nan)[:, None] * np.ones(RAYS)
    return NormalLimits("numbers", Group("spect"), 20, mean * known, sd * known, np.full(17, mean), np.full(17, sd))
