"""Batches from a pool, with the augmentation that is cheap enough to do at every visit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..networks.geometry import CUBE_SPACING
from ..networks.geometry import HALF_MM
from .background_swap import swap_background
from .hard_studies import with_neighbour
from .hard_studies import without_heart
from .pool import Sample
from .pool import read_sample
from .stretch import stretched

UPTAKE, UPTAKE_MM = 0.15, 32.0
"""Standard deviation of the logarithm of the smooth field that uptake is multiplied with, in half of the studies, and
the distance between the points where it is drawn."""
GRAIN, GRAIN_MM = 0.25, (6.0, 14.0)
"""The same of the noise of a reconstruction, which is coarse and follows the counts; its largest deviation."""

SLANT, SLANT_MM = 0.5, 50.0
"""Standard deviation of the logarithm by which counts rise on one side of the LV and fall on the other, in half of the
studies, and how far from its centre three quarters of that are reached: attenuation that is not corrected does so."""


@dataclass
class Batch:
    """Studies and their truth.

    Attributes:
        cube: ``(B, 1, N, N, N)`` counts; N = 96, or that of a reduced pool.
        rotation: ``(B, 3, 3)`` SA axes in the cube's axes.
        translation: ``(B, 3)`` LV centre over the cube's half extent, (x, y, z).
        labels: ``(B, 2, 48, 48, 48)`` shares of LV-MY and LV-BP in the true SA frame, 3.2 mm.
        septum_deg: ``(B,)``, see :mod:`..geometry.septum`; nan where it is not known.
    """

    cube: Tensor
    rotation: Tensor
    translation: Tensor
    labels: Tensor
    septum_deg: Tensor


def astuple(batch: Batch) -> tuple[Tensor, ...]:
    """The fields of a batch in their order, not copied."""
    return batch.cube, batch.rotation, batch.translation, batch.labels, batch.septum_deg


def collate(samples: list[Sample], half_mm: float = HALF_MM) -> Batch:
    """Samples as one batch, unchanged.

    Args:
        half_mm: half extent of their cubes.
    """
    cube = torch.from_numpy(np.stack([s.cube for s in samples]).astype(np.float32))[:, None]
    labels = torch.from_numpy(np.stack([s.labels for s in samples]))
    return Batch(
        cube,
        torch.from_numpy(np.stack([s.rotation for s in samples]).astype(np.float32)),
        torch.from_numpy(np.stack([s.centre for s in samples]).astype(np.float32)) / half_mm,
        torch.stack([labels == MYOCARDIUM, labels == BLOOD_POOL], 1).float(),
        torch.tensor([s.septum_deg for s in samples], dtype=torch.float32),
    )


def augment(batch: Batch, rng: np.random.Generator, reach: int = 10) -> Batch:
    """Another place in the field of view, brightness, uneven uptake, coarse and fine noise, counts that slant.

    Args:
        reach: largest shift of the cube along an axis, voxels.
    """
    cubes, shifts = [], []
    for cube, translation in zip(batch.cube, batch.translation, strict=True):
        shift = rng.integers(-reach, reach + 1, 3)
        moved = torch.roll(cube, tuple(int(s) for s in shift), dims=(3, 2, 1))
        for axis, s in zip((3, 2, 1), shift, strict=True):
            blank = slice(0, int(s)) if s > 0 else slice(int(s) or None, None)
            if s:
                moved[(slice(None),) * axis + (blank,)] = 0
        moved = moved.clamp_min(0) ** float(np.exp(rng.normal(0, 0.08))) * float(np.exp(rng.normal(0, 1.0)))
        if rng.random() < 0.5:
            moved = moved * smooth_field(rng, moved.shape[-1], UPTAKE_MM, UPTAKE)
        if rng.random() < 0.5:
            moved = moved * smooth_field(rng, moved.shape[-1], rng.uniform(*GRAIN_MM), rng.uniform(0, GRAIN))
        if rng.random() < 0.5:
            moved = moved * slant(rng, moved.shape[-1], translation.numpy() * HALF_MM + shift * CUBE_SPACING)
        if rng.random() < 0.3:
            noise = torch.from_numpy(rng.standard_normal(moved.shape, dtype=np.float32))
            top = float(moved.amax()) * rng.uniform(0.0, 0.03)
            moved = torch.where(moved > 0, (moved + noise * top).clamp_min(0), moved)
        cubes.append(moved)
        shifts.append(shift * CUBE_SPACING / HALF_MM)
    moved_by = torch.from_numpy(np.stack(shifts).astype(np.float32))
    return replace(batch, cube=torch.stack(cubes), translation=batch.translation + moved_by)


def smooth_field(rng: np.random.Generator, size: int, pitch: float, deviation: float) -> Tensor:
    """A random field about 1, ``(1, n, n, n)``.

    Args:
        size: voxels along an edge.
        pitch: mm between the points where its logarithm is drawn.
        deviation: standard deviation of the logarithm there.
    """
    points = round(size * CUBE_SPACING / pitch)
    field = torch.from_numpy(deviation * rng.standard_normal((1, 1, points, points, points), dtype=np.float32))
    return F.interpolate(field, (size,) * 3, mode="trilinear", align_corners=True)[0].exp()


def slant(rng: np.random.Generator, size: int, centre: NDArray[np.floating[Any]]) -> Tensor:
    """A factor that falls from one side of a point to the other, ``(1, n, n, n)``.

    The wall as it appears stays where it is: it is defined by half of its *local* ridge.

    Args:
        centre: the point (x, y, z), mm from the cube's middle, where the factor is one.
    """
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction) * SLANT_MM
    line = (np.arange(size) - (size - 1) / 2) * CUBE_SPACING
    x, y, z = (torch.from_numpy(((line - c) * d).astype(np.float32)) for c, d in zip(centre, direction, strict=True))
    return (rng.normal(0, SLANT) * torch.tanh(x + y[:, None] + z[:, None, None]))[None].exp()


def draw_batch(
    pools: Sequence[Path],
    size: int,
    rng: np.random.Generator,
    *,
    changed: bool = True,
    own: Path | None = None,
    own_share: float = 0.0,
    stretched_share: float = 0.0,
    swapped_share: float = 0.0,
    neighbour_share: float = 0.0,
    heartless_share: float = 0.0,
) -> Batch:
    """A batch of studies drawn from pools, whose files are listed again for every batch because pools grow.

    Args:
        pools: folders of simulated studies, each drawn from as often.
        changed: by :func:`augment`, ``stretched_share`` of them by :func:`~.stretch.stretched`, ``swapped_share`` by
            :func:`~.background_swap.swap_background`, ``neighbour_share`` by :func:`~.hard_studies.with_neighbour`, and
            ``heartless_share`` made studies :func:`~.hard_studies.without_heart`.
        own: folder of a centre's own studies in the same form; ``own_share`` of the batch is drawn from there.
    """
    picked = [pools[int(rng.integers(len(pools)))] for _ in range(size)]
    folders = picked if own is None else [own if rng.random() < own_share else pool for pool in picked]
    names = {place: sorted(n for n in os.listdir(place) if n.endswith(".npz")) for place in set(folders)}  # noqa: PTH208

    def drawn(place: Path) -> Sample:
        return read_sample(place / names[place][int(rng.integers(len(names[place])))])

    samples = [drawn(place) for place in folders]
    if not changed:
        return collate(samples)
    samples = [stretched(s, rng) if rng.random() < stretched_share else s for s in samples]
    for n, place in enumerate(folders):
        if rng.random() < swapped_share:
            samples[n] = swap_background(samples[n], drawn(place), rng)
    if neighbour_share or heartless_share:
        samples = [_harder(s, rng, neighbour_share, heartless_share) for s in samples]
    return augment(collate(samples), rng)


def _harder(study: Sample, rng: np.random.Generator, neighbour_share: float, heartless_share: float) -> Sample:
    if rng.random() < heartless_share:
        return without_heart(study, rng)
    return with_neighbour(study, rng) if rng.random() < neighbour_share else study
