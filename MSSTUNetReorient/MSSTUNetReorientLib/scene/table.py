"""The numbers of a result as rows of a table."""

from __future__ import annotations

from typing import Any
from typing import NamedTuple

import numpy as np

from .. import __version__
from ..prediction.qc import Quality
from ..prediction.result import Result


class Row(NamedTuple):
    """One line of the table: what, how much, in which unit."""

    name: str
    value: str
    unit: str


FRAME = Row("SA frame", "long axis of a technologist, roll of the clinic", "")
"""How the pose is defined. Versions before 0.2 wrote no such row: their long axis was that of the fitted ellipsoid, and
the roll was taken from the right ventricle."""


def rows_of(result: Result) -> list[Row]:
    """Every number a reader or a script may want back: pose, volumes, verdict, model. Nothing personal."""
    return [*_pose_rows(result), *_content_rows(result)]


def _pose_rows(result: Result) -> list[Row]:
    pose, cube = result.pose, result.cube
    angles = dict(zip(("alpha", "beta", "gamma"), pose.euler(), strict=True))
    rows = [Row(name, _number(x), "rad") for name, x in angles.items()]
    rows += [Row(name, _number(np.rad2deg(x)), "deg") for name, x in angles.items()]
    rows += [Row(f"t{a}", _number(x), "1") for a, x in zip("xyz", pose.translation(cube), strict=True)]
    rows += [Row(f"LV centre {a} (LPS)", _number(x), "mm") for a, x in zip("LPS", pose.centre, strict=True)]
    axes = {"i septal to lateral": 0, "j anterior to inferior": 1, "k apex to base": 2}
    for title, column in axes.items():
        components = zip("LPS", pose.rotation[:, column], strict=True)
        rows += [Row(f"axis {title}, {a} (LPS)", _number(x), "1") for a, x in components]
    rows += [Row(f"cube centre {a} (LPS)", _number(x), "mm") for a, x in zip("LPS", cube.centre, strict=True)]
    return [*rows, Row("cube half edge", _number(cube.half), "mm")]


def _bound_rows(quality: Quality) -> list[Row]:
    """Bounds and septum angle, if there are any."""
    good_to, septum = quality.good_to, quality.septum
    rows = [("long axis good to", good_to.axis_deg, "deg"), ("LV centre good to", good_to.centre_mm, "mm")]
    if septum is not None:
        rows += [
            ("septum angle", septum.angle_deg, "deg"),
            ("septum angle good to", septum.bound_deg, "deg"),
            ("septum angle seen by the network", septum.seen_deg, "deg"),
        ]
    return [Row(name, f"{value:.1f}", unit) for name, value, unit in rows if value is not None]


def _content_rows(result: Result) -> list[Row]:
    ml, quality, model = result.volumes_ml, result.quality, result.model
    return [
        FRAME,
        *_bound_rows(quality),
        Row("LV myocardium volume", _number(ml["myocardium"]), "ml"),
        Row("LV blood pool volume", _number(ml["blood_pool"]), "ml"),
        Row("QC status", quality.status, ""),
        *(Row(f"QC reason {n}", reason, "") for n, reason in enumerate(quality.reasons, 1)),
        *(Row(f"QC {name}", _number(x), "") for name, x in quality.measures.items()),
        Row("model", model.name, ""),
        Row("model version", model.version, ""),
        Row("model sha256", model.sha256, ""),
        Row("software version", __version__, ""),
    ]


def _number(value: float) -> str:
    return f"{value:.10g}"


def fill_table(node: Any, rows: list[Row]) -> None:
    """Put the rows into an empty ``vtkMRMLTableNode``: text columns Parameter, Value, Unit."""
    from vtkmodules.vtkCommonCore import vtkStringArray

    for title, values in zip(("Parameter", "Value", "Unit"), zip(*rows, strict=True), strict=True):
        column = vtkStringArray()
        column.SetName(title)
        for value in values:
            column.InsertNextValue(plain(value))
        node.AddColumn(column)
    node.SetUseColumnTitleAsColumnHeader(True)
    node.SetLocked(True)


def plain(text: str) -> str:
    """One line without double quotes: the table's file format (.tsv) would lose them."""
    return " ".join(text.split()).replace('"', "'")


def read_table(node: Any) -> list[Row]:
    """The rows of a table node, as :func:`fill_table` wrote them."""
    return [Row(*(node.GetCellText(r, c) for c in range(3))) for r in range(node.GetNumberOfRows())]
