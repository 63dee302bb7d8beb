"""The panel's logic: the selected study, its paired study, the reader's click, and events of the scene.

The widget calls these methods and those of the review that the session holds (:class:`.study_review.StudyReview`). It
redraws itself from the attributes of both whenever :attr:`changed` is called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..errors import InputError
from ..prediction.qc import Quality
from ..scene.colours import TABLES
from .delay import Delay
from .delay import NoDelay
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
from .screen.screen import Screen
from .screen.slice_view import SliceViews
from .screen.slice_view import no_views
from .state.reasons import COPIED
from .state.record import Record
from .state.run_time import Store
from .study_review import Stage
from .study_review import StudyReview
from .study_review import now
from .worker.worker_process import Worker

__all__ = ["Session", "Stage"]


class Session:
    """The state behind the panel.

    Attributes:
        review: the review of the selected study.
        screen: draws it in the views; does nothing while another module is shown.
        removing: a node is being deleted.
    """

    def __init__(
        self,
        scene: Any,
        worker: Worker,
        delay: Delay,
        *,
        prepare: Callable[[], None] = lambda: None,
        model: str | None = None,
        views: SliceViews = no_views,
        soon: Delay | None = None,
        store: Store | None = None,
    ) -> None:
        self.scene, self.removing = scene, False
        self.screen = Screen(scene, views, soon or NoDelay())
        self.review = StudyReview(self.screen, worker, delay, prepare=prepare, model=model, store=store)

    @property
    def changed(self) -> Callable[[], None]:
        """Called after every change; the widget redraws itself."""
        return self.review.changed

    @changed.setter
    def changed(self, redraw: Callable[[], None]) -> None:
        self.review.changed = redraw

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
        return linked(self.review.record_node, PAIRED)

    @property
    def hint(self) -> list[float] | None:
        """The reader's click near the LV centre, LPS mm."""
        return hint_of(linked(self.review.record_node, HINT))

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
        if self.removing or (node in owners and owners[node] in (None, self.review.study)):
            self.changed()
            return
        self.choose(owners.get(node, node))

    def choose_next(self, step: int) -> None:
        """The next study of the scene, or the one before (-1)."""
        known = studies(self.scene)
        study, stage = self.review.study, self.review.stage
        if known and stage is not Stage.RUNNING:
            at = known.index(study) + step if study in known else 0
            self.choose(known[at % len(known)])

    def choose(self, study: Any) -> None:
        """Show a study with the result it has, if it has one."""
        if study is not None and (study is self.review.study or self.scene.IsClosing()):
            return
        self._leave_study()
        if study is None:
            self.changed()
            return
        link(panel_node(self.scene, make=True), "study", study)
        self.review.open(study)
        self.changed()
        if self.run_at_once and self.review.stage is Stage.READY and not self.review.message:
            self.review.run()

    def _leave_study(self) -> None:
        self.end_placing()
        self.review.leave()

    # --- the reader's click ---

    def ask_for_hint(self) -> None:
        """The next click in a view marks the LV centre; then it is searched again."""
        review, study = self.review, self.review.study
        if study is None:
            return
        record = review.record_node or new_record(self.scene, study)
        node = linked(record, HINT)
        if node is None:
            node = add_hint(self.scene, study.GetName())
            link(record, HINT, node)
            if review.nodes is not None:
                review.nodes.take_into_folder(HINT)
        review.observers.add(node, node.PointPositionDefinedEvent, self._on_click)
        place_hint(self.scene, node)
        self.changed()

    @property
    def placing(self) -> bool:
        """The next click in a view is the one that was asked for."""
        return is_placing(self.scene, linked(self.review.record_node, HINT))

    def end_placing(self) -> None:
        """Cancel the click."""
        if self.placing:
            end_placing(self.scene, linked(self.review.record_node, HINT))
            self.changed()

    def _on_click(self, *event: Any) -> None:
        if self.hint is not None:
            hide_hint(linked(self.review.record_node, HINT))
            self.review.run(self.hint)

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
        shown = self.review.study
        if shown is None or study is shown:
            self.changed()
            return
        for here, there in ((self.paired, None), (shown, study), (study, shown)):
            if here is not None:
                link(find_record(self.scene, here) or new_record(self.scene, here), PAIRED, there)
        self.review.draw_again()
        self.changed()

    def use_for_paired(self, reader: str = "") -> None:
        """Apply this pose to the paired study and select it."""
        paired, record = self.paired, self.review.record
        if paired is None or record is None:
            return
        node = find_record(self.scene, paired) or adopt(self.scene, paired) or new_record(self.scene, paired)
        with self.review.errors_shown():
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
        self.review.client.stop()
        self._leave_study()
        self.screen.forget()
        self.changed()

    def on_scene_loaded(self) -> None:
        """A scene was opened or added: show what was left there, else the first study."""
        self.removing = False
        if self.review.study is None:
            self.choose(self.remembered_study or first_study(self.scene))
        self.changed()

    def put_away(self) -> None:
        """Another module is shown."""
        self.end_placing()
        self.review.put_away()
        self.screen.leave()

    def show_again(self) -> None:
        """The module is shown (again)."""
        self.screen.enter()
        self.on_scene_loaded()
        self.review.show_again()

    def on_node_removed(self) -> None:
        """The study was deleted: there is nothing left to show. Its record was: it is read off the table again."""
        self.removing = False
        study, nodes = self.review.study, self.review.nodes
        if study is None or self.scene.IsClosing():
            return
        if not self.scene.IsNodePresent(study):
            self.choose(None)
        elif nodes is not None and not self.scene.IsNodePresent(nodes.record_node):
            self.choose(None)
            self.choose(study)

    def close(self) -> None:
        """The panel goes away."""
        self.screen.stop()
        self.review.close()


def _copied(record: Record, other: Record | None) -> Record:
    """A record for the paired study with this one's pose; its own model's answer stays, if it has one."""
    if other is None:
        quality = Quality("review", (COPIED,), {})
        return Record(record.pose, record.cube, record.model, quality, axis_mm=record.axis_mm, former=record.former)
    correction = other.model_pose.correction_to(record.pose)
    return replace(other, adjustment=other.adjustment.settled().moved(correction))
