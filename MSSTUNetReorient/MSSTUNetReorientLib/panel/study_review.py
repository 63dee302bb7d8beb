"""The review of one study, from its opening to its acceptance. No Qt; it only needs MRML and a worker.

:class:`.session.Session` selects the study and holds its review.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from typing import Any

from ..errors import InputError
from ..geometry.pose import Correction
from ..geometry.volume import Volume
from ..prediction.qc import Quality
from ..prediction.result import Result
from ..prediction.septum_estimate import Septum
from ..scene.figure_tables import FigureRow
from .delay import Delay
from .nodes.labels_node import axis_extent
from .nodes.record_node import adopt
from .nodes.record_node import find_record
from .nodes.record_node import new_record
from .nodes.record_node import read_record
from .nodes.record_node import write_record
from .nodes.study_node import look_at
from .nodes.study_nodes import StudyNodes
from .nodes.transform_node import read_pose
from .observers import Observers
from .screen.live_maps import live_map
from .screen.screen import Screen
from .state.adjustment import Adjustment
from .state.reasons import COPIED
from .state.record import Record
from .state.run_time import RunTime
from .state.run_time import Store
from .state.study_check import describe_study
from .state.study_check import doubts
from .study_figures import figures_of
from .study_figures import put_figures
from .worker.worker_client import WorkerClient
from .worker.worker_files import Answer
from .worker.worker_process import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stage(Enum):
    """The stage of the review."""

    EMPTY = "no study is chosen"
    READY = "a study is chosen, there is no result yet"
    RUNNING = "the model runs"
    ADJUSTING = "there is a result that can be changed"
    ACCEPTED = "the result is accepted and locked"


class StudyReview:
    """The state of one study under review.

    Attributes:
        changed: called after every change; the widget redraws itself.
        study: the chosen volume node, or None.
        study_text, warnings: the study in words, and possible problems with it.
        record: the study's record; None before its first run.
        step: the current step of the running model; empty while it does not run.
        message: the last error.
        segmenting: labels are being made for the pose as it stands.
        handles: whether handles are shown in the views.
        run_time: the remaining time of the run.
        screen: draws it in the views; does nothing while another module is shown.
    """

    def __init__(
        self,
        screen: Screen,
        worker: Worker,
        delay: Delay,
        *,
        prepare: Callable[[], None] = lambda: None,
        model: str | None = None,
        store: Store | None = None,
    ) -> None:
        self.scene, self.screen, self.delay, self.prepare = screen.scene, screen, delay, prepare
        self.client = WorkerClient(worker, model)
        self.client.on_step, self.client.on_error = self._on_step, self._failed
        self.changed: Callable[[], None] = lambda: None
        self.run_time = RunTime(store)
        self.handles = False
        self.observers = Observers()
        self._quiet = False
        self._forget()

    def _forget(self) -> None:
        """No study."""
        self.study: Any = None
        self.study_text = ""
        self.warnings: list[str] = []
        self.record: Record | None = None
        self.nodes: StudyNodes | None = None
        self.step = self.message = ""
        self.segmenting = False
        self._accepting: str | None = None

    @property
    def stage(self) -> Stage:
        """The stage of the review."""
        if self.study is None:
            return Stage.EMPTY
        if self.step:
            return Stage.RUNNING
        if self.record is None:
            return Stage.READY
        return Stage.ACCEPTED if self.record.adjustment.locked else Stage.ADJUSTING

    @property
    def adjustment(self) -> Adjustment:
        """The correction as it stands; zero without a result."""
        return self.record.adjustment if self.record else Adjustment()

    @property
    def record_node(self) -> Any:
        """The node of the study's record, if it has one."""
        return find_record(self.scene, self.study) if self.study is not None else None

    # --- which study ---

    def open(self, study: Any) -> None:
        """Show a study with the result it has, if it has one."""
        self.study = study
        with self.errors_shown():
            volume = look_at(study).volume
            self.study_text, self.warnings = describe_study(volume), doubts(volume)
            self.screen.show_study(study)
            self._load()

    def _load(self) -> None:
        node = self.record_node or adopt(self.scene, self.study)
        self.record = read_record(node)
        if self.record is not None:
            self.nodes = StudyNodes(self.scene, self.study, node, self.record.pose)
            self.notice_edits()
            self._show()
            self._watch()
            if self._labels_wanted:
                self._ask_labels()

    def leave(self) -> None:
        """The study is no longer shown; its nodes stay in the scene."""
        self.delay.stop()
        if self.step:
            self.client.stop()
        self.notice_edits()
        self.screen.clear()
        if self.nodes is not None:
            self.nodes.visible(False)
        self.observers.remove_all()
        self.client.forget_study()
        self._forget()

    def put_away(self) -> None:
        """Another module is shown: handles and the window of the study are ours alone."""
        self.settle()
        if self.nodes is not None:
            self.nodes.show_handles(False)
            self.nodes.undress()

    def show_again(self) -> None:
        """The module is shown again: views and handles as they stand."""
        self.notice_edits()
        if self.study is not None and self.nodes is None:
            self.screen.show_study(self.study)
        if self.nodes is not None:
            self.nodes.smooth_contours()
        self._show()

    def draw_again(self) -> None:
        """What is drawn beside this study has changed."""
        if self.nodes is not None and self.record is not None:
            self.screen.update(self.nodes, self.record)

    def close(self) -> None:
        """The panel goes away."""
        self.delay.stop()
        self.observers.remove_all()
        self.client.close()

    # --- run ---

    def run(self, hint: list[float] | None = None) -> None:
        """Run the model; the previous result stays until the new one is complete."""
        if self.study is None or self.stage in (Stage.RUNNING, Stage.ACCEPTED):
            return
        self.message = ""
        with self.errors_shown():
            self.prepare()
            self.delay.stop()
            self.segmenting, self._accepting = False, None
            self.run_time.start()
            self.step = "preparing the study"
            self.client.ask(self.study, {"op": "predict", "hint": hint}, self._take_run)
        self.changed()

    def cancel(self) -> None:
        """Stop the model; the previous result stays."""
        if self.step:
            self.client.stop()
            self.run_time.again_from_the_start()
            self.step = ""
            self.changed()
            if self._labels_wanted:
                self.delay.start(self.settle)

    def _take_run(self, answer: Answer, volume: Volume) -> None:
        self.run_time.done()
        self.notice_edits()
        if self.record is not None and self.record.edited and self.nodes is not None:
            self.nodes.put_labels_aside()
        before = self.record
        record = Record(
            model_pose=answer.pose,
            cube=answer.cube,
            model=answer.model,
            quality=answer.quality,
            axis_mm=axis_extent(answer.labels, answer.pose),
            axis_spread_deg=answer.quality.measures.get("axis_spread_deg", 0.0),
            events=before.events if before else (),
        ).noted("run", now())
        node = self.record_node or new_record(self.scene, self.study)
        if self.nodes is None:
            self.nodes = StudyNodes(self.scene, self.study, node, record.pose)
            self.nodes.put_labels_aside()  # those of a record that could not be read may be somebody's work
        self.step = ""
        self._put(answer, volume, record)
        self._show()

    # --- adjust ---

    def nudge(self, control: str, value: float) -> None:
        """A slider moved: degrees or mm."""
        self._adjust(self.adjustment.nudged(control, value))

    def reset(self) -> None:
        """Reset to the model's pose."""
        self._adjust(self.adjustment.reset())

    def undo(self) -> None:
        """One step back."""
        self._adjust(self.adjustment.undone())

    def redo(self) -> None:
        """One step forward again."""
        self._adjust(self.adjustment.redone())

    def standard_angles(self) -> None:
        """The mean orientation, where the LV centre now is."""
        if self.record is not None:
            self._adjust(self.adjustment.standard_angles(self.record.model_pose))

    @property
    def septum(self) -> Septum | None:
        """The septum angle at the last segmentation; None where there is none."""
        return self.record.quality.septum if self.record is not None else None

    def roll_to_septum(self) -> None:
        """Roll until the septum is exactly at image left."""
        if self.record is not None and self.septum is not None:
            self._adjust(self.adjustment.rolled_to_septum(self.record.model_pose, self.septum.angle_deg))

    def show_handles(self, visible: bool) -> None:
        """Handles in the views."""
        self.handles = bool(visible)
        if self.nodes is not None:
            self.nodes.show_handles(self.handles and self.stage is Stage.ADJUSTING)

    def _adjust(self, adjustment: Adjustment, *, by_handles: bool = False) -> None:
        if self.record is None or self.nodes is None or adjustment == self.adjustment or self.step:
            return
        self._accepting = None
        record = replace(self.record, adjustment=adjustment)
        with self._quietly():
            self.nodes.follow(record, by_handles=by_handles, views=not self.screen.away)
            self.screen.move(record)
        self._keep(record)
        self.delay.start(self.settle)

    def settle(self) -> None:
        """The reader stopped moving: the next change is a new step, and the labels are made for this pose."""
        self.delay.stop()
        if self.record is None or self.nodes is None or self.step:
            return
        with self._quietly():
            self.nodes.rest(self.record)
            self.screen.update(self.nodes, self.record)
        self._keep(replace(self.record, adjustment=self.adjustment.settled()))
        if self._labels_wanted:
            self._ask_labels()

    def _on_transform(self, *event: Any) -> None:
        """Handles, or anybody else, moved the transform: it drives the same parameters."""
        if self._quiet or self.record is None or self.nodes is None:
            return
        pose = read_pose(self.nodes.node("pose"))
        if pose is None or self.adjustment.locked or self.step:
            with self._quietly():
                self.nodes.straighten(self.record)
            return
        correction = self.record.model_pose.correction_to(pose)
        self._adjust(self.adjustment.moved(correction, "handles"), by_handles=True)

    # --- labels at the pose as it stands ---

    @property
    def _labels_wanted(self) -> bool:
        return (
            self.record is not None
            and self.nodes is not None
            and (self.record.labels_follow or not self.nodes.complete)
        )

    def notice_edits(self) -> None:
        """A reader may have edited labels, here or in another module; they are only replaced on request."""
        if self.record is None or self.nodes is None or self.record.edited or not self.nodes.edited(self.record):
            return
        self._keep(replace(self.record, edited=True).noted("paint", now()))
        self.nodes.note(self.record)

    def segment_again(self) -> None:
        """Labels by the model instead of those edited by hand, which are kept as a copy."""
        self.notice_edits()
        if self.stage is not Stage.ADJUSTING or self.record is None or self.nodes is None or not self.record.edited:
            return
        self.nodes.put_labels_aside()
        self._keep(replace(self.record, edited=False, prints=()).noted("segment", now()))
        self._ask_labels()

    def _ask_labels(self) -> None:
        if self.record is None:
            return
        self.notice_edits()
        correction = self.adjustment.correction
        request = {
            "op": "segment",
            "pose": self.record.pose.matrix.tolist(),
            "axis_spread_deg": self.record.axis_spread_deg,
        }
        with self.errors_shown():
            self.segmenting = True
            self.client.ask(self.study, request, lambda answer, volume: self._take_labels(answer, volume, correction))
        self.changed()

    def _take_labels(self, answer: Answer, volume: Volume, correction: Correction) -> None:
        self.segmenting = False
        if self.record is None or self.nodes is None or correction != self.adjustment.correction:
            return
        self.notice_edits()
        quality, extent = answer.quality, axis_extent(answer.labels, answer.pose)
        if any(event.what == "copy" for event in self.record.events[-1:]):
            status = "review" if quality.status == "pass" else quality.status
            quality = Quality(status, (COPIED, *quality.reasons), quality.measures)
        self._put(answer, volume, replace(self.record, quality=quality, labels_at=correction, axis_mm=extent))
        if self._accepting is not None:
            self._lock(self._accepting)

    def _put(self, answer: Answer, volume: Volume, record: Record) -> None:
        """Show a result and keep its record."""
        assert self.nodes is not None
        result = answer.with_study(volume)
        with self._quietly():
            if record.edited:
                result = self.nodes.with_own_labels(result)
            self.nodes.put(result, answer.surfaces, record)
            self.nodes.follow(record, views=not self.screen.away)
            self.screen.update(self.nodes, record)
        labels = self.nodes.labels
        self._keep(replace(record, prints=labels.prints() if labels is not None else ()))
        self._watch()
        self._put_figures(result)

    # --- figures ---

    @property
    def figures(self) -> tuple[FigureRow, ...]:
        """The figures of the last segmentation; empty where there are none."""
        return figures_of(self.nodes)

    def _put_figures(self, result: Result) -> None:
        if self.nodes is not None:
            with self.errors_shown():
                put_figures(self.client, self.nodes, result, self._figures_there)

    def _figures_there(self, missing: str) -> None:
        self.message = missing or self.message
        self.changed()

    # --- accept ---

    def accept(self, reader: str = "") -> None:
        """Lock the pose and write the record; labels that only followed are segmented first."""
        if self.stage is not Stage.ADJUSTING:
            return
        self.notice_edits()
        self.settle()
        if self._labels_wanted:
            self._accepting = reader if self.segmenting else None
            self.changed()
        else:
            self._lock(reader)

    def edit_again(self, reader: str = "") -> None:
        """Unlock; that is recorded too."""
        if self.stage is Stage.ACCEPTED and self.record is not None:
            self._set_lock(False, "edit", reader)

    def _lock(self, reader: str) -> None:
        self._accepting = None
        self._set_lock(True, "accept", reader)
        with self.errors_shown():
            if self.nodes is not None and self.record is not None and (live := live_map(self.nodes, self.record)):
                self._put_figures(live.result)

    def _set_lock(self, locked: bool, what: str, reader: str) -> None:
        if self.record is None or self.nodes is None:
            return
        record = replace(self.record, adjustment=self.adjustment.lock(locked)).noted(what, now(), reader)
        self.nodes.note(record)
        if not self.screen.away:
            self.nodes.lock(record)
            self.nodes.show_handles(self.handles and not locked)
        self._keep(record)

    # --- within ---

    def _show(self) -> None:
        """Turn the views to the study as it stands, if they are ours."""
        if self.nodes is not None and self.record is not None:
            with self._quietly():
                self.screen.show(self.nodes, self.record, handles=self.handles)

    def _keep(self, record: Record) -> None:
        self.record = record
        if self.nodes is not None:
            write_record(self.nodes.record_node, record)
        self.changed()

    def _watch(self) -> None:
        node = self.nodes.node("pose") if self.nodes is not None else None
        if node is not None:
            self.observers.add(node, node.TransformModifiedEvent, self._on_transform)

    def _on_step(self, step: str) -> None:
        if self.step:
            self.step = step
            self.changed()

    def _failed(self, error: str) -> None:
        """The previous result stays."""
        self.step, self.segmenting, self._accepting = "", False, None
        self.message = error
        self.changed()

    @contextmanager
    def errors_shown(self) -> Iterator[None]:
        """Show errors that the reader can correct in the panel."""
        try:
            yield
        except InputError as error:
            self._failed(str(error))

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """We move the transform ourselves: that is no change by the reader."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before


def now() -> str:
    """ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
