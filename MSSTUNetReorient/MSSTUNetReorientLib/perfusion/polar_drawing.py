"""Geometry of a drawn polar map: where its samples and segments lie on a disc of radius 1.

Apex in the middle, anterior up, septum left; ``x`` to the right and ``y`` up. AHA does not fix the radii: here the
rings of cap, apical, mid-ventricular and basal segments are equally wide.

>>> segment_at(0.0, 0.9).name, segment_at(-0.6, 0.1).name, segment_at(0.1, 0.0).name
('basal anterior', 'mid anteroseptal', 'apex')
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .aha_segments import APICAL_SHARE
from .aha_segments import CAP_SHARE
from .aha_segments import MID_SHARE
from .aha_segments import SEGMENTS
from .aha_segments import Segment
from .sampling import RAYS

Array = NDArray[np.float64]

RINGS = ((0.0, CAP_SHARE, APICAL_SHARE, MID_SHARE, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))
"""Borders of the rings along the long axis, and their radii in the drawing."""
EDGE_WORDS = (("ANT", (0.0, 1.0)), ("INF", (0.0, -1.0)), ("SEP", (-1.0, 0.0)), ("LAT", (1.0, 0.0)))
"""The wall at each edge of the disc, and its direction."""
STEP_DEG = 3.0
"""Step of an arc."""


def mesh(edges: Array) -> tuple[Array, Array]:
    """Corners ``(ROWS + 1, RAYS + 1)``, x and y, of the cells of all samples.

    Args:
        edges: ``(ROWS + 1,)`` of :class:`.sampling.Samples`.
    """
    radius = np.interp(edges, *RINGS)
    around = np.deg2rad(np.arange(RAYS + 1) * 360 / RAYS)
    return np.outer(radius, np.cos(around)), np.outer(radius, np.sin(around))


def border(segment: Segment) -> tuple[Array, Array]:
    """The outline of a segment, closed; of the cap, its circle."""
    inner, outer = np.interp(segment.along, *RINGS)
    first, last = segment.sector
    around = np.deg2rad(np.arange(first, last + STEP_DEG, STEP_DEG))
    radius, angle = np.full(len(around), outer), around
    if inner > 0:
        radius = np.concatenate([radius, np.full(len(around), inner), [outer]])
        angle = np.concatenate([around, around[::-1], around[:1]])
    return radius * np.cos(angle), radius * np.sin(angle)


def middle(segment: Segment) -> tuple[float, float]:
    """Where the value of a segment is written."""
    if segment.along[0] == 0:
        return 0.0, 0.0
    radius = float(np.interp(segment.along, *RINGS).mean())
    angle = np.deg2rad(sum(segment.sector) / 2)
    return radius * float(np.cos(angle)), radius * float(np.sin(angle))


def segment_at(x: float, y: float) -> Segment | None:
    """The segment under a point; None outside the disc."""
    along, angle = _along(x, y), _angle(x, y)
    if along is None:
        return None
    return next(
        segment
        for segment in reversed(SEGMENTS)
        if segment.along[0] <= along <= segment.along[1]
        and (angle - segment.sector[0]) % 360 < segment.sector[1] - segment.sector[0]
    )


def sample_at(x: float, y: float, edges: Array) -> tuple[int, int] | None:
    """Row and ray of the sample under a point; None outside the disc.

    Args:
        x, y: of the point.
        edges: ``(ROWS + 1,)`` of :class:`.sampling.Samples`.
    """
    along = _along(x, y)
    if along is None:
        return None
    row = int(np.searchsorted(edges, along, side="right")) - 1
    return min(max(row, 0), len(edges) - 2), int(_angle(x, y) * RAYS / 360) % RAYS


def _along(x: float, y: float) -> float | None:
    """Share of the long axis at a point; None outside the disc."""
    radius = float(np.hypot(x, y))
    return float(np.interp(radius, RINGS[1], RINGS[0])) if radius <= 1.0 else None


def _angle(x: float, y: float) -> float:
    """Degrees from lateral, counter-clockwise."""
    return float(np.rad2deg(np.arctan2(y, x)) % 360)
