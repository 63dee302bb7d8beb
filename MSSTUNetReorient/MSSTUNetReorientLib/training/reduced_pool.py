"""A pool read once to small cubes in one memory-mapped array, so that no small network waits for its data."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ..errors import InputError
from ..io.atomic_file import atomic_file
from ..networks.view import reduced
from ..simulation.truth import LABEL_SIZE
from .batches import Batch
from .batches import collate
from .pool import Sample
from .pool import read_sample
from .stretch import drawn_warp
from .stretch import warped

CUBES, LABELS, POSES = "cubes.npy", "labels.npy", "poses.npz"
SAY_EVERY = 200

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ReducedPool:
    """Studies on small cubes, of the same extent as :data:`~.pool.CUBE`.

    Attributes:
        cubes: ``(N, n, n, n)`` float16 counts, see :func:`..networks.view.reduced`; labels: ``(N, 48, 48, 48)``.
        rotation, centre, septum_deg: ``(N, 3, 3)``, ``(N, 3)`` and ``(N,)``, as in :class:`~.pool.Sample`.
    """

    cubes: NDArray[np.float16]
    labels: NDArray[np.uint8]
    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    septum_deg: NDArray[np.float64]

    def __len__(self) -> int:
        """Number of studies."""
        return len(self.cubes)

    def batch(self, picked: NDArray[np.integer[Any]]) -> Batch:
        """These studies, unchanged."""
        rows = zip(*(x[picked] for x in (self.cubes, self.rotation, self.centre, self.labels)),
                   self.septum_deg[picked], strict=True)  # fmt: skip
        return collate([Sample(c, r, t, y, "", float(s)) for c, r, t, y, s in rows])


def reduced_pool(folder: Path, pools: Sequence[Path], size: int, views: int, say: Say) -> ReducedPool:
    """The reduced pool of a folder, made there of the studies of pools if it is not complete.

    Args:
        size: voxels along an edge of its cubes.
        views: of each study, one after the other: the first unchanged, the others turned and stretched.

    Raises:
        InputError: it has another size or number of views; the pools are empty; the disk is full.
    """
    if not (folder / POSES).exists():
        _make(folder, sorted(file for pool in pools for file in pool.glob("*.npz")), size, views, say)
    try:
        with np.load(folder / POSES) as poses:
            known = {name: poses[name] for name in ("rotation", "centre", "septum_deg", "views")}
        cubes, labels = (np.load(folder / name, mmap_mode="r") for name in (CUBES, LABELS))
    except (OSError, ValueError, KeyError) as error:
        msg = f"{folder}: the reduced pool cannot be read ({error}); remove the folder to make it again"
        raise InputError(msg) from error
    made, asked = (cubes.shape[-1], int(known.pop("views"))), (size, views)
    if made != asked or len(cubes) != len(labels) or len(cubes) != len(known["centre"]):
        msg = (
            f"{folder}: the reduced pool must have cubes of {size} and {views} views of a study, but has {made[0]} "
            f"and {made[1]}; remove the folder to make it again"
        )
        raise InputError(msg)
    return ReducedPool(cubes, labels, **known)


def _make(folder: Path, files: list[Path], size: int, views: int, say: Say) -> None:
    """Write the arrays; the poses come last and mark them as complete."""
    if not files:
        msg = f"{folder}: a reduced pool is made of studies (.npz), but the pools have none; run the command pool first"
        raise InputError(msg)
    count, kept = len(files) * views, []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        cubes = open_memmap(folder / CUBES, "w+", np.float16, (count, *(size,) * 3))
        labels = open_memmap(folder / LABELS, "w+", np.uint8, (count, *(LABEL_SIZE,) * 3))
        for n, file in enumerate(files):
            for m, sample in enumerate(_views(read_sample(file), n, views, size)):
                cubes[n * views + m] = sample.cube
                labels[n * views + m] = sample.labels
                kept.append((sample.rotation, sample.centre, sample.septum_deg))
            if n % SAY_EVERY == SAY_EVERY - 1:
                say(f"read {n + 1} of {len(files)} studies to cubes of {size}")
        cubes.flush()
        labels.flush()
    except OSError as error:
        msg = f"{folder}: the reduced pool cannot be written ({error.strerror or error}); free disk space"
        raise InputError(msg) from error
    rotation, centre, septum = (np.array(x) for x in zip(*kept, strict=True))
    with atomic_file(folder / POSES) as temporary, temporary.open("wb") as poses:
        np.savez(poses, views=views, rotation=rotation, centre=centre, septum_deg=septum)


def _views(study: Sample, seed: int, count: int, size: int) -> Iterator[Sample]:
    cube = torch.from_numpy(study.cube.astype(np.float32))[None, None]
    yield replace(study, cube=reduced(cube, size)[0, 0].numpy())
    rng = np.random.default_rng(seed)
    yield from (warped(study, *drawn_warp(rng), size) for _ in range(count - 1))
