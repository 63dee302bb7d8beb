"""Any sequence of what a reader may do, through the widgets and through files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
pytest.importorskip("PySide6.QtTest", exc_type=ImportError)

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from MSSTUNetReorientLib.geometry.pose import Correction
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.scene import load_scene
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene import save_scene
from results import septum_in_image

from panel.conftest import SEPTUM
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.conftest import add_study
from panel.test_panel_session import check_together
from panel.test_panel_widget import Panel

SHOWN = 0.05 + 1e-9
"""Sliders show tenths; what standard angles and handles set is kept as it is."""

actions = st.one_of(
    st.tuples(st.sampled_from(CONTROLS), st.floats(-44, 44)),
    st.sampled_from(["undo", "redo", "reset", "standard", "septum", "rest", "answer", "come back", "rows", "away"]),
    st.tuples(st.just("window"), st.floats(10, 200)),
    st.tuples(st.just("colours"), st.integers(0, 4)),
)


@pytest.fixture
def panel(scene: Any, study: Any, worker: HandWorker, delay: HandDelay) -> Iterator[Panel]:
    made = Panel(scene, worker, delay)
    yield made
    made.close()


def act(panel: Panel, action: Any, study: Any) -> None:
    """One thing a reader may do, through the widgets where they allow it."""
    if action == "rows":
        panel.ui.rowsButton.click()
    elif action == "away":
        panel.session.put_away()
        panel.session.show_again()
    elif isinstance(action, tuple) and action[0] == "colours":
        panel.ui.colourComboBox.setCurrentIndex(action[1])
    elif isinstance(action, tuple):
        getattr(panel.ui, f"{action[0]}Slider").setValue(action[1])
    elif action in ("undo", "redo", "reset", "standard", "septum"):
        getattr(panel.ui, f"{action}Button").click()  # does nothing where it is not enabled
    elif action == "come back":
        panel.session.choose(None)
        panel.session.choose(study)
    else:
        {"rest": panel.delay.rest, "answer": panel.worker.answer}[action]()


def check_rolled(panel: Panel, before: Correction) -> None:
    """The septum is at the left and nothing else moved; one undo leads back and one redo here again."""
    review = panel.session.review
    rolled = review.adjustment.correction
    np.testing.assert_allclose(septum_in_image(review.record.pose, SEPTUM["septum_deg"]), (-1.0, 0.0), atol=1e-7)
    assert replace(rolled, roll=0.0) == replace(before, roll=0.0)
    if rolled != before:
        panel.ui.undoButton.click()
        assert review.adjustment.correction == before
        panel.ui.redoButton.click()
        assert review.adjustment.correction == rolled


@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    sequence=st.lists(actions, min_size=2, max_size=5), accept=st.booleans(), suffix=st.sampled_from([".mrb", ".mrml"])
)
def test_any_sequence_comes_back_from_a_file(
    tmp_path_factory: pytest.TempPathFactory, sequence: list[Any], accept: bool, suffix: str
) -> None:
    """Sliders, lock, undo and views, from real files."""
    with new_scene() as scene:
        left = Panel(scene, HandWorker(), HandDelay())
        study = add_study(scene)
        left.session.choose(study)
        left.run()
        for action in sequence:
            act(left, action, study)
        if accept:
            left.session.review.accept("Ada")
            left.worker.answer()
        adjustment, pose = left.session.review.adjustment.settled(), left.session.review.record.pose
        path = save_scene(scene, tmp_path_factory.mktemp("scene") / f"left{suffix}")
        left.close()
    with new_scene() as scene:
        load_scene(scene, path)
        back = Panel(scene, HandWorker(), HandDelay())
        assert back.session.review.adjustment == adjustment
        assert (back.session.review.stage is Stage.ACCEPTED) == accept
        assert back.ui.swingSlider.isEnabled() != accept
        shown = [getattr(back.ui, f"{name}Slider").value for name in CONTROLS]
        np.testing.assert_allclose(shown, adjustment.correction.as_tuple(), atol=SHOWN)
        np.testing.assert_allclose(back.session.review.record.pose.matrix, pose.matrix, atol=1e-9)
        assert not back.session.review.record.edited
        check_together(back.session)
        back.close()


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequence=st.lists(actions, min_size=3, max_size=12))
def test_any_sequence_keeps_sliders_pose_and_views_together(panel: Panel, study: Any, sequence: list[Any]) -> None:
    if panel.session.review.record is None:
        panel.run()
    for action in sequence:
        before = panel.session.review.adjustment.correction
        act(panel, action, study)
        check_together(panel.session)
        if action == "septum":
            check_rolled(panel, before)
        shown = [getattr(panel.ui, f"{name}Slider").value for name in CONTROLS]
        np.testing.assert_allclose(shown, panel.session.review.adjustment.correction.as_tuple(), atol=SHOWN)
    panel.delay.rest()
    panel.worker.answer()
    assert not panel.session.review.record.labels_follow
