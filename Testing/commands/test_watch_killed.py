"""A watcher that is killed at random moments: every study is once in the output and once in the archive."""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pydicom
import pytest
import SimpleITK as sitk
from commands.watching import pet
from commands.watching import spect
from commands.watching import watch_quickly
from commands.watching import within
from places import REPOSITORY

KILLS = 50
LONGEST_LIFE_S = 0.5
posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((out / "studies").glob("*.json"))]


def states(out: Path) -> Counter[str]:
    return Counter(record["state"] for record in records(out))


def rows(out: Path) -> list[dict[str, str]]:
    """Of the table; none as long as there is no table."""
    if not (out / "results.csv").is_file():
        return []
    with (out / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def add(inbox: Path, step: int) -> Counter[str]:
    """New files of the patient who must not leak, of step after step another one; return what is there more.

    A study alone, rest, stress for the rest that is done, and both at once.
    """
    kind, folder = step % 4, inbox / "Secret^Sophie"
    patient = f"ID-4711-{step - (kind == 2)}"
    if kind == 0:
        pet(inbox / f"{step}", "Rest", patient)
    if kind in (1, 3):
        spect(folder / f"rest {step}.dcm", "Rest", patient)
    if kind in (2, 3):
        spect(folder / f"stress {step}.dcm", "Stress", patient)
    return Counter(studies=1 + (kind == 3), pairs=int(kind > 1), alone=int(kind < 2))


@posix
@pytest.mark.slow
def test_every_study_is_there_exactly_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive that fails every tenth time; studies are added when all are done, and the first is sent twice."""
    inbox, out, archive, log = (tmp_path / name for name in ("in", "out", "archive", "log.txt"))
    inbox.mkdir()
    archive.mkdir()
    path = os.pathsep.join(str(REPOSITORY / name) for name in ("MSSTUNetReorient", "Testing"))
    monkeypatch.setenv("PYTHONPATH", path)  # without it the server could not load the module once for all watchers
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["commands.watching"])
    wanted, step, killed_at_work, chance = Counter[str](), 0, 0, random.Random(4711)

    def started(at_work: bool) -> Any:
        """A watcher that has begun, or that has begun to look into the folder."""
        ready = tmp_path / "ready"
        process = context.Process(target=watch_quickly, args=(inbox, out, archive, 0.1, log, ready))
        process.start()
        while at_work and not ready.exists():
            assert process.is_alive()
            time.sleep(0.005)
        ready.unlink(missing_ok=True)
        return process

    for kill in range(KILLS):
        if states(out)["done"] == wanted["studies"] + wanted["pairs"]:
            wanted += add(inbox, step)
            step += 1
        if kill == 21:
            shutil.copytree(inbox / "0", inbox / "again")
        watcher = started(at_work=kill % 5 > 0)
        time.sleep(LONGEST_LIFE_S * chance.uniform(0.0, 1.0) ** 2)
        killed_at_work += states(out)["done"] < wanted["studies"] + wanted["pairs"]
        os.kill(watcher.pid, signal.SIGKILL)
        watcher.join()
    done_before = states(out)["done"]
    watcher = started(at_work=False)
    for _ in within(60):  # what was sent is removed last
        at_rest = states(out)["done"] == wanted["studies"] + wanted["pairs"] and not list((out / "outgoing").iterdir())
        paired = sum("/" in row["result"] for row in rows(out)) == 2 * wanted["pairs"]
        if at_rest and paired and len(rows(out)) == wanted["studies"]:
            break
    watcher.kill()
    watcher.join()
    assert killed_at_work > KILLS / 10
    assert done_before > 0
    assert states(out) == {"done": wanted["studies"] + wanted["pairs"]}
    names = {record["study"] for record in records(out)}
    keys, pairs = {name for name in names if "-" not in name}, {name for name in names if "-" in name}
    assert (len(keys), len(pairs)) == (wanted["studies"], wanted["pairs"])
    assert {path.parent.name for path in out.glob("*/pair.json")} == pairs
    alone = {path.parent.name for path in out.glob("*/result.json")}
    assert alone <= keys
    assert len(alone) == wanted["alone"]
    assert [row["study"] for row in rows(out)] == sorted(keys)
    assert {row["result"].split("/")[0] for row in rows(out)} >= pairs
    sources = [pydicom.dcmread(path).ReferencedImageSequence[0].ReferencedSOPInstanceUID for path in archive.iterdir()]
    assert len(sources) == len(set(sources)) == wanted["studies"]
    assert list((out / "outgoing").iterdir()) == []
    assert not list(out.rglob(".reorient*"))
    told = log.read_text() + (out / "watch.json").read_text() + (out / "results.csv").read_text()
    assert not [word for word in ("Secret", "ID-4711", "19510203", str(inbox)) if word in told]


@posix
@pytest.mark.slow
def test_the_real_step(tmp_path: Path) -> None:
    """The whole command with its processes and its network, killed five times while it works on a study and a pair."""
    sample = sitk.ReadImage(str(REPOSITORY / "Resources" / "SampleData" / "spect_phantom.nrrd"))
    inbox, out, chance = tmp_path / "in", tmp_path / "out", random.Random(2)
    inbox.mkdir()
    for name, power in (("alone", 1.0), ("stress", 1.1), ("rest", 0.9)):  # copies would be no pair
        sitk.WriteImage(sitk.Pow(sitk.Cast(sample, sitk.sitkFloat32), power), str(inbox / f"{name}.nrrd"))
    command = [sys.executable, "-m", "MSSTUNetReorientLib", "watch", str(inbox), "--out", str(out), "--wait", "0.2"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "MSSTUNetReorient"), "OMP_NUM_THREADS": "1"}
    for kill in range(6):
        with subprocess.Popen([*command, "--jobs", "1"], env=environment, stderr=subprocess.PIPE) as watcher:
            for _ in within(480):
                assert watcher.poll() is None, watcher.communicate()
                if (states(out) == {"done": 4} and len(rows(out)) == 3) or (kill < 5 and states(out)["begun"]):
                    break
            time.sleep(chance.uniform(0.0, 15.0) if kill < 5 else 0.0)
            watcher.kill()
    assert states(out) == {"done": 4}
    assert [len(list(out.glob(f"*/{name}"))) for name in ("result.json", "pair.json")] == [1, 1]
    assert sorted(row["phase"] for row in rows(out)) == ["", "rest", "stress"]
    assert {row["status"] for row in rows(out)} <= {"pass", "review"}
