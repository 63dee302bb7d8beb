"""The nodes that belong to one study: made, replaced and moved together; a missing one is made again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...geometry.labels import largest_count
from ...geometry.pose import Pose
from ...geometry.volume import Volume
from ...prediction.result import Result
from ...scene.arrays import ijk_to_ras
from ...scene.arrays import to_image
from ...scene.arrays import volume_of
from ...scene.figure_tables import Figures
from ...scene.figure_tables import fill_figures
from ...scene.figure_tables import fill_segments
from ...scene.nodes import PREFIX
from ...scene.nodes import ROLES
from ...scene.nodes import add_figures
from ...scene.nodes import add_pose
from ...scene.nodes import add_segmentation
from ...scene.nodes import add_volume
from ...scene.nodes import group
from ...scene.nodes import hierarchy_of
from ...scene.nodes import lv_maximum
from ...scene.nodes import show_smooth
from ...scene.slice_views import set_views
from ...scene.table import rows_of
from ...scene.view_camera import look_at
from ..screen.live_views import follow
from ..screen.live_views import name_views
from ..screen.live_views import set_background
from ..screen.live_views import show_transaxial
from ..screen.study_window import knows_lv
from ..screen.study_window import make_window
from ..screen.study_window import show_ours
from ..screen.study_window import show_own
from ..state.record import Record
from ..worker.surfaces import Surface
from .gate_nodes import gates_shown
from .labels_node import LabelsNode
from .record_node import AXIS
from .record_node import TABLE
from .record_node import link
from .record_node import linked
from .record_table import update_table
from .transform_node import show_handles
from .transform_node import write_pose


class StudyNodes:
    """The nodes of one study in the panel.

    Attributes:
        study: the volume node as loaded; never changed.
        record_node: refers to all others.
        shown: the pose that views and labels stand at.
    """

    def __init__(self, scene: Any, study: Any, record_node: Any, pose: Pose) -> None:
        self.scene = scene
        self.study = study
        self.record_node = record_node
        self.shown = pose
        self._labels: LabelsNode | None = None

    def node(self, role: str) -> Any:
        """The node of a role; None if it is missing. A pose that bends is none: it is made again."""
        node = linked(self.record_node, role)
        return None if role == "pose" and node is not None and not node.IsLinear() else node

    @property
    def complete(self) -> bool:
        """Whether all nodes of a result exist."""
        return all(self.node(role) is not None for role in (*ROLES[1:], TABLE))

    @property
    def labels(self) -> LabelsNode | None:
        """Mover of the segmentation; None where it was deleted."""
        node = self.node("segmentation")
        if node is None:
            self._labels = None
        elif self._labels is None or self._labels.node is not node:
            self._labels = LabelsNode(node, self.shown)
        return self._labels

    def put(self, result: Result, surfaces: dict[str, Surface], record: Record) -> None:
        """Show a result: nodes that are there get new content, missing ones are made.

        Labels that were edited by hand are moved, not replaced: ``result`` has them from :meth:`with_own_labels`.
        """
        name = self.study.GetName()
        self._put_short_axis(result, f"{name} short axis")
        if record.edited and self.labels is not None:
            self.labels.move(result.pose)
        else:
            self._put_labels(result, surfaces, f"{name} LV")
        if self.node("pose") is None:
            self._made("pose", add_pose(self.scene, result.pose, f"{name} LV pose"))
        if self.node(TABLE) is None:
            self._made(TABLE, self._new_table(f"{name} LV parameters"))
        table = self.node(TABLE)
        for role in ROLES:
            table.SetNodeReferenceID(PREFIX + role, (self.study if role == "study" else self.node(role)).GetID())
        update_table(table, record, rows_of(result))
        self.shown = result.pose

    def put_figures(self, figures: Figures) -> None:
        """Write the tables of segments and figures; missing ones are made, with the chart."""
        segments, table = self.node("segments"), self.node("figures")
        if segments is not None and table is not None:
            fill_segments(segments, figures.segments)
            fill_figures(table, figures.rows)
            return
        for role, node in add_figures(self.scene, figures, self.study.GetName()).items():
            if self.node(role) is not None:
                self.scene.RemoveNode(self.node(role))
            self._made(role, node)
            if self.node(TABLE) is not None:
                self.node(TABLE).SetNodeReferenceID(PREFIX + role, node.GetID())

    def edited(self, record: Record) -> bool:
        """Whether the labels were edited since they were made."""
        return bool(record.prints) and self.labels is not None and self.labels.edited_since(record.prints)

    def with_own_labels(self, result: Result) -> Result:
        """A result with the labels as they stand in the scene instead of its own."""
        if self.labels is None:
            return result
        self.labels.move(result.pose)
        grid = result.labels.grid
        return replace(result, labels=Volume(self.labels.array_on(grid), grid, result.labels.info))

    def put_labels_aside(self) -> None:
        """Keep the labels as they stand as a segmentation of their own, in the study's folder."""
        if self.labels is not None:
            self._into_folder(self.labels.copy(self.scene, f"{self.study.GetName()} LV edited"))

    def note(self, record: Record) -> None:
        """Write the events to the table."""
        if self.node(TABLE) is not None:
            update_table(self.node(TABLE), record)

    def follow(self, record: Record, *, by_handles: bool = False, views: bool = True) -> None:
        """Move views, labels and transform to the record's pose, at once."""
        pose = record.pose
        if views:
            follow(self.scene, self.shown, pose)
        if self.labels is not None:
            self.labels.move(pose)
        self.shown = pose
        if not by_handles:
            self.straighten(record)

    def straighten(self, record: Record) -> None:
        """The transform has exactly the pose of the record."""
        if self.node("pose") is not None:
            write_pose(self.node("pose"), record.pose)

    def rest(self, record: Record) -> None:
        """Where a nudge has led: the transform as the record, the views' orientations under their names."""
        self.straighten(record)
        name_views(self.scene, record.pose)

    def show(self, record: Record, *, handles: bool) -> None:
        """Turn all views to this study, as it stands."""
        background = self.node("short_axis") if record.adjustment.locked else None
        self._drop_old_axis()
        self._need_window()
        show_ours(self.record_node, self.study)
        set_views(self.scene, record.pose, background or self.study)
        look_at(self.scene, record.pose)
        show_transaxial(self.scene, record.pose, self.study)
        self.follow(record)
        self.show_handles(handles and not record.adjustment.locked)
        self.visible(True)

    def lock(self, record: Record) -> None:
        """Accepted: what readers see is the short axis; being adjusted: the study itself."""
        background = self.node("short_axis") if record.adjustment.locked else self.study
        set_background(self.scene, background or self.study)

    def _need_window(self) -> None:
        """A scene of the command line or of an older version has no window of ours, or none that knows the LV."""
        short_axis = self.node("short_axis")
        if knows_lv(self.record_node) or short_axis is None or short_axis.GetImageData() is None:
            return
        counts = volume_of(short_axis)
        labels = self.labels.array_on(counts.grid) if self.labels is not None else np.zeros(1)
        if labels.shape == counts.array.shape:
            self._make_window(largest_count(counts.array, labels))

    def _make_window(self, hottest: float) -> None:
        """Of the LV; the views show one gate of a gated study, and the LV's maximum is that of the sum."""
        make_window(self.scene, self.record_node, self.study, hottest / gates_shown(self.study))

    def _drop_old_axis(self) -> None:
        """Older versions kept the long axis as a node; now it is drawn."""
        if self.node(AXIS) is not None:
            self.scene.RemoveNode(self.node(AXIS))

    def visible(self, visible: bool) -> None:
        """Show or hide what is drawn into the views, so that two studies do not lie over each other."""
        node = self.node("segmentation")
        if node is not None and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility(visible)
        if not visible:
            self.show_handles(False)
            self.undress()

    def smooth_contours(self) -> None:
        """Contours without stairs again, after the Segment Editor has turned to the labelmap."""
        node = self.node("segmentation")
        if node is not None and node.GetDisplayNode() is not None:
            show_smooth(node)

    def undress(self) -> None:
        """The study looks as it did before the panel showed it."""
        if self.scene.IsNodePresent(self.study):
            show_own(self.study)

    def show_handles(self, visible: bool) -> None:
        """Handles in the views."""
        if self.node("pose") is not None and (visible or self.node("pose").GetDisplayNode() is not None):
            show_handles(self.node("pose"), visible)

    def _put_short_axis(self, result: Result, name: str) -> None:
        node, full = self.node("short_axis"), lv_maximum(result)
        self._make_window(full)
        if node is None:
            self._made("short_axis", add_volume(self.scene, result.short_axis, name, full))
            return
        node.SetAndObserveImageData(to_image(result.short_axis))
        node.SetIJKToRASMatrix(ijk_to_ras(result.short_axis.grid))

    def _put_labels(self, result: Result, surfaces: dict[str, Surface], name: str) -> None:
        if self.labels is None:
            node = add_segmentation(self.scene, result.labels, self.node("short_axis"), name, surface=False)
            self._made("segmentation", node)
            self.shown = result.pose
        if self.labels is not None:
            self.labels.replace(result.labels, result.pose, surfaces)
        self.node("segmentation").SetReferenceImageGeometryParameterFromVolumeNode(self.node("short_axis"))

    def take_into_folder(self, role: str) -> None:
        """Put a node that was made elsewhere to the study's others."""
        if self.node(role) is not None:
            self._into_folder(self.node(role))

    def _new_table(self, name: str) -> Any:
        node = self.scene.AddNewNodeByClass("vtkMRMLTableNode", name)
        node.SetAttribute(PREFIX + "Role", "result")
        return node

    def _made(self, role: str, node: Any) -> None:
        """Give a new node its role and its place in the study's folder."""
        link(self.record_node, role, node)
        self._into_folder(node)

    def _into_folder(self, node: Any) -> None:
        hierarchy = hierarchy_of(self.scene)
        folder = self._folder(hierarchy)
        if folder is None:
            group(self.scene, self.study.GetName(), self.study, [node])
            return
        item = hierarchy.GetItemByDataNode(node) or hierarchy.CreateItem(folder, node)
        hierarchy.SetItemParent(item, folder)

    def _folder(self, hierarchy: Any) -> int | None:
        """Where the study's other nodes lie."""
        for role in (*ROLES[1:], TABLE):
            node = self.node(role)
            item = hierarchy.GetItemByDataNode(node) if node is not None else 0
            parent = hierarchy.GetItemParent(item) if item else 0
            if parent and parent != hierarchy.GetSceneItemID():
                return int(parent)
        return None
