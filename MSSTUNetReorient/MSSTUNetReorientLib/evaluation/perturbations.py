"""How far a result moves when a study changes in ways that leave its heart unchanged. No truth is needed.

The roll of a patient that is turned follows from the long axis anew, as the clinic's does.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from ..geometry.pose import Pose
from ..geometry.volume import MIN_SIZE
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..prediction.result import Result
from .tables import Table
from .tables import number

LENGTH_MM, WIDTH_MM = 140.0, 190.0
"""Field of view left round the LV, along the patient and across."""
VOXELS_MM = (3.0, 5.0, 6.8)
TURN_DEG = 12.0
GRAIN = (0.05, 0.1)
"""Standard deviation of added noise at the brightest counts; elsewhere it goes with their root."""
BLUR_MM = (6.0, 10.0)
"""Full width at half maximum."""

Array = NDArray[np.float64]
STILL = Pose(np.eye(3), np.zeros(3))


@dataclass(frozen=True, eq=False)
class Change:
    """A study changed.

    Attributes:
        name: what was done; several changes may share it.
        study: the result.
        moved: where a point of the patient lies now, ``moved.apply(x)`` LPS mm.
    """

    name: str
    study: Volume
    moved: Pose = STILL


@dataclass(frozen=True)
class Shift:
    """How far an answer moved, and whether its verdict did.

    Attributes:
        long_axis_deg, roll_deg, centre_mm: as for errors of a pose (conventions); wall_percent: change of LV-MY.
    """

    change: str
    long_axis_deg: float
    roll_deg: float
    centre_mm: float
    wall_percent: float
    verdict_changed: bool


def changes(study: Volume, centre: Array) -> Iterator[Change]:
    """Other fields of view, voxels, positions of the patient, noise and resolution.

    Args:
        study: transaxial counts; centre: ``(3,)`` of the LV, LPS mm.
    """
    yield Change(f"field of {LENGTH_MM:g} mm along the patient", _cut(study, centre, along=LENGTH_MM))
    yield Change(f"field of {WIDTH_MM:g} mm across", _cut(study, centre, across=WIDTH_MM))
    for spacing in VOXELS_MM:
        size = int(study.grid.extent.max() / spacing) + 1
        grid = Grid.centred(size, spacing, Pose(np.eye(3), study.grid.centre))
        yield Change(f"voxels of {spacing:g} mm", resample(study, grid, order=1))
    for axis in np.eye(3):
        for degrees in (-TURN_DEG, TURN_DEG):
            yield _turned(study, np.deg2rad(degrees) * axis)
    rng = np.random.default_rng(0)
    for amount in GRAIN:
        yield Change(f"noise of {100 * amount:g} %", with_noise(study, amount, rng))
    for width in BLUR_MM:
        sigma = width / 2.355 / study.grid.spacing[::-1]
        yield Change(f"blurred by {width:g} mm", _of(study, ndimage.gaussian_filter(study.array, sigma)))


def shifts(study: Volume, answer: Callable[[Volume], Result]) -> list[Shift]:
    """How far the answer for each changed study lies from that for the study itself."""
    first = answer(study)
    return [_shift(change, first, answer(change.study)) for change in changes(study, first.pose.centre)]


def _shift(change: Change, first: Result, now: Result) -> Shift:
    moved = change.moved @ first.pose
    expected = Pose.from_long_axis(moved.long_axis, moved.centre)
    before, after = (r.volumes_ml["myocardium"] for r in (first, now))
    return Shift(
        change.name,
        now.pose.long_axis_error(expected),
        now.pose.roll_error(expected),
        now.pose.centre_error(expected),
        100 * abs(after / before - 1) if before else float("nan"),
        first.quality.status != now.quality.status,
    )


def table(found: Sequence[Shift]) -> Table:
    """A row per change: median and worst over studies; the last row is over all."""
    head = ("changed", "long axis (deg)", "roll (deg)", "centre (mm)", "LV-MY volume (%)", "verdict changed")
    names = list(dict.fromkeys(s.change for s in found))
    rows = [_row(name, [s for s in found if s.change == name]) for name in names]
    return Table(head, (*rows, _row("all", found)))


def _row(name: str, found: Sequence[Shift]) -> tuple[str, ...]:
    columns = ((s.long_axis_deg, s.roll_deg, s.centre_mm, s.wall_percent) for s in found)
    cells = (f"{number(float(np.median(c)), 1)}; {number(max(c), 1)}" for c in zip(*columns, strict=True))
    return (name, *cells, f"{sum(s.verdict_changed for s in found)}/{len(found)}")


def _of(study: Volume, array: NDArray[np.floating]) -> Volume:
    return Volume(np.asarray(array, np.float32), study.grid, study.info)


def _cut(study: Volume, centre: Array, along: float = np.inf, across: float = np.inf) -> Volume:
    """The voxels within half of these lengths of a point, but at least as many as a study must have."""
    grid = study.grid
    length = np.full(3, across)
    length[int(np.abs(grid.direction[2]).argmax())] = along
    half = np.maximum(length / 2 / grid.spacing, MIN_SIZE / 2 + 1)
    size, middle = np.array(grid.size), grid.index_of(centre)
    first = np.clip(np.ceil(middle - half), 0, size - MIN_SIZE).astype(int)
    last = np.clip(np.floor(middle + half), first + MIN_SIZE - 1, size - 1).astype(int)
    return study.part(first, last)


def _turned(study: Volume, vector: Array) -> Change:
    """The patient turned about the middle of the field, and the voxels with them: nothing is interpolated."""
    turn = Rotation.from_rotvec(vector).as_matrix()
    grid = study.grid
    moved = Pose(turn, grid.centre - turn @ grid.centre)
    there = Grid(grid.size, grid.spacing, moved.apply(grid.origin), turn @ grid.direction)
    return Change(f"patient rotated by {TURN_DEG:g} degrees", Volume(study.array, there, study.info), moved)


def with_noise(study: Volume, amount: float, rng: np.random.Generator) -> Volume:
    """Noise as coarse as a reconstruction's, which goes with the root of the counts."""
    noise = ndimage.gaussian_filter(rng.standard_normal(study.array.shape), 0.7)
    counts = np.clip(study.array, 0, None)
    bright = float(np.percentile(counts, 99.8))
    return _of(study, np.clip(counts + amount * noise / noise.std() * np.sqrt(counts * bright), 0, None))
