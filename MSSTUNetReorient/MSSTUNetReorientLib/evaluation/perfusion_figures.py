"""The figures of perfusion and volumes that the evaluation compares: of one study, at one pose, with its labels.

Only here a study is quantified for the evaluation, so that every page scores alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..geometry.volume import resample_labels
from ..geometry.volume import short_axis_grid
from ..output.limits_choice import AUTO
from ..output.limits_choice import choose_limits
from ..perfusion.aha_segments import TERRITORIES
from ..perfusion.anatomical_volumes import anatomical_volumes
from ..perfusion.quantification import Perfusion
from ..perfusion.quantification import quantify
from ..perfusion.scores import SCAR_PERCENT
from ..perfusion.scores import extent
from ..prediction.result import Result

SCORED_BY = "from simulated normal limits of each study's camera"
"""What the scores of the pages refer to."""
SAME_AXES = 1e-6
"""Largest difference between the axes of labels and of a pose that is rounding."""


@dataclass(frozen=True)
class PerfusionFigures:
    """The figures of one study; None where one is withheld.

    Attributes:
        segments: 17 means in percent of the maximum, None without wall; empty where the map is withheld.
        summed_score: 0 to 68; scar_percent: of the LV surface, below half of the maximum.
        territory: with the largest summed score, several joined by "+" where they are equal; empty without scores.
        cavity_ml, wall_ml: anatomical volumes.
        reason: why perfusion is withheld; empty otherwise.
    """

    segments: tuple[float | None, ...] = ()
    summed_score: float | None = None
    scar_percent: float | None = None
    territory: str = ""
    cavity_ml: float | None = None
    wall_ml: float | None = None
    reason: str = ""


def figures_of(
    study: Volume,
    labels: Volume,
    pose: Pose,
    *,
    short_axis: Volume | None = None,
    verdict: str = "pass",
    cut_off: bool = False,
) -> PerfusionFigures:
    """Quantify a study.

    Args:
        study: transaxial counts, and what is known of their camera.
        labels: 0/1/2 on a grid of their own.
        pose: SA frame to LPS.
        short_axis: the counts in the SA cube of the pose, if they have been resampled.
        verdict, cut_off: as for :func:`..perfusion.quantification.quantify`.
    """
    counts = resample(study, short_axis_grid(pose)) if short_axis is None else short_axis
    perfusion = _quantified(study, counts, labels, pose, verdict, cut_off)
    cavity, wall = _volumes(study, labels, pose, verdict, cut_off)
    if perfusion.map is None:
        return PerfusionFigures(cavity_ml=cavity, wall_ml=wall, reason=perfusion.reason)
    scores = perfusion.scores
    return PerfusionFigures(
        segments=tuple(float(x) if np.isfinite(x) else None for x in perfusion.map.segments),
        summed_score=None if scores is None else scores.summed,
        scar_percent=extent(perfusion.map, SCAR_PERCENT),
        territory="" if scores is None else worst_territory(scores.segments),
        cavity_ml=cavity,
        wall_ml=wall,
    )


def figures_of_result(result: Result) -> PerfusionFigures:
    """The figures of a result, as the tool shows them."""
    return figures_of(
        result.study, result.labels, result.pose, short_axis=result.short_axis, verdict=result.quality.status,
        cut_off=result.quality.cut_off,
    )  # fmt: skip


def worst_territory(segments: tuple[int | None, ...]) -> str:
    """The coronary territories with the largest summed score; empty where nothing scores.

    >>> worst_territory((0,) * 3 + (2, 1) + (0,) * 12), worst_territory((0,) * 17)
    ('RCA', '')
    """
    sums = {name: sum(segments[n - 1] or 0 for n in numbers) for name, numbers in TERRITORIES.items()}
    worst = max(sums.values())
    return "+".join(name for name, value in sums.items() if value == worst) if worst else ""


def as_text(segments: tuple[float | None, ...]) -> str:
    """The segments in one cell of a CSV file: one decimal, "-" without wall."""
    return " ".join("-" if x is None else f"{x:.1f}" for x in segments)


def from_text(text: str) -> tuple[float | None, ...]:
    """The inverse of :func:`as_text`.

    >>> from_text("70.0 - 3.5"), from_text("")
    ((70.0, None, 3.5), ())

    Raises:
        ValueError: no numbers.
    """
    return tuple(None if word == "-" else float(word) for word in text.split())


def segment_changes(now: tuple[float | None, ...], before: tuple[float | None, ...]) -> list[float]:
    """Change of each segment that has a mean in both, in points of percent."""
    both = zip(now, before, strict=False)
    return [a - b for a, b in both if a is not None and b is not None]


def _quantified(
    study: Volume, short_axis: Volume, labels: Volume, pose: Pose, verdict: str, cut_off: bool
) -> Perfusion:
    """As the tool quantifies a study of this camera."""
    limits = choose_limits(AUTO, study.info).limits
    return quantify(short_axis, labels, pose, verdict=verdict, cut_off=cut_off, limits=limits)


def _volumes(
    study: Volume, labels: Volume, pose: Pose, verdict: str, cut_off: bool
) -> tuple[float | None, float | None]:
    """Anatomical volumes of cavity and wall, ml."""
    if verdict == "fail" or cut_off or not (labels.array == MYOCARDIUM).any():
        return None, None
    upright = np.abs(labels.grid.direction - pose.rotation).max() < SAME_AXES
    found = anatomical_volumes(
        labels if upright else resample_labels(labels, short_axis_grid(pose)),
        str(study.info.get("modality", "unknown")),
    )
    return (None, None) if found is None else (found.cavity_ml, found.myocardium_ml)
