"""The figures of a result as rows for the tables of a scene: those of ``result.json``, by the same names in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.function import Function
from ..perfusion.quantification import Perfusion
from ..prediction.result import Result
from ..scene.figure_tables import FigureRow
from ..scene.figure_tables import Figures
from ..scene.figure_tables import SegmentRow
from .anatomical_section import AnatomicalSection
from .anatomical_section import anatomical_section
from .function_text import function_of_result
from .perfusion_text import perfusion_of

PERFUSION, ANATOMICAL, FUNCTION = "Perfusion", "LV as it is", "Function"
"""Groups of figures."""
FUNCTION_FIGURES = ("edv_ml", "esv_ml", "stroke_volume_ml", "ef_percent", "mass_g")
"""Of the function's; the others stand in the report and in ``result.json``."""
UNITS = {"ml": "ml", "g": "g", "mm": "mm", "cm2": "cm2", "percent": "%", "deg": "deg"}
"""Endings of names in ``result.json`` that are units."""
CAPITALS = ("lad", "lcx", "rca", "edv", "esv", "ef", "sd")
"""Abbreviations that names in words write in capitals."""


def scene_figures(result: Result, no_gates: str = "") -> Figures:
    """All tables of a result.

    Args:
        result: of the predictor.
        no_gates: why the gates of a gated study could not be used; its function is withheld with that reason.
    """
    perfusion = perfusion_of(result)
    function = Function(result.quality.status, no_gates) if no_gates else function_of_result(result)
    rows = (
        *perfusion_rows(perfusion),
        *anatomical_rows(anatomical_section(result)),
        *function_rows(function),
    )
    return Figures(segment_rows(perfusion), rows)


def segment_rows(perfusion: Perfusion) -> tuple[SegmentRow, ...]:
    """The 17 segments, each with the values of ``result.json``; nan and None where there are none."""
    written = {content["number"]: content for content in perfusion.as_dict()["segments"]}
    return tuple(_segment_row(s.number, s.name, s.territory, written.get(s.number, {})) for s in SEGMENTS)


def _segment_row(number: int, name: str, territory: str, written: dict[str, Any]) -> SegmentRow:
    percent, mid_wall = (_or_nan(written.get(key)) for key in ("percent", "mid_wall_percent"))
    return SegmentRow(number, name, territory, percent, mid_wall, written.get("score"))


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def perfusion_rows(perfusion: Perfusion) -> tuple[FigureRow, ...]:
    """The figures of the perfusion."""
    note = " ".join(text for text in (*_word(perfusion.verdict), *perfusion.notes, perfusion.choice) if text)
    written = perfusion.as_dict()["figures"]
    return tuple(_row(PERFUSION, name, f["value"], f["withheld"] or "", note) for name, f in written.items())


def anatomical_rows(section: AnatomicalSection) -> tuple[FigureRow, ...]:
    """The anatomical volumes."""
    note = " ".join(f"{text[:1].upper()}{text[1:]}." for text in section.notes)
    values = {name: value for name, value in section.as_dict().items() if name != "notes"}
    withheld = "" if section.volumes is not None else "; ".join(section.notes).removeprefix("withheld: ")
    return tuple(_row(ANATOMICAL, name, value, withheld, note) for name, value in values.items())


def function_rows(function: Function | None) -> tuple[FigureRow, ...]:
    """The volumes over the heart beat and the mass; none of an ungated study."""
    if function is None:
        return ()
    told, note = function.as_dict()["figures"], " ".join(function.notes)
    found = ((name, told[name]) for name in FUNCTION_FIGURES)
    return tuple(_row(FUNCTION, name, f["value"], f["withheld"] or "", note) for name, f in found)


def _word(verdict: str) -> Iterator[str]:
    if verdict == "review":
        yield "Review: check the pose and the labels first."


def _row(group: str, key: str, value: float | int | None, withheld: str, note: str) -> FigureRow:
    name, unit = spoken(key)
    if value is None:
        return FigureRow(group, name, "", unit, withheld)
    return FigureRow(group, name, f"{value}", unit, "", note)


def spoken(key: str) -> tuple[str, str]:
    """Name in words and unit of a figure, from its name in ``result.json``.

    >>> spoken("cavity_ml"), spoken("summed_score_lad"), spoken("ef_percent")
    (('cavity', 'ml'), ('summed score LAD', ''), ('EF', '%'))
    """
    words = key.split("_")
    unit = UNITS.get(words[-1], "")
    words = [word.upper() if word in CAPITALS else word for word in (words[:-1] if unit else words)]
    return " ".join(words), unit
