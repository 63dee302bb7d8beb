"""The perfusion of a result, and its words for the report."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.quantification import Perfusion
from ..perfusion.quantification import quantify
from ..perfusion.scores import ABNORMAL_SDS
from ..perfusion.scores import HIGHEST_SUM
from ..perfusion.scores import OTHER_PROGRAMS
from ..prediction.result import Result
from .limits_choice import Choice
from .limits_choice import choose_limits

RELATIVE = (
    "Uptake is in percent of the study's own maximum. It is uneven in a healthy heart too: breast and diaphragm "
    "attenuate, and blur lowers the counts of the base. Scores allow for that by normal limits."
)
"""The sentence that goes with every value in a report."""
FIGURE_WORDS = {
    "summed_score": ("{name}", ""),
    "percent_of_myocardium": ("{name}, percent of the largest possible", " %"),
    "summed_score_lad": ("{name} of the LAD", ""),
    "summed_score_lcx": ("{name} of the LCX", ""),
    "summed_score_rca": ("{name} of the RCA", ""),
    "defect_extent_percent": ("Surface below normal limits", " %"),
    "defect_area_cm2": ("Area below normal limits", " cm²"),
    "defect_severity_sd": ("Mean depth below the normal mean, where below limits", " SD"),
    "deficit_percent": ("Deficit: surface below limits, weighted by depth (like TPD)", " %"),
    "scar_burden_percent": ("Scar burden: surface below 50 % of the maximum", " %"),
}
"""Words and unit of each figure in the report."""
DECIMALS = {" SD": 1}


_MEASURED: WeakKeyDictionary[Result, Perfusion] = WeakKeyDictionary()
"""Every file of a result needs the same map; it is freed with its result."""


def perfusion_of(result: Result) -> Perfusion:
    """The polar map and the scores of a result; withheld where its verdict, its field of view or the lack of fitting
    normal limits do not allow them.

    Raises:
        InputError: the result asks for normal limits that cannot be read.
    """
    if result not in _MEASURED:
        _MEASURED[result] = perfusion_against(result, choose_limits(result.normal_limits, result.study.info))
    return _MEASURED[result]


def perfusion_against(result: Result, choice: Choice) -> Perfusion:
    """:func:`perfusion_of` with limits that have been chosen."""
    quality, (limits, words, reason) = result.quality, choice
    found = quantify(
        result.short_axis, result.labels, result.pose, verdict=quality.status, cut_off=quality.cut_off, limits=limits
    )
    found = replace(found, choice=words, state=str(result.study.info.get("study_phase", "")))
    return found.without_scores(reason) if limits is None else found


def perfusion_content(perfusion: Perfusion) -> dict[str, Any]:
    """The texts and numbers of the report's section."""
    return {
        "withheld": perfusion.reason,
        "scores_withheld": perfusion.scores_reason,
        "verdict": perfusion.verdict,
        "relative": RELATIVE,
        "notes": perfusion.notes,
        "choice": perfusion.choice,
        "abnormal": f"{ABNORMAL_SDS:g}",
        "classes": OTHER_PROGRAMS,
        "scores": _score_rows(perfusion),
        "segments": _segment_rows(perfusion),
    }


def _score_rows(perfusion: Perfusion) -> list[tuple[str, str]]:
    """Name and value of each figure, or why it is withheld; without scores only the scar burden."""
    if perfusion.map is None:
        return []
    if perfusion.scores is None:
        scar = "scar_burden_percent"
        return [(FIGURE_WORDS[scar][0], f"{perfusion.figures[scar].value:.0f} %")]
    figures, severity = perfusion.figures, perfusion.scores.severity_class
    rows = []
    for name, (words, unit) in FIGURE_WORDS.items():
        figure = figures[name]
        value = (
            f"withheld: {figure.reason}" if figure.value is None else f"{figure.value:.{DECIMALS.get(unit, 0)}f}{unit}"
        )
        if name == "summed_score" and severity is not None:
            value += f" of {HIGHEST_SUM} ({severity})"
        label = words.format(name=perfusion.summed_name)
        rows.append((label[0].upper() + label[1:], value))
    return rows


def _segment_rows(perfusion: Perfusion) -> list[tuple[str, str, str, str, str]]:
    """Number and name, territory, percent, normal percent and score of each segment."""
    if perfusion.map is None:
        return []
    percents = [f"{x:.0f} %" if np.isfinite(x) else "not measured" for x in perfusion.map.segments]
    limits, scores = perfusion.limits, perfusion.scores
    normal = [""] * len(SEGMENTS)
    if limits is not None:
        normal = [f"{m:.0f} ± {sd:.0f} %" if np.isfinite(m) else "no limit"
                  for m, sd in zip(limits.segment_mean, limits.segment_sd, strict=True)]  # fmt: skip
    points = ["" if n is None else str(n) for n in scores.segments] if scores else [""] * len(SEGMENTS)
    names, territories = [f"{s.number} {s.name}" for s in SEGMENTS], [s.territory for s in SEGMENTS]
    return list(zip(names, territories, percents, normal, points, strict=True))
