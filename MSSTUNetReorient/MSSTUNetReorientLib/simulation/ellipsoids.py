"""A parametric chest: where its organs lie, and their values on a grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .bodywall import draw_body_wall
from .torso import OUTSIDE
from .torso import Body
from .torso import Ellipsoids
from .torso import Field


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
    return Ellipsoids((*bodies, *draw_body_wall(rng, (mid_x, mid_y), wide, deep)))


def render_ellipsoids(chest: Ellipsoids, values: dict[str, float], points: Field) -> Field:
    """Value of the tissue at ``points`` ``(K, J, I, 3)`` (mm from the LV centre, LPS axes)."""
    out = np.zeros(points.shape[:3], np.float32)
    body = None
    for placed in chest.bodies:
        box, inside = _occupancy(placed, points)
        if body is None:
            body = np.zeros_like(out)
            body[box] = inside
        else:
            inside = inside * (1 - body[box] if placed[0] in OUTSIDE else body[box])
        out[box] += inside * (np.float32(values[placed[0]]) - out[box])
    return out


def paint_outside(
    image: Field, bodies: Sequence[Body], values: dict[str, float], inside_body: Field, points: Field
) -> None:
    """Put breasts and arms round a body, in place; ``inside_body`` ``(K, J, I)`` is 1 within it."""
    for placed in bodies:
        box, inside = _occupancy(placed, points)
        image[box] += inside * (1 - inside_body[box]) * (np.float32(values[placed[0]]) - image[box])


def _occupancy(placed: Body, points: Field) -> tuple[tuple[slice, ...], Field]:
    """The box that an ellipsoid reaches, and how much of each voxel there it fills; soft edges of a voxel."""
    _, centre, semi, angle = placed
    z, y, x = points[:, 0, 0, 2], points[0, :, 0, 1], points[0, 0, :, 0]
    box = tuple(_span(line, c, r) for line, c, r in _reach(z, y, x, centre, semi, angle))
    q = [line[span] - np.float32(c) for line, span, c in zip((z, y, x), box, centre[::-1], strict=True)]
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    u = q[2][None, :] * c + q[1][:, None] * s
    v = q[1][:, None] * c - q[2][None, :] * s
    flat = (u / np.float32(semi[0])) ** 2 + (v / np.float32(semi[1])) ** 2
    g = flat[None] + ((q[0] / np.float32(semi[2])) ** 2)[:, None, None]
    return box, np.clip((1 - g) * np.float32(min(semi) / 8.0) + 0.5, 0, 1)


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
