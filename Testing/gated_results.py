"""A made-up answer for a gated study: a beating cup whose labels follow its shares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from MSSTUNetReorientLib.geometry.volume import Volume
from MSSTUNetReorientLib.prediction.qc import Quality
from MSSTUNetReorientLib.prediction.result import Gates
from MSSTUNetReorientLib.prediction.result import Result
from perfusion.beating import GRID
from perfusion.beating import beat
from perfusion.cups import OBLIQUE
from results import make_result


def gated_result(status: str = "pass", total_counts: tuple[float, ...] = (1.0,) * 8) -> Result:
    """A beating cup; its labels follow its shares."""
    given = beat()
    shares = given.shares()
    labels = [Volume(np.where(pool > 0.5, 2, wall > 0.5).astype(np.uint8), GRID) for wall, pool in shares]
    counts = given.counts()
    gates = Gates(tuple(counts), tuple(labels), shares, GRID, total_counts, 900.0)
    base = make_result(OBLIQUE, quality=Quality(status))
    total = replace(counts[0], array=np.sum([c.array for c in counts], axis=0))
    return replace(base, short_axis=total, labels=labels[1], gates=gates)
