"""Ctrl-C at any moment: only the process that started the others hears it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from MSSTUNetReorientLib.simulation.processes import KEPT_MEMORY
from MSSTUNetReorientLib.simulation.processes import in_processes
from places import REPOSITORY

SCRIPT = """
import signal, sys, time
from MSSTUNetReorientLib.simulation.processes import in_processes
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
if __name__ == "__main__":
    print("started", flush=True)
    try:
        print(list(in_processes(time.sleep, [0.01] * 2000, 2, time.sleep, (0.0,))))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 1.0])
def test_only_the_first_process_hears_ctrl_c(seconds: float) -> None:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "MSSTUNetReorient")}
    running = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (0, "", "interrupted\n")


def test_every_result_comes_once() -> None:
    assert sorted(in_processes(abs, [-3, 1, -2], 2, abs, (0,))) == [1, 2, 3]


def test_each_process_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has chosen stays, and so does the environment of this process."""
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", "77")
    before = dict(os.environ)
    names = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_"]
    assert set(in_processes(os.getenv, names, 1, abs, (0,))) == {KEPT_MEMORY[names[0]], "77"}
    assert dict(os.environ) == before
