"""Bounds and septum angle as text, for the command line and the report. The panel has its own, to be translated."""

from __future__ import annotations

from ..prediction.good_to import whole
from ..prediction.qc import Quality


def bounds_sentence(quality: Quality) -> str:
    """The bounds of the long axis and the centre; empty if there is none."""
    axis, centre = quality.good_to.axis_deg, quality.good_to.centre_mm
    if axis is None:
        return ""
    and_centre = "" if centre is None else f", the centre to {whole(centre)} mm,"
    return f"The long axis is good to {whole(axis)}°{and_centre} in nine of ten studies like this one."


def septum_text(quality: Quality) -> str:
    """The septum angle; empty where there is none."""
    septum = quality.septum
    return "" if septum is None else f"{septum.angle_deg:.0f}°, good to {whole(septum.bound_deg)}°"


def one_line(quality: Quality, degrees: str = " deg") -> str:
    """All bounds on one line, in plain ASCII unless ``degrees`` is not; empty if there is none."""
    axis, centre, septum = quality.good_to.axis_deg, quality.good_to.centre_mm, quality.septum
    parts = []
    if axis is not None:
        and_centre = "" if centre is None else f", centre to {whole(centre)} mm"
        parts.append(f"long axis good to {whole(axis)}{degrees}{and_centre} (9 in 10 studies)")
    if septum is not None:
        angle, bound = f"{septum.angle_deg:.0f}{degrees}", f"{whole(septum.bound_deg)}{degrees}"
        parts.append(f"septum at {angle}, good to {bound}")
    return "; ".join(parts)
