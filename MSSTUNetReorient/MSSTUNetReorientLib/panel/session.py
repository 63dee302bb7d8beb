"""The panel's logic: the selected study, its paired study, the reader's click, and events of the scene.

The widget calls these methods, and those of :class:`.study_review.StudyReview`, and redraws itself from the attributes
whenever :attr:`changed` is called.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import InputError
from ..prediction.qc import Quality
from ..scene.colours import TABLES
from .i18n import tr as _
from .nodes.click import add_hint
from .nodes.click import end_placing
from .nodes.click import hide_hint
from .nodes.click import hint_of
from .nodes.click import is_placing
from .nodes.click import place_hint
from .nodes.record_node import HINT
from .nodes.record_node import PAIRED
from .nodes.record_node import RUN_AT_ONCE
from .nodes.record_node import adopt
from .nodes.record_node import find_record
from .nodes.record_node import first_study
from .nodes.record_node import link
from .nodes.record_node import linked
from .nodes.record_node import new_record
from .nodes.record_node import panel_node
from .nodes.record_node import read_record
from .nodes.record_node import short_axes
from .nodes.record_node import studies
from .nodes.record_node import write_record
from .nodes.study_node import look_at
from .nodes.study_nodes import StudyNodes
from .state.reasons import COPIED
from .state.record import Record
from .state.study_check import describe_study
from .state.study_check import doubts
from .study_review import Stage
from .study_review import StudyReview
from .study_review import now

__all__ = ["Session", "Stage"]


class Session(StudyReview):
    """The state behind the panel.

    Attributes:
        study_text, warnings: description of the study, and possible problems.
        removing: a node is just being deleted.
    """

    removing = False

    def _forget(self) -> None:
        super()._forget()
        self.study_text = ""
        self.warnings: list[str] = []

    @property
    def run_at_once(self) -> bool:
        """Run as soon as a study is chosen that has no result."""
        node = panel_node(self.scene)
        return node is not None and node.GetParameter(RUN_AT_ONCE) == "true"

    @run_at_once.setter
    def run_at_once(self, wanted: bool) -> None:
        panel_node(self.scene, make=True).SetParameter(RUN_AT_ONCE, "true" if wanted else "false")

    @property
    def remembered_study(self) -> Any:
        """What was chosen when the scene was saved."""
        return linked(panel_node(self.scene), "study")

    @property
    def paired(self) -> Any:
        """The stress or rest study that belongs to this one."""
        return linked(self._record_node, PAIRED)

    @property
    def hint(self) -> list[float] | None:
        """The reader's click near the LV centre, LPS mm."""
        return hint_of(linked(self._record_node, HINT))

    # --- study ---

    @property
    def short_axis_ids(self) -> list[str]:
        """Of the volumes that we made: they are no studies."""
        return sorted(volume.GetID() for volume in short_axes(self.scene))

    def pick(self, node: Any) -> None:
        """A volume was chosen in a list, by the reader or by the list itself.

        A list selects a neighbour when its node is deleted; the reader did not. A short axis of ours is not a study:
        its own study is meant.
        """
        owners = short_axes(self.scene)
        if self.removing or (node in owners and owners[node] in (None, self.study)):
            self.changed()
            return
        self.choose(owners.get(node, node))

    def choose_next(self, step: int) -> None:
        """The next study of the scene, or the one before (-1)."""
        known = studies(self.scene)
        if known and self.stage is not Stage.RUNNING:
            at = known.index(self.study) + step if self.study in known else 0
            self.choose(known[at % len(known)])

    def choose(self, study: Any) -> None:
        """Show a study with the result it has, if it has one."""
        if study is not None and (study is self.study or self.scene.IsClosing()):
            return
        self._leave_study()
        self.study = study
        if study is None:
            self.changed()
            return
        link(panel_node(self.scene, make=True), "study", study)
        with self._errors_shown():
            volume = look_at(study)
            self.study_text, self.warnings = describe_study(volume), doubts(volume)
            self.screen.show_study(study)
            self._load()
        self.changed()
        if self.run_at_once and self.stage is Stage.READY and not self.message:
            self.run()

    def _load(self) -> None:
        node = self._record_node or adopt(self.scene, self.study)
        self.record = read_record(node)
        if self.record is not None:
            self.nodes = StudyNodes(self.scene, self.study, node, self.record.pose)
            self.notice_edits()
            self._show()
            self._watch()
            if self._labels_wanted:
                self._ask_labels()

    def _leave_study(self) -> None:
        self.delay.stop()
        if self.step:
            self.client.stop()
        self.notice_edits()
        self.end_placing()
        self.screen.clear()
        if self.nodes is not None:
            self.nodes.visible(False)
        self._observers.remove_all()
        self.client.forget_study()
        self._forget()

    # --- the reader's click ---

    def ask_for_hint(self) -> None:
        """The next click in a view marks the LV centre; then it is searched again."""
        if self.study is None:
            return
        record = self._record_node or new_record(self.scene, self.study)
        node = linked(record, HINT)
        if node is None:
            node = add_hint(self.scene, self.study.GetName())
            link(record, HINT, node)
            if self.nodes is not None:
                self.nodes.take_into_folder(HINT)
        self._observers.add(node, node.PointPositionDefinedEvent, self._on_click)
        place_hint(self.scene, node)
        self.changed()

    @property
    def placing(self) -> bool:
        """The next click in a view is the one that was asked for."""
        return is_placing(self.scene, linked(self._record_node, HINT))

    def end_placing(self) -> None:
        """Cancel the click."""
        if self.placing:
            end_placing(self.scene, linked(self._record_node, HINT))
            self.changed()

    def _on_click(self, *event: Any) -> None:
        if self.hint is not None:
            hide_hint(linked(self._record_node, HINT))
            self.run(self.hint)

    # --- what is shown ---

    def show_rows(self, rows: bool) -> None:
        """Rows, or views."""
        self.screen.show_rows(rows)
        self.changed()

    def show_contours(self, contours: bool) -> None:
        """Contours on or off."""
        self.screen.show_contours(contours)
        self.changed()

    def set_window(self, percent: float) -> None:
        """Where the window ends, in per cent of the LV's maximum."""
        self.screen.set_percent(percent)
        self.changed()

    def set_table(self, index: int) -> None:
        """One of :data:`..scene.colours.TABLES`."""
        self.screen.set_table(TABLES[index])
        self.changed()

    # --- the paired study ---

    def choose_paired(self, study: Any) -> None:
        """Select the study of the same patient to which this pose can be applied."""
        if self.study is None or study is self.study:
            self.changed()
            return
        for here, there in ((self.paired, None), (self.study, study), (study, self.study)):
            if here is not None:
                link(find_record(self.scene, here) or new_record(self.scene, here), PAIRED, there)
        self.changed()

    def use_for_paired(self, reader: str = "") -> None:
        """Apply this pose to the paired study and select it."""
        paired, record = self.paired, self.record
        if paired is None or record is None:
            return
        node = find_record(self.scene, paired) or adopt(self.scene, paired) or new_record(self.scene, paired)
        with self._errors_shown():
            other = read_record(node)
            if other is not None and other.adjustment.locked:
                msg = _("{0} is already accepted: select it and press Edit again first.")
                raise InputError(msg.format(paired.GetName()))
            write_record(node, _copied(record, other).noted("copy", now(), reader))
            self.choose(paired)
        self.changed()

    # --- the scene ---

    def on_scene_closing(self) -> None:
        """The scene is about to be closed: nothing may run or look at it any more."""
        self.client.stop()
        self._leave_study()
        self.screen.forget()
        self.changed()

    def on_scene_loaded(self) -> None:
        """A scene was opened or added: show what was left there, else the first study."""
        self.removing = False
        if self.study is None:
            self.choose(self.remembered_study or first_study(self.scene))
        self.changed()

    def put_away(self) -> None:
        """Another module is shown: handles and the window of the study are ours alone."""
        self.settle()
        self.end_placing()
        if self.nodes is not None:
            self.nodes.show_handles(False)
            self.nodes.undress()
        self.screen.leave()

    def show_again(self) -> None:
        """The module is shown (again): views and handles as they stand."""
        self.screen.enter()
        self.on_scene_loaded()
        self.notice_edits()
        if self.study is not None and self.nodes is None:
            self.screen.show_study(self.study)
        if self.nodes is not None:
            self.nodes.smooth_contours()
        self._show()

    def on_node_removed(self) -> None:
        """The study was deleted: there is nothing left to show. Its record was: it is read off the table again."""
        self.removing = False
        study = self.study
        if study is None or self.scene.IsClosing():
            return
        if not self.scene.IsNodePresent(study):
            self.choose(None)
        elif self.nodes is not None and not self.scene.IsNodePresent(self.nodes.record_node):
            self.choose(None)
            self.choose(study)

    def close(self) -> None:
        """The panel goes away."""
        self.delay.stop()
        self.screen.stop()
        self._observers.remove_all()
        self.client.close()


def _copied(record: Record, other: Record | None) -> Record:
    """A record for the paired study with this one's pose; its own model's answer stays, if it has one."""
    if other is None:
        quality = Quality("review", (COPIED,), {})
        return Record(record.pose, record.cube, record.model, quality, axis_mm=record.axis_mm)
    correction = other.model_pose.correction_to(record.pose)
    return replace(other, adjustment=other.adjustment.settled().moved(correction))
