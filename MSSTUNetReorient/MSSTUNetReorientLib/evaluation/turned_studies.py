"""Counts that are turned or mirrored against an unchanged header.

Anatomy tells most of them from a true study. Only the header, or a mark on the patient, can tell a study mirrored
left-right from a heart on the right side (dextrocardia), or one mirrored head-feet from a true one if its heart lies
flat.
"""

from __future__ import annotations

from ..geometry.volume import Volume
from ..geometry.volume import reversed_along

LEFT, BACK, HEAD = 0, 1, 2
"""LPS axes."""
TURNS: dict[str, tuple[int, ...]] = {
    "turned by 180° about z": (LEFT, BACK),
    "turned by 180° about x": (BACK, HEAD),
    "turned by 180° about y": (LEFT, HEAD),
    "mirrored left-right": (LEFT,),
    "mirrored front-back": (BACK,),
    "mirrored head-feet": (HEAD,),
}
"""The axes along which the order of the voxels is reversed."""
MIRROR_IMAGE = "mirrored left-right"
"""Of these the one that quality control has a name for."""


def turned(study: Volume, turn: str) -> Volume:
    """The counts turned or mirrored; the grid stays, as a wrong header leaves it."""
    return reversed_along(study, TURNS[turn])
