"""What the simulator knows of a study besides its pose: uptake of the segments, defects, mass, and the camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..output.normal_studies import camera_of
from ..output.normal_studies import is_corrected
from ..output.normal_studies import sex_of
from ..perfusion.aha_segments import SEGMENTS

MARKED_LOSS, MARKED_EXTENT = 0.5, 1.0
"""A defect is marked, and must be found, if its wall loses on average half of its uptake, over a segment's width and
height (ours: a mean below half of the maximum is the limit of viability)."""


@dataclass(frozen=True)
class KnownHeart:
    """Of a simulated heart.

    Attributes:
        segments: 17 means of the uptake at end-diastole, in percent of the best one. No camera has blurred them, and
            the simulator divides the axis in equal thirds above the cavity's apex.
        drawn: numbers of the segments round which defects were drawn, the worst defect first.
        marked: whether the worst one is marked.
        wall_ml: the myocardium as it is.
    """

    segments: tuple[float | None, ...]
    drawn: tuple[int, ...]
    marked: bool
    wall_ml: float

    @property
    def healthy(self) -> bool:
        """Whether no defect was drawn."""
        return not self.drawn

    @property
    def territory(self) -> str:
        """The coronary territory of the worst defect; empty without any."""
        return SEGMENTS[self.drawn[0] - 1].territory if self.drawn else ""


def known_heart(truth: dict[str, Any]) -> KnownHeart | None:
    """From the content of ``truth.json``; None of a real heart, whose own perfusion is not known.

    Raises:
        KeyError, TypeError: the file was damaged.
    """
    if "segments" not in truth:
        return None
    means = [float("nan") if x is None else float(x) for x in truth["segments"]["mean"]]
    best = max(x for x in means if x == x)
    defects = sorted(truth["parameters"]["perfusion"]["defects"], key=_loss, reverse=True)
    worst = defects[0] if defects else None
    return KnownHeart(
        segments=tuple(100 * x / best if x == x else None for x in means),
        drawn=tuple(int(d["segment"]) for d in defects),
        marked=worst is not None and worst["depth"] * worst["transmurality"] >= MARKED_LOSS
        and worst["extent"] >= MARKED_EXTENT,
        wall_ml=float(truth["volumes_ml"]["anatomical"]["myocardium"]),
    )  # fmt: skip


def acquisition(parameters: dict[str, Any]) -> dict[str, Any]:
    """Camera, attenuation correction and sex of a simulated study, those that are known.

    Real counts in a simulated chest bring the correction of their own camera, which is not known.

    Raises:
        KeyError, TypeError: the file was damaged.
    """
    scanner = parameters["scanner"]
    found = {"sex": sex_of(parameters["chest"])}
    if scanner["kind"] != "pet":
        found["camera"] = camera_of(scanner["kind"])
    if parameters["kind"] == "composite":
        return found
    return {**found, "attenuation_corrected": is_corrected(scanner["kind"], scanner)}


def _loss(defect: dict[str, Any]) -> float:
    """By which the worst defect is found: lost uptake by size."""
    return float(defect["depth"] * min(defect["transmurality"], 1.0) * defect["extent"] ** 2)
