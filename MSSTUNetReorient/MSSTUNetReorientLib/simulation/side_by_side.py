"""Real and simulated studies side by side: a table of figures and a page of pictures.

``python -m MSSTUNetReorientLib.simulation.compare --real FOLDER ... --simulated FOLDER ... --out FOLDER``. A folder of
real studies holds ``reference_poses.json`` (name: ``k_lps``, ``centre_lps_mm``); one of simulated ones is as the
command ``simulate`` makes it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import astuple
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from ..geometry.volume import resample
from ..io import read_study
from .disk import IMAGE
from .disk import TRUTH
from .realism import Measures
from .realism import measure_realism

COLUMNS = (
    "LV / background", "LV / lung", "LV / liver", "LV / cavity", "wall FWHM mm", "noise FWHM mm", "noise / LV",
    "LV region p25", "p50", "p75",
)  # fmt: skip
PICTURED = 4
"""Studies of a folder that are pictured."""
PAGE, TABLE = "simulation.png", "simulation_table.md"
VIEWS_MM, VIEWS_SIZE = 3.0, 64


@dataclass(frozen=True, eq=False)
class Known:
    """A study whose pose is known."""

    name: str
    study: Volume
    pose: Pose


def real_studies(folder: Path) -> Iterator[Known]:
    """The studies of a folder that its ``reference_poses.json`` names."""
    for name, told in json.loads((folder / "reference_poses.json").read_text(encoding="utf-8")).items():
        for file in (folder / f"{name}.dcm", folder / f"{name}.nrrd"):
            if file.exists():
                pose = Pose.from_long_axis(told["k_lps"], np.array(told["centre_lps_mm"]))
                yield Known(name, read_study(file), pose)


def simulated_studies(folder: Path) -> Iterator[Known]:
    """The finished studies of a folder."""
    for truth in sorted(folder.glob(f"*/{TRUTH}")):
        told = json.loads(truth.read_text(encoding="utf-8"))
        pose = Pose.from_matrix(told["pose"]["matrix_sa_to_lps"])
        yield Known(truth.parent.name, read_study(truth.parent / IMAGE), pose)


def flat(measures: Measures) -> list[float]:
    """The figures in the order of :data:`COLUMNS`."""
    *single, quartiles = astuple(measures)
    return [*single, *quartiles]


def table(real: dict[str, list[Known]], simulated: dict[str, list[Known]]) -> str:
    """Markdown: a row for each real study, and median with range for each folder of simulated ones."""
    lines = ["| study | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for folder, studies in real.items():
        for known in studies:
            figures = flat(measure_realism(known.study, known.pose))
            lines.append(f"| {folder} {known.name} | " + " | ".join(f"{v:.3g}" for v in figures) + " |")
    for folder, studies in simulated.items():
        rows = np.array([flat(measure_realism(known.study, known.pose)) for known in studies])
        low, middle, high = np.nanpercentile(rows, [0, 50, 100], axis=0)
        cells = [f"{m:.3g} ({a:.3g} to {b:.3g})" for a, m, b in zip(low, middle, high, strict=True)]
        lines.append(f"| simulated {folder} (n = {len(rows)}) | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def views(known: Known) -> list[np.ndarray]:
    """Transaxial, short axis, horizontal and vertical long axis through the LV centre, brightest wall about 1."""
    sa = resample(known.study, Grid.centred(VIEWS_SIZE, VIEWS_MM, known.pose), order=1).array
    upright = Pose(np.eye(3), known.pose.centre)
    axial = resample(known.study, Grid.centred(VIEWS_SIZE, 1.6 * VIEWS_MM, upright), order=1).array
    m = VIEWS_SIZE // 2
    inner = sa[m - 12 : m + 12, m - 14 : m + 14, m - 14 : m + 14]
    top = float(np.percentile(inner, 97))
    return [np.asarray(v) / top for v in (axial[m], sa[m], sa[::-1, m, :], sa[:, :, m].T)]


def page(groups: dict[str, list[Known]], path: Path) -> None:
    """Pictures of some studies of each group under one colour map."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = [(group, known) for group, studies in groups.items() for known in studies[:PICTURED]]
    columns = 3
    tall = -(-len(rows) // columns)
    figure, axes = plt.subplots(tall, 4 * columns, figsize=(4 * columns * 0.9, tall * 1.05), squeeze=False)
    for number in range(tall * columns):
        group_axes = axes[number % tall, 4 * (number // tall) : 4 * (number // tall) + 4]
        for axis in group_axes:
            axis.axis("off")
        if number < len(rows):
            group, known = rows[number]
            for axis, view in zip(group_axes, views(known), strict=True):
                axis.imshow(view, cmap="inferno", vmin=0, vmax=1.1, interpolation="bilinear")
            group_axes[0].set_title(f"{group} {known.name}", fontsize=5, loc="left", pad=2)
    figure.subplots_adjust(0.005, 0.005, 0.995, 0.975, 0.03, 0.14)
    figure.savefig(path, dpi=90)
    plt.close(figure)
    _shrink(path)


def _shrink(path: Path) -> None:
    """Store a picture with a palette of 128 colours: a third of the size."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128)
    small.save(path, optimize=True)


def main() -> None:
    """Measure, write table and page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, nargs="*", default=[])
    parser.add_argument("--simulated", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    real = {folder.name: list(real_studies(folder)) for folder in told.real}
    simulated = {folder.name: list(simulated_studies(folder)) for folder in told.simulated}
    told.out.mkdir(parents=True, exist_ok=True)
    (told.out / TABLE).write_text(table(real, simulated), encoding="utf-8")
    page(real | simulated, told.out / PAGE)
    sys.stdout.write((told.out / TABLE).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
