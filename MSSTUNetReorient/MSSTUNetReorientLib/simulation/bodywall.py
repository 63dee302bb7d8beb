"""Structures around the chest and in its wall: breasts, arms that could not be raised, ribs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .torso import AIR
from .torso import LUNG
from .torso import Body
from .torso import Deformation
from .torso import Ellipsoids
from .torso import Field
from .torso import OrganMap

BREASTS_SHARE, ARMS_DOWN_SHARE = 0.4, 0.1
"""How many of the chests have them."""
CHEST_WALL_MM = 45.0
"""Between the lungs and the skin beside them."""
RIB_PITCH_MM, RIB_SLOPE = 34.0, 0.55
"""Distance of the ribs along the body, and how much lower they lie in front, mm per mm."""
RIB_DEPTHS = (0.74, 0.86)
"""The rib cage as shares of the body's half axes."""


def draw_body_wall(rng: np.random.Generator, middle: tuple[float, float], wide: float, deep: float) -> list[Body]:
    """Breasts and arms round a body of half axes ``wide`` and ``deep`` mm with its ``middle`` (x, y)."""
    out = draw_breasts(rng, middle, wide, deep)
    if rng.random() < ARMS_DOWN_SHARE:
        x, y = middle
        out += [("arm", (x + side * (wide + 38.0), y + 25.0, 0.0), (40.0, 45.0, 2000.0), 0.0) for side in (-1, 1)]
    return out


def draw_breasts(rng: np.random.Generator, middle: tuple[float, float], wide: float, deep: float) -> list[Body]:
    """Two of them or none, on the front of such a body."""
    if rng.random() >= BREASTS_SHARE:
        return []
    x, y = middle
    a, b, c = (float(v) for v in rng.uniform((45, 28, 45), (80, 60, 75)))
    aside, front = float(rng.uniform(0.38, 0.55)) * wide, y - float(rng.uniform(0.8, 0.98)) * deep
    up = float(rng.uniform(-35, 35))
    return [("breast", (x + side * aside, front, up), (a, b, c), 0.0) for side in (-1, 1)]


def arms_beside(tissues: NDArray[np.uint8], spacing: float) -> NDArray[np.bool_]:
    """Where a label map has its arms: all that lies further out than the lungs and the chest wall beside them."""
    across = np.flatnonzero((tissues == LUNG).any(axis=(0, 1)))
    out = np.zeros(tissues.shape, bool)
    if len(across):
        wall = round(CHEST_WALL_MM / spacing)
        out[:, :, : max(across[0] - wall, 0)] = True
        out[:, :, across[-1] + wall + 1 :] = True
    return out


def draw_round_map(organs: OrganMap, placed: Deformation) -> tuple[tuple[Body, ...], bool]:
    """Breasts on the body of a label map, and whether its arms stay, by the seed of its deformation.

    Whatever else is drawn is the same with them and without.
    """
    rng = np.random.default_rng((placed.seed, 1))
    arms = bool(rng.random() < ARMS_DOWN_SHARE)
    level = int(np.clip(round(organs.heart[2] / organs.spacing), 0, len(organs.tissues) - 1))
    j, i = np.nonzero((organs.tissues[level] != AIR) & ~organs.arms[level])
    if not len(i):
        return (), arms
    (left, right), (front, back) = (
        (np.array([line.min(), line.max()]) * organs.spacing - heart) * scale - shift
        for line, heart, scale, shift in zip((i, j), organs.heart, placed.scale, placed.shift, strict=False)
    )
    middle = (float(left + right) / 2, float(front + back) / 2)
    return tuple(draw_breasts(rng, middle, float(right - left) / 2, float(back - front) / 2)), arms


def paint_ribs(mu: Field, chest: Ellipsoids, bone: float, points: Field) -> None:
    """Put ribs into an attenuation map, in place; they are too thin to be seen in a study, but they absorb.

    Args:
        mu: ``(K, J, I)`` per mm; bone: its attenuation; points: ``(K, J, I, 3)`` mm from the LV centre, LPS.
    """
    _, centre, semi, _ = chest.bodies[0]
    z, y, x = points[:, 0, 0, 2], points[0, :, 0, 1], points[0, 0, :, 0]
    depth = np.hypot((x - centre[0])[None, :] / semi[0], (y - centre[1])[:, None] / semi[1])
    cage = (depth > RIB_DEPTHS[0]) & (depth < RIB_DEPTHS[1])
    phase = (z[:, None, None] + RIB_SLOPE * (y - centre[1])[None, :, None]) / RIB_PITCH_MM
    share = cage[None] * np.clip(2 * np.cos(2 * np.pi * phase), 0, 1)
    mu += (share * (bone - mu)).astype(np.float32)
