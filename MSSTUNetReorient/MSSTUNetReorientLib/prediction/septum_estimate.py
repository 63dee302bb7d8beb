"""The septum angle of a study: what the network sees, drawn to the prior the more, the less it can see of the RV.

The RV is often invisible. The network's angle ``a`` errs by some SD ``s``; hearts have the angle ``171 +- 7``
(:mod:`..geometry.septum`). Both are normal, so the best estimate is their mean weighted by ``1 / SD^2``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..geometry.pose import wrap_degrees
from ..geometry.septum import MEAN_DEG
from ..geometry.septum import SD_DEG

NORMAL_90 = 1.645
"""Of a normal error, the SDs that nine in ten stay within."""
TAILS = 1.45
"""By which the bound is wider than that of normal errors: the 95th centile on 160 studies of 15 validation subjects.
The 90th would be 1.1, but studies of one subject do not err independently, and others' hearts lie further out."""


@dataclass(frozen=True)
class Septum:
    """The septum angle, in the clinic's frame of the long axis.

    Attributes:
        angle_deg: see :mod:`..geometry.septum`; 180 is image left, 90 image up.
        bound_deg: nine in ten err by less.
        seen_deg: what the network sees, before it is drawn to the prior.
    """

    angle_deg: float
    bound_deg: float
    seen_deg: float


def estimate_septum(seen_deg: float, seen_bound_deg: float | None) -> Septum:
    """The septum angle from what the network sees.

    Args:
        seen_deg: the network's angle.
        seen_bound_deg: nine in ten such angles err by less; None where that is not known: the prior alone counts.

    >>> estimate_septum(178.0, 7.0 * 1.645).angle_deg
    174.5
    """
    if seen_bound_deg is None:
        return Septum(MEAN_DEG, TAILS * NORMAL_90 * SD_DEG, seen_deg)
    noise = (seen_bound_deg / NORMAL_90) ** 2
    weight = SD_DEG**2 / (SD_DEG**2 + noise)
    apart = float(wrap_degrees(seen_deg - MEAN_DEG))
    spread = (SD_DEG**2 * noise / (SD_DEG**2 + noise)) ** 0.5
    return Septum(MEAN_DEG + weight * apart, TAILS * NORMAL_90 * spread, seen_deg)
