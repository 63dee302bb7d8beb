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
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ..errors import InputError
from ..evaluation.cropped_studies import SPREAD
from ..io.atomic_file import atomic_file
from ..networks.geometry import HALF_MM
from ..simulation.truth import LABEL_SIZE
from .batches import Batch
from .batches import collate
from .pool import Sample
from .pool import read_sample
from .stretch import FieldOfView
from .stretch import drawn_warp
from .stretch import warped

CUBES, LABELS, POSES = "cubes.npy", "labels.npy", "poses.npz"
SAY_EVERY = 200

Say = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class ReducedPool:
    """Studies on small cubes.

    Attributes:
        cubes: ``(N, n, n, n)`` float16 counts; labels: ``(N, 48, 48, 48)``.
        rotation, centre, septum_deg: ``(N, 3, 3)``, ``(N, 3)`` and ``(N,)``, as in :class:`~.pool.Sample`.
        half_mm: half extent of the cubes.
    """

    cubes: NDArray[np.float16]
    labels: NDArray[np.uint8]
    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    septum_deg: NDArray[np.float64]
    half_mm: float

    def __len__(self) -> int:
        """Number of studies."""
        return len(self.cubes)

    def batch(self, picked: NDArray[np.integer[Any]]) -> Batch:
        """These studies, unchanged."""
        rows = zip(*(x[picked] for x in (self.cubes, self.rotation, self.centre, self.labels)),
                   self.septum_deg[picked], strict=True)  # fmt: skip
        return collate([Sample(c, r, t, y, "", float(s)) for c, r, t, y, s in rows], self.half_mm)


def reduced_pool(folder: Path, pools: Sequence[Path], field: FieldOfView, views: int, say: Say) -> ReducedPool:
    """The reduced pool of a folder, made there of the studies of pools if it is not complete.

    Args:
        field: its cubes. If they are smaller than those of the pools, they lie round the heart, its centre at random
            as near to their middle as in the patients of Ni 2023 (:data:`~..evaluation.cropped_studies.SPREAD`).
        views: of each study, one after the other: the first as it lies, the others turned and stretched.

    Raises:
        InputError: it has another size, extent or number of views; the pools are empty; the disk is full.
    """
    if not (folder / POSES).exists():
        _make(folder, sorted(file for pool in pools for file in pool.glob("*.npz")), field, views, say)
    try:
        with np.load(folder / POSES) as poses:
            known = {name: poses[name] for name in ("rotation", "centre", "septum_deg", "views", "half_mm")}
        cubes, labels = (np.load(folder / name, mmap_mode="r") for name in (CUBES, LABELS))
    except (OSError, ValueError, KeyError) as error:
        msg = f"{folder}: the reduced pool cannot be read ({error}); remove the folder to make it again"
        raise InputError(msg) from error
    made = cubes.shape[-1], float(known.pop("half_mm")), int(known.pop("views"))
    if made != (field.size, field.half_mm, views) or len(cubes) != len(labels) or len(cubes) != len(known["centre"]):
        asked = f"{field.size} voxels, {2 * field.half_mm:g} mm and {views} views"
        msg = (
            f"{folder}: the reduced pool must have cubes of {asked}, but has {made[0]}, {2 * made[1]:g} and {made[2]}; "
            f"remove the folder to make it again"
        )
        raise InputError(msg)
    return ReducedPool(cubes, labels, **known, half_mm=field.half_mm)


def _make(folder: Path, files: list[Path], field: FieldOfView, views: int, say: Say) -> None:
    """Write the arrays; the poses come last and mark them as complete."""
    if not files:
        msg = f"{folder}: a reduced pool is made of studies (.npz), but the pools have none; run the command pool first"
        raise InputError(msg)
    count, kept = len(files) * views, []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        cubes = open_memmap(folder / CUBES, "w+", np.float16, (count, *(field.size,) * 3))
        labels = open_memmap(folder / LABELS, "w+", np.uint8, (count, *(LABEL_SIZE,) * 3))
        for n, file in enumerate(files):
            for m, sample in enumerate(_views(read_sample(file), n, views, field)):
                cubes[n * views + m] = sample.cube
                labels[n * views + m] = sample.labels
                kept.append((sample.rotation, sample.centre, sample.septum_deg))
            if n % SAY_EVERY == SAY_EVERY - 1:
                say(f"read {n + 1} of {len(files)} studies to cubes of {field.size}")
        cubes.flush()
        labels.flush()
    except OSError as error:
        msg = f"{folder}: the reduced pool cannot be written ({error.strerror or error}); free disk space"
        raise InputError(msg) from error
    rotation, centre, septum = (np.array(x) for x in zip(*kept, strict=True))
    with atomic_file(folder / POSES) as temporary, temporary.open("wb") as poses:
        np.savez(poses, views=views, half_mm=field.half_mm, rotation=rotation, centre=centre, septum_deg=septum)


def _views(study: Sample, seed: int, count: int, field: FieldOfView) -> Iterator[Sample]:
    rng = np.random.default_rng(seed)
    for n in range(count):
        turn, lengths = drawn_warp(rng) if n else (np.eye(3), np.ones(3))
        place = rng.normal(0, SPREAD * field.half_mm, 3) if field.half_mm < HALF_MM else None
        yield warped(study, turn, lengths, replace(field, place=place))
