"""Processes that work on tasks: they may die, and every task has an outcome."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from MSSTUNetReorientLib.commands.crew import DiedError
from MSSTUNetReorientLib.commands.crew import by_processes
from places import REPOSITORY

Job = tuple[str, str]


def nothing() -> None:
    pass


def work(job: Job) -> str:
    """Write down each try; do what the name says."""
    name, folder = job
    log = Path(folder) / name
    tries = len(log.read_text()) if log.exists() else 0
    log.write_text("x" * (tries + 1))
    if name.startswith("dies") and (tries == 0 or name.endswith("always")):
        os._exit(7)
    if name == "raises":
        msg = "not for long"
        raise ValueError(msg)
    return name.upper()


def test_every_task_has_an_outcome_although_processes_die(tmp_path: Path) -> None:
    names = ["a", "dies once", "b", "dies always", "c", "d"]
    found = {job[0]: done for job, done in by_processes(work, [(n, str(tmp_path)) for n in names], 2, nothing, ())}
    assert set(found) == set(names)
    died = found.pop("dies always")
    assert isinstance(died, DiedError)
    assert str(died) == "the process that worked on it ended with code 7"
    assert found == {name: name.upper() for name in names if name != "dies always"}
    assert {path.name: len(path.read_text()) for path in tmp_path.iterdir()} == {
        name: 1 + name.startswith("dies") for name in names
    }


def test_an_error_ends_it(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not for long"):
        list(by_processes(work, [("raises", str(tmp_path))], 1, nothing, ()))


SCRIPT = """
import signal, sys, time
from pathlib import Path
from MSSTUNetReorientLib.commands.crew import by_processes
signal.signal(signal.SIGINT, signal.default_int_handler)
def work(path):
    Path(path).with_suffix(".begun").touch()
    time.sleep(0.4 + 2 * (int(Path(path).stem) % 2))
    Path(path).touch()
if __name__ == "__main__":
    try:
        for n, _ in enumerate(by_processes(work, sys.argv[1:], 2, time.sleep, (0,))):
            print("done", flush=True)
    except KeyboardInterrupt:
        print("interrupted")
"""


def started(tmp_path: Path) -> subprocess.Popen[str]:
    """A run of 20 tasks, of which every second is slow; the first is done, so a slow one is not."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    tasks = [str(tmp_path / f"{n}.task") for n in range(20)]
    running = subprocess.Popen(
        [sys.executable, str(script), *tasks],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY / "MSSTUNetReorient")},
        start_new_session=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "done\n"
    return running


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups to interrupt")
def test_ctrl_c_lets_running_tasks_end_and_drops_the_others(tmp_path: Path) -> None:
    running = started(tmp_path)
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=60)
    begun, done = ({path.stem for path in tmp_path.glob(f"*.{end}")} for end in ("begun", "task"))
    assert (out.splitlines()[-1], err) == ("interrupted", "")
    assert begun == done
    assert 1 <= len(done) < 20


@pytest.mark.skipif(os.name == "nt", reason="POSIX only")
def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    """Killed without a chance to say so: nobody works on behind its back, not even to the end of a task."""
    running = started(tmp_path)
    running.kill()
    running.communicate(timeout=60)  # the pipes close with the last process
    begun, done = ({path.stem for path in tmp_path.glob(f"*.{end}")} for end in ("begun", "task"))
    assert begun > done
    time.sleep(1.0)
    assert len(list(tmp_path.glob("*.begun"))) == len(begun) < 20


def threads_and_memory(_: int) -> tuple[str | None, str | None]:
    return os.environ.get("OPENBLAS_NUM_THREADS"), os.environ.get("MALLOC_TRIM_THRESHOLD_")


def test_each_process_has_one_thread_and_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the user has chosen stays, and so does the environment of this process."""
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "77")
    before = dict(os.environ)
    [(_, found)] = by_processes(threads_and_memory, [0], 1, nothing, ())
    assert found == ("1", "77")
    assert dict(os.environ) == before
