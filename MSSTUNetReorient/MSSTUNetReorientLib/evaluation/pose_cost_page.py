"""The page of what a wrong pose costs, and its figure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .. import __version__
from ..output.figures import INK
from ..output.figures import new_figure
from ..perfusion.scores import CLASSES
from ..perfusion.scores import class_of
from .page import template
from .perfusion_figures import SCORED_BY
from .plots import GREY
from .plots import png
from .pose_cost_run import NO_ERROR
from .pose_cost_run import OWN
from .pose_cost_run import SHIFTS
from .pose_cost_run import SHIFTS_MM
from .pose_cost_run import TRUE
from .pose_cost_run import TURNS_DEG
from .pose_cost_run import Cost
from .pose_cost_tables import PUBLISHED
from .pose_cost_tables import PUBLISHED_DEG
from .pose_cost_tables import PUBLISHED_STUDIES
from .pose_cost_tables import Change
from .pose_cost_tables import absolute
from .pose_cost_tables import changed_percent
from .pose_cost_tables import changes
from .pose_cost_tables import class_table
from .pose_cost_tables import cost_table
from .pose_cost_tables import of_long_axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PAGE, PICTURE = "pose_cost.md", "pose_cost.png"
CAPTION = (
    "Left: share of poses with another class when the long axis is turned; crosses: published, at 5°. Middle and "
    "right: change of the summed score, 95th centile, by the angle of the long axis and by the shift along any axis. "
    "Accepted: the model's own pose."
)
COLOURS = ("#2a6f97", "#c1443c", "#3c8d53", "#8a5fa8", "#b07c1f")


@dataclass(frozen=True)
class CostRun:
    """All that the page is made from.

    Attributes:
        command: as it was typed, without folders of this machine; date: of the page; model: name and version.
        rows: the measurements; held_out: whether all their subjects are held out from training.
    """

    command: str
    date: str
    model: str
    rows: Sequence[Cost]
    held_out: bool


def cost_page(run: CostRun) -> str:
    """``pose_cost.md``: Markdown."""
    by_set = _by_set(run.rows)
    text = template("pose_cost.md.j2").render(
        version=__version__,
        command=run.command,
        date=run.date,
        model=run.model,
        turns=_listed(TURNS_DEG),
        shifts=_listed(SHIFTS_MM),
        all_held_out=run.held_out,
        scored_by=SCORED_BY,
        classes=class_table(by_set).markdown(),
        caption=CAPTION,
        picture=PICTURE,
        parts=[_part(name, found, run.rows) for name, found in by_set.items()],
    )
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def cost_figure(rows: Sequence[Cost]) -> bytes:
    """A small PNG: changed classes and summed scores by the size of the error, a line for each data set."""
    figure = new_figure(9.0, 2.7)
    classes, turned, shifted = figure.subplots(1, 3).ravel().tolist()
    for colour, (name, found) in zip(COLOURS * 3, _by_set(rows).items(), strict=False):
        own = [c for c in found if c.accepted.accepted == OWN]
        by_angle = [of_long_axis(own, size) for size in TURNS_DEG]
        by_shift = [[c for c in own if c.cost.error in SHIFTS and abs(c.cost.amount) == mm] for mm in SHIFTS_MM]
        classes.plot(TURNS_DEG, [changed_percent(here) for here in by_angle], "o-", color=colour, label=name, ms=3)
        turned.plot(TURNS_DEG, [_bad(here) for here in by_angle], "o-", color=colour, ms=3)
        shifted.plot(SHIFTS_MM, [_bad(here) for here in by_shift], "o-", color=colour, ms=3)
    for _, count in PUBLISHED:
        classes.plot(PUBLISHED_DEG, 100 * count / PUBLISHED_STUDIES, "x", color=GREY)
    classes.legend(fontsize=7, frameon=False)
    _name(classes, "long axis turned (°)", "class changed (%)")
    _name(turned, "long axis turned (°)", "summed score, 95th centile")
    _name(shifted, "shifted (mm)", "summed score, 95th centile")
    figure.tight_layout(pad=0.6)
    return png(figure)


def _name(ax: Axes, x: str, y: str) -> None:
    ax.set_xlabel(x, fontsize=8, color=INK)
    ax.set_ylabel(y, fontsize=8, color=INK)
    ax.tick_params(labelsize=7)
    ax.set_ylim(bottom=0)


def _bad(found: Sequence[Change]) -> float:
    values = absolute(found, lambda c: c.summed_score)
    return float(np.percentile(values, 95)) if values else float("nan")


def _by_set(rows: Sequence[Cost]) -> dict[str, list[Change]]:
    found = changes(rows)
    return {name: [c for c in found if c.cost.data_set == name] for name in dict.fromkeys(r.data_set for r in rows)}


def _part(name: str, found: Sequence[Change], rows: Sequence[Cost]) -> Mapping[str, object]:
    own = [r for r in rows if (r.data_set, r.accepted, r.error) == (name, OWN, NO_ERROR)]
    classes = [class_of(int(r.summed_score)) for r in own if r.summed_score is not None]
    return {
        "name": name,
        "studies": len(own),
        "subjects": len({r.subject for r in own}),
        "scored": sum(r.summed_score is not None for r in own),
        "classes": ", ".join(f"{classes.count(class_name)} {class_name}" for _, class_name in reversed(CLASSES)),
        "passed": sum(r.verdict == "pass" for r in own),
        "tables": [(accepted, cost_table([c for c in found if c.accepted.accepted == accepted]).markdown())
                   for accepted in (OWN, TRUE)],
    }  # fmt: skip


def _listed(numbers: Sequence[float]) -> str:
    *first, last = (f"{x:g}" for x in numbers)
    return f"{', '.join(first)} and {last}"
