"""Bounds, septum angle and age of a result in words, for translation."""

from __future__ import annotations

from ...prediction.good_to import GoodTo
from ...prediction.good_to import whole
from ...prediction.septum_estimate import Septum
from ..i18n import tr as _
from .record import Record


def findings(record: Record) -> str:
    """What a result is good to, and its septum angle; empty where nothing is known."""
    return "\n".join(sentence for sentence in (_bounds(record.good_to), _septum(record.quality.septum)) if sentence)


def _bounds(good_to: GoodTo) -> str:
    axis, centre = good_to.axis_deg, good_to.centre_mm
    if axis is None:
        return ""
    if centre is None:
        return _("The long axis is good to {0}° in nine of ten studies like this one.").format(whole(axis))
    sentence = _("The long axis is good to {0}°, the centre to {1} mm, in nine of ten studies like this one.")
    return sentence.format(whole(axis), whole(centre))


def _septum(septum: Septum | None) -> str:
    if septum is None:
        return ""
    sentence = _("The septum angle is {0}°, good to {1}° (180° is image left).")
    return sentence.format(f"{septum.angle_deg:.0f}", whole(septum.bound_deg))


def earlier_version() -> str:
    """How a result of a version before 0.2 differs."""
    return _(
        "This result was made by an earlier version: its long axis and roll follow the former definition. "
        "Run again for the present one."
    )
