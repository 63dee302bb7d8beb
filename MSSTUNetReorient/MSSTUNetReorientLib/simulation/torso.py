"""The chest round the heart: activity on a grid, from a label map of organs or from ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from .codec import parameters_class

Array = NDArray[np.float64]
Field = NDArray[np.float32]

ORGANS = ("air", "body", "lung", "liver", "spleen", "stomach", "bowel", "gall", "kidney", "bone", "blood")
"""Tissues that have an activity of their own; an organ map holds their indices."""


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
        "body": (0.13, 0.45, 0.04, 0.32), "liver": (0.50, 0.80, 0.08, 3.5), "spleen": (0.50, 0.60, 0.10, 2.0),
        "stomach": (0.25, 0.90, 0.03, 2.5), "bowel": (0.60, 1.00, 0.05, 5.0), "gall": (0.60, 1.30, 0.05, 8.0),
        "kidney": (0.80, 0.60, 0.20, 3.0), "blood": (0.16, 0.40, 0.05, 0.38),
    },
    "ammonia": {
        "body": (0.11, 0.35, 0.05, 0.25), "liver": (0.65, 0.45, 0.20, 1.8), "spleen": (0.40, 0.50, 0.10, 1.2),
        "stomach": (0.30, 0.60, 0.05, 1.5), "bowel": (0.35, 0.60, 0.05, 1.5), "gall": (0.25, 0.60, 0.05, 1.0),
        "kidney": (0.70, 0.50, 0.20, 2.0), "blood": (0.14, 0.40, 0.04, 0.35),
    },
}  # fmt: skip
"""Activity over that of healthy myocardium; ``docs/simulation.md`` says where the numbers come from."""
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
    stress = tracer == "sestamibi" and rng.random() < STRESS_SHARE
    if stress:
        values |= {tissue: STRESS_FACTOR * values[tissue] for tissue in SPLANCHNIC}
    return Activity(values, float(rng.uniform(0.05, 0.35)), "stress" if stress else "rest")


@dataclass(frozen=True, eq=False)
class OrganMap:
    """A label map of a chest.

    Attributes:
        tissues: ``(K, J, I)`` indices into :data:`ORGANS`.
        spacing: isotropic voxel, mm.
        heart: where the LV centre belongs, mm from the first voxel along (x, y, z).
    """

    tissues: NDArray[np.uint8]
    spacing: float
    heart: tuple[float, float, float]


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


def render_map(organs: OrganMap, values: dict[str, float], placed: Deformation, points: Field) -> Field:
    """Value of the tissue at ``points`` ``(K, J, I, 3)`` (mm from the LV centre, LPS axes)."""
    table = np.array([values[name] for name in ORGANS], dtype=np.float32)
    source = torch.from_numpy(table[organs.tissues])[None, None]
    rng = np.random.default_rng(placed.seed)
    warp = np.moveaxis(smooth_noise(rng, 5, points.shape[:3], 3), 0, -1) * placed.warp
    at = (points + warp + np.array(placed.shift, np.float32)) / np.array(placed.scale, np.float32)
    at = at + np.array(organs.heart, np.float32)
    extent = (np.array(organs.tissues.shape[::-1]) - 1) * organs.spacing
    grid = torch.from_numpy((2 * at / extent.astype(np.float32) - 1).astype(np.float32))[None]
    return np.asarray(F.grid_sample(source, grid, align_corners=True)[0, 0].numpy())


@parameters_class
@dataclass(frozen=True)
class Ellipsoids:
    """A parametric chest: (tissue, centre, semi-axes, in-plane angle) painted in this order, mm from the LV centre."""

    bodies: tuple[tuple[str, tuple[float, float, float], tuple[float, float, float], float], ...] = field(
        default_factory=tuple
    )


def draw_ellipsoids(rng: np.random.Generator) -> Ellipsoids:
    """Body, lungs, liver, spleen, stomach, kidneys, spine and bowel at their usual places, all varied.

    The dome of the liver lies below the heart or beside it, at its right.
    """
    wide, deep = rng.uniform(140, 215), rng.uniform(95, 150)
    mid_x, mid_y = rng.normal(-45, 15), deep - rng.uniform(60, 85)

    def at(x: float, y: float, z: float, jitter: float = 12.0) -> tuple[float, float, float]:
        dx, dy, dz = rng.normal(0, jitter, 3)
        return (mid_x + x + dx, mid_y + y + dy, z + dz)

    dome, lobe = rng.uniform(0, 45), rng.uniform(0, 22)

    def axes(a: float, b: float, c: float) -> tuple[float, float, float]:
        u, v, w = rng.uniform(0.8, 1.25, 3)
        return (a * u, b * v, c * w)

    bodies = [
        ("body", (mid_x, mid_y, 0.0), (wide, deep, 2000.0), 0.0),
        ("lung", at(-0.45 * wide, 0.0, 40), axes(0.42 * wide, 0.62 * deep, 120), 0.0),
        ("lung", at(0.45 * wide, 0.05 * deep, 40), axes(0.42 * wide, 0.62 * deep, 120), 0.0),
        ("blood", at(0.0, 10.0, 60), axes(35, 35, 55), 0.0),
        ("liver", at(-0.38 * wide, -5.0, dome - 106), axes(0.55 * wide, 0.7 * deep, 62), rng.uniform(-0.3, 0.3)),
        ("liver", at(0.02 * wide, -0.35 * deep, lobe - 96), axes(0.35 * wide, 0.4 * deep, 35), rng.uniform(-0.3, 0.3)),
        ("spleen", at(0.62 * wide, 0.45 * deep, -85), axes(28, 40, 45), rng.uniform(-0.6, 0.6)),
        ("stomach", at(0.35 * wide, -0.2 * deep, -85), axes(50, 42, 32), rng.uniform(-0.8, 0.8)),
        ("kidney", at(0.45 * wide, 0.5 * deep, -140), axes(25, 25, 50), 0.0),
        ("gall", at(-0.3 * wide, -0.35 * deep, -115), axes(16, 16, 24), 0.0),
        ("bone", at(0.0, 0.72 * deep, 0.0, 4.0), axes(22, 22, 2000.0), 0.0),
    ]
    for _ in range(int(rng.integers(0, 5))):
        place = at(rng.uniform(-60, 110), rng.uniform(-70, 20), -110, 15)
        bodies.append(("bowel", place, axes(28, 16, 16), rng.uniform(-1.5, 1.5)))
    return Ellipsoids(tuple(bodies))


def render_ellipsoids(chest: Ellipsoids, values: dict[str, float], points: Field) -> Field:
    """Value of the tissue at ``points`` ``(K, J, I, 3)`` (mm from the LV centre, LPS axes); soft edges of a voxel."""
    out = np.zeros(points.shape[:3], np.float32)
    z, y, x = points[:, 0, 0, 2], points[0, :, 0, 1], points[0, 0, :, 0]
    body = None
    for tissue, centre, semi, angle in chest.bodies:
        box = tuple(_span(line, c, r) for line, c, r in _reach(z, y, x, centre, semi, angle))
        q = [line[span] - np.float32(c) for line, span, c in zip((z, y, x), box, centre[::-1], strict=True)]
        c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        u = q[2][None, :] * c + q[1][:, None] * s
        v = q[1][:, None] * c - q[2][None, :] * s
        flat = (u / np.float32(semi[0])) ** 2 + (v / np.float32(semi[1])) ** 2
        g = flat[None] + ((q[0] / np.float32(semi[2])) ** 2)[:, None, None]
        inside = np.clip((1 - g) * np.float32(min(semi) / 8.0) + 0.5, 0, 1)
        if body is None:
            body = np.zeros_like(out)
            body[box] = inside
        else:
            inside = inside * body[box]
        out[box] += inside * (np.float32(values[tissue]) - out[box])
    return out


def _reach(
    z: Field, y: Field, x: Field, centre: tuple[float, ...], semi: tuple[float, ...], angle: float
) -> list[tuple[Field, float, float]]:
    """Each axis of the grid with the ellipsoid's centre on it and how far it can reach, its soft edge included."""
    c, s, soft = abs(np.cos(angle)), abs(np.sin(angle)), np.sqrt(1 + 4.0 / min(semi))
    reach = (semi[0] * c + semi[1] * s, semi[0] * s + semi[1] * c, semi[2])
    return [(z, centre[2], reach[2] * soft), (y, centre[1], reach[1] * soft), (x, centre[0], reach[0] * soft)]


def _span(line: Field, centre: float, reach: float) -> slice:
    first, last = np.searchsorted(line, [centre - reach, centre + reach])
    return slice(int(first), int(last))
