"""All perfusion figures of one study, each with the verdict it rests on or the reason why it is withheld."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import numpy as np

from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.volume import Volume
from .aha_segments import SEGMENTS
from .aha_segments import shares
from .figure import CUT_OFF
from .figure import NO_VERDICT
from .figure import Figure
from .figure import rounded
from .normal_limits import NormalLimits
from .polar_map import PolarMap
from .polar_map import polar_map
from .sampling import sample
from .scores import ABNORMAL_SDS
from .scores import SCAR_PERCENT
from .scores import Scores
from .scores import extent
from .scores import scores_of

RELATIVE_TO = "the study's own maximum"
"""What uptake in percent refers to, as written to files."""
SCHEMA = 2
"""Version of the section ``perfusion`` of ``result.json``."""

NO_MYOCARDIUM = "no myocardium is labelled"
NO_LIMITS = "they need normal limits, and none were given"
NO_DEFECT = "no wall is below the normal limits"
NO_MAXIMUM = "too little wall can be judged: it has no counts, is very small, or its surroundings are hotter all round"

BRIGHT_PERCENT, LEAST_BRIGHT_PERCENT = 70.0, 25.0
"""If less of the wall than the second has the first of the maximum, a hot spot in the wall may have made the maximum
(ours): 75 centile over maximum was 0.72 and more in 88 validation studies, and 0.65 in one with gut painted on its
wall, 1.5 times as hot."""
HOT_SPOT = (
    "Only {:.0f} % of the wall has 70 % of the maximum or more: either the defect is very large, or the maximum is "
    "that of a hot spot such as gut on the wall, and every percent, score and extent is wrong. Look at the map first."
)


@dataclass(frozen=True, eq=False)
class Perfusion:
    """The perfusion of one study.

    Attributes:
        verdict: of the quality control.
        reason: why everything is withheld; empty otherwise.
        map: the polar map; None where everything is withheld.
        scores: of the map; None likewise, or without normal limits.
        scores_reason: why only the scores are withheld.
        limits: that the scores refer to.
        choice: how they were chosen, in sentences.
        state: "stress", "rest" or empty: what the summed score is called depends on it.
    """

    verdict: str
    reason: str = ""
    map: PolarMap | None = None
    scores: Scores | None = None
    scores_reason: str = ""
    limits: NormalLimits | None = None
    choice: str = ""
    state: str = ""

    def without_scores(self, reason: str) -> Perfusion:
        """The map and the scar burden, which needs no limits; scores and other extents are withheld."""
        return self if self.map is None else replace(self, scores=None, scores_reason=reason, limits=None)

    @property
    def summed_name(self) -> str:
        """SSS of a stress study, SRS of a rest study."""
        return {"stress": "SSS", "rest": "SRS"}.get(self.state, "summed score")

    @property
    def figures(self) -> dict[str, Figure]:
        """The figures by their name in ``result.json``."""
        scores = self.scores
        if scores is None:
            withheld = {name: Figure(None, self.verdict, self.reason or self.scores_reason) for name in FIGURES}
            scar = {} if self.map is None else {"scar_burden_percent": extent(self.map, SCAR_PERCENT)}
            return withheld | {name: Figure(value, self.verdict) for name, value in scar.items()}
        values: dict[str, float | int | None] = {
            "summed_score": scores.summed,
            "percent_of_myocardium": scores.percent_of_myocardium,
            **{f"summed_score_{name.lower()}": value for name, value in scores.territories.items()},
            "scar_burden_percent": scores.scar_percent,
            "defect_extent_percent": scores.below.percent,
            "defect_area_cm2": scores.below.cm2,
            "defect_severity_sd": scores.below.severity_sd,
            "deficit_percent": scores.below.deficit_percent,
        }
        reasons = {name: _missing(scores) for name in values} | {"defect_severity_sd": NO_DEFECT}
        return {name: Figure(value, self.verdict, reasons[name] if value is None else "")
                for name, value in values.items()}  # fmt: skip

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the map, in sentences."""
        if self.map is None:
            return ()
        touched, bright = _outshone_segments(self.map), 100 - extent(self.map, BRIGHT_PERCENT)
        notes = []
        if touched:
            notes.append(
                f"Beside {_listed(touched)}, tissue is hotter than the wall's maximum; the wall there is left out."
            )
        if bright < LEAST_BRIGHT_PERCENT:
            notes.append(HOT_SPOT.format(bright))
        return tuple(notes)

    def as_dict(self) -> dict[str, Any]:
        """The section ``perfusion`` of ``result.json``."""
        return {
            "schema": SCHEMA,
            "relative_to": RELATIVE_TO,
            "verdict": self.verdict,
            "withheld": self.reason or None,
            "maximum_counts": None if self.map is None else self.map.maximum,
            "limits": self._limits_content(),
            "limits_choice": self.choice,
            "scores_withheld": self.scores_reason or None,
            "summed_score_name": self.summed_name,
            "severity_class": self.scores.severity_class if self.scores else None,
            "segments": self._segment_content(),
            "figures": {name: figure.as_dict() for name, figure in self.figures.items()},
            "notes": list(self.notes),
        }

    def _limits_content(self) -> dict[str, Any] | None:
        limits = self.limits
        if limits is None:
            return None
        return {
            "source": limits.source,
            "name": limits.group.name,
            "group": limits.group.words,
            "studies": limits.studies,
            "abnormal_below_sd": ABNORMAL_SDS,
        }

    def _segment_content(self) -> list[dict[str, Any]]:
        if self.map is None:
            return []
        mapped = self.map
        scores = self.scores.segments if self.scores else (None,) * len(SEGMENTS)
        nothing = np.full(len(SEGMENTS), np.nan)
        normal, sd = (self.limits.segment_mean, self.limits.segment_sd) if self.limits else (nothing, nothing)
        return [
            {
                "number": segment.number,
                "name": segment.name,
                "territory": segment.territory,
                "percent": rounded(mapped.segments[n]),
                "mid_wall_percent": rounded(mapped.mid_wall_segments[n]),
                "score": scores[n],
                "normal_percent": rounded(normal[n]),
                "normal_sd": rounded(sd[n]),
                "measured_share": round(float(mapped.measured[n]), 3),
            }
            for n, segment in enumerate(SEGMENTS)
        ]


FIGURES = (
    "summed_score", "percent_of_myocardium", "summed_score_lad", "summed_score_lcx", "summed_score_rca",
    "scar_burden_percent", "defect_extent_percent", "defect_area_cm2", "defect_severity_sd", "deficit_percent",
)  # fmt: skip
"""Names of the figures, in their order."""


def quantify(
    short_axis: Volume,
    labels: Volume,
    pose: Pose,
    *,
    verdict: str,
    cut_off: bool = False,
    limits: NormalLimits | None = None,
) -> Perfusion:
    """Quantify one study.

    Args:
        short_axis: counts on a grid that holds the LV.
        labels: 1 LV myocardium.
        pose: SA frame to LPS.
        verdict: of the quality control.
        cut_off: the field of view cuts a part of the LV off, by its measure ``cut_share``.
        limits: that scores and extents refer to; without them they are withheld.
    """
    if verdict == "fail":
        return Perfusion(verdict, NO_VERDICT)
    if not (labels.array == MYOCARDIUM).any():
        return Perfusion(verdict, NO_MYOCARDIUM)
    if cut_off:
        return Perfusion(verdict, CUT_OFF)
    samples = sample(short_axis, labels, pose)
    if samples is None:
        return Perfusion(verdict, NO_MYOCARDIUM)
    mapped = polar_map(samples)
    if mapped is None:
        return Perfusion(verdict, NO_MAXIMUM)
    if limits is None:
        return Perfusion(verdict, "", mapped, scores_reason=NO_LIMITS)
    return Perfusion(verdict, "", mapped, scores_of(mapped, limits), limits=limits)


def _missing(scores: Scores) -> str:
    return f"there is too little wall to measure, or no normal limit, in {_listed(scores.missing)}"


def _outshone_segments(mapped: PolarMap) -> tuple[int, ...]:
    """Numbers of the segments with a sample that is left out because of hotter surroundings."""
    touched = (shares(mapped.samples) * mapped.outshone).sum(axis=(1, 2)) > 0
    return tuple(int(n) + 1 for n in np.flatnonzero(touched))


def _listed(numbers: tuple[int, ...]) -> str:
    return f"segment{'s' * (len(numbers) > 1)} {', '.join(str(n) for n in numbers)}"
