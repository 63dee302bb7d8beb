"""Networks that were measured before: what tables say of them stays when their weights are gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import TypeAlias

from ..errors import InputError
from ..geometry.volume import Volume
from ..io.atomic_file import write_text
from .candidates import Candidate
from .comparisons import TrainedMethod
from .csv_rows import read_rows
from .evaluation_run import wanted_keys
from .measurement import Measurement
from .measurements_csv import FILE as MEASUREMENTS
from .measurements_csv import key
from .method import Answer
from .true_study import DataSet

FILE = "networks.json"
"""Beside the measurements."""


@dataclass(frozen=True)
class MeasuredNetwork:
    """A network without its weights.

    Attributes:
        name, parameters, runs, half_mm: as of a :class:`~.comparisons.TrainedMethod`.
    """

    name: str
    parameters: int
    runs: list[dict[str, Any] | None]
    half_mm: float

    def answer(self, study: Volume) -> Answer:
        """It has none.

        Raises:
            InputError: always.
        """
        msg = f"{self.name}: its weights are not here any more; train it again to measure it"
        raise InputError(msg)


Network: TypeAlias = TrainedMethod | MeasuredNetwork


def keep_networks(place: Path, networks: Mapping[str, Candidate]) -> None:
    """Write what the tables say of networks, trained or known from before.

    Args:
        place: folder of the measurements.
        networks: by recipe.
    """
    kept = {}
    for recipe, candidate in networks.items():
        method = candidate.method
        if isinstance(method, Network):
            network = MeasuredNetwork(method.name, method.parameters, method.runs, method.half_mm)
            kept[recipe] = asdict(Candidate(network, candidate.sha256, candidate.made_from))
    write_text(place / FILE, json.dumps(kept, indent=1) + "\n")


def known_networks(place: Path) -> dict[str, Candidate]:
    """What :func:`keep_networks` wrote in a folder, by recipe; empty without the file.

    Raises:
        InputError: the file is damaged.
    """
    path = place / FILE
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {
            recipe: Candidate(MeasuredNetwork(**told["method"]), told["sha256"], told["made_from"])
            for recipe, told in kept.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        msg = f"{path}: the list of measured networks cannot be read ({error}); remove it to begin a new one"
        raise InputError(msg) from error


def with_measurements(networks: Mapping[str, Candidate], sets: Sequence[DataSet], place: Path) -> dict[str, Candidate]:
    """The networks without those that have no weights and are not measured on all of these studies.

    Raises:
        InputError: no network of a recipe is left.
    """
    done = {key(row) for row in read_rows(place / MEASUREMENTS, Measurement)}
    left = {
        recipe: candidate
        for recipe, candidate in networks.items()
        if not isinstance(candidate.method, MeasuredNetwork) or done.issuperset(wanted_keys(sets, [candidate]))
    }
    if not any(isinstance(c.method, Network) for c in left.values()):
        msg = f"{place}: no network was measured on all of these studies, and none has its weights; train them again"
        raise InputError(msg)
    return left
