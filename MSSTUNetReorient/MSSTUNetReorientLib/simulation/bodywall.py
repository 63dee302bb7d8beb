"""What lies round the chest and in its wall: breasts, arms that could not be raised, ribs."""

from __future__ import annotations

import numpy as np

from .torso import Body
from .torso import Ellipsoids
from .torso import Field

BREASTS_SHARE, ARMS_DOWN_SHARE = 0.4, 0.1
"""How many of the parametric chests have them."""
RIB_PITCH_MM, RIB_SLOPE = 34.0, 0.55
"""Distance of the ribs along the body, and how much lower they lie in front, mm per mm."""
RIB_DEPTHS = (0.74, 0.86)
"""The rib cage as shares of the body's half axes."""


def draw_body_wall(rng: np.random.Generator, middle: tuple[float, float], wide: float, deep: float) -> list[Body]:
    """Breasts and arms round a body of half axes ``wide`` and ``deep`` mm with its ``middle`` (x, y)."""
    x, y = middle
    out: list[Body] = []
    if rng.random() < BREASTS_SHARE:
        semi = tuple(float(v) for v in rng.uniform((45, 28, 45), (80, 60, 75)))
        lies = (float(rng.uniform(0.38, 0.55)) * wide, y - float(rng.uniform(0.8, 0.98)) * deep, rng.uniform(-35, 35))
        for side in (-1, 1):
            out.append(("breast", (x + side * lies[0], lies[1], float(lies[2])), semi, 0.0))  # type: ignore[arg-type]
    if rng.random() < ARMS_DOWN_SHARE:
        out += [("arm", (x + side * (wide + 38.0), y + 25.0, 0.0), (40.0, 45.0, 2000.0), 0.0) for side in (-1, 1)]
    return out


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
