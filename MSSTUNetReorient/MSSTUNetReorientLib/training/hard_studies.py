"""Studies that are hard to tell: some without a heart, and hearts with something bright beside them.

A sample without a heart has no labels: that is how the loss knows it. Its centre is where it looks most like a heart.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from ..networks.geometry import CLOSE_SCALE
from ..networks.geometry import HALF_MM
from ..networks.geometry import LABEL_HALF_MM
from ..networks.sampler import sample as read
from ..simulation.decoys import SIZE_MM
from ..simulation.decoys import paint_decoy
from ..simulation.erasing import cropped_before
from ..simulation.erasing import erased
from ..simulation.parameters import CUBE
from .pool import Sample

Array = NDArray[np.float64]
Field = NDArray[np.float32]

CROPPED_SHARE = 0.25
"""Of the studies without a heart those that end before it; the others have it erased."""
EMPTY_SHARE = 0.2
"""Of the studies without a heart those without a decoy too."""
FAR_MM = 110.0
"""Largest distance, along an axis, of a decoy from where the heart was."""
BESIDE_MM = 6.0
"""Blur (FWHM) of the edge of the LV where a neighbour ends."""


def without_heart(study: Sample, rng: np.random.Generator) -> Sample:
    """The study with its heart erased or cut off, and mostly with decoys."""
    cube = study.cube.astype(np.float32)
    cropped = rng.random() < CROPPED_SHARE
    cube = cropped_before(cube, study.centre, rng) if cropped else erased(cube, study.centre, rng)
    centre = study.centre + rng.normal(0, 10, 3)
    if rng.random() > EMPTY_SHARE:
        for n in range(int(rng.integers(1, 4))):
            there = _place(study.centre, rng, cropped=cropped)
            centre = there if n == 0 else centre
            paint_decoy(cube, there, rng.uniform(*SIZE_MM), rng)
    kind = f"none-{study.kind}"
    nothing = np.zeros_like(study.labels)
    return replace(study, cube=cube.astype(np.float16), centre=centre, labels=nothing, kind=kind)


def with_neighbour(study: Sample, rng: np.random.Generator) -> Sample:
    """The study with a decoy at its LV, most often from below or from the left, as a stomach lies."""
    cube, size = study.cube.astype(np.float32), rng.uniform(*SIZE_MM)
    way = rng.normal([0.4, 0.0, -1.0], 0.6)
    reach = _radius(study, way := way / np.linalg.norm(way)) + size * rng.uniform(0.5, 1.1)
    paint_decoy(cube, study.centre + way * reach, size, rng, hidden=_ventricle(study))
    return replace(study, cube=cube.astype(np.float16))


def _place(heart: Array, rng: np.random.Generator, *, cropped: bool) -> Array:
    """Where the heart was, or anywhere round it; within the cube."""
    near = not cropped and rng.random() < 0.5
    there = heart + (rng.normal(0, 15, 3) if near else rng.uniform(-FAR_MM, FAR_MM, 3))
    return np.asarray(np.clip(there, -0.75 * HALF_MM, 0.75 * HALF_MM))


def _radius(study: Sample, way: Array) -> float:
    """How far the LV reaches from its centre in a direction of the cube, mm."""
    half = (study.labels.shape[0] - 1) / 2
    spacing = LABEL_HALF_MM / half
    steps = np.arange(0.0, LABEL_HALF_MM, spacing)
    index = np.rint(steps[:, None] * (study.rotation.T @ way) / spacing + half).astype(int)
    inside = study.labels[tuple(index[:, ::-1].T)] > 0
    return float(steps[inside].max()) if inside.any() else 0.0


def _ventricle(study: Sample) -> Field:
    """Share of each voxel of the cube that the LV holds, its edge blurred outwards."""
    back = study.rotation.T
    mask = torch.from_numpy((study.labels > 0).astype(np.float32))[None, None]
    turn, shift = (torch.from_numpy(x.astype(np.float32))[None] for x in (back, -(back @ study.centre) / LABEL_HALF_MM))
    inside = read(mask, turn, shift, 1 / CLOSE_SCALE, CUBE.size[0])[0, 0].numpy()
    return np.asarray(np.clip(2 * ndimage.gaussian_filter(inside, BESIDE_MM / 2.355 / CUBE.spacing), 0, 1), np.float32)
