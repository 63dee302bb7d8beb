"""The 17 segments of the American Heart Association (Cerqueira, Circulation 2002;105:539), and their territories.

Of the long axis, from mid-wall apex to valve plane, 35 % are basal, 35 % mid-ventricular and 30 % apical with the cap
(PMOD PCARD manual, 3615). Sectors are 60 degrees wide, apical ones 90; angles as in :mod:`.sampling`.

>>> SEGMENTS[0].name, SEGMENTS[0].sector, SEGMENTS[0].territory
('basal anterior', (60, 120), 'LAD')
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .sampling import Samples
from .sampling import angles

Array = NDArray[np.float64]

CAP_SHARE = 0.15
"""Length of segment 17, half of the apical 30 %. AHA calls the cap the muscle beyond the end of the cavity: in 240
contours of 15 patients that end lies at 0.14 (quartiles 0.12 and 0.19)."""
APICAL_SHARE = 0.30
MID_SHARE = 0.65
"""Where the apical and the mid-ventricular part of the axis end; the basal part ends at 1."""

LEAST_MEASURED = 1 / 3
"""A segment with a usable wall on a smaller share of its area has no value (ours): the basal septum ends early, in 30
drawn contours at 0.48 and more of its segments."""

TERRITORIES = {"LAD": (1, 2, 7, 8, 13, 14, 17), "LCX": (5, 6, 11, 12, 16), "RCA": (3, 4, 9, 10, 15)}
"""Segments of the left anterior descending, left circumflex and right coronary artery (PMOD PCARD manual, 3615)."""


class Segment(NamedTuple):
    """One of the 17.

    Attributes:
        number: 1 to 17.
        name: level and wall.
        along: start and end along the long axis, 0 apex, 1 valve plane.
        sector: first and last angle, degrees counter-clockwise from lateral; the last may exceed 360.
        territory: the coronary artery that usually supplies it.
    """

    number: int
    name: str
    along: tuple[float, float]
    sector: tuple[int, int]
    territory: str


def _segments() -> tuple[Segment, ...]:
    six = ("anterior", "anteroseptal", "inferoseptal", "inferior", "inferolateral", "anterolateral")
    four = ("anterior", "septal", "inferior", "lateral")
    territory = {number: name for name, numbers in TERRITORIES.items() for number in numbers}
    levels = (
        ("basal", (MID_SHARE, 1.0), six, 60),
        ("mid", (APICAL_SHARE, MID_SHARE), six, 60),
        ("apical", (CAP_SHARE, APICAL_SHARE), four, 45),
    )
    found: list[Segment] = []
    for level, along, walls, start in levels:
        width = 360 // len(walls)
        for n, wall in enumerate(walls):
            number, first = len(found) + 1, start + n * width
            found.append(Segment(number, f"{level} {wall}", along, (first, first + width), territory[number]))
    return (*found, Segment(17, "apex", (0.0, CAP_SHARE), (0, 360), territory[17]))


SEGMENTS = _segments()


def shares(samples: Samples) -> Array:
    """``(17, ROWS, RAYS)``: the part of each sample that lies in each segment, 0 to 1; together 1."""
    low, high = samples.edges[:-1], samples.edges[1:]
    width = np.where(high > low, high - low, 1.0)
    found = []
    for segment in SEGMENTS:
        start, end = segment.along
        along = np.clip(np.minimum(high, end) - np.maximum(low, start), 0.0, None) / width
        first, last = segment.sector
        around = (angles() - first) % 360 < last - first
        found.append(along[:, None] * around)
    return np.array(found)


def segment_means(values: Array, counted: NDArray[np.bool_], area: Array, share: Array, there: Array) -> Array:
    """``(17,)`` means weighted by area.

    Args:
        values, counted, area: of the samples, and which of them count.
        share: of the samples in the segments.
        there: :func:`measured` of the segments; below ``LEAST_MEASURED`` a segment has no mean (nan).
    """
    weight = share * np.where(counted, area, 0.0)
    total = weight.sum(axis=(1, 2))
    means = (weight * np.where(counted, values, 0.0)).sum(axis=(1, 2)) / np.where(total > 0, total, 1.0)
    return np.where((total > 0) & (there >= LEAST_MEASURED), means, np.nan)


def measured(usable: NDArray[np.bool_], share: Array) -> Array:
    """``(17,)`` share of each segment's samples that are usable."""
    whole = share.sum(axis=(1, 2))
    return np.asarray((share * usable).sum(axis=(1, 2)) / np.where(whole > 0, whole, 1.0))
