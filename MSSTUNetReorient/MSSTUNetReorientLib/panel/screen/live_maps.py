"""Studies of the scene as polar maps that follow the pose, with their names; stress first."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from ...errors import InputError
from ...geometry.pose import Pose
from ...geometry.volume import Volume
from ...geometry.volume import short_axis_grid
from ...perfusion.quantification import Perfusion
from ...prediction.result import Result
from ...scene.arrays import volume_of
from ..nodes.record_node import PAIRED
from ..nodes.record_node import find_record
from ..nodes.record_node import linked
from ..nodes.record_node import read_record
from ..nodes.study_node import read_study_node
from ..nodes.study_nodes import StudyNodes
from ..state.live_map import LiveMap
from ..state.map_words import word_of
from ..state.record import Record
from .rows import stress_first


@dataclass(frozen=True, eq=False)
class StudyMap:
    """The polar map of one study, as shown.

    Attributes:
        name: of the study; empty where it is the only one.
        live: the map at any pose.
        perfusion: at the pose that is shown.
        word: which the figures carry; empty for none.
        moves: its study is the selected one, whose pose a reader moves.
    """

    name: str
    live: LiveMap
    perfusion: Perfusion
    word: str
    moves: bool

    def at(self, pose: Pose, word: str) -> StudyMap:
        """At another pose."""
        return replace(self, perfusion=self.live.at(pose), word=word)


def maps_of(scene: Any, nodes: StudyNodes, record: Record) -> list[StudyMap]:
    """The map of this study and that of its paired study, if that has a result; stress first."""
    own, other = _map_of(nodes, record), _paired_map(scene, nodes)
    found = [each for each in (own and replace(own, moves=True), other) if each is not None]
    if len(found) < 2:
        return [replace(each, name="") for each in found]
    return [found[n] for n in stress_first([each.name for each in found])]


def _paired_map(scene: Any, nodes: StudyNodes) -> StudyMap | None:
    study = linked(nodes.record_node, PAIRED)
    node = find_record(scene, study) if study is not None else None
    try:
        record = read_record(node)
    except InputError:
        return None
    return None if record is None else _map_of(StudyNodes(scene, study, node, record.pose), record)


def _map_of(nodes: StudyNodes, record: Record) -> StudyMap | None:
    """None where a node is missing, or the study cannot be read (any more)."""
    try:
        live = live_map(nodes, record)
    except InputError:
        return None
    if live is None:
        return None
    return StudyMap(str(nodes.study.GetName()), live, live.at(record.pose), word_of(record), moves=False)


def live_map(nodes: StudyNodes, record: Record) -> LiveMap | None:
    """A study at the pose of its record, with the labels as they stand; None where a node is missing.

    Raises:
        InputError: the study cannot be read (any more).
    """
    labels, short_axis = nodes.labels, nodes.node("short_axis")
    if labels is None or short_axis is None or short_axis.GetImageData() is None:
        return None
    grid = short_axis_grid(record.pose)
    return LiveMap(
        Result(
            study=read_study_node(nodes.study),
            pose=record.pose,
            cube=record.cube,
            short_axis=volume_of(short_axis),
            labels=Volume(labels.array_on(grid), grid),
            quality=record.quality,
            model=record.model,
            timing_s={},
        )
    )
