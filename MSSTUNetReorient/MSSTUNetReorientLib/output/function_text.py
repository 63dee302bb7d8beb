"""The function of a result, and its words for the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.function import Function
from ..perfusion.function import function_of
from ..prediction.result import Gates
from ..prediction.result import Result

NAMES = {
    "edv_ml": "End-diastolic volume (EDV)",
    "esv_ml": "End-systolic volume (ESV)",
    "stroke_volume_ml": "Stroke volume",
    "ef_percent": "Ejection fraction (EF)",
    "mass_g": "Myocardial mass",
    "peak_ejection_rate_edv_per_s": "Peak ejection rate",
    "peak_filling_rate_edv_per_s": "Peak filling rate",
    "peak_ejection_rate_edv_per_cycle": "Peak ejection rate",
    "peak_filling_rate_edv_per_cycle": "Peak filling rate",
    "time_to_peak_filling_ms": "Time to peak filling",
    "phase_sd_deg": "Phase: standard deviation",
    "phase_bandwidth_deg": "Phase: 95 % bandwidth",
    "phase_entropy_percent": "Phase: entropy",
}
"""Figures of the report, and how readers call them."""
DECIMALS = {"EDV/s": 2, "EDV/cycle": 2}
"""Others are whole numbers; phases in degrees too."""

_MEASURED: WeakKeyDictionary[Gates, Function] = WeakKeyDictionary()
"""Report and ``result.json`` need the same numbers; they are freed with their gates."""


def function_of_result(result: Result) -> Function | None:
    """The function of a result; None where only a sum or one gate was read."""
    gates = result.gates
    if gates is None:
        return None
    if gates not in _MEASURED:
        _MEASURED[gates] = function_of(
            gates.short_axis,
            gates.shares,
            gates.shares_grid,
            result.pose,
            total_counts=gates.total_counts,
            modality=str(result.study.info.get("modality", "unknown")),
            verdict=result.quality.status,
            cut_off=result.quality.cut_off,
            interval_ms=gates.interval_ms,
        )
    return _MEASURED[gates]


def write_function(result: Result, path: Path) -> None:
    """The volume curve as CSV: one row for each gate; volumes are empty where the function is withheld."""
    function = function_of_result(result)
    lines = ["gate,counts_percent,cavity_ml"]
    if function is not None:
        curve = [""] * function.gates if function.curve_ml is None else [f"{ml:.1f}" for ml in function.curve_ml]
        rows = zip(function.gate_counts, curve, strict=True)
        lines += [f"{gate},{counts:.1f},{ml}" for gate, (counts, ml) in enumerate(rows, 1)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def function_content(function: Function | None) -> dict[str, Any] | None:
    """The texts and numbers of the report's section; None where there is none."""
    if function is None:
        return None
    return {
        "withheld": function.reason,
        "verdict": function.verdict,
        "gates": function.gates,
        "notes": function.notes,
        "rows": _rows(function),
        "segments": _segment_rows(function),
        "counts": ", ".join(f"{c:.0f}" for c in function.gate_counts),
    }


def _rows(function: Function) -> list[tuple[str, str]]:
    """Name and value; rates per second where the R-R interval is known, else per cycle."""
    rows = []
    timed = function.interval_ms is not None
    for name, words in NAMES.items():
        figure = function.figures[name]
        if "rate" in name and timed != name.endswith("_s"):
            continue
        if figure.value is None:
            rows.append((words, f"withheld: {figure.reason}"))
        else:
            rows.append((words, f"{figure.value:z.{DECIMALS.get(figure.unit, 0)}f} {figure.unit.replace('deg', '°')}"))
    return rows


def _segment_rows(function: Function) -> list[tuple[str, str, str]]:
    """Name, motion and thickening of each segment."""
    motion = function.motion
    if motion is None:
        return []
    pairs = zip(SEGMENTS, motion.segment_motion_mm, motion.segment_thickening_percent, strict=True)
    return [(f"{s.number} {s.name}", _text(mm, "mm"), _text(percent, "%")) for s, mm, percent in pairs]


def _text(value: float, unit: str) -> str:
    return f"{value:z.0f} {unit}" if np.isfinite(value) else "not measured"
