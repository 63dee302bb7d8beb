"""How far summed score and scar burden move by what should not matter: voxels of the SA volume, noise, 2 degrees.

No truth is needed. A group of variants of one study has one SD; the target is for the SD over all studies.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..geometry.pose import Correction
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..geometry.volume import resample_labels
from ..geometry.volume import short_axis_grid
from ..prediction.predictor import predict
from ..prediction.predictor import segment_at
from ..prediction.result import Result
from .perfusion_figures import PerfusionFigures
from .perfusion_figures import figures_of
from .perfusion_figures import figures_of_result
from .perturbations import GRAIN
from .perturbations import VOXELS_MM
from .perturbations import with_noise
from .tables import NONE
from .tables import Table
from .tables import number

OFF_DEG = 2.0
REALISATIONS = 4
"""Of noise (ours)."""
MOST_SD = 0.7
"""Largest SD of the summed score."""


@dataclass(frozen=True)
class ScoreSpread:
    """One study's figures as it is and in a group of variants; those that are withheld are missing.

    Attributes:
        change: of the variants; summed_scores, scar_percents: the values.
    """

    change: str
    summed_scores: tuple[float, ...]
    scar_percents: tuple[float, ...]


def score_spreads(study: Volume, model: str | None) -> list[ScoreSpread]:
    """The three groups of one study.

    Args:
        study: transaxial counts; model: as for :func:`..prediction.predictor.predict`.
    """
    own = predict(study, model=model)
    first = figures_of_result(own)
    return [
        _spread(change, [first, *variants])
        for change, variants in (
            ("voxels of the short axis", _other_voxels(own)),
            (f"noise of {100 * GRAIN[0]:g} %", _noisy(study, lambda noisy: predict(noisy, model=model))),
            (f"long axis {OFF_DEG:g}° off", _off(own, model)),
        )
    ]


def spread_table(found: Sequence[ScoreSpread]) -> Table:
    """A row a group: SD over all studies; of the worst study."""
    head = ("changed", "studies", f"SD of the summed score (target ≤ {MOST_SD:g})", "SD of the scar burden (points)")
    names = dict.fromkeys(s.change for s in found)
    return Table(head, tuple(_row(name, [s for s in found if s.change == name]) for name in names))


def _row(name: str, found: Sequence[ScoreSpread]) -> tuple[str, ...]:
    scores, scars = _sds([s.summed_scores for s in found]), _sds([s.scar_percents for s in found])
    if not scores:
        return name, "0", NONE, NONE
    reached = "reached" if _over_all(scores) <= MOST_SD else "**missed**"
    cells = (f"{number(_over_all(sds), 2)}; {number(max(sds), 2)}" for sds in (scores, scars))
    score, scar = cells
    return name, str(len(scores)), f"{score} {reached}", scar


def _sds(values: Sequence[tuple[float, ...]]) -> list[float]:
    """Of each study with at least two values."""
    return [float(np.std(x, ddof=1)) for x in values if len(x) > 1]


def _over_all(sds: Sequence[float]) -> float:
    """One SD of all studies: the root of the mean variance."""
    return float(np.sqrt(np.mean(np.square(sds))))


def _spread(change: str, found: Sequence[PerfusionFigures]) -> ScoreSpread:
    scores = tuple(f.summed_score for f in found if f.summed_score is not None)
    return ScoreSpread(change, scores, tuple(f.scar_percent for f in found if f.scar_percent is not None))


def _other_voxels(own: Result) -> Iterator[PerfusionFigures]:
    """The short axis and its labels on voxels of other sizes, at the same pose."""
    extent = float(short_axis_grid(own.pose).extent.max())
    for spacing in VOXELS_MM:
        grid = Grid.centred(int(extent / spacing) + 1, spacing, own.pose)
        counts, labels = resample(own.study, grid), resample_labels(own.labels, grid)
        yield figures_of(own.study, labels, own.pose, short_axis=counts, verdict=own.quality.status)


def _noisy(study: Volume, answer: Callable[[Volume], Result]) -> Iterator[PerfusionFigures]:
    """The study with other noise, each found and segmented anew."""
    rng = np.random.default_rng(1)
    for _ in range(REALISATIONS):
        yield figures_of_result(answer(with_noise(study, GRAIN[0], rng)))


def _off(own: Result, model: str | None) -> Iterator[PerfusionFigures]:
    """The study segmented with its long axis turned in four directions."""
    for swing, tilt in ((OFF_DEG, 0.0), (-OFF_DEG, 0.0), (0.0, OFF_DEG), (0.0, -OFF_DEG)):
        pose = own.pose.corrected(Correction(swing=swing, tilt=tilt))
        yield figures_of_result(segment_at(own.study, pose, model=model))
