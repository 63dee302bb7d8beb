"""The panel's widgets and the session behind them: signals to methods, attributes to what is shown.

Written for PythonQt, where Qt properties are attributes. It decides nothing: :mod:`.session` does.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np

from ..scene.colours import TABLES
from .correction_sliders import CorrectionSliders
from .delay import QtBeat
from .dicom_section import Application
from .dicom_section import DicomSection
from .i18n import tr as _
from .keyboard import Keyboard
from .session import Session
from .session import Stage
from .state.figure_words import figure_text
from .state.findings import earlier_version
from .state.findings import findings
from .state.reasons import STEPS
from .state.reasons import step_number
from .state.reasons import translated
from .state.reasons import translated_step

if TYPE_CHECKING:
    from collections.abc import Iterator

BEAT_MS = 500
"""How often the remaining time is updated."""
WHOLE, ALMOST = 100, 95
"""Of the progress bar: its end, and how far it goes before the answer is there."""
COLOURS = {"pass": "#1b7f4b", "review": "#a85d00", "fail": "#b3261e", "unchecked": "#5f6368"}
"""Of a verdict; white on each is read well."""
SAME_PERCENT = 0.5
"""The window's slider shows whole per cent."""
PARAMETERS = ("α", "β", "γ", "tx", "ty", "tz")


@dataclass(frozen=True)
class FirstUse:
    """What a new user needs from the module.

    Attributes:
        load_sample: loads the study that comes with the extension; returns its node.
        needs: what the first run will install before it can start; empty if nothing is missing.
    """

    load_sample: Callable[[], Any] = lambda: None
    needs: Callable[[], str] = lambda: ""


class PanelWidget:
    """Binds ``ui`` (widgets by name) to a session."""

    def __init__(
        self,
        ui: Any,
        session: Session,
        *,
        first_use: FirstUse | None = None,
        application: Application | None = None,
    ) -> None:
        self.ui, self.session = ui, session
        self.first_use = first_use or FirstUse()
        self._drawing = False
        self._beat = QtBeat(BEAT_MS, self.redraw)
        self._sliders = CorrectionSliders(ui, session.review.nudge)
        self._dicom = DicomSection(ui, session, application or Application())
        self._keyboard = Keyboard(ui, session, self._sliders.boxes)
        self._connect()
        session.changed = self.redraw
        self.redraw()

    def _connect(self) -> None:
        ui, session = self.ui, self.session
        ui.studySelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onStudyChanged)
        ui.pairedSelector.connect("currentNodeChanged(vtkMRMLNode*)", self.onPairedChanged)
        clicks: dict[str, Callable[[], None]] = {
            "sampleButton": self.onSampleButton,
            "reorientButton": self.onReorientButton,
            "hintButton": self.onHintButton,
            "rowsButton": self.onRowsButton,
            "undoButton": session.review.undo,
            "redoButton": session.review.redo,
            "resetButton": session.review.reset,
            "standardButton": session.review.standard_angles,
            "septumButton": session.review.roll_to_septum,
            "segmentAgainButton": session.review.segment_again,
            "acceptButton": self.onAcceptButton,
            "usePairedButton": self.onUsePairedButton,
        }
        for name, call in clicks.items():
            getattr(ui, name).clicked.connect(_without_arguments(call))
        ui.runAtOnceCheckBox.toggled.connect(self.onRunAtOnceToggled)
        ui.handlesCheckBox.toggled.connect(session.review.show_handles)
        ui.contoursCheckBox.toggled.connect(self.onContoursToggled)
        ui.colourComboBox.currentIndexChanged.connect(_without_arguments(self.onColoursChanged))
        ui.windowSlider.valueChanged.connect(self.onWindowChanged)

    # --- signals ---

    def onStudyChanged(self, node: Any) -> None:
        """Another study was chosen; selectors also signal while a scene comes and goes."""
        if not self._drawing and not self.session.scene.IsImporting():
            self.session.pick(node)

    def onPairedChanged(self, node: Any) -> None:
        """The paired study was selected."""
        if not self._drawing and not self.session.scene.IsImporting() and not self.session.scene.IsClosing():
            self.session.choose_paired(node)

    def onReorientButton(self) -> None:
        """One button: run, or cancel the run."""
        if self.session.review.stage is Stage.RUNNING:
            self.session.review.cancel()
        else:
            self.session.review.run()

    def onSampleButton(self) -> None:
        """Load the study that comes with the extension and choose it."""
        self.session.choose(self.first_use.load_sample())

    def onHintButton(self) -> None:
        """Ask for a click, or for none after all."""
        if self.session.placing:
            self.session.end_placing()
        else:
            self.session.ask_for_hint()

    def onRowsButton(self) -> None:
        """Rows, or the views again."""
        self.session.show_rows(not self.session.screen.layout.rows)

    def onContoursToggled(self, wanted: bool) -> None:
        """Contours on or off."""
        if not self._drawing:
            self.session.show_contours(bool(wanted))

    def onColoursChanged(self) -> None:
        """Another colour table."""
        if not self._drawing and self.ui.colourComboBox.currentIndex >= 0:
            self.session.set_table(self.ui.colourComboBox.currentIndex)

    def onWindowChanged(self, percent: float) -> None:
        """The upper end of the colours changed."""
        if not self._drawing:
            self.session.set_window(percent)

    def onRunAtOnceToggled(self, wanted: bool) -> None:
        """Run as soon as a study is chosen."""
        if not self._drawing:
            self.session.run_at_once = wanted

    def onAcceptButton(self) -> None:
        """Accept and lock, or unlock again."""
        reader = self.ui.readerEdit.text.strip()
        if self.session.review.stage is Stage.ACCEPTED:
            self.session.review.edit_again(reader)
        else:
            self.session.review.accept(reader)

    def onUsePairedButton(self) -> None:
        """Apply the pose to the paired study."""
        self.session.use_for_paired(self.ui.readerEdit.text.strip())

    # --- what is shown ---

    def redraw(self) -> None:
        """Show the session as it stands; never sends a signal back to it."""
        with self._as_drawing():
            stage = self.session.review.stage
            self._draw_study(stage)
            self._draw_run(stage)
            self._draw_display(stage)
            self._draw_adjust(stage)
            self._draw_quality(stage)
            self._draw_figures()
            self._draw_accept(stage)
            self._keyboard.update()

    def _draw_study(self, stage: Stage) -> None:
        ui, session = self.ui, self.session
        ui.welcomeWidget.visible = stage is Stage.EMPTY
        hidden = session.short_axis_ids
        for selector, chosen in ((ui.studySelector, session.review.study), (ui.pairedSelector, session.paired)):
            _hide_nodes(selector, hidden)
            if selector.currentNode() is not chosen:
                selector.setCurrentNode(chosen)
        ui.studySelector.enabled = stage is not Stage.RUNNING
        ui.pairedSelector.enabled = stage not in (Stage.EMPTY, Stage.RUNNING)
        _say(ui.studyInfoLabel, session.review.study_text)
        _say(ui.warningLabel, "\n".join(session.review.warnings))
        _check(ui.runAtOnceCheckBox, session.run_at_once)

    def _draw_run(self, stage: Stage) -> None:
        ui, session = self.ui, self.session
        running = stage is Stage.RUNNING
        self._caption("reorientButton", _("Cancel") if running else _("Reorient && Segment"))
        ui.reorientButton.enabled = stage not in (Stage.EMPTY, Stage.ACCEPTED)
        ui.hintButton.enabled = stage in (Stage.READY, Stage.ADJUSTING)
        placing = session.placing
        self._caption("hintButton", _("Cancel click") if placing else _("Click the LV centre, then run again"))
        ui.progressBar.visible = running
        if running:
            ui.progressBar.value = self._progress()
        self._beat.run(running)
        _say(ui.messageLabel, session.review.message)
        _say(ui.statusLabel, self._status(stage))

    def _progress(self) -> int:
        """By time once runs were timed on this machine, else by steps."""
        expected = self.session.review.run_time.expected_s
        if expected:
            return min(round(WHOLE * self.session.review.run_time.spent_s / expected), ALMOST)
        return round(WHOLE * (step_number(self.session.review.step) - 0.5) / STEPS)

    def _status(self, stage: Stage) -> str:
        session = self.session
        if stage is Stage.RUNNING:
            step = translated_step(session.review.step)
            return f"{step[:1].upper()}{step[1:]}… {self._time_left()}".strip()
        if session.placing:
            return _("Click the centre of the left ventricle in any view. Esc cancels.")
        if session.review.segmenting:
            return _("Segmenting at this pose…")
        if stage is Stage.READY and (needs := self.first_use.needs()):
            return needs
        record = session.review.record
        if stage is Stage.ADJUSTING and record is not None and record.quality.status == "fail":
            return _("Click the LV centre, then run again; or start from Standard angles and adjust.")
        return {
            Stage.EMPTY: _("Select a study above."),
            Stage.READY: _("Ready."),
            Stage.ADJUSTING: _("Check all views, adjust if needed, then accept."),
            Stage.ACCEPTED: _("Accepted. The pose is locked; Edit again unlocks it."),
        }[stage]

    def _time_left(self) -> str:
        run_time = self.session.review.run_time
        left = run_time.left_s
        if left is not None:
            return _("about {0} s left").format(max(round(left), 1))
        return _("this takes longer than usual") if run_time.expected_s else ""

    def _draw_display(self, stage: Stage) -> None:
        ui, screen = self.ui, self.session.screen
        shown = stage in (Stage.ADJUSTING, Stage.ACCEPTED)
        for name in ("colourComboBox", "windowSlider", "rowsButton", "contoursCheckBox"):
            getattr(ui, name).enabled = shown
        self._caption("rowsButton", _("Views") if screen.layout.rows else _("Rows"))
        _check(ui.contoursCheckBox, screen.contours)
        table, percent = screen.table, screen.percent
        index = TABLES.index(table) if table is not None else -1
        if ui.colourComboBox.currentIndex != index:
            ui.colourComboBox.currentIndex = index
        if abs(ui.windowSlider.value - percent) > SAME_PERCENT:
            ui.windowSlider.value = percent

    def _draw_adjust(self, stage: Stage) -> None:
        ui, session = self.ui, self.session
        adjustment, open_ = session.review.adjustment, stage is Stage.ADJUSTING
        self._sliders.draw(adjustment.correction.as_tuple(), enabled=open_)
        for name, text in zip(PARAMETERS, self._absolute(), strict=True):
            _say(getattr(ui, f"{LABELS[name]}Label"), text, hide=False)
        ui.undoButton.enabled = open_ and bool(adjustment.past)
        ui.redoButton.enabled = open_ and bool(adjustment.future)
        ui.resetButton.enabled = open_ and any(adjustment.correction.as_tuple())
        ui.standardButton.enabled = open_
        ui.septumButton.enabled = open_ and session.review.septum is not None
        ui.handlesCheckBox.enabled = open_
        _check(ui.handlesCheckBox, session.review.handles)

    def _absolute(self) -> list[str]:
        record = self.session.review.record
        if record is None:
            return [f"{name} –" for name in PARAMETERS]
        angles, shifts = np.rad2deg(record.pose.euler()), record.pose.translation(record.cube)
        texts = [f"{name} {value:.1f}°" for name, value in zip(PARAMETERS[:3], angles, strict=True)]
        texts += [f"{name} {value:.3f}" for name, value in zip(PARAMETERS[3:], shifts, strict=True)]
        return [text.replace("-", "−") for text in texts]

    def _draw_quality(self, stage: Stage) -> None:
        ui, record = self.ui, self.session.review.record
        edited = record is not None and record.edited
        ui.editedLabel.visible = ui.segmentAgainButton.visible = edited
        ui.segmentAgainButton.enabled = stage is Stage.ADJUSTING and not self.session.review.segmenting
        _say(ui.earlierLabel, earlier_version() if record is not None and record.former else "")
        _say(ui.findingsLabel, findings(record) if record is not None else "")
        if record is None:
            _say(ui.verdictLabel, "")
            _say(ui.reasonsLabel, _("Quality control runs after segmentation."), hide=False)
            return
        status = "unchecked" if record.labels_follow else record.quality.status
        _style(ui.verdictLabel, f"background: {COLOURS[status]}; color: white; border-radius: 4px; padding: 3px 12px;")
        _say(ui.verdictLabel, self._verdict(status))
        reasons = [translated(reason) for reason in record.quality.reasons] or [_("No problem was found.")]
        if edited:
            reasons.insert(0, _("The verdict is for the model's segmentation, not for the edited labels."))
        if record.labels_follow:
            reasons.insert(0, _("The pose has changed; the verdict is for the last segmentation."))
        _say(ui.reasonsLabel, "\n".join(f"• {reason}" for reason in reasons), hide=False)

    def _draw_figures(self) -> None:
        review = self.session.review
        follow = review.record is not None and review.record.labels_follow
        text = figure_text(review.figures, follow=follow)
        _say(self.ui.figuresLabel, text or _("Figures are computed after segmentation."), hide=False)

    def _verdict(self, status: str) -> str:
        return {
            "pass": _("Pass"),
            "review": _("Review"),
            "fail": _("Fail"),
            "unchecked": _("Not checked yet"),
        }[status]

    def _draw_accept(self, stage: Stage) -> None:
        ui, session = self.ui, self.session
        accepted = stage is Stage.ACCEPTED
        self._caption("acceptButton", _("Edit again") if accepted else _("Accept"))
        ui.acceptButton.enabled = stage in (Stage.ADJUSTING, Stage.ACCEPTED)
        ui.readerEdit.enabled = stage in (Stage.ADJUSTING, Stage.ACCEPTED)
        _say(ui.acceptedLabel, self._last_event())
        ui.usePairedButton.visible = ui.cautionLabel.visible = session.paired is not None
        ui.usePairedButton.enabled = stage in (Stage.ADJUSTING, Stage.ACCEPTED)
        self._dicom.draw(stage)

    def _last_event(self) -> str:
        record = self.session.review.record
        events = [e for e in record.events if e.what in ("accept", "edit")] if record is not None else []
        if not events:
            return ""
        last = events[-1]
        words = {"accept": _("Accepted"), "edit": _("Reopened")}[last.what]
        by = _(" by {0}").format(last.reader) if last.reader else ""
        return f"{words}{by}, {last.when.replace('T', ' ').replace('+00:00', ' UTC')}"

    def _caption(self, name: str, text: str) -> None:
        """A button's text, which takes its key away."""
        button = getattr(self.ui, name)
        if button.text != text:
            button.text = text
            self._keyboard.give(name)

    @contextmanager
    def _as_drawing(self) -> Iterator[None]:
        before, self._drawing = self._drawing, True
        try:
            yield
        finally:
            self._drawing = before


LABELS = {"α": "alpha", "β": "beta", "γ": "gamma", "tx": "tx", "ty": "ty", "tz": "tz"}


def _without_arguments(call: Callable[[], None]) -> Callable[..., None]:
    """``clicked`` passes whether the button is checked; none of ours is."""
    return lambda *arguments: call()


def _say(label: Any, text: str, *, hide: bool = True) -> None:
    """Set a label's text; an empty one takes no room."""
    if label.text != text:
        label.text = text
    if hide:
        label.visible = bool(text)


def _style(widget: Any, sheet: str) -> None:
    if widget.styleSheet != sheet:
        widget.styleSheet = sheet


def _check(box: Any, checked: bool) -> None:
    if box.checked != checked:
        box.checked = checked


def _hide_nodes(selector: Any, ids: list[str]) -> None:
    """A selector's list without some nodes, where this 3D Slicer lets Python ask for its filter."""
    model = selector.sortFilterProxyModel() if hasattr(selector, "sortFilterProxyModel") else None
    if model is not None and list(model.hiddenNodeIDs) != ids:
        model.hiddenNodeIDs = ids
