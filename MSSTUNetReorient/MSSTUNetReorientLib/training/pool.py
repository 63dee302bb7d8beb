"""A pool of simulated studies on disk that one process keeps renewing while another trains from it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..simulation.heart import draw_parametric_shape
from ..simulation.scanner import draw_scanner
from ..simulation.sources import Sources
from ..simulation.sources import load_chests
from ..simulation.sources import load_counts
from ..simulation.sources import load_ventricles
from ..simulation.study import Study
from ..simulation.study import draw_offset
from ..simulation.study import draw_rotation
from ..simulation.study import place_counts
from ..simulation.study import render_study
from ..simulation.torso import draw_activity
from ..simulation.torso import draw_deformation
from ..simulation.torso import draw_ellipsoids
from .splits import COUNTS_SUBJECTS
from .splits import Split
from .splits import ventricle_subjects


@dataclass(frozen=True, eq=False)
class Sample:
    """One study of the pool.

    Attributes:
        cube: ``(96, 96, 96)`` float16 counts at 4 mm, healthy myocardium about 1.
        rotation: ``(3, 3)`` SA axes in the cube's axes; centre: ``(3,)`` mm from the cube's middle.
        labels: ``(48, 48, 48)`` uint8 in the SA frame, 3.2 mm.
        kind: e.g. "spect-parametric".
    """

    cube: NDArray[np.float16]
    rotation: NDArray[np.float64]
    centre: NDArray[np.float64]
    labels: NDArray[np.uint8]
    kind: str


def load_sources(data: Path | None, split: Split) -> Sources:
    """Real anatomy and hearts of one split; without a folder, the parametric anatomy serves alone."""
    if data is None:
        return Sources()
    ventricles = data / "cta_ventricles"
    return Sources(
        load_chests(data / "torso"),
        load_ventricles(ventricles, ventricle_subjects(ventricles, split)),
        load_counts(data / "lvseg_short_axis", set(COUNTS_SUBJECTS[split])),
    )


def draw_sample(seed: int, sources: Sources) -> Sample:
    """The study of a seed: parametric or measured anatomy, or a real heart's counts in a chest."""
    rng = np.random.default_rng(seed)
    while True:
        study, heart = _draw_study(rng, sources)
        if _is_in_view(study):
            break
    truth = study.truth
    return Sample(
        study.image.astype(np.float16), truth.pose.rotation, truth.pose.centre, truth.labels, f"{study.kind}-{heart}"
    )


def _draw_study(rng: np.random.Generator, sources: Sources) -> tuple[Study, str]:
    activity, scanner = draw_activity(rng), draw_scanner(rng)
    offset = draw_offset(rng, scanner.kind)
    mapped = bool(sources.chests) and rng.random() < 0.65
    chest = (
        (sources.chests[int(rng.integers(len(sources.chests)))], draw_deformation(rng))
        if mapped
        else draw_ellipsoids(rng)
    )
    which = rng.random()
    if sources.counts and which < 0.3:
        heart = sources.counts[int(rng.integers(len(sources.counts)))]
        spacing = heart.spacing * rng.uniform(0.82, 1.12)
        study = place_counts(
            rng, heart.counts, heart.labels, spacing, draw_rotation(rng), offset, chest, activity, scanner
        )
        return study, "counts"
    if sources.ventricles and which < 0.65:
        measured = sources.ventricles[int(rng.integers(len(sources.ventricles)))]
        own = rng.random() < 0.5
        rotation = draw_rotation(rng, measured.pose.rotation, 8.0) if own else draw_rotation(rng)
        study = render_study(rng, measured.shape(rng), rotation, offset, chest, activity, scanner)
        return study, "ventricles"
    shape = draw_parametric_shape(rng)
    study = render_study(rng, shape, draw_rotation(rng), offset, chest, activity, scanner)
    return study, "parametric"


def _is_in_view(study: Study) -> bool:
    """Whether the LV centre and nearly all of the LV lie where the image has counts."""
    n = study.image.shape[0]
    line = (np.arange(study.truth.labels.shape[0]) - 23.5) * 3.2
    k, j, i = (line[index] for index in np.nonzero(study.truth.labels == 1))
    points = study.truth.pose.apply(np.stack([i, j, k], axis=-1)) / study.spacing + (n - 1) / 2
    index = np.clip(np.rint(points), -1, n).astype(int)
    inside = ((index >= 0) & (index < n)).all(axis=1)
    x, y, z = index[inside].T
    return bool((study.image[z, y, x] > 0).sum() > 0.93 * len(index))


def write_sample(sample: Sample, path: Path) -> None:
    """One file, written beside and renamed."""
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        np.savez(file, cube=sample.cube, rotation=sample.rotation, centre=sample.centre, labels=sample.labels,
                 kind=np.array(sample.kind))  # fmt: skip
    os.replace(temporary, path)  # noqa: PTH105


def read_sample(path: Path) -> Sample:
    """Inverse of :func:`write_sample`."""
    with np.load(path, allow_pickle=False) as f:
        return Sample(f["cube"], f["rotation"], f["centre"], f["labels"], str(f["kind"]))


def fill_pool(folder: Path, sources: Sources, *, slots: int, first_seed: int, count: int | None = None) -> None:
    """Make studies into a folder, replacing the oldest when it is full; ``count`` None goes on for ever."""
    folder.mkdir(parents=True, exist_ok=True)
    made = 0
    while count is None or made < count:
        write_sample(draw_sample(first_seed + made, sources), folder / f"{made % slots:05d}.npz")
        made += 1
