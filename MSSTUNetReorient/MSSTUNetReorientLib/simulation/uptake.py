"""Uptake of the wall: 1 where it is healthy, less in defects of known segment, extent, depth and transmurality."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import wrap_degrees
from .codec import parameters_class
from .heart import Shape
from .segments import APEX
from .segments import SEGMENTS
from .segments import centre_of_segment
from .segments import direction
from .segments import height

Array = NDArray[np.float64]

FADES_AT = 0.65
"""Height (see :func:`.segments.height`) above which the wall fades towards the valve plane."""


@parameters_class
@dataclass(frozen=True)
class Defect:
    """A perfusion defect round the middle of a segment.

    Attributes:
        segment: 1-17 (AHA); extent: its width and height relative to that segment's.
        depth: share of the uptake that is lost, 0-1.
        transmurality: share of the wall that is affected, from the endocardium outward, 0-1.
    """

    segment: int
    extent: float
    depth: float
    transmurality: float


@parameters_class
@dataclass(frozen=True)
class Perfusion:
    """Uptake of a wall.

    Attributes:
        defects: see :class:`Defect`.
        swing: relative excess of one side over the other; swing_degrees: that side, from anterior by the septum.
        slope: relative change from the apex to the base.
        fade: loss at the valve plane, from :data:`FADES_AT` of the way there; septal_fade: more of it at the septum,
            whose base is a membrane. A healthy wall fades so, and the segment means tell it.
    """

    defects: tuple[Defect, ...] = ()
    swing: float = 0.0
    swing_degrees: float = 0.0
    slope: float = 0.0
    fade: float = 0.0
    septal_fade: float = 0.0


class Unevenness(NamedTuple):
    """Ranges from which :class:`Perfusion` is drawn.

    Attributes:
        swing, fade, septal_fade: least and most; slope: standard deviation.
    """

    swing: tuple[float, float]
    slope: float
    fade: tuple[float, float]
    septal_fade: tuple[float, float]


AS_IN_PATIENTS = Unevenness((0.0, 0.08), 0.04, (0.1, 0.2), (0.1, 0.3))
"""Of healthy hearts (ours): with camera and chest, the segments of simulated normals then spread by some percent of the
maximum more than those of published normal databases (``docs/perfusion.md``)."""
FOR_TRAINING = Unevenness((0.0, 0.22), 0.12, (0.0, 0.3), (0.0, 0.4))
"""Wider, so that a network does not rely on an even wall (ours)."""


def draw_perfusion(
    rng: np.random.Generator,
    *,
    aneurysm: bool = False,
    healthy: bool = False,
    unevenness: Unevenness = AS_IN_PATIENTS,
) -> Perfusion:
    """Half of the hearts healthy, the others with one to three defects; an aneurysm is a scar at the apex besides.

    Args:
        healthy: without these defects; all else is drawn alike.
    """
    count = 0 if rng.random() < 0.5 else int(rng.integers(1, 4))
    defects = tuple(
        Defect(
            segment=int(rng.integers(1, SEGMENTS + 1)),
            extent=float(rng.uniform(0.7, 2.6)),
            depth=float(rng.uniform(0.15, 0.95)),
            transmurality=1.0 if rng.random() < 0.5 else float(rng.uniform(0.4, 1.0)),
        )
        for _ in range(count)
    )
    if healthy:
        defects = ()
    if aneurysm:
        defects += (Defect(APEX, float(rng.uniform(1.5, 3.5)), float(rng.uniform(0.6, 0.95)), 1.0),)
    swing, side = float(rng.uniform(*unevenness.swing)), float(rng.uniform(0, 360))
    slope = float(rng.normal(0, unevenness.slope))
    fade, septal_fade = float(rng.uniform(*unevenness.fade)), float(rng.uniform(*unevenness.septal_fade))
    return Perfusion(defects, swing, side, slope, fade, septal_fade)


def uptake(perfusion: Perfusion, shape: Shape, p: Array) -> Array:
    """Relative uptake at SA points ``(..., 3)`` mm of a heart; only the wall's points mean something."""
    u, degrees = height(shape, p), direction(p)
    out = 1 + perfusion.swing * np.cos(np.deg2rad(degrees - perfusion.swing_degrees))
    out = out * (1 + perfusion.slope * (np.clip(u, 0, 1) - 0.5))
    if perfusion.fade > 0 or perfusion.septal_fade > 0:
        basal = np.clip((u - FADES_AT) / (1 - FADES_AT), 0.0, 1.0)
        septal = np.maximum(np.cos(np.deg2rad(degrees - 90.0)), 0.0)
        out = out * (1 - basal**2 * (3 - 2 * basal) * (perfusion.fade + perfusion.septal_fade * septal))
    if perfusion.defects:
        endo, epi = shape.endocardium(p), shape.epicardium(p)
        depth = np.clip(endo / np.maximum(endo - epi, 1.0), 0.0, 1.0)
        for defect in perfusion.defects:
            out = out * (1 - defect.depth * _within(defect, u, degrees) * _inner(defect, depth))
    return np.asarray(out)


def _within(defect: Defect, u: Array, degrees: Array) -> Array:
    """1 inside the defect's outline, 0 outside, with a soft edge."""
    middle_u, middle_degrees = centre_of_segment(defect.segment)
    if defect.segment == APEX:
        return np.asarray(1 / (1 + np.exp(np.clip((u - 0.12 * defect.extent) / 0.03, -40, 40))))
    width = (45.0 if defect.segment >= 13 else 30.0) * defect.extent
    across = wrap_degrees(degrees - middle_degrees) / width
    along = (u - middle_u) / (defect.extent / 6)
    distance = (across**4 + along**4) ** 0.25
    return np.asarray(1 / (1 + np.exp(np.clip(10 * (distance - 1), -40, 40))))


def _inner(defect: Defect, depth: Array) -> Array:
    if defect.transmurality >= 1:
        return np.ones_like(depth)
    return np.asarray(1 / (1 + np.exp(np.clip((depth - defect.transmurality) / 0.06, -40, 40))))
