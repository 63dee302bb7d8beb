"""The figures of a result as rows for the tables of a scene: those of ``result.json``, by the same names in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..perfusion.aha_segments import SEGMENTS
from ..perfusion.quantification import Perfusion
from ..prediction.result import Result
from ..scene.figure_tables import FigureRow
from ..scene.figure_tables import Figures
from ..scene.figure_tables import SegmentRow
from .anatomical_section import AnatomicalSection
from .anatomical_section import anatomical_section
from .perfusion_text import perfusion_of

PERFUSION, ANATOMICAL = "Perfusion", "LV as it is"
"""Groups of figures."""
UNITS = {"ml": "ml", "g": "g", "mm": "mm", "cm2": "cm2", "percent": "%", "deg": "deg"}
"""Endings of names in ``result.json`` that are units."""
ARTERIES = ("lad", "lcx", "rca")


def scene_figures(result: Result) -> Figures:
    """All tables of a result."""
    perfusion = perfusion_of(result)
    rows = (*perfusion_rows(perfusion), *anatomical_rows(anatomical_section(result)))
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
    note = " ".join((*_word(perfusion.verdict), *perfusion.notes))
    written = perfusion.as_dict()["figures"]
    return tuple(_row(PERFUSION, name, f["value"], f["withheld"] or "", note) for name, f in written.items())


def anatomical_rows(section: AnatomicalSection) -> tuple[FigureRow, ...]:
    """The anatomical volumes."""
    note = " ".join(f"{text[:1].upper()}{text[1:]}." for text in section.notes)
    values = {name: value for name, value in section.as_dict().items() if name != "notes"}
    withheld = "" if section.volumes is not None else "; ".join(section.notes).removeprefix("withheld: ")
    return tuple(_row(ANATOMICAL, name, value, withheld, note) for name, value in values.items())


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

    >>> spoken("cavity_ml"), spoken("summed_score_lad"), spoken("scar_burden_percent")
    (('cavity', 'ml'), ('summed score LAD', ''), ('scar burden', '%'))
    """
    words = key.split("_")
    unit = UNITS.get(words[-1], "")
    words = [word.upper() if word in ARTERIES else word for word in (words[:-1] if unit else words)]
    return " ".join(words), unit
