"""Tables of changed studies: what passes quality control, what is told as mirrored, and whether a heart is missed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .changed_studies import AS_IT_IS
from .changed_studies import MIRRORED
from .changed_studies import Changed
from .heartless_studies import NO_HEART
from .statistics import area_under_curve
from .tables import NONE
from .tables import Table
from .tables import number
from .turned_studies import MIRROR_IMAGE
from .turned_studies import TURNS

LEAST_STOPPED = 95.0
"""Share of turned and mirrored studies that must not pass, %."""
LEAST_AREA = 0.99
"""Under the curve of presence, of hearts against none."""


def turned_table(found: Sequence[Changed]) -> Table:
    """Of each data set: how many studies pass as they are, turned and mirrored; how many of those mirrored left-right
    are told as such; and the share of turned and mirrored ones that do not pass.
    """
    told = f"told, of those {MIRROR_IMAGE}"
    head = ("data set", "as they are", *TURNS, told, f"changed ones not passed (target ≥ {LEAST_STOPPED:g} %)")
    names = dict.fromkeys(row.data_set for row in found)
    return Table(head, tuple(_line(name, [r for r in found if r.data_set == name]) for name in names))


def _line(data_set: str, found: Sequence[Changed]) -> tuple[str, ...]:
    cells = [_passed([r for r in found if r.change == change]) for change in (AS_IT_IS, *TURNS)]
    mirrored = [row for row in found if row.change == MIRROR_IMAGE]
    told = f"{sum(row.told == MIRRORED for row in mirrored)}/{len(mirrored)}"
    verdicts = [row.verdict for row in found if row.change in TURNS]
    stopped = 100 * sum(verdict != "pass" for verdict in verdicts) / len(verdicts)
    return data_set, *cells, told, f"{stopped:.0f} % {'reached' if stopped >= LEAST_STOPPED else '**missed**'}"


def _passed(rows: Sequence[Changed]) -> str:
    return f"{sum(row.verdict == 'pass' for row in rows)}/{len(rows)}" if rows else NONE


def presence_table(found: Sequence[Changed]) -> Table:
    """Presence in studies without a heart, by what is done to them and by data set: the area under the curve against
    the hearts of the same data sets as they are, median and 95th centile, and how many pass quality control.
    """
    head = ("studies without a heart", f"AUC (target ≥ {LEAST_AREA:g})", "presence: median; 95th centile", "passed")
    if all(row.presence is None for row in found):
        return Table(head, ())
    bare = [row for row in found if row.change in NO_HEART]
    hearts = [row for row in found if row.change == AS_IT_IS]
    lines = [_presence(change, [row for row in bare if row.change == change], hearts) for change in NO_HEART]
    for name in dict.fromkeys(row.data_set for row in found):
        own = [[row for row in rows if row.data_set == name] for rows in (bare, hearts)]
        lines.append(_presence(f"all of {name}", *own))
    return Table(head, (*lines, _presence("all", bare, hearts)))


def _presence(name: str, bare: Sequence[Changed], hearts: Sequence[Changed]) -> tuple[str, ...]:
    none, there = ([row.presence for row in rows if row.presence is not None] for rows in (bare, hearts))
    if not none or not there:
        return name, NONE, NONE, _passed(bare)
    area = area_under_curve(there, none)
    told = f"{number(area, 3)} {'reached' if area >= LEAST_AREA else '**missed**'}"
    return name, told, "; ".join(number(float(np.percentile(none, q)), 3) for q in (50, 95)), _passed(bare)
