"""The record of one study: the model's pose, the reader's correction, and the events.

A record is a value. It is written as JSON into the scene (:mod:`..nodes.record_node`), with a format number: a record
of an older version is upgraded by :data:`UPGRADES`, one of a newer version is refused with a clear message.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any
from typing import get_args

import numpy as np

from ...errors import InputError
from ...geometry.pose import Correction
from ...geometry.pose import Cube
from ...geometry.pose import Pose
from ...prediction.good_to import GoodTo
from ...prediction.qc import Quality
from ...prediction.qc import Status
from ...prediction.result import ModelIdentity
from .adjustment import Adjustment

FORMAT = 4
"""Of the JSON. 3 had the former definition of the pose; 2 did not notice edits by hand; 1 had neither history nor
events; 0 is a scene of the command line, which has only the table."""


STATES = get_args(Status)
"""What a verdict may be."""


@dataclass(frozen=True)
class Event:
    """Something that was done: "run", "accept", "edit" (again), "copy" (of a pose), "paint" (of labels by hand) or
    "segment" (again, after that), when (ISO 8601) and, if given, by whom."""

    what: str
    when: str
    reader: str = ""
    correction: tuple[float, ...] = ()


@dataclass(frozen=True, eq=False)
class Record:
    """One study's state.

    Attributes:
        model_pose: the model's answer; never changed by the reader.
        cube: to which the normalised translation refers.
        model: which weights answered.
        quality: the verdict on the labels as they stand.
        labels_at: the correction at which the labels were segmented; elsewhere they follow rigidly.
        prints: what was segmented there, to notice edits by hand; empty where it is not known.
        edited: a reader changed the labels by hand; they are not replaced before somebody asks for it.
        axis_mm: lowest and highest k of the labels, mm in the SA frame: where the long axis is drawn.
        axis_spread_deg: of the model's answer, for later verdicts.
        adjustment: the reader's correction and its history.
        events: what was done, oldest first.
        former: a version before 0.2 made it: its long axis is that of the fitted ellipsoid, and its roll was taken from
            the right ventricle.
    """

    model_pose: Pose
    cube: Cube
    model: ModelIdentity
    quality: Quality
    labels_at: Correction = field(default_factory=Correction)
    prints: tuple[tuple[float, ...], ...] = ()
    edited: bool = False
    axis_mm: tuple[float, float] = (-50.0, 40.0)
    axis_spread_deg: float = 0.0
    adjustment: Adjustment = field(default_factory=Adjustment)
    events: tuple[Event, ...] = ()
    former: bool = False

    @property
    def pose(self) -> Pose:
        """The pose as it stands."""
        return self.adjustment.pose(self.model_pose)

    @property
    def good_to(self) -> GoodTo:
        """The bounds; none where the long axis has the former definition, for which they do not hold."""
        return GoodTo() if self.former else self.quality.good_to

    @property
    def labels_follow(self) -> bool:
        """The labels were made for another pose and only follow rigidly."""
        return self.labels_at != self.adjustment.correction

    def noted(self, what: str, when: str, reader: str = "") -> Record:
        """With one more event."""
        event = Event(what, when, reader, self.adjustment.correction.as_tuple())
        return replace(self, events=(*self.events, event))

    def to_json(self) -> str:
        """As text for the scene."""
        history = self.adjustment
        content = {
            "format": FORMAT,
            "model_pose": self.model_pose.matrix.tolist(),
            "cube": {"centre": list(self.cube.centre), "half": self.cube.half},
            "model": asdict(self.model),
            "quality": asdict(self.quality),
            "labels_at": self.labels_at.as_tuple(),
            "prints": self.prints,
            "edited": self.edited,
            "axis_mm": self.axis_mm,
            "axis_spread_deg": self.axis_spread_deg,
            "correction": history.correction.as_tuple(),
            "past": [c.as_tuple() for c in history.past],
            "future": [c.as_tuple() for c in history.future],
            "locked": history.locked,
            "events": [asdict(event) for event in self.events],
            "former": self.former,
        }
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Back from the scene, whichever version wrote it.

        Raises:
            InputError: a newer version wrote it, or it is damaged.
        """
        try:
            return _from_content(_up_to_date(json.loads(text)))
        except InputError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            words = " ".join(str(error).split())[:100]
            msg = f"the record of the study in this scene is damaged ({words}): run Reorient & Segment again"
            raise InputError(msg) from error


def _from_content(content: dict[str, Any]) -> Record:
    past, future = (tuple(_correction(six) for six in content[name]) for name in ("past", "future"))
    low, high = _finite(content["axis_mm"], 2)
    x, y, z = _finite(content["cube"]["centre"], 3)
    (half,) = _finite([content["cube"]["half"]], 1)
    return Record(
        model_pose=Pose.from_matrix(content["model_pose"]),
        cube=Cube((x, y, z), half),
        model=ModelIdentity(**{key: str(content["model"][key]) for key in ("name", "version", "sha256")}),
        quality=_quality(content["quality"]),
        labels_at=_correction(content["labels_at"]),
        prints=tuple(tuple(float(x) for x in one) for one in content["prints"]),
        edited=bool(content["edited"]),
        axis_mm=(low, high),
        axis_spread_deg=float(content["axis_spread_deg"]),
        adjustment=Adjustment(_correction(content["correction"]), past, future, locked=bool(content["locked"])),
        events=tuple(
            Event(str(e["what"]), str(e["when"]), str(e.get("reader", "")), tuple(_finite(e["correction"])))
            for e in content["events"]
        ),
        former=bool(content["former"]),
    )


def _finite(values: Any, count: int | None = None) -> list[float]:
    """Finite numbers, as many as must be."""
    found = [float(value) for value in values]
    if not np.isfinite(found).all() or (count is not None and len(found) != count):
        msg = f"{count or 'all'} finite numbers are needed"
        raise ValueError(msg)
    return found


def _correction(values: Any) -> Correction:
    return Correction(*_finite(values, 6))


def _quality(content: dict[str, Any]) -> Quality:
    if content["status"] not in STATES:
        msg = "its quality is unknown"
        raise ValueError(msg)
    measures = {str(name): float("nan" if x is None else x) for name, x in content["measures"].items()}
    return Quality(content["status"], tuple(str(reason) for reason in content["reasons"]), measures)


def _up_to_date(content: dict[str, Any]) -> dict[str, Any]:
    version = int(content["format"])
    if version > FORMAT:
        msg = f"the record in this scene has format {version}, newer than {FORMAT}: update the extension to edit it"
        raise InputError(msg)
    for step in range(version, FORMAT):
        content = UPGRADES[step](content)
    return content


def _from_1(content: dict[str, Any]) -> dict[str, Any]:
    later = {"past": [], "future": [], "events": [], "axis_mm": (-50.0, 40.0), "axis_spread_deg": 0.0}
    return {**later, "labels_at": content["correction"], **content, "format": 2}


def _from_2(content: dict[str, Any]) -> dict[str, Any]:
    return {"prints": [], "edited": False, **content, "format": 3}


def _from_3(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "former": True, "format": 4}


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1, 2: _from_2, 3: _from_3}
"""Format to the step that leads to the next one."""
