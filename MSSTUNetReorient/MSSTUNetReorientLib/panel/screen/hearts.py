"""Studies of the scene as hearts for the rows: the study resampled once, at its pose, with the labels as they stand."""

from __future__ import annotations

from typing import Any

from ...errors import InputError
from ...geometry.volume import Volume
from ...geometry.volume import resample
from ...geometry.volume import short_axis_grid
from ..nodes.record_node import PAIRED
from ..nodes.record_node import find_record
from ..nodes.record_node import linked
from ..nodes.record_node import read_record
from ..nodes.study_node import read_study_node
from ..nodes.study_nodes import StudyNodes
from ..state.record import Record
from .rows import Heart
from .rows import stress_first


def pair_of(scene: Any, nodes: StudyNodes) -> list[Heart]:
    """This study's heart and that of its paired study, if that has one; stress first."""
    found = [heart for study in (nodes.study, linked(nodes.record_node, PAIRED)) if (heart := _heart(scene, study))]
    return [found[n] for n in stress_first([heart.name for heart in found])]


def _heart(scene: Any, study: Any) -> Heart | None:
    """None where a study was not run, or cannot be read (any more)."""
    node = find_record(scene, study) if study is not None else None
    try:
        record = read_record(node)
        return None if record is None else heart_of(StudyNodes(scene, study, node, record.pose), record)
    except InputError:
        return None


def heart_of(nodes: StudyNodes, record: Record) -> Heart | None:
    """A study at the pose of its record; None where its segmentation was deleted."""
    labels = nodes.labels
    if labels is None:
        return None
    volume, grid = read_study_node(nodes.study), short_axis_grid(record.pose)
    return Heart(str(nodes.study.GetName()), record.pose, resample(volume, grid), Volume(labels.array_on(grid), grid))
