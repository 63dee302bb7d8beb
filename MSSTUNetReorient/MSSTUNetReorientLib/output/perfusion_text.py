"""The perfusion of a result, and its words for the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.quantification import Perfusion
from ..perfusion.quantification import quantify
from ..prediction.qc import MAX_CUT_SHARE
from ..prediction.result import Result

RELATIVE = (
    "Uptake is in percent of the study's own maximum, not of normal limits. In a healthy heart it is uneven too: "
    "breast and diaphragm attenuate, and the labelled wall reaches beyond the visible one at the base, where uptake "
    "reads low."
)
"""The sentence that goes with every value in a report."""
NO_LIMITS = "they need normal limits, which this version does not have: healthy hearts would score like diseased ones"
"""Of 19 simulated healthy hearts 12 would have a summed score above 3 (docs/perfusion.md)."""


def perfusion_of(result: Result) -> Perfusion:
    """The polar map of a result, without scores; withheld where its verdict or its field of view do not allow it."""
    quality = result.quality
    cut_off = quality.measures.get("cut_share", 0.0) > MAX_CUT_SHARE
    found = quantify(result.short_axis, result.labels, result.pose, verdict=quality.status, cut_off=cut_off)
    return found.without_scores(NO_LIMITS)


def perfusion_content(perfusion: Perfusion) -> dict[str, Any]:
    """The texts and numbers of the report's section."""
    return {
        "withheld": perfusion.reason,
        "scores_withheld": perfusion.scores_reason,
        "verdict": perfusion.verdict,
        "relative": RELATIVE,
        "notes": perfusion.notes,
        "segments": _segment_rows(perfusion),
    }


def _segment_rows(perfusion: Perfusion) -> list[tuple[str, str, str]]:
    """Number and name, territory and percent of each segment."""
    if perfusion.map is None:
        return []
    percents = [f"{x:.0f} %" if np.isfinite(x) else "no wall" for x in perfusion.map.segments]
    return [(f"{s.number} {s.name}", s.territory, percent) for s, percent in zip(SEGMENTS, percents, strict=True)]
