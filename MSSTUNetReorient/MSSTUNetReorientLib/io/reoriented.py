"""Studies that are already reoriented: statements in the header, and checks of the geometry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import angle_between
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .dicom_values import items
from .dicom_values import text
from .messages import refuse
from .technical_info import warn

Array = NDArray[np.float64]

SHORT, HORIZONTAL, VERTICAL = "short axis", "horizontal long axis", "vertical long axis"
LONG_AXIS_COLUMN = {SHORT: 2, HORIZONTAL: 1, VERTICAL: 0}
"""Index of the long axis in each view: i (columns), j (rows) or k (slices)."""

VIEW_CODES = {
    "G-A186": SHORT, "103340004": SHORT,
    "G-A18A": VERTICAL, "131185001": VERTICAL,
    "G-A18B": HORIZONTAL, "131186000": HORIZONTAL,
}  # fmt: skip
"""Codes of the schemes SNM3, 99SDM and SRT, and of SCT (DICOM PS3.16 CID 26)."""
PROGRESSION_WORDS = {"APEX": SHORT, "SEPTUM": VERTICAL, "ANT": HORIZONTAL}
"""Words in values of SliceProgressionDirection such as APEX_TO_BASE, and the view whose slices run so."""
WORDS = {
    SHORT: r"\b(SA|SAX|SH(OR)?T? ?AX(IS|ES)?)\b",
    HORIZONTAL: r"\b(HLAX?|H(OR(IZ(ONTAL)?)?)? ?LO?NG ?AX(IS|ES)?)\b",
    VERTICAL: r"\b(VLAX?|V(ERT(ICAL)?)? ?LO?NG ?AX(IS|ES)?)\b",
}
"""Free words in ImageID and descriptions."""

MAX_FROM_MEAN_DEG = 60.0
"""A long axis further from that of the mean heart, in either direction, is not plausible."""
LEAST_OBLIQUITY_DEG = 8.0
"""An image closer to the patient's planes than this was not reoriented."""


@dataclass(frozen=True)
class Statement:
    """What a study states about its reorientation.

    Attributes:
        view: one of the three.
        certain: stated by a code or a coded value; False if only stated in a free description.
        base_first: slices run from base to apex; None where it is not stated.
    """

    view: str
    certain: bool
    base_first: bool | None = None


def stated_view(dataset: Any, name: object) -> Statement | None:
    """The statement of a DICOM object that it is reoriented."""
    progression = text(dataset, "SliceProgressionDirection", name)
    base_first = {"APEX_TO_BASE": False, "BASE_TO_APEX": True}.get(progression)
    codes = items(dataset, "ViewCodeSequence", name)
    for detector in items(dataset, "DetectorInformationSequence", name):
        codes += items(detector, "ViewCodeSequence", name)
    certain = [_view_of_code(code, name) for code in codes]
    certain += [view for word, view in PROGRESSION_WORDS.items() if word in progression]
    certain.append(_view_in_words(text(dataset, "ImageID", name)))
    for view in certain:
        if view is not None:
            return Statement(view, True, base_first)
    described = _view_in_words(text(dataset, "SeriesDescription", name))
    return None if described is None else Statement(described, False, base_first)


def _view_of_code(code: Any, name: object) -> str | None:
    return VIEW_CODES.get(text(code, "CodeValue", name)) or _view_in_words(text(code, "CodeMeaning", name))


def _view_in_words(words: str) -> str | None:
    plain = re.sub(r"[^A-Z0-9]+", " ", words.upper())
    return next((view for view, pattern in WORDS.items() if re.search(pattern, plain)), None)


def long_axis_of(direction: Array, view: str) -> Array | None:
    """The long axis ``(3,)``, apex to base in LPS, by a study's own axes ``(3, 3)``; None where it is not plausible."""
    axis = direction[:, LONG_AXIS_COLUMN[view]]
    axis = axis if axis @ MEAN_ROTATION[:, 2] > 0 else -axis
    oblique = np.abs(axis).max() < np.cos(np.deg2rad(LEAST_OBLIQUITY_DEG))
    return axis if oblique and angle_between(axis, MEAN_ROTATION[:, 2]) <= MAX_FROM_MEAN_DEG else None


def as_stated(volume: Volume, dataset: Any, short_axis: bool, name: object) -> Volume:
    """A study with the statement of its header: as a warning, or with its axes kept if requested."""
    statement = stated_view(dataset, name)
    return kept(volume, statement, name) if short_axis else noted(volume, statement, name)


def noted(volume: Volume, statement: Statement | None, name: object) -> Volume:
    """A study with its statement in ``info["reoriented"]`` and in the warnings.

    Raises:
        InputError: it certainly states that it is reoriented, but its geometry does not match.
    """
    if statement is None:
        return volume
    view, axis = statement.view, long_axis_of(volume.grid.direction, statement.view)
    if axis is None and statement.certain:
        _refuse_reoriented(statement, "its geometry does not match that view", name)
    info = dict(volume.info)
    if axis is None:
        warn(info, f"The description mentions {view}, but the study lies along the patient's axes: check both.")
        return replace(volume, info=info)
    info["reoriented"] = {"view": view, "long_axis_lps": axis.tolist(), "assumed": False}
    warn(info, f"The study states that it is already reoriented ({view}): check the pose against its own axis.")
    return replace(volume, info=info)


def kept(volume: Volume, statement: Statement | None, name: object) -> Volume:
    """A short-axis study whose axes are kept, at its own position, or at the mean heart's axes if it has none.

    Args:
        volume: slices in the order of the file where its geometry is not reliable.

    Raises:
        InputError: a long-axis view.
    """
    statement = statement or Statement(SHORT, True)
    if statement.view != SHORT:
        rule = "only a short-axis study can be segmented without reorientation"
        refuse(name, f"{rule}, but this study states {statement.view}; give the transaxial or short-axis study")
    axis = long_axis_of(volume.grid.direction, SHORT)
    if axis is None:
        return laid_upright(volume, statement)
    reoriented = {"view": SHORT, "long_axis_lps": axis.tolist(), "assumed": False}
    return replace(volume, info=volume.info | {"reoriented": reoriented})


def laid_upright(volume: Volume, statement: Statement) -> Volume:
    """A short-axis study without a position in the patient, aligned with the mean heart's axes, centred at zero."""
    array = volume.array[::-1] if statement.base_first else volume.array
    info = dict(volume.info)
    axes = MEAN_ROTATION.copy()
    info["reoriented"] = {"view": SHORT, "long_axis_lps": axes[:, 2].tolist(), "assumed": True}
    order = "" if statement.base_first is not None else " and the first slice as the apex"
    warn(info, f"The study has no position in the patient: rows are assumed to run from septum to lateral wall{order}.")
    half = volume.grid.spacing * (np.array(volume.grid.size) - 1) / 2
    return Volume(np.ascontiguousarray(array), Grid(volume.grid.size, volume.grid.spacing, -axes @ half, axes), info)


def refuse_without_place(statement: Statement, name: object) -> None:
    """A reoriented study without geometry."""
    _refuse_reoriented(statement, "it has no geometry", name)


def _refuse_reoriented(statement: Statement, problem: str, name: object) -> None:
    remedy = "give the transaxial study"
    if statement.view == SHORT:
        remedy += ", or add --short-axis to segment it only"
    refuse(name, f"the study states that it is already reoriented ({statement.view}), and {problem}; {remedy}")
