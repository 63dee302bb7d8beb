"""The polar map as a table of the 17 segments, and as arrays of its samples.

``polar_map.csv`` has one line for each segment; an empty cell is an unknown value. ``polar_map.npz`` loads with
``numpy.load(file, allow_pickle=False)``; :data:`ARRAYS` lists what it holds.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..perfusion.quantification import Perfusion
from ..perfusion.sampling import angles
from ..prediction.result import Result
from .perfusion_text import perfusion_of

TABLE, SAMPLES = "polar_map.csv", "polar_map.npz"
COLUMNS = ("number", "name", "territory", "percent", "mid_wall_percent", "score")
ARRAYS = {
    "percent": "(rows, rays) largest count along each ray, percent of the study's maximum; nan without wall",
    "mid_wall_percent": "(rows, rays) mean of the middle half of the wall, percent of their own maximum; nan likewise",
    "area_mm2": "(rows, rays) area of the mid-wall surface that a sample stands for; 0 without wall",
    "counted": "(rows, rays) whether a sample counts in segments and scores",
    "row_edges": "(rows + 1,) where rows begin and end along the long axis: 0 mid-wall apex, 1 valve plane",
    "angle_deg": "(rays,) middle of each ray's sector: 0 lateral, 90 anterior, 180 septal, 270 inferior",
    "maximum_counts": "() the study's maximum, which is 100 percent, in counts",
}
"""What ``polar_map.npz`` holds; rows run from apex to base."""


class WithheldError(Exception):
    """A file has no content, because its figures are withheld; the text is the reason."""


def write_table(result: Result, path: Path) -> None:
    """Write the segments as CSV.

    Raises:
        WithheldError: the polar map is withheld.
    """
    found = _mapped(result)
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    table.writerows(found.as_dict()["segments"])
    path.write_text(text.getvalue(), encoding="utf-8")


def write_samples(result: Result, path: Path) -> None:
    """Write the samples as arrays, compressed, without pickles.

    Raises:
        WithheldError: the polar map is withheld.
    """
    arrays: dict[str, Any] = samples_of(_mapped(result))
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def samples_of(perfusion: Perfusion) -> dict[str, NDArray[Any]]:
    """The arrays of :data:`ARRAYS`.

    Raises:
        WithheldError: the polar map is withheld.
    """
    found = perfusion.map
    if found is None:
        raise WithheldError(perfusion.reason)
    return {
        "percent": found.percent.astype(np.float32),
        "mid_wall_percent": found.mid_wall_percent.astype(np.float32),
        "area_mm2": found.samples.area_mm2.astype(np.float32),
        "counted": found.counted,
        "row_edges": found.samples.edges,
        "angle_deg": angles(),
        "maximum_counts": np.array(found.maximum),
    }


def _mapped(result: Result) -> Perfusion:
    found = perfusion_of(result)
    if found.map is None:
        raise WithheldError(found.reason)
    return found
