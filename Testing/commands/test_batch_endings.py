"""A batch that is killed: the same call goes on, every study is there once, and the bytes are those of a quiet run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from MSSTUNetReorientLib.geometry.volume import Volume
from places import REPOSITORY
from results import make_result

STUDIES = 12
SCRIPT = """
import os, sys, time
from dataclasses import replace
from types import SimpleNamespace
from results import make_result

def predict(volume, **_):
    time.sleep(float(os.environ["SECONDS"]))
    return replace(make_result(), study=volume)

device = SimpleNamespace(type="cpu")
fake = SimpleNamespace(predict=predict, choose_device=lambda _: device)
sys.modules["MSSTUNetReorientLib.prediction.predictor"] = fake
if __name__ == "__main__":
    from MSSTUNetReorientLib.commands.cli import main
    sys.exit(main(["batch", *sys.argv[1:], "--no-pictures", "--jobs", "2"]))
"""
"""The whole command with a fixed result for each study, in two processes."""


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    study = make_result().study
    (tmp_path / "in").mkdir()
    for n in range(STUDIES):
        counts = (study.array * (n + 1)).astype(np.float32)
        sitk.WriteImage(Volume(counts, study.grid).to_sitk(), str(tmp_path / "in" / f"{n}.nrrd"))
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path / "in"


def started(studies: Path, out: str, seconds: float) -> subprocess.Popen[str]:
    folder = studies.parent
    path = os.pathsep.join(str(REPOSITORY / name) for name in ("MSSTUNetReorient", "Testing"))
    return subprocess.Popen(
        [sys.executable, str(folder / "script.py"), str(studies), "--out", str(folder / out)],
        env=os.environ | {"PYTHONPATH": path, "SECONDS": str(seconds)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def finished(out: Path) -> int:
    return len(list(out.glob("*/result.json")))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def stopped_after(running: subprocess.Popen[str], out: Path, results: int, number: int) -> tuple[str, str]:
    """Send a signal to the first process alone when so many results are there; wait for the others to end too."""
    while finished(out) < results:
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(number)
    return running.communicate(timeout=120)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_batch_that_is_stopped_goes_on(studies: Path) -> None:
    quiet, stopped = studies.parent / "quiet", studies.parent / "stopped"
    assert started(studies, "quiet", 0).communicate(timeout=240)[1].count("\n") == 1
    running = started(studies, "stopped", 0.6)
    stopped_after(running, stopped, 2, signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    assert 2 <= finished(stopped) < STUDIES
    assert not (stopped / "results.csv").exists()
    running = started(studies, "stopped", 0.6)
    _, err = stopped_after(running, stopped, 4, signal.SIGTERM)
    assert (running.returncode, err.splitlines()[-1]) == (143, "msstunet-reorient: terminated")
    before = finished(stopped)
    assert 4 <= before < STUDIES
    assert (stopped / "results.csv").read_text().count("\n") == 1 + before  # those that were running were finished
    running = started(studies, "stopped", 0)
    out, _ = running.communicate(timeout=240)
    assert (running.returncode, out.splitlines()[0]) == (0, f"{STUDIES} studies (0 pairs): {STUDIES} review")
    assert contents(stopped) == contents(quiet)
    assert not list(stopped.glob(".reorient*"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_two_at_once(studies: Path) -> None:
    """The second is refused, and the first goes on."""
    first = started(studies, "out", 0.2)
    while not (studies.parent / "out" / "batch.json").exists():
        assert first.poll() is None, first.communicate()
        time.sleep(0.02)
    second = started(studies, "out", 0)
    _, err = second.communicate(timeout=240)
    assert second.returncode == 2
    assert "another run is working in this folder" in err
    first.communicate(timeout=240)
    assert (first.returncode, finished(studies.parent / "out")) == (0, STUDIES)
