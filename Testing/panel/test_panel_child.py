"""The real child process through a real QProcess: answers, progress, cancel, death; and the window stays awake."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
try:
    from PySide6.QtCore import QTimer
except ImportError as error:
    pytest.skip(f"Qt cannot be loaded ({error}); see .ci/run for the packages it needs", allow_module_level=True)

from MSSTUNetReorientLib.networks.configurations import build
from MSSTUNetReorientLib.panel.session import Session
from MSSTUNetReorientLib.panel.session import Stage
from MSSTUNetReorientLib.panel.worker import worker_process
from MSSTUNetReorientLib.panel.worker.worker_process import ChildProcess
from MSSTUNetReorientLib.prediction.models import save_weights

from panel import host
from panel.conftest import HandDelay

PATIENCE_S = 120.0
"""A loaded machine may be slow; a quiet one needs five seconds."""


class Loop:
    """The application's event loop, turned until something holds; knows the longest time it was not turned."""

    def __init__(self) -> None:
        host.install()
        self.app = host.application()
        self.longest_s = 0.0

    def until(self, holds: Callable[[], bool]) -> None:
        timer, last = QTimer(), [time.perf_counter()]

        def beat() -> None:
            now = time.perf_counter()
            self.longest_s, last[0] = max(self.longest_s, now - last[0]), now

        timer.timeout.connect(beat)
        timer.start(5)
        end = time.perf_counter() + PATIENCE_S
        while not holds():
            assert time.perf_counter() < end, "nothing came"
            self.app.processEvents()
            time.sleep(0.002)
        timer.stop()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random ones: how it runs is asked here, not how well."""
    path = tmp_path_factory.mktemp("weights") / "random.npz"
    save_weights(build("compact"), "compact", path)
    return path


@pytest.fixture(scope="module")
def process() -> Iterator[ChildProcess]:
    """One for all tests: loading torch takes its time."""
    host.install()
    host.application()
    made = ChildProcess()
    yield made
    made.stop()


@pytest.fixture
def running(scene: Any, study: Any, weights: Path, process: ChildProcess) -> Iterator[Session]:
    """A session in the middle of its first run."""
    session = Session(scene, process, HandDelay(), model=str(weights))
    session.choose(study)
    session.review.run()
    yield session
    session.review.delay.stop()


def test_run_then_segment_elsewhere(running: Session) -> None:
    loop, steps = Loop(), []
    running.changed = lambda: steps.append(running.review.step)
    loop.until(lambda: running.review.stage is not Stage.RUNNING)
    assert running.review.message == ""
    assert running.review.stage is Stage.ADJUSTING
    assert {"starting the network", "locating the left ventricle", "segmenting"} <= set(steps)
    assert running.review.record.model.name == "random"
    running.review.nudge("swing", 10.0)
    running.review.settle()
    loop.until(lambda: not running.review.segmenting)
    assert running.review.message == ""
    assert not running.review.record.labels_follow
    grid = running.review.nodes.node("short_axis")
    assert np.isfinite(grid.GetSpacing()).all()
    assert loop.longest_s < 1.0  # the window stays awake; the benchmark has the figure


def test_cancel_and_run_again(running: Session) -> None:
    loop = Loop()
    loop.until(lambda: running.review.step != "preparing the study")
    running.review.cancel()
    assert running.review.stage is Stage.READY
    running.review.run()
    loop.until(lambda: running.review.stage is not Stage.RUNNING)
    assert running.review.stage is Stage.ADJUSTING


def test_a_wrong_model_is_said_in_words(scene: Any, study: Any, process: ChildProcess, tmp_path: Path) -> None:
    session = Session(scene, process, HandDelay(), model=str(tmp_path / "none.npz"))
    session.choose(study)
    session.review.run()
    Loop().until(lambda: session.review.stage is not Stage.RUNNING)
    assert "a weight file must be readable" in session.review.message


ENDS = {
    "raise ModuleNotFoundError('no torch here')": "ModuleNotFoundError: no torch here",
    "import os; os.kill(os.getpid(), 9)": "it was killed, possibly for lack of memory",
    "import sys; sys.exit('python-real: line 7: 4711 Killed')": "it exited with code 1",
    "import os; print('line 7: 4711 Killed', flush=True); os._exit(137)": "it was killed, possibly",
}
"""What the child does, and what the reader is told: Python's own error, or how it ended, never a shell's line."""


@pytest.mark.parametrize(("code", "words"), ENDS.items())
def test_a_dying_child_is_told(scene: Any, study: Any, monkeypatch: pytest.MonkeyPatch, code: str, words: str) -> None:
    host.install()
    host.application()
    monkeypatch.setattr(worker_process, "BOOT", code)
    worker = ChildProcess()
    session = Session(scene, worker, HandDelay())
    session.choose(study)
    session.review.run()
    process = worker._process
    Loop().until(lambda: session.review.stage is not Stage.RUNNING)
    assert session.review.message.startswith(f"The process that runs the network ended: {words}")
    assert "4711" not in session.review.message
    assert "No data are lost: press the button again" in session.review.message
    assert worker._ended is process  # PythonQt would have deleted it in the midst of its last signal
    session.close()


def test_a_program_that_cannot_be_started_is_told(scene: Any, study: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such a process never finishes; it only says that an error occurred."""
    host.install()
    host.application()
    monkeypatch.setattr(worker_process, "python_executable", lambda: "/no/such/python")
    session = Session(scene, ChildProcess(), HandDelay())
    session.choose(study)
    session.review.run()
    Loop().until(lambda: session.review.stage is not Stage.RUNNING)
    assert session.review.message.startswith("The process that runs the network ended: ")
    session.close()


LAUNCHER = """#!{python}
import pathlib, subprocess, sys
started = subprocess.Popen(["{python}", *sys.argv[1:]])
pathlib.Path("{told}").write_text(str(started.pid))
started.wait()
"""
"""As PythonSlicer: it starts Python with its own standard streams and waits."""


@pytest.mark.skipif(sys.platform == "win32", reason="the launcher here is a script")
def test_cancel_reaches_the_worker_behind_a_launcher(
    scene: Any, study: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host.install()
    host.application()
    launcher, told = tmp_path / "launcher", tmp_path / "pid"
    launcher.write_text(LAUNCHER.format(python=sys.executable, told=told))
    launcher.chmod(0o755)
    monkeypatch.setattr(worker_process, "python_executable", lambda: str(launcher))
    session, loop = Session(scene, ChildProcess(), HandDelay()), Loop()
    session.choose(study)
    session.review.run()
    loop.until(lambda: session.review.step == "starting the network" and told.exists())
    session.review.cancel()
    loop.until(lambda: not alive(int(told.read_text(encoding="utf-8"))))
    session.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def test_python_is_slicers_own_inside_slicer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_process.shutil, "which", lambda name: f"/slicer/bin/{name}")
    assert worker_process.python_executable() == "/slicer/bin/PythonSlicer"
    monkeypatch.setattr(worker_process.shutil, "which", lambda name: None)
    assert worker_process.python_executable() == sys.executable
