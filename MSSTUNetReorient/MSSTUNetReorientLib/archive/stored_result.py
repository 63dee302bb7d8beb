"""A result as it is exported: the folder of one, read back, or one that is not in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..geometry.pose import Pose
from ..geometry.volume import Volume
from ..io import read_pose
from ..io.messages import quiet
from ..io.messages import reason
from ..io.messages import refuse
from ..io.sitk_files import read_image
from ..output.destination import PAIR
from ..output.destination import SUMMARY
from ..output.result_files import SCHEMA_VERSION
from ..prediction.result import Result

REPORT = "report.html"


@dataclass(frozen=True, eq=False)
class StoredResult:
    """What is exported of a result.

    Attributes:
        folder: where it lies; None of a result that is not in a folder.
        short_axis: the study's counts in the SA cube, LPS mm.
        labels: 0 background, 1 LV myocardium, 2 LV blood pool; same grid.
        pose: SA frame to LPS.
        summary: ``result.json``.
        edited: somebody changed the labels by hand.
    """

    folder: Path | None
    short_axis: Volume
    labels: Volume
    pose: Pose
    summary: dict[str, Any]
    edited: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return "this result" if self.folder is None else f"the result in {self.folder}"

    @property
    def input(self) -> dict[str, Any]:
        """What ``result.json`` states of the study."""
        found: dict[str, Any] = self.summary["input"]
        return found

    @property
    def report(self) -> Path | None:
        """The report; None where the result has none."""
        path = self.folder / REPORT if self.folder is not None else None
        return path if path is not None and path.is_file() else None


def read_result(folder: Path) -> StoredResult:
    """Read a result.

    Raises:
        InputError: no result of this version is there, or it cannot be put into an archive: no LV was found, or the
            study has no position in the patient.
    """
    summary = _summary(folder)
    _check(summary, folder)
    short_axis, labels = (_volume(folder / name) for name in ("short_axis.nrrd", "labels.nrrd"))
    if short_axis.array.shape != labels.array.shape:
        refuse(folder, "short_axis.nrrd and labels.nrrd have different sizes; run the study again")
    return StoredResult(folder, short_axis, labels, read_pose(folder / "pose.tfm"), summary)


def stored(result: Result, *, edited: bool = False) -> StoredResult:
    """A result that was not written to a folder, as it is exported: without a report.

    Args:
        result: labels on the grid of the short axis.
        edited: somebody changed the labels by hand.

    Raises:
        InputError: it cannot be put into an archive, see :func:`read_result`.
    """
    summary = result.as_dict()
    _check(summary, "this result")
    return StoredResult(None, result.short_axis, result.labels, result.pose, summary, edited)


def _check(summary: dict[str, Any], name: object) -> None:
    """Refuse a result that cannot be put into an archive."""
    if summary["qc"]["status"] == "fail":
        refuse(name, "no left ventricle was found in this study, so that there is nothing to export")
    if summary["input"].get("reoriented", {}).get("assumed"):
        refuse(name, "the study has no position in the patient, so that nothing could be placed beside it")


def _summary(folder: Path) -> dict[str, Any]:
    """``result.json``, which must be of this version."""
    if not folder.is_dir():
        refuse(folder, "a result must be a folder that 'run' made, but this is none; check the path")
    if (folder / PAIR.summary).is_file():
        refuse(folder, "this is a pair; export its results, the folders stress and rest, one by one")
    path = folder / SUMMARY
    if not path.is_file():
        refuse(folder, f"the folder has no {SUMMARY}, so that it is no result; give the folder that 'run' made")
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, _ = found.get("schema_version"), (found["qc"]["status"], found["input"]["modality"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        refuse(path, "the file is damaged or not of this program; run the study again", error)
    if version != SCHEMA_VERSION:
        refuse(folder, f"the result was made by another version (schema {version}, and {SCHEMA_VERSION} is needed); "
                       "run the study again")  # fmt: skip
    return found


def _volume(path: Path) -> Volume:
    if not path.is_file():
        refuse(path, "this file of the result is missing; run the study again")
    try:
        with quiet():
            return Volume.from_sitk(read_image(path))
    except RuntimeError as error:
        refuse(path, f"this file of the result cannot be read ({reason(error)}); run the study again", error)
