"""Reads a changed study and says what became of it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from MSSTUNetReorientLib import io as readers
from MSSTUNetReorientLib.errors import InputError
from MSSTUNetReorientLib.geometry.pose import angle_between
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.io import read_study

from .bases import KINDS
from .bases import SECRETS
from .bases import Base
from .bases import base
from .mutations import Mutant
from .mutations import mutate

SAME_MM, SAME_DEG, SAME_COUNTS = 0.5, 0.5, 1e-3
ALIKE, WARNED, REFUSED, DIFFERS, FINDING = "alike", "warned", "refused", "differs, as it may", "finding"

OPTIONS: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {}, {"gate": 1}, {"window": "1"}, {"frames": (1, 2)}, {"orientation": "RAS"}, {"short_axis": True},
)  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """What became of one input."""

    seed: int
    kind: str
    what: str
    outcome: str
    detail: str = ""


def judge(seed: int) -> Verdict:
    """Make the input of a seed, read it, and judge."""
    rng = np.random.default_rng(seed)
    kind = KINDS[int(rng.integers(len(KINDS)))]
    clean = base(kind)
    mutant = mutate(clean, rng)
    extra = OPTIONS[int(rng.integers(len(OPTIONS)))]
    outcome, detail = read(kind, clean, mutant, extra)
    return Verdict(seed, kind, mutant.what + (f" {extra}" if extra else ""), outcome, detail)


def read(kind: str, clean: Base, mutant: Mutant, extra: dict[str, Any]) -> tuple[str, str]:
    """Outcome and, of a finding, what was found."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder, temporary = Path(place) / "study", Path(place) / "tmp"
        write(mutant.files, folder)
        temporary.mkdir()
        former, tempfile.tempdir = tempfile.tempdir, str(temporary)
        try:
            volume = readers.read_study(folder / clean.target, **(clean.options | extra))
        except InputError as error:
            outcome, detail = _refusal(str(error), place)
        except Exception as error:
            outcome, detail = FINDING, f"{type(error).__name__}: {error}"
        else:
            outcome, detail = _study(volume, kind, mutant, extra)
        finally:
            tempfile.tempdir = former
        left = [p.name for p in temporary.iterdir()]
        names = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
        if left or names != set(mutant.files):
            return FINDING, f"left behind: {left or sorted(names ^ set(mutant.files))}"
        return outcome, detail


def write(files: dict[str, bytes], folder: Path) -> None:
    """Files into a new folder."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _refusal(message: str, place: str) -> tuple[str, str]:
    if "\n" in message:
        return FINDING, f"a refusal of several lines: {message!r}"
    leaked = _leak(message)
    return (FINDING, f"a refusal that names {leaked}: {message}") if leaked else (REFUSED, message.replace(place, ""))


def _leak(text: str) -> str:
    return next((secret for secret in SECRETS if secret in text), "")


def _study(volume: Volume, kind: str, mutant: Mutant, extra: dict[str, Any]) -> tuple[str, str]:
    leaked = _leak(json.dumps(volume.info))
    if leaked:
        return FINDING, f"info names {leaked}"
    difference = _difference(volume, kind, extra)
    if not difference:
        return ALIKE, ""
    if volume.info.get("warnings"):
        return WARNED, difference
    return (FINDING, f"differs without a warning: {difference}") if mutant.must_agree else (DIFFERS, difference)


def _difference(volume: Volume, kind: str, extra: dict[str, Any]) -> str:
    """How a study differs from the clean one read with the same options; empty where it does not."""
    expected = clean_study(kind, json.dumps(extra, sort_keys=True))
    if expected is None:
        return "the clean study is refused with these options"
    if volume.array.shape != expected.array.shape:
        return f"shape {volume.array.shape} for {expected.array.shape}"
    corners = np.abs(volume.grid.corners() - expected.grid.corners()).max()
    if corners > SAME_MM:
        return f"corners are {corners:.3g} mm off"
    turns = [angle_between(a, b) for a, b in zip(volume.grid.direction.T, expected.grid.direction.T, strict=True)]
    if max(turns) > SAME_DEG:
        return f"axes are {max(turns):.3g} degrees off"
    a, b = volume.array.astype(float), expected.array.astype(float)
    residual = np.abs(a - b * ((a * b).sum() / (b * b).sum())).max() / np.abs(a).max()
    return f"counts differ by {residual:.3g} of the largest" if residual > SAME_COUNTS else ""


@cache
def clean_study(kind: str, options: str) -> Volume | None:
    """The clean study as the true reader reads it with options; None where it is refused.

    The reader under test is ``readers.read_study``, which tests exchange.
    """
    clean, extra = base(kind), json.loads(options)
    if "frames" in extra:
        extra["frames"] = tuple(extra["frames"])
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        write(clean.files, Path(place) / "study")
        try:
            return read_study(Path(place) / "study" / clean.target, **(clean.options | extra))
        except InputError:
            return None
