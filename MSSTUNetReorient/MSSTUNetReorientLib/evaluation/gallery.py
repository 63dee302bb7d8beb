"""Pictures of studies with a result and the truth: short axis, both long axes, and transaxial.

Nothing but the data set's own names is written into a picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.labels import BACKGROUND
from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Pose
from ..geometry.views import HLA
from ..geometry.views import SA
from ..geometry.views import VLA
from ..geometry.views import View
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..output.figures import draw_contour
from ..output.figures import new_figure
from ..output.view_slices import display_maximum
from ..output.view_slices import study_slice
from ..output.view_slices import view_stack
from .page import Picture
from .page import file_name
from .plots import INK
from .plots import png
from .true_study import TrueStudy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .candidates import Candidate
    from .measurement import Measurement
    from .method import Answer
    from .true_study import DataSet

FOUND, TRUE = "#4fd1ff", "#ffffff"
COLOUR_MAP = "inferno"
SHORT_AXIS_SLICES = 5
EDGE_VOXELS, SPACING_MM = 61, 2.5
"""The short-axis cube that is pictured."""
AXIS_MM = 55.0
"""Half the length of a drawn axis."""
REAL_INCHES, WORST_INCHES = 1.7, 1.1
"""Edge of a panel of a real study, and of one of the worst simulated ones."""
TITLE_INCHES = 0.22
LINE_WIDTH = 0.8
"""Smooths the voxel steps of an outline, for display only."""
WORST = 2
"""Studies of a simulated data set that are pictured."""
LEGEND = (
    "short axis from apex to base, horizontal and vertical long axis (at the pose of the first method), transaxial. "
    "Blue: its LV, blood pool and long axis; white, dashed: true or hand-drawn wall and reference axis."
)


@dataclass(frozen=True, eq=False)
class Pictured:
    """A study, an answer to it, and what to write over it."""

    study: TrueStudy
    counts: Volume
    answer: Answer
    true_labels: Volume | None
    title: str


def galleries(rows: Sequence[Measurement], sets: Sequence[DataSet], first: Candidate) -> Iterator[Picture]:
    """The first method's answers: a picture of every real study, and of the worst of each simulated data set."""
    for data_set in sets:
        of_set = {r.study: r for r in rows if r.data_set == data_set.name and r.method == first.name and not r.refused}
        shown = [s for s in data_set.studies if s.name in of_set]
        for study in (s for s in shown if s.is_real):
            content = gallery([pictured(study, of_set[study.name], first)], REAL_INCHES)
            name = f"{file_name(data_set.name)}_{file_name(study.name)}.png"
            yield Picture(name, content, data_set.name, f"{data_set.name}, {study.name}")
        others = sorted((s for s in shown if not s.is_real), key=lambda s: badness(of_set[s.name]), reverse=True)
        if others:
            content = gallery([pictured(study, of_set[study.name], first) for study in others[:WORST]], WORST_INCHES)
            caption = f"{data_set.name}, worst cases"
            yield Picture(f"{file_name(data_set.name)}_worst.png", content, data_set.name, caption)


def badness(row: Measurement) -> float:
    """By which the worst studies are found: the long axis, or the wall where no pose is answered."""
    if row.long_axis_deg is not None:
        return row.long_axis_deg
    return 1.0 - (row.dsc_myocardium or 0.0)


def pictured(study: TrueStudy, row: Measurement, method: Candidate) -> Pictured:
    """The study with the method's answer, asked again, and the row's figures for a title."""
    counts = study.read()
    figures = [
        f"long axis {row.long_axis_deg:.1f}°" if row.long_axis_deg is not None else "",
        f"(reference uncertain by {study.uncertainty_deg:.0f}°)" if study.uncertainty_deg is not None else "",
        f"centre {row.centre_mm:.1f} mm" if row.centre_mm is not None else "",
        f"DSC LV-MY {row.dsc_myocardium:.2f}" if row.dsc_myocardium is not None else "",
        f"verdict: {row.verdict}" if row.verdict else "",
    ]
    title = "   ".join([study.name, *(text for text in figures if text)])
    return Pictured(study, counts, method.answer(counts, study.pose), study.read_labels(), title)


def gallery(studies: Sequence[Pictured], edge: float) -> bytes:
    """A PNG with a row of panels a study: five short-axis slices, HLA, VLA, transaxial; ``edge`` inches each."""
    columns = SHORT_AXIS_SLICES + 3
    height = edge + TITLE_INCHES
    figure = new_figure(columns * edge, len(studies) * height)
    rows: Any = figure.subfigures(len(studies), 1, squeeze=False)[:, 0]
    layout = {"left": 0.002, "right": 0.998, "bottom": 0.01, "top": edge / height, "wspace": 0.02}
    for part, pictured in zip(rows, studies, strict=True):
        part.text(0.003, 0.995, pictured.title, fontsize=8, color=INK, va="top")
        _draw_row(part.subplots(1, columns, gridspec_kw=layout), pictured)
    return png(figure)


def _draw_row(axes: Sequence[Axes], pictured: Pictured) -> None:
    pose = pictured.answer.pose or pictured.study.pose
    grid = Grid.centred(EDGE_VOXELS, SPACING_MM, pose)
    counts = resample(pictured.counts, grid)
    labels = _on(pictured.answer.labels, grid)
    true = _on(pictured.true_labels, grid)
    top = _display_maximum(counts.array, labels)
    for ax, position in zip(axes, _positions(labels), strict=False):
        _draw_view(ax, SA, float(position), pose, (counts, labels, true), top)
    for ax, view in zip(axes[SHORT_AXIS_SLICES:], (HLA, VLA), strict=False):
        _draw_view(ax, view, 0.0, pose, (counts, labels, true), top)
        _axis(ax, pose, pose, view, FOUND, "-")
        _axis(ax, pictured.study.pose, pose, view, TRUE, ":")
    _draw_study(axes[-1], pictured, pose, top)


def _positions(labels: Volume | None) -> NDArray[np.float64]:
    """Of the short-axis slices, mm: evenly within the labelled LV, or where one mostly lies."""
    slices = np.flatnonzero((labels.array != BACKGROUND).any(axis=(1, 2))) if labels is not None else np.zeros(0)
    ends = (slices[[0, -1]] - EDGE_VOXELS // 2) * SPACING_MM if slices.size else np.array([-40.0, 30.0])
    return np.asarray(ends[0] + (np.arange(SHORT_AXIS_SLICES) + 0.5) / SHORT_AXIS_SLICES * (ends[1] - ends[0]))


def _on(labels: Volume | None, grid: Grid) -> Volume | None:
    return None if labels is None else resample(labels, grid, order=0)


def _display_maximum(counts: NDArray[Any], labels: Volume | None) -> float:
    """That of the LV, or of the middle where none was labelled: a hot liver never dims the heart."""
    m, r = EDGE_VOXELS // 2, 14
    if labels is None or not labels.array.any():
        return display_maximum(counts[m - r : m + r, m - r : m + r, m - r : m + r], None)
    return display_maximum(counts, labels.array)


def _draw_view(
    ax: Axes, view: View, position: float, pose: Pose, volumes: tuple[Volume, Volume | None, Volume | None], top: float
) -> None:
    counts, labels, true = volumes
    stack = view_stack(counts, pose, view)
    index = stack.nearest(position)
    ax.imshow(stack.images[index], cmap=COLOUR_MAP, vmin=0, vmax=top, extent=stack.extent, interpolation="bilinear")
    if labels is not None:
        image = view_stack(labels, pose, view).images[index]
        draw_contour(ax, image != BACKGROUND, stack.extent, FOUND, LINE_WIDTH)
        draw_contour(ax, image == BLOOD_POOL, stack.extent, FOUND, LINE_WIDTH)
    if true is not None:
        draw_contour(ax, view_stack(true, pose, view).images[index] == MYOCARDIUM, stack.extent, TRUE, LINE_WIDTH, "--")
    half = EDGE_VOXELS * SPACING_MM / 2 - 5
    ax.set_xlim(-half, half)
    ax.set_ylim(half, -half)
    ax.set_axis_off()
    label = f"SA {position:+.0f} mm" if view is SA else view.name
    ax.text(0.03, 0.03, label, transform=ax.transAxes, color="white", fontsize=6)


def _axis(ax: Axes, shown: Pose, frame: Pose, view: View, colour: str, style: str) -> None:
    """A long axis in a view of another pose."""
    ends = shown.apply(np.outer([-AXIS_MM, AXIS_MM], [0.0, 0.0, 1.0]))
    x, y, _ = (frame.apply_inverse(ends) @ view.axes).T
    ax.plot(x, y, color=colour, linewidth=0.8, linestyle=style)


def _draw_study(ax: Axes, pictured: Pictured, pose: Pose, top: float) -> None:
    right, down = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    plane = study_slice(pictured.counts, pose.centre, right, down)
    ax.imshow(plane.images[0], cmap=COLOUR_MAP, vmin=0, vmax=top, extent=plane.extent, interpolation="bilinear")
    for shown, colour, style in ((pose, FOUND, "-"), (pictured.study.pose, TRUE, ":")):
        ends = shown.apply(np.outer([-AXIS_MM, AXIS_MM], [0.0, 0.0, 1.0])) - pose.centre
        ax.plot(ends @ right, ends @ down, color=colour, linewidth=0.9, linestyle=style)
    left, right_edge, bottom, top_edge = plane.extent
    ax.set_xlim(left, right_edge)
    ax.set_ylim(bottom, top_edge)
    ax.set_axis_off()
    ax.text(0.03, 0.03, "transaxial", transform=ax.transAxes, color="white", fontsize=6)
