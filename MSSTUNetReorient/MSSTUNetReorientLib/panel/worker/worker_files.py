"""Studies and answers as files between the panel and its child process: NumPy archives, without pickle.

The panel's process reads an answer with NumPy alone, so it never loads torch.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np

from ...geometry.pose import Cube
from ...geometry.pose import Pose
from ...geometry.volume import Grid
from ...geometry.volume import Volume
from ...prediction.qc import Quality
from ...prediction.result import ModelIdentity
from ...prediction.result import Result
from ...scene.figure_tables import FigureRow
from ...scene.figure_tables import Figures
from ...scene.figure_tables import SegmentRow
from ..state.loaded_study import LoadedStudy
from .surfaces import Surface
from .surfaces import surfaces_of

MAX_UNPACKED = 2**32
"""Bytes of a study or an answer: a study has at most 1024 voxels along an axis, and few have so many."""


@dataclass(frozen=True, eq=False)
class Answer:
    """A :class:`Result` without its study, which the panel has, and with the surfaces of its labels."""

    pose: Pose
    cube: Cube
    short_axis: Volume
    labels: Volume
    quality: Quality
    model: ModelIdentity
    timing_s: dict[str, float]
    surfaces: dict[str, Surface]

    def with_study(self, study: Volume) -> Result:
        """Complete again."""
        return Result(
            study, self.pose, self.cube, self.short_axis, self.labels, self.quality, self.model, self.timing_s
        )


def write_study(study: Volume, path: Path, gates: Sequence[Volume] = (), fault: str = "") -> None:
    """Voxels ``(K, J, I)`` and geometry, LPS mm; the gates ``(G, K, J, I)``, and why a sequence has none."""
    content = {"grid": _grid_content(study.grid), "info": study.info, "fault": fault}
    beat = {"gates": np.stack([gate.array for gate in gates])} if gates else {}
    _write(path, content, array=study.array, **beat)


def read_study(path: Path) -> Volume:
    """The study that :func:`write_study` wrote, without its gates."""
    return read_loaded(path).volume


def read_loaded(path: Path) -> LoadedStudy:
    """What :func:`write_study` wrote."""
    content, arrays = _read(path)
    grid = _grid(content["grid"])
    gates = tuple(Volume(array, grid) for array in arrays.get("gates", ()))
    return LoadedStudy(Volume(arrays["array"], grid, content["info"]), gates, content["fault"])


def write_answer(result: Result, path: Path) -> None:
    """All but the study, and the surfaces of the labels."""
    surfaces: dict[str, Any] = {}
    for name, (points, triangles) in surfaces_of(result.labels).items():
        surfaces |= {f"points {name}": points, f"triangles {name}": triangles}
    _write_result(result, path, surfaces)


def write_state(result: Result, path: Path) -> None:
    """A result as it stands in the scene, for :func:`read_answer`: without surfaces."""
    _write_result(result, path, {})


def _write_result(result: Result, path: Path, surfaces: dict[str, Any]) -> None:
    content = {
        "grid": _grid_content(result.labels.grid),
        "pose": result.pose.matrix.tolist(),
        "cube": asdict(result.cube),
        "quality": asdict(result.quality),
        "model": asdict(result.model),
        "timing_s": result.timing_s,
        "info": result.short_axis.info,
    }
    arrays = {"labels": result.labels.array, "short_axis": result.short_axis.array}
    _write(path, content, **arrays, **surfaces)


def read_answer(path: Path) -> Answer:
    """What :func:`write_answer` or :func:`write_state` wrote."""
    content, arrays = _read(path)
    grid, quality, cube = _grid(content["grid"]), content["quality"], content["cube"]
    return Answer(
        pose=Pose.from_matrix(content["pose"]),
        cube=Cube(tuple(cube["centre"]), cube["half"]),
        short_axis=Volume(arrays["short_axis"], grid, content["info"]),
        labels=Volume(arrays["labels"], grid),
        quality=Quality(quality["status"], tuple(quality["reasons"]), quality["measures"]),
        model=ModelIdentity(**content["model"]),
        timing_s=content["timing_s"],
        surfaces={
            name.removeprefix("points "): (arrays[name], arrays[name.replace("points", "triangles", 1)])
            for name in arrays
            if name.startswith("points ")
        },
    )


def figures_content(figures: Figures) -> dict[str, Any]:
    """Figures as JSON."""
    return {"segments": [list(row) for row in figures.segments], "rows": [list(row) for row in figures.rows]}


def read_figures_content(content: dict[str, Any]) -> Figures:
    """What :func:`figures_content` made."""
    segments = tuple(SegmentRow(*row) for row in content["segments"])
    return Figures(segments, tuple(FigureRow(*row) for row in content["rows"]))


def _grid_content(grid: Grid) -> dict[str, Any]:
    return {
        "size": grid.size,
        "spacing": grid.spacing.tolist(),
        "origin": grid.origin.tolist(),
        "direction": grid.direction.tolist(),
    }


def _grid(content: dict[str, Any]) -> Grid:
    return Grid(tuple(content["size"]), content["spacing"], content["origin"], content["direction"])


def _write(path: Path, content: dict[str, Any], **arrays: Any) -> None:
    with path.open("wb") as file:
        np.savez(file, content=np.array(json.dumps(content, default=float)), **arrays)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]]:
    with ZipFile(path) as archive:
        unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > MAX_UNPACKED:
        msg = f"{path.name} unpacks to {unpacked} bytes, more than {MAX_UNPACKED}"
        raise ValueError(msg)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(str(arrays.pop("content"))), arrays
