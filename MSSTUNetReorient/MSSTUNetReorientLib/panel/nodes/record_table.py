"""The record as a table a reader can read: model answer, correction, accepted pose, quality, model, versions, dates."""

from __future__ import annotations

import platform
from typing import Any

import numpy as np

from ... import __version__
from ...geometry.pose import Pose
from ...scene.table import FRAME
from ...scene.table import Row
from ...scene.table import fill_table
from ...scene.table import read_table
from ..state.adjustment import CONTROLS
from ..state.adjustment import TURNS
from ..state.record import Record

OURS = ("model answer", "correction", "record")
"""How our rows begin; the rows of the result come before them."""
WORDS = {
    "run": "reoriented by the model",
    "accept": "accepted",
    "edit": "reopened for editing",
    "copy": "pose taken from the paired study",
    "paint": "labels edited by hand",
    "segment": "segmented again, edited labels kept as a copy",
}


def update_table(node: Any, record: Record, rows: list[Row] | None = None) -> None:
    """Write the record into a table node.

    Args:
        node: ``vtkMRMLTableNode``.
        record: the content.
        rows: those of the result at the pose as it stands; None to keep the ones in the table.
    """
    kept = rows if rows is not None else [row for row in read_table(node) if not row.name.startswith(OURS)]
    content = [*(row for row in kept if not (record.former and row == FRAME)), *record_rows(record)]
    if content == read_table(node):
        return
    node.SetLocked(False)
    node.RemoveAllColumns()
    fill_table(node, content)


def record_rows(record: Record) -> list[Row]:
    """The model's answer, the reader's correction and what was done when."""
    rows = _pose_rows("model answer", record.model_pose)
    values = record.adjustment.correction.as_tuple()
    rows += [
        Row(f"correction {name}", f"{value:.10g}", "deg" if name in TURNS else "mm")
        for name, value in zip(CONTROLS, values, strict=True)
    ]
    rows.append(Row("record labels", "edited by hand" if record.edited else "segmented by the model", ""))
    rows.append(Row("record state", "accepted" if record.adjustment.locked else "being adjusted", ""))
    for n, event in enumerate(record.events, 1):
        reader = f" by {event.reader}" if event.reader else ""
        rows.append(Row(f"record {n}", f"{WORDS.get(event.what, event.what)}{reader}", event.when))
    rows.append(Row("record software", f"MSSTUNetReorient {__version__}, Python {platform.python_version()}", ""))
    return rows


def _pose_rows(title: str, pose: Pose) -> list[Row]:
    angles = zip(("alpha", "beta", "gamma"), np.rad2deg(pose.euler()), strict=True)
    rows = [Row(f"{title} {name}", f"{value:.10g}", "deg") for name, value in angles]
    return rows + [
        Row(f"{title} LV centre {a} (LPS)", f"{x:.10g}", "mm") for a, x in zip("LPS", pose.centre, strict=True)
    ]
