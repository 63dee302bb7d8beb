"""How far the perfusion figures of one study move while its pose moves within the model's own bound for it.

The heart and its labels stay; the axis from which the wall is sampled tilts and shifts, and the summed score, the scar
burden and the segments are read again at each pose.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import Pose
from ..geometry.pose import shortest_rotation
from .quantification import Perfusion

Array = NDArray[np.float64]

DIRECTIONS = 8
"""Directions in which the long axis tilts to its bound, every 45 degrees (ours); and the centre shifts to its own bound
along each of the three short axes, both ways."""


@dataclass(frozen=True)
class Range:
    """One figure at the study's own pose, and its extremes over all poses within the bound, the own among them."""

    own: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """From the least to the largest."""
        return self.high - self.low


@dataclass(frozen=True)
class PoseStability:
    """The ranges of one study; None of a figure that is withheld at its own pose.

    Attributes:
        axis_deg, centre_mm: how far the pose moved: the model's own bounds for the study.
        poses: how many others were tried.
        withheld: at how many of them the map, or a figure that the own pose has, is withheld; ranges leave them out.
        summed_score, scar_percent: ranges.
        segment: number of the segment that moves most; segment_percent: its range.
    """

    axis_deg: float
    centre_mm: float
    poses: int
    withheld: int
    summed_score: Range | None
    scar_percent: Range | None
    segment: int | None
    segment_percent: Range | None


def poses_within(pose: Pose, axis_deg: float, centre_mm: float) -> Iterator[Pose]:
    """Poses on the bounds: the long axis tilted about the LV centre, and the centre shifted.

    Args:
        pose: SA frame to LPS.
        axis_deg, centre_mm: the bounds.
    """
    k, tilt = np.array([0.0, 0.0, 1.0]), np.deg2rad(axis_deg)
    for around in np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS:
        axis = np.array([np.sin(tilt) * np.cos(around), np.sin(tilt) * np.sin(around), np.cos(tilt)])
        yield Pose(pose.rotation @ shortest_rotation(k, axis), pose.centre)
    for direction in (*pose.rotation.T, *-pose.rotation.T):
        yield Pose(pose.rotation, pose.centre + centre_mm * direction)


def pose_stability(
    pose: Pose, quantified: Callable[[Pose], Perfusion], *, axis_deg: float, centre_mm: float
) -> PoseStability | None:
    """The ranges of a study's figures.

    Args:
        pose: the study's own.
        quantified: the perfusion of the same short axis and labels, sampled at a pose.
        axis_deg, centre_mm: the model's own bounds for this study.

    Returns:
        None where the map is withheld at the own pose.
    """
    own = quantified(pose)
    if own.map is None:
        return None
    others = [quantified(p) for p in poses_within(pose, axis_deg, centre_mm)]
    segments = np.array([p.map.segments for p in (own, *others) if p.map is not None])
    most = _most_moved(segments)
    return PoseStability(
        axis_deg=axis_deg,
        centre_mm=centre_mm,
        poses=len(others),
        withheld=sum(_less_than(p, own) for p in others),
        summed_score=_range_of("summed_score", own, others),
        scar_percent=_range_of("scar_burden_percent", own, others),
        segment=None if most is None else most + 1,
        segment_percent=None if most is None else _range(float(segments[0, most]), segments[:, most]),
    )


def _most_moved(segments: Array) -> int | None:
    """Index of the segment with the widest range among ``(poses, 17)``, of those with a mean at the own pose."""
    known = np.flatnonzero(np.isfinite(segments[0]))
    if not len(known):
        return None
    widths = np.nanmax(segments[:, known], axis=0) - np.nanmin(segments[:, known], axis=0)
    return int(known[widths.argmax()])


def _range_of(name: str, own: Perfusion, others: Sequence[Perfusion]) -> Range | None:
    """Of a figure by its name in :attr:`.quantification.Perfusion.figures`."""
    value = _figure(own, name)
    if value is None:
        return None
    return _range(value, np.array([value, *(x for p in others if (x := _figure(p, name)) is not None)]))


def _range(own: float, values: Array) -> Range:
    return Range(own, float(np.nanmin(values)), float(np.nanmax(values)))


def _less_than(other: Perfusion, own: Perfusion) -> bool:
    """Whether a pose lacks the map, or a figure that the own pose has."""
    names = ("summed_score", "scar_burden_percent")
    lost = any(_figure(own, n) is not None and _figure(other, n) is None for n in names)
    return other.map is None or lost


def _figure(perfusion: Perfusion, name: str) -> float | None:
    figure = perfusion.figures.get(name)
    return None if figure is None or figure.value is None else float(figure.value)
