"""How quickly the panel follows a reader: ``make bench``. Not a test: figures depend on the machine.

The shipping panel on PySide6 (offscreen), the shipping scene code on slicer-core, the views drawn by Slicer's own
displayable managers (in software where there is no graphics card), and the networks in the real child process.
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "MSSTUNetReorient"), str(REPOSITORY / "Testing")]

import numpy as np
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import Pose
from MSSTUNetReorientLib.geometry.volume import Grid
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.geometry.volume import resample
from MSSTUNetReorientLib.io import read_study
from MSSTUNetReorientLib.panel.screen.layout_description import POLAR
from MSSTUNetReorientLib.panel.screen.slice_view import no_views
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.state.adjustment import CONTROLS
from MSSTUNetReorientLib.panel.worker.worker_process import ChildProcess
from MSSTUNetReorientLib.prediction.models import load_model
from MSSTUNetReorientLib.prediction.models import save_weights
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.scene import new_scene
from MSSTUNetReorientLib.scene.host import quiet
from MSSTUNetReorientLib.scene.nodes import add_volume
from panel.conftest import HandDelay
from panel.conftest import HandWorker
from panel.slicer_views import SlicerViews
from panel.slicer_views import can_render
from panel.test_panel_widget import Panel
from PySide6.QtCore import QTimer
from results import make_result

STEP_LIMIT_MS, SEGMENT_LIMIT_MS, ROWS_LIMIT_MS, BLOCK_LIMIT_MS = 33.0, 300.0, 300.0, 100.0
MAP_LIMIT_MS = 50.0
"""What the panel promises on two CPU cores, for a study of 128 voxels an edge."""
MAP_EDGES = (64, 128)
"""Voxels along an edge of the studies whose polar map is timed."""
NUDGES, RUNS = 1000, 50
FIELD_MM = 422.4
SAMPLE = REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"
BEAT_MS = 2

Row = tuple[str, str, str]


def main() -> None:
    """Measure and print a table; another model than the default one may be named."""
    rows: list[Row] = []
    for part in (_steps, *(partial(_map, edge=edge) for edge in MAP_EDGES), _growth, _child):
        with quiet(), new_scene() as scene:
            rows += part(scene)
    width = max(len(name) for name, _, _ in rows)
    sys.stdout.write("\n".join(f"{name:<{width}}  {value:>10}  {limit}" for name, value, limit in rows) + "\n")


def _shell(scene: Any, edge: int = 128) -> Any:
    """The shell in a field of view of 422 mm."""
    study = make_result(size=(edge, edge, edge), spacing=(FIELD_MM / edge,) * 3).study
    return add_volume(scene, Volume(study.array, study.grid), "Bench", float(study.array.max()))


def _ms(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return 1000 * (time.perf_counter() - start)


def _ready(scene: Any, views: Any = no_views, edge: int = 128) -> Panel:
    """A panel whose study was run."""
    _shell(scene, edge)
    worker = HandWorker()
    worker.quality = Quality("pass", (), {"axis_bound_deg": 5.0})
    panel = Panel(scene, worker, HandDelay(), views)
    panel.session.show_again()
    panel.session.review.run()
    panel.worker.answer()
    return panel


def _steps(scene: Any) -> list[Row]:
    """A slider step to sliders, pose, labels and all that is drawn in four slice views and in 3D; and its pictures."""
    if not can_render():
        return [("slider step", "-", "VTK cannot draw here")]
    views = SlicerViews(scene)
    panel = _ready(scene, views)
    views.render()

    def step(n: int) -> None:
        getattr(panel.ui, f"{CONTROLS[n % 6]}Slider").setValue(0.1 * (n % 37 + 1))

    steps, pictures = [], []
    for n in range(90):
        steps.append(_ms(lambda n=n: step(n)))  # type: ignore[misc]
        pictures.append(_ms(views.render))
    still = statistics.median(_ms(views.render) for _ in range(20))
    panel.session.show_rows(True)
    rests = [_ms(lambda n=n: _rest(panel, n)) for n in range(20)]  # type: ignore[misc]
    panel.close()
    views.close()
    return [
        ("slider step to pose, labels and drawings", f"{statistics.median(steps):.1f} ms", f"<= {STEP_LIMIT_MS:g} ms"),
        ("  its five pictures", f"{statistics.median(pictures):.1f} ms", f"{still:.1f} ms where nothing moved"),
        ("rows after the pause", f"{statistics.median(rests):.1f} ms", f"<= {ROWS_LIMIT_MS:g} ms"),
    ]


def _map(scene: Any, edge: int) -> list[Row]:
    """From a nudged pose to the polar map drawn, and the same for a pose that the study itself must be read for."""
    if not can_render():
        return [("polar map at a nudged pose", "-", "VTK cannot draw here")]
    views = SlicerViews(scene, (POLAR,))
    panel = _ready(scene, views, edge)
    review, view, times = panel.session.review, views.slices[POLAR], []
    for control, value in [(CONTROLS[n % 6], 0.1 * (n % 37 + 1)) for n in range(60)] + [("basal", 48.0)] * 20:
        review.nudge(control, value + 0.1 * (len(times) % 2))
        times.append(_ms(lambda: (panel.session.screen.polar.move(review.record), view.render())))
    panel.close()
    views.close()
    name = f"polar map at a nudged pose, drawn, study of {edge} voxels an edge"
    near, far = statistics.median(times[:60]), statistics.median(times[60:])
    return [(name, f"{near:.1f} ms", f"<= {MAP_LIMIT_MS:g} ms"), ("  from the study itself", f"{far:.1f} ms", "")]


def _rest(panel: Panel, n: int) -> None:
    panel.session.review.nudge("roll", 0.1 * n + 5.0)
    panel.delay.rest()


def _growth(scene: Any) -> list[Row]:
    """Memory and nodes after many nudges and runs."""
    panel = _ready(scene)
    for n in range(100):
        panel.session.review.nudge(CONTROLS[n % 6], 0.1 * (n % 37 + 1))
    nodes, memory = scene.GetNumberOfNodes(), _resident_mb()
    for n in range(NUDGES):
        panel.session.review.nudge(CONTROLS[n % 6], 0.1 * (n % 37 + 1))
    nudged = _resident_mb()
    for _ in range(RUNS):
        panel.session.review.run()
        panel.worker.answer()
    more_nodes, ran = scene.GetNumberOfNodes() - nodes, _resident_mb()
    panel.close()
    return [
        (f"memory after {NUDGES} nudges", f"{nudged - memory:+.0f} MB", "no growth"),
        (f"memory after {RUNS} runs more", f"{ran - nudged:+.0f} MB", "no growth"),
        ("nodes after both", f"{more_nodes:+d}", "no growth"),
    ]


def _resident_mb() -> float:
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text(encoding="utf-8").split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _child(scene: Any) -> list[Row]:
    """Runs and segmentations in the real child process, and the longest that the window did not answer meanwhile."""
    sample = read_study(SAMPLE)
    study = resample(sample, Grid.centred(128, 3.3, Pose(np.eye(3), sample.grid.centre)), order=1)
    add_volume(scene, study, "Sample", float(study.array.max()))
    with tempfile.TemporaryDirectory() as folder:
        panel = Panel(scene, ChildProcess(), HandDelay())  # type: ignore[arg-type]
        panel.session.review.client.model = _model(Path(folder))
        clock = _Clock(panel)
        panel.session.review.run()
        first = clock.until(lambda: panel.session.review.stage is not Stage.RUNNING)
        run = statistics.median(_timed(clock, panel.session.review.run, panel.session) for _ in range(3))
        times = []
        for n in range(7):
            panel.session.review.nudge("swing", float(n + 1))
            times.append(_timed(clock, panel.session.review.settle, panel.session))
        assert not panel.session.review.message, panel.session.review.message
        block = clock.longest_ms
        panel.close()
    return [
        ("first run, with the start of the child", f"{first:.0f} ms", ""),
        ("run", f"{run:.0f} ms", ""),
        ("segmentation again at a nudged pose", f"{statistics.median(times):.0f} ms", f"<= {SEGMENT_LIMIT_MS:g} ms"),
        ("longest block of the window in all of them", f"{block:.0f} ms", f"<= {BLOCK_LIMIT_MS:g} ms"),
    ]


def _model(folder: Path) -> str | None:
    """The model named, or the default one; random weights where there is none."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    try:
        load_model()
    except InputError:
        from MSSTUNetReorientLib.networks.configurations import build

        save_weights(build("compact"), "compact", folder / "random.npz")
        return str(folder / "random.npz")
    return None


def _timed(clock: _Clock, start: Callable[[], None], session: Session) -> float:
    start()
    return clock.until(lambda: session.review.stage is not Stage.RUNNING and not session.review.segmenting)


class _Clock:
    """Turns the event loop and knows the longest time it was not turned, the start of a job included."""

    def __init__(self, panel: Panel) -> None:
        self.app, self.longest_ms = panel.app, 0.0
        self._last = time.perf_counter()
        self._timer = QTimer()
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest_ms = max(self.longest_ms, 1000 * (now - self._last) - BEAT_MS)
        self._last = now

    def until(self, holds: Callable[[], bool]) -> float:
        """Milliseconds until something holds."""
        start = time.perf_counter()
        while not holds():
            self.app.processEvents()
            time.sleep(0.0005)
        self.app.processEvents()
        return 1000 * (time.perf_counter() - start)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
