"""The panel's behaviour, with stand-ins for the three widgets it touches."""

from __future__ import annotations

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from MSSTUNetReorientLib.errors import InputError
from results import make_result


class Logic:
    """Answers, or fails as told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.result = error, make_result()

    def ensureTorch(self) -> None:
        pass

    def process(self, node: Any, *, progress: Any) -> None:
        progress("finding the left ventricle")
        if self.error:
            raise self.error


@pytest.fixture
def widget(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A widget whose study is chosen, after setup."""
    import slicer

    application = types.SimpleNamespace(processEvents=lambda: None, layoutManager=lambda: None)
    monkeypatch.setattr(slicer, "app", application, raising=False)
    monkeypatch.setattr(slicer.util, "tryWithErrorDisplay", reraise)
    made = module.MSSTUNetReorientWidget()
    selector = types.SimpleNamespace(currentNode=lambda: "study")
    made.ui = types.SimpleNamespace(
        studySelector=selector,
        reorientButton=types.SimpleNamespace(enabled=False),
        statusLabel=types.SimpleNamespace(text=""),
    )
    return made


@contextmanager
def reraise(message: str, **options: bool) -> Iterator[None]:
    """As in Slicer's testing mode: no dialog, the error goes on."""
    yield


def test_button_follows_the_study(widget: Any) -> None:
    widget.onStudyChanged("study")
    assert widget.ui.reorientButton.enabled
    widget.onStudyChanged(None)
    assert not widget.ui.reorientButton.enabled
    assert "Load a study" in widget.ui.statusLabel.text


def test_job_ends_with_the_verdict(widget: Any) -> None:
    widget.logic = Logic()
    widget.onReorientButton()
    assert widget.ui.statusLabel.text.startswith("Quality control: review")
    assert widget.ui.reorientButton.enabled


def test_what_the_user_can_mend_is_said_in_the_panel(widget: Any) -> None:
    widget.logic = Logic(InputError("5: FBP: counts must be finite"))
    widget.onReorientButton()
    assert widget.ui.statusLabel.text == "5: FBP: counts must be finite"
    assert widget.ui.reorientButton.enabled


def test_any_other_error_is_not_swallowed(widget: Any) -> None:
    widget.logic = Logic(RuntimeError("broken"))
    with pytest.raises(RuntimeError, match="broken"):
        widget.onReorientButton()
    assert widget.ui.reorientButton.enabled
