"""The tables of the page of comparisons: what was trained, and both papers' tables beside the published figures."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

from .measurement import PARAMETERS
from .paired import Difference
from .paired import difference
from .published_figures import Ni
from .summary import Summary
from .tables import NONE
from .tables import Table
from .tables import number
from .tables import share

Answers = Mapping[str, Summary]
"""Of one data set, by the name of the recipe."""


def training_table(titles: Mapping[str, str], trained: Mapping[str, Mapping[str, Any]]) -> Table:
    """Every network of the list.

    Args:
        titles: by recipe, in their order.
        trained: parameters, steps, batch, minutes, flat, by recipe; those that are missing were not trained.
    """
    head = ("network", "recipe", "parameters", "steps of a batch", "minutes", "ended")
    return Table(head, tuple((titles[name], f"`{name}`", *_training(trained.get(name))) for name in titles))


def _training(told: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if told is None:
        return NONE, NONE, NONE, "**not trained yet**"
    ended = {True: "flat", False: "**by the limit**"}.get(told.get("flat"), NONE)  # type: ignore[arg-type]
    return f"{told['parameters']:,}", f"{told['steps']:,} x {told['batch']}", number(told["minutes"], 1), ended


def ni_table(
    names: Sequence[str], titles: Mapping[str, str], answers: Answers, published: Mapping[str, Mapping[str, Ni]],
    modality: str,
) -> Table:  # fmt: skip
    """Means, each with the paper's in brackets; then our own measures of the pose, which the paper does not give."""
    head = (
        "network", "LV-MY DSC (%)", "LV-MY HD95 (mm)", "LV-BP DSC (%)", "LV-BP HD95 (mm)", "Rot-MSE (10⁻² rad²)",
        "long axis, median (°)", "centre, median (mm)", "LV lost",
    )  # fmt: skip
    rows = []
    for name in (n for n in names if n in answers):
        s, theirs = answers[name], published.get(name, {}).get(modality)
        means = (
            _mean(s, "dsc_myocardium", 100, theirs and theirs.wall_dsc),
            _mean(s, "hd95_myocardium_mm", 1, theirs and theirs.wall_hd95),
            _mean(s, "dsc_blood_pool", 100, theirs and theirs.pool_dsc),
            _mean(s, "hd95_blood_pool_mm", 1, theirs and theirs.pool_hd95),
            _mean(s, "rot_mse", 100, theirs and theirs.rot_mse),
        )
        rows.append((titles[name], *means, *_pose(s)))
    return Table(head, tuple(rows))


def zhu_table(
    names: Sequence[str], titles: Mapping[str, str], answers: Answers, published: Mapping[str, Mapping[str, float]]
) -> Table:
    """r of the six parameters, each with the paper's in brackets, and our own measures of the pose."""
    shown = [n for n in names if n in answers]
    spreads = (next((r.spread for n in shown if (r := answers[n].regression(p)) is not None), None) for p in PARAMETERS)
    head = (
        "network",
        *(f"{p} (spread {number(x, 2)})" for p, x in zip(PARAMETERS, spreads, strict=True)),
        "Rot-MSE (10⁻² rad²)", "long axis, median (°)", "centre, median (mm)", "LV lost",
    )  # fmt: skip
    rows = []
    for name in shown:
        s, theirs = answers[name], published.get(name, {})
        found = ((s.regression(p), theirs.get(p)) for p in PARAMETERS)
        cells = (_beside(None if r is None else r.r, paper, 3) for r, paper in found)
        rows.append((titles[name], *cells, _mean(s, "rot_mse", 100, None), *_pose(s)))
    return Table(head, tuple(rows))


def _mean(s: Summary, figure: str, factor: float, paper: float | None) -> str:
    found = s.spread(figure)
    return _beside(None if found is None else factor * found.mean, paper, 2)


def _beside(ours: float | None, paper: float | None, digits: int) -> str:
    return number(ours, digits) if paper is None else f"{number(ours, digits)} ({number(paper, digits)})"


def _pose(s: Summary) -> tuple[str, str, str]:
    axis, centre = s.spread("long_axis_deg"), s.spread("centre_mm")
    return (
        number(None if axis is None else axis.median, 1), number(None if centre is None else centre.median, 1),
        share(s.failures),
    )  # fmt: skip


FIGURES = {
    "dsc_myocardium": ("LV-MY DSC", 100.0, "points", 1, True),
    "rot_mse": ("Rot-MSE", 100.0, "x 10⁻² rad²", 2, False),
    "long_axis_deg": ("long axis", 1.0, "degrees", 1, False),
    "centre_mm": ("centre", 1.0, "mm", 1, False),
}
"""Figure to its name, factor, unit, digits, and whether more is better."""


def in_words(first: str, second: str, titles: Mapping[str, str], answers: Answers, figures: Sequence[str]) -> str:
    """One sentence: is the second better than the first?"""
    found = {figure: difference(answers[first], answers[second], figure) for figure in figures}
    parts = [_sentence(figure, d) for figure, d in found.items() if d is not None]
    return f"{titles[second]} against {titles[first]}: {'; '.join(parts) or 'nothing that both answer'}."


def _sentence(figure: str, d: Difference) -> str:
    name, factor, unit, digits, more = FIGURES[figure]
    verdict = "no sure difference"
    if d.sure:
        verdict = "**better**" if (d.mean > 0) == more else "**worse**"
    interval = "" if d.low is None else f" [{number(factor * d.low, digits)}, {number(factor * (d.high or 0), digits)}]"
    return (
        f"{name} {number(factor * d.first, digits)} to {number(factor * d.second, digits)}, {verdict} "
        f"({factor * d.mean:+.{digits}f}{interval} {unit}, {d.studies} studies)"
    )
