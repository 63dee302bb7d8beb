"""The chest round the heart: activity on a grid, from a label map of organs or from ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from .codec import parameters_class

Array = NDArray[np.float64]
Field = NDArray[np.float32]

ORGANS = ("air", "body", "lung", "liver", "spleen", "stomach", "bowel", "gall", "kidney", "bone", "blood")
OUTSIDE = ("breast", "arm")
"""Tissues that have an activity of their own; an organ map holds their indices. Those of :data:`OUTSIDE` lie round the
body of a chest."""
AIR, LUNG = ORGANS.index("air"), ORGANS.index("lung")


@parameters_class
@dataclass(frozen=True)
class Activity:
    """Activity of each tissue relative to healthy myocardium, its relative unevenness, and when it is seen."""

    values: dict[str, float]
    unevenness: float
    state: str = "rest"


Range = tuple[float, float, float, float]
"""Median, standard deviation of the logarithm, least, greatest."""

RANGES: dict[str, dict[str, Range]] = {
    "sestamibi": {
        "body": (0.13, 0.45, 0.04, 0.32), "liver": (0.50, 0.85, 0.08, 3.5), "spleen": (0.50, 0.60, 0.10, 2.0),
        "stomach": (0.25, 0.90, 0.03, 2.5), "bowel": (0.60, 1.00, 0.05, 5.0), "gall": (0.60, 1.30, 0.05, 8.0),
        "kidney": (0.80, 0.60, 0.20, 3.0), "blood": (0.16, 0.40, 0.05, 0.38),
    },
    "ammonia": {
        "body": (0.11, 0.35, 0.05, 0.25), "liver": (0.65, 0.45, 0.20, 1.8), "spleen": (0.40, 0.50, 0.10, 1.2),
        "stomach": (0.30, 0.60, 0.05, 1.5), "bowel": (0.35, 0.60, 0.05, 1.5), "gall": (0.25, 0.60, 0.05, 1.0),
        "kidney": (0.70, 0.50, 0.20, 2.0), "blood": (0.14, 0.40, 0.04, 0.35),
    },
}  # fmt: skip
"""Activity over that of healthy myocardium; ``docs/simulation.md`` gives the sources."""
STRESS_SHARE, STRESS_FACTOR, SPLANCHNIC = 0.4, 0.5, ("liver", "spleen", "stomach", "bowel", "gall")
"""Of the sestamibi studies those at stress, when blood goes to the muscles, and what that leaves for the belly."""
LUNG_OVER_BODY = {"sestamibi": (0.3, 0.9), "ammonia": (0.5, 2.2)}
"""Ammonia is taken up by the lungs of smokers and of failing hearts."""


def draw_activity(rng: np.random.Generator, tracer: str = "sestamibi") -> Activity:
    """Activity of the tissues, with tails wider than the clinic's: hot livers and guts."""

    def log(median: float, spread: float, low: float, high: float) -> float:
        return float(np.clip(median * np.exp(rng.normal(0.0, spread)), low, high))

    values = {"air": 0.0} | {tissue: log(*numbers) for tissue, numbers in RANGES[tracer].items()}
    values["lung"] = values["body"] * float(rng.uniform(*LUNG_OVER_BODY[tracer]))
    values["bone"] = values["body"] * float(rng.uniform(0.6, 1.8))
    values |= {tissue: values["body"] * float(rng.uniform(0.4, 1.0)) for tissue in OUTSIDE}
    stress = tracer == "sestamibi" and rng.random() < STRESS_SHARE
    if stress:
        values |= {tissue: STRESS_FACTOR * values[tissue] for tissue in SPLANCHNIC}
    return Activity(values, float(rng.uniform(0.05, 0.35)), "stress" if stress else "rest")


RANDOM_LIMITS: dict[str, tuple[float, float]] = {
    "body": (0.02, 0.5), "lung": (0.02, 0.6), "bone": (0.02, 0.6), "breast": (0.02, 0.5), "arm": (0.02, 0.5),
    "liver": (0.05, 4.0), "spleen": (0.05, 3.0), "stomach": (0.05, 3.0), "bowel": (0.05, 4.0), "gall": (0.05, 6.0),
    "kidney": (0.05, 3.0), "blood": (0.03, 0.6),
}  # fmt: skip
"""Far beyond any tracer, but the wall stays brighter than its cavity (ours)."""


def draw_random_activity(rng: np.random.Generator) -> Activity:
    """Activity of every tissue at random and by itself, log-uniform: no tracer is known by its organs.

    A network that learns from random contrasts knows shapes (Billot 2023, SynthSeg, doi:10.1016/j.media.2023.102789).
    """
    values = {tissue: float(np.exp(rng.uniform(*np.log(limits)))) for tissue, limits in RANDOM_LIMITS.items()}
    return Activity({"air": 0.0} | values, float(rng.uniform(0.05, 0.5)))


@dataclass(frozen=True, eq=False)
class OrganMap:
    """A label map of a chest.

    Attributes:
        tissues: ``(K, J, I)`` indices into :data:`ORGANS`.
        spacing: isotropic voxel, mm.
        heart: where the LV centre belongs, mm from the first voxel along (x, y, z).
        arms: ``(K, J, I)`` where its arms lie, which most patients raise.
    """

    tissues: NDArray[np.uint8]
    spacing: float
    heart: tuple[float, float, float]
    arms: NDArray[np.bool_]


@parameters_class
@dataclass(frozen=True)
class Deformation:
    """A random placement of an organ map round the heart.

    Attributes:
        scale: size relative to the map along x, y, z.
        shift: mm of the map's heart position relative to the LV centre.
        warp: amplitude in mm of a smooth displacement; its ``seed``.
    """

    scale: tuple[float, float, float]
    shift: tuple[float, float, float]
    warp: float
    seed: int


def draw_deformation(rng: np.random.Generator) -> Deformation:
    """Small and large chests, the heart a little off its usual place."""
    size = rng.uniform(0.85, 1.15)
    scale = tuple(float(size * rng.uniform(0.92, 1.1)) for _ in range(3))
    shift = tuple(rng.normal(0.0, 10.0, 3).tolist())
    return Deformation(scale, shift, rng.uniform(0.0, 10.0), int(rng.integers(2**31)))  # type: ignore[arg-type]


def smooth_noise(rng: np.random.Generator, nodes: int, shape: tuple[int, ...], channels: int = 1) -> Field:
    """``(channels, K, J, I)`` smooth random field with unit amplitude at its ``nodes``^3 control points."""
    control = torch.from_numpy(rng.standard_normal((1, channels, nodes, nodes, nodes)).astype(np.float32))
    wide = F.interpolate(control, size=shape, mode="trilinear", align_corners=True)
    return np.asarray(wide[0].numpy())


def render_map(
    organs: OrganMap, values: dict[str, float], placed: Deformation, points: Field, *, arms: bool = True
) -> Field:
    """Value of the tissue at ``points`` ``(K, J, I, 3)`` (mm from the LV centre, LPS axes), with arms or without."""
    table = np.array([values[name] for name in ORGANS], dtype=np.float32)
    tissues = organs.tissues if arms else np.where(organs.arms, np.uint8(AIR), organs.tissues)
    source = torch.from_numpy(table[tissues])[None, None]
    rng = np.random.default_rng(placed.seed)
    warp = np.moveaxis(smooth_noise(rng, 5, points.shape[:3], 3), 0, -1) * placed.warp
    at = (points + warp + np.array(placed.shift, np.float32)) / np.array(placed.scale, np.float32)
    at = at + np.array(organs.heart, np.float32)
    extent = (np.array(organs.tissues.shape[::-1]) - 1) * organs.spacing
    grid = torch.from_numpy((2 * at / extent.astype(np.float32) - 1).astype(np.float32))[None]
    return np.asarray(F.grid_sample(source, grid, align_corners=True)[0, 0].numpy())


Body = tuple[str, tuple[float, float, float], tuple[float, float, float], float]
"""(tissue, centre, semi-axes, in-plane angle), mm from the LV centre."""


@parameters_class
@dataclass(frozen=True)
class Ellipsoids:
    """A parametric chest, painted in this order. The first is the body: all lie within it but :data:`OUTSIDE`."""

    bodies: tuple[Body, ...] = ()
