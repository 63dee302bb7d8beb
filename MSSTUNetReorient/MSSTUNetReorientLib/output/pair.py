"""Stress and rest of one heart: everything that is said of the pair, as values; for ``pair.json`` and the report."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Any

import numpy as np

from .. import __version__
from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.aha_segments import TERRITORIES
from ..perfusion.comparison import HIGH_RISK_PERCENT
from ..perfusion.comparison import METHOD
from ..perfusion.comparison import NOT_COMPARABLE
from ..perfusion.comparison import REVERSIBLE_POINTS
from ..perfusion.comparison import Comparison
from ..perfusion.comparison import below_limits
from ..perfusion.comparison import compare
from ..perfusion.dilation import PUBLISHED_LIMITS
from ..perfusion.dilation import tid_ratio
from ..perfusion.quantification import Figure
from ..perfusion.quantification import Perfusion
from .anatomical_section import AnatomicalSection
from .anatomical_section import anatomical_section
from .function_text import function_of_result
from .pair_checks import PoseDifference
from .pair_checks import Side
from .pair_checks import incomparable_volumes
from .pair_checks import pair_warnings
from .pair_checks import pose_difference
from .perfusion_text import perfusion_of

SCHEMA = 1
"""Version of ``pair.json``."""
SEVERITY = ("pass", "review", "fail")
MOST_SCORE = 4 * len(SEGMENTS)
"""Of 17 segments with 4 points each."""
HARDLY_SCORED = 1
"""Summed difference score up to which a note tells of much reversible wall (ours)."""
MUCH_PERCENT, OVER_REVERSIBLE = 15.0, 2.0
"""Percent of the surface that is abnormal at rest and better at stress, and how many times what is reversible: above
both, a note says so (ours; docs/pairs.md has how often it is right)."""

TID_NOTE = (
    f"TID: other programs publish upper limits of {PUBLISHED_LIMITS}; none is known for this one, whose volumes are "
    "not those of the others."
)
HIGH_RISK_NOTE = (
    f"More than {HIGH_RISK_PERCENT:.0f} % of the myocardium is ischaemic by the summed difference score, which is "
    "published as high risk (BMC Med Imaging 2014;14:5)."
)


@dataclass(frozen=True, eq=False)
class Pair:
    """A pair with all that follows from it.

    Attributes:
        stress, rest: the two studies.
        perfusions, volumes: of stress and rest.
        warnings: why the pair must be checked.
        poses: how the poses differ; None where a study has none.
        comparison: of the polar maps; None where it is withheld.
        figures: by name; see :data:`FIGURES`.
        notes: sentences for the reader.
        left_out: files of the pair that could not be written because an optional package is missing, and why.
    """

    stress: Side
    rest: Side
    perfusions: tuple[Perfusion, Perfusion]
    volumes: tuple[AnatomicalSection, AnatomicalSection]
    warnings: tuple[str, ...]
    poses: PoseDifference | None
    comparison: Comparison | None
    figures: dict[str, Figure]
    notes: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The worse one of the two studies; at best "review" where the pair has a warning."""
        return _verdict((self.stress, self.rest), self.warnings)

    @property
    def withheld(self) -> str:
        """Why the maps are not compared; empty where they are."""
        return "" if self.comparison is not None else self.figures["reversible_extent_percent"].reason

    def as_dict(self) -> dict[str, Any]:
        """The content of ``pair.json``; numbers and words only, nothing personal."""
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "warnings": list(self.warnings),
            "stress": _side_content("stress", self.stress),
            "rest": _side_content("rest", self.rest),
            "poses": None if self.poses is None else _pose_content(self.poses),
            "comparison": _comparison_content(self),
            "figures": {name: {"value": _rounded(f.value, name), "verdict": f.verdict, "withheld": f.reason or None}
                        for name, f in self.figures.items()},
            "notes": list(self.notes),
            "left_out": dict(self.left_out),
            "software": {"msstunet-reorient": __version__},
        }  # fmt: skip


STUDIES = ("stress", "rest")
VOLUMES = ("ef_percent", "edv_ml", "esv_ml")
"""Figures of the function that are named beside each other."""
NOT_GATED = "the study is not gated"
FIGURES = (
    "reversible_extent_percent", "fixed_extent_percent", "reversible_below_limits_percent",
    "summed_stress_score", "summed_rest_score", "summed_difference_score",
    *(f"summed_difference_score_{name.lower()}" for name in TERRITORIES),
    "ischaemic_percent", "tid_ratio",
    *(f"{study}_{name}" for name in VOLUMES for study in STUDIES),
)  # fmt: skip
"""Names of the figures, in their order."""


def make_pair(stress: Side, rest: Side) -> Pair:
    """Compare two results; a study that fails withholds every figure of the pair."""
    sides = stress, rest
    warnings = pair_warnings(stress, rest)
    verdict = _verdict(sides, warnings)
    perfusions = perfusion_of(stress.result), perfusion_of(rest.result)
    volumes = anatomical_section(stress.result), anatomical_section(rest.result)
    reason = _named([p.reason for p in perfusions])
    maps = [p.map for p in perfusions]
    comparison = compare(maps[0], maps[1]) if not reason and maps[0] and maps[1] else None
    if comparison is None and not reason:
        reason = NOT_COMPARABLE
    figures = {
        **_extents(comparison, perfusions[0], reason, verdict),
        **_scores(perfusions, verdict),
        "tid_ratio": _tid(sides, volumes, verdict),
        **_function(sides, verdict),
    }
    failed = verdict == "fail"
    if failed:
        figures = {name: Figure(None, verdict, reason) for name in FIGURES}
    return Pair(
        stress=stress,
        rest=rest,
        perfusions=perfusions,
        volumes=volumes,
        warnings=warnings,
        poses=None if failed else pose_difference(stress, rest),
        comparison=comparison,
        figures={name: figures[name] for name in FIGURES},
        notes=_notes(comparison, figures, perfusions),
    )


def _verdict(sides: tuple[Side, Side], warnings: tuple[str, ...]) -> str:
    words = [side.result.quality.status for side in sides] + ["review"] * bool(warnings)
    return max(words, key=SEVERITY.index)


def _extents(comparison: Comparison | None, stress: Perfusion, reason: str, verdict: str) -> dict[str, Figure]:
    """Percent of the LV surface; abnormal by the study's own maximum, and by normal limits where there are any."""
    names = "reversible_extent_percent", "fixed_extent_percent", "reversible_below_limits_percent"
    if comparison is None or stress.map is None:
        return {name: Figure(None, verdict, reason) for name in names}
    found = dict.fromkeys(names, Figure(comparison.reversible_percent, verdict))
    found[names[1]] = Figure(comparison.fixed_percent, verdict)
    if stress.limits is None:
        return found | {names[2]: Figure(None, verdict, stress.scores_reason)}
    within = comparison.reversible_within(below_limits(stress.map, stress.limits))
    return found | {names[2]: Figure(within, verdict)}


def _scores(perfusions: tuple[Perfusion, Perfusion], verdict: str) -> dict[str, Figure]:
    """Summed scores of both and their differences, as far as both studies have them."""
    found = {
        "summed_stress_score": _of_study(perfusions[0], "summed_score", verdict),
        "summed_rest_score": _of_study(perfusions[1], "summed_score", verdict),
    }
    names = {"summed_difference_score": "summed_score"}
    names |= {f"summed_difference_score_{t.lower()}": f"summed_score_{t.lower()}" for t in TERRITORIES}
    for name, of_study in names.items():
        a, b = (_of_study(p, of_study, verdict) for p in perfusions)
        known = a.value is not None and b.value is not None
        value = (a.value or 0) - (b.value or 0) if known else None
        found[name] = Figure(value, verdict, "" if known else _named([a.reason, b.reason]))
    difference = found["summed_difference_score"]
    share = None if difference.value is None else 100 * difference.value / MOST_SCORE
    return {**found, "ischaemic_percent": Figure(share, verdict, difference.reason)}


def _of_study(perfusion: Perfusion, name: str, verdict: str) -> Figure:
    """A figure of one study under the verdict of the pair; none of them where a study fails."""
    figure = perfusion.figures[name]
    return Figure(figure.value, verdict, figure.reason)


def _tid(sides: tuple[Side, Side], volumes: tuple[AnatomicalSection, AnatomicalSection], verdict: str) -> Figure:
    stress, rest = (section.volumes for section in volumes)
    if stress is None or rest is None:
        reasons = ["" if v.volumes else v.notes[0].removeprefix("withheld: ") for v in volumes]
        return Figure(None, verdict, _named(reasons))
    reason = incomparable_volumes(*sides)
    return Figure(None if reason else tid_ratio(stress, rest), verdict, reason)


def _function(sides: tuple[Side, Side], verdict: str) -> dict[str, Figure]:
    """Ejection fraction and volumes of each study that is gated."""
    found = {}
    for study, side in zip(STUDIES, sides, strict=True):
        function = function_of_result(side.result)
        for name in VOLUMES:
            figure = None if function is None else function.figures[name]
            value, reason = (None, NOT_GATED) if figure is None else (figure.value, figure.reason)
            found[f"{study}_{name}"] = Figure(value, verdict, reason)
    return found


def _named(reasons: list[str]) -> str:
    """Reasons of stress and rest, each with its study; one that both have is said once."""
    if reasons[0] and reasons[0] == reasons[1]:
        return reasons[0]
    return "; ".join(f"{reason} ({study})" for study, reason in zip(("stress", "rest"), reasons, strict=True) if reason)


def _notes(
    comparison: Comparison | None, figures: dict[str, Figure], perfusions: tuple[Perfusion, Perfusion]
) -> tuple[str, ...]:
    notes = [f"{name}: {note}" for name, p in zip(("Stress", "Rest"), perfusions, strict=True) for note in p.notes]
    if (figures["ischaemic_percent"].value or 0) > HIGH_RISK_PERCENT:
        notes.append(HIGH_RISK_NOTE)
    if comparison is not None and _seems_swapped(comparison):
        notes.append(
            f"{comparison.worse_percent:.0f} % of the surface is abnormal at rest and better at stress by "
            f"{REVERSIBLE_POINTS:.0f} points and more, which ischaemia does not explain: check whether the studies are "
            "swapped, and both poses."
        )
    difference = figures["summed_difference_score"].value
    if difference is not None and difference <= HARDLY_SCORED and _reversible(comparison) > MUCH_PERCENT:
        notes.append(
            f"{_reversible(comparison):.0f} % of the surface is reversible by the maximum, but the scores hardly find "
            "it: this is noise, or a defect for which the normal limits are too wide. Read the maps."
        )
    if figures["tid_ratio"].value is not None:
        notes.append(TID_NOTE)
    choices = [perfusion.choice for perfusion in perfusions]
    if choices[0] == choices[1]:
        choices = [choices[0]]
    notes += [f"Scores: {choice}" for choice in choices if choice]
    for study, perfusion in zip(("Stress", "Rest"), perfusions, strict=True):
        notes += [f"{study}: {note}" for note in perfusion.notes]
    return tuple(notes)


def _reversible(comparison: Comparison | None) -> float:
    return 0.0 if comparison is None else comparison.reversible_percent


def _seems_swapped(comparison: Comparison) -> bool:
    least = max(MUCH_PERCENT, OVER_REVERSIBLE * comparison.reversible_percent)
    return comparison.worse_percent > least


def _side_content(folder: str, side: Side) -> dict[str, Any]:
    quality, info = side.result.quality, side.info
    return {
        "folder": folder,
        "qc": {"status": quality.status, "reasons": list(quality.reasons)},
        "study_phase": info.get("study_phase"),
        "tracer": info.get("tracer"),
    }


def _pose_content(poses: PoseDifference) -> dict[str, Any]:
    return {
        "long_axis_deg": round(poses.axis_deg, 1),
        "long_axis_limit_deg": round(poses.axis_limit_deg, 1),
        "centre_mm": round(poses.centre_mm, 1),
        "centre_limit_mm": round(poses.centre_limit_mm, 1),
        "centre_compared": "in the patient" if poses.one_frame else "from the middle of the field of view",
    }


def _comparison_content(pair: Pair) -> dict[str, Any]:
    found = pair.comparison
    return {
        "withheld": pair.withheld or None,
        "method": METHOD,
        "rest_scale": None if found is None else round(found.scale, 3),
        "normal_in_both_percent": None if found is None else round(100 * found.normal_share, 1),
        "worse_at_rest_percent": None if found is None else round(found.worse_percent, 1),
        "segments": [_segment_content(row) for row in segment_rows(pair)],
    }


@dataclass(frozen=True)
class SegmentRow:
    """One segment of a pair; nan or None where there is no value.

    Attributes:
        number, name, territory: as in :data:`..perfusion.aha_segments.SEGMENTS`.
        stress, rest: percent of the study's own maximum.
        difference: percentage points, after scaling.
        stress_score, rest_score: 0 to 4.
    """

    number: int
    name: str
    territory: str
    stress: float
    rest: float
    difference: float
    stress_score: int | None
    rest_score: int | None


def segment_rows(pair: Pair) -> tuple[SegmentRow, ...]:
    """The 17 segments."""
    unknown = np.full(len(SEGMENTS), np.nan)
    columns = [unknown if p.map is None else p.map.segments for p in pair.perfusions]
    columns.append(unknown if pair.comparison is None else pair.comparison.segments)
    scores = [(None,) * len(SEGMENTS) if p.scores is None else p.scores.segments for p in pair.perfusions]
    rows = zip(SEGMENTS, *(column.tolist() for column in columns), *scores, strict=True)
    return tuple(SegmentRow(s.number, s.name, s.territory, *values) for s, *values in rows)


def _segment_content(row: SegmentRow) -> dict[str, Any]:
    percents = {"stress_percent": row.stress, "rest_percent": row.rest, "difference": row.difference}
    return {
        "number": row.number,
        "name": row.name,
        "territory": row.territory,
        **{name: round(value, 1) if np.isfinite(value) else None for name, value in percents.items()},
        "stress_score": row.stress_score,
        "rest_score": row.rest_score,
    }


def _rounded(value: float | int | None, name: str) -> float | int | None:
    return round(value, 2 if name == "tid_ratio" else 1) if isinstance(value, float) else value
