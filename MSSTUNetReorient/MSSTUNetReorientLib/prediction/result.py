"""The result of a prediction, from which the report, the scene, the panel and the files are made."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from dataclasses import field
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..geometry.labels import BLOOD_POOL
from ..geometry.labels import MYOCARDIUM
from ..geometry.pose import Cube
from ..geometry.pose import Pose
from ..geometry.volume import Grid
from ..geometry.volume import Volume
from .qc import Quality
from .septum_estimate import Septum

INPUT_KEYS = ("kind", "modality", "camera", "attenuation_corrected", "sex", "patient_position", "gates", "gate",
              "windows", "window", "time_frames", "frames", "orientation", "reoriented", "study_phase", "tracer",
              "interval_ms", "warnings")  # fmt: skip
"""Information about a study that may be written to files."""


@dataclass(frozen=True)
class ModelIdentity:
    """The trained model that made a result."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class Gates:
    """The gates of a study, at the pose of their sum.

    Attributes:
        short_axis: counts of each gate in the SA cube.
        labels: of each gate, from the shares; same grid.
        shares: ``(G, 2, K, J, I)`` float32 of wall and blood pool, smoothed over the cycle; only near the LV.
        shares_grid: their grid, LPS mm, in the networks' own roll.
        total_counts: of each gate, over the whole study.
        interval_ms: mean R-R interval; None where the study does not state it.
    """

    short_axis: tuple[Volume, ...]
    labels: tuple[Volume, ...]
    shares: NDArray[np.float32]
    shares_grid: Grid
    total_counts: tuple[float, ...]
    interval_ms: float | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """The result for one study.

    Attributes:
        study: the counts as read, LPS mm, never moved.
        pose: SA frame to LPS.
        cube: the network's input cube, to which the normalised translation refers.
        short_axis: the study's own counts in the SA cube (cubic, resampled once).
        labels: uint8, same grid as ``short_axis``: 0 background, 1 LV myocardium, 2 LV blood pool.
        quality: the verdict.
        model: the weights used.
        timing_s: seconds by step.
        left_out: files that could not be written because an optional package is missing, and why.
        normal_limits: the request for normal limits: "auto", "none", a name, or a file.
        gates: of a gated study; None where only the sum, or one gate, was read.
    """

    study: Volume
    pose: Pose
    cube: Cube
    short_axis: Volume
    labels: Volume
    quality: Quality
    model: ModelIdentity
    timing_s: dict[str, float]
    left_out: dict[str, str] = field(default_factory=dict)
    normal_limits: str = "auto"
    gates: Gates | None = None

    @property
    def septum(self) -> Septum | None:
        """The septum angle; None where no LV was found."""
        return self.quality.septum

    @property
    def volumes_ml(self) -> dict[str, float]:
        """Volume of each label in ml, from its voxels."""
        ml = self.labels.grid.voxel_ml
        return {
            "myocardium": float((self.labels.array == MYOCARDIUM).sum()) * ml,
            "blood_pool": float((self.labels.array == BLOOD_POOL).sum()) * ml,
        }

    def as_dict(self) -> dict[str, Any]:
        """The content of ``result.json``: numbers and strings only, nothing personal."""
        from .. import __version__

        i, j, k = self.pose.rotation.T.tolist()
        info = self.study.info
        good_to = self.quality.good_to
        return {
            "pose": {
                "euler_yxz_rad": list(self.pose.euler()),
                "translation_normalized": self.pose.translation(self.cube).tolist(),
                "centre_lps_mm": self.pose.centre.tolist(),
                "axes_lps": {"i": i, "j": j, "k": k},
                "cube": {"centre_lps_mm": list(self.cube.centre), "half_mm": self.cube.half},
            },
            "septum": _septum_content(self.septum),
            "good_to": {"axis_deg": _tenth(good_to.axis_deg), "centre_mm": _tenth(good_to.centre_mm)},
            "volumes_ml": self.volumes_ml,
            "qc": {
                "status": self.quality.status,
                "reasons": list(self.quality.reasons),
                "measures": self.quality.measures,
            },
            "model": {"name": self.model.name, "version": self.model.version, "sha256": self.model.sha256},
            "input": {
                "kind": "unknown",
                "modality": "unknown",
                **{key: info[key] for key in INPUT_KEYS if key in info},
                "shape": list(self.study.grid.size),
                "spacing_mm": self.study.grid.spacing.tolist(),
            },
            "timing_s": self.timing_s,
            "left_out": dict(self.left_out),
            "software": {
                "msstunet-reorient": __version__,
                "python": platform.python_version(),
                "torch": _version("torch"),
            },
        }


def _septum_content(septum: Septum | None) -> dict[str, float] | None:
    if septum is None:
        return None
    told = {"angle_deg": septum.angle_deg, "good_to_deg": septum.bound_deg, "seen_deg": septum.seen_deg}
    return {name: round(value, 1) for name, value in told.items()}


def _tenth(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _version(package: str) -> str:
    """Of an installed package; empty where it is not installed as one."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
