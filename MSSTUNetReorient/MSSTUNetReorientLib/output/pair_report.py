"""The page of a pair: verdicts, stress above rest, polar maps, scores and notes, in one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..perfusion.comparison import ABNORMAL_PERCENT
from ..perfusion.comparison import METHOD
from ..perfusion.comparison import REVERSIBLE_POINTS
from ..perfusion.figure import Figure
from .colour_tables import DEFAULT
from .html_page import embedded
from .html_page import figure_png
from .html_page import write_page
from .pair import NOT_GATED
from .pair import Pair
from .pair import SegmentRow
from .pair import segment_rows
from .pair_checks import Side
from .pair_rows import pair_rows_figure
from .polar_picture import pair_maps_figure
from .report import NOT_A_MEDICAL_DEVICE
from .report import OVERVIEW_DPI
from .report import VERDICT_COLOURS
from .report import VERDICTS
from .report import model_line

PAIR_VERDICTS = {
    "pass": "No problem was found in either study or in the pair.",
    "review": "Check the pictures and the notes before you use any figure of this pair.",
    "fail": "A study has no usable left ventricle: every figure of the pair is withheld.",
}
LABELS = {
    "summed_stress_score": "Summed stress score (SSS)",
    "summed_rest_score": "Summed rest score (SRS)",
    "summed_difference_score": "Summed difference score (SDS)",
    "summed_difference_score_lad": "SDS, LAD",
    "summed_difference_score_lcx": "SDS, LCX",
    "summed_difference_score_rca": "SDS, RCA",
    "ischaemic_percent": "Ischaemic, SDS in % of the myocardium",
    "reversible_extent_percent": "Reversible, % of the LV surface",
    "fixed_extent_percent": "Fixed, % of the LV surface",
    "reversible_below_limits_percent": "Reversible below normal limits, % of the LV surface",
    "tid_ratio": "TID ratio (cavity at stress / at rest)",
    "stress_ef_percent": "Ejection fraction (EF), stress",
    "rest_ef_percent": "Ejection fraction (EF), rest",
    "stress_edv_ml": "End-diastolic volume, stress",
    "rest_edv_ml": "End-diastolic volume, rest",
    "stress_esv_ml": "End-systolic volume, stress",
    "rest_esv_ml": "End-systolic volume, rest",
}
"""What the report calls the figures, in its order."""
DPI = {"rows": 100, "maps": OVERVIEW_DPI}
"""Of the pictures; the rows have no finer pixels to show."""
EXTENTS = (
    f"Reversible: abnormal at stress, and better at rest by {REVERSIBLE_POINTS:.0f} percentage points and more. Fixed: "
    f"abnormal at stress, and not reversible. Abnormal is below {ABNORMAL_PERCENT:.0f} % of the study's own maximum, "
    "which attenuation and noise alone can cause, or below normal limits, which miss mild defects where normal studies "
    "vary."
)


def write_pair_report(pair: Pair, path: Path, colours: str = DEFAULT) -> None:
    """Write the page; pictures in one of :data:`.colour_tables.NAMES`."""
    write_page(path, "pair.html.j2", {**pair_content(pair), "pictures": _pictures(pair, colours)})


def pair_content(pair: Pair) -> dict[str, Any]:
    """The texts and numbers of the template."""
    listed = {name: pair.figures[name] for name in LABELS if pair.figures[name].reason != NOT_GATED}
    return {
        "status": pair.verdict,
        "verdict": PAIR_VERDICTS[pair.verdict],
        "verdict_colour": VERDICT_COLOURS[pair.verdict],
        "warnings": pair.warnings,
        "sides": [_side(name, side) for name, side in (("Stress", pair.stress), ("Rest", pair.rest))],
        "poses": _poses(pair),
        "withheld": pair.withheld,
        "method": f"{METHOD[0].upper()}{METHOD[1:]}",
        "scale": "" if pair.comparison is None else f"{pair.comparison.scale:.2f}",
        "summary": _summary(pair),
        "segments": [_segment(row, pair) for row in segment_rows(pair)],
        "figures": [(LABELS[name], _shown(name, figure)) for name, figure in listed.items()],
        "reasons": list(dict.fromkeys(figure.reason for figure in listed.values() if figure.reason)),
        "extents": EXTENTS,
        "notes": pair.notes,
        "warning": NOT_A_MEDICAL_DEVICE,
        "model": model_line(pair.stress.result),
        "version": __version__,
    }


def _side(name: str, side: Side) -> dict[str, Any]:
    quality, info = side.result.quality, side.info
    facts = [str(info.get("kind", "unknown")), str(info.get("tracer", "")), _gates(info)]
    return {
        "name": name,
        "status": quality.status,
        "verdict": VERDICTS[quality.status],
        "reasons": quality.reasons,
        "colour": VERDICT_COLOURS[quality.status],
        "facts": ", ".join(fact for fact in facts if fact),
    }


def _gates(info: dict[str, Any]) -> str:
    if "gates" not in info:
        return ""
    return f"{info['gates']} gates summed" if info.get("gate") == "sum" else f"gate {info['gate']} of {info['gates']}"


def _poses(pair: Pair) -> str:
    found = pair.poses
    if found is None:
        return ""
    where = " in the patient" if found.one_frame else ", each measured from the middle of its field of view"
    return (
        f"The long axes differ by {found.axis_deg:.0f}° (motion and the bounds of both explain up to "
        f"{found.axis_limit_deg:.0f}°), the LV centres by {found.centre_mm:.0f} mm{where} (up to "
        f"{found.centre_limit_mm:.0f} mm)."
    )


def _summary(pair: Pair) -> str:
    """The main figures in one line."""
    names = {"SSS": "summed_stress_score", "SRS": "summed_rest_score", "SDS": "summed_difference_score",
             "reversible": "reversible_extent_percent", "TID": "tid_ratio"}  # fmt: skip
    return ", ".join(f"{short} {_shown(name, pair.figures[name])}" for short, name in names.items())


def _segment(row: SegmentRow, pair: Pair) -> tuple[str, str, str, str, str]:
    """Name, territory, stress and rest with their scores, difference."""
    missing = ["withheld" if perfusion.map is None else "not measured" for perfusion in pair.perfusions]
    percents = ((row.stress, row.stress_score), (row.rest, row.rest_score))
    stress, rest = (f"{x:.0f} %" + ("" if score is None else f" ({score})") if np.isfinite(x) else word
                    for (x, score), word in zip(percents, missing, strict=True))  # fmt: skip
    unknown = "withheld" if pair.comparison is None else "not compared"
    difference = f"{round(row.difference):+d}" if np.isfinite(row.difference) else unknown
    return f"{row.number} {row.name}", row.territory, stress, rest, difference


def _shown(name: str, figure: Figure) -> str:
    if figure.value is None:
        return "withheld"
    value = figure.value
    unit = " ml" if name.endswith("_ml") else " %"
    text = f"{value:.2f}" if name == "tid_ratio" else f"{value}" if isinstance(value, int) else f"{value:.0f}{unit}"
    return text if figure.verdict == "pass" else f"{text} ({figure.verdict})"


def _pictures(pair: Pair, colours: str) -> dict[str, str]:
    """The rows, and the maps where there is one, as base64 PNG."""
    found = {"rows": pair_rows_figure(pair.stress.result, pair.rest.result, colours)}
    maps = [perfusion.map for perfusion in pair.perfusions]
    if any(mapped is not None for mapped in maps):
        found["maps"] = pair_maps_figure(maps, pair.comparison, colours)
    return {name: embedded(figure_png(figure, DPI[name])) for name, figure in found.items()}
