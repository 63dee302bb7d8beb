"""What a wrong pose costs, as tables: changes of the figures against those at the accepted pose."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..perfusion.scores import class_of
from .metrics import regression
from .perfusion_figures import from_text
from .perfusion_figures import segment_changes
from .pose_cost_run import NO_ERROR
from .pose_cost_run import OWN
from .pose_cost_run import SHIFTS
from .pose_cost_run import SHIFTS_MM
from .pose_cost_run import TRUE
from .pose_cost_run import TURNS
from .pose_cost_run import TURNS_DEG
from .pose_cost_run import Cost
from .tables import NONE
from .tables import Table
from .tables import number

LONG_AXIS = ("swing", "tilt")
"""Errors that turn the long axis."""
PUBLISHED, PUBLISHED_STUDIES, PUBLISHED_DEG = (("QPS", 6), ("4D-MSPECT", 7)), 50, 5.0
"""Studies of 50 whose class changes when they are tilted by 5 degrees about both long axes."""
ABOUT = {"swing": "about j (swing)", "tilt": "about i (tilt)", "roll": "about k (roll)", "lateral": "along i",
         "inferior": "along j", "basal": "along k"}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """The change of one study's figures by one error of its pose.

    Attributes:
        cost, accepted: the figures at the wrong and at the accepted pose.
    """

    cost: Cost
    accepted: Cost

    @property
    def summed_score(self) -> float | None:
        """Signed."""
        return _difference(self.cost.summed_score, self.accepted.summed_score)

    @property
    def scar(self) -> float | None:
        """Signed, points of percent of the LV surface."""
        return _difference(self.cost.scar_percent, self.accepted.scar_percent)

    @property
    def segments(self) -> list[float]:
        """Signed, points of percent of the maximum, of the segments that have a mean at both poses."""
        return segment_changes(from_text(self.cost.segments), from_text(self.accepted.segments))

    @property
    def cavity(self) -> float | None:
        """Signed, %."""
        return _relative(self.cost.cavity_ml, self.accepted.cavity_ml)

    @property
    def wall(self) -> float | None:
        """Signed, %."""
        return _relative(self.cost.wall_ml, self.accepted.wall_ml)

    @property
    def ef(self) -> float | None:
        """Signed, points; None where the study is not gated."""
        return _difference(self.cost.ef_percent, self.accepted.ef_percent)

    @property
    def class_changed(self) -> bool | None:
        """None where a summed score is withheld."""
        now, before = self.cost.summed_score, self.accepted.summed_score
        return None if now is None or before is None else class_of(int(now)) != class_of(int(before))

    @property
    def withheld(self) -> bool:
        """Whether the map, there at the accepted pose, is withheld at the wrong one."""
        return bool(self.accepted.segments) and not self.cost.segments


def changes(rows: Sequence[Cost]) -> list[Change]:
    """Every error with the accepted pose that it belongs to; without errors of studies that lack an accepted pose."""
    by_pose = {(r.data_set, r.study, r.accepted): r for r in rows if r.error == NO_ERROR}
    return [
        Change(row, by_pose[place])
        for row in rows
        if row.error != NO_ERROR and (place := (row.data_set, row.study, row.accepted)) in by_pose
    ]


def by_error(found: Sequence[Change]) -> dict[tuple[str, float], list[Change]]:
    """By name and size of the error, in the order of the tables; both signs together."""
    sizes = [(name, size) for names, all_sizes in ((TURNS, TURNS_DEG), (SHIFTS, SHIFTS_MM))
             for name in names for size in all_sizes]  # fmt: skip
    return {(name, size): [c for c in found if (c.cost.error, abs(c.cost.amount)) == (name, size)]
            for name, size in sizes}  # fmt: skip


def of_long_axis(found: Iterable[Change], size: float) -> list[Change]:
    """Those that turn the long axis by an angle."""
    return [c for c in found if c.cost.error in LONG_AXIS and abs(c.cost.amount) == size]


def cost_table(found: Sequence[Change]) -> Table:
    """One line for each error and size: medians and 95th centiles without sign, changed classes, r, withheld maps."""
    head = ("error", "poses", "segments (points)", "summed score", "class changed", "r of summed score",
            "scar burden (points)", "cavity (%)", "wall (%)", "EF (points)", "map withheld",
            "not passed by QC")  # fmt: skip
    lines = [(f"{ABOUT[name]}, {size:g}{'°' if name in TURNS else ' mm'}", *_cells(here))
             for (name, size), here in by_error(found).items() if here]  # fmt: skip
    return Table(head, tuple(lines))


def class_table(by_set: Mapping[str, Sequence[Change]]) -> Table:
    """Changed classes when the long axis is turned, of each data set and accepted pose, and as published."""
    head = ("data set", "accepted pose", *(f"{size:g}°" for size in TURNS_DEG))
    lines = [
        (name, accepted, *(changed_share(of_long_axis(here, size)) for size in TURNS_DEG))
        for name, found in by_set.items()
        for accepted in (OWN, TRUE)
        if (here := [c for c in found if c.accepted.accepted == accepted])
    ]
    published = [
        (f"{name}, {PUBLISHED_STUDIES} studies, published", "",
         *(_share(count, PUBLISHED_STUDIES) if size == PUBLISHED_DEG else "" for size in TURNS_DEG))
        for name, count in PUBLISHED
    ]  # fmt: skip
    return Table(head, (*lines, *published))


def changed_share(found: Sequence[Change]) -> str:
    """n/N and %, of the poses with a summed score."""
    changed = _classes_changed(found)
    return _share(sum(changed), len(changed)) if changed else NONE


def changed_percent(found: Sequence[Change]) -> float:
    """The share as a number; nan without a summed score."""
    changed = _classes_changed(found)
    return 100 * sum(changed) / len(changed) if changed else float("nan")


def absolute(found: Sequence[Change], of: Callable[[Change], float | None]) -> list[float]:
    """A change without its sign, of the poses that have it."""
    return [abs(value) for c in found if (value := of(c)) is not None]


def _classes_changed(found: Sequence[Change]) -> list[bool]:
    return [c.class_changed for c in found if c.class_changed is not None]


def _share(count: int, of: int) -> str:
    return f"{count}/{of} ({100 * count / of:.0f} %)"


def _cells(found: Sequence[Change]) -> tuple[str, ...]:
    scores = [(c.cost.summed_score, c.accepted.summed_score) for c in found if c.summed_score is not None]
    line = regression(*zip(*scores, strict=True)) if scores else None
    return (
        str(len(found)),
        _both([float(np.mean(np.abs(c.segments))) for c in found if c.segments]),
        _both(absolute(found, lambda c: c.summed_score)),
        changed_share(found),
        NONE if line is None else number(line.r, 3),
        _both(absolute(found, lambda c: c.scar)),
        _both(absolute(found, lambda c: c.cavity)),
        _both(absolute(found, lambda c: c.wall)),
        _both(absolute(found, lambda c: c.ef)),
        str(sum(c.withheld for c in found)),
        str(sum(c.cost.verdict != "pass" for c in found)),
    )


def _both(values: Sequence[float]) -> str:
    """Median; 95th centile."""
    return f"{np.median(values):.1f}; {np.percentile(values, 95):.1f}" if values else NONE


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _relative(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else 100 * (now - before) / before
