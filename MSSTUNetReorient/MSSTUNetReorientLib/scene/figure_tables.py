"""The figures of a result as table nodes: the 17 segments, and every other figure with the reason where it is withheld.

Segments are numbers with units, for plots and scripts; a segment without a value has nan. The other figures are text,
as a reader would write them down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

from .table import plain

SEGMENT, NAME, TERRITORY, UPTAKE, MID_WALL, SCORE = (
    "Segment", "Name", "Territory", "Uptake", "Mid-wall uptake", "Score",
)  # fmt: skip
"""Columns of the segments."""
UPTAKE_MEANING = "mean of the maxima along the rays, percent of the study's own maximum"
MID_WALL_MEANING = "mean of the middle half of the wall, percent of its own maximum"
FIGURE_COLUMNS = ("Group", "Figure", "Value", "Unit", "Withheld", "Note")


class SegmentRow(NamedTuple):
    """One of the 17 segments; percent of the study's own maximum, nan where there is none; score None likewise."""

    number: int
    name: str
    territory: str
    percent: float
    mid_wall_percent: float
    score: int | None


class FigureRow(NamedTuple):
    """One figure; ``value`` is empty where it is withheld, and ``withheld`` where it is not."""

    group: str
    name: str
    value: str
    unit: str
    withheld: str = ""
    note: str = ""


@dataclass(frozen=True)
class Figures:
    """What the tables of a result hold."""

    segments: tuple[SegmentRow, ...]
    rows: tuple[FigureRow, ...]


def fill_segments(node: Any, rows: Iterable[SegmentRow]) -> None:
    """Write the segments into a ``vtkMRMLTableNode``, in place of what it held."""
    from vtkmodules.util.vtkConstants import VTK_DOUBLE
    from vtkmodules.util.vtkConstants import VTK_INT
    from vtkmodules.util.vtkConstants import VTK_STRING

    columns = list(zip(*rows, strict=True))
    scores = ["" if score is None else f"{score}" for score in columns[5]]
    node.SetLocked(False)
    node.RemoveAllColumns()
    for name, kind, values in (
        (SEGMENT, VTK_INT, columns[0]),
        (NAME, VTK_STRING, columns[1]),
        (TERRITORY, VTK_STRING, columns[2]),
        (UPTAKE, VTK_DOUBLE, columns[3]),
        (MID_WALL, VTK_DOUBLE, columns[4]),
        (SCORE, VTK_STRING, scores),
    ):
        _add_column(node, name, kind, values)
    for name, meaning in ((UPTAKE, UPTAKE_MEANING), (MID_WALL, MID_WALL_MEANING)):
        node.SetColumnUnitLabel(name, "%")
        node.SetColumnDescription(name, meaning)
    _finish(node)


def read_segments(node: Any) -> tuple[SegmentRow, ...]:
    """What :func:`fill_segments` wrote.

    Raises:
        ValueError: somebody wrote something else into it.
    """
    text = [[node.GetCellText(row, column) for column in range(6)] for row in range(node.GetNumberOfRows())]
    return tuple(
        SegmentRow(int(number), name, territory, float(percent), float(mid), int(score) if score else None)
        for number, name, territory, percent, mid, score in text
    )


def fill_figures(node: Any, rows: Iterable[FigureRow]) -> None:
    """Write the figures into a ``vtkMRMLTableNode``, in place of what it held."""
    from vtkmodules.util.vtkConstants import VTK_STRING

    node.SetLocked(False)
    node.RemoveAllColumns()
    columns = list(zip(*rows, strict=True)) or [()] * len(FIGURE_COLUMNS)
    for name, values in zip(FIGURE_COLUMNS, columns, strict=True):
        _add_column(node, name, VTK_STRING, [plain(value) for value in values])
    _finish(node)


def read_figures(node: Any) -> tuple[FigureRow, ...]:
    """What :func:`fill_figures` wrote."""
    columns = range(len(FIGURE_COLUMNS))
    return tuple(FigureRow(*(node.GetCellText(row, c) for c in columns)) for row in range(node.GetNumberOfRows()))


def _add_column(node: Any, name: str, kind: int, values: Iterable[Any]) -> None:
    from vtkmodules.vtkCommonCore import vtkAbstractArray

    column: Any = vtkAbstractArray.CreateArray(kind)
    column.SetName(name)
    for value in values:
        column.InsertNextValue(value)
    node.AddColumn(column)


def _finish(node: Any) -> None:
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)
