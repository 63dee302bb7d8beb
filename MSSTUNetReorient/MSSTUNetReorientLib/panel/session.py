"""What the panel does: one chosen study from run to acceptance. No Qt; MRML and a worker are all it needs.

The widget calls these methods and redraws itself from the attributes whenever :attr:`Session.changed` is called.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from typing import Any

from ..errors import InputError
from ..pose import Correction
from ..qc import Quality
from ..volume import Volume
from .adjustment import Adjustment
from .child import Worker
from .delay import Delay
from .exchange import Answer
from .exchange import read_answer
from .exchange import write_study
from .labels_node import axis_extent
from .live_views import show_transaxial
from .markers import add_hint
from .markers import hint_of
from .markers import place_hint
from .observers import Observers
from .record import Record
from .record_node import HINT
from .record_node import PAIRED
from .record_node import RUN_AT_ONCE
from .record_node import adopt
from .record_node import find_record
from .record_node import first_study
from .record_node import link
from .record_node import linked
from .record_node import new_record
from .record_node import panel_node
from .record_node import read_record
from .record_node import write_record
from .study_check import describe_study
from .study_check import doubts
from .study_node import look_at
from .study_node import read_study_node
from .study_nodes import StudyNodes
from .transform_node import read_pose
from .words import tr as _

if TYPE_CHECKING:
    from collections.abc import Iterator

COPIED = "The pose was taken from the paired study: patients move between scans, so check it in all views."


class Stage(Enum):
    """Where the reader stands."""

    EMPTY = "no study is chosen"
    READY = "a study is chosen, there is no result yet"
    RUNNING = "the model runs"
    ADJUSTING = "there is a result that can be changed"
    ACCEPTED = "the result is accepted and locked"


class Session:
    """The state behind the panel.

    Attributes:
        changed: called after every change; the widget redraws itself.
        study: the chosen volume node, or None.
        study_text, warnings: the study in words, and what is doubtful about it.
        record: the study's record; None before its first run.
        step: what the running model does, in words; empty while it does not run.
        message: the last thing that went wrong, in words.
        segmenting: labels are being made for the pose as it stands.
        handles: whether handles are shown in the views.
    """

    def __init__(
        self,
        scene: Any,
        worker: Worker,
        delay: Delay,
        *,
        prepare: Callable[[], None] = lambda: None,
        model: str | None = None,
    ) -> None:
        self.scene, self.worker, self.delay = scene, worker, delay
        self.prepare, self.model = prepare, model
        self.changed: Callable[[], None] = lambda: None
        self.handles = False
        self._folder = TemporaryDirectory(prefix="reorient-")
        self._observers = Observers()
        self._count = 0
        self._quiet = False
        self._ticket = 0
        self._written: tuple[Any, Path, Volume] | None = None
        self._forget()

    def _forget(self) -> None:
        self.study: Any = None
        self.record: Record | None = None
        self.nodes: StudyNodes | None = None
        self.study_text, self.step, self.message = "", "", ""
        self.warnings: list[str] = []
        self.segmenting = False
        self._accepting: str | None = None

    # --- what the widget asks ---

    @property
    def stage(self) -> Stage:
        """Where the reader stands."""
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
    def run_at_once(self) -> bool:
        """Run as soon as a study is chosen that has no result."""
        return panel_node(self.scene).GetParameter(RUN_AT_ONCE) == "true"

    @run_at_once.setter
    def run_at_once(self, wanted: bool) -> None:
        panel_node(self.scene).SetParameter(RUN_AT_ONCE, "true" if wanted else "false")

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

    @property
    def _record_node(self) -> Any:
        return find_record(self.scene, self.study) if self.study is not None else None

    # --- study ---

    def choose(self, study: Any) -> None:
        """Show a study with the result it has, if it has one."""
        if study is self.study and study is not None:
            return
        self._leave_study()
        self.study = study
        if study is None:
            self.changed()
            return
        link(panel_node(self.scene), "study", study)
        with self._told():
            volume = look_at(study)
            self.study_text, self.warnings = describe_study(volume), doubts(volume)
            show_transaxial(self.scene, None, study)
            self._load()
        self.changed()
        if self.run_at_once and self.stage is Stage.READY and not self.message:
            self.run()

    def choose_paired(self, study: Any) -> None:
        """Name the study of the same patient that this one's pose may be used for."""
        if self.study is None or study is self.study:
            return
        for here, there in ((self.study, study), (study, self.study)):
            if here is not None:
                link(find_record(self.scene, here) or new_record(self.scene, here), PAIRED, there)
        self.changed()

    def _load(self) -> None:
        node = self._record_node or adopt(self.scene, self.study)
        self.record = read_record(node)
        if self.record is not None:
            self.nodes = StudyNodes(self.scene, self.study, node, self.record.pose)
            self.nodes.show(self.record, handles=self.handles)
            self._watch()
            if self._labels_wanted:
                self._ask_labels()

    def _leave_study(self) -> None:
        self.delay.stop()
        if self.step:
            self.worker.stop()
        if self.nodes is not None:
            self.nodes.visible(False)
        self._observers.remove_all()
        self._ticket += 1
        self._drop_written()
        self._forget()

    # --- run ---

    def run(self, hint: list[float] | None = None) -> None:
        """Ask the model; what was there stays until its answer is there."""
        if self.study is None or self.stage in (Stage.RUNNING, Stage.ACCEPTED):
            return
        self.message = ""
        with self._told():
            self.prepare()
            volume = self._study_volume()
            self.delay.stop()
            self.segmenting, self._accepting = False, None
            self.step = _("preparing the study")
            self._ask({"op": "predict", "hint": hint}, lambda answer: self._take_run(answer, volume))
        self.changed()

    def run_at_hint(self) -> None:
        """Search again, near the reader's click."""
        self.run(self.hint)

    def ask_for_hint(self) -> None:
        """The next click in a view tells where the LV centre is."""
        if self.study is None:
            return
        record = self._record_node or new_record(self.scene, self.study)
        node = linked(record, HINT)
        if node is None:
            node = add_hint(self.scene, self.study.GetName())
            link(record, HINT, node)
        self._observers.add(node, node.PointPositionDefinedEvent, lambda *_: self.run_at_hint())
        place_hint(self.scene, node)

    def cancel(self) -> None:
        """Stop the model; what was there stays."""
        if self.step:
            self._ticket += 1
            self.worker.stop()
            self.step = ""
            self.changed()

    def _take_run(self, answer: Answer, volume: Volume) -> None:
        before = self.record
        record = Record(
            model_pose=answer.pose,
            cube=answer.cube,
            model=answer.model,
            quality=answer.quality,
            axis_mm=axis_extent(answer.labels, answer.pose),
            axis_spread_deg=answer.quality.measures.get("axis_spread_deg", 0.0),
            events=before.events if before else (),
        ).noted("run", _now())
        node = self._record_node or new_record(self.scene, self.study)
        if self.nodes is None:
            self.nodes = StudyNodes(self.scene, self.study, node, record.pose)
        with self._quietly():
            self.nodes.put(answer.with_study(volume), answer.surfaces, record)
            self.nodes.show(record, handles=self.handles)
        self.step = ""
        self._keep(record)
        self._watch()

    # --- adjust ---

    def nudge(self, control: str, value: float) -> None:
        """A slider moved: degrees or mm."""
        self._adjust(self.adjustment.nudged(control, value))

    def reset(self) -> None:
        """Back to the model's answer."""
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

    def show_handles(self, visible: bool) -> None:
        """Handles in the views."""
        self.handles = visible
        if self.nodes is not None:
            self.nodes.show_handles(visible and self.stage is Stage.ADJUSTING)

    def _adjust(self, adjustment: Adjustment, *, by_handles: bool = False) -> None:
        if self.record is None or self.nodes is None or adjustment == self.adjustment or self.step:
            return
        self._accepting = None
        record = replace(self.record, adjustment=adjustment)
        with self._quietly():
            self.nodes.follow(record, by_handles=by_handles)
        self._keep(record)
        self.delay.start(self.settle)

    def settle(self) -> None:
        """The reader's hand rests: the next change is a new step, and the labels are made for this pose."""
        self.delay.stop()
        if self.record is None or self.nodes is None or self.step:
            return
        with self._quietly():
            self.nodes.straighten(self.record)
        self._keep(replace(self.record, adjustment=self.adjustment.settled()))
        if self._labels_wanted:
            self._ask_labels()

    def _on_transform(self, *event: Any) -> None:
        """Handles, or anybody else, moved the transform: it drives the same parameters."""
        if self._quiet or self.record is None or self.nodes is None:
            return
        pose = read_pose(self.nodes.node("pose"))
        if pose is None or self.adjustment.locked:
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

    def _ask_labels(self) -> None:
        if self.record is None:
            return
        correction = self.adjustment.correction
        request = {
            "op": "segment",
            "pose": self.record.pose.matrix.tolist(),
            "axis_spread_deg": self.record.axis_spread_deg,
        }
        with self._told():
            volume = self._study_volume()
            self.segmenting = True
            self._ask(request, lambda answer: self._take_labels(answer, volume, correction))
        self.changed()

    def _take_labels(self, answer: Answer, volume: Volume, correction: Correction) -> None:
        self.segmenting = False
        if self.record is None or self.nodes is None or correction != self.adjustment.correction:
            return
        quality = answer.quality
        if any(event.what == "copy" for event in self.record.events[-1:]):
            quality = Quality("review" if quality.status == "pass" else quality.status,
                              (COPIED, *quality.reasons), quality.measures)  # fmt: skip
        record = replace(
            self.record, quality=quality, labels_at=correction, axis_mm=axis_extent(answer.labels, answer.pose)
        )
        with self._quietly():
            self.nodes.put(answer.with_study(volume), answer.surfaces, record)
            self.nodes.follow(record)
        self._keep(record)
        self._watch()
        if self._accepting is not None:
            self._lock(self._accepting)

    # --- accept ---

    def accept(self, reader: str = "") -> None:
        """Lock the pose and write the record; labels that only followed are segmented first."""
        if self.stage is not Stage.ADJUSTING:
            return
        self.settle()
        if self._labels_wanted:
            self._accepting = reader
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

    def _set_lock(self, locked: bool, what: str, reader: str) -> None:
        if self.record is None or self.nodes is None:
            return
        record = replace(self.record, adjustment=self.adjustment.lock(locked)).noted(what, _now(), reader)
        self.nodes.note(record)
        self.nodes.lock(record)
        self.nodes.show_handles(self.handles and not locked)
        self._keep(record)

    def use_for_paired(self, reader: str = "") -> None:
        """Take this pose over to the paired study and go there."""
        paired, record = self.paired, self.record
        if paired is None or record is None:
            return
        node = find_record(self.scene, paired) or adopt(self.scene, paired) or new_record(self.scene, paired)
        with self._told():
            other = read_record(node)
            if other is not None and other.adjustment.locked:
                msg = _("{0} is accepted already: choose it and press Edit again first.")
                raise InputError(msg.format(paired.GetName()))
            write_record(node, _copied(record, other).noted("copy", _now(), reader))
            self.choose(paired)
        self.changed()

    # --- the scene ---

    def on_scene_closing(self) -> None:
        """The scene is about to be closed: nothing may run or look at it any more."""
        self.worker.stop()
        self._leave_study()
        self.changed()

    def on_scene_loaded(self) -> None:
        """A scene was opened or added: show what was left there, else the first study."""
        if self.study is None:
            self.choose(self.remembered_study or first_study(self.scene))
        self.changed()

    def put_away(self) -> None:
        """Another module is shown: handles are ours alone."""
        self.settle()
        if self.nodes is not None:
            self.nodes.show_handles(False)

    def show_again(self) -> None:
        """The module is shown (again): views and handles as they stand."""
        self.on_scene_loaded()
        if self.nodes is not None and self.record is not None:
            self.nodes.show(self.record, handles=self.handles)

    def on_node_removed(self) -> None:
        """The study itself was deleted: there is nothing left to show."""
        if self.study is not None and not self.scene.IsNodePresent(self.study):
            self.choose(None)

    def close(self) -> None:
        """The panel goes away."""
        self.delay.stop()
        self.worker.stop()
        self._observers.remove_all()
        self._folder.cleanup()

    # --- within ---

    def _keep(self, record: Record) -> None:
        self.record = record
        if self.nodes is not None:
            write_record(self.nodes.record_node, record)
        self.changed()

    def _watch(self) -> None:
        node = self.nodes.node("pose") if self.nodes is not None else None
        if node is not None:
            self._observers.add(node, node.TransformModifiedEvent, self._on_transform)

    def _study_volume(self) -> Volume:
        """The study, checked; also written for the worker, once for each state of the node."""
        stamp = (self.study.GetID(), self.study.GetImageData().GetMTime() if self.study.GetImageData() else 0)
        if self._written is None or self._written[0] != stamp:
            volume = read_study_node(self.study)
            self._drop_written()
            self._written = (stamp, self._new_file("study"), volume)
            write_study(volume, self._written[1])
        return self._written[2]

    def _drop_written(self) -> None:
        if self._written is not None:
            self._written[1].unlink(missing_ok=True)
        self._written = None

    def _new_file(self, kind: str) -> Path:
        self._count += 1
        return Path(self._folder.name) / f"{kind}-{self._count}.npz"

    def _ask(self, request: dict[str, Any], take: Callable[[Answer], None]) -> None:
        """Send a request for the chosen study; an answer that comes when another was asked since is dropped."""
        self._ticket += 1
        ticket, study, path = self._ticket, self.study, self._new_file("answer")
        assert self._written is not None
        whole = {**request, "study": str(self._written[1]), "answer": str(path), "model": self.model}

        def listen(content: dict[str, Any]) -> None:
            current = ticket == self._ticket and study is self.study
            if current and "progress" in content:
                self.step = _(content["progress"]) if self.step else ""
                self.changed()
            elif current and "error" in content:
                self._failed(content["error"])
            elif "done" in content:
                answer = read_answer(path) if current else None
                path.unlink(missing_ok=True)
                if answer is not None:
                    take(answer)

        self.worker.ask(whole, listen)

    def _failed(self, error: str) -> None:
        """Nothing is lost: the result that was there stays."""
        self.step, self.segmenting, self._accepting = "", False, None
        self.message = error
        self.changed()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the reader can mend is said in the panel."""
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


def _copied(record: Record, other: Record | None) -> Record:
    """A record for the paired study with this one's pose; its own model's answer stays, if it has one."""
    if other is None:
        quality = Quality("review", (COPIED,), {})
        return Record(record.pose, record.cube, record.model, quality, axis_mm=record.axis_mm)
    correction = other.model_pose.correction_to(record.pose)
    return replace(other, adjustment=other.adjustment.settled().moved(correction))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
