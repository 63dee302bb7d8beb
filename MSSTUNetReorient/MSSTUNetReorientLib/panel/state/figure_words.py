"""The figures of a study in a few lines, for the panel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from ...scene.figure_tables import FigureRow
from ..i18n import tr as _


def figure_text(rows: Sequence[FigureRow], *, follow: bool) -> str:
    """Of each group its figures, then what is withheld and why, then how to read them.

    Args:
        rows: those of one group stand together.
        follow: the pose was moved since, and the figures are those of the last segmentation.
    """
    lines = [_("The pose has changed; the figures are those of the last segmentation.")] if rows and follow else []
    for group, members in groupby(rows, key=lambda row: row.group):
        lines += _group_lines(group, list(members))
    return "\n".join(lines)


def _group_lines(group: str, rows: list[FigureRow]) -> list[str]:
    given = [f"{row.name} {row.value} {row.unit}".strip() for row in rows if row.value]
    lines = [f"{group}: {', '.join(given)}"] if given else [f"{group}:"]
    for reason in dict.fromkeys(row.withheld for row in rows if row.withheld):
        names = [row.name for row in rows if row.withheld == reason]
        which = _("all") if len(names) == len(rows) else ", ".join(names)
        lines.append("• " + _("withheld ({0}): {1}").format(which, reason))
    return lines + [f"• {note}" for note in dict.fromkeys(row.note for row in rows if row.note)]
