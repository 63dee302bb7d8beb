"""What a result is good to: in nine of ten studies like this one the error is smaller (:mod:`.bounds`)."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class GoodTo:
    """The bounds of a result; None where one is not known.

    Attributes:
        axis_deg: of the long axis, degrees.
        centre_mm: of the LV centre, mm.
    """

    axis_deg: float | None = None
    centre_mm: float | None = None


def whole(bound: float) -> int:
    """A bound as readers are told it: whole degrees or mm, rounded up, so that it still holds.

    >>> whole(3.2), whole(4.0), whole(11.515)
    (4, 4, 12)
    """
    return math.ceil(round(bound, 1))
