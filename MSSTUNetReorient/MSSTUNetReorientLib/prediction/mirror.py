"""Whether a heart is the mirror image of one: dextrocardia, or a study whose left and right are swapped.

The network, which has seen no such heart, finds most of them all the same, with the apex on the right; the others it
finds badly. Both look like a heart again when the study is mirrored: that is searched too, where there is a reason.
"""

from __future__ import annotations

from dataclasses import replace

from ..geometry.volume import Volume
from ..geometry.volume import reversed_along
from .qc import MAX_AXIS_FROM_MEAN_DEG
from .qc import MIN_APEX_BELOW
from .qc import MIN_APEX_LEFT
from .qc import MIN_APEX_OVER_BASE
from .qc import MIN_PRESENCE
from .qc import Quality

LEFT = 0
"""LPS axis."""
SURELY_LEFT = 0.1
"""How far left the apex of the mirrored study lies at least, over the distance to its base: 0.14 in 53 CT hearts."""
FEWER_REASONS = 2
"""So many reasons fewer of the mirrored study are clearly better, wherever the apex is."""
REASON = (
    "The heart looks mirrored left to right: dextrocardia, or a study with left and right swapped. Septum and lateral "
    "wall would be exchanged: check the patient's record and the header."
)


def mirrored(study: Volume) -> Volume:
    """The study with its left and right swapped on the same grid."""
    return reversed_along(study, (LEFT,))


def is_suspicious(quality: Quality) -> bool:
    """Whether the mirrored study must be searched: only then can it be clearly better."""
    return _lies_wrong(quality) or len(quality.reasons) >= FEWER_REASONS


def looks_mirrored(given: Quality, other: Quality) -> bool:
    """Whether the mirrored study shows clearly better a heart as hearts lie.

    Args:
        given: the verdict on the study as it is; other: on it mirrored.
    """
    fewer = len(given.reasons) - len(other.reasons)
    return (_lies_wrong(given) or fewer >= FEWER_REASONS) and _lies_as_hearts_do(other)


def told_as_mirrored(quality: Quality) -> Quality:
    """The verdict with the reason before all others."""
    return replace(quality, reasons=(REASON, *quality.reasons))


def is_told_as_mirrored(quality: Quality) -> bool:
    """Whether the verdict says so."""
    return REASON in quality.reasons


def _lies_wrong(quality: Quality) -> bool:
    """No heart was found, or its apex is not left."""
    return quality.status == "fail" or quality.measures.get("apex_left", MIN_APEX_LEFT) < MIN_APEX_LEFT


def _lies_as_hearts_do(quality: Quality) -> bool:
    m = quality.measures
    return (
        quality.status != "fail"
        and m["presence"] >= MIN_PRESENCE
        and m["apex_left"] >= SURELY_LEFT
        and m["apex_below"] >= MIN_APEX_BELOW
        and m["axis_from_mean_deg"] <= MAX_AXIS_FROM_MEAN_DEG
        and m["apex_over_base"] >= MIN_APEX_OVER_BASE
    )
