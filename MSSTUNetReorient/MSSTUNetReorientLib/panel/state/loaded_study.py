"""A study as the panel reads it from the scene."""

from __future__ import annotations

from dataclasses import dataclass

from ...geometry.volume import Volume


@dataclass(frozen=True, eq=False)
class LoadedStudy:
    """A study with its gates.

    Attributes:
        volume: the counts; of a gated study the sum of its gates, whichever of them is shown.
        gates: from the R wave on, on the grid of the sum; none of an ungated study.
        fault: why the items of a sequence are no gates; empty where they are, and of a study that is no sequence.
    """

    volume: Volume
    gates: tuple[Volume, ...] = ()
    fault: str = ""
