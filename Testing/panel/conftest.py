"""A panel with the shipping .ui and code, a real MRML scene, and a worker and a clock that the test moves by hand."""

from __future__ import annotations

import os
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.geometry.volume import short_axis_grid
from MSSTUNetReorientLib.output.perfusion_text import perfusion_of
from MSSTUNetReorientLib.output.scene_figures import perfusion_rows
from MSSTUNetReorientLib.output.scene_figures import segment_rows
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.worker.worker_files import figures_content
from MSSTUNetReorientLib.panel.worker.worker_files import read_answer
from MSSTUNetReorientLib.panel.worker.worker_files import read_study
from MSSTUNetReorientLib.panel.worker.worker_files import write_answer
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Result
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.figure_tables import FigureRow
from MSSTUNetReorientLib.scene.figure_tables import Figures
from MSSTUNetReorientLib.scene.nodes import add_volume
from results import POSE
from results import make_result
from results import shell

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
UI_FILE = Path(__file__).resolve().parents[2] / "MSSTUNetReorient" / "Resources" / "UI" / "MSSTUNetReorient.ui"
SEPTUM = {"septum_deg": 165.0, "septum_bound_deg": 9.2, "septum_seen_deg": 160.0}
FINE = Quality("pass", (), {"presence": 0.99, "axis_spread_deg": 1.0, "axis_disagreement_deg": 2.0, **SEPTUM})

CAVITY = FigureRow("LV as it is", "cavity", "61.5", "ml", "", "Mean over the cardiac cycle.")


class HandWorker:
    """Keeps requests until the test lets them be answered; the answers are the perfect ones for the shell.

    Figures are those of the perfusion and a cavity that the test knows; ``seen`` is without their requests.
    """

    def __init__(self, solve: Callable[[dict[str, Any]], Result] | None = None) -> None:
        self._solve = solve
        self.requests: list[tuple[dict[str, Any], Callable[[dict[str, Any]], None]]] = []
        self.seen: list[dict[str, Any]] = []
        self.stops = 0
        self.quality = FINE

    def ask(self, request: dict[str, Any], listener: Callable[[dict[str, Any]], None]) -> None:
        self.requests.append((request, listener))
        if request["op"] != "figures":
            self.seen.append(request)

    def stop(self) -> None:
        self.requests.clear()
        self.stops += 1

    def step(self, words: str = "segmenting") -> None:
        self.requests[0][1]({"progress": words})

    def answer(self) -> None:
        """Everything that waits."""
        while self.requests:
            request, listener = self.requests.pop(0)
            if not Path(request["study"]).exists():  # the study was left meanwhile
                listener({"error": "no such study"})
                continue
            if request["op"] == "figures":
                listener({"done": request["state"], "figures": figures_content(self._figures_of(request))})
                continue
            write_answer(self._result(request), Path(request["answer"]))
            listener({"done": request["answer"]})

    def fail(self, words: str = "the network is not there") -> None:
        self.requests.pop(0)[1]({"error": words})

    def _figures_of(self, request: dict[str, Any]) -> Figures:
        return self.figures(read_answer(Path(request["state"])).with_study(read_study(Path(request["study"]))))

    def figures(self, result: Result) -> Figures:
        """Quickly: the volumes take a quarter of a second."""
        perfusion = perfusion_of(result)
        return Figures(segment_rows(perfusion), (*perfusion_rows(perfusion), CAVITY))

    def _result(self, request: dict[str, Any]) -> Result:
        if self._solve is not None:
            return self._solve(request)
        assert read_study(Path(request["study"])).grid.size
        pose = Pose.from_matrix(request["pose"]) if request["op"] == "segment" else POSE
        return make_result(pose, quality=self.quality)


def resampled_answer(request: dict[str, Any]) -> Result:
    """The perfect answer with the short axis that resampling the study gives, as the child process makes it."""
    pose = Pose.from_matrix(request["pose"]) if request["op"] == "segment" else POSE
    study, grid = read_study(Path(request["study"])), short_axis_grid(pose)
    labels = Volume(shell(pose.apply_inverse(grid.points())), grid)
    return replace(make_result(pose), study=study, short_axis=resample(study, grid), labels=labels)


class HandDelay:
    """The reader's hand rests when the test says so."""

    def __init__(self) -> None:
        self.then: Callable[[], None] | None = None

    def start(self, then: Callable[[], None]) -> None:
        self.then = then

    def stop(self) -> None:
        self.then = None

    def rest(self) -> None:
        then, self.then = self.then, None
        if then is not None:
            then()


@pytest.fixture
def scene() -> Iterator[Any]:
    pytest.importorskip("slicer")
    with new_scene() as empty:
        yield empty


def add_study(scene: Any, name: str = "Stress") -> Any:
    """The shell's study as a loaded volume node."""
    study = make_result().study
    return add_volume(scene, Volume(study.array, study.grid), name, float(np.max(study.array)))


@pytest.fixture
def study(scene: Any) -> Any:
    return add_study(scene)


@pytest.fixture
def worker() -> HandWorker:
    return HandWorker()


@pytest.fixture
def delay() -> HandDelay:
    return HandDelay()


@pytest.fixture
def session(scene: Any, worker: HandWorker, delay: HandDelay) -> Iterator[Session]:
    made = Session(scene, worker, delay)
    yield made
    made.close()


@pytest.fixture
def done(session: Session, study: Any, worker: HandWorker) -> Session:
    """A session whose study was run."""
    session.choose(study)
    session.review.run()
    worker.answer()
    return session
