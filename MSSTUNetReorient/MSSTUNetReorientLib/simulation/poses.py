"""Poses of real hearts: truncated Gaussians fitted to measured and to published poses."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from scipy.stats import truncnorm

from ..errors import InputError
from ..geometry.pose import MEAN_ROTATION
from ..geometry.pose import rotation_from_euler
from ..geometry.septum import LEFT_DEG
from ..geometry.septum import MEAN_DEG
from ..geometry.septum import SD_DEG
from ..geometry.septum import septal_frame

Array = NDArray[np.float64]

Poses = Literal["cta", "table2"]
POSES: tuple[Poses, ...] = ("cta", "table2")
"""Poses like those of hearts seen by CT, or like those of Table 2 of Ni 2023."""

POSE_SD_RAD = (0.16, 0.12, 0.15)
"""Spread of 53 hearts seen by CT about their mean rotation, as rotation vectors along LPS."""
TRUNCATED_AT = 3.0
"""Standard deviations at which the Gaussians of the poses end."""
WIDE_SHARE, WIDE_FACTOR = 0.2, 2.0
"""How many poses come from wider tails, and how much wider these are."""

PUBLISHED: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "pet": ((-0.79, 0.18, -1.21, -0.34), (-0.97, 0.21, -1.69, -0.48), (1.21, 0.19, 0.56, 1.67)),
    "spect": ((-0.83, 0.22, -1.49, -0.26), (-1.14, 0.27, -1.68, -0.32), (1.22, 0.27, 0.66, 1.80)),
}
"""Mean, standard deviation, least, greatest of alpha, beta, gamma (rad): 85 PET, 60 SPECT patients, Ni 2023, Table 2.
Its translations are relative to a cube whose size is not given."""


def check_poses(poses: str) -> None:
    """Refuse other names than those of :data:`POSES`.

    Raises:
        InputError: another name.
    """
    if poses not in POSES:
        msg = f"the poses must be one of {', '.join(POSES)}, but found {poses}; choose one of them"
        raise InputError(msg)


def draw_published_rotation(rng: np.random.Generator, modality: str) -> Array:
    """``(3, 3)`` from the truncated Gaussians of Table 2, of "pet" or "spect"; it gives no correlations."""
    angles = [
        float(truncnorm.rvs((low - mean) / sd, (high - mean) / sd, loc=mean, scale=sd, random_state=rng))
        for mean, sd, low, high in PUBLISHED[modality]
    ]
    return rotation_from_euler(*angles)


def draw_pose_rotation(rng: np.random.Generator, mean: Array = MEAN_ROTATION) -> Array:
    """A truncated Gaussian fitted to real poses, with wider tails, ``(3, 3)``."""
    factor = WIDE_FACTOR if rng.random() < WIDE_SHARE else 1.0
    vector = truncated_normal(rng, 3) * np.array(POSE_SD_RAD) * factor
    return np.asarray(Rotation.from_rotvec(vector).as_matrix() @ mean)


def truncated_normal(rng: np.random.Generator, count: int) -> Array:
    """Standard normal numbers within :data:`TRUNCATED_AT`."""
    out = rng.normal(size=count)
    while (np.abs(out) > TRUNCATED_AT).any():
        out = np.where(np.abs(out) > TRUNCATED_AT, rng.normal(size=count), out)
    return np.asarray(out)


def own_frame(rng: np.random.Generator, rotation: Array, rv: tuple[float, float] = (-1.0, 0.0)) -> Array:
    """The own frame of a heart with an RV, ``(3, 3)``: the long axis of a rotation, the septum where hearts have it.

    Args:
        rv: direction (i, j) of the RV in the own frame.
    """
    angle = MEAN_DEG + SD_DEG * float(truncated_normal(rng, 1)[0])
    own = float(np.rad2deg(np.arctan2(-rv[1], rv[0])))
    return septal_frame(rotation[:, 2], angle + LEFT_DEG - own)


def draw_rotation(rng: np.random.Generator, mean: Array = MEAN_ROTATION, degrees: float = 13.0) -> Array:
    """For training: a rotation about the mean pose, normal, with one in six from tails twice as wide."""
    spread = degrees * (2.0 if rng.random() < 1 / 6 else 1.0)
    vector = rng.normal(0.0, np.deg2rad(spread), 3)
    length = np.linalg.norm(vector)
    vector *= min(1.0, np.deg2rad(60.0) / (length + 1e-9))
    return np.asarray(Rotation.from_rotvec(vector).as_matrix() @ mean)
