"""The perfusion of a result, and its words for the report."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.aha_segments import TERRITORIES
from ..perfusion.quantification import Figure
from ..perfusion.quantification import Perfusion
from ..perfusion.quantification import quantify
from ..perfusion.scores import CUT_OFFS
from ..perfusion.scores import DEFECT_PERCENT
from ..perfusion.scores import SCAR_PERCENT
from ..prediction.qc import MAX_CUT_SHARE
from ..prediction.result import Result

RELATIVE = (
    "Scores and extents are relative to the study's own maximum, not to normal limits. A healthy heart can score too: "
    "breast and diaphragm attenuate, and the wall fades towards its end at the base."
)
"""The sentence that goes with every score in a report."""


def perfusion_of(result: Result) -> Perfusion:
    """Quantify a result; withheld where its verdict or its field of view do not allow it."""
    quality = result.quality
    cut_off = quality.measures.get("cut_share", 0.0) > MAX_CUT_SHARE
    return quantify(result.short_axis, result.labels, result.pose, verdict=quality.status, cut_off=cut_off)


def perfusion_content(perfusion: Perfusion) -> dict[str, Any]:
    """The texts and numbers of the report's section."""
    return {
        "withheld": perfusion.reason,
        "verdict": perfusion.verdict,
        "relative": RELATIVE,
        "notes": perfusion.notes,
        "segments": _segment_rows(perfusion),
        "figures": _figure_rows(perfusion),
        "cut_offs": _cut_offs(),
    }


def _segment_rows(perfusion: Perfusion) -> list[tuple[str, str, str, str]]:
    """Number and name, territory, percent and score of each segment."""
    mapped, scores = perfusion.map, perfusion.scores
    if mapped is None or scores is None:
        return []
    rows = []
    for n, segment in enumerate(SEGMENTS):
        percent, points = mapped.segments[n], scores.segments[n]
        value = f"{percent:.0f} %" if np.isfinite(percent) else "no wall"
        name = f"{segment.number} {segment.name}"
        rows.append((name, segment.territory, value, "" if points is None else str(points)))
    return rows


def _figure_rows(perfusion: Perfusion) -> list[tuple[str, str]]:
    figures = perfusion.figures
    if perfusion.scores is None:
        return []
    territories = [(f"Summed score, {name}", f"summed_score_{name.lower()}", "", 0) for name in TERRITORIES]
    table = [
        ("Summed score", "summed_score", " of 68", 0),
        ("Percent of the myocardium", "percent_of_myocardium", " %", 1),
        *territories,
        (f"Scar burden (surface below {SCAR_PERCENT:.0f} %)", "scar_burden_percent", " %", 1),
        (f"Defect extent (surface below {DEFECT_PERCENT:.0f} %)", "defect_extent_percent", " %", 1),
        ("Defect area, mid-wall", "defect_area_cm2", " cm²", 0),
    ]
    return [(name, _in_words(figures[key], unit, digits)) for name, key, unit, digits in table]


def _in_words(figure: Figure, unit: str, digits: int) -> str:
    if figure.value is None:
        return f"withheld: {figure.reason}"
    word = "" if figure.verdict == "pass" else f" ({figure.verdict})"
    return f"{figure.value:.{digits}f}{unit}{word}"


def _cut_offs() -> str:
    """The cut-offs in words: "0: 70 % of the maximum and more; 1: 60 to 70 %; ..."."""
    highest, *_, lowest = CUT_OFFS
    between = [f"{n}: {low:.0f} to {high:.0f} %" for n, (high, low) in enumerate(pairwise(CUT_OFFS), start=1)]
    return "; ".join([f"0: {highest:.0f} % of the maximum and more", *between, f"4: below {lowest:.0f} %"])
