"""A short run of the fuzzer, and readers with planted faults, each of which it must find."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from MSSTUNetReorientLib import io as readers
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.volume import Volume

pytest.importorskip("resource", reason="the fuzzer bounds memory as POSIX systems do")

from fuzz import run as runner
from fuzz.bases import KINDS
from fuzz.bases import MAKERS
from fuzz.bases import base
from fuzz.mutations import Mutant
from fuzz.mutations import mutate
from fuzz.oracle import ALIKE
from fuzz.oracle import FINDING
from fuzz.oracle import REFUSED
from fuzz.oracle import Verdict
from fuzz.oracle import judge
from fuzz.oracle import read

INPUTS = 300


@pytest.mark.parametrize("kind", KINDS)
def test_the_clean_study_is_read_without_a_warning(kind: str) -> None:
    clean = base(kind)
    assert read(kind, clean, Mutant(clean.files, "nothing", True), {}) == (ALIKE, "")


def test_nothing_is_found() -> None:
    verdicts = [judge(seed) for seed in range(INPUTS)]
    assert [v for v in verdicts if v.outcome == FINDING] == []
    assert {ALIKE, REFUSED} <= {v.outcome for v in verdicts}


def test_a_seed_always_makes_the_same_input() -> None:
    for seed in range(50):
        first, second = (mutate(base(KINDS[seed % len(KINDS)]), np.random.default_rng(seed)) for _ in range(2))
        assert first == second


@pytest.mark.parametrize("kind", KINDS)
def test_a_base_is_always_the_same_bytes(kind: str) -> None:
    assert MAKERS[kind]() == MAKERS[kind]()


def planted(monkeypatch: pytest.MonkeyPatch, reader: Any, **options: Any) -> tuple[str, str]:
    """What the oracle says of a faulty reader of a clean NRRD."""
    monkeypatch.setattr(readers, "read_study", reader)
    clean = base("NRRD")
    return read("NRRD", clean, Mutant(clean.files, "nothing", True), options)


READ = readers.read_study


def crashing(path: Path, **options: Any) -> Volume:
    raise KeyError(path)


def talkative(path: Path, **options: Any) -> Volume:
    msg = "two\nlines"
    raise InputError(msg)


def naming(path: Path, **options: Any) -> Volume:
    msg = "no image of Secret^Sophie"
    raise InputError(msg)


def telling(path: Path, **options: Any) -> Volume:
    volume = READ(path, **options)
    return Volume(volume.array, volume.grid, volume.info | {"series": "Rest of Sophie"})


def flipping(path: Path, **options: Any) -> Volume:
    volume = READ(path, **options)
    return Volume(volume.array[:, :, ::-1].copy(), volume.grid, volume.info)


def littering(path: Path, **options: Any) -> Volume:
    path.with_suffix(".tmp").touch()
    return READ(path, **options)


@pytest.mark.parametrize(
    ("reader", "words"),
    [(crashing, "KeyError"), (talkative, "several lines"), (naming, "names Secret"), (telling, "info names"),
     (flipping, "differs without a warning: counts"), (littering, "left behind")],
)  # fmt: skip
def test_planted_faults_are_found(reader: Any, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, detail = planted(monkeypatch, reader)
    assert outcome == FINDING
    assert words in detail


def test_a_difference_with_a_warning_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def warned(path: Path, **options: Any) -> Volume:
        volume = flipping(path, **options)
        return Volume(volume.array, volume.grid, volume.info | {"warnings": ["Look."]})

    assert planted(monkeypatch, warned)[0] == "warned"


def ending(seed: int) -> Verdict:
    """In a process of its own: aborts, hangs, or takes memory."""
    if seed == 3:
        os.abort()
    if seed == 5:
        time.sleep(60)
    if seed == 7:
        np.ones(2_200_000_000, np.int8)
    return Verdict(seed, KINDS[0], "", ALIKE)


def test_aborts_and_hangs_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "HANG_S", 4.0)
    verdicts = {v.seed: v for v in runner.run([1, 2, 3, 4, 5, 6], 2, ending)}
    assert sorted(verdicts) == [1, 2, 3, 4, 5, 6]
    assert {seed for seed, v in verdicts.items() if v.outcome == FINDING} == {3, 5}
    assert "died with exit code -6" in verdicts[3].detail
    assert "no end within" in verdicts[5].detail


def test_too_much_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "HANG_S", 60.0)  # filling it takes a loaded machine a while
    found = {v.seed: v.detail for v in runner.run([7, 8], 1, ending) if v.outcome == FINDING}
    assert list(found) == [7]
    assert "MB of memory" in found[7]
