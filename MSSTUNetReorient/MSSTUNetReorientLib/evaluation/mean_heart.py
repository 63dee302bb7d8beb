"""A mean left ventricle in the short-axis frame: from measured hearts, or from this project's simulator."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import ndimage

from ..errors import InputError
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..simulation.draw import draw_parameters
from ..simulation.render import render
from ..simulation.sources import HeartCounts
from ..simulation.sources import load_counts
from ..simulation.splits import COUNTS_SUBJECTS

SIZE, SPACING = 44, 3.2
"""The template's cube: voxels along an edge, and mm."""
MARGIN_MM = 10.0
"""How much of the LV's surroundings takes part in a correlation: enough to see where the wall ends."""
SIMULATED_HEARTS = 16
HEARTS_FOLDER = "lvseg_short_axis"
"""Where a folder of several kinds of development data keeps the counts."""


@dataclass(frozen=True, eq=False)
class MeanHeart:
    """A template in the SA frame, the LV centre at zero.

    Attributes:
        counts: float32, healthy wall about 1.
        labels: 0/1/2, what most of the hearts are.
        mask: 1 within :data:`MARGIN_MM` of the LV.
        source: what it was made from, in words.
    """

    counts: Volume
    labels: Volume
    mask: Volume
    source: str


@dataclass(frozen=True, eq=False)
class Heart:
    """Counts and labels of one heart, and its pose in their frame."""

    counts: Volume
    labels: Volume
    pose: Pose


def mean_heart(folder: Path | None) -> MeanHeart:
    """The mean of the training patients' hearts in a folder; without one, of simulated hearts.

    Raises:
        InputError: the folder holds no counts of training patients.
    """
    return simulated_mean_heart() if folder is None else measured_mean_heart(folder)


@lru_cache(maxsize=1)
def simulated_mean_heart() -> MeanHeart:
    """The mean of :data:`SIMULATED_HEARTS` parametric hearts in parametric chests."""
    return average(simulated_hearts(SIMULATED_HEARTS), f"mean of {SIMULATED_HEARTS} simulated hearts")


def simulated_hearts(count: int) -> Iterator[Heart]:
    """SPECT studies of the fast model, by their seeds."""
    for seed in range(count):
        study = render(draw_parameters("spect", seed, fast=True), anatomy=False)
        pose = study.truth.pose
        grid = Grid.centred(study.truth.labels.shape[0], SPACING, pose)
        yield Heart(Volume(study.image, study.grid), Volume(study.truth.labels, grid), pose)


def measured_mean_heart(folder: Path) -> MeanHeart:
    """The mean of the ungated counts of the training patients, rest and stress, in the technologists' frames.

    Raises:
        InputError: the folder holds none.
    """
    inner = folder / HEARTS_FOLDER
    counts = load_counts(inner if inner.is_dir() else folder, set(COUNTS_SUBJECTS["train"]))
    names = [name for name in counts if name.endswith("_sum")]
    patients = len({name.split("_")[0] for name in names})
    return average((_measured(counts[name]) for name in names), f"mean of {patients} training patients")


def _measured(heart: HeartCounts) -> Heart:
    k, j, i = heart.labels.shape
    grid = Grid((i, j, k), np.full(3, heart.spacing), np.zeros(3))
    centre = grid.at(np.argwhere(heart.labels > 0)[:, ::-1].mean(axis=0))
    return Heart(Volume(heart.counts, grid), Volume(heart.labels, grid), Pose(np.eye(3), centre))


def average(hearts: Iterable[Heart], source: str) -> MeanHeart:
    """Counts, each heart's wall counting the same, and labels by majority.

    Raises:
        InputError: there is no heart.
    """
    grid = Grid.centred(SIZE, SPACING, Pose(np.eye(3), np.zeros(3)))
    counts, shares, number = np.zeros(grid.size[::-1]), np.zeros((3, *grid.size[::-1])), 0
    for heart in hearts:
        there = Grid.centred(SIZE, SPACING, heart.pose)
        seen = resample(heart.counts, there, order=1).array
        labels = resample(heart.labels, there, order=0).array
        counts += seen / np.percentile(seen[labels == MYOCARDIUM], 90)
        shares += labels == np.arange(3)[:, None, None, None]
        number += 1
    if not number:
        msg = f"{source}: a template needs hearts, but found none; check the folder"
        raise InputError(msg)
    labels = shares.argmax(axis=0).astype(np.uint8)
    near = ndimage.distance_transform_edt(labels == 0) * SPACING <= MARGIN_MM
    return MeanHeart(
        Volume((counts / number).astype(np.float32), grid), Volume(labels, grid),
        Volume(near.astype(np.uint8), grid), source,
    )  # fmt: skip
